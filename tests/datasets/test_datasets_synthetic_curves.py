"""The toy curves: their shape without noise, and the noise on top."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from toy_statistics import NOISES, SAMPLES, Array, assert_mean, assert_moments

from tui_trainer.datasets.toy_sets import generate

SHAPES: dict[str, Callable[[Array], Array]] = {
    "curve_sine": lambda x: 2 * np.sin(np.pi * x) * np.cos(np.pi * x),
    "curve_bumps": lambda x: (
        np.exp(-(((x + 0.6) / 0.15) ** 2)) + 0.6 * np.exp(-100 * (x + 0.05) ** 2) - 0.8 * np.exp(-25 * (x - 0.5) ** 2)
    ),
    "curve_step": lambda x: 2.0 * (x >= 0) - 1,
    "curve_abs": lambda x: np.sqrt(x * x),
    "curve_poly": lambda x: np.cos(3 * np.arccos(x)),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("name", SHAPES)
def test_a_curve_is_its_formula_with_noise(name: str, noise: float) -> None:
    columns, y = generate(name, SAMPLES, noise, 3)
    assert list(columns) == ["x"]
    x = columns["x"]
    assert x.min() >= -1 and x.max() <= 1
    assert_moments(x, 0, 1 / 3, 1.8)
    left = y - SHAPES[name](x)
    if noise:
        assert_moments(left, 0, (noise / 100) ** 2, 3)
        assert_mean(left * x, 0, noise / 100 / np.sqrt(3))
    else:
        np.testing.assert_allclose(left, 0, atol=1e-12)
