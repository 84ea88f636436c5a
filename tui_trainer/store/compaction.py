"""Makes a store smaller: removes what was deleted, downsamples the curves of long runs, and returns free space."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tui_trainer.training.history import EPOCH, History

from .live_trainers import live_names
from .store import PATIENCE, Store, StoreError, pack, unpack

MAX_BLOCKS = 64  # of a run's epochs, from which on it may be longer than a new one gets
FREE_PAGES = 64  # that may remain; the next runs use them
MAX_USED = 256_000_000  # bytes in use up to which a store of an older version is written anew


def compact_store(path: Path, patience: float = PATIENCE) -> None:
    """Compact the store as far as other processes let it be written; the next time does the rest.

    Takes milliseconds if there is nothing to do.
    """
    with contextlib.suppress(StoreError), contextlib.closing(Store(path, patience=patience)) as store:
        removed = store.remove_deleted()
        for run in _runs_in_many_blocks(store):
            with contextlib.suppress(StoreError, ValueError):  # damaged: the others still shrink
                _join_epochs(store, run)
        store.return_space(0 if removed else FREE_PAGES, MAX_USED)


def _runs_in_many_blocks(store: Store) -> list[int]:
    with store.reading() as connection:
        rows = connection.execute("SELECT run FROM epochs GROUP BY run HAVING count(*) > ?", (MAX_BLOCKS,))
        return [run for (run,) in rows.fetchall()]


def _join_epochs(store: Store, run: int) -> None:
    """Write the epochs of a run that a history keeps as one block, unless a process is training the run."""
    with store.reading() as connection:
        before = connection.execute("SELECT updated, owner FROM runs WHERE id = ?", (run,)).fetchone()
        if before is None or before[1] in live_names(store.sessions):
            return
        history = History()
        rows = connection.execute("SELECT arrays FROM epochs WHERE run = ? ORDER BY CAST(first AS INTEGER)", (run,))
        for (arrays,) in rows:
            columns = unpack(arrays)
            if EPOCH in columns:
                if history.count:
                    raise ValueError("epochs come twice")
                history.restore(columns, history.steps)
            else:
                history.extend(columns)
    block = pack(history.columns(0))
    with store.writing() as connection:
        if connection.execute("SELECT updated, owner FROM runs WHERE id = ?", (run,)).fetchone() == before:
            connection.execute("DELETE FROM epochs WHERE run = ?", (run,))
            connection.execute("INSERT INTO epochs VALUES (?, 0, ?)", (run, block))
