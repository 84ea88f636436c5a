"""Starting weights have the spread that their names promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui_trainer.engine import INITIALIZERS, Dense, InputLayer, Sequential

INPUTS, UNITS = 300, 200
VARIANCES = {
    "glorot": 2.0 / (INPUTS + UNITS),
    "he": 2.0 / INPUTS,
    "lecun": 1.0 / INPUTS,
}
RANDOM = [name for name in INITIALIZERS if name not in ("zeros", "ones")]


@pytest.mark.parametrize("name", RANDOM)
def test_the_spread_of_an_initializer_is_as_defined(name: str) -> None:
    drawn = INITIALIZERS[name](np.random.default_rng(0), (INPUTS, UNITS))
    family, shape = name.split("_")
    variance = VARIANCES.get(family, 0.05**2 / (3.0 if shape == "uniform" else 1.0))
    assert drawn.shape == (INPUTS, UNITS)
    assert drawn.mean() == pytest.approx(0.0, abs=4.0 * math.sqrt(variance / drawn.size))
    assert drawn.var() == pytest.approx(variance, rel=0.03)
    limit = math.sqrt(3.0 * variance)
    assert (np.abs(drawn).max() <= limit) == (shape == "uniform")


def test_constants_are_exact_and_biases_default_to_zero() -> None:
    model = Sequential([InputLayer(2), Dense(3, kernel_initializer="ones"), Dense(1, bias_initializer="ones")])
    first, first_bias, _, second_bias = model.get_weights()
    np.testing.assert_array_equal(first, np.ones((2, 3)))
    np.testing.assert_array_equal(first_bias, np.zeros(3))
    np.testing.assert_array_equal(second_bias, np.ones(1))


def test_the_seed_decides() -> None:
    layers = [InputLayer(4), Dense(5, bias_initializer="random_normal"), Dense(2)]
    one, same, other = (Sequential(layers, seed=seed) for seed in (3, 3, 4))
    for a, b, c in zip(one.get_weights(), same.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert not c.any() or not np.array_equal(a, c)
    other.initialize(3)
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])
