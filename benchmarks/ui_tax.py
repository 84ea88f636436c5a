"""How much of its bare speed does the engine keep while the app shows its loss?

Bare: a loop of ``Trainer.run_steps`` in a process of its own. In the app: steps between two snapshots of the
store, while the Loss tab is live on a pseudo-terminal of 120x40. The two take turns.

With ``--layers`` or ``--microscope``: the same while the Summary tab is live with each layer in numbers, or the Network
tab with the next step under the microscope, on its way back.

With ``--wall``: a race of nine networks at full pace, seen on the wall, beside the same race that nobody sees. Then
what the wall costs the current run: its steps while a race of nine goes on at the pace *watch*, beside those of the
same run on the Loss tab; the two take turns.

Usage: python benchmarks/ui_tax.py [--layers | --microscope | --wall]
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pty_app import TRAINING, PtyApp, open_app

ROUNDS, SECONDS = 5, 3.0
MARK = 0.90
RIGHT = b"\x1b[C"
SEEN = {"--layers": (b"7",), "--microscope": (b"5", b"v", *[RIGHT] * 5)}  # by option, the keys that open it

BARE = """
import sys, time
import numpy as np
from tui_trainer.experiment.toml_file import loads
from tui_trainer.training.session import Session
session = Session()
session.load(loads(sys.argv[1]))
trainer, losses = session.trainer, np.empty(4096)
for line in sys.stdin:
    start, before = time.perf_counter(), trainer.steps
    while time.perf_counter() - start < float(line):
        for _ in range(100):
            trainer.run_steps(losses)
            if trainer.position == 0:
                trainer.end_epoch()
    print((trainer.steps - before) / (time.perf_counter() - start), flush=True)
"""

RACE = """
import time
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.wall.messages import RATE, suggest
from tui_trainer.wall.race import Race
race = Race(1, FIRST_EXPERIMENT, RATE, suggest(FIRST_EXPERIMENT, RATE, 9))
start = time.perf_counter()
while not race.is_over:
    race.advance(race.ticks // 500)
print(time.perf_counter() - start)
"""


def speed_kept(app: PtyApp, experiment: str) -> float:
    """Print both rates for each round, and return the median of their ratios. ``app`` is closed in the end."""
    command = [sys.executable, "-c", BARE, experiment]
    bare = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert bare.stdin is not None and bare.stdout is not None
    ratios = []
    try:
        for number in range(ROUNDS):
            bare.stdin.write(f"{SECONDS}\n")
            bare.stdin.flush()
            alone = float(bare.stdout.readline())
            watched = steps_in_app(app)
            ratios.append(watched / alone)
            rates = f"bare {alone:>9,.0f}   in the app {watched:>9,.0f} steps/s   {ratios[-1]:.3f}"
            print(f"round {number + 1}   {rates}   load {os.getloadavg()[0]:.1f}")
            time.sleep(0.2)
    finally:
        app.close()
        bare.stdin.close()
        bare.wait()
    return statistics.median(ratios)


def steps_in_app(app: PtyApp) -> float:
    """Steps a second between the first and the last snapshot of a few seconds of training."""
    app.press(b" ")
    app.read(1.0)
    rate = steps_a_second(app)
    app.press(b" ")
    app.read(0.5)
    return rate


def steps_a_second(app: PtyApp) -> float:
    (first, started), (last, ended) = (_place_after(app, seconds) for seconds in (0.0, SECONDS))
    return (last - first) / (ended - started)


def _place_after(app: PtyApp, seconds: float) -> tuple[int, float]:
    app.read(seconds)
    store = sqlite3.connect(Path(app.data_folder) / "runs.sqlite")
    row: tuple[int, float] = store.execute("SELECT step, updated FROM runs ORDER BY id DESC").fetchone()
    store.close()
    return row


def race_kept() -> float:
    """Print the seconds of both races for each round, and return the median of their ratios."""
    ratios = []
    for number in range(ROUNDS):
        alone = float(subprocess.run([sys.executable, "-c", RACE], capture_output=True, check=True).stdout)
        app = PtyApp([sys.executable, "-m", "tui_trainer"])
        app.read_until(b"Output: color")
        app.read(1.0)
        app.press(b"TZZ")
        app.read_until(b"Which one wins?")
        app.read(0.5)
        app.press(b" ")
        started = time.perf_counter()
        app.read_until(b" won: ", 120.0)
        watched = time.perf_counter() - started
        app.close()
        ratios.append(alone / watched)
        seconds = f"unseen {alone:5.2f} s   on the wall {watched:5.2f} s   {ratios[-1]:.3f}"
        print(f"round {number + 1}   {seconds}   load {os.getloadavg()[0]:.1f}")
    return statistics.median(ratios)


def run_kept(app: PtyApp) -> float:
    """Print the rates of the current run, without a wall and beside one, and return the median of their ratios."""
    app.press(b" ")
    app.read(SECONDS)  # until the run is in the store
    return rate_kept(app, race_on_a_wall, "without a wall", "beside one")


def race_on_a_wall(app: PtyApp) -> None:
    """Open the wall, and start its race."""
    app.press(b"T")
    app.read_until(b"Which one wins?")
    app.press(b" ")


def rate_kept(app: PtyApp, show: Callable[[PtyApp], None], before: str, after: str) -> float:
    """Print the rates of a run, ``before`` and ``after`` something is shown, and return the median of their ratios.

    Escape puts it away again. ``app`` is closed in the end.
    """
    ratios = []
    try:
        for number in range(ROUNDS):
            alone = steps_a_second(app)
            show(app)
            app.read(1.0)
            beside = steps_a_second(app)
            app.press(b"\x1b")
            app.read(1.0)
            ratios.append(beside / alone)
            rates = f"{before} {alone:>9,.0f}   {after} {beside:>9,.0f} steps/s   {ratios[-1]:.3f}"
            print(f"round {number + 1}   {rates}   load {os.getloadavg()[0]:.1f}")
    finally:
        app.close()
    return statistics.median(ratios)


def main() -> None:
    """Print how much of its speed the engine keeps."""
    if "--wall" in sys.argv[1:]:
        print(f"a race of nine keeps {race_kept():.1%} of its speed on the wall")
        print(f"the current run keeps {run_kept(open_app()):.1%} of its speed beside the wall")
        return
    app = open_app()
    for option, keys in SEEN.items():
        if option in sys.argv[1:]:
            for key in keys:
                app.press(key)
                app.read(1.0)
    kept = speed_kept(app, TRAINING)
    print(f"the engine keeps {kept:.1%} of its bare speed; the mark is {MARK:.0%}")


if __name__ == "__main__":
    main()
