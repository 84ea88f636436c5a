"""The paths of other experiments on the same landscape: the variants of a lesson, or runs of the store.

They are trained again rather than read: the same seeds give the same path, a model with two parameters takes a moment,
and a run of the store has kept but some of its points.
"""

from __future__ import annotations

import math
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads
from tui_trainer.protocol import pack
from tui_trainer.store.store import Store, StoreError
from tui_trainer.training.series import Trajectory
from tui_trainer.training.session import Session

from .messages import CompanionPath, WatchLandscape
from .surface import Surface

MAX_COMPANIONS = 8
MAX_STEPS = 20_000  # of a companion, which take less than a second of few rows
MAX_SECONDS = 1.0  # of a companion with many rows: the trainer hears no command meanwhile
MAX_POINTS = 400  # drawn of a path
Path = tuple[NDArray[np.int64], NDArray[np.float64], int]  # steps (n,), points (n, k), steps an epoch


class Companions:
    """Trains companions of a loaded run, each once."""

    def __init__(self, session: Session, surface: Surface, store: Store | None) -> None:
        self._session, self._surface, self._store = session, surface, store
        self._paths: dict[bytes, Path | None] = {}
        self._stored: dict[int, Experiment | None] = {}

    def paths(self, request: WatchLandscape) -> tuple[CompanionPath, ...]:
        """Return the paths of those requested that have the same landscape and differ from the run.

        Those of ``companions`` go as far as the run has got, in epochs; those of ``runs`` to their end.
        """
        epochs = self._session.trainer.steps / self._session.trainer.steps_per_epoch
        paths = [self._path(one.experiment, one.name, epochs) for one in request.companions[:MAX_COMPANIONS]]
        for run in request.runs[:MAX_COMPANIONS]:
            experiment = self._of_store(run)
            if experiment is not None:
                paths.append(self._path(experiment, experiment.name, math.inf, run))
        return tuple(path for path in paths if path is not None)

    def _path(self, experiment: Experiment, name: str, epochs: float, run: int | None = None) -> CompanionPath | None:
        """Return the path of an experiment over so many epochs; None if there is none to draw here."""
        path = self._trained(experiment)
        if path is None:
            return None
        steps, points, steps_per_epoch = path
        count = int(np.searchsorted(steps, epochs * steps_per_epoch, side="right"))
        drawn = points[np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).astype(np.intp))]
        losses = self._surface.values(np.zeros(self._surface.size), np.eye(self._surface.size), drawn)
        return CompanionPath(name, pack(drawn.ravel()), pack(losses), run)

    def _of_store(self, run: int) -> Experiment | None:
        if run not in self._stored:
            self._stored[run] = None
            if self._store is not None:
                try:
                    with self._store.reading() as connection:
                        row = connection.execute("SELECT experiment FROM runs WHERE id = ?", (run,)).fetchone()
                    self._stored[run] = None if row is None else loads(str(row[0]))
                except (StoreError, UserError):
                    pass
        return self._stored[run]

    def _trained(self, experiment: Experiment) -> Path | None:
        """Return the path of an experiment; None if it has another landscape, or is what the run is now."""
        own = self._session.requested
        nameless = msgspec.structs.replace(experiment, name=own.name)
        if nameless == own or not self._has_same_surface(nameless):  # which changes where the run is tuned
            return None
        key = msgspec.msgpack.encode(nameless)
        if key not in self._paths:
            self._paths[key] = trained(nameless, self._session.dataset)
        return self._paths[key]

    def _has_same_surface(self, experiment: Experiment) -> bool:
        """Return whether the loss of an experiment is the same function of the same parameters."""
        own = self._session.requested
        model = msgspec.structs.replace(experiment.model, weights=own.model.weights, seed=own.model.seed)
        training, its = own.training, experiment.training
        return (
            experiment.dataset == own.dataset
            and model == own.model
            and (its.loss, its.l1, its.l2, its.class_weight)
            == (training.loss, training.l1, training.l2, training.class_weight)
        )


def trained(experiment: Experiment, dataset: Dataset) -> Path | None:
    """Train an experiment on its ``dataset``, as far as ``MAX_STEPS`` and ``MAX_SECONDS``.

    None if it can't be trained, or has more than two parameters.
    """
    session = Session()
    try:
        session.load_with(experiment, dataset)
    except UserError:
        return None
    if session.trajectory is None:
        return None
    end = time.perf_counter() + MAX_SECONDS
    session.train()
    while session.state == "running" and session.trainer.steps < MAX_STEPS and time.perf_counter() < end:
        session.advance(0.0)
    trajectory: Trajectory = session.trajectory
    steps, points = trajectory.steps, trajectory.points
    if trajectory.last is not None and trajectory.last.step > steps[-1]:
        steps, points = np.append(steps, trajectory.last.step), np.vstack([points, trajectory.last.after])
    finite = np.isfinite(points).all(axis=1)
    return steps[finite].copy(), points[finite].copy(), session.trainer.steps_per_epoch
