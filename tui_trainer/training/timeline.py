"""Earlier moments of a run: snapshots of it, kept sparsely within a bound, and the exact way back to any epoch.

In reading order: a snapshot, the timeline that keeps them while a run trains, and the look back, which trains again
what lies between two of them, in a session of its own.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec.structs import replace

from tui_trainer.engine import Diverged, Trainer
from tui_trainer.engine.trainer import MOST_COUNTED
from tui_trainer.errors import UserError

from .builder import build_schedule
from .series import MAX_PARAMETERS, Array, Trajectory

if TYPE_CHECKING:
    from .session import Session

MEMORY = 16_000_000  # bytes of snapshots that a run keeps
STORED = 128_000  # bytes of them that are saved with a run
OBJECTS = 3000  # bytes that the objects around the numbers of a snapshot take
ROW = 64  # bytes of a saved snapshot beside its state
MIN_STEPS = 128  # between two snapshots: what is trained again in no time is not worth the copy
BUDGET = 0.1  # seconds that training again may take
TRIAL, TRIAL_STEPS = 0.01, 8  # seconds and steps after which it is known how long it will take; the first is slower
CHUNK = 64  # steps between two looks at the clock, at most
ORDER, GENERATOR = "order", "generator"
DIFFERS = "This differs from what was recorded: the run was trained by another machine or version, or changed."


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A trainer after ``step`` steps: all that training on from there depends on.

    ``changes`` counts how often the run was changed before it other than by training. The rate of a schedule was made
    for so many ``epochs``. An empty ``state`` is the run as it is loaded.
    """

    step: int
    epoch: int
    changes: int
    rate: float
    epochs: int
    state: Mapping[str, Array]

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return OBJECTS + sum(array.nbytes for array in self.state.values()) if self.state else 0


