"""How long from a key press to changed bytes on the terminal, while a network trains at full speed?

The screen changes by itself as well, so a key counts as answered when what it alone changes is written: its
own words, or the row of the tabs, which nothing else touches. The help counts when its last word is written.

Usage: python benchmarks/latency.py
"""

from __future__ import annotations

import random
import statistics
import time

from pty_app import PtyApp, open_app

PRESSES = 500
MEDIAN_MARK, P99_MARK = 0.020, 0.060
HELP_PRESSES, HELP_MARK = 30, 0.080
HELP_END = (b"esc closes",)  # in its last line

TABS = (b"\x1b[2;",)  # the cursor goes to the row of the tabs

# Keys by turns, each with what it brings to the screen: the tabs, the help, a message of the rate.
KEYS: dict[bytes, tuple[bytes, ...]] = {
    b"2": TABS,
    b"3": TABS,
    b"0": TABS,
    b"y": (b"log scale", b"loss    "),
    b"]": (b"Learning rate",),
    b"[": (b"Learning rate",),
}


def answer(app: PtyApp, key: bytes, wanted: tuple[bytes, ...], patience: float = 2.0) -> float:
    """Seconds from the press to the first bytes that hold what was wanted; RuntimeError after ``patience`` of them."""
    app.read(random.uniform(0.02, 0.08))
    started = time.perf_counter()
    app.press(key)
    seen = b""
    while not any(text in seen for text in wanted):
        seen += app.read_some(0.5)
        if time.perf_counter() - started > patience:
            raise RuntimeError(f"no answer to {key!r} within {patience:g} s: {app.read(1.0)[-3000:].decode()}")
    return time.perf_counter() - started


def main() -> None:
    """Print the median, the 99th percentile and the slowest key of all presses, and the median of the help."""
    random.seed(0)
    app = open_app()
    app.press(b" ")
    app.read(1.0)
    times: dict[bytes, list[float]] = {key: [] for key in KEYS}
    try:
        for number in range(PRESSES):
            key = list(KEYS)[number % len(KEYS)]
            times[key].append(answer(app, key, KEYS[key]))
        app.press(b"1")
        helps = []
        for _ in range(HELP_PRESSES):
            helps.append(answer(app, b"?", HELP_END))
            app.press(b"q")
            app.read(0.3)
    finally:
        app.close()
    every = sorted(value for values in times.values() for value in values)
    for key, values in times.items():
        values.sort()
        print(f"{key.decode()}   median {1e3 * statistics.median(values):6.1f} ms   slowest {1e3 * values[-1]:6.1f} ms")
    median, p99 = statistics.median(every), every[int(0.99 * len(every))]
    print(f"median {1e3 * median:.1f} ms, {median / MEDIAN_MARK:.2f} of the mark of {1e3 * MEDIAN_MARK:.0f} ms")
    print(f"99%    {1e3 * p99:.1f} ms, {p99 / P99_MARK:.2f} of the mark of {1e3 * P99_MARK:.0f} ms")
    drawn = statistics.median(helps)
    print(f"help   {1e3 * drawn:.1f} ms, {drawn / HELP_MARK:.2f} of the mark of {1e3 * HELP_MARK:.0f} ms")


if __name__ == "__main__":
    main()
