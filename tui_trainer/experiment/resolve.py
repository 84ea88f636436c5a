"""From what the target is to what the output layer and the loss are, and which choices don't go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from msgspec.structs import replace

from .compatibility import check
from .schema import ActivationName, Experiment, LossName

Task = Literal["regression", "binary", "multiclass"]
ALIASES: dict[str, LossName] = {
    "sse": "sum_squared_error",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
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
