"""The first minute: how soon data and network are seen, and how often their pictures change while a run is watched.

Starts the app as a newcomer does, on a pseudo-terminal of 120x40; a terminal emulator shows afterwards what was on the
screen after each burst of output. Needs the packages for the tests (pyte).

Usage: python benchmarks/first_minute.py [--runs 3]
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Sequence

import pyte
from pty_app import PtyApp

SIZE = (120, 40)
WATCHED = 10.0  # seconds
GAP = 0.008  # seconds without output that end a burst
FRAMES = 80  # the mark
SEEN = (b"What each neuron sees", b"Output: color", b"x1")
ACCURACY = re.compile(r"acc ([\d.]+)%")


def seconds_to_first_picture(app: PtyApp) -> float:
    """Seconds from the start until data and network are drawn."""
    seen = b""
    while not all(word in seen for word in SEEN):
        seen += app.read_some(0.05)
        if time.perf_counter() - app.started > 30.0:
            raise RuntimeError(f"no picture; the last bytes: {seen[-300:]!r}")
    return time.perf_counter() - app.started


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


def main() -> None:
    """Print one line for each run, and the medians beside the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    starts, frames = [], []
    for number in range(1, runs + 1):
        app = PtyApp([sys.executable, "-m", "tui_trainer"], *SIZE)
        starts.append(seconds_to_first_picture(app))
        app.press(b"m")  # the setup aside
        shown = app.read(1.5)
        app.press(b" ")
        parts = bursts(app, WATCHED)
        rest = app.read(1.5)
        app.close()
        changed, text = replayed(shown, parts, rest)
        accuracy = ACCURACY.search(text)
        frames.append(changed)
        print(
            f"run {number}   first picture {starts[-1] * 1000:5.0f} ms   frames {changed:3}   "
            f"{sum(map(len, parts)) / WATCHED / 1000:.0f} KB/s   accuracy {accuracy[1] if accuracy else '?'}%"
        )
    print(f"median: first picture {statistics.median(starts) * 1000:.0f} ms, {statistics.median(frames):.0f} frames")
    print(f"in {WATCHED:g} s of watching (mark: {FRAMES})")


if __name__ == "__main__":
    main()
