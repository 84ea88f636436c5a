"""A film of a run: its moments as the app shows them, as an asciinema cast and as an SVG that moves.

In reading order: taking the frames from the app without a terminal, the cast, and the SVG.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.color import ColorSystem
from rich.segment import Segment
from textual.pilot import Pilot

from tui_trainer.plotting.frame import visible
from tui_trainer.runtime.playback import Playback
from tui_trainer.tabs import tab_named

from .app import TrainerApp
from .preferences import Preferences
from .screen import MainScreen

FRAMES_A_SECOND = 3  # of the SVG, in which each frame has its price; a cast has as many
HELD = 0.25  # of the film, in which its last frame stays
MOST_HELD = 3.0  # seconds
BUDGET = 30.0  # seconds that training to the moment of a frame may take
TITLE = "tui-trainer"
FONTS = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"
SCREEN = '<g transform="translate(9, 41)"'  # what follows it is drawn by the app, what stands before is the window
CSS_RULE = re.compile(r"\.t-(r\d+) \{ (.*?) \}")
CLEAR, HIDE_CURSOR, SHOW_CURSOR = "\x1b[2J", "\x1b[?25l", "\x1b[?25h"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the app after an epoch: its rows as a terminal is sent them, and as an SVG."""

    epoch: int
    rows: tuple[str, ...]
    svg: str


@dataclass(frozen=True, slots=True)
class Film:
    """Frames of ``size`` (columns, rows), evenly in time, and the last one held up to the end of ``seconds``.

    ``colors`` are the text, the ground, and 16 colours of a terminal. ``inexact`` counts frames of the nearest moment
    that was kept, rather than of the one that was due.
    """

    title: str
    size: tuple[int, int]
    seconds: float
    frames: tuple[Frame, ...]
    colors: tuple[str, str, tuple[str, ...]]
    inexact: int = 0

    @property
    def starts(self) -> list[float]:
        """When each frame is shown, in seconds."""
        moving = self.seconds - min(MOST_HELD, HELD * self.seconds)
        last = max(1, len(self.frames) - 1)
        return [moving * number / last for number in range(len(self.frames))]


def epochs_of(newest: int, frames: int) -> list[int]:
    """Return the epochs of so many frames from 0 to the newest: most are early, where most happens."""
    last = max(1, frames - 1)
    return sorted({round(newest * (number / last) ** 2) for number in range(frames)})


async def take_film(
    playback: Playback,
    tab: str = "live",
    seconds: float = 8.0,
    size: tuple[int, int] = (100, 30),
    preferences: Preferences | None = None,
    setup: bool = False,
    frames: int | None = None,
) -> Film:
    """Return the film of a run in a tab, with the ``setup`` at its left if that is wanted.

    It has so many ``frames``, or as many as usual in its seconds. Raises UserError if there is no moment to show.
    """
    app = TrainerApp(playback.experiment, preferences=preferences, client=playback)
    count = max(2, round(seconds * FRAMES_A_SECOND)) if frames is None else frames
    taken, inexact = [], 0
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        await _until(pilot, lambda: screen.tabs.view is not None and playback.is_idle)
        screen.setup_closed = not setup
        screen.trainer.pacing.paints_all = True
        await screen.tabs.open(tab_named(tab).name)
        for epoch in epochs_of(playback.newest, count):
            moment = playback.show(epoch, BUDGET)
            inexact += not moment.is_exact
            await _until(pilot, lambda: playback.is_idle)
            taken.append(Frame(moment.epoch, tuple(_rows(screen)), app.export_screenshot(title=TITLE)))
        terminal = app.ansi_theme
        text = app.theme_variables["foreground"].lower()
        colors = (
            text if text.startswith("#") else terminal.foreground_color.hex,
            screen.styles.background.hex6.lower(),
            tuple(terminal.ansi_colors[number].hex for number in range(16)),
        )
    return Film(playback.experiment.title, size, seconds, tuple(taken), colors, inexact)


async def _until(pilot: Pilot[None], is_done: Callable[[], bool]) -> None:
    """Wait until ``is_done``, with everything drawn that follows from it: a view may request more than once."""
    was_done = False
    while not was_done or not is_done():
        was_done = is_done()
        await pilot.pause()


def _rows(screen: MainScreen) -> Iterator[str]:
    """Yield the rows of the screen as a terminal is sent them, in true colours."""
    for strip in screen._compositor.render_strips():
        segments = Segment.simplify(segment for segment in strip if not segment.control)
        yield "".join(
            visible(segment.text) if segment.style is None else _styled(visible(segment.text), segment)
            for segment in segments
        )


def _styled(text: str, segment: Segment) -> str:
    assert segment.style is not None
    return segment.style.render(text, color_system=ColorSystem.TRUECOLOR)


