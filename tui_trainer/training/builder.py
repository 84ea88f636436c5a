"""Builds a trainer from an experiment, and scores a network: the one place where names become engine objects."""

from __future__ import annotations

import numpy as np

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.split import Split, TargetScale
from tui_trainer.engine import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    Dense,
    Dropout,
    EarlyStopping,
    InputLayer,
    Optimizer,
    RMSprop,
    Sequential,
    Trainer,
)
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.metrics import Evaluation
from tui_trainer.engine.objective import Penalty
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment, TrainingConfig

from .series import Array


def build_model(experiment: Experiment, n_features: int) -> Sequential:
    """Return the model of a resolved ``experiment`` for ``n_features`` inputs, with its initial weights."""
    layers: list[InputLayer | Dense | Dropout] = [InputLayer(n_features)]
    for config in experiment.model.layers:
        layers.append(Dense(config.units, config.activation, config.use_bias, config.initializer))
        if config.dropout:
            layers.append(Dropout(config.dropout))
    output = experiment.model.output
    assert output.units is not None and output.activation is not None, "resolve the experiment first"
    layers.append(Dense(output.units, output.activation, output.use_bias, output.initializer))
    model = Sequential(layers, seed=experiment.model.seed, dtype=experiment.model.dtype)
    if experiment.model.weights:
        model.parameters.flat[:] = experiment.model.weights
    return model


def build_optimizer(training: TrainingConfig) -> Optimizer:
    """Return the optimizer with its constants; those of other optimizers are ignored."""
    config, rate = training.optimizer, training.learning_rate
    kind = OPTIMIZERS[config.name]
    if kind is SGD:
        if config.nesterov and not config.momentum:
            reason = "expected a momentum above 0 for Nesterov's method, got 0; raise it or turn nesterov off"
            raise UserError("training.optimizer.momentum", reason)
        return SGD(rate, config.momentum, config.nesterov)
    if kind is RMSprop:
        return RMSprop(rate, config.rho, config.epsilon)
    if kind is Adagrad:
        return Adagrad(rate, config.epsilon)
    return Adam(rate, config.beta_1, config.beta_2, config.epsilon)


def build_trainer(experiment: Experiment, dataset: Dataset, split: Split) -> Trainer:
    """Return a trainer at the first step of a resolved ``experiment``; raise UserError if the data do not fit."""
    training = experiment.training
    assert training.loss is not None, "resolve the experiment first"
    validation = None if split.x_val is None or split.y_val is None else (split.x_val, split.y_val)
    try:
        return Trainer(
            build_model(experiment, len(dataset.features)),
            split.x_train,
            split.y_train,
            loss=training.loss,
            optimizer=build_optimizer(training),
            batch_size=None if training.batch_size == "full" else training.batch_size,
            shuffle=training.shuffle,
            seed=experiment.model.seed,
            l1=training.l1,
            l2=training.l2,
            validation_data=validation,
            metrics=training.metrics,
            target_scale=metric_scale(split.target),
        )
    except UserError:
        raise
    except ValueError as error:  # such as values beyond float32
        raise UserError("dataset", str(error)) from error


def build_early_stopping(training: TrainingConfig) -> EarlyStopping | None:
    """Return a new early stopping rule, or None if the experiment has none."""
    config = training.early_stopping
    if config is None:
        return None
    return EarlyStopping(
        config.monitor,
        config.min_delta,
        config.patience,
        config.mode,
        config.baseline,
        config.restore_best_weights,
        config.start_from_epoch,
    )


def metric_scale(target: TargetScale) -> Array | None:
    """What metrics are multiplied by to be in the target's own unit (outputs,); None where they are already."""
    return None if target.is_none else target.scale


def scores(
    model: Sequential, training: TrainingConfig, x: Array, y: Array, target: TargetScale | None = None
) -> dict[str, float]:
    """``loss``, penalty included, and metrics of standardized ``x`` (n, features) against ``y`` (n, outputs).

    With ``target``, y is standardized by it, and the loss is in that unit; the metrics are in the target's own.
    """
    loss = get_loss(str(training.loss), model.dense[-1][0].activation)
    unit = None if target is None else metric_scale(target)
    evaluation = Evaluation(model, x.astype(model.dtype), y.astype(model.dtype), loss, training.metrics, unit)
    penalty = Penalty(training.l1, training.l2, model.parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value = evaluation.loss() + penalty.value(model.parameters.flat)
        return {"loss": value, **evaluation.metrics()}


def split_scores(model: Sequential, training: TrainingConfig, data: Split) -> dict[str, float]:
    """The scores of the training part and, with ``val_`` before their names, of the validation part if there is one."""
    result = scores(model, training, data.x_train, data.y_train, data.target)
    if data.x_val is not None and data.y_val is not None:
        validation_scores = scores(model, training, data.x_val, data.y_val, data.target)
        result |= {f"val_{name}": value for name, value in validation_scores.items()}
    return result
