"""What goes wrong with the store, in sentences, and patience with other processes that write."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tui_trainer.errors import printable

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PATIENCE = 5.0  # seconds that another process may take over its own transaction


class StoreError(Exception):
    """The store can't be used; the sentence says why."""


class StoreBusy(StoreError):
    """Another process is writing; later it may go."""


class RunTaken(StoreError):
    """The run is another process's."""


def patiently(act: Callable[[], None]) -> None:
    """Do it, again where another process does the same: for a change of the journal SQLite itself doesn't wait."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except StoreBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def as_store_error(path: Path) -> Iterator[None]:
    """Raise StoreError for what SQLite or the file system refuse."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OSError, UnicodeError) as error:  # damaged text can't even be told of
        told = getattr(error, "strerror", None) or str(error)
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY
        raise (StoreBusy if busy else StoreError)(f"Runs can't be kept in {path}: {printable(told)}.") from error
