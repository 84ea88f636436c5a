"""Toy curves to be approximated: x from U(-1, 1), and y = f(x) plus a normal deviate of the deviation noise / 100.

The functions are of order 1 and have what a network finds hard or easy: waves, narrow peaks, a jump, a kink, and
a smooth polynomial. Every function here takes x (n,) and returns f(x) (n,).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]

BUMPS = ((-0.6, 0.15, 1.0), (-0.05, 0.1, 0.6), (0.5, 0.2, -0.8))  # centre, width and height


def sine(x: Array) -> Array:
    """sin(2 pi x): two whole waves."""
    return np.sin(2 * np.pi * x)


def bumps(x: Array) -> Array:
    """Three bell curves h exp(-((x - c) / w)^2), the last one a hollow."""
    return sum((h * np.exp(-(((x - c) / w) ** 2)) for c, w, h in BUMPS), np.zeros_like(x))


def step(x: Array) -> Array:
    """-1 left of 0, and 1 from 0 on."""
    return np.where(x < 0, -1.0, 1.0)


def absolute(x: Array) -> Array:
    """|x|."""
    return np.abs(x)


def polynomial(x: Array) -> Array:
    """4 x^3 - 3 x, the third Chebyshev polynomial: it turns at 1 and -1."""
    return 4 * x**3 - 3 * x


def sample(curve: Curve, samples: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """``samples`` points of ``curve``: x (n,) and the noisy y (n,)."""
    x = rng.uniform(-1, 1, samples)
    return x, curve(x) + rng.normal(0, noise / 100, samples)
