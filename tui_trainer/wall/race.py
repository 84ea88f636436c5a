"""Networks that differ in one field, trained in step; and what is seen of each: a picture, a score, the loss so far.

Those of one kind are trained together, and predict in one pass. No process and no clock: ``service`` has both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_memory
from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import pack
from tui_trainer.run_state import RunState
from tui_trainer.store.checkpointer import checkpoint_of
from tui_trainer.store.edits import LONGEST_NAME, RunEdits
from tui_trainer.store.store import Store, default_path
from tui_trainer.sweep.plan import Choices, read_axis
from tui_trainer.sweep.results import describe_settings, setting_text
from tui_trainer.tabs.boundary.axes import FeatureAxes, Limits, target_limits
from tui_trainer.tabs.boundary.compute import layers_of, on_line, on_plane, picture
from tui_trainer.tabs.boundary.messages import WHOLE, Chosen, Samples
from tui_trainer.training.builder import available_bytes, estimate
from tui_trainer.training.session import Session
from tui_trainer.training.stack import Stack, stack_key

from .messages import ACTIVATION, MAX_NETWORKS, Kind, Look, Network, RaceReady, paths_of

Array = NDArray[Any]
STORE_OWNER = "wall"  # no trainer has this name, so what was kept belongs to nobody
MEASURES = ("accuracy", "r2", "loss")  # the first one that a network has, of the validation part if there is one
MAX_SIDE, MAX_POINTS = 160, 400  # of what the app may ask for
MAX_PIXELS = 40_000  # of all pictures together: more would not be ready in time
MAX_MAPPED = 32  # features of which two are worth a picture
MAX_RECORDED = 2048  # losses of a network; then every other one is left out
NEAR = 1.12  # of the distance of the farthest sample in the plane
MARGIN = 0.15  # of the range of a target, around its curve


class Race:
    """A race at its first step; ``advance`` takes it on, ``news`` tells where everybody is.

    Its clock are ``ticks``, of which each network's epoch has as many: as the steps of the one that takes most.
    Raises UserError if there can be no such race.
    """

    def __init__(self, number: int, experiment: Experiment, path: str, values: str) -> None:
        self.number = number
        paths = paths_of(experiment, path)
        self._values, self._experiments = _entrants(experiment, paths, values)
        self._path = "activation" if path == ACTIVATION else paths[0]
        groups: dict[str, list[int]] = {}
        for place, entrant in enumerate(self._experiments):
            groups.setdefault(stack_key(entrant) or str(place), []).append(place)
        sessions = _sessions([self._experiments[places[0]] for places in groups.values()])
        _check_memory([(session, len(places)) for session, places in zip(sessions, groups.values(), strict=True)])
        self._groups = [
            _Group(session, places, self._experiments)
            for session, places in zip(sessions, groups.values(), strict=True)
        ]
        first = self._groups[0]
        self._view = _View(first.session)
        names = first.value_names
        self._measure = next(
            name for part in ("val_", "") for one in MEASURES if (name := f"{part}{one}") in names or name == "loss"
        )
        self._monitor = "val_loss" if "val_loss" in names else "loss"
        self._states: list[RunState] = ["ready"] * len(self._experiments)
        self._scores = np.full(len(self._experiments), np.nan)
        self._losses = np.full(len(self._experiments), np.nan)
        self._curves = [_Curve() for _ in self._experiments]
        self._epochs = max(group.epochs for group in self._groups)
        self.ticks_per_epoch = max(group.steps_per_epoch for group in self._groups)
        self.ticks, self.tick = self.ticks_per_epoch * self._epochs, 0
        for group in self._groups:
            for place, value in zip(group.places, group.first_scores(self._measure), strict=True):
                self._scores[place] = value

    @property
    def is_over(self) -> bool:
        """Whether all networks have ended."""
        return all(not group.stack.trainer.running for group in self._groups)

    @property
    def ready(self) -> RaceReady:
        """What is shown all the time."""
        view = self._view
        x, y, *_ = (*view.axes, "", "")
        return RaceReady(
            self.number,
            tuple(map(setting_text, self._values)),
            view.kind,
            self._measure,
            self._epochs,
            view.dataset.classes,
            x,
            y,
            *view.limits,
            view.samples,
        )

    def advance(self, ticks: int) -> None:
        """Train all networks for so many ticks."""
        self.tick = min(self.tick + ticks, self.ticks)
        for group in self._groups:
            due = min(self.tick * group.steps_per_epoch // self.ticks_per_epoch, group.last_step)
            while group.stack.trainer.running and (steps := due - group.stack.trainer.steps) > 0:
                self._train(group, steps)

    def _train(self, group: _Group, steps: int) -> None:
        """Train a group, at most to the end of an epoch, and note how it does."""
        trainer = group.stack.trainer
        ended = group.stack.advance(steps)
        if trainer.position == 0 or not trainer.running:
            values = group.stack.values
            for row, place in enumerate(group.places):
                if row not in group.over:
                    loss = float(values[self._monitor][row])
                    self._scores[place], self._losses[place] = float(values[self._measure][row]), loss
                    self._curves[place].add(loss)
        for row, place in enumerate(group.places):
            if row in trainer.divergences:
                self._states[place] = "diverged"
            elif row in ended:
                self._states[place] = "finished" if trainer.epochs >= group.epochs else "stopped early"
            elif row not in group.over:
                self._states[place] = "running"
        group.over.update(ended)

    def news(self, look: Look | None) -> tuple[Network, ...]:
        """Return where each network is, with what ``look`` asks for."""
        networks: list[Network] = [Network("ready", 0, math.nan, math.nan)] * len(self._experiments)
        columns, rows = self.picture_size(look)
        for group in self._groups:
            pictures = self._view.pictures(group, columns, rows) if columns else [(b"", b"")] * len(group.places)
            for row, place in enumerate(group.places):
                networks[place] = Network(
                    self._states[place],
                    group.epoch(row),
                    float(self._scores[place]),
                    float(self._losses[place]),
                    *pictures[row],
                    self._curves[place].read(self._epochs, min(look.points, MAX_POINTS)) if look is not None else b"",
                )
        return tuple(networks)

    def picture_size(self, look: Look | None) -> tuple[int, int]:
        """Return columns and rows of the pictures: as many as ``look`` asks for, or fewer where these are too many."""
        if look is None or self._view.kind == "loss" or min(look.columns, look.rows) < 1:
            return 0, 0
        columns = max(2, min(look.columns, MAX_SIDE))
        if self._view.kind == "curve":
            return columns, 1
        rows = max(2, min(look.rows, MAX_SIDE))
        shrink = min(1.0, math.sqrt(MAX_PIXELS / (columns * rows * len(self._experiments))))
        return max(2, int(columns * shrink)), max(2, int(rows * shrink))

    def keep(self, place: int) -> tuple[int, str]:
        """Save a network in the store, paused after its epoch; return its number there and its name.

        Raises StoreError, and UserError for one that has not been trained.
        """
        group = next(group for group in self._groups if place in group.places)
        if group.stack.trainer.steps == 0:
            raise UserError("", "This network has not been trained yet.")
        group.stack.hand_over(group.places.index(place))
        checkpoint = checkpoint_of(group.session, 0, group.session.history.columns(0))
        name = describe_settings({self._path: self._values[place]}, LONGEST_NAME)
        store = Store(default_path(), STORE_OWNER)
        try:
            edits = RunEdits(store)
            with store.writing():
                run = store.add(checkpoint)
                edits.rename(run, name)
        finally:
            store.close()
        return run, name


def _sessions(experiments: Sequence[Experiment]) -> list[Session]:
    """Return a session for each experiment, loaded; their data are read once."""
    sessions: list[Session] = []
    for experiment in experiments:
        session = Session(max_threads=1, memory=0)
        if sessions:
            session.data = sessions[0].data
        session.load(experiment)
        sessions.append(session)
    return sessions


def _check_memory(sessions: Sequence[tuple[Session, int]]) -> None:
    """Raise UserError if so many networks like those of the sessions take more memory together than is free."""
    needed = sum(
        count * estimate(session.experiment, len(session.dataset.features), session.split).total
        for session, count in sessions
    )
    free = available_bytes()
    if free is not None and needed > free:
        total = sum(count for _, count in sessions)
        reason = f"{total} networks take {format_memory(needed)}, but {format_memory(free)} are free"
        raise UserError("", f"{reason}; race fewer, or smaller ones")


class _Group:
    """Networks that are trained together: their places in the race, in the order of the stack."""

    def __init__(self, session: Session, places: list[int], experiments: Sequence[Experiment]) -> None:
        self.session, self.places = session, places
        self.stack = Stack(session, [experiments[place] for place in places])
        self.steps_per_epoch = self.stack.trainer.steps_per_epoch
        self.epochs = experiments[places[0]].training.epochs
        self.over: set[int] = set()  # the rows that have ended
        self._first_values = self.stack.trainer.end_epoch()  # before the first step
        self._passes: dict[tuple[int, int], Propagation] = {}  # by networks and points; the newest one
        self.last_pictures: dict[int, tuple[tuple[int, int], bytes, bytes]] = {}  # of rows that are trained no more

    @property
    def last_step(self) -> int:
        """The number of steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def value_names(self) -> frozenset[str]:
        """The names of the values of an epoch."""
        return frozenset(self._first_values)

    def first_scores(self, measure: str) -> Array:
        """Return the scores (networks,) before the first step; nan for the loss of training, which has none yet."""
        values = self._first_values[measure]
        return np.full(len(self.places), np.nan) if measure == "loss" else values

    def epoch(self, row: int) -> int:
        """Return the epochs that a network has done."""
        trainer = self.stack.trainer
        divergence = trainer.divergences.get(row)
        return trainer.epochs if divergence is None else divergence.epoch

    def outputs(self, x: Array) -> tuple[list[int], Array]:
        """Return the rows that are trained still, and their outputs (rows, outputs, n) for x (features + 1, n)."""
        trainer = self.stack.trainer
        running = trainer.running
        if not running:
            return [], np.empty(0)
        stacked, points = len(trainer.members), x.shape[1]
        if (stacked, points) not in self._passes:
            template = trainer.models[0]
            made = Propagation(template.layers, points, template.dtype, stack=(stacked,))
            self._passes = {(stacked, points): made}
        with np.errstate(all="ignore"):
            outputs = self._passes[stacked, points].predict(x[None], trainer.parameters)
        return running, outputs[[trainer.members.index(row) for row in running]]

    def output_of(self, row: int, x: Array) -> Array:
        """Return the outputs (outputs, n) of a network that is trained no more, for x (features + 1, n)."""
        trainer = self.stack.trainer
        model = trainer.models[row]
        model.parameters.flat[:] = trainer.weights(row)
        with np.errstate(all="ignore"):
            return Propagation(model.layers, x.shape[1], model.dtype).predict(x, model.parameters)


