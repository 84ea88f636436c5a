"""The moving picture of the README: the app on its first experiment, from the first epoch to the last.

An SVG that shows one frame after another, eased in as the app's own pace does: most frames are where the loss falls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from taking import FONTS, Pictures, settled, training_screen, until  # beside this file

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.preferences import Preferences
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.pace import WATCH
from tui_trainer.settings import Settings

NAME = "live_run"
SIZE = (120, 40)
FRAMES = 14
EPOCHS = 600  # by then the border no longer moves much
SECONDS = 0.6  # a frame; the last one stays longer
LAST = 3.0
SCREEN = '<g transform="translate(9, 41)"'  # what follows it is drawn by the app, what stands before is the window
CSS_RULE = re.compile(r"\.t-(r\d+) \{ (.*?) \}")


async def take() -> Sequence[str]:
    """The moving picture as SVG."""
    frames = []
    app = TrainerApp(FIRST_EXPERIMENT, preferences=Preferences(Settings(pace=WATCH.name)))
    async with app.run_test(size=SIZE) as pilot:
        screen = await training_screen(pilot)
        frames.append(await settled(pilot))
        epoch = 0
        for number in range(1, FRAMES):
            target = max(number, round(EPOCHS * (number / (FRAMES - 1)) ** 2))
            while epoch < target:
                epoch += 1
                await pilot.press("e")
                await until(
                    pilot,
                    lambda epoch=epoch: screen.status.progress is not None and screen.status.progress.epoch >= epoch,
                    f"epoch {epoch}",
                )
            frames.append(await settled(pilot))
    return (moving(frames),)


def moving(frames: Sequence[str]) -> str:
    """Return one SVG of several of the same size that follow one another for ever.

    What two frames have in common stands in it once, with the frames in which it is seen.
    """
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
    rules += [_keyframes(first, end, len(frames)) for first, end in sorted({key[1:] for key in layers})]
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


def _elements(svg: str, styles: dict[str, str]) -> Iterator[str]:
    """Yield what a picture consists of, with classes that mean the same in every picture."""
    own = re.sub(r"terminal-\d+", "t", svg)
    said = dict(CSS_RULE.findall(own))
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


def _keyframes(first: int, end: int, count: int) -> str:
    """Return the rule that shows a group from frame ``first`` until ``end``."""
    total = SECONDS * (count - 1) + LAST
    begins, ends = (100 * SECONDS * number / total if number < count else 100.0 for number in (first, end))
    name = f"s{first}-{end}"
    before = "0% { visibility: hidden; } " if first else ""
    after = f" {ends:.2f}% {{ visibility: hidden; }}" if end < count else ""
    shown = f"{begins:.2f}% {{ visibility: visible; }}"
    start = "visible" if end == count else "hidden"  # where motion is not wanted, the last frame stays
    return (
        f"@keyframes {name} {{ {before}{shown}{after} }}\n"
        f".{name} {{ visibility: {start}; animation: {name} {total:.1f}s step-end infinite; }}"
    )


ALL = (Pictures((NAME,), take),)
