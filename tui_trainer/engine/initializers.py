"""Starting values of kernels and biases, registered by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Initializer = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def _uniform(variance: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, inputs: int, units: int) -> NDArray[np.float64]:
        limit = math.sqrt(3.0 * variance(inputs, units))
        return rng.uniform(-limit, limit, (inputs, units))

    return draw


def _normal(variance: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, inputs: int, units: int) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(variance(inputs, units)), (inputs, units))

    return draw


# Variances: Glorot & Bengio 2010, He et al. 2015, LeCun et al. 1998. The plain random ones are Keras's.
INITIALIZERS: dict[str, Initializer] = {
    "glorot_uniform": _uniform(lambda inputs, units: 2.0 / (inputs + units)),
    "glorot_normal": _normal(lambda inputs, units: 2.0 / (inputs + units)),
    "he_uniform": _uniform(lambda inputs, units: 2.0 / inputs),
    "he_normal": _normal(lambda inputs, units: 2.0 / inputs),
    "lecun_uniform": _uniform(lambda inputs, units: 1.0 / inputs),
    "lecun_normal": _normal(lambda inputs, units: 1.0 / inputs),
    "random_uniform": _uniform(lambda inputs, units: 0.05**2 / 3.0),
    "random_normal": _normal(lambda inputs, units: 0.05**2),
    "zeros": lambda rng, inputs, units: np.zeros((inputs, units)),
    "ones": lambda rng, inputs, units: np.ones((inputs, units)),
}


def get_initializer(name: str) -> Initializer:
    """Look an initializer up by name: ``draw(rng, inputs, units)`` gives an (inputs, units) array.

    Raises ValueError, naming the choices, for a name that is none of them.
    """
    try:
        return INITIALIZERS[name]
    except KeyError:
        raise ValueError(f"unknown initializer {name!r}; choose one of: {', '.join(INITIALIZERS)}") from None


def draw_bias(name: str, rng: np.random.Generator, units: int) -> NDArray[Any]:
    """Starting biases, (units,); a bias has one input, the constant 1."""
    row: NDArray[Any] = get_initializer(name)(rng, 1, units)[0]
    return row
