"""Weights of samples: as if a sample came so many times, and the gradient is that of the weighted loss."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui_trainer.engine import LOSSES, SGD, Dense, InputLayer, Sequential, Trainer

RNG = np.random.default_rng(4)
X = RNG.normal(size=(12, 3))
TARGETS = {1: (RNG.random((12, 1)) > 0.5).astype(float), 3: np.eye(3)[RNG.integers(0, 3, 12)]}
WEIGHTS = np.array([0.0, 1.0, 2.0, 3.0] * 3)
CASES = [
    (loss, output)
    for loss in LOSSES
    for output in ("softmax", "sigmoid", "linear")
    if output == "softmax" or not loss.startswith("categorical")
    if output != "linear" or not loss.endswith("crossentropy")
]


def trainer(loss: str, output: str, x: np.ndarray = X, rows: object = slice(None), **options: object) -> Trainer:
    y = TARGETS[3 if output == "softmax" else 1][rows]  # type: ignore[index]
    model = Sequential([InputLayer(3), Dense(4, "tanh"), Dense(y.shape[1], output)], 1, "float64")
    return Trainer(model, x, y, loss=loss, optimizer=SGD(0.01), batch_size=None, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("loss", "output"), CASES)
def test_a_weight_is_as_good_as_so_many_copies(loss: str, output: str) -> None:
    rows = np.repeat(np.arange(12), WEIGHTS.astype(int))
    weighted = trainer(loss, output, sample_weight=WEIGHTS)
    copied = trainer(loss, output, X[rows], rows)
    scale = len(rows) / 12 if LOSSES[loss].per_sample else 1.0  # the mean is one over the samples
    assert weighted.step() == pytest.approx(scale * copied.step(), rel=1e-12)
    for ours, theirs in zip(weighted.gradient(), copied.gradient(), strict=True):
        np.testing.assert_allclose(ours, scale * theirs, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("loss", "output"), CASES)
def test_weights_of_1_change_nothing(loss: str, output: str) -> None:
    weighted, plain = trainer(loss, output, sample_weight=np.ones(12)), trainer(loss, output)
    assert weighted.step() == pytest.approx(plain.step(), rel=1e-13)
    for ours, theirs in zip(weighted.gradient(), plain.gradient(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_go_with_their_samples_in_any_order() -> None:
    shuffled = trainer("mean_squared_error", "linear", sample_weight=WEIGHTS, shuffle=True, seed=3)
    ordered = trainer("mean_squared_error", "linear", sample_weight=WEIGHTS)
    for _ in range(3):
        assert shuffled.step() == pytest.approx(ordered.step(), rel=1e-12)


def test_the_validation_part_has_no_weights() -> None:
    one = trainer("mean_squared_error", "linear", sample_weight=WEIGHTS, validation_data=(X, TARGETS[1]))
    values = one.run_epoch()
    assert values["val_loss"] == one.evaluate(X, TARGETS[1])["loss"]


@pytest.mark.parametrize(("loss", "output"), CASES)
def test_weights_of_the_validation_part_are_as_good_as_copies(loss: str, output: str) -> None:
    y = TARGETS[3 if output == "softmax" else 1]
    weighted = trainer(loss, output, validation_data=(X, y, WEIGHTS), metrics=["accuracy"], l2=0.01)
    values, penalty = weighted.run_epoch(), weighted.evaluate(X, y, np.zeros(12))["loss"]
    copies = np.repeat(np.arange(12), WEIGHTS.astype(int))
    scale = len(copies) / 12 if LOSSES[loss].per_sample else 1.0
    copied = weighted.evaluate(X[copies], y[copies])["loss"]
    assert values["val_loss"] == pytest.approx(scale * (copied - penalty) + penalty, rel=1e-12)
    assert values["val_accuracy"] == weighted.evaluate(X, y)["accuracy"], "measures know no weights"


@pytest.mark.parametrize("weights", [WEIGHTS[:5], -WEIGHTS, [math.nan] * 12, [math.inf] * 12])
def test_what_is_no_weight_is_refused(weights: object) -> None:
    with pytest.raises(ValueError, match="sample_weight must be 12 finite numbers of at least 0"):
        trainer("mean_squared_error", "linear", sample_weight=weights)
