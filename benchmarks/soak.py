"""Does anything grow while a network trains for an hour, with somebody turning the tabs and moving the lists?

Usage: python benchmarks/soak.py [--minutes 60]
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from latency import answer
from memory import resident, steps_saved
from pty_app import PtyApp

# So small that a step costs nearly nothing, and so long that it lasts for two hours at 16,000 steps a second
TRAINING = """\
[dataset]
validation_split = 0.2
[[model.layers]]
units = 8
[training]
batch_size = 10
epochs = 10000000
learning_rate = 0.001
"""
UP, DOWN, RIGHT, LEFT, PAGE_UP, PAGE_DOWN = (b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~", b"\x1b[6~")
# What is pressed in each tab; it changes what is shown, never what is trained.
VISITS: dict[bytes, tuple[bytes, ...]] = {
    b"1": (LEFT, UP, DOWN, RIGHT, b"o", b"h", b"v", b"y", b"y"),
    b"0": (RIGHT, RIGHT, b"+", b"S", LEFT, b"w", b"S", b"S", b"y", b"y"),
    b"2": (DOWN, DOWN, PAGE_DOWN, PAGE_UP, UP, UP),
    b"3": (b"v", b"n", b"+", b"-", b"p", b"v", b"v"),
    b"4": (DOWN, RIGHT, LEFT, b"o", b"d", b"d", b"h", b"v"),
    b"5": (RIGHT, DOWN, b".", b".", b",", UP, LEFT),
    b"6": (b"v", DOWN, DOWN, UP, b"v", b"v", b"t", b"t"),
    b"7": (DOWN, UP),
    b"8": (DOWN, UP, RIGHT, LEFT, b"o", b"O", b"o"),
    b"9": (DOWN, DOWN, PAGE_DOWN, PAGE_UP, UP, UP),
}
TABS = (b"\x1b[1;", b"\x1b[2;")  # the cursor goes to one of the two rows of the tabs
PATIENCE = 20.0  # seconds that a tab may take on a machine with other things to do
PAUSE = 0.15  # seconds between two keys in a tab

# What a look measures, and the digits after the point
COLUMNS = {
    "app MB": 1,
    "trainer MB": 1,
    "store MB": 2,
    "store files": 0,
    "temp files": 0,
    "processes": 0,
    "threads": 0,
    "open files": 0,
    "key ms": 1,
    "steps/s": 0,
}


class Look(NamedTuple):
    """What is measured in a minute; sizes in MB, the median delay of a tab's key in ms, steps a second."""

    app: float
    trainer: float
    store: float
    store_files: int
    temporary: int
    processes: int
    threads: int
    files: int
    key: float
    speed: float


def descendants(pid: int) -> list[int]:
    """A process, and all that it and its threads have started."""
    listed = [Path(f"/proc/{pid}/task/{thread}/children").read_text() for thread in os.listdir(f"/proc/{pid}/task")]
    return [pid, *(each for child in " ".join(listed).split() for each in descendants(int(child)))]


def files_in(folder: Path) -> list[int]:
    """The sizes of the files in a folder, also of those in folders below it, in bytes."""
    sizes = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # gone since it was listed
            sizes += [] if path.is_dir() else [path.lstat().st_size]
    return sizes


def look(app: PtyApp, trainer: int, temporary: Path, delays: list[float], speed: float) -> Look:
    """Measure everything once."""
    processes, stored = descendants(app.pid), files_in(app.data_folder)
    return Look(
        resident(app.pid),
        resident(trainer),
        sum(stored) / 1e6,
        len(stored),
        len(files_in(temporary)),
        len(processes),
        sum(len(os.listdir(f"/proc/{pid}/task")) for pid in processes),
        sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in processes),
        1e3 * statistics.median(delays) if delays else math.nan,
        speed,
    )


def row(minute: str, measured: Look) -> str:
    """A line of the table."""
    cells = (f"{value:>12,.{digits}f}" for value, digits in zip(measured, COLUMNS.values(), strict=True))
    return f"{minute:<8}{''.join(cells)}"


def visits() -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """The tabs one after the other, for ever, each with the keys that are pressed there."""
    return itertools.cycle([*list(VISITS.items())[1:], (b"1", VISITS[b"1"])])


def soak(app: PtyApp, minutes: int, temporary: Path) -> Iterator[Look]:
    """Turn tabs and move lists; yields a look at the start and after each minute."""
    trainer = descendants(app.pid)[1]
    app.press(b" ")
    app.read_until(b"steps/s")
    app.read(2.0)
    yield look(app, trainer, temporary, [], 0.0)
    tabs, started, steps = visits(), time.monotonic(), steps_saved(app.data_folder)
    for minute in range(1, minutes + 1):
        delays = []
        while time.monotonic() < started + 60 * minute:
            tab, keys = next(tabs)
            delays.append(answer(app, tab, TABS, PATIENCE))
            for key in keys:
                app.read(PAUSE)
                app.press(key)
            app.read(PAUSE)
        before, steps = steps, steps_saved(app.data_folder)
        yield look(app, trainer, temporary, delays, (steps - before) / 60)


def main() -> None:
    """Print a line for each minute, and one that compares the first minute with the last."""
    parser = argparse.ArgumentParser(description="Does anything grow within an hour?")
    parser.add_argument("--minutes", type=int, default=60, help="how long (60)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        experiment, temporary = Path(folder, "soak.toml"), Path(folder, "temporary")
        experiment.write_text(TRAINING, encoding="utf-8")
        temporary.mkdir()
        command = [sys.executable, "-m", "tui_trainer", "--pace", "full", str(experiment)]
        app = PtyApp(command, variables={"TMPDIR": str(temporary)})
        looks: list[Look] = []
        try:
            app.read_until(b"epoch 0/")
            print(" " * 8 + "".join(f"{heading:>12}" for heading in COLUMNS), flush=True)
            for minute, measured in enumerate(soak(app, minutes, temporary)):
                looks.append(measured)
                print(row(str(minute), measured), flush=True)
        finally:
            app.close()
        left = len(files_in(temporary))
    first, last = looks[min(1, len(looks) - 1)], looks[-1]
    changes = (
        f"{heading} {before:,.{digits}f} to {after:,.{digits}f}"
        for (heading, digits), before, after in zip(COLUMNS.items(), first, last, strict=True)
    )
    print(f"minute 1 to {len(looks) - 1}: {', '.join(changes)}; {left} temporary files left after the end")


if __name__ == "__main__":
    main()
