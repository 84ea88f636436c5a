"""From exec to the first complete frame, in pairs against another Textual app.

Both run on a pseudo-terminal of 120x40. Our frame counts as complete when the first field, the network, the data and
the line of keys at the very bottom are all drawn, the other's when the words given below are. The other app is
installed into a throw-away environment.

Usage: python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from first_minute import SEEN
from pty_app import PtyApp

PAIRS = 10
PATIENCE = 30.0  # seconds
OURS = [sys.executable, "-m", "tui_trainer"], (b"dataset", *SEEN, b"quit")
OTHER_PACKAGE, OTHER_COMMAND, OTHER_WORDS = "harlequin", "harlequin", (b"Run Query",)


def seconds_to_frame(command: Sequence[str], words: Sequence[bytes]) -> float:
    """Seconds until all ``words`` are on the screen; RuntimeError where they do not come."""
    app = PtyApp(command)
    seen = b""
    while not all(word in seen for word in words):
        seen += app.read_some(0.05)
        if time.perf_counter() - app.started > PATIENCE:
            raise RuntimeError(f"{words} did not appear within {PATIENCE} s; the last bytes: {seen[-500:]!r}")
    seconds = time.perf_counter() - app.started
    app.read(0.5)
    app.close()
    return seconds


def install(folder: str) -> str | None:
    """The other app's command, or None where it can't be installed."""
    venv.create(folder, with_pip=True)
    scripts = Path(folder) / "bin"
    done = subprocess.run([str(scripts / "python"), "-m", "pip", "install", "-q", OTHER_PACKAGE], capture_output=True)
    return None if done.returncode else str(scripts / OTHER_COMMAND)


def main() -> None:
    """Print both medians, and the median of the ratios pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        other = install(folder)
        ours, theirs = [], []
        for number in range(PAIRS + 1):  # the first pair fills the caches, and is not counted
            ours.append(seconds_to_frame(*OURS))
            if other is not None:
                theirs.append(seconds_to_frame([other], OTHER_WORDS))
            if number == 0:
                ours.clear()
                theirs.clear()
    print(f"tui-trainer   median {1e3 * statistics.median(ours):6.0f} ms")
    if other is None:
        print(f"{OTHER_PACKAGE} could not be installed: no comparison")
        return
    print(f"{OTHER_PACKAGE:<13} median {1e3 * statistics.median(theirs):6.0f} ms")
    ratios = [mine / its for mine, its in zip(ours, theirs, strict=True)]
    print(f"ours over theirs, pair by pair: median {statistics.median(ratios):.2f} (mark: below 1)")


if __name__ == "__main__":
    main()
