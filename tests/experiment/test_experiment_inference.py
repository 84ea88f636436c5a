"""What is inferred from the target, and which choices are refused."""

from __future__ import annotations

import pytest

from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import Target, count_parameters, resolve
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads

REGRESSION = Target("regression", 1, (), 5.0, 50.0)
BINARY = Target("binary", 1, ("no", "yes"))
THREE = Target("multiclass", 3, ("a", "b", "c"))
TARGETS = {"regression": REGRESSION, "binary": BINARY, "multiclass": THREE}


def chosen(experiment: Experiment) -> tuple[int | None, str | None, str | None]:
    output = experiment.model.output
    return output.units, output.activation, experiment.training.loss


@pytest.mark.parametrize(
    ("task", "text", "expected"),
    [
        ("regression", "", (1, "linear", "mean_squared_error")),
        ("binary", "", (1, "sigmoid", "binary_crossentropy")),
        ("multiclass", "", (3, "softmax", "categorical_crossentropy")),
        (
            "regression",
            "model.output.activation='identity'\ntraining.loss='sse'",
            (1, "linear", "sum_squared_error"),
        ),
        ("regression", "model.output.activation='relu'", (1, "relu", "mean_squared_error")),
        ("regression", "training.loss='mae'", (1, "linear", "mean_absolute_error")),
        ("binary", "model.output.units=2", (2, "softmax", "categorical_crossentropy")),
        ("binary", "model.output.activation='softmax'", (2, "softmax", "categorical_crossentropy")),
        ("binary", "training.loss='logistic'", (1, "sigmoid", "binary_crossentropy")),
        ("binary", "training.loss='categorical_crossentropy'", (2, "softmax", "categorical_crossentropy")),
        ("binary", "training.loss='mse'", (1, "sigmoid", "mean_squared_error")),
        ("binary", "model.output.activation='linear'", (1, "linear", "mean_squared_error")),
        ("multiclass", "training.loss='logistic'", (3, "softmax", "categorical_crossentropy")),
        ("multiclass", "training.loss='mse'", (3, "softmax", "mean_squared_error")),
        ("multiclass", "model.output.activation='sigmoid'", (3, "sigmoid", "binary_crossentropy")),
        ("multiclass", "training.loss='binary_crossentropy'", (3, "sigmoid", "binary_crossentropy")),
    ],
)
def test_what_is_inferred(task: str, text: str, expected: tuple[int, str, str]) -> None:
    resolved = resolve(loads(text), TARGETS[task], n_features=4)
    assert chosen(resolved) == expected
    assert resolve(resolved, TARGETS[task], n_features=4) == resolved


