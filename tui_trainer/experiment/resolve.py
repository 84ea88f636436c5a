"""From what the target is to what the output layer and the loss are, and which choices don't go together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

from msgspec.structs import replace

from tui_trainer.errors import UserError

from .schema import ActivationName, Experiment, LossName, ModelConfig

Task = Literal["regression", "binary", "multiclass"]
ALIASES: dict[str, LossName] = {
    "sse": "sum_squared_error",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
}
MAX_PARAMETERS = 100_000_000
# The values an output can take; swish and gelu have their minimum rounded down.
RANGES: dict[str, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "swish": (-0.2785, math.inf),
    "gelu": (-0.17, math.inf),
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be predicted.

    ``outputs`` is the number of columns of y, ``classes`` their names (none for a regression), ``minimum``
    and ``maximum`` the range of y over all rows (0 and 1 for classes).
    """

    task: Task
    outputs: int
    classes: tuple[str, ...] = ()
    minimum: float = 0.0
    maximum: float = 1.0


def resolve(experiment: Experiment, target: Target, n_features: int) -> Experiment:
    """The same experiment with nothing left open: output units, output activation and loss by full name.

    ``n_features`` is the number of columns of x. Raises ExperimentError where choices don't go together.
    """
    given, loss = experiment.model.output, experiment.training.loss
    activation = given.activation or _activation(target, given.units, loss)
    units = given.units or (2 if target.task == "binary" and activation == "softmax" else target.outputs)
    activation = _plain(activation)
    loss = ALIASES.get(loss, loss) if loss is not None else _loss(target, activation)
    if loss == "logistic":
        loss = _logistic(activation)
    output = replace(given, units=units, activation=activation)
    hidden = tuple(replace(layer, activation=_plain(layer.activation)) for layer in experiment.model.layers)
    resolved = replace(
        experiment,
        model=replace(experiment.model, layers=hidden, output=output),
        training=replace(experiment.training, loss=loss),
    )
    check(resolved, target, n_features)
    return resolved


def _plain(activation: ActivationName) -> ActivationName:
    return "linear" if activation == "identity" else activation


def _activation(target: Target, units: int | None, loss: LossName | None) -> ActivationName:
    """The usual output; two units, or a loss that needs one kind of output, decide between the two."""
    if target.task == "regression":
        return "linear"
    if loss == "binary_crossentropy":
        return "sigmoid"
    two_columns = target.task == "binary" and units is not None and units > 1
    if target.task == "multiclass" or two_columns or loss == "categorical_crossentropy":
        return "softmax"
    return "sigmoid"


def _loss(target: Target, activation: ActivationName) -> LossName:
    """The usual loss: a cross-entropy where the outputs are probabilities of classes."""
    if target.task != "regression" and activation in ("sigmoid", "softmax"):
        return _logistic(activation)
    return "mean_squared_error"


def _logistic(activation: ActivationName) -> LossName:
    """The cross-entropy that fits; for other outputs than these two, ``check`` refuses it."""
    name = "categorical_crossentropy" if activation == "softmax" else "binary_crossentropy"
    return cast(LossName, name)


def check(experiment: Experiment, target: Target, n_features: int) -> None:
    """Raise ExperimentError for the first pair of choices of a resolved experiment that can't be trained."""
    _check_hidden(experiment.model)
    _check_units(experiment.model, target)
    _check_loss(experiment, target)
    _check_range(experiment.model, target)
    _check_metrics(experiment, target)
    stopping = experiment.training.early_stopping
    if stopping and stopping.monitor == "val_loss" and experiment.dataset.validation_split == 0:
        raise UserError(
            "training.early_stopping.monitor",
            "val_loss needs validation rows, but dataset.validation_split is 0; "
            "raise it or let early stopping watch the loss",
        )
    parameters = count_parameters(experiment.model, n_features)
    if parameters > MAX_PARAMETERS:
        raise UserError(
            "model",
            f"expected at most {MAX_PARAMETERS:,} parameters, got {parameters:,}; use fewer layers or units",
        )
    given = len(experiment.model.weights)
    if given not in (0, parameters):
        raise UserError(
            "model.weights",
            f"expected {parameters:,} first weights, one a parameter, got {given:,}; without any they are drawn",
        )


