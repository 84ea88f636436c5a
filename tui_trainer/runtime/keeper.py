"""Keeps a session's run in the store: snapshots at most so often, and back from them."""

from __future__ import annotations

import time
from pathlib import Path

from .session import Session
from .store import Store, StoredRun, StoreError

SAVE_EVERY = 0.5  # seconds of training between two snapshots


class Keeper:
    """A run begins with its first step and is saved while it trains. A store that fails is given up, once."""

    def __init__(self, path: Path) -> None:
        self.complaint = ""  # why the store was given up, until somebody has told it
        self._store: Store | None = None
        self._run: int | None = None
        self._epochs_saved = 0
        self._saved_at = 0.0
        self._saved_place = ("", -1)
        try:
            self._store = Store(path)
        except StoreError as error:
            self.complaint = str(error)

    def forget_run(self) -> None:
        """The next step begins another run."""
        self._run, self._epochs_saved, self._saved_place = None, 0, ("", -1)

    def save_if_due(self, session: Session) -> None:
        """Save while training, now and then; at once where it has just stopped."""
        if session.state != "running" or time.perf_counter() - self._saved_at >= SAVE_EVERY:
            self.save(session)

    def save(self, session: Session) -> None:
        """Save the run, if it has changed since the last time."""
        place = (session.state, session.steps)
        if self._store is None or session.steps == 0 or place == self._saved_place:
            return
        try:
            self._save(self._store, session)
        except StoreError as error:
            self._store, self.complaint = None, str(error)
        self._saved_at, self._saved_place = time.perf_counter(), place

    def cut_off(self) -> StoredRun | None:
        """The newest run, if it is not at its end and nobody trains it."""
        try:
            run = None if self._store is None else self._store.newest()
        except StoreError as error:
            self.complaint = str(error)
            return None
        return run if run is not None and run.is_cut_off else None

    def resume(self, session: Session, run: int) -> None:
        """Put ``session``, which has loaded the run's experiment, where the run was saved, or StoreError."""
        if self._store is None:
            raise StoreError("There is no store to resume from.")
        snapshot, epochs = self._store.snapshot(run)
        try:
            session.restore(snapshot, epochs)
        except (KeyError, ValueError) as error:
            raise StoreError(f"The saved run does not fit its experiment: {error}.") from error
        self._run, self._epochs_saved = run, len(next(iter(epochs.values()), ()))

    def _save(self, store: Store, session: Session) -> None:
        if self._run is None:
            self._run = store.begin(session.requested)
        columns = session.history.columns(self._epochs_saved)
        store.save(
            self._run,
            session.requested,
            session.state,
            (session.trainer.epochs, session.steps),
            session.values,
            session.snapshot(),
            (self._epochs_saved, columns),
        )
        self._epochs_saved += len(next(iter(columns.values()), ()))
