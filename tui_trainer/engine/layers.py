"""What a model is declared with (an input, dense layers and dropout), and its weights as one flat vector.

Kernels and biases start with values of an initializer, registered by name, with the distributions of Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .activations import get_activation

Initializer = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
Variance = Callable[[int, int], float]  # of fan in (inputs) and fan out (units)

NORM_PARAMETERS = 4  # of a unit with batch normalization: gamma, beta, moving mean and moving variance
TRUNCATION = 2.0  # deviations, beyond which a truncated normal draws again
# The deviation of a standard normal truncated at +-t: its variance is 1 - 2 t density(t) / P(|z| < t).
TRUNCATED_DEVIATION = math.sqrt(
    1.0
    - 2.0 * TRUNCATION * math.exp(-(TRUNCATION**2) / 2) / math.sqrt(2 * math.pi) / math.erf(TRUNCATION / math.sqrt(2))
)


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan in and fan out: inputs and units of a kernel, and, as in Keras, twice the length of a bias."""
    return shape[0], shape[-1]


def _uniform(variance: Variance) -> Initializer:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        limit = math.sqrt(3.0 * variance(*_fans(shape)))
        return rng.uniform(-limit, limit, shape)

    return draw


def _normal(variance: Variance) -> Initializer:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(variance(*_fans(shape))), shape)

    return draw