class Timeline:
    """The snapshots of a run at the ends of epochs, at most ``limit`` bytes: dense at first, then ever fewer.

    Their distance grows with the square root of the steps: the latest ones are twice as far apart as evenly kept ones
    would be, and the first ones, where most happens, lie close together. A run that was changed other than by training
    has a snapshot after each change, since nothing else leads across it.
    """

    def __init__(self, limit: int = MEMORY) -> None:
        self.limit = limit
        self.snapshots: list[Snapshot] = []
        self.changes: list[int] = []  # after how many steps it was changed, ascending
        self.size = 0  # of all snapshots, in bytes
        self._spacing = 0.0  # of the square roots of two snapshots' steps
        self._next = 0  # the step from which the next epoch's end is kept

    def begin(self, rate: float, epochs: int) -> None:
        """Begin with a run as it is loaded."""
        self._keep_all([Snapshot(0, 0, 0, rate, epochs, {})])
        self.changes, self._spacing, self._next = [], 0.0, MIN_STEPS

    def changed(self, step: int) -> None:
        """Note that the run was changed after ``step`` steps: a snapshot is due before its next step."""
        if step == 0:
            self._keep_all([])
        elif self.changes[-1:] != [step]:
            self.changes.append(step)
        self._next = 0

    @property
    def newest(self) -> int:
        """The step of the newest snapshot; -1 without any."""
        return self.snapshots[-1].step if self.snapshots else -1

    @property
    def is_changed(self) -> bool:
        """Whether a snapshot is due before the next step."""
        return self._next == 0

    def is_due(self, step: int) -> bool:
        """Whether a snapshot is due at the end of an epoch, after ``step`` steps."""
        return step >= self._next

    def keep(self, trainer: Trainer, epochs: int) -> None:
        """Keep a snapshot, unless it alone takes more than all may."""
        last, self._next = trainer.steps, trainer.steps + MIN_STEPS
        vectors = 1 + trainer.optimizer.vectors
        if OBJECTS + vectors * trainer.model.parameters.flat.nbytes > self.limit:
            return
        state = trainer.state()
        if trainer.position == 0:
            del state[ORDER]  # the next epoch begins with another one
        rate = trainer.optimizer.learning_rate
        snapshot = Snapshot(last, trainer.epochs, len(self.changes), rate, epochs, state)
        if snapshot.size > self.limit:
            return
        while self.snapshots and self.snapshots[-1].step >= last:  # the same step, changed once more
            self.size -= self.snapshots.pop().size
        self.snapshots.append(snapshot)
        self.size += snapshot.size
        if self.size > self.limit:
            self._thin()
        self._next = max(self._next, math.ceil((math.sqrt(last) + self._spacing) ** 2))

    def _keep_all(self, snapshots: list[Snapshot]) -> None:
        self.snapshots, self.size = snapshots, sum(snapshot.size for snapshot in snapshots)

    def _thin(self) -> None:
        """Keep about every second snapshot, until there is room."""
        while self.size > self.limit:
            remaining, self._spacing = sparser(self.snapshots, self._spacing)
            self._keep_all(remaining)

    def course(self) -> dict[str, Array]:
        """Return what is saved with every snapshot of the run: how it began, and after which steps it was changed."""
        start = self.snapshots[0] if self.snapshots and not self.snapshots[0].state else None
        begun = [0.0, 0.0, 0.0] if start is None else [1.0, start.rate, start.epochs]
        return {"begun": np.array(begun), "changes": np.array(self.changes, np.int64)}

    def resume(self, course: Mapping[str, Array]) -> None:
        """Begin as a saved run has; of one of an older version that is not known. The snapshots come with ``add``.

        Raises ValueError or KeyError if it can't have begun so.
        """
        if course:
            as_loaded, rate, epochs = map(float, course["begun"])
            changes = course["changes"].tolist()
            if as_loaded and not (math.isfinite(rate) and rate > 0.0 and 1.0 <= epochs <= MOST_COUNTED):
                raise ValueError("how the run has begun is damaged")
            if changes != sorted(changes):
                raise ValueError("the changes of the run are damaged")
            self.begin(rate, int(epochs))
            self.changes = [int(step) for step in changes]
            if not as_loaded:
                self._keep_all([])
        self._next = 0

    def saved(self, limit: int = STORED) -> dict[str, Array]:
        """Return the snapshots as arrays of all of them, thinned to about ``limit`` bytes; none if there are none."""
        kept = [one for one in self.snapshots if one.state]
        spacing = self._spacing
        while kept and sum(one.size - OBJECTS + ROW for one in kept) > limit:
            kept, spacing = sparser(kept, spacing)
        if not kept:
            return {}
        places = [[one.step, one.epoch, one.changes, one.rate, one.epochs] for one in kept]
        longest = max(len(one.state[GENERATOR]) for one in kept)
        arrays = {"places": np.array(places), GENERATOR: np.full((len(kept), longest), ord(" "), np.uint8)}
        for row, one in zip(arrays[GENERATOR], kept, strict=True):
            row[: len(one.state[GENERATOR])] = one.state[GENERATOR]
        shared = kept[0].state.keys() - {GENERATOR, ORDER}
        arrays |= {name: np.stack([one.state[name] for one in kept]) for name in shared}
        return arrays | {f"{ORDER}.{one.step}": one.state[ORDER] for one in kept if ORDER in one.state}

    def add(self, saved: Mapping[str, Array], step: int) -> None:
        """Add what ``saved`` returned of a run that is now at ``step``.

        Raises KeyError or ValueError if it is not that.
        """
        snapshots = []
        places = saved["places"]
        names = [name for name in saved if name != "places" and not name.startswith(f"{ORDER}.")]
        if places.shape != (len(places), 5) or any(len(saved[name]) != len(places) for name in names):
            raise ValueError("the saved moments don't fit together")
        if not np.isfinite(places).all() or (np.diff(places[:, 0]) <= 0).any() or not (places[:, 0] <= step).all():
            raise ValueError("the steps of the saved moments are damaged")
        for number, (at, epoch, changes, rate, epochs) in enumerate(places.tolist()):
            state = {name: saved[name][number].copy() for name in names}
            if (order := saved.get(f"{ORDER}.{int(at)}")) is not None:
                state[ORDER] = order
            snapshots.append(Snapshot(int(at), int(epoch), int(changes), rate, int(epochs), state))
        self._keep_all([*(one for one in self.snapshots if not one.state), *snapshots])
        if self.size > self.limit:
            self._thin()

    def before(self, step: int) -> Snapshot | None:
        """Return the last snapshot from which training leads to ``step``, with a step at least if there is one.

        None where the run was changed in between, or nothing is kept.
        """
        changes = bisect_left(self.changes, step)
        suitable = [one for one in self.snapshots if one.changes == changes and one.step <= step]
        return next((one for one in reversed(suitable) if one.step < step), suitable[-1] if suitable else None)

    def nearest(self, step: int) -> Snapshot | None:
        """Return the snapshot that is nearest to ``step``; None if nothing is kept."""
        return min(self.snapshots, key=lambda one: abs(one.step - step), default=None)


