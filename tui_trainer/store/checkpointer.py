"""Saves a session's run to the store periodically, and restores it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter as now

import numpy as np

from tui_trainer.errors import printable
from tui_trainer.training.history import EPOCH
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .store import Checkpoint, RunTaken, Store, StoreBusy, StoredRun, StoreError, StoreFull

BLOCK = 512  # epochs from which on the next ones get a block of their own in the store
SAVE_EVERY = 0.5  # seconds of training between two snapshots
LONGEST_PAUSE = 8.0  # seconds between two attempts while saving fails; the first ones follow each other sooner
TROUBLE_AFTER = 2.0  # seconds that another process may write before the user has to know
PATIENCE = 0.05  # seconds that training waits for another process that writes
OPENING_PATIENCE = 0.5  # the same before there is any training
LAST_PATIENCE = 1.0  # and after it
NOWHERE = ("", -1, 0, 0)
DAMAGED = (TypeError, IndexError, AttributeError, ArithmeticError, RecursionError, MemoryError)


def checkpoint_of(
    session: Session, epochs_saved: int, new_epochs: Mapping[str, Array], with_moments: bool = False
) -> Checkpoint:
    """Return all that is saved of the run of a session, whose first ``epochs_saved`` are in the store already."""
    return Checkpoint(
        experiment=session.requested,
        state=session.state,
        epoch=session.trainer.epochs,
        step=session.steps,
        latest=session.values,
        snapshot=session.snapshot(),
        epochs_saved=epochs_saved,
        new_epochs=new_epochs,
        seconds=session.seconds,
        moments=session.timeline.saved() if with_moments else {},
    )


class Checkpointer:
    """Saves the run of a session. A run begins with its first step, and is saved while it trains.

    If saving fails, it is retried after growing pauses. ``trouble`` says in few words why nothing is saved now.
    """

    def __init__(self, path: Path, owner: str = "") -> None:
        self.complaint = ""  # what went wrong, until it has been reported
        self.trouble = ""
        self._path, self._owner = path, owner
        self._store: Store | None = None
        self._failing_since: float | None = None
        self._pause = self._retry_at = 0.0
        self._run: int | None = None
        self._epochs_saved = 0
        self._block = 0  # where the newest block of epochs begins
        self._before = 0  # epochs of which the store has but some, see History
        self._moment_saved = -1  # the step of the last snapshot in the timeline when that was saved
        self._saved_at = 0.0
        self._saved_place = NOWHERE
        self._watched = self._watched_saved = True
        self._open(OPENING_PATIENCE)

    @property
    def store(self) -> Store | None:
        """The store; None if it can't be used now."""
        return self._store

    @property
    def is_behind(self) -> bool:
        """Whether saving has failed, and will be retried."""
        return self._failing_since is not None

    @property
    def retry_in(self) -> float:
        """Seconds until saving is retried."""
        return max(0.0, self._retry_at - now())

    @property
    def run(self) -> int | None:
        """The number of the current run in the store; None before its first step."""
        return self._run

    def forget_run(self) -> None:
        """Begin another run with the next step."""
        self._run, self._saved_place = None, NOWHERE
        self._moment_saved = -1
        self._epochs_saved = self._block = self._before = 0

    def save_if_due(self, session: Session) -> None:
        """Save periodically during training, and at once when it has stopped."""
        if self.is_behind:
            due = now() >= self._retry_at
        else:
            due = session.state != "running" or now() - self._saved_at >= SAVE_EVERY
        if due:
            self.save(session)

    def save(self, session: Session, patience: float = PATIENCE) -> None:
        """Save the run if it has changed; wait up to ``patience`` seconds for another process that writes."""
        if self._store is None and not self._open(patience):
            return
        assert self._store is not None
        place = _place(session)
        if session.steps == 0 or place == self._saved_place:
            self._succeeded()
            return
        try:
            self._store.set_patience(patience)
            self._save(self._store, session)
        except RunTaken as error:
            self.forget_run()
            self.complaint = str(error)
            self._succeeded()
        except StoreError as error:
            self._failed(error)
        else:
            self._saved_place = place
            self._succeeded()
        self._saved_at = now()

    def close(self) -> None:
        """Close the store; the last process to do so leaves it in a single file, which can be copied."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def watch(self, watched: bool) -> None:
        """Note whether a screen shows the run."""
        self._watched = watched
        try:
            if self._store is not None and self._run is not None:
                self._note_watched(self._store, self._run)
        except StoreError as error:  # the next save does it
            if not isinstance(error, StoreBusy):
                self.complaint = str(error)

    def resumable_run(self, number: int | None = None) -> StoredRun | None:
        """Return the run with that number, or the newest one if it can be resumed; never one in training."""
        runs = [run for run in self._runs() if not run.alive]
        if number is not None:
            return next((run for run in runs if run.id == number), None)
        return runs[0] if runs and runs[0].is_resumable else None

    def detached_run(self) -> StoredRun | None:
        """Return the newest run that another session trains without a screen."""
        return next((run for run in self._runs() if run.alive and not run.watched), None)

    def _runs(self) -> list[StoredRun]:
        try:
            return [] if self._store is None else self._store.runs()
        except StoreError as error:
            self.complaint = str(error)
            return []

    def claim(self, run: int) -> StoredRun:
        """Take over a run for this session; raise StoreError if it belongs to another one, or doesn't exist."""
        if self._store is None:
            raise StoreError("There is no store to resume from.")
        self._store.set_patience(LAST_PATIENCE)
        return self._store.claim(run)

    def restore(self, session: Session, run: int, state: str = "") -> None:
        """Restore a claimed run into ``session``, which has loaded its experiment; raise StoreError if that fails.

        ``state`` is the one it was saved in, see ``Session.restore``.
        """
        if self._store is None:
            raise StoreError("There is no store to resume from.")
        snapshot, epochs = self._store.snapshot(run)
        restore_snapshot(session, snapshot, epochs, state, "The saved run does not fit its experiment")
        restore_moments(session, self._store, run)
        self._moment_saved = session.timeline.newest
        self._run, history = run, session.history
        self._epochs_saved = self._block = history.count
        self._before = history.before if EPOCH in epochs else 0
        self._watched_saved = True  # the claim has said so
        if session.state == state:  # nothing to save until something changes
            self._saved_place = _place(session)

    def _save(self, store: Store, session: Session) -> None:
        if self._run is None:
            self._run, self._watched_saved = store.begin(session.requested), True
        if self._watched != self._watched_saved:
            self._note_watched(store, self._run)
        history, start = session.history, self._block
        if history.before != self._before:  # fewer of the older epochs remain, so all are written anew
            start = 0
        new_epochs = history.columns(start) if history.count != self._epochs_saved else {}
        # A run that trains is saved often, and its moments come along when it rests, where there are new ones.
        newest = session.timeline.newest
        with_moments = session.state != "running" and newest != self._moment_saved
        store.save(self._run, checkpoint_of(session, start, new_epochs, with_moments))
        self._moment_saved = newest if with_moments else self._moment_saved
        self._epochs_saved, self._before = history.count, history.before
        is_full = EPOCH in new_epochs or history.count - start >= BLOCK
        self._block = history.count if is_full else start

    def _note_watched(self, store: Store, run: int) -> None:
        store.watch(run, self._watched)
        self._watched_saved = self._watched

    def _open(self, patience: float) -> bool:
        """Open the store; return whether that succeeded."""
        try:
            self._store = Store(self._path, self._owner, patience)
            self._store.set_patience(PATIENCE)
        except StoreError as error:
            self._failed(error)
            return False
        return True

    def _succeeded(self) -> None:
        self._failing_since, self._pause, self.trouble = None, 0.0, ""

    def _failed(self, error: StoreError) -> None:
        """Record when to retry, and why, unless another process is only writing for a moment."""
        time = now()
        if self._failing_since is None:
            self._failing_since = time
        self._pause = min(LONGEST_PAUSE, max(SAVE_EVERY, 2 * self._pause))
        self._retry_at = time + self._pause
        short = isinstance(error, StoreBusy) and self._store is not None and time - self._failing_since < TROUBLE_AFTER
        if not short and error.reason != self.trouble:
            self.trouble, self.complaint = error.reason, str(error)
        if self._store is not None and not isinstance(error, StoreBusy | StoreFull):
            self.close()  # another connection may do where this one doesn't


def restore_snapshot(
    session: Session, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str, refusal: str
) -> None:
    """Call ``Session.restore``; raise StoreError, starting with ``refusal``, for a wrong or damaged snapshot.

    The session is then at its first step.
    """
    try:
        with np.errstate(all="ignore"):  # what is out of all bounds shows in the training, as nan does
            session.restore(snapshot, epochs, state)
        if not np.isfinite(session.trainer.model.parameters.flat).all():
            raise ValueError("its weights are not finite numbers")
    except (KeyError, ValueError, *DAMAGED) as error:
        session.load(session.requested)
        reason = "the saved data are damaged" if isinstance(error, DAMAGED) else printable(str(error))
        raise StoreError(f"{refusal}: {reason}.") from error


def restore_moments(session: Session, store: Store, run: int) -> None:
    """Give a session, whose run was restored, the earlier moments that were saved with it; damaged ones are dropped."""
    with contextlib.suppress(StoreError, KeyError, ValueError, *DAMAGED):
        if saved := store.moments(run):
            session.timeline.add(saved, session.steps)


def _place(session: Session) -> tuple[str, int, int, int]:
    """Return what changes whenever there is something new to save."""
    return session.state, session.steps, session.weight_changes, len(session.test_seen_at)
