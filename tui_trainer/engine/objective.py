"""What is minimized: a pass, a loss on its outputs, and the way back from the loss to the gradients."""

from __future__ import annotations

import numpy as np
from numpy import add, multiply, subtract

from .losses import Array, Loss, sigmoid_crossentropy, softmax_crossentropy
from .parameters import Parameters
from .propagation import Propagation

# Pairs whose gradient with respect to z is simply a - y, and whose value is best computed from z.
FUSED = {
    ("softmax", "categorical_crossentropy"): softmax_crossentropy,
    ("sigmoid", "binary_crossentropy"): sigmoid_crossentropy,
}


class Objective:
    """A loss bound to a pass of a fixed number of samples, with the scratch it needs."""

    def __init__(self, propagation: Propagation, loss: Loss) -> None:
        stage = propagation.last
        dtype = stage.a.dtype
        self.propagation = propagation
        self._stage = stage
        self._loss = loss
        self._fused = FUSED.get((stage.activation.name, loss.name))
        self._softmax = stage.activation.name == "softmax"
        self._scale = 1.0 / propagation.samples if loss.per_sample else 1.0
        self._scale_array = np.array(self._scale, dtype)
        self._row = np.empty(propagation.samples, dtype)
        self._scratch = np.empty_like(stage.a)
        self._ones = np.ones((len(stage.a), len(stage.a)), dtype)

    def value(self, x: Array, y: Array, parameters: Parameters) -> float:
        """Loss of the samples ``x`` (features + 1, samples) against ``y`` (outputs, samples), no penalty."""
        stage = self._stage
        if self._fused is not None:
            self.propagation.forward(x, parameters, skip_last_activation=True)
            total = self._fused(stage.z, y, stage.a, stage.delta, self._row, self._ones)
        else:
            self.propagation.forward(x, parameters)
            total = self._loss.value_and_gradient(stage.a, y, stage.delta, self._scratch)
        return total * self._scale

    def gradients(self, parameters: Parameters, gradients: Parameters) -> None:
        """Write the gradient of the value just computed, without penalty, into ``gradients``."""
        stage = self._stage
        if self._scale != 1.0:
            multiply(stage.delta, self._scale_array, out=stage.delta)
        if self._fused is None:
            if self._softmax:
                self._through_softmax()
            else:
                stage.through_activation()
        self.propagation.backward(parameters, gradients)

    def _through_softmax(self) -> None:
        """dL/dz_i = a_i (dL/da_i - sum_j a_j dL/da_j)."""
        stage = self._stage
        multiply(stage.a, stage.delta, out=self._scratch)
        add.reduce(self._scratch, axis=0, out=self._row)
        subtract(stage.delta, self._row, out=stage.delta)
        multiply(stage.delta, stage.a, out=stage.delta)
