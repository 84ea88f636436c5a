"""Batch normalization: its formula in training and in predictions, its gradient, and what moves with the weights.

A whole run of Keras's is met in test_engine_reference.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_engine_stacked import assert_trains_alike, both_ways

from tui_trainer.engine import OPTIMIZERS, SGD, Dense, Dropout, InputLayer, Sequential, Trainer

H = 1e-6
RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))
STACKS: dict[str, list[Any]] = {
    "one": [Dense(5, "tanh", batch_norm=True), Dense(2)],
    "two, and dropout": [
        Dense(5, "elu", batch_norm=True, use_bias=False),
        Dropout(0.3),
        Dense(4, "sigmoid", l2=0.1, batch_norm=True),
        Dense(2),
    ],
    "linear": [Dense(5, batch_norm=True), Dense(4, "swish", batch_norm=True), Dense(2)],
    "frozen": [Dense(5, "tanh", batch_norm=True), Dense(4, "tanh", batch_norm=True, trainable=False), Dense(2)],
}


def trainer(layers: list[Any], batch_size: int | None = None, **options: Any) -> Trainer:
    """A trainer of a model whose gammas, betas, moving means and variances are no round numbers."""
    model = Sequential([InputLayer(3), *layers], seed=4, dtype="float64")
    rng, parameters = np.random.default_rng(7), model.parameters
    for arrays in (parameters.gammas, parameters.betas, parameters.moving_means, parameters.moving_variances):
        for array in arrays:
            if array is not None:
                array[:] = rng.uniform(0.5, 1.5, array.shape)
    options = {"optimizer": SGD(0.1), **options}
    return Trainer(model, X, Y, loss="mse", batch_size=batch_size, seed=9, **options)


@pytest.mark.parametrize("name", STACKS)
def test_the_gradient_is_the_slope_of_the_loss_of_a_batch(name: str) -> None:
    made = trainer(STACKS[name])
    flat = made.model.parameters.flat.copy()
    held = np.zeros(len(flat), bool)
    for part in made.model.parameters.held_parts:
        held[part] = True
    made.step()
    gradient = made._gradients.flat
    assert held.any() and not gradient[held].any()
    for index in np.flatnonzero(~held):
        losses = []
        for shift in (H, -H):
            twin = trainer(STACKS[name])
            twin.model.parameters.flat[:] = flat
            twin.model.parameters.flat[index] += shift
            losses.append(twin.step())
        assert gradient[index] == pytest.approx((losses[0] - losses[1]) / (2 * H), rel=1e-5, abs=1e-8)


def test_predictions_go_by_the_moving_values_and_training_moves_them() -> None:
    made = trainer(STACKS["one"])
    kernel, bias, gamma, beta, mean, variance, last, last_bias = made.model.get_weights()
    z = X @ kernel + bias
    expected = np.tanh(gamma * (z - mean) / np.sqrt(variance + 1e-3) + beta) @ last + last_bias
    np.testing.assert_allclose(made.model.predict(X), expected, rtol=1e-11)
    in_training = np.tanh(gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-3) + beta) @ last + last_bias
    assert made.step() == pytest.approx(((in_training - Y) ** 2).sum(axis=1).mean(), rel=1e-13)
    moved = made.model.get_weights()
    np.testing.assert_allclose(moved[4], 0.99 * mean + 0.01 * z.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moved[5], 0.99 * variance + 0.01 * z.var(axis=0), rtol=1e-13)
    before = made.model.parameters.flat.copy()
    made.evaluate(X, Y)
    assert np.array_equal(made.model.parameters.flat, before), "only training moves them"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_frozen_layer_is_normalized_by_its_moving_values_and_keeps_them(name: str) -> None:
    layers = [Dense(5, "tanh", batch_norm=True, trainable=False), Dense(2)]
    made = trainer(layers, optimizer=OPTIMIZERS[name](0.01))
    before, loss = made.model.get_weights(), made.evaluate(X, Y)["loss"]
    assert made.step() == pytest.approx(loss, rel=1e-13)
    for old, new in zip(before[:6], made.model.get_weights()[:6], strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_batch_of_one_sample_is_its_beta() -> None:
    made = trainer(STACKS["one"], batch_size=4)  # and the last of an epoch has one
    losses = [made.step() for _ in range(9)]
    assert np.isfinite(losses).all() and made.epochs == 3


def test_a_loss_that_is_not_finite_brings_the_moving_values_back_with_the_weights() -> None:
    made = trainer(STACKS["one"], optimizer=SGD(1e200))
    before = made.model.parameters.flat.copy()
    with pytest.raises(FloatingPointError):
        for _ in range(5):
            made.step()
    assert made.steps == 1 and np.array_equal(made.model.parameters.flat, before)


def test_training_goes_on_from_a_state_to_the_same_bits() -> None:
    straight, cut = trainer(STACKS["two, and dropout"], 4), trainer(STACKS["two, and dropout"], 4)
    for _ in range(4):
        cut.step()
    resumed = trainer(STACKS["two, and dropout"], 4)
    resumed.restore(cut.state())
    losses = [straight.step() for _ in range(9)][4:]
    assert losses == [resumed.step() for _ in range(5)]
    assert np.array_equal(straight.model.parameters.flat, resumed.model.parameters.flat)


def test_the_first_values_are_kerass_and_the_last_layer_has_none() -> None:
    weights = Sequential([InputLayer(3), *STACKS["one"]]).get_weights()
    assert [weight.shape for weight in weights] == [(3, 5), (5,), (5,), (5,), (5,), (5,), (5, 2), (2,)]
    assert [set(weight.tolist()) for weight in weights[2:6]] == [{1.0}, {0.0}, {0.0}, {1.0}]
    with pytest.raises(ValueError, match="batch normalization is for hidden layers"):
        Sequential([InputLayer(3), Dense(2, batch_norm=True)])


@given(
    width=st.integers(2, 40),
    rows=st.integers(2, 40),
    batch=st.integers(1, 45),
    count=st.integers(1, 6),
    use_bias=st.booleans(),
    trainable=st.booleans(),
    activation=st.sampled_from(["linear", "relu", "gelu", "tanh"]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS.keys() - {"lbfgs"})),
    dtype=st.sampled_from(["float32", "float64"]),
    data=st.integers(0, 2**32 - 1),
)
def test_a_stack_gives_the_very_bits_of_its_models_alone(
    width: int,
    rows: int,
    batch: int,
    count: int,
    use_bias: bool,
    trainable: bool,
    activation: str,
    optimizer: str,
    dtype: str,
    data: int,
) -> None:
    rng = np.random.default_rng(data)
    x, y = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2))

    def model(number: int) -> Sequential:
        first = Dense(width, activation, use_bias, l1=0.01, batch_norm=True)
        second = Dense(4, "tanh", batch_norm=True, trainable=trainable)
        return Sequential([InputLayer(3), first, Dropout(0.2), second, Dense(2, use_bias=use_bias)], number, dtype)

    stack, trainers = both_ways(
        model,
        lambda number: OPTIMIZERS[optimizer](0.001 * (number + 1)),
        count,
        x,
        y,
        loss="mse",
        batch_size=batch,
        shuffle=True,
        clip_norm=0.5,
        l2=[0.01 * number for number in range(count)],
        validation_data=(x[:1], y[:1]),
    )
    assert_trains_alike(stack, trainers, 2, rtol=0.0)
