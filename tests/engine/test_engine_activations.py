"""Values against independent formulas, slopes against central differences, and both at extremes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tui_trainer.engine import ACTIVATIONS, Activation
from tui_trainer.engine.activations import get_activation, normal_cdf

FORMULAS: dict[str, Callable[[float], float]] = {
    "linear": lambda z: z,
    "relu": lambda z: z if z > 0 else 0.0,
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1.0,
    "tanh": lambda z: (math.exp(2 * z) - 1.0) / (math.exp(2 * z) + 1.0),
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
    "swish": lambda z: z / (1.0 + math.exp(-z)),
    "gelu": lambda z: 0.5 * z * (1.0 + math.erf(z / math.sqrt(2.0))),
}
ELEMENTWISE = [activation for activation in ACTIVATIONS.values() if activation.name != "softmax"]
GRID = np.linspace(-4.0, 4.0, 24).reshape(2, 12)  # even in number, so 0, where some have a kink, is not in it


def call(activation: Activation, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """phi(z) and, but for softmax, its slope."""
    z, a, out = z.copy(), np.full_like(z, np.nan), np.full_like(z, np.nan)
    work = [np.zeros_like(z) for _ in range(activation.buffers)]
    activation.forward(z, a, work)
    if activation.name != "softmax":
        activation.slope(z, a, out, work)
    return a, out


def test_every_elementwise_activation_has_a_formula_here() -> None:
    assert {activation.name for activation in ELEMENTWISE} == set(FORMULAS)


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda a: a.name)
def test_values_are_those_of_independent_formulas(activation: Activation) -> None:
    expected = np.vectorize(FORMULAS[activation.name])(GRID)
    np.testing.assert_allclose(call(activation, GRID)[0], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda a: a.name)
def test_slope_is_the_central_difference(activation: Activation) -> None:
    h = 1e-5
    numeric = (call(activation, GRID + h)[0] - call(activation, GRID - h)[0]) / (2 * h)
    np.testing.assert_allclose(call(activation, GRID)[1], numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda a: a.name)
def test_in_place_is_the_same_unless_z_is_kept(activation: Activation) -> None:
    if activation.keeps_z:
        pytest.skip("keeps z")
    z = GRID.copy()
    activation.forward(z, z, [np.zeros_like(z) for _ in range(activation.buffers)])
    np.testing.assert_array_equal(z, call(activation, GRID)[0])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu"])
def test_a_second_pass_is_not_disturbed_by_the_first(name: str) -> None:
    activation, z = ACTIVATIONS[name], GRID.copy()
    work = [np.zeros_like(z) for _ in range(activation.buffers)]
    first, second, out = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    activation.forward(z, first, work)
    activation.slope(z, first, out, work)
    activation.forward(z, second, work)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)
def test_extremes_are_finite_and_within_bounds(activation: Activation, dtype: str) -> None:
    z = np.array([[-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4], [1e4, 100.0, 1.0, 0.0, -1.0, -100.0, -1e4]], dtype)
    with np.errstate(under="ignore", over="raise", invalid="raise", divide="raise"):
        a, slope = call(activation, z)
    assert np.isfinite(a).all()
    assert a.min() >= activation.lowest and a.max() <= activation.highest
    if activation.name != "softmax":
        assert np.isfinite(slope).all()


def test_softmax_columns_sum_to_one_and_ignore_a_shift() -> None:
    z = np.array([[1.0, 1000.0], [2.0, 1001.0], [4.0, 1003.0]])
    a, _ = call(ACTIVATIONS["softmax"], z)
    expected = np.exp(z[:, 0]) / np.exp(z[:, 0]).sum()
    np.testing.assert_allclose(a, np.stack([expected, expected], axis=1), rtol=1e-14)


def test_softmax_has_no_elementwise_slope() -> None:
    with pytest.raises(TypeError, match="Jacobian"):
        ACTIVATIONS["softmax"].slope(GRID, GRID, GRID, [])


def test_normal_cdf_agrees_with_erfc() -> None:
    z = np.linspace(-30.0, 30.0, 1201)
    expected = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in z])
    np.testing.assert_allclose(normal_cdf(z), expected, rtol=2e-13)


def test_identity_is_linear_and_an_unknown_name_lists_the_choices() -> None:
    assert get_activation("identity") is ACTIVATIONS["linear"]
    with pytest.raises(ValueError, match="unknown activation 'step'; choose one of: linear, relu"):
        get_activation("step")
