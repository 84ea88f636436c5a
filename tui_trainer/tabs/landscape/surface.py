"""The loss as a function of all parameters, in buffers of its own: a training under way is not disturbed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Loss, Sequential
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.objective import Objective
from tui_trainer.engine.parameters import Parameters
from tui_trainer.engine.penalty import Penalty
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.engine.sample_losses import FROM_Z, each_loss
from tui_trainer.plotting.levels import HIGHEST, UNKNOWN
from tui_trainer.protocol import pack
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MAX_PARAMETERS

from .messages import Map

Array = NDArray[np.float64]
MAX_SAMPLES = {True: 20_000, False: 1_000}  # of a model with two parameters at most, and of any other
MIN_ROWS = 100  # even where the model is huge
ROWS_TIMES_PARAMETERS = 20_000_000
POINTS_AT_ONCE = 65_536  # numbers, of the points that are worked off in one go
CALL, WEIGHT, MULTIPLY = 6e-6, 4e-9, 5e-11  # seconds for a layer's pass, each weight, each product, on a slow machine
NUMBERS_AT_ONCE = 12_288  # of samples times points: larger arrays would be taken from the system each time anew
Range = tuple[float, float]
SECONDS = 0.04  # that computing a grid may take, about
MIN_AXIS = 9  # points, however long they take
MAX_GRID_COLUMNS, MAX_GRID_ROWS = 240, 160
BANDS = 8
SQUARED = ("sum_squared_error", "mean_squared_error")


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
    most = MAX_SAMPLES[size <= MAX_PARAMETERS]
    if size > MAX_PARAMETERS:
        most = min(most, max(MIN_ROWS, ROWS_TIMES_PARAMETERS // size))
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def is_neuron(model: Sequential) -> bool:
    """Whether the model is a single neuron."""
    return len(model.dense) == 1 and model.outputs == 1 and model.dense[0][0].activation != "softmax"


class NeuronLosses:
    """Losses, without penalty, of ``x`` (n, features) against ``y`` (n, 1), in double precision."""

    def __init__(self, model: Sequential, x: NDArray[np.floating], y: NDArray[np.floating], loss: Loss) -> None:
        layer = model.dense[0][0]
        self._columns = np.ascontiguousarray(with_ones(x, layer.use_bias, np.float64).T)
        self._targets = np.asarray(y, np.float64)
        self._activation = get_activation(layer.activation)
        self._loss = loss
        self._from_z = FROM_Z.get((self._activation.name, loss.name))

    def at(self, points: Array) -> Array:
        """The losses (k,) at ``points`` (k, size)."""
        together = max(1, NUMBERS_AT_ONCE // len(self._targets))
        parts = [self._at(points[start : start + together]) for start in range(0, len(points), together)]
        total = np.concatenate(parts)
        return total / len(self._targets) if self._loss.per_sample else total

    def _at(self, points: Array) -> Array:
        z = (points @ self._columns).T
        # A column is a point here, and a row a sample: what sums over the outputs sums over the samples.
        if self._from_z is not None:
            return np.asarray(self._from_z(z, self._targets).sum(axis=0))
        a = np.empty_like(z) if self._activation.keeps_z else z
        self._activation.forward(z, a, [np.zeros_like(z) for _ in range(self._activation.buffers)])
        return each_loss(self._loss.name, a, self._targets)


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What is shown of a surface: ``base`` (size,), ``directions`` (d, size) from there, and a range for each."""

    base: Array
    directions: Array
    ranges: tuple[Range, ...]


def compute_grid(surface: Surface, cut: Cut, columns: int, rows: int) -> Array:
    """The losses (rows, columns) over a cut with two ranges, lowest row first, or (1, columns) with one.

    Where there is no time for as many points, those between are interpolated.
    """
    columns = min(max(columns, MIN_AXIS), MAX_GRID_COLUMNS)
    rows = min(max(rows, MIN_AXIS), MAX_GRID_ROWS) if len(cut.ranges) == 2 else 1
    share = min(1.0, SECONDS / surface.seconds / (columns * rows))
    if rows > 1:
        share = share**0.5
    coarse_columns = min(columns, max(MIN_AXIS, round(share * columns)))
    coarse_rows = min(rows, max(MIN_AXIS, round(share * rows)))
    axes = [np.linspace(*one, count) for one, count in zip(cut.ranges, (coarse_columns, coarse_rows), strict=False)]
    places = np.stack([one.ravel() for one in np.meshgrid(*axes)], axis=1)
    losses = surface.values(cut.base, cut.directions, places).reshape(coarse_rows, coarse_columns)
    return _stretch(_stretch(losses, columns).T, rows).T