def cast(film: Film) -> str:
    """Return a film as an asciicast of version 2: a header, then what is written to the terminal, and when.

    See docs.asciinema.org/manual/asciicast/v2. Of each frame but the first, only the rows that differ are written.
    """
    text, ground, palette = film.colors
    header = {
        "version": 2,
        "width": film.size[0],
        "height": film.size[1],
        "duration": film.seconds,
        "title": film.title,
        "env": {"TERM": "xterm-256color"},
        "theme": {"fg": text, "bg": ground, "palette": ":".join(palette)},
    }
    lines: list[object] = [header]
    before: Sequence[str] = ()
    for start, frame in zip(film.starts, film.frames, strict=True):
        changed = (
            f"\x1b[{number};1H{row}"
            for number, row in enumerate(frame.rows, start=1)
            if number > len(before) or before[number - 1] != row
        )
        opening = "" if before else HIDE_CURSOR + CLEAR
        lines.append([round(start, 6), "o", opening + "".join(changed)])
        before = frame.rows
    lines.append([film.seconds, "o", f"\x1b[{film.size[1]};1H{SHOW_CURSOR}"])
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def moving_svg(film: Film) -> str:
    """Return a film as one SVG whose frames follow one another for ever.

    What two frames have in common stands in it once, with the frames in which it is seen. Where motion is not wanted,
    the last frame stays.
    """
    frames = [tidy(frame.svg) for frame in film.frames]
    styles: dict[str, str] = {}  # names of classes, the same in all frames, by what they say
    seen: dict[str, list[int]] = {}  # the frames of each element
    for number, frame in enumerate(frames):
        for element in _elements(frame, styles):
            numbers = seen.setdefault(element, [])
            if number not in numbers:
                numbers.append(number)
    layers: dict[tuple[bool, int, int], list[str]] = {}  # by whether they are text, first frame, and end
    for element, numbers in seen.items():
        for first, end in _stretches(numbers):
            layers.setdefault((element.startswith("<text"), first, end), []).append(element)
    groups, rules = [], [f".{name} {{ {said} }}" for said, name in styles.items()]
    for (_, first, end), elements in sorted(layers.items()):
        is_always = (first, end) == (0, len(frames))
        attributes = "" if is_always else f' class="moves s{first}-{end}"'
        groups.append(f"<g{attributes}>\n" + "\n".join(elements) + "\n</g>")
    rules += [_keyframes(first, end, film) for first, end in sorted({key[1:] for key in layers})]
    opening, _, window = frames[0].partition("<style>")
    edges = re.search(r'<rect x="0" y="0" width="[0-9.]+" height="[0-9.]+" />', window)
    assert edges is not None
    window = window.rpartition("</defs>")[2].partition(SCREEN)[0]
    window = re.sub(r' class="[^"]*"', ' font-family="sans-serif"', window)
    font = f".screen {{ font: 20px {FONTS}; white-space: pre; shape-rendering: crispEdges; }}"
    still = "@media (prefers-reduced-motion: reduce) { .moves { animation: none !important; } }"
    style = ["<style>", font, *rules, still, "</style>"]
    clip = f'<defs><clipPath id="edges">{edges[0]}</clipPath></defs>'
    screen = [clip, f'{SCREEN} class="screen" clip-path="url(#edges)">', *groups, "</g>"]
    return "\n".join([opening.strip(), *style, window.strip(), *screen, "</svg>"]) + "\n"


def tidy(svg: str) -> str:
    """Return an SVG without what would be fetched from elsewhere: fonts are those of the reader's machine."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _elements(svg: str, styles: dict[str, str]) -> Iterator[str]:
    """Yield what a picture consists of, with classes that mean the same in every picture."""
    own = re.sub(r"terminal-\d+", "t", svg)
    said: dict[str, str] = dict(CSS_RULE.findall(own))
    _, _, screen = own.partition(SCREEN)
    for element in re.findall(r"<rect [^>]*/>|<text [^>]*>.*?</text>", screen, re.DOTALL):
        plain = re.sub(r' (?:clip-path="[^"]*"|shape-rendering="[^"]*")', "", element)

        def renamed(match: re.Match[str]) -> str:
            return f'class="{styles.setdefault(said[match[1]], f"c{len(styles)}")}"'

        yield re.sub(r'class="t-(r\d+)"', renamed, plain)


def _stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each stretch of numbers that follow one another."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last + 1
            first = number
        last = number
    yield first, last + 1


def _keyframes(first: int, end: int, film: Film) -> str:
    """Return the rule that shows a group from frame ``first`` until ``end``."""
    starts = [*film.starts, film.seconds]
    begins, ends = (100 * starts[number] / film.seconds for number in (first, end))
    name, count = f"s{first}-{end}", len(film.frames)
    before = "0% { visibility: hidden; } " if first else ""
    after = f" {ends:.2f}% {{ visibility: hidden; }}" if end < count else ""
    shown = f"{begins:.2f}% {{ visibility: visible; }}"
    start = "visible" if end == count else "hidden"
    return (
        f"@keyframes {name} {{ {before}{shown}{after} }}\n"
        f".{name} {{ visibility: {start}; animation: {name} {film.seconds:.1f}s step-end infinite; }}"
    )
