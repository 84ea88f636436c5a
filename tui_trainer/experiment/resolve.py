"""Infers the output layer and the loss of an experiment from its target, and checks that its choices fit together.

Each check raises one sentence that says what conflicts and what to do about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted
from tui_trainer.measures import BY_CLASS, MEASURES, USUAL, measure_of, name_of

from .schema import ActivationName, Experiment, LossName, MetricName, ModelConfig, TrainingConfig

Task = Literal["regression", "binary", "multiclass"]
ALIASES: dict[str, LossName] = {"sse": "sum_squared_error", "mse": "mean_squared_error", "mae": "mean_absolute_error"}
MAX_PARAMETERS = 100_000_000
NORM_PARAMETERS = 4  # of a unit with batch normalization, as in the engine
# The range of an output; the minima of swish and gelu are rounded down.
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
    """The facts about the target that the network depends on.

    ``outputs`` is the number of columns of y, ``classes`` their names (none for a regression), ``minimum``
    and ``maximum`` the range of y over all rows (0 and 1 for classes).
    """

    task: Task
    outputs: int
    classes: tuple[str, ...] = ()
    minimum: float = 0.0
    maximum: float = 1.0


def resolve(experiment: Experiment, target: Target, n_features: int) -> Experiment:
    """Return the experiment with output units, output activation and loss filled in, by their full names.

    ``n_features`` is the number of columns of x. Raises UserError if choices conflict.
    """
    requested, loss = experiment.model.output, experiment.training.loss
    activation = requested.activation or _activation(target, requested.units, loss)
    units = requested.units or (2 if target.task == "binary" and activation == "softmax" else target.outputs)
    activation = _canonical(activation)
    loss = ALIASES.get(loss, loss) if loss is not None else _loss(target, activation)
    if loss == "logistic":
        loss = _logistic(activation)
    output = replace(requested, units=units, activation=activation)
    hidden = tuple(replace(layer, activation=_canonical(layer.activation)) for layer in experiment.model.layers)
    resolved = replace(
        experiment,
        model=replace(experiment.model, layers=hidden, output=output),
        training=replace(experiment.training, loss=loss, class_weight=_class_weight(experiment, target)),
    )
    check(resolved, target, n_features)
    return replace(resolved, training=measuring(resolved.training, *watched_measures(resolved.training).values()))


def _class_weight(experiment: Experiment, target: Target) -> Literal["balanced"] | dict[str, float] | None:
    """Return the weights of all classes in their order; raise UserError for weights that no class has."""
    weights = experiment.training.class_weight
    if weights is not None and not target.classes:
        raise UserError("training.class_weight", "the target is a number, which has no classes; leave class_weight out")
    if not isinstance(weights, dict):
        return weights
    unknown = next((name for name in weights if name not in target.classes), None)
    if unknown is not None:
        names = ", ".join(map(quoted, target.classes[:20]))
        raise UserError("training.class_weight", f"there is no class {quoted(unknown)}; the classes are: {names}")
    if not any(weights.get(name, 1.0) for name in target.classes):
        raise UserError("training.class_weight", "all weights are 0, so nothing would be learned; raise one of them")
    return {name: float(weights.get(name, 1.0)) for name in target.classes}


def watched_measures(training: TrainingConfig) -> dict[str, str]:
    """Return the measures that the rules of a run look at, by the fields that name them."""
    stopping, best = training.early_stopping, training.best_epoch_by
    watched = {} if stopping is None else {"training.early_stopping.monitor": stopping.monitor}
    return watched if best is None else {**watched, "training.best_epoch_by": best}


def measuring(training: TrainingConfig, *measures: str) -> TrainingConfig:
    """Return ``training`` with the metrics that it takes to have ``measures``, as ``val_f1``, after each epoch."""
    classes, numbers = USUAL["classes"], USUAL["numbers"]
    if training.loss is not None:
        classes, numbers = (classes, ()) if training.loss.endswith("crossentropy") else ((), numbers)
    metric_of = {values: metric for metric, values in BY_CLASS.items()}
    metrics = list(training.metrics)
    for measure in measures:
        name = name_of(measure)
        is_usual = name == "loss" or (measure.startswith("val_") and name in (*classes, *numbers))
        if not is_usual and (metric := metric_of.get(name, name)) not in metrics:
            metrics.append(cast(MetricName, metric))
    return replace(training, metrics=tuple(metrics))


def _canonical(activation: ActivationName) -> ActivationName:
    return "linear" if activation == "identity" else activation


def _activation(target: Target, units: int | None, loss: LossName | None) -> ActivationName:
    """Return the default output activation; for two classes it depends on the units and on the loss."""
    if target.task == "regression":
        return "linear"
    if loss == "binary_crossentropy":
        return "sigmoid"
    two_columns = target.task == "binary" and units is not None and units > 1
    if target.task == "multiclass" or two_columns or loss == "categorical_crossentropy":
        return "softmax"
    return "sigmoid"


def _loss(target: Target, activation: ActivationName) -> LossName:
    """Return the default loss: a cross-entropy if the outputs are probabilities of classes."""
    if target.task != "regression" and activation in ("sigmoid", "softmax"):
        return _logistic(activation)
    return "mean_squared_error"


def _logistic(activation: ActivationName) -> LossName:
    """Return the cross-entropy for the activation; ``check`` rejects other outputs than sigmoid and softmax."""
    name = "categorical_crossentropy" if activation == "softmax" else "binary_crossentropy"
    return cast(LossName, name)


def check(experiment: Experiment, target: Target, n_features: int) -> None:
    """Raise UserError for the first conflict between choices of a resolved experiment."""
    _check_hidden(experiment.model)
    _check_layers(experiment.model)
    _check_units(experiment.model, target)
    _check_loss(experiment, target)
    _check_range(experiment.model, target)
    _check_metrics(experiment, target)
    for field, measure in watched_measures(experiment.training).items():
        _check_measure(field, measure, experiment, target)
    if not experiment.dataset.has_validation:
        check_without_validation(experiment.training)
    _check_rate_and_gradient(experiment)
    if experiment.training.optimizer.name == "lbfgs":
        _check_line_search(experiment)
    parameters = count_parameters(experiment.model, n_features)
    if parameters > MAX_PARAMETERS:
        raise UserError(
            "model", f"expected at most {MAX_PARAMETERS:,} parameters, got {parameters:,}; use fewer layers or units"
        )
    count = len(experiment.model.weights)
    if count not in (0, parameters):
        raise UserError(
            "model.weights",
            f"expected {parameters:,} initial weights, one per parameter, got {count:,}; leave them out to draw them",
        )


def count_parameters(model: ModelConfig, n_features: int) -> int:
    """Return the number of parameters of a model with known output units and ``n_features`` inputs."""
    total, inputs = 0, n_features
    for units, use_bias, batch_norm in (
        *((layer.units, layer.use_bias, layer.batch_norm) for layer in model.layers),
        (model.output.units or 1, model.output.use_bias, False),
    ):
        total += (inputs + use_bias + NORM_PARAMETERS * batch_norm) * units
        inputs = units
    return total


def _check_hidden(model: ModelConfig) -> None:
    for index, layer in enumerate(model.layers):
        if layer.activation == "softmax":
            raise UserError(
                f"model.layers[{index}].activation",
                "softmax is for the output layer only; choose another activation, such as relu",
            )


def _check_layers(model: ModelConfig) -> None:
    """Check that a scale has something to scale, and that training has a layer to change."""
    paths = [f"model.layers[{index}]" for index in range(len(model.layers))]
    for path, layer in zip((*paths, "model.output"), model.all_layers, strict=True):
        if layer.initializer in ("zeros", "ones") and layer.initializer_scale != 1.0:
            raise UserError(
                f"{path}.initializer_scale",
                f"expected 1 with the initializer {layer.initializer}, whose values have no variance to multiply, "
                f"got {layer.initializer_scale:g}; choose a random initializer, such as he_normal",
            )
    if not any(layer.trainable for layer in model.all_layers):
        raise UserError(
            "model.output.trainable", "no layer is trainable, so nothing would be learned; let one be trainable"
        )


def _check_units(model: ModelConfig, target: Target) -> None:
    units, activation = model.output.units, model.output.activation
    if units == 1 and activation == "softmax":
        raise UserError(
            "model.output.activation", "softmax with 1 unit is always 1; use sigmoid, or one unit for each class"
        )
    if units == target.outputs or (target.task == "binary" and units == 2 and activation == "softmax"):
        return
    needed = {
        "regression": f"{target.outputs} for {target.outputs} predicted value{'s' * (target.outputs > 1)}",
        "binary": "1 for two classes, or 2 with softmax",
        "multiclass": f"{target.outputs} for {target.outputs} classes",
    }[target.task]
    raise UserError(
        "model.output.units", f"expected {needed}, got {units} with {activation}; leave it empty to have it set"
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
    training = experiment.training
    if training.stop_at_accuracy is not None and target.task == "regression":
        raise UserError(
            "training.stop_at_accuracy", "a number has no accuracy; use stop_at_loss, or choose a target with classes"
        )
    suitable = suitable_metrics(target.task)
    for name in training.metrics:
        if name not in suitable:
            kind = "a number" if target.task == "regression" else "one of several classes"
            raise UserError(
                "training.metrics", f"{name} does not fit: the target is {kind}; choose from {', '.join(suitable)}"
            )
        _check_probabilities("training.metrics", name, experiment.model)


def check_without_validation(training: TrainingConfig) -> None:
    """Raise UserError if a run without validation rows would look at a measure of them."""
    if training.stop_at_accuracy is not None and "accuracy" not in training.metrics:
        raise UserError(
            "training.stop_at_accuracy",
            "no accuracy is measured without validation rows; raise dataset.validation_split, "
            "or add accuracy to training.metrics",
        )
    for field, measure in watched_measures(training).items():
        if measure.startswith("val_"):
            remedy = f"raise it or let it be {name_of(measure)}"
            raise UserError(field, f"{measure} needs validation rows, but dataset.validation_split is 0; {remedy}")


def suitable_metrics(task: Task) -> tuple[str, ...]:
    """Return the names of the metrics that fit a target."""
    kind = "numbers" if task == "regression" else "classes"
    names = [name for name, one in MEASURES.items() if one.of == kind and not one.by_class]
    return (*names, *(name for name, of in BY_CLASS.items() if MEASURES[of].of == kind))


def suitable_measures(experiment: Experiment, task: Task) -> tuple[str, ...]:
    """Return the measures of one value that a resolved experiment has for a target."""
    names = ("loss", *(name for name in suitable_metrics(task) if name not in BY_CLASS))
    return tuple(name for name in names if not MEASURES[name].probabilities or _has_probabilities(experiment.model))


def _check_measure(field: str, measure: str, experiment: Experiment, target: Target) -> None:
    """Check that a run will have this measure after each epoch."""
    name, known = name_of(measure), measure_of(measure)
    suitable = [one for one in ("loss", *suitable_metrics(target.task)) if one not in BY_CLASS]
    if known is None or name not in suitable or "[" in measure:
        expected = f"expected one of {', '.join(suitable)}, with val_ before it for the validation part"
        raise UserError(field, f"{expected}; got {quoted(measure)}")
    _check_probabilities(field, name, experiment.model)


def _check_probabilities(field: str, name: str, model: ModelConfig) -> None:
    """Check that a measure of probabilities has them: one output of sigmoid, or those of softmax."""
    output = model.output
    if name in MEASURES and MEASURES[name].probabilities and not _has_probabilities(model):
        reason = f"{name} needs probabilities, but the outputs are those of {output.activation}"
        raise UserError(field, f"{reason}; choose {'sigmoid' if output.units == 1 else 'softmax'} for the output")


def _has_probabilities(model: ModelConfig) -> bool:
    """Return whether the outputs are probabilities: those of softmax, or of one sigmoid unit."""
    output = model.output
    return output.activation == "softmax" or (output.activation == "sigmoid" and output.units == 1)


def _check_rate_and_gradient(experiment: Experiment) -> None:
    training = experiment.training
    if training.clip_norm is not None and training.clip_value is not None:
        raise UserError(
            "training.clip_value", "gradients are clipped by clip_norm or by clip_value, not by both; leave one out"
        )
    schedule = training.schedule
    if schedule.name == "one_cycle" and schedule.warmup_epochs:
        raise UserError(
            "training.schedule.warmup_epochs", "one_cycle begins with a warm-up of its own; set warmup_epochs to 0"
        )


def _check_line_search(experiment: Experiment) -> None:
    """Check that all evaluations in a step of L-BFGS are of one function, whose minimum the line search looks for."""
    model, training = experiment.model, experiment.training
    if training.batch_size != "full":
        reason = f"lbfgs compares losses of the same rows: expected full, got {training.batch_size}"
        raise UserError("training.batch_size", f"{reason}; set it to full, or choose another optimizer, such as adam")
    dropouts = {"model.input_dropout": model.input_dropout}
    dropouts |= {f"model.layers[{index}].dropout": layer.dropout for index, layer in enumerate(model.layers)}
    for path, rate in dropouts.items():
        if rate:
            reason = f"lbfgs compares losses of the same network: expected 0, got {rate:g}"
            raise UserError(path, f"{reason}; set it to 0, or choose another optimizer, such as adam")
    for index, layer in enumerate(model.layers):
        if layer.batch_norm and layer.trainable:
            reason = "the moving mean and variance follow over hundreds of steps, and lbfgs takes few"
            raise UserError(f"model.layers[{index}].batch_norm", f"{reason}; turn it off, or choose adam")
    for path, limit in (("training.clip_norm", training.clip_norm), ("training.clip_value", training.clip_value)):
        if limit is not None:
            raise UserError(path, "the line search of lbfgs needs the whole gradient; leave the limit out")
    if not training.schedule.is_constant:
        where = "training.schedule." + ("warmup_epochs" if training.schedule.name == "constant" else "name")
        raise UserError(where, "lbfgs finds the length of each step itself; leave the schedule out")


def _check_range(model: ModelConfig, target: Target) -> None:
    """Check that the output can reach the target of a regression; classes are 0 and 1, which all can."""
    activation = str(model.output.activation)
    low, high = RANGES.get(activation, (-math.inf, math.inf))
    if target.task != "regression" or (low <= target.minimum and target.maximum <= high):
        return
    reachable = f"only from {low:g} to {high:g}" if high < math.inf else f"only from {low:g} up"
    raise UserError(
        "model.output.activation",
        f"{activation} gives values {reachable}, but the target ranges from {target.minimum:g} to "
        f"{target.maximum:g}; use linear",
    )
