"""The loss as a function of all parameters, in buffers of its own: a training under way is not disturbed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.objective import Objective
from tui_trainer.engine.parameters import Parameters
from tui_trainer.engine.penalty import Penalty
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.runtime.views.landscape.neuron import NeuronLosses, is_neuron
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MOST_PARAMETERS

Array = NDArray[np.float64]
MOST_ROWS = {True: 20_000, False: 1_000}  # of a model with two parameters at most, and of any other
LEAST_ROWS = 100  # even where the model is huge
ROWS_TIMES_PARAMETERS = 20_000_000
POINTS_AT_ONCE = 65_536  # numbers, of the points that are worked off in one go
CALL, WEIGHT, MULTIPLY = 6e-6, 4e-9, 5e-11  # seconds for a layer's pass, each weight, each product, on a slow machine


class Surface:
    """The loss, penalty included and dropout off, of a fixed sample of a session's training rows."""

    def __init__(self, session: Session) -> None:
        trainer, split = session.trainer, session.split
        model, training = trainer.model, session.experiment.training
        self.size = model.count_params()
        self.training_rows = len(split.x_train)
        chosen = _sample(self.training_rows, self.size)
        self.samples = len(chosen)
        x, y = np.asarray(split.x_train)[chosen], np.asarray(split.y_train)[chosen]
        self._layers = len(model.dense)
        self._neuron = NeuronLosses(model, x, y, trainer.loss) if is_neuron(model) else None
        self._l1, self._l2 = training.l1, training.l2
        self._rows = with_ones(x, model.dense[0][0].use_bias, model.dtype).T
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._parameters = Parameters(model.dense, model.dtype)
        self._gradients = Parameters(model.dense, model.dtype)
        self._penalty = Penalty(self._l1, self._l2, self._parameters)
        self._kernels = self._parameters.kernel_mask()
        self._objective = Objective(Propagation(model.layers, self.samples, model.dtype), trainer.loss)

    @property
    def seconds(self) -> float:
        """What one value takes, roughly."""
        products = MULTIPLY * self.samples * (self.size + 100)
        return products if self._neuron is not None else products + CALL * self._layers + WEIGHT * self.size

    def value(self, parameters: NDArray[np.floating]) -> float:
        """The loss at ``parameters`` (size,); NaN where it is not finite."""
        with np.errstate(all="ignore"):
            return self._value(parameters)

    def values(self, base: Array, directions: Array, places: Array) -> Array:
        """The losses (k,) at ``base`` (size,) plus ``places`` (k, d) times ``directions`` (d, size)."""
        losses = np.empty(len(places))
        together = max(1, POINTS_AT_ONCE // self.size)
        with np.errstate(all="ignore"):
            for start in range(0, len(places), together):
                points = base + places[start : start + together] @ directions
                losses[start : start + together] = self._at(points)
        return np.where(np.isfinite(losses), losses, np.nan)

    def _at(self, points: Array) -> Array:
        if self._neuron is None:
            return np.array([self._value(point) for point in points])
        weights = points * self._kernels
        penalties = self._l1 * np.abs(weights).sum(axis=1) + self._l2 * np.square(weights).sum(axis=1)
        return np.asarray(self._neuron.at(points) + penalties)

    def gradient(self, parameters: NDArray[np.floating]) -> Array:
        """The gradient (size,) of the loss at ``parameters`` (size,)."""
        with np.errstate(all="ignore"):
            self._value(parameters)
            self._objective.gradients(self._parameters, self._gradients)
            self._penalty.add_gradient(self._gradients.flat)
        return self._gradients.flat.astype(np.float64)

    def _value(self, parameters: NDArray[np.floating]) -> float:
        self._parameters.flat[:] = parameters
        loss = self._objective.value(self._rows, self._targets, self._parameters)
        loss += self._penalty.value(self._parameters.flat)
        return loss if np.isfinite(loss) else np.nan


def _sample(rows: int, size: int) -> NDArray[np.intp]:
    """Numbers of the rows that are looked at: all where they are few, and always the same ones."""
    most = MOST_ROWS[size <= MOST_PARAMETERS]
    if size > MOST_PARAMETERS:
        most = min(most, max(LEAST_ROWS, ROWS_TIMES_PARAMETERS // size))
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
