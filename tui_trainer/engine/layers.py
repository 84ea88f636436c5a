"""What a model is declared with (an input, dense layers and dropout), and its weights as one flat vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .activations import get_activation
from .initializers import get_initializer


def _positive(what: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{what} must be a whole number of at least 1, got {value!r}")


@dataclass(frozen=True, slots=True)
class InputLayer:
    """The number of features a model takes."""

    units: int

    def __post_init__(self) -> None:
        _positive("InputLayer units", self.units)


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer, ``a = activation(x @ kernel + bias)``.

    kernel is (inputs, units), bias (units,). Raises ValueError for an unknown name or fewer than 1 unit.
    """

    units: int
    activation: str = "linear"
    use_bias: bool = True
    kernel_initializer: str = "glorot_uniform"
    bias_initializer: str = "zeros"

    def __post_init__(self) -> None:
        _positive("Dense units", self.units)
        get_activation(self.activation)
        get_initializer(self.kernel_initializer)
        get_initializer(self.bias_initializer)

    def count_params(self, inputs: int) -> int:
        """Weights and biases for that many inputs."""
        return (inputs + int(self.use_bias)) * self.units


@dataclass(frozen=True, slots=True)
class Dropout:
    """Zeroes each value with probability ``rate`` while training and scales the rest by 1 / (1 - rate)."""

    rate: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"Dropout rate must be at least 0 and less than 1, got {self.rate!r}")


Layer = InputLayer | Dense | Dropout


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
