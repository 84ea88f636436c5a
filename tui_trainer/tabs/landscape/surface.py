"""The loss as a function of all parameters. It has its own buffers, so training is not disturbed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Loss, Sequential
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.layers import Parameters
from tui_trainer.engine.objective import Objective, Penalty
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.engine.sample_losses import FROM_Z, loss_terms
from tui_trainer.plotting.plot import HIGHEST, UNKNOWN
from tui_trainer.protocol import pack
from tui_trainer.training.builder import sample_weights
from tui_trainer.training.series import MAX_PARAMETERS
from tui_trainer.training.session import Session

from .messages import Map

Array = NDArray[np.float64]
MAX_SAMPLES = {True: 20_000, False: 1_000}  # for a model with at most two parameters, and for any other
MIN_ROWS = 100  # even if the model is huge
ROWS_TIMES_PARAMETERS = 20_000_000
POINT_NUMBERS_AT_ONCE = 65_536  # numbers in the points that are evaluated together
# On a slow machine
SECONDS_PER_LAYER, SECONDS_PER_WEIGHT, SECONDS_PER_PRODUCT = 6e-6, 4e-9, 5e-11
NUMBERS_AT_ONCE = 12_288  # samples times points: larger arrays would be newly allocated by the system each time
Range = tuple[float, float]
GRID_SECONDS = 0.04  # approximate time for computing a grid
MIN_AXIS = 9  # points, however long they take
MAX_GRID_COLUMNS, MAX_GRID_ROWS = 240, 160
BANDS = 8
ROUNDING = 1e-9  # of a loss: losses that differ by less are in the same band
SQUARED_LOSSES = ("sum_squared_error", "mean_squared_error")


class Surface:
    """The loss, including the penalty and without dropout, over a fixed sample of a session's training rows."""

    def __init__(self, session: Session) -> None:
        trainer, split = session.trainer, session.split
        model, training = trainer.model, session.experiment.training
        self.size = model.count_params()
        self.training_rows = len(split.x_train)
        rows = _sample_rows(self.training_rows, self.size)
        self.samples = len(rows)
        x, y = np.asarray(split.x_train)[rows], np.asarray(split.y_train)[rows]
        weights = sample_weights(training, np.asarray(split.y_train), split.w_train)
        weights = None if weights is None else weights[rows].astype(model.dtype)
        self._layers = len(model.dense)
        self._neuron_losses = NeuronLosses(model, x, y, trainer.loss, weights) if is_neuron(model) else None
        self._l1, self._l2 = model.dense[0][0].penalties(training.l1, training.l2)  # of a single neuron
        self._rows = with_ones(x, model.dense[0][0].use_bias, model.dtype).T
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._weights = None if weights is None else weights[None]
        self._parameters = Parameters(model.dense, model.dtype)
        self._gradients = Parameters(model.dense, model.dtype)
        self._penalty = Penalty(training.l1, training.l2, self._parameters)
        self._kernels = self._parameters.kernel_mask()
        self._objective = Objective(Propagation(model.layers, self.samples, model.dtype), trainer.loss)

    @property
    def seconds(self) -> float:
        """Approximate seconds for one value."""
        products = SECONDS_PER_PRODUCT * self.samples * (self.size + 100)
        return (
            products
            if self._neuron_losses is not None
            else products + SECONDS_PER_LAYER * self._layers + SECONDS_PER_WEIGHT * self.size
        )

    def value(self, parameters: NDArray[np.floating]) -> float:
        """Return the loss at ``parameters`` (size,); NaN if it is not finite."""
        with np.errstate(all="ignore"):
            return self._value(parameters)

    def values(self, base: Array, directions: Array, coefficients: Array) -> Array:
        """Return the losses (k,) at ``base`` (size,) plus ``coefficients`` (k, d) times ``directions`` (d, size)."""
        losses = np.empty(len(coefficients))
        batch_size = max(1, POINT_NUMBERS_AT_ONCE // self.size)
        with np.errstate(all="ignore"):
            for start in range(0, len(coefficients), batch_size):
                points = base + coefficients[start : start + batch_size] @ directions
                losses[start : start + batch_size] = self._losses(points)
        return np.where(np.isfinite(losses), losses, np.nan)

    def _losses(self, points: Array) -> Array:
        if self._neuron_losses is None:
            return np.array([self._value(point) for point in points])
        weights = points * self._kernels
        penalties = self._l1 * np.abs(weights).sum(axis=1) + self._l2 * np.square(weights).sum(axis=1)
        return np.asarray(self._neuron_losses.at(points) + penalties)

    def gradient(self, parameters: NDArray[np.floating]) -> Array:
        """Return the gradient (size,) of the loss at ``parameters`` (size,)."""
        with np.errstate(all="ignore"):
            self._value(parameters)
            self._objective.gradients(self._parameters, self._gradients)
            self._penalty.add_gradient(self._gradients.flat)
        return self._gradients.flat.astype(np.float64)

    def _value(self, parameters: NDArray[np.floating]) -> float:
        self._parameters.flat[:] = parameters
        loss = self._objective.value(self._rows, self._targets, self._parameters, self._weights)
        loss += self._penalty.value(self._parameters.flat)
        return loss if np.isfinite(loss) else np.nan


def _sample_rows(rows: int, size: int) -> NDArray[np.intp]:
    """Return the indices of the rows to use: all if there are few, and always the same ones."""
    max_rows = MAX_SAMPLES[size <= MAX_PARAMETERS]
    if size > MAX_PARAMETERS:
        max_rows = min(max_rows, max(MIN_ROWS, ROWS_TIMES_PARAMETERS // size))
    if rows <= max_rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, max_rows, replace=False))


def is_neuron(model: Sequential) -> bool:
    """Return whether the model is a single neuron."""
    return len(model.dense) == 1 and model.outputs == 1 and model.dense[0][0].activation != "softmax"


class NeuronLosses:
    """The losses, without penalty, of ``x`` (n, features) and ``y`` (n, 1), in double precision.

    Each sample's loss is multiplied by its weight if there are ``weights`` (n,).
    """

    def __init__(
        self,
        model: Sequential,
        x: NDArray[np.floating],
        y: NDArray[np.floating],
        loss: Loss,
        weights: NDArray[np.floating] | None = None,
    ) -> None:
        self._weights = None if weights is None else np.asarray(weights, np.float64)[:, None]
        layer = model.dense[0][0]
        self._columns = np.ascontiguousarray(with_ones(x, layer.use_bias, np.float64).T)
        self._targets = np.asarray(y, np.float64)
        self._activation = get_activation(layer.activation)
        self._loss = loss
        self._from_z = FROM_Z.get((self._activation.name, loss.name))

    def at(self, points: Array) -> Array:
        """Return the losses (k,) at ``points`` (k, size)."""
        batch_size = max(1, NUMBERS_AT_ONCE // len(self._targets))
        parts = [self._sums(points[start : start + batch_size]) for start in range(0, len(points), batch_size)]
        total = np.concatenate(parts)
        return total / len(self._targets) if self._loss.per_sample else total

    def _sums(self, points: Array) -> Array:
        z = (points @ self._columns).T
        # Here a column is a point and a row a sample, so a sum over the outputs is a sum over the samples
        if self._from_z is not None:
            return self._summed(self._from_z(z, self._targets))
        a = np.empty_like(z) if self._activation.keeps_z else z
        self._activation.forward(z, a, [np.zeros_like(z) for _ in range(self._activation.buffers)])
        return self._summed(loss_terms(self._loss.name)(a, self._targets))

    def _summed(self, terms: Array) -> Array:
        return np.asarray((terms if self._weights is None else terms * self._weights).sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A part of a surface: ``base`` (size,), ``directions`` (d, size) from there, and a range for each."""

    base: Array
    directions: Array
    ranges: tuple[Range, ...]


def compute_grid(surface: Surface, cut: Cut, columns: int, rows: int) -> Array:
    """Compute the losses (rows, columns) over a cut with two ranges, lowest row first, or (1, columns) with one.

    If there is not enough time for so many points, a coarser grid is interpolated.
    """
    columns = min(max(columns, MIN_AXIS), MAX_GRID_COLUMNS)
    rows = min(max(rows, MIN_AXIS), MAX_GRID_ROWS) if len(cut.ranges) == 2 else 1
    share = min(1.0, GRID_SECONDS / surface.seconds / (columns * rows))
    if rows > 1:
        share = share**0.5
    coarse_columns = min(columns, max(MIN_AXIS, round(share * columns)))
    coarse_rows = min(rows, max(MIN_AXIS, round(share * rows)))
    axes = [
        np.linspace(*limits, count) for limits, count in zip(cut.ranges, (coarse_columns, coarse_rows), strict=False)
    ]
    coefficients = np.stack([limits.ravel() for limits in np.meshgrid(*axes)], axis=1)
    losses = surface.values(cut.base, cut.directions, coefficients).reshape(coarse_rows, coarse_columns)
    return _interpolated(_interpolated(losses, columns).T, rows).T


def draw_map(losses: Array) -> Map:
    """Turn losses (rows, columns), lowest row first, into bands: evenly spaced rings if they form a round bowl."""
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        finite = np.zeros(1)
    # In a bowl, the area below a loss is proportional to the loss, and a ring's radius to its square root. Such bands
    # are useful on other shapes, too
    edges = np.quantile(finite, (np.arange(1, BANDS) / BANDS) ** 2)
    edges -= ROUNDING * np.abs(edges)  # opposite points of a bowl have the same loss, which may be that of an edge
    levels = (2 * np.searchsorted(edges, losses, side="right") + 1) * (HIGHEST + 1) // (2 * BANDS)
    levels = np.where(np.isfinite(losses), levels, UNKNOWN).astype(np.uint8)
    return Map(len(losses), levels[::-1].tobytes(), pack(edges), float(finite.min()), float(finite.max()))


def _interpolated(values: Array, count: int) -> Array:
    """Interpolate values (k, n) linearly to (k, count)."""
    if values.shape[1] == count:
        return values
    old, new = np.linspace(0.0, 1.0, values.shape[1]), np.linspace(0.0, 1.0, count)
    return np.stack([np.interp(new, old, row) for row in values])


def plane_directions(model: Sequential, gradient: Array, seed: int) -> Array:
    """Return the gradient and a random direction orthogonal to it, (2, size), each as long as all kernels together."""
    length = np.sqrt(sum(float(np.vdot(kernel, kernel)) for kernel in model.parameters.kernels)) or 1.0
    first = np.nan_to_num(gradient)
    first /= np.linalg.norm(first) or 1.0
    second = filter_normalized(model, np.random.default_rng(seed))
    second -= (second @ first) * first
    second /= np.linalg.norm(second) or 1.0
    return np.asarray(length * np.stack([first, second]), np.float64)


def filter_normalized(model: Sequential, rng: np.random.Generator) -> Array:
    """Return a random direction (size,) with, for each neuron, the length of its weights; zero for all else.

    So a step has the same effect for neurons with small and with large weights (Li et al., 2018). If
    all of a neuron's weights are zero, its part has the length 1.
    """
    parts = []
    for folded, kernel in zip(model.parameters.folded, model.parameters.kernels, strict=True):
        direction = rng.standard_normal(kernel.shape)
        lengths = np.linalg.norm(kernel, axis=0)
        direction *= np.where(lengths > 0, lengths, 1.0) / np.linalg.norm(direction, axis=0)
        parts.append(np.vstack([direction, np.zeros((len(folded) - len(kernel), kernel.shape[1]))]).ravel())
    weights = np.concatenate(parts)
    return np.pad(weights, (0, model.count_params() - len(weights)))  # batch normalization follows


def least_squares(session: Session) -> NDArray[np.float64] | None:
    """Return the parameters (k,) of the minimum over all training rows, including an L2 penalty.

    None if there is no formula, or if the minimum is not unique.
    """
    trainer, training, split = session.trainer, session.experiment.training, session.split
    model = trainer.model
    layer, inputs = model.dense[0]
    l1, l2 = layer.penalties(training.l1, training.l2)
    if model.count_params() > MAX_PARAMETERS or len(model.dense) != 1 or l1:
        return None
    if layer.activation not in ("linear", "identity") or trainer.loss.name not in SQUARED_LOSSES:
        return None
    if layer.units > 1:
        return None
    x, y = np.asarray(split.x_train, np.float64), np.asarray(split.y_train, np.float64)[:, 0]
    if layer.use_bias:
        x = np.column_stack([x, np.ones(len(x))])
    strength = l2 * (len(x) if trainer.loss.per_sample else 1)
    penalty = np.sqrt(strength) * np.eye(inputs, x.shape[1])  # rows that pull each weight, but not the bias, to zero
    solution, _, rank, _ = np.linalg.lstsq(np.vstack([x, penalty]), np.append(y, np.zeros(inputs)))
    return None if rank < x.shape[1] else np.asarray(solution, np.float64)
