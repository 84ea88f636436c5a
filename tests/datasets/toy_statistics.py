"""What a formula promises of a toy set, by integration on a grid, and how far a sample may lie from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.toy_sets import generate

Array = NDArray[np.float64]

SAMPLES = 200_000
NOISES = (0.0, 10.0, 25.0, 50.0)
SIGMAS = 5.0  # a mean lies further out once in two million times; the seed is fixed besides
GRID_ERROR = 2e-3  # of a share or a mean that was integrated on a grid


def points(name: str, noise: float, seed: int = 3, classes: int = 0) -> tuple[Array, NDArray[np.int64]]:
    """The points (n, 2) of a toy set in the plane, and its target (n,)."""
    columns, target = generate(name, SAMPLES, noise, seed, classes)
    return np.column_stack([columns["x1"], columns["x2"]]), target


def assert_mean(values: Array, expected: float, deviation: float, slack: float = 1e-12) -> None:
    """The mean of ``values`` (n,) is ``expected``, up to what chance does at this standard deviation."""
    bound = SIGMAS * deviation / np.sqrt(len(values)) + slack
    assert abs(values.mean() - expected) <= bound, f"mean {values.mean():.5f}, expected {expected:.5f} ± {bound:.5f}"


def assert_share(flags: NDArray[np.bool_], expected: float, slack: float = GRID_ERROR) -> None:
    """The share of true ``flags`` (n,) is ``expected``, up to chance."""
    assert_mean(flags.astype(float), expected, np.sqrt(expected * (1 - expected)), slack)


def assert_moments(values: Array, mean: float, variance: float, kurtosis: float) -> None:
    """Mean and variance of ``values`` (n,), up to chance; ``kurtosis`` is the fourth moment by the squared variance."""
    assert_mean(values, mean, np.sqrt(variance))
    assert_mean((values - mean) ** 2, variance, variance * np.sqrt(kurtosis - 1))


def middles(low: float, high: float, count: int) -> Array:
    """The middles of ``count`` equal parts of the way from ``low`` to ``high``."""
    return low + (np.arange(count) + 0.5) * (high - low) / count


def shifts(reach: float, noise: float, count: int) -> Array:
    """A grid for U(-reach, reach) noise / 100; a single 0 without noise."""
    return middles(-reach * noise / 100, reach * noise / 100, count) if noise else np.zeros(1)


def average(function: Callable[..., Array], grids: Iterable[Array]) -> float:
    """The mean of ``function`` over all combinations of the points of ``grids``."""
    return float(function(*np.meshgrid(*grids, indexing="ij", sparse=True)).mean())