def count_parameters(model: ModelConfig, n_features: int) -> int:
    """Weights and biases of a model whose output units are known, for x of shape (n, n_features)."""
    total, inputs = 0, n_features
    for units, use_bias in (
        *((layer.units, layer.use_bias) for layer in model.layers),
        (model.output.units or 1, model.output.use_bias),
    ):
        total += (inputs + use_bias) * units
        inputs = units
    return total


def _check_hidden(model: ModelConfig) -> None:
    for index, layer in enumerate(model.layers):
        if layer.activation == "softmax":
            raise UserError(
                f"model.layers[{index}].activation",
                "softmax is for the output layer only; choose another activation, such as relu",
            )


def _check_units(model: ModelConfig, target: Target) -> None:
    units, activation = model.output.units, model.output.activation
    if units == 1 and activation == "softmax":
        raise UserError(
            "model.output.activation",
            "softmax with 1 unit is always 1; use sigmoid, or one unit for each class",
        )
    if units == target.outputs or (target.task == "binary" and units == 2 and activation == "softmax"):
        return
    wanted = {
        "regression": f"{target.outputs} for {target.outputs} predicted value{'s' * (target.outputs > 1)}",
        "binary": "1 for two classes, or 2 with softmax",
        "multiclass": f"{target.outputs} for {target.outputs} classes",
    }[target.task]
    raise UserError(
        "model.output.units",
        f"expected {wanted}, got {units} with {activation}; leave it empty to have it set",
    )


def _check_loss(experiment: Experiment, target: Target) -> None:
    loss, activation = experiment.training.loss or "", experiment.model.output.activation
    needed = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}.get(loss)
    if needed is None:
        return
    if target.task == "regression":
        raise UserError("training.loss", f"{loss} is for classes, but the target is a number; use mean_squared_error")
    if activation != needed:
        raise UserError(
            "training.loss",
            f"{loss} needs probabilities from a {needed} output, got {activation}; "
            f"choose {needed} for the output or mean_squared_error for the loss",
        )


def _check_metrics(experiment: Experiment, target: Target) -> None:
    training, held = experiment.training, experiment.dataset.validation_split > 0
    if training.stop_at_accuracy is not None and target.task == "regression":
        raise UserError(
            "training.stop_at_accuracy", "a number has no accuracy; use stop_at_loss, or choose a target of classes"
        )
    if training.stop_at_accuracy is not None and not held and "accuracy" not in training.metrics:
        raise UserError(
            "training.stop_at_accuracy",
            "without validation rows no accuracy is followed; raise dataset.validation_split, "
            "or put accuracy into training.metrics",
        )
    fitting = ("r2", "mae") if target.task == "regression" else ("accuracy", "per_class")
    for name in experiment.training.metrics:
        if name not in fitting:
            kind = "a number" if target.task == "regression" else "one of several classes"
            raise UserError(
                "training.metrics", f"{name} does not fit: the target is {kind}; choose {' or '.join(fitting)}"
            )


def _check_range(model: ModelConfig, target: Target) -> None:
    """A number that the output can never reach can't be learnt; class targets are 0 and 1, which all can."""
    activation = str(model.output.activation)
    low, high = RANGES.get(activation, (-math.inf, math.inf))
    if target.task != "regression" or (low <= target.minimum and target.maximum <= high):
        return
    reach = f"only from {low:g} to {high:g}" if high < math.inf else f"only from {low:g} up"
    raise UserError(
        "model.output.activation",
        f"{activation} gives values {reach}, but the target goes from {target.minimum:g} to "
        f"{target.maximum:g}; use linear",
    )
