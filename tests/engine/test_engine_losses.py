"""Loss values against formulas written out, names, and targets that are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui_trainer.engine import LOSSES, SGD, Dense, InputLayer, Sequential, Trainer
from tui_trainer.engine.losses import SINGLE, check_targets, get_loss

A = np.array([[0.2, 0.9, 0.4], [0.7, 0.3, 0.6]])
Y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
FAR = np.array([[3.0, -1.5, 0.25], [0.0, 0.5, -4.0]])  # residuals on both sides of huber's delta


def total(name: str, a: np.ndarray, y: np.ndarray) -> float:
    return LOSSES[name].value_and_gradient(a, y, np.empty_like(a), np.empty_like(a), SINGLE)


def test_squared_errors_are_summed_over_the_outputs() -> None:
    expected = sum((a - y) ** 2 for a, y in zip(A.ravel(), Y.ravel(), strict=True))
    assert total("sum_squared_error", A, Y) == pytest.approx(expected, rel=1e-14)
    assert total("mean_squared_error", A, Y) == pytest.approx(expected, rel=1e-14)


def test_absolute_error_and_huber_are_their_formulas() -> None:
    residuals = [abs(float(r)) for r in FAR.ravel()]
    assert total("mean_absolute_error", FAR, np.zeros_like(FAR)) == pytest.approx(sum(residuals))
    huber = sum(r * r / 2 if r < 1 else r - 0.5 for r in residuals)
    assert total("huber", FAR, np.zeros_like(FAR)) == pytest.approx(huber)


def test_crossentropies_are_their_formulas() -> None:
    pairs = list(zip(A.ravel(), Y.ravel(), strict=True))
    binary = -sum(y * math.log(a) + (1 - y) * math.log(1 - a) for a, y in pairs)
    assert total("binary_crossentropy", A, Y) == pytest.approx(binary, rel=1e-12)
    assert total("categorical_crossentropy", A, Y) == pytest.approx(-sum(y * math.log(a) for a, y in pairs), rel=1e-12)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_crossentropy_of_outputs_beyond_0_and_1_is_finite(name: str) -> None:
    out = np.empty((1, 3))
    value = LOSSES[name].value_and_gradient(np.array([[-2.0, 0.0, 3.0]]), np.ones((1, 3)), out, out.copy(), SINGLE)
    assert math.isfinite(value) and np.isfinite(out).all()


@pytest.mark.parametrize("name", ["sum_squared_error", "mean_squared_error", "mean_absolute_error", "huber"])
def test_only_a_mean_is_divided_by_the_samples(name: str) -> None:
    """Three samples, two outputs: a mean is over samples, and summed over outputs."""
    model = Sequential([InputLayer(1), Dense(2, use_bias=False)], dtype="float64")
    model.set_weights([[[0.0, 0.0]]])
    trainer = Trainer(model, np.ones((3, 1)), FAR.T, loss=name, optimizer=SGD(), batch_size=None)
    samples = 1 if name.startswith("sum") else 3
    assert trainer.step() == pytest.approx(total(name, np.zeros_like(FAR), FAR) / samples)


def test_a_loss_is_found_by_its_names() -> None:
    assert get_loss("sse", "linear").name == "sum_squared_error"
    assert get_loss("mse", "linear").name == "mean_squared_error"
    assert get_loss("mae", "linear").name == "mean_absolute_error"
    assert get_loss("logistic", "softmax").name == "categorical_crossentropy"
    assert get_loss("logistic", "sigmoid").name == "binary_crossentropy"
    with pytest.raises(ValueError, match="unknown loss 'hinge'; choose one of: sum_squared_error"):
        get_loss("hinge", "linear")


def test_targets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one-hot"):
        check_targets(LOSSES["categorical_crossentropy"], np.array([[1.0, 1.0]]))
    with pytest.raises(ValueError, match="from 0 to 1, got -1 to 2"):
        check_targets(LOSSES["categorical_crossentropy"], np.array([[2.0, -1.0]]))
    with pytest.raises(ValueError, match="from 0 to 1, got 0 to 2"):
        check_targets(LOSSES["binary_crossentropy"], np.array([[2.0], [0.0]]))
    check_targets(LOSSES["mean_squared_error"], np.array([[2.0], [-7.0]]))