@pytest.mark.parametrize(
    ("task", "text", "field", "reason"),
    [
        ("binary", "model.output={units=1, activation='softmax'}", "model.output.activation", "is always 1"),
        ("regression", "model.output.activation='softmax'", "model.output.activation", "is always 1"),
        (
            "binary",
            "model.layers=[{activation='softmax'}]",
            "model.layers[0].activation",
            "output layer only",
        ),
        (
            "regression",
            "model.output.units=2",
            "model.output.units",
            "expected 1 for 1 predicted value, got 2",
        ),
        ("binary", "model.output.units=3", "model.output.units", "expected 1 for two classes, or 2"),
        ("binary", "model.output={units=2, activation='sigmoid'}", "model.output.units", "or 2 with softmax"),
        ("multiclass", "model.output.units=1", "model.output.activation", "is always 1"),
        ("multiclass", "model.output.units=4", "model.output.units", "expected 3 for 3 classes, got 4"),
        ("regression", "training.loss='logistic'", "training.loss", "the target is a number"),
        ("regression", "training.loss='categorical_crossentropy'", "training.loss", "the target is a number"),
        (
            "binary",
            "model.output.activation='tanh'\ntraining.loss='binary_crossentropy'",
            "training.loss",
            "needs probabilities from a sigmoid output, got tanh",
        ),
        (
            "binary",
            "model.output.activation='linear'\ntraining.loss='logistic'",
            "training.loss",
            "needs probabilities",
        ),
        (
            "multiclass",
            "model.output.activation='sigmoid'\ntraining.loss='categorical_crossentropy'",
            "training.loss",
            "needs probabilities from a softmax output",
        ),
        (
            "regression",
            "model.output.activation='sigmoid'",
            "model.output.activation",
            "sigmoid gives values only from 0 to 1, but the target ranges from 5 to 50; use linear",
        ),
        ("regression", "model.output.activation='tanh'", "model.output.activation", "only from -1 to 1"),
        (
            "regression",
            "dataset.validation_split=0.0\ntraining.early_stopping.monitor='val_loss'",
            "training.early_stopping.monitor",
            "val_loss needs validation rows",
        ),
        (
            "regression",
            "dataset.validation_split=0.0\ntraining.best_epoch_by='val_rmse'",
            "training.best_epoch_by",
            "val_rmse needs validation rows, but dataset.validation_split is 0; raise it or let it be rmse",
        ),
        ("regression", "training.best_epoch_by='val_f1'", "training.best_epoch_by", "expected one of loss, r2, rmse, "),
        ("binary", "training.early_stopping.monitor='f2'", "training.early_stopping.monitor", "got 'f2'"),
        ("binary", "training.best_epoch_by='recall[0]'", "training.best_epoch_by", "got 'recall[0]'"),
        (
            "binary",
            "training.metrics=['brier']\nmodel.output.activation='tanh'",
            "training.metrics",
            "brier needs probabilities, but the outputs are those of tanh; choose sigmoid for the output",
        ),
        (
            "multiclass",
            "training.best_epoch_by='log_loss'\nmodel.output.activation='sigmoid'\ntraining.loss='mse'",
            "training.best_epoch_by",
            "choose softmax for the output",
        ),
        (
            "regression",
            "model.layers=[{units=65536}, {units=65536}]",
            "model",
            "expected at most 100,000,000 parameters, got 4,295,426,049",
        ),
    ],
)
def test_what_is_refused(task: str, text: str, field: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve(loads(text), TARGETS[task], n_features=4)
    assert caught.value.field == field
    assert reason in caught.value.reason


@pytest.mark.parametrize("activation", ["relu", "softplus", "elu", "swish", "gelu"])
def test_negative_targets_need_an_output_that_reaches_them(activation: str) -> None:
    target = Target("regression", 1, (), -2.0, 3.0)
    with pytest.raises(UserError, match=r"up, but the target ranges from -2 to 3; use linear"):
        resolve(loads(f"model.output.activation='{activation}'"), target, n_features=1)


def test_early_stopping_on_the_loss_needs_no_validation() -> None:
    text = "dataset.validation_split=0.0\ntraining.early_stopping.monitor='loss'"
    assert resolve(loads(text), REGRESSION, n_features=1).training.loss == "mean_squared_error"


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("training.best_epoch_by='val_f1'", ("f1",)),
        ("training.best_epoch_by='val_accuracy'", ()),  # which is there in any case
        ("training.best_epoch_by='accuracy'", ("accuracy",)),  # of the training part, which costs a pass
        ("training={metrics=['f1'], best_epoch_by='f1', early_stopping={monitor='val_brier'}}", ("f1", "brier")),
    ],
)
def test_a_measure_that_a_rule_looks_at_is_taken(text: str, metrics: tuple[str, ...]) -> None:
    assert resolve(loads(text), TARGETS["binary"], n_features=4).training.metrics == metrics


def test_hidden_identity_becomes_linear() -> None:
    resolved = resolve(loads("model.layers=[{activation='identity'}]"), REGRESSION, n_features=1)
    assert resolved.model.layers[0].activation == "linear"


def test_parameters_are_counted_as_keras_does() -> None:
    model = resolve(loads("model.layers=[{units=20}]"), THREE, n_features=10).model
    assert count_parameters(model, 10) == 283
