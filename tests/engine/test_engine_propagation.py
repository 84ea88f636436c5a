"""Dropout: its rate, its expectation, where it is off, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import SGD, Dense, Dropout, InputLayer, Sequential, Trainer
from tui_trainer.engine.layers import Layer, Parameters
from tui_trainer.engine.propagation import DropoutStage

H = 1e-6
STACKS = {
    "hidden": [InputLayer(3), Dense(6, "tanh"), Dropout(0.4), Dense(2)],
    "first": [InputLayer(3), Dropout(0.4), Dense(6, "tanh"), Dense(2)],
    "two in a row": [InputLayer(3), Dense(6, "sigmoid"), Dropout(0.2), Dropout(0.3), Dense(2)],
    "no bias behind": [InputLayer(3), Dense(6, "tanh"), Dropout(0.4), Dense(2, use_bias=False)],
    "everywhere": [
        InputLayer(3),
        Dropout(0.2),
        Dense(6, "elu"),
        Dropout(0.3),
        Dense(4, "swish"),
        Dropout(0.5),
        Dense(2),
    ],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_expectation_at_its_rate(rate: float, dtype: str) -> None:
    stage = DropoutStage(rate, 50, True, 400, dtype, (np.random.default_rng(0),))
    x = np.ones((51, 400), dtype)
    output = stage.forward(x)
    dropped, kept = output[:50] == 0.0, np.unique(output[:50][output[:50] != 0.0])
    assert dropped.mean() == pytest.approx(rate, abs=0.015)
    assert kept == pytest.approx([1.0 / (1.0 - rate)])
    assert output[:50].mean() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(output[50], np.ones(400))


def make_trainer(layers: list[Layer]) -> Trainer:
    rng = np.random.default_rng(2)
    model = Sequential(layers, seed=4, dtype="float64")
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    return Trainer(model, x, y, loss="mse", optimizer=SGD(0.1), batch_size=None, seed=9, l2=0.01)


@pytest.mark.parametrize("name", STACKS)
def test_gradient_with_the_same_masks(name: str) -> None:
    """A fresh trainer with the same seed draws the same masks, so its first loss can be differenced."""
    trainer = make_trainer(STACKS[name])
    weights = trainer.model.get_weights()
    trainer.step()
    for weight, gradient in zip(weights, trainer.gradient(), strict=True):
        for index in np.ndindex(weight.shape):
            losses = []
            for shift in (H, -2 * H):
                weight[index] += shift
                twin = make_trainer(STACKS[name])
                twin.model.set_weights(weights)
                losses.append(twin.step())
            weight[index] += H
            assert gradient[index] == pytest.approx((losses[0] - losses[1]) / (2 * H), rel=1e-5, abs=1e-8)


def test_each_step_draws_new_masks() -> None:
    model = Sequential([InputLayer(3), Dense(6, "tanh"), Dropout(0.5), Dense(2)], seed=4, dtype="float64")
    x, y = np.ones((8, 3)), np.ones((8, 2))
    trainer = Trainer(model, x, y, loss="mse", optimizer=SGD(1e-12), batch_size=None)
    losses = [trainer.step() for _ in range(4)]
    assert len({round(loss, 6) for loss in losses}) == 4


def test_off_when_predicting_and_evaluating() -> None:
    with_dropout = make_trainer(STACKS["everywhere"])
    without = Sequential([layer for layer in STACKS["everywhere"] if not isinstance(layer, Dropout)], dtype="float64")
    without.set_weights(with_dropout.model.get_weights())
    x, y = np.random.default_rng(7).normal(size=(20, 3)), np.zeros((20, 2))
    np.testing.assert_array_equal(with_dropout.model.predict(x), without.predict(x))
    expected = float(np.mean(np.sum(without.predict(x) ** 2, axis=1)))
    penalty = 0.01 * sum(float(np.sum(w**2)) for w in without.get_weights() if w.ndim == 2)
    assert with_dropout.evaluate(x, y)["loss"] == pytest.approx(expected + penalty)


def test_rate_0_changes_nothing() -> None:
    plain = make_trainer([InputLayer(3), Dense(6, "tanh"), Dense(2)])
    zero = make_trainer([InputLayer(3), Dense(6, "tanh"), Dropout(0.0), Dense(2)])
    assert [plain.step() for _ in range(5)] == [zero.step() for _ in range(5)]


def test_parameters_are_views_of_one_vector() -> None:
    parameters = Parameters([(Dense(3), 2), (Dense(1, use_bias=False), 3)], "float64")
    parameters.flat[:] = np.arange(12.0)
    np.testing.assert_array_equal(parameters.kernels[0], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(parameters.biases[0], [6, 7, 8])
    np.testing.assert_array_equal(parameters.kernels[1], [[9], [10], [11]])
    assert parameters.biases[1] is None
    np.testing.assert_array_equal(parameters.kernel_mask(), [1] * 6 + [0] * 3 + [1] * 3)