def draw_map(losses: Array) -> Map:
    """Losses (rows, columns), the lowest row first, in bands: evenly spaced rings where they are a round bowl."""
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        finite = np.zeros(1)
    # In a bowl the area below a loss grows with the loss, and a ring's radius with its root. On any other shape
    # such bands are of use as well.
    edges = np.quantile(finite, (np.arange(1, BANDS) / BANDS) ** 2)
    levels = (2 * np.searchsorted(edges, losses, side="right") + 1) * (HIGHEST + 1) // (2 * BANDS)
    levels = np.where(np.isfinite(losses), levels, UNKNOWN).astype(np.uint8)
    return Map(len(losses), levels[::-1].tobytes(), pack(edges), float(finite.min()), float(finite.max()))


def _stretch(values: Array, count: int) -> Array:
    """Values (k, n) as (k, count), linear between the ones there are."""
    if values.shape[1] == count:
        return values
    old, new = np.linspace(0.0, 1.0, values.shape[1]), np.linspace(0.0, 1.0, count)
    return np.stack([np.interp(new, old, row) for row in values])


def plane(model: Sequential, gradient: Array, seed: int) -> Array:
    """The gradient and a random direction at right angles to it, (2, size), each as long as all kernels together."""
    length = np.sqrt(sum(float(np.vdot(kernel, kernel)) for kernel in model.parameters.kernels)) or 1.0
    along = np.nan_to_num(gradient)
    along /= np.linalg.norm(along) or 1.0
    across = filter_normalized(model, np.random.default_rng(seed))
    across -= (across @ along) * along
    across /= np.linalg.norm(across) or 1.0
    return np.asarray(length * np.stack([along, across]), np.float64)


def filter_normalized(model: Sequential, rng: np.random.Generator) -> Array:
    """A random direction (size,) with, for each neuron, the length of its weights; none along the biases.

    So a step means as much for a neuron with small weights as for one with large ones (Li et al., 2018). Where
    all of a neuron's weights are zero, its part has the length 1.
    """
    parts = []
    for folded, kernel in zip(model.parameters.folded, model.parameters.kernels, strict=True):
        drawn = rng.standard_normal(kernel.shape)
        lengths = np.linalg.norm(kernel, axis=0)
        drawn *= np.where(lengths > 0, lengths, 1.0) / np.linalg.norm(drawn, axis=0)
        parts.append(np.vstack([drawn, np.zeros((len(folded) - len(kernel), kernel.shape[1]))]).ravel())
    return np.concatenate(parts)


def least_squares(session: Session) -> NDArray[np.float64] | None:
    """The parameters (k,) of the least loss over all training rows, an L2 penalty included; None without formula.

    None too where several parameters do equally well.
    """
    trainer, training, split = session.trainer, session.experiment.training, session.split
    model = trainer.model
    if model.count_params() > MAX_PARAMETERS or len(model.dense) != 1 or training.l1:
        return None
    layer, inputs = model.dense[0]
    if layer.activation not in ("linear", "identity") or trainer.loss.name not in SQUARED:
        return None
    if layer.units > 1:
        return None
    x, y = np.asarray(split.x_train, np.float64), np.asarray(split.y_train, np.float64)[:, 0]
    if layer.use_bias:
        x = np.column_stack([x, np.ones(len(x))])
    strength = training.l2 * (len(x) if trainer.loss.per_sample else 1)
    penalty = np.sqrt(strength) * np.eye(inputs, x.shape[1])  # rows that pull each weight, but no bias, to zero
    solution, _, rank, _ = np.linalg.lstsq(np.vstack([x, penalty]), np.append(y, np.zeros(inputs)))
    return None if rank < x.shape[1] else np.asarray(solution, np.float64)