class _View:
    """What the networks are drawn over: two features, with all others at their means, or the only one."""

    def __init__(self, session: Session) -> None:
        self.dataset, self._split = session.dataset, session.split
        self._ground = FeatureAxes(session.dataset, session.split, session.experiment.dataset)
        outputs = session.trainer.model.outputs
        self.axes: tuple[str, ...] = ()
        self.kind: Kind = "loss"
        self.samples: tuple[Samples, ...] = ()
        self.limits: tuple[Limits, Limits] = ((0.0, 1.0), (0.0, 1.0))
        self._inputs: tuple[tuple[int, int], Array] | None = None
        self._scale: Limits = (0.0, 1.0) if self.dataset.classes else target_limits(self.dataset)
        is_drawn = len(self._ground.axes) <= MAX_MAPPED and bool(self.dataset.classes or outputs == 1)
        if is_drawn and len(self._ground.axes) > 1:
            self.kind, self.axes = "map", self._ground.choose("", "")
            self.samples, _ = on_plane(session, self._ground, (self.axes[0], self.axes[1]))
            self.limits = self._near(self.axes[0]), self._near(self.axes[1])
        elif is_drawn and len(self.dataset.classes) <= 2:
            self.kind, self.axes = "curve", self._ground.axes
            self.samples, _ = on_line(session, self._ground)
            low, high = self._scale
            margin = MARGIN * (high - low)
            self._scale = low - margin, high + margin
            self.limits = self._ground.limits(self.axes[0]), self._scale
        low = 1 / outputs if len(self.dataset.classes) > 2 else self._scale[0]  # no likelier class can be less likely
        layers = layers_of(session, self.axes)
        self._chosen = Chosen(layers, len(layers) - 1, WHOLE, low, self._scale[1])

    def _near(self, axis: str) -> Limits:
        """Return the range of an axis: in the plane no more than the samples need, since pictures are small."""
        if not self._ground.is_plane:
            return self._ground.limits(axis)
        reach = NEAR * max(float(np.abs(self._ground.values(one)).max()) for one in self.axes)
        return -reach, reach

    def pictures(self, group: _Group, columns: int, rows: int) -> list[tuple[bytes, bytes]]:
        """Return levels and kinds of each network of a group; what is trained no more is drawn once."""
        size = columns, rows
        x = self._points(group, size)
        rows_running, outputs = group.outputs(x)
        drawn = {row: self._drawn(values) for row, values in zip(rows_running, outputs, strict=True)}
        for row in set(range(len(group.places))) - set(drawn):
            kept = group.last_pictures.get(row)
            if kept is None or kept[0] != size:
                kept = group.last_pictures[row] = (size, *self._drawn(group.output_of(row, x)))
            drawn[row] = kept[1:]
        return [drawn[row] for row in range(len(group.places))]

    def _drawn(self, values: Array) -> tuple[bytes, bytes]:
        """Return levels and kinds for outputs (outputs, n)."""
        restored = self._split.target.restore(values.T).T
        if self.kind == "curve":
            return to_levels(restored[-1], *self._scale).tobytes(), b""
        return picture(self._chosen, restored)

    def _points(self, group: _Group, size: tuple[int, int]) -> Array:
        """Return the inputs (features + 1, n) of a picture, row by row, with the largest y first."""
        model = group.stack.trainer.models[0]
        if self._inputs is None or self._inputs[0] != size:
            columns, rows = size
            along = np.linspace(*self.limits[0], columns)
            places = {self.axes[0]: np.tile(along, rows)}
            if len(self.axes) > 1:
                places[self.axes[1]] = np.repeat(np.linspace(*self.limits[1], rows)[::-1], columns)
            raw = self._ground.inputs(places)
            self._inputs = size, (raw - self._split.mean) / self._split.scale
        return with_ones(self._inputs[1], model.dense[0][0].use_bias, model.dtype).T