def thinned(snapshots: list[Snapshot], spacing: float) -> list[Snapshot]:
    """Return the first snapshot, those after a change, and others with a ``spacing`` of the roots of their steps."""
    remaining = snapshots[:1]
    for snapshot in snapshots[1:]:
        distance = math.sqrt(snapshot.step) - math.sqrt(remaining[-1].step)
        if distance >= spacing or snapshot.changes != remaining[-1].changes:
            remaining.append(snapshot)
    return remaining


def sparser(snapshots: list[Snapshot], spacing: float) -> tuple[list[Snapshot], float]:
    """Return about every second snapshot, one less at least, and their spacing; ``spacing`` is that of now, or 0."""
    spacing = 2 * spacing or math.sqrt(snapshots[-1].step) / len(snapshots)
    remaining = thinned(snapshots, spacing)
    return remaining if len(remaining) < len(snapshots) else snapshots[1::2], spacing


class Moment(NamedTuple):
    """A run after an ``epoch``: a ``session`` that stands there, and a sentence where it is not quite that.

    ``session`` is that of the look back: the next moment moves it.
    """

    session: Session
    epoch: int
    sentence: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it is the epoch that was asked for, to the last bit."""
        return not self.sentence


class LookBack:
    """Goes to earlier moments of a ``run``, in a session of its own that shares its data; the run is only read."""

    def __init__(self, run: Session) -> None:
        self._run = run
        self._twin: Session | None = None
        self._loaded: dict[str, Array] = {}  # the state of the twin as it is loaded
        self._epochs = -1  # that the schedule of the twin was made for
        self._changes = -1  # of the run before the moment where the twin is; -1 before there is any
        self._from = 0  # the step from which the twin has trained

    def at(self, epoch: int, budget: float | None = BUDGET) -> Moment:
        """Return the moment after ``epoch``, or where training there takes longer than ``budget`` s, the nearest kept.

        Raises UserError if there is none: no memory for a second network, no such epoch, or nothing kept.
        """
        timeline, steps = self._run.timeline, self._run.trainer.steps_per_epoch
        if not 0 <= epoch <= self._run.trainer.epochs:
            reason = f"expected an epoch from 0 to {self._run.trainer.epochs:,}, the newest that is done"
            raise UserError("epoch", f"{reason}; got {epoch:,}")
        twin, step = self._made(), epoch * steps
        snapshot = timeline.before(step)
        if snapshot is not None and self._train_to(twin, snapshot, step, budget):
            return self._moment(twin, "" if self._agrees(twin) else DIFFERS)
        nearest = timeline.nearest(step)
        if nearest is None:
            raise UserError("epoch", "no earlier moment of this run is kept")
        self._restore(twin, nearest)
        why = "the run was changed since" if snapshot is None else "to train there again takes too long"
        return self._moment(twin, f"The nearest kept moment to epoch {epoch:,}: {why}.")

    def _made(self) -> Session:
        if self._twin is None:
            try:
                self._twin = self._run.twin()
            except (MemoryError, UserError) as error:
                reason = "this machine's memory is too small for a second network, which earlier moments need"
                raise UserError("model", reason) from error
            self._loaded = self._twin.trainer.state()
            self._epochs = self._twin.schedule_epochs
        return self._twin

    def _train_to(self, twin: Session, snapshot: Snapshot, step: int, budget: float | None) -> bool:
        """Train the twin from a snapshot, or from where it is, up to ``step``; return False if it takes too long."""
        trainer = twin.trainer
        if snapshot.changes != self._changes or not max(snapshot.step, self._from) <= trainer.steps < step:
            self._restore(twin, snapshot)
        twin.trajectory = None
        started, first, losses = time.perf_counter(), trainer.steps, np.empty(CHUNK)
        chunk = 1  # the steps of a large network may take longer than the budget each
        keeps_state = trainer.schedule is not None and bool(trainer.schedule.state())
        try:
            while trainer.steps < step:
                if trainer.steps == step - 1:
                    self._record_trajectory(twin)
                trainer.run_steps(losses[: min(chunk, max(1, step - 1 - trainer.steps))])
                chunk = min(2 * chunk, CHUNK)
                if keeps_state and trainer.position == 0:
                    trainer.end_epoch()
                seconds = time.perf_counter() - started
                if budget is not None and trainer.steps < step:
                    done = trainer.steps - first
                    is_known = seconds > TRIAL and done >= TRIAL_STEPS
                    if seconds > budget or (is_known and seconds * (step - first) / done > budget):
                        return False
        except Diverged:
            self._changes = -1  # it has to begin anew
            return False
        if twin.trajectory is not None:
            twin.trajectory.add(step, trainer.model.parameters.flat, trainer.optimizer.used_rate)
        return True

    def _record_trajectory(self, twin: Session) -> None:
        """Give the twin the trajectory up to its step, of a model that has one."""
        parameters, whole = twin.trainer.model.parameters.flat, self._run.trajectory
        if len(parameters) <= MAX_PARAMETERS and whole is not None and whole.steps[0] <= twin.trainer.steps:
            twin.trajectory = Trajectory(parameters, twin.trainer.steps)
            state = whole.state()
            done = state["steps"] <= twin.trainer.steps
            twin.trajectory.resume({**state, "points": state["points"][done], "steps": state["steps"][done]})

    def _restore(self, twin: Session, snapshot: Snapshot) -> None:
        """Bring the twin to a snapshot; raise UserError if that is damaged, as a saved one may be."""
        self._changes = -1
        try:
            self._bring(twin, snapshot)
        except (KeyError, ValueError, TypeError, IndexError, ArithmeticError, RecursionError) as error:
            raise UserError("epoch", "the earlier moments that were saved with the run are damaged") from error

    def _bring(self, twin: Session, snapshot: Snapshot) -> None:
        trainer = twin.trainer
        if trainer.schedule is not None and snapshot.epochs != self._epochs:
            training = replace(self._run.requested.training, epochs=snapshot.epochs)
            trainer.schedule = build_schedule(training, trainer.steps_per_epoch, twin.split.x_val is not None)
            self._epochs = snapshot.epochs
        trainer.restore({ORDER: self._loaded[ORDER], **(snapshot.state or self._loaded)})
        trainer.optimizer.learning_rate = snapshot.rate
        self._changes, self._from = snapshot.changes, snapshot.step

    def _agrees(self, twin: Session) -> bool:
        """Return whether the loss of the epoch is the one that was recorded: another machine may round differently."""
        epoch = twin.trainer.epochs
        recorded = self._run.history.value("loss", epoch)
        return recorded is None or twin.trainer.epoch_loss == recorded

    def _moment(self, twin: Session, sentence: str) -> Moment:
        twin.stand_in_for(self._run, self._from)
        return Moment(twin, twin.trainer.epochs, sentence)
