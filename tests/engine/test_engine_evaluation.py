"""Losses and metrics of a fixed set of samples."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import SGD, Dense, InputLayer, Sequential, Trainer
from tui_trainer.engine.metrics import accuracy, mae, r2
from tui_trainer.engine.model import PREDICTION_ROWS


def trainer_for(output: str, units: int, loss: str, x: np.ndarray, y: np.ndarray) -> Trainer:
    model = Sequential([InputLayer(x.shape[1]), Dense(5, "tanh"), Dense(units, output)], seed=3, dtype="float64")
    return Trainer(model, x, y, loss=loss, optimizer=SGD(0.1), validation_data=(x, y))


X = np.random.default_rng(0).normal(size=(50, 2))


def test_regression_is_scored_with_r2_and_mae() -> None:
    y = np.stack([X[:, 0] + 1.0, X[:, 1] * X[:, 0]], axis=1)
    trainer = trainer_for("linear", 2, "mse", X, y)
    p, scores = trainer.model.predict(X), trainer.evaluate(X, y)
    assert set(scores) == {"loss", "r2", "mae"}
    assert scores["loss"] == pytest.approx(np.mean(np.sum((p - y) ** 2, axis=1)))
    assert scores["mae"] == pytest.approx(np.mean(np.abs(p - y)))
    each = 1.0 - np.sum((p - y) ** 2, axis=0) / np.sum((y - y.mean(axis=0)) ** 2, axis=0)
    assert scores["r2"] == pytest.approx(each.mean())  # as scikit-learn's r2_score


def test_classification_is_scored_with_accuracy() -> None:
    y = np.eye(3)[np.arange(50) % 3]
    trainer = trainer_for("softmax", 3, "logistic", X, y)
    p, scores = trainer.model.predict(X), trainer.evaluate(X, y)
    assert set(scores) == {"loss", "accuracy"}
    assert scores["accuracy"] == np.mean(p.argmax(axis=1) == y.argmax(axis=1))
    assert scores["loss"] == pytest.approx(-np.mean(np.log(p[y == 1.0])))


def test_one_output_is_cut_at_a_half() -> None:
    y = (X[:, :1] > 0.0).astype(float)
    trainer = trainer_for("sigmoid", 1, "logistic", X, y)
    assert trainer.evaluate(X, y)["accuracy"] == np.mean((trainer.model.predict(X) >= 0.5) == (y == 1.0))


def test_metric_functions_return_their_textbook_values() -> None:
    y = np.array([[1.0, 2.0, 3.0, 4.0]])
    assert r2(y, y) == 1.0
    assert r2(np.full_like(y, 2.5), y) == 0.0
    assert np.isnan(r2(y, np.ones_like(y)))
    assert mae(y + 0.5, y) == 0.5
    assert accuracy(np.array([[0.5, 0.6, 0.9]]), np.array([[1.0, 1.0, 1.0]])) == pytest.approx(2 / 3)


def test_validation_values_are_of_the_end_of_the_epoch() -> None:
    y = X[:, :1]
    trainer = trainer_for("linear", 1, "mse", X, y)
    logs = trainer.run_epoch()
    after = trainer.evaluate(X, y)
    assert list(logs) == ["loss", "val_loss", "val_r2", "val_mae"]
    assert {name: logs[f"val_{name}"] for name in after} == after
    assert logs["loss"] > logs["val_loss"]


@pytest.mark.parametrize("loss", ["sse", "mse"])
def test_many_rows_are_evaluated_piece_by_piece(loss: str) -> None:
    x = np.random.default_rng(1).normal(size=(PREDICTION_ROWS + 100, 2))
    y = x[:, :1]
    trainer = trainer_for("linear", 1, loss, x, y)
    squares = (trainer.model.predict(x) - y) ** 2
    expected = float(squares.sum() if loss == "sse" else squares.mean())
    assert trainer.evaluate(x, y)["loss"] == pytest.approx(expected, rel=1e-12)


def test_evaluating_changes_nothing() -> None:
    y = X[:, :1]
    one, other = (trainer_for("linear", 1, "mse", X, y) for _ in range(2))
    one.step(), other.step()
    other.evaluate(X[:7], y[:7])
    assert one.step() == other.step()
