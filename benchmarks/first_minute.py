"""The first minute: how soon data and network are seen, and how often their pictures change while a run is watched.

Starts the app as a newcomer does, on a pseudo-terminal of 120x40; a terminal emulator shows afterwards what was on the
screen after each burst of output. Needs the packages for the tests (pyte).

With ``--rate``, it is watched over a line of so many bytes a second, where the terminal is asked after each picture
whether it is there, and it is told how long the line goes on after the run's end.

With ``--wall``, nine networks are watched instead that race with different learning rates; and it is told how much of a
core the app takes for it, and the process that trains and draws them up.

Usage: python benchmarks/first_minute.py [--runs 3] [--rate 10000] [--wall]
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial

import pyte
from processor_time import children, shares
from pty_app import ASKED, PtyApp

SIZE = (120, 40)
WATCHED = 10.0  # seconds
GAP = 0.008  # seconds without output that end a burst
FRAMES, SLOW_FRAMES = 80, 40  # the marks, on the same machine and over a line of 10 KB a second
WALL_FRAMES = 150  # the mark for the wall of nine
WALL_READY = b"Which one wins?"
SEEN = (b"105 parameters", b"Output: color")
ACCURACY = re.compile(r"acc(?:uracy)? ([\d.]+)%")


def seconds_to_first_picture(app: PtyApp) -> float:
    """Seconds from the start until data and network are drawn."""
    seen = b""
    while not all(word in seen for word in SEEN):
        seen += app.read_some(0.05)
        if time.perf_counter() - app.started > 30.0:
            raise RuntimeError(f"no picture; the last bytes: {seen[-300:]!r}")
    return time.perf_counter() - app.started


def settled(app: PtyApp) -> bytes:
    """What is written until nothing has come for a second."""
    shown = b""
    while chunk := app.read(1.0):
        shown += chunk
    return shown


def bursts(app: PtyApp, seconds: float) -> list[bytes]:
    """What is written within ``seconds``, split where nothing came for a moment."""
    end = time.perf_counter() + seconds
    found: list[bytes] = [b""]
    last = time.perf_counter()
    while time.perf_counter() < end:
        chunk = app.read_some(0.002)
        now = time.perf_counter()
        if chunk:
            if now - last > GAP:
                found.append(b"")
            found[-1] += chunk
            last = now
    return found


def pictures(screen: pyte.Screen) -> tuple[object, ...]:
    """The cells of the screen that are pictures: those with a background of their own, or half blocks."""
    return tuple(
        (row, column, cell.data, cell.fg, cell.bg)
        for row in range(2, SIZE[1] - 2)
        for column, cell in screen.buffer[row].items()
        if cell.data in (" ", "▀") and cell.bg != "default"
    )


def replayed(shown: bytes, parts: Sequence[bytes], rest: bytes) -> tuple[int, str]:
    """Return how many of the bursts changed the pictures of the screen ``shown``, and the text after the ``rest``."""
    screen = pyte.Screen(*SIZE)
    stream = pyte.ByteStream(screen)
    stream.feed(clean(shown))
    before, changed = pictures(screen), 0
    for part in parts:
        stream.feed(clean(part))
        after = pictures(screen)
        changed += after != before
        before = after
    stream.feed(clean(rest))
    return changed, "\n".join(screen.display)


def clean(data: bytes) -> bytes:
    """Leave out sequences that the emulator would print."""
    return re.sub(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p", b"", data)


def backlog(app: PtyApp) -> tuple[bytes, float]:
    """What is still written after the run, which ends by itself, and for how many seconds."""
    ended = last = time.perf_counter()
    rest = b""
    while time.perf_counter() - last < 0.7:
        if chunk := app.read_some(0.05):
            rest += chunk
            last = time.perf_counter()
    return rest, last - ended


def _watch(app: PtyApp, parts: list[bytes]) -> None:
    """Add the bursts of some seconds to ``parts``."""
    parts += bursts(app, WATCHED)


def watch_walls(runs: int) -> None:
    """Print how often the pictures of a wall of nine change, and what the processes take for it."""
    frames = []
    for number in range(1, runs + 1):
        app = PtyApp([sys.executable, "-m", "tui_trainer"], *SIZE)
        seconds_to_first_picture(app)
        settled(app)
        before = set(children(app.pid))
        app.press(b"T")
        shown = app.read_until(WALL_READY) + settled(app)
        (racing,) = set(children(app.pid)) - before
        app.press(b" ")
        parts: list[bytes] = []
        of_app, of_race = shares([app.pid, racing], partial(_watch, app, parts))
        app.close()
        changed, _ = replayed(shown, parts, b"")
        frames.append(changed)
        print(
            f"run {number}   frames {changed:3}   {sum(map(len, parts)) / WATCHED / 1000:.1f} KB/s   "
            f"the app {of_app:.0%} of a core, the race {of_race:.0%}"
        )
    print(f"median: {statistics.median(frames):.0f} frames in {WATCHED:g} s of watching (mark: {WALL_FRAMES})")


def main() -> None:
    """Print one line for each run, and the medians beside the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--wall", action="store_true")
    options = parser.parse_args()
    if options.wall:
        watch_walls(options.runs)
        return
    starts, frames, late = [], [], []
    variables = None if options.rate is None else {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    for number in range(1, options.runs + 1):
        app = PtyApp([sys.executable, "-m", "tui_trainer"], *SIZE, variables=variables)
        starts.append(seconds_to_first_picture(app))
        app.press(b"m")  # the setup aside
        shown = settled(app)
        app.rate = options.rate
        app.press(b" ")
        parts = bursts(app, WATCHED) if options.rate is None else app.read(WATCHED).split(ASKED)
        rest, seconds = (app.read(1.5), 0.0) if options.rate is None else backlog(app)
        app.rate = None
        app.close()
        changed, text = replayed(shown, parts, rest)
        accuracy = ACCURACY.search(text)
        frames.append(changed)
        late.append(seconds)
        print(
            f"run {number}   first picture {starts[-1] * 1000:5.0f} ms   frames {changed:3}   "
            f"{sum(map(len, parts)) / WATCHED / 1000:.1f} KB/s   accuracy {accuracy[1] if accuracy else '?'}%   "
            f"after the end {seconds:.1f} s"
        )
    print(f"median: first picture {statistics.median(starts) * 1000:.0f} ms, {statistics.median(frames):.0f} frames")
    print(f"in {WATCHED:g} s of watching (mark: {FRAMES if options.rate is None else SLOW_FRAMES})")


if __name__ == "__main__":
    main()
