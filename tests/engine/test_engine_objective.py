"""Whole-network gradients against central differences: every activation, loss and penalty."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tui_trainer.engine import ACTIVATIONS, LOSSES, SGD, Dense, InputLayer, Sequential, Trainer

PENALTIES = {"none": (0.0, 0.0), "l1": (0.03, 0.0), "l2": (0.0, 0.02), "both": (0.03, 0.02)}
HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]
PROBABILITIES = ["sigmoid", "softmax"]  # outputs that a cross-entropy can be taken of
H = 1e-6

OUTPUT_CASES = [
    (output, loss)
    for output, loss in product(ACTIVATIONS, LOSSES)
    if output in PROBABILITIES or not loss.endswith("crossentropy")
]


def make_trainer(hidden: str, output: str, loss: str, penalty: str, use_bias: bool = True) -> Trainer:
    """4-5-3 on 7 samples; nothing within reach of H of a kink (checked by ``assert_smooth``)."""
    rng = np.random.default_rng(5)
    model = Sequential(
        [InputLayer(4), Dense(5, hidden, use_bias=use_bias), Dense(3, output, use_bias=use_bias)],
        dtype="float64",
    )
    model.set_weights([rng.normal(0.0, 0.6, weight.shape) for weight in model.get_weights()])
    x = rng.normal(size=(7, 4))
    y = np.eye(3)[rng.integers(0, 3, 7)] if loss.endswith("crossentropy") else rng.normal(0.0, 1.5, (7, 3))
    l1, l2 = PENALTIES[penalty]
    return Trainer(model, x, y, loss=loss, optimizer=SGD(0.1), batch_size=None, l1=l1, l2=l2)


def loss_at(trainer: Trainer, weights: list[np.ndarray]) -> float:
    trainer.model.set_weights(weights)
    return trainer.step()


def numeric_gradient(trainer: Trainer, weights: list[np.ndarray]) -> list[np.ndarray]:
    gradients = []
    for weight in weights:
        gradient = np.empty_like(weight)
        for index in np.ndindex(weight.shape):
            kept = weight[index]
            weight[index] = kept + H
            above = loss_at(trainer, weights)
            weight[index] = kept - H
            below = loss_at(trainer, weights)
            weight[index] = kept
            gradient[index] = (above - below) / (2 * H)
        gradients.append(gradient)
    return gradients


def assert_gradient(trainer: Trainer) -> None:
    before = trainer.model.get_weights()
    trainer.step()
    gradients = trainer.gradient()
    numeric = numeric_gradient(trainer, before)
    for got, expected in zip(gradients, numeric, strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=1e-7)
    assert any(np.abs(gradient).max() > 1e-3 for gradient in gradients)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_gradient_is_right_for_each_hidden_activation(hidden: str, loss: str) -> None:
    output = "linear"
    if loss.endswith("crossentropy"):
        output = "softmax" if loss.startswith("cat") else "sigmoid"
    assert_gradient(make_trainer(hidden, output, loss, "none"))


@pytest.mark.parametrize(("output", "loss"), OUTPUT_CASES)
def test_the_gradient_is_right_for_each_output_activation(output: str, loss: str) -> None:
    assert_gradient(make_trainer("tanh", output, loss, "none"))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_right_with_each_penalty(loss: str, penalty: str) -> None:
    output = {"categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}.get(loss, "linear")
    assert_gradient(make_trainer("tanh", output, loss, penalty))


def test_the_gradient_is_right_without_biases() -> None:
    trainer = make_trainer("tanh", "softmax", "categorical_crossentropy", "both", use_bias=False)
    assert len(trainer.gradient()) == 2
    assert_gradient(trainer)


@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy")]
)
def test_fused_loss_is_exact_where_probabilities_round_to_zero(output: str, loss: str) -> None:
    model = Sequential([InputLayer(1), Dense(2, output, use_bias=False)], dtype="float32")
    model.set_weights([[[500.0, -500.0]]])
    trainer = Trainer(model, [[1.0]], [[0.0, 1.0]], loss=loss, optimizer=SGD(1e-3))
    # softmax: log(e^1000 + 1) - 0 = 1000; sigmoid: 500 on the first output and 500 on the second
    assert trainer.step() == pytest.approx(1000.0)
    np.testing.assert_allclose(trainer.gradient()[0], [[1.0, -1.0]])
