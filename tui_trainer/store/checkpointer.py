"""Keeps a session's run in the store: snapshots at most so often, and back from them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tui_trainer.errors import printable
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .store import Checkpoint, RunTaken, Store, StoreBusy, StoredRun, StoreError

SAVE_EVERY = 0.5  # seconds of training between two snapshots
NOWHERE = ("", -1, 0)
DAMAGED = (TypeError, IndexError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class Checkpointer:
    """A run begins with its first step and is saved while it trains. A store that fails is given up, once."""

    def __init__(self, path: Path, owner: str = "") -> None:
        self.complaint = ""  # what went wrong, until somebody has told it
        self._store: Store | None = None
        self._run: int | None = None
        self._epochs_saved = 0
        self._saved_at = 0.0
        self._saved_place = NOWHERE
        self._watched = True
        try:
            self._store = Store(path, owner)
        except StoreError as error:
            self.complaint = str(error)

    @property
    def store(self) -> Store | None:
        """The store; None where it can't be used."""
        return self._store

    @property
    def run(self) -> int | None:
        """The run under work, as the store numbers it; None before its first step."""
        return self._run

    def forget_run(self) -> None:
        """The next step begins another run."""
        self._run, self._epochs_saved, self._saved_place = None, 0, NOWHERE

    def remove_deleted(self) -> None:
        """Remove the runs that users deleted in earlier sessions."""
        if self._store is not None:
            with contextlib.suppress(StoreError):  # the next start is soon enough
                self._store.remove_deleted()

    def save_if_due(self, session: Session) -> None:
        """Save while training, now and then; at once where it has just stopped."""
        if session.state != "running" or time.perf_counter() - self._saved_at >= SAVE_EVERY:
            self.save(session)

    def save(self, session: Session) -> None:
        """Save the run, if it has changed since the last time."""
        place = (session.state, session.steps, session.weight_changes)
        if self._store is None or session.steps == 0 or place == self._saved_place:
            return
        try:
            self._save(self._store, session)
        except StoreBusy:
            return  # the next time is soon
        except RunTaken as error:
            self.forget_run()
            self.complaint = str(error)
            return
        except StoreError as error:
            self._store, self.complaint = None, str(error)
        finally:
            self._saved_at = time.perf_counter()
        self._saved_place = place

    def close(self) -> None:
        """Close the store; the last one to do so leaves all of it in one file, fit to be copied."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def watch(self, watched: bool) -> None:
        """Note whether a screen shows the run."""
        self._watched = watched
        try:
            if self._store is not None and self._run is not None:
                self._store.watch(self._run, watched)
        except StoreError as error:
            self.complaint = str(error)

    def resumable_run(self, number: int | None = None) -> StoredRun | None:
        """The run of that number, or the newest one if it can be resumed; never one that a process trains."""
        runs = [run for run in self._runs() if not run.alive]
        if number is not None:
            return next((run for run in runs if run.id == number), None)
        return runs[0] if runs and runs[0].is_resumable else None

    def detached_run(self) -> StoredRun | None:
        """The newest run that another session trains while no screen shows it."""
        return next((run for run in self._runs() if run.alive and not run.watched), None)

    def _runs(self) -> list[StoredRun]:
        try:
            return [] if self._store is None else self._store.runs()
        except StoreError as error:
            self.complaint = str(error)
            return []

    def claim(self, run: int) -> StoredRun:
        """Make a run this session's; StoreError where it is another's, or not there."""
        if self._store is None:
            raise StoreError("There is no store to resume from.")
        return self._store.claim(run)

    def restore(self, session: Session, run: int, state: str = "") -> None:
        """Put ``session``, which has loaded the experiment of a claimed run, where it was saved, or StoreError.

        ``state`` is the one it was saved in, see ``Session.restore``.
        """
        if self._store is None:
            raise StoreError("There is no store to resume from.")
        snapshot, epochs = self._store.snapshot(run)
        restore_snapshot(session, snapshot, epochs, state, "The saved run does not fit its experiment")
        self._run, self._epochs_saved = run, len(next(iter(epochs.values()), ()))
        if session.state == state:  # nothing to save until something changes
            self._saved_place = (session.state, session.steps, session.weight_changes)

    def _save(self, store: Store, session: Session) -> None:
        if self._run is None:
            self._run = store.begin(session.requested)
            if not self._watched:
                store.watch(self._run, False)
        new_epochs = session.history.columns(self._epochs_saved)
        checkpoint = Checkpoint(
            experiment=session.requested,
            state=session.state,
            epoch=session.trainer.epochs,
            step=session.steps,
            latest=session.values,
            snapshot=session.snapshot(),
            epochs_saved=self._epochs_saved,
            new_epochs=new_epochs,
            seconds=session.seconds,
        )
        store.save(self._run, checkpoint)
        self._epochs_saved += len(next(iter(new_epochs.values()), ()))


def restore_snapshot(
    session: Session, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str, refusal: str
) -> None:
    """``Session.restore``; StoreError, which begins with ``refusal``, where it is another run's snapshot or damaged.

    The session is at its first step then.
    """
    try:
        with np.errstate(all="ignore"):  # what is out of all bounds shows in the training, as nan does
            session.restore(snapshot, epochs, state)
        if not np.isfinite(session.trainer.model.parameters.flat).all():
            raise ValueError("its weights are no finite numbers")
    except (KeyError, ValueError, *DAMAGED) as error:
        session.load(session.requested)
        told = "what was saved is damaged" if isinstance(error, DAMAGED) else printable(str(error))
        raise StoreError(f"{refusal}: {told}.") from error