def _truncated_normal(variance: Variance) -> Initializer:
    """Redraw what lies beyond two deviations, and widen the rest so that the variance is kept."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        values = rng.standard_normal(shape)
        while (outside := np.abs(values) > TRUNCATION).any():
            values[outside] = rng.standard_normal(np.count_nonzero(outside))
        values *= math.sqrt(variance(*_fans(shape))) / TRUNCATED_DEVIATION
        return values

    return draw


# Variances: Glorot & Bengio 2010, He et al. 2015, LeCun et al. 1998. The plain random ones are Keras's.
INITIALIZERS: dict[str, Initializer] = {
    "glorot_uniform": _uniform(lambda inputs, units: 2.0 / (inputs + units)),
    "glorot_normal": _truncated_normal(lambda inputs, units: 2.0 / (inputs + units)),
    "he_uniform": _uniform(lambda inputs, units: 2.0 / inputs),
    "he_normal": _truncated_normal(lambda inputs, units: 2.0 / inputs),
    "lecun_uniform": _uniform(lambda inputs, units: 1.0 / inputs),
    "lecun_normal": _truncated_normal(lambda inputs, units: 1.0 / inputs),
    "random_uniform": _uniform(lambda inputs, units: 0.05**2 / 3.0),
    "random_normal": _normal(lambda inputs, units: 0.05**2),
    "zeros": lambda rng, shape: np.zeros(shape),
    "ones": lambda rng, shape: np.ones(shape),
}


def get_initializer(name: str) -> Initializer:
    """Look an initializer up by name: ``draw(rng, shape)`` gives a kernel (inputs, units) or a bias (units,).

    Raises ValueError, naming the choices, for a name that is none of them.
    """
    try:
        return INITIALIZERS[name]
    except KeyError:
        raise ValueError(f"unknown initializer {name!r}; choose one of: {', '.join(INITIALIZERS)}") from None


def _positive(what: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{what} must be a whole number of at least 1, got {value!r}")


def check_factor(name: str, factor: float) -> None:
    """Raise ValueError for the factor of a penalty that is negative or not finite."""
    if not (math.isfinite(factor) and factor >= 0.0):
        raise ValueError(f"{name} must be a finite number of at least 0, got {factor!r}")


@dataclass(frozen=True, slots=True)
class InputLayer:
    """The number of features a model takes."""

    units: int

    def __post_init__(self) -> None:
        _positive("InputLayer units", self.units)


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer, ``a = activation(x @ kernel + bias)``.

    kernel is (inputs, units), bias (units,). ``initializer_scale`` multiplies the variance of the first kernel, as
    ``scale`` of Keras's VarianceScaling. ``l1`` and ``l2`` are penalties on the kernel in place of those of the
    training, which hold where they are None. Training leaves a layer that is not ``trainable`` as it is; it has no
    penalty, as in Keras. With ``batch_norm``, a hidden layer is ``activation(batch_norm(x @ kernel + bias))``, as
    Keras's Dense, BatchNormalization and Activation; all of it is trained, or nothing. Raises ValueError for an unknown
    name, fewer than 1 unit or a factor that is none.
    """

    units: int
    activation: str = "linear"
    use_bias: bool = True
    kernel_initializer: str = "glorot_uniform"
    bias_initializer: str = "zeros"
    initializer_scale: float = 1.0
    l1: float | None = None
    l2: float | None = None
    trainable: bool = True
    batch_norm: bool = False

    def __post_init__(self) -> None:
        _positive("Dense units", self.units)
        get_activation(self.activation)
        get_initializer(self.kernel_initializer)
        get_initializer(self.bias_initializer)
        if not (math.isfinite(self.initializer_scale) and self.initializer_scale > 0.0):
            raise ValueError(f"initializer_scale must be a finite number above 0, got {self.initializer_scale!r}")
        for name, factor in (("l1", self.l1), ("l2", self.l2)):
            if factor is not None:
                check_factor(name, factor)

    @property
    def has_own_penalty(self) -> bool:
        """Whether a penalty of the training does not hold for this layer."""
        return self.trainable and (self.l1 is not None or self.l2 is not None)

    def penalties(self, l1: Any, l2: Any) -> tuple[Any, Any]:
        """The factors of this layer's kernel, where those of the training are ``l1`` and ``l2``."""
        if not self.trainable:
            return 0.0, 0.0
        return (l1 if self.l1 is None else self.l1), (l2 if self.l2 is None else self.l2)

    def count_weights(self, inputs: int) -> int:
        """Weights and biases for that many inputs."""
        return (inputs + int(self.use_bias)) * self.units

    def count_params(self, inputs: int) -> int:
        """Weights, biases and what batch normalization has, for that many inputs."""
        return self.count_weights(inputs) + NORM_PARAMETERS * self.units * self.batch_norm


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
    ``kernels[i]`` (inputs, units) and ``biases[i]`` (units,) or None are its parts. Those of all layers are followed by
    the ``gammas[i]`` and ``betas[i]`` of batch normalization, and these by the ``moving_means[i]`` and
    ``moving_variances[i]``, (units,) each, or None in a layer without it.
    Those of a stack of models are one row a model, (models, size), and all views have that axis in front.
    The same class holds gradients. ``held_parts`` are those of one model that no optimizer may change, each as long as
    it can be: moving means and variances, and all of layers that are not trainable.
    """

    def __init__(self, layers: Sequence[tuple[Dense, int]], dtype: DTypeLike, stack: tuple[int, ...] = ()) -> None:
        size = sum(layer.count_params(inputs) for layer, inputs in layers)
        self.layers = [layer for layer, _ in layers]
        self.flat: Array = np.zeros((*stack, size), dtype)
        self.folded: list[Array] = []
        self.transposed: list[Array] = []
        self.kernels: list[Array] = []
        self.biases: list[Array | None] = []
        self.held_parts: list[slice] = []
        self._end = 0
        for layer, inputs in layers:
            part = self._next_part(layer.count_weights(inputs), is_held=not layer.trainable)
            folded = self.flat[..., part].reshape(*stack, -1, layer.units)
            self.folded.append(folded)
            self.transposed.append(folded.mT)
            self.kernels.append(folded[..., :inputs, :])
            self.biases.append(folded[..., inputs, :] if layer.use_bias else None)
        self.gammas, self.betas = self._norm_parts(is_moving=False)
        self.moving_means, self.moving_variances = self._norm_parts(is_moving=True)

    def _next_part(self, size: int, is_held: bool) -> slice:
        start, self._end = self._end, self._end + size
        if is_held and size:
            is_joined = self.held_parts and self.held_parts[-1].stop == start
            self.held_parts.append(slice(self.held_parts.pop().start if is_joined else start, self._end))
        return slice(start, self._end)

    def _norm_parts(self, is_moving: bool) -> tuple[list[Array | None], list[Array | None]]:
        firsts: list[Array | None] = []
        seconds: list[Array | None] = []
        for layer in self.layers:
            for arrays in (firsts, seconds):
                part = self._next_part(layer.units * layer.batch_norm, is_held=is_moving or not layer.trainable)
                arrays.append(self.flat[..., part] if layer.batch_norm else None)
        return firsts, seconds

    def zeros_like(self) -> Parameters:
        """Those of the same layers of one model, all 0."""
        layers = [(layer, len(kernel)) for layer, kernel in zip(self.layers, self.kernels, strict=True)]
        return Parameters(layers, self.flat.dtype)

    def arrays(self) -> list[Array]:
        """Views in Keras's order, layer by layer, without what a layer has not.

        The order of a layer is kernel, bias, gamma, beta, moving mean, moving variance.
        """
        norms = self.gammas, self.betas, self.moving_means, self.moving_variances
        layers = zip(self.kernels, self.biases, *norms, strict=True)
        return [array for layer in layers for array in layer if array is not None]

    def kernel_mask(self) -> Array:
        """A vector as long as one model's parameters: 1 at every weight that is trained, 0 at all else."""
        mask = np.zeros(self.flat.shape[-1], self.flat.dtype)
        for layer, part in zip(self.layers, self.kernel_parts, strict=True):
            mask[part] = float(layer.trainable)
        return mask

    @property
    def kernel_parts(self) -> list[slice]:
        """Where the kernel of each layer stands in one model's parameters."""
        parts, start = [], 0
        for folded, kernel in zip(self.folded, self.kernels, strict=True):
            inputs, units = kernel.shape[-2:]
            parts.append(slice(start, start + inputs * units))
            start += folded.shape[-2] * units
        return parts


class HeldParameters:
    """What takes the parts of the parameters that no optimizer may change out of a step."""

    def __init__(self, parameters: Parameters) -> None:
        self._parts = parameters.held_parts
        self.is_empty = not self._parts

    def clear(self, gradients: Array) -> None:
        """Take them out of ``gradients`` (size,), in place, so that they count in no norm."""
        for part in self._parts:
            gradients[..., part] = 0.0

    def keep(self, before: Array, after: Array) -> None:
        """Copy them from the parameters ``before`` an update to those ``after`` it, (size,) both."""
        for part in self._parts:
            after[..., part] = before[..., part]
