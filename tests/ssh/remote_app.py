"""The app at the other end of an SSH connection, and what it leaves behind there."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pty_app import PtyApp
from systems import KILL

from tui_trainer.store.live_trainers import is_live

ENDLESS = "name = 'endless'\n[[model.layers]]\nunits = 8\n[training]\nepochs = 10000000\n"
SIZE = (120, 40)
TOLD = re.compile(rb"epoch ([\d,]+)/10,000,000")

Connect = Callable[..., "RemoteApp"]


class RemoteApp(PtyApp):
    """The app over SSH; takes down which epochs it has told of, and when."""

    def __init__(self, command: Sequence[str], folder: Path, columns: int, rows: int) -> None:
        super().__init__(command, columns, rows, data_folder=folder)
        self.told: list[tuple[float, int]] = []

    def _chunk(self) -> bytes:
        chunk = super()._chunk()
        now = time.monotonic()
        self.told += [(now, int(found.replace(b",", b""))) for found in TOLD.findall(chunk)]
        return chunk

    def until_training(self) -> None:
        """Press space and wait until it trains."""
        self.press(b" ")
        self.read_until(b"steps/s")

    def epoch_told(self, seconds_ago: float) -> int:
        """The newest epoch it had told of so long ago; -1 where none."""
        return max((epoch for moment, epoch in self.told if moment <= time.monotonic() - seconds_ago), default=-1)


def saved(folder: Path) -> tuple[int, int, int]:
    """Number, epoch and process of the run that was saved last."""
    number, epoch, process, _ = _newest(folder)
    return number, epoch, process


def state(folder: Path) -> str:
    """The state of the run that was saved last."""
    return _newest(folder)[3]


def end_sessions(folder: Path) -> None:
    """End trainers that still go on in ``folder``."""
    for lock in (folder / "sessions").glob("*.lock"):
        if is_live(lock.parent, lock.stem):
            os.kill(int(lock.stem.partition("-")[0]), KILL)


def has_saved(folder: Path) -> bool:
    """Whether there is a run in the store: one that has just begun may not be there yet."""
    if not (folder / "runs.sqlite").exists():
        return False
    store = sqlite3.connect(folder / "runs.sqlite")
    try:
        return store.execute("SELECT 1 FROM runs").fetchone() is not None
    except sqlite3.OperationalError:  # its tables are just being made
        return False
    finally:
        store.close()


def _newest(folder: Path) -> tuple[int, int, int, str]:
    store = sqlite3.connect(folder / "runs.sqlite")
    row = store.execute("SELECT id, epoch, pid, state FROM runs ORDER BY updated DESC").fetchone()
    store.close()
    return (int(row[0]), int(row[1]), int(row[2]), str(row[3]))


def until(condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.01)
