"""L1 and L2 penalties on kernels: ``l1 * sum |W| + l2 * sum W^2``, never on biases."""

from __future__ import annotations

import math

import numpy as np
from numpy import add, multiply, sign

from .parameters import Array, Parameters


class Penalty:
    """Value and gradient over the flat vector. Raises ValueError for a negative or non-finite factor."""

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
