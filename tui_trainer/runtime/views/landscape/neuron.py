"""The loss of one neuron at many parameters at once: a product for all of them, in place of a pass for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Loss, Sequential
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.propagation import with_ones
from tui_trainer.engine.sample_losses import FROM_Z, each_loss

Array = NDArray[np.float64]

NUMBERS_AT_ONCE = 12_288  # of samples times points: larger arrays would be taken from the system each time anew


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