class _Curve:
    """The loss after each epoch, or after every second, fourth ... one of a long race."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._stride, self._count = 1, 0

    def add(self, value: float) -> None:
        """Record the loss of the next epoch."""
        self._count += 1
        if (self._count - 1) % self._stride == 0:
            self._values.append(value)
        if len(self._values) >= MAX_RECORDED:
            self._values, self._stride = self._values[::2], 2 * self._stride

    def read(self, epochs: int, points: int) -> bytes:
        """Return the curve at ``points`` places between the first and the last of ``epochs``, see ``pack``.

        They are closer at the start, as pictures are at the pace of watching: the curve grows evenly.
        """
        places = 1.0 + (epochs - 1.0) * np.linspace(0.0, 1.0, max(points, 1)) ** 2
        if not self._values:
            return pack(np.full(len(places), np.nan))
        index = ((places - 1.0) // self._stride).astype(int)
        values = np.array(self._values)[np.minimum(index, len(self._values) - 1)]
        return pack(np.where(places <= max(self._count, 1), values, np.nan))


def _entrants(experiment: Experiment, paths: Sequence[str], text: str) -> tuple[list[object], list[Experiment]]:
    """Return the values and the experiments of a race, as typed; raise UserError for what is wrong with them."""
    axis = read_axis(experiment, paths[0], text.strip().removesuffix(","))
    if not isinstance(axis, Choices):
        raise UserError(paths[0], "give each value, separated by commas; a race draws none from a range")
    if len(axis.values) < 2:
        raise UserError(paths[0], "a race needs two values at least, separated by commas")
    if len(axis.values) > MAX_NETWORKS:
        raise UserError(paths[0], f"expected at most {MAX_NETWORKS} values, got {len(axis.values)}")
    if axis.path.startswith("dataset."):
        raise UserError(paths[0], "the networks of a race learn from the same data; a sweep can vary these")
    timeless = replace(experiment, training=replace(experiment.training, stop_after=None))  # the pace decides
    entrants = []
    for value in axis.values:
        entrant = timeless
        for path in paths:
            entrant = with_field(entrant, path, value)
        entrants.append(entrant)
    return list(axis.values), entrants
