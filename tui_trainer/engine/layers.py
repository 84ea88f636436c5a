"""What a model is declared with: an input, dense layers and dropout. Declarations only, no arrays."""

from __future__ import annotations

from dataclasses import dataclass

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
            raise ValueError(f"Dropout rate must be from 0 up to, not including, 1, got {self.rate!r}")


Layer = InputLayer | Dense | Dropout
