"""A process that shares a store, for ``test_store_shared``: takes runs that wait, trains and saves until it is killed.

Usage: python store_user.py FOLDER. Beside the store each run has a file whose lock says, without the store, who
trains it: two processes at one run end with code 3.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import RunTaken
from tui_trainer.training.session import Session

TWICE = 3
ENDLESS = Experiment(dataset=DatasetConfig("iris"), training=TrainingConfig(epochs=10_000_000))
SLICES = 6  # of training between two looks for another run


def hold(folder: Path, run: int) -> int:
    """The lock of the run's file; the process ends where another one has it."""
    lock = os.open(folder / f"run-{run}", os.O_RDWR | os.O_CREAT)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        print(f"run {run} is trained twice", flush=True)
        os._exit(TWICE)
    return lock


def main() -> None:
    """Take runs by turns for as long as the process is left alone; tell of each step that is safe."""
    folder = Path(sys.argv[1])
    store = folder / "runs.sqlite"
    place = LiveTrainer(folder_beside(store))
    keeper, session = Checkpointer(store, place.name), Session()
    while True:
        waiting = [run for run in keeper._runs() if run.is_resumable and not run.alive]
        session.load(ENDLESS)
        keeper.forget_run()
        lock = None
        if waiting:
            oldest = waiting[-1]
            try:
                keeper.claim(oldest.id)
            except RunTaken:
                continue
            lock = hold(folder, oldest.id)
            keeper.restore(session, oldest.id)
        session.train()
        for _ in range(SLICES):
            session.advance(0.02)
            keeper.save(session)
            assert keeper._run is not None and not keeper.complaint, keeper.complaint
            if lock is None:
                lock = hold(folder, keeper._run)
            print(f"saved {keeper._run} {session.steps}", flush=True)
        # The lock stays: while this process lives, its runs are nobody else's.


main()
