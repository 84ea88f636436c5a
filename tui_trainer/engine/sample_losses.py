"""Outputs and loss of every sample by itself: what the sums of ``losses`` are made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import exp, log, log1p, logaddexp

from .losses import Array, Loss
from .model import PREDICTION_ROWS, Sequential
from .propagation import Propagation, with_ones


def _squared_error(a: Array, y: Array) -> Array:
    r: Array = a - y
    squares: Array = r * r
    return squares


def _absolute_error(a: Array, y: Array) -> Array:
    sizes: Array = np.abs(a - y)
    return sizes


def _huber(a: Array, y: Array) -> Array:
    r: Array = a - y
    c: Array = np.clip(r, -1.0, 1.0)
    terms: Array = c * (r - c / 2)
    return terms


def _clipped(p: Array) -> Array:
    epsilon = np.finfo(p.dtype).eps
    return np.clip(p, epsilon, 1.0 - epsilon)


def _binary_crossentropy(a: Array, y: Array) -> Array:
    p = _clipped(a)
    return -(y * log(p) + (1.0 - y) * log1p(-p))


def _categorical_crossentropy(a: Array, y: Array) -> Array:
    return -y * log(_clipped(a))


def _softmax_crossentropy(z: Array, y: Array) -> Array:
    shifted = z - z.max(axis=-2, keepdims=True)
    terms: Array = y * (log(exp(shifted).sum(axis=-2, keepdims=True)) - shifted)
    return terms


def _sigmoid_crossentropy(z: Array, y: Array) -> Array:
    terms: Array = logaddexp(z, 0.0) - y * z
    return terms


_Terms = Callable[[Array, Array], Array]
_TERMS: dict[str, _Terms] = {
    "sum_squared_error": _squared_error,
    "mean_squared_error": _squared_error,
    "mean_absolute_error": _absolute_error,
    "huber": _huber,
    "binary_crossentropy": _binary_crossentropy,
    "categorical_crossentropy": _categorical_crossentropy,
}
# From z, for the pairs of output and loss that a step takes from z too: no logarithm of a rounded 0.
FROM_Z: dict[tuple[str, str], _Terms] = {
    ("softmax", "categorical_crossentropy"): _softmax_crossentropy,
    ("sigmoid", "binary_crossentropy"): _sigmoid_crossentropy,
}


def loss_terms(name: str) -> _Terms:
    """The function of outputs and targets, both (outputs, samples), whose sum over the outputs is a sample's loss."""
    return _TERMS[name]


def each_loss(name: str, a: Array, y: Array) -> Array:
    """Loss (samples,) of each sample, for outputs ``a`` against targets ``y``, both (outputs, samples)."""
    losses: Array = _TERMS[name](a, y).sum(axis=0)
    return losses


class SampleLosses:
    """Outputs and losses of ``x`` (n, features) against ``y`` (n, outputs), as often as they are asked for.

    The pass has buffers of its own: a training under way is not disturbed. After ``update``, ``outputs``
    (outputs, n) and ``losses`` (n,) are those of the present weights; ``targets`` (outputs, n) are y.
    """

    def __init__(self, model: Sequential, x: Array, y: Array, loss: Loss) -> None:
        self._model, self._loss = model, loss
        self._rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        self._passes: dict[int, Propagation] = {}
        self.targets: Array = np.ascontiguousarray(y.T, model.dtype)
        self.outputs: Array = np.empty_like(self.targets)
        self.losses: Array = np.empty(len(x), model.dtype)

    def update(self) -> None:
        """Send all samples through the model, a few thousand at a time."""
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(self._rows), PREDICTION_ROWS):
                self._update(slice(start, min(start + PREDICTION_ROWS, len(self._rows))))

    def _update(self, part: slice) -> None:
        size = part.stop - part.start
        if size not in self._passes:
            self._passes[size] = Propagation(self._model.layers, size, self._model.dtype)
        propagation, stage = self._passes[size], self._passes[size].last
        targets = self.targets[:, part]
        from_z = FROM_Z.get((stage.activation.name, self._loss.name))
        propagation.forward(self._rows[part].T, self._model.parameters, skip_last_activation=True)
        if from_z is not None:
            self.losses[part] = from_z(stage.z, targets).sum(axis=0)
        stage.activation.forward(stage.z, stage.a, stage.work)
        self.outputs[:, part] = stage.a
        if from_z is None:
            self.losses[part] = each_loss(self._loss.name, stage.a, targets)
