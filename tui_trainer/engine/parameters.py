"""All weights and biases of a model as one flat vector, with a view for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .layers import Dense

Array = NDArray[Any]


class Parameters:
    """One flat vector, so that an optimizer's update is a few whole-vector operations.

    For layer i of ``inputs`` and ``units``: ``folded[i]`` is (inputs + 1, units), the kernel with the bias
    as its last row (no such row without a bias); ``transposed[i]`` is the same memory as (units, inputs + 1);
    ``kernels[i]`` (inputs, units) and ``biases[i]`` (units,) or None are its parts.
    The same class holds gradients.
    """

    def __init__(self, layers: Sequence[tuple[Dense, int]], dtype: DTypeLike) -> None:
        self.flat: Array = np.zeros(sum(layer.count_params(inputs) for layer, inputs in layers), dtype)
        self.folded: list[Array] = []
        self.transposed: list[Array] = []
        self.kernels: list[Array] = []
        self.biases: list[Array | None] = []
        start = 0
        for layer, inputs in layers:
            size = layer.count_params(inputs)
            folded = self.flat[start : start + size].reshape(-1, layer.units)
            self.folded.append(folded)
            self.transposed.append(folded.T)
            self.kernels.append(folded[:inputs])
            self.biases.append(folded[inputs] if layer.use_bias else None)
            start += size

    def arrays(self) -> list[Array]:
        """Views in Keras's order: kernel, bias, kernel, bias ..., without the biases that are not there."""
        pairs = zip(self.kernels, self.biases, strict=True)
        return [array for pair in pairs for array in pair if array is not None]

    def kernel_mask(self) -> Array:
        """A vector as long as ``flat``: 1 at every weight, 0 at every bias."""
        mask = np.ones_like(self.flat)
        offset = 0
        for folded, bias in zip(self.folded, self.biases, strict=True):
            offset += folded.size
            if bias is not None:
                mask[offset - bias.size : offset] = 0.0
        return mask
