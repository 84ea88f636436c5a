"""The toy sets in the plane have the moments and the label balance of their formulas, at every noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from toy_statistics import (
    GRID_ERROR,
    NOISES,
    SAMPLES,
    Array,
    assert_mean,
    assert_moments,
    assert_share,
    average,
    middles,
    points,
    shifts,
)

from tui_trainer.datasets import toy_sets

UNIFORM, NORMAL = 1.8, 3.0  # kurtosis
at_every_noise = pytest.mark.parametrize("noise", NOISES)


def assert_uniform(values: Array, low: float, high: float) -> None:
    """``values`` (n,) are from U(low, high), as far as range, mean and variance tell."""
    assert low <= values.min() and values.max() <= high
    assert_moments(values, (low + high) / 2, (high - low) ** 2 / 12, UNIFORM)


@at_every_noise
def test_circle_is_distributed_as_defined(noise: float) -> None:
    x, blue = points("circle", noise)
    radii, angles = np.hypot(*x.T), np.arctan2(*x.T)
    inner = radii <= 3  # no radius lies between 2.5 and 3.5
    assert np.count_nonzero(inner) == SAMPLES // 2
    assert_uniform(radii[inner], 0, 2.5)
    assert_uniform(radii[~inner], 3.5, 5)
    assert_uniform(angles, -np.pi, np.pi)
    for part, (low, high) in ((inner, (0.0, 2.5)), (~inner, (3.5, 5.0))):
        # an eighth of the circle stands for all of it: the shift comes from a square
        grids = (middles(low, high, 40), middles(0, np.pi / 4, 12), shifts(5, noise, 80), shifts(5, noise, 80))
        share = average(lambda r, a, s, t: np.hypot(r * np.sin(a) + s, r * np.cos(a) + t) < 2.5, grids)
        assert_share(blue[part] == 1, share)


@at_every_noise
def test_xor_is_distributed_as_defined(noise: float) -> None:
    x, blue = points("xor", noise)
    assert np.abs(x).min() >= 0.3
    for axis in x.T:
        assert_uniform(axis - 0.3 * np.sign(axis), -5, 5)
    assert_share(blue == 1, 0.5)
    # a coordinate changes its sign where the shift goes further than its distance from 0
    q = noise / 100
    turned = (5 * q - 0.3) ** 2 / (100 * q) if q else 0.0
    assert_share((x.prod(axis=1) > 0) != (blue == 1), 2 * turned * (1 - turned), 0)


@at_every_noise
def test_gauss_is_distributed_as_defined(noise: float) -> None:
    x, blue = points("gauss", noise)
    assert np.count_nonzero(blue) == SAMPLES // 2
    for color, centre in ((0, -2.0), (1, 2.0)):
        for axis in x[blue == color].T:
            assert_moments(axis, centre, 0.5 + 7 * noise / 100, NORMAL)


@at_every_noise
def test_spiral_is_distributed_as_defined(noise: float) -> None:
    x, blue = toy_sets.spiral(SAMPLES, noise, np.random.default_rng(3))  # not shuffled, so each has its place
    way = np.arange(SAMPLES // 2) / (SAMPLES // 2)
    angles = 1.75 * 2 * np.pi * way
    arm = 5 * way[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    left = x - np.concatenate([arm, -arm])
    np.testing.assert_array_equal(blue, np.repeat([1, 0], SAMPLES // 2))
    q = noise / 100
    if q:
        for axis in left.T:
            assert_uniform(axis, -q, q)
    else:
        np.testing.assert_allclose(left, 0, atol=1e-9)
    mixed, colors = points("spiral", noise)
    for color, sign in ((1, 1), (0, -1)):
        for ours, exact in zip(mixed[colors == color].T, sign * arm.T, strict=True):
            assert_mean(ours, exact.mean(), q / np.sqrt(3))


@at_every_noise
def test_moons_are_distributed_as_defined(noise: float) -> None:
    x, blue = points("moons", noise)
    assert np.count_nonzero(blue) == SAMPLES // 2
    spread = (2 * noise / 100) ** 2
    for color, sign in ((0, 1), (1, -1)):
        across, up = x[blue == color].T
        assert_mean(across, sign * -1.5, np.sqrt(4.5 + spread))
        assert_mean(up, sign * 3 * (2 / np.pi - 0.25), np.sqrt(9 * (0.5 - 4 / np.pi**2) + spread))
        out = np.hypot(across + sign * 1.5, up + sign * 0.75)  # from the centre of the half circle
        assert_mean(out**2, 9 + 2 * spread, np.sqrt(4 * 9 * spread + 4 * spread**2))


@at_every_noise
@pytest.mark.parametrize("classes", [2, 3, 4, 10])
def test_blobs_are_distributed_as_defined(noise: float, classes: int) -> None:
    x, labels = points("blobs", noise, classes=classes)
    sizes = np.bincount(labels)
    assert len(sizes) == classes and sizes.max() - sizes.min() <= 1
    for label in range(classes):
        turn = 2 * np.pi * label / classes
        for axis, centre in zip(x[labels == label].T, (4 * np.cos(turn), 4 * np.sin(turn)), strict=True):
            assert_moments(axis, centre, 0.5 + 7 * noise / 100, NORMAL)


BORDERS: dict[str, Callable[[Array], Array]] = {
    "sine_border": lambda x: 3 * np.sin(x),
    "cubic_border": lambda x: 3 * x**3 / 64 - 3 * x / 4,
    "abs_border": lambda x: np.where(x < 0, -x, x) - 3,
}


@at_every_noise
@pytest.mark.parametrize("name", BORDERS)
def test_classes_lie_on_their_sides_of_the_border(name: str, noise: float) -> None:
    x, blue = points(name, noise)
    border = BORDERS[name]
    for axis in x.T:
        assert_uniform(axis, -6, 6)
    above = x[:, 1] > border(x[:, 0])
    if not noise:
        np.testing.assert_array_equal(blue == 1, above)
    grids = (middles(-6, 6, 120), middles(-6, 6, 240), shifts(6, noise, 24), shifts(6, noise, 24))

    def is_blue(x1: Array, x2: Array, s: Array, t: Array) -> NDArray[np.bool_]:
        return x2 + t > border(x1 + s)

    assert_share(blue == 1, average(is_blue, grids), 2 * GRID_ERROR)
    mixed = average(lambda x1, x2, s, t: is_blue(x1, x2, s, t) != (x2 > border(x1)), grids)
    assert_share((blue == 1) != above, mixed, 2 * GRID_ERROR)


@at_every_noise
def test_plane_is_distributed_as_defined(noise: float) -> None:
    x, y = points("plane", noise)
    for axis in x.T:
        assert_uniform(axis, -6, 6)
    q = noise / 100
    # four uniform numbers of the variances 12, 12, 12 q^2 and 12 q^2, over 10
    variance = 0.24 * (1 + q * q)
    fourth_cumulant = -2 / 15 * 2 * 0.6**4 * (1 + q**4)
    assert_moments(y, 0.0, variance, 3 + fourth_cumulant / variance**2)
    left = y - x.sum(axis=1) / 10
    assert_mean(left, 0, np.sqrt(0.24) * q)
    assert_mean(left**2, 0.24 * q * q, 0.24 * q * q * np.sqrt(1.4))  # of two uniform numbers the kurtosis is 2.4


def cones(x1: Array, x2: Array) -> Array:
    """The height of multi-gauss, as the Playground words it: of the six values the one furthest from 0."""
    signs = {(-4, 2.5): 1, (0, 2.5): -1, (4, 2.5): 1, (-4, -2.5): -1, (0, -2.5): 1, (4, -2.5): -1}
    height = np.zeros(np.broadcast_shapes(x1.shape, x2.shape))
    for (a, b), sign in signs.items():
        other = sign * np.clip(1 - np.sqrt((x1 - a) ** 2 + (x2 - b) ** 2) / 2, 0, 1)
        height = np.where(np.abs(other) > np.abs(height), other, height)
    return height


@at_every_noise
def test_multi_gauss_is_distributed_as_defined(noise: float) -> None:
    x, y = points("multi_gauss", noise)
    for axis in x.T:
        assert_uniform(axis, -6, 6)
    before = cones(*x.T)
    if not noise:
        np.testing.assert_allclose(y, before, atol=1e-12)
        assert_mean(np.abs(y), 8 * np.pi / 144, y.std())  # six cones of the volume 4 pi / 3 on the square
    assert np.abs(y).max() <= 1
    assert_mean(y, 0, y.std())
    square, shift = middles(-6, 6, 80), shifts(6, noise, 20)
    x1, x2, s, t = np.meshgrid(square, square, shift, shift, indexing="ij", sparse=True)
    after = cones(x1 + s, x2 + t)
    for ours, exact in (
        (np.abs(y), np.abs(after)),
        (y * y, after * after),
        (y * before, after * cones(x1, x2)),
    ):
        assert_mean(ours, float(exact.mean()), float(ours.std()), 5e-4)
