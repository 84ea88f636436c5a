"""Penalties: their value, their gradient, and that no bias pays one."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import SGD, Dense, InputLayer, Sequential, Trainer


def trainer_on_zeros(l1: float, l2: float) -> Trainer:
    """A relu that lets nothing through, and targets of 0: all the gradient is the penalty's."""
    model = Sequential([InputLayer(2), Dense(3, "relu"), Dense(1, "relu")], dtype="float64")
    model.set_weights([[[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]], [-5.0, -6.0, -7.0], [[2.0], [-4.0], [1.0]], [-8.0]])
    zeros = np.zeros((4, 2)), np.zeros((4, 1))
    return Trainer(model, *zeros, loss="mse", optimizer=SGD(0.1), batch_size=None, l1=l1, l2=l2)


def test_value_is_that_of_the_kernels() -> None:
    sum_of_magnitudes = 1 + 2 + 0 + 0.5 + 3 + 1 + 2 + 4 + 1
    sum_of_squares = 1 + 4 + 0 + 0.25 + 9 + 1 + 4 + 16 + 1
    assert trainer_on_zeros(0.1, 0.0).step() == pytest.approx(0.1 * sum_of_magnitudes)
    assert trainer_on_zeros(0.0, 0.01).step() == pytest.approx(0.01 * sum_of_squares)
    both = trainer_on_zeros(0.1, 0.01)
    assert both.evaluate([[0.0, 0.0]], [[0.0]])["loss"] == pytest.approx(
        0.1 * sum_of_magnitudes + 0.01 * sum_of_squares
    )


def test_gradient_leaves_biases_alone() -> None:
    trainer = trainer_on_zeros(0.1, 0.01)
    before = trainer.model.get_weights()
    trainer.step()
    for weight, gradient in zip(before, trainer.gradient(), strict=True):
        expected = 0.1 * np.sign(weight) + 0.02 * weight if weight.ndim == 2 else np.zeros_like(weight)
        np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    after = trainer.model.get_weights()
    np.testing.assert_array_equal(before[1], after[1])
    np.testing.assert_array_equal(before[3], after[3])


def test_bias_first_drawn_as_ones_is_still_no_weight() -> None:
    model = Sequential([InputLayer(1), Dense(4, kernel_initializer="zeros", bias_initializer="ones")])
    trainer = Trainer(model, [[1.0]], np.ones((1, 4)), loss="mse", optimizer=SGD(), l1=9.0, l2=9.0)
    assert trainer.step() == 0.0


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf")])
def test_factor_must_be_finite_and_at_least_0(name: str, factor: float) -> None:
    model = Sequential([InputLayer(1), Dense(1)])
    with pytest.raises(ValueError, match=f"{name} must be a finite number of at least 0"):
        Trainer(model, [[1.0]], [[1.0]], loss="mse", optimizer=SGD(), **{name: factor})
