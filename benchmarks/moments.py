"""What do earlier moments cost? The jump to one, on the screen, and the training beside them.

The jump: the spiral of the first start is trained to its end, then the slider is clicked at random places, with the
Live tab open at 120x40. A jump ends with the last byte of the picture; the title of the window, which changes once a
second, is none of it. Kept: the steps of sessions that keep snapshots
beside those of sessions that keep none, without a screen; then the steps of a run in the app while an earlier moment is
in sight, beside those while the present is. The two take turns.

Usage: python benchmarks/moments.py
"""

from __future__ import annotations

import os
import random
import re
import statistics
import sys
import time

from pty_app import PtyApp, open_app
from ui_tax import MARK, ROUNDS, SECONDS, rate_kept

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import MEMORY, LookBack

JUMPS, JUMP_MARK = 100, 0.1
QUIET = 0.08  # seconds without a byte after which a picture is whole
SLIDER = (44, 86)  # columns of the slider in the first line, from 1
EPOCHS = 600  # of the sessions without a screen
TITLE = re.compile(rb"\x1b\]2;[^\x07]*\x07")  # of the window


def jump(app: PtyApp, column: int) -> float:
    """Seconds from a click into a column of the first line to the last byte of the picture."""
    started = last = time.perf_counter()
    app.press(f"\x1b[<0;{column};1M\x1b[<0;{column};1m".encode())
    while written := app.read_some(QUIET if last > started else 1.0):
        if TITLE.sub(b"", written):
            last = time.perf_counter()
    return last - started


def jumps() -> list[float]:
    """Seconds of jumps to random moments of the spiral, sorted."""
    app = PtyApp([sys.executable, "-m", "tui_trainer", "--pace", "full"])
    try:
        app.read_until(b"Output: color")
        app.press(b"E")
        app.read_until(b"finished", 60.0)
        app.read(1.0)
        app.press(b"<")
        app.read_until(b"earlier moment")
        app.read(0.5)
        columns = [random.randint(*SLIDER)]
        while len(columns) < JUMPS:
            columns += {random.randint(*SLIDER)} - {columns[-1]}  # else nothing would change
        return sorted(jump(app, column) for column in columns)
    finally:
        app.close()


def kept_in_sight() -> float:
    """Print both rates for each round, and return the median of their ratios."""
    app = open_app()
    app.press(b"1 ")
    app.read(SECONDS)
    return rate_kept(app, lambda app: app.press(b"<<<<<"), "at present", "at an earlier moment")


def kept_while_recorded(full_batch: bool) -> float:
    """Return the median of the ratios of the seconds that sessions without and with snapshots take."""
    experiment = with_field(FIRST_EXPERIMENT, "training.epochs", EPOCHS * (10 if full_batch else 1))
    if full_batch:
        experiment = with_field(experiment, "training.batch_size", "full")

    def seconds(memory: int) -> float:
        session = Session(memory=memory)
        session.load(experiment)
        session.train()
        started = time.process_time()
        session.advance_to_end()
        return time.process_time() - started

    return statistics.median(seconds(0) / seconds(MEMORY) for _ in range(3 * ROUNDS))


def trained_again() -> float:
    """Return the median seconds to a random moment of the spiral, without the picture."""
    session = Session()
    session.load(FIRST_EXPERIMENT)
    session.train()
    session.advance_to_end()
    look_back, times = LookBack(session), []
    for _ in range(JUMPS):
        started = time.perf_counter()
        look_back.at(random.randint(0, session.trainer.epochs))
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Print the seconds of jumps, and how much of its speed the engine keeps."""
    random.seed(0)
    print(f"to a moment without its picture: {1e3 * trained_again():.1f} ms")
    times = jumps()
    median, p99 = statistics.median(times), times[int(0.99 * len(times))]
    print(
        f"to its picture: median {1e3 * median:.0f} ms, 99% {1e3 * p99:.0f} ms, load {os.getloadavg()[0]:.1f}", end=", "
    )
    print(f"{median / JUMP_MARK:.2f} and {p99 / JUMP_MARK:.2f} of the mark of {1e3 * JUMP_MARK:.0f} ms")
    for words, full_batch in (("mini-batches", False), ("a step an epoch", True)):
        print(f"a session that keeps snapshots has {kept_while_recorded(full_batch):.1%} of its speed, {words}")
    print(f"with an earlier moment in sight the engine has {kept_in_sight():.1%} of its speed; the mark is {MARK:.0%}")


if __name__ == "__main__":
    main()
