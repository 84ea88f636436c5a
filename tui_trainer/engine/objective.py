"""What is minimized: a pass, a loss on its outputs, the way back to the gradients, and penalties on kernels."""

from __future__ import annotations

import math

import numpy as np
from numpy import add, multiply, sign, subtract

from .layers import Parameters
from .losses import Array, Loss, sigmoid_crossentropy, softmax_crossentropy
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


class Penalty:
    """L1 and L2 penalties on kernels, ``l1 * sum |W| + l2 * sum W^2``, never on biases.

    Value and gradient are over the flat vector. Raises ValueError for a negative or non-finite factor.
    """

    def __init__(self, l1: float, l2: float, parameters: Parameters) -> None:
        for name, factor in (("l1", l1), ("l2", l2)):
            if not (math.isfinite(factor) and factor >= 0.0):
                raise ValueError(f"{name} must be a finite number of at least 0, got {factor!r}")
        self._l1, self._l2 = l1, l2
        self.is_zero = l1 == 0.0 and l2 == 0.0
        self._mask = parameters.kernel_mask()
        self._weights = np.empty_like(parameters.flat)
        self._scratch = np.empty_like(parameters.flat)

    def value(self, flat: Array) -> float:
        """The penalty at the parameters ``flat`` (size,)."""
        if self.is_zero:
            return 0.0
        multiply(flat, self._mask, out=self._weights)
        value = self._l2 * float(np.dot(self._weights, self._weights))
        if self._l1:
            np.abs(self._weights, out=self._scratch)
            value += self._l1 * float(add.reduce(self._scratch))
        return value

    def add_gradient(self, gradients: Array) -> None:
        """Add the gradient at the parameters last given to ``value`` to ``gradients`` (size,), in place."""
        if self._l2:
            multiply(self._weights, 2.0 * self._l2, out=self._scratch)
            add(gradients, self._scratch, out=gradients)
        if self._l1:
            sign(self._weights, out=self._scratch)
            multiply(self._scratch, self._l1, out=self._scratch)
            add(gradients, self._scratch, out=gradients)
