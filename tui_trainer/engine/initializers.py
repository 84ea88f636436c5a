"""Starting values of kernels and biases, registered by name, with the distributions of Keras."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Initializer = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
Variance = Callable[[int, int], float]  # of fan in (inputs) and fan out (units)

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
