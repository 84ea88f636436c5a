"""Options of single layers: penalties of their own, layers that are not trained, and the scale of the first weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_trainer.engine import OPTIMIZERS, SGD, Dense, InputLayer, Sequential, Trainer, summarize

H = 1e-6
RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))


def trainer(layers: list[Dense], optimizer: Any = None, **options: Any) -> Trainer:
    model = Sequential([InputLayer(3), *layers], seed=1, dtype="float64")
    return Trainer(model, X, Y, loss="mse", optimizer=optimizer or SGD(0.1), batch_size=None, **options)


def test_a_layer_has_its_own_penalty_in_place_of_that_of_the_training() -> None:
    own = [Dense(4, "tanh", l1=0.1), Dense(3, "tanh", l2=0.0), Dense(2, l1=0.0, l2=0.5)]
    with_own = trainer(own, l1=0.01, l2=0.2)
    first, second, third = with_own.model.parameters.kernels
    penalty = 0.1 * np.abs(first).sum() + 0.2 * (first**2).sum() + 0.01 * np.abs(second).sum() + 0.5 * (third**2).sum()
    without = trainer([Dense(4, "tanh"), Dense(3, "tanh"), Dense(2)]).evaluate(X, Y)["loss"]
    assert with_own.evaluate(X, Y)["loss"] == pytest.approx(without + penalty, rel=1e-14)
    assert with_own.step() == pytest.approx(without + penalty, rel=1e-14)


def test_the_gradient_of_penalties_by_layer_is_the_slope() -> None:
    layers = [Dense(4, "tanh", l1=0.1), Dense(3, "tanh", l2=0.3, trainable=False), Dense(2, l2=0.0)]
    made = trainer(layers, l1=0.02, l2=0.1)
    weights = made.model.get_weights()
    made.step()
    for number, (weight, gradient) in enumerate(zip(weights, made.gradient(), strict=True)):
        for index in np.ndindex(weight.shape):
            losses = []
            for shift in (H, -2 * H):
                weight[index] += shift
                twin = trainer(layers, l1=0.02, l2=0.1)
                twin.model.set_weights(weights)
                losses.append(twin.step())
            weight[index] += H
            slope = (losses[0] - losses[1]) / (2 * H) if number not in (2, 3) else 0.0
            assert gradient[index] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_the_penalty_of_the_training_given_to_each_layer_is_the_same_run() -> None:
    by_layer = trainer([Dense(4, "tanh", l1=0.01, l2=0.1), Dense(2, l1=0.01, l2=0.1)])
    of_all = trainer([Dense(4, "tanh"), Dense(2)], l1=0.01, l2=0.1)
    for _ in range(20):
        assert by_layer.step() == pytest.approx(of_all.step(), rel=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_optimizer_changes_a_layer_that_is_not_trainable(name: str) -> None:
    """Neither by its memory nor by a decay of all weights."""
    made = trainer([Dense(4, "tanh"), Dense(3, "tanh", trainable=False), Dense(2)], OPTIMIZERS[name](0.05), l2=0.1)
    before = made.model.get_weights()
    for _ in range(5):
        made.step()
    for number, (old, new) in enumerate(zip(before, made.model.get_weights(), strict=True)):
        assert np.array_equal(old, new) == (number in (2, 3))


def test_the_length_of_a_gradient_is_that_of_the_layers_that_are_trained() -> None:
    made = trainer([Dense(4, "tanh", trainable=False), Dense(2)], clip_norm=1e-3)
    made.step()
    assert np.sqrt(sum((part**2).sum() for part in made.gradient()[2:])) == pytest.approx(1e-3)


def test_a_frozen_layer_counts_as_not_trainable() -> None:
    summary = summarize([InputLayer(3), Dense(4, trainable=False), Dense(2)], 4)
    assert (summary.params, summary.trainable) == (26, 10)
    table = Sequential([InputLayer(3), Dense(4, trainable=False), Dense(2)]).summary("book")
    assert table.endswith(
        "Total params: 26 (104.00 Byte)\nTrainable params: 10 (40.00 Byte)\n"
        f"Non-trainable params: 16 (64.00 Byte)\n{'_' * 65}"
    )


@pytest.mark.parametrize("initializer", ["he_normal", "glorot_uniform", "random_normal"])
def test_the_scale_multiplies_the_variance_of_the_first_weights(initializer: str) -> None:
    usual, scaled = (
        Sequential([InputLayer(3), Dense(4, kernel_initializer=initializer, initializer_scale=scale)], dtype="float64")
        for scale in (1.0, 9.0)
    )
    np.testing.assert_allclose(scaled.parameters.kernels[0], 3.0 * usual.parameters.kernels[0], rtol=1e-15)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"l1": -0.1}, "l1 must be a finite number of at least 0, got -0.1"),
        ({"l2": float("inf")}, "l2 must be a finite number of at least 0, got inf"),
        ({"initializer_scale": 0.0}, "initializer_scale must be a finite number above 0, got 0.0"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Dense(2, **options)  # type: ignore[arg-type]
