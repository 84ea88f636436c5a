"""The loss of every sample by itself adds up to the loss that is trained on."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import LOSSES, SGD, Dense, InputLayer, Sequential, Trainer
from tui_trainer.engine.losses import SINGLE
from tui_trainer.engine.model import PREDICTION_ROWS
from tui_trainer.engine.objective import FUSED
from tui_trainer.engine.sample_losses import FROM_Z, SampleLosses, each_loss

RNG = np.random.default_rng(1)
P = RNG.uniform(0.01, 0.99, (3, 40))
Y = np.eye(3)[RNG.integers(0, 3, 40)].T


@pytest.mark.parametrize("name", LOSSES)
def test_the_terms_add_up_to_the_loss(name: str) -> None:
    for a in (P, 4.0 * P - 2.0):  # the second goes beyond huber's delta, and beyond probabilities
        summed = LOSSES[name].value_and_gradient(a, Y, np.empty_like(a), np.empty_like(a), SINGLE)
        assert each_loss(name, a, Y).shape == (40,)
        assert each_loss(name, a, Y).sum() == pytest.approx(summed, rel=1e-12)


def test_what_a_step_takes_from_z_is_taken_from_z_here_too() -> None:
    assert FROM_Z.keys() == FUSED.keys()


@pytest.mark.parametrize(
    ("output", "units", "loss"),
    [
        ("linear", 1, "mse"),
        ("tanh", 2, "huber"),
        ("gelu", 1, "mae"),
        ("softmax", 3, "logistic"),
        ("softmax", 3, "mse"),
        ("sigmoid", 1, "logistic"),
    ],
)
def test_the_mean_is_what_the_trainer_says(output: str, units: int, loss: str) -> None:
    x = RNG.normal(size=(PREDICTION_ROWS + 5, 2))  # more than one pass
    y = np.eye(3)[:, :units][RNG.integers(0, 3, len(x))]
    model = Sequential([InputLayer(2), Dense(5, "tanh"), Dense(units, output)], seed=3, dtype="float64")
    trainer = Trainer(model, x, y, loss=loss, optimizer=SGD(0.1))
    samples = SampleLosses(model, x, y, trainer.loss)
    for _ in range(2):  # at the weights as they are then
        samples.update()
        np.testing.assert_allclose(samples.outputs.T, model.predict(x), rtol=1e-14)
        assert samples.losses.mean() == pytest.approx(trainer.evaluate(x, y)["loss"], rel=1e-12)
        trainer.run_epoch()


def test_far_wrong_is_finite_and_exact() -> None:
    """At z = -200 the probability rounds to 0 in float32; its logarithm does not."""
    model = Sequential([InputLayer(1), Dense(1, "sigmoid", use_bias=False)])
    model.set_weights([[[-200.0]]])
    x, y = np.ones((1, 1)), np.ones((1, 1))
    samples = SampleLosses(model, x, y, LOSSES["binary_crossentropy"])
    samples.update()
    assert samples.losses.tolist() == [200.0]


def test_looking_does_not_change_the_next_step() -> None:
    x, y = RNG.normal(size=(20, 2)), RNG.normal(size=(20, 1))
    losses = []
    for looks in (False, True):
        model = Sequential([InputLayer(2), Dense(4, "relu"), Dense(1)], seed=1)
        trainer = Trainer(model, x, y, loss="mse", optimizer=SGD(0.1), batch_size=20)
        samples = SampleLosses(model, x, y, trainer.loss)
        for _ in range(3):
            losses.append(trainer.step())
            if looks:
                samples.update()
    assert losses[:3] == losses[3:]
