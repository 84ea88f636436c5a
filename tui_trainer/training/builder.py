"""Builds a trainer from an experiment, and scores a network: the one place where names become engine objects.

Before anything is built, ``check_memory`` says whether it will fit into this machine's memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.preparation import most_likely
from tui_trainer.datasets.split import Split, TargetScale
from tui_trainer.engine import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CosineDecay,
    Dense,
    Dropout,
    EarlyStopping,
    ExponentialDecay,
    InputLayer,
    Nadam,
    OneCycleLR,
    Optimizer,
    ReduceLROnPlateau,
    RMSprop,
    Schedule,
    Sequential,
    StackedTrainer,
    StepLR,
    Trainer,
)
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.metrics import Evaluation
from tui_trainer.engine.model import PREDICTION_ROWS
from tui_trainer.engine.objective import Penalty
from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import count_parameters
from tui_trainer.experiment.schema import Experiment, LayerConfig, OutputConfig, TrainingConfig
from tui_trainer.formats import format_memory
from tui_trainer.system.memory import free_bytes, left_of_limit

from .series import Array

# Vectors of the length of all parameters: weights, gradients, the weights before an update, the optimizer's scratch,
# three of the penalty, the best epoch's weights. A snapshot has weights and best weights as copies, then as bytes.
VECTORS, SNAPSHOTS = 8, 2
OWN_FACTORS = 2  # vectors of the same length, where layers have penalties of their own
LAYER_BUFFERS = 3  # of a layer's outputs: the outputs, their gradient and the slope; some activations have more
NORM_BUFFERS = 3  # of batch normalization: its input, the normalized input, and scratch
COPIES = 7  # of the data, most in double precision
SMALL = 10_000_000  # bytes that any machine has
ERF_BUFFERS = 10  # that gelu allocates in each pass, in double precision


def build_model(experiment: Experiment, n_features: int) -> Sequential:
    """Return the model of a resolved ``experiment`` for ``n_features`` inputs, with its initial weights."""
    layers: list[InputLayer | Dense | Dropout] = [InputLayer(n_features)]
    if experiment.model.input_dropout:
        layers.append(Dropout(experiment.model.input_dropout))
    for config in experiment.model.layers:
        layers.append(_dense(config, config.units, config.activation, config.batch_norm))
        if config.dropout:
            layers.append(Dropout(config.dropout))
    output = experiment.model.output
    assert output.units is not None and output.activation is not None, "resolve the experiment first"
    layers.append(_dense(output, output.units, output.activation))
    model = Sequential(layers, seed=experiment.model.seed, dtype=experiment.model.dtype)
    if experiment.model.weights:
        model.parameters.flat[:] = experiment.model.weights
        if any(variance is not None and (variance < 0.0).any() for variance in model.parameters.moving_variances):
            raise UserError(
                "model.weights", "the moving variances at its end must be at least 0; leave weights out to draw them"
            )
    return model


def _dense(config: LayerConfig | OutputConfig, units: int, activation: str, batch_norm: bool = False) -> Dense:
    return Dense(
        units,
        activation,
        config.use_bias,
        config.initializer,
        initializer_scale=config.initializer_scale,
        l1=config.l1,
        l2=config.l2,
        trainable=config.trainable,
        batch_norm=batch_norm,
    )


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
    if kind is LBFGS:
        return LBFGS(rate, config.history_size, config.max_eval)
    constants = (rate, config.beta_1, config.beta_2, config.epsilon)
    if kind is AdamW:
        return AdamW(*constants, config.weight_decay)
    return Nadam(*constants) if kind is Nadam else Adam(*constants)


def build_schedule(training: TrainingConfig, steps_per_epoch: int, has_validation: bool) -> Schedule | None:
    """Return the schedule of the learning rate in steps; None where the rate is the same in all of them."""
    config = training.schedule
    if config.is_constant:
        return None
    warmup = round(config.warmup_epochs * steps_per_epoch)
    rest = max(1, training.epochs * steps_per_epoch - warmup)
    length = rest if config.decay_epochs is None else max(1, round(config.decay_epochs * steps_per_epoch))
    match config.name:
        case "step":
            return StepLR(max(1, rest // 3) if config.decay_epochs is None else length, config.factor, warmup)
        case "exponential":
            return ExponentialDecay(length, config.factor, warmup)
        case "cosine":
            return CosineDecay(length, config.alpha, warmup)
        case "one_cycle":
            return OneCycleLR(length)
        case "plateau":
            monitor = "val_loss" if has_validation else "loss"
            return ReduceLROnPlateau(monitor, config.factor, config.patience, warmup_steps=warmup)
    return Schedule(warmup)


def _schedule_for(training: TrainingConfig, split: Split) -> Schedule | None:
    return build_schedule(training, training.steps_per_epoch(len(split.x_train)), split.x_val is not None)


def build_trainer(experiment: Experiment, dataset: Dataset, split: Split) -> Trainer:
    """Return a trainer at the first step of a resolved ``experiment``; raise UserError if the data do not fit."""
    training = experiment.training
    with _data_errors():
        return Trainer(
            build_model(experiment, len(dataset.features)),
            split.x_train,
            split.y_train,
            optimizer=build_optimizer(training),
            schedule=_schedule_for(training, split),
            seed=experiment.model.seed,
            l1=training.l1,
            l2=training.l2,
            **_shared_options(training, split),
        )


def build_stack(experiments: Sequence[Experiment], split: Split) -> StackedTrainer:
    """Return a trainer of resolved ``experiments`` together, which have the same layers, data and batch size.

    Raises UserError if the data do not fit.
    """
    features = split.x_train.shape[1]
    settings = [experiment.training for experiment in experiments]
    schedules = [schedule for training in settings if (schedule := _schedule_for(training, split)) is not None]
    with _data_errors():
        return StackedTrainer(
            [build_model(experiment, features) for experiment in experiments],
            split.x_train,
            split.y_train,
            optimizers=[build_optimizer(training) for training in settings],
            schedules=schedules,
            seeds=[experiment.model.seed for experiment in experiments],
            l1=[training.l1 for training in settings],
            l2=[training.l2 for training in settings],
            **_shared_options(settings[0], split),
        )


def _shared_options(training: TrainingConfig, split: Split) -> dict[str, Any]:
    """Return the options of a trainer that runs which are trained together share."""
    assert training.loss is not None, "resolve the experiment first"
    return {
        "loss": training.loss,
        "batch_size": None if training.batch_size == "full" else training.batch_size,
        "shuffle": training.shuffle,
        "sample_weight": sample_weights(training, split.y_train, split.w_train),
        "clip_norm": training.clip_norm,
        "clip_value": training.clip_value,
        "validation_data": None
        if split.x_val is None or split.y_val is None
        else (split.x_val, split.y_val, split.w_val),
        "metrics": training.metrics,
        **_of_targets(split.target),
    }


def sample_weights(training: TrainingConfig, y: Array, weights: Array | None = None) -> Array | None:
    """Return the weight (n,) of each training sample; None where all count the same.

    It is that of its class in y (n, outputs) times its own of ``weights`` (n,). "balanced" weights of classes are
    n / (classes * count), as scikit-learn's ``compute_class_weight`` has them.
    """
    if training.class_weight is None:
        return weights
    classes = most_likely(y)
    if training.class_weight == "balanced":
        counts = np.bincount(classes)
        of_classes = len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        assert isinstance(training.class_weight, dict), "resolve the experiment first"
        of_classes = np.array(list(training.class_weight.values()))
    result: Array = of_classes[classes]
    return result if weights is None else result * weights


@contextlib.contextmanager
def _data_errors() -> Iterator[None]:
    """Raise UserError for what the engine finds wrong with the data, such as values beyond float32."""
    try:
        yield
    except UserError:
        raise
    except ValueError as error:
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


def _of_targets(target: TargetScale | None) -> dict[str, Any]:
    """Return the options by which metrics are in the target's own unit, and those of several targets are of each."""
    if target is None:
        return {}
    unit = {} if target.is_none else {"target_scale": target.scale, "target_mean": target.mean}
    return {**unit, "each_output": True} if target.is_several else unit


def scores(
    model: Sequential,
    training: TrainingConfig,
    x: Array,
    y: Array,
    target: TargetScale | None = None,
    sample_weight: Array | None = None,
) -> dict[str, float]:
    """``loss``, penalty included, and metrics of standardized ``x`` (n, features) against ``y`` (n, outputs).

    With ``target``, y is standardized by it, and the loss is in that unit; the metrics are in the target's own.
    ``sample_weight`` (n,) multiplies the loss of each sample.
    """
    loss = get_loss(str(training.loss), model.dense[-1][0].activation)
    data = x.astype(model.dtype), y.astype(model.dtype)
    evaluation = Evaluation(model, *data, loss, training.metrics, **_of_targets(target), sample_weight=sample_weight)
    penalty = Penalty(training.l1, training.l2, model.parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value = evaluation.loss(model.parameters) + penalty.value(model.parameters.flat)
        return {"loss": value, **evaluation.metrics()}


def split_scores(model: Sequential, training: TrainingConfig, data: Split) -> dict[str, float]:
    """The scores of the training part and, with ``val_`` before their names, of the validation part if there is one."""
    result = scores(model, training, data.x_train, data.y_train, data.target, data.w_train)
    if data.x_val is not None and data.y_val is not None:
        validation_scores = scores(model, training, data.x_val, data.y_val, data.target, data.w_val)
        result |= {f"val_{name}": value for name, value in validation_scores.items()}
    return result


class Needs(NamedTuple):
    """The peak memory of training in bytes: for the parameters and all copies, and for layer outputs and data."""

    parameters: int
    weights: int
    outputs: int

    @property
    def total(self) -> int:
        """The sum of both."""
        return self.weights + self.outputs


def check_memory(experiment: Experiment, features: int, parts: Split) -> None:
    """Raise UserError if training a resolved ``experiment`` takes more memory than is free."""
    needs, free = estimate(experiment, features, parts), available_bytes()
    if free is None or needs.total <= free:
        return
    optimizer = experiment.training.optimizer.name
    reason = (
        f"{needs.parameters:,} parameters take {format_memory(needs.weights)} in training with {optimizer}, "
        f"the data and the outputs of the layers {format_memory(needs.outputs)}: "
        f"{format_memory(needs.total)} in all, but {format_memory(free)} are free; {_remedy(needs)}"
    )
    raise UserError("model", reason)


def estimate(experiment: Experiment, features: int, parts: Split) -> Needs:
    """Return the memory that training a resolved ``experiment`` takes on these data."""
    model = experiment.model
    size = 4 if model.dtype == "float32" else 8
    slots = build_optimizer(experiment.training).vectors
    parameters = count_parameters(model, features)
    has_own = any(layer.l1 is not None or layer.l2 is not None for layer in model.all_layers)
    vectors = VECTORS + slots + SNAPSHOTS * (2 + slots) + OWN_FACTORS * has_own
    outputs = size * _values_a_sample(experiment, features) * sum(_passes(experiment, parts))
    outputs += size * COPIES * sum(x.size + y.size for x, y in _arrays(parts))
    return Needs(parameters, size * vectors * parameters, outputs)


def available_bytes() -> int | None:
    """Return the bytes that this process can allocate; None if the system does not say."""
    limits = [free for free in (free_bytes(), left_of_limit()) if free is not None]
    return min(limits, default=None)


def _arrays(parts: Split) -> list[tuple[Array, Array]]:
    """Return x and y of the training part, and of the validation part if there is one."""
    validation = [] if parts.x_val is None or parts.y_val is None else [(parts.x_val, parts.y_val)]
    return [(parts.x_train, parts.y_train), *validation]


def _passes(experiment: Experiment, parts: Split) -> list[int]:
    """Return the sizes of all passes with buffers: mini-batches, the last one of an epoch, and evaluations."""
    rows = len(parts.x_train)
    batch = experiment.training.samples_a_step(rows)
    passes = [batch, rows % batch]
    evaluated = [] if parts.x_val is None else [len(parts.x_val)]
    evaluated += [rows] if experiment.training.metrics else []
    for samples in evaluated:
        passes += [min(samples, PREDICTION_ROWS), samples % PREDICTION_ROWS if samples > PREDICTION_ROWS else 0]
    return passes


def _values_a_sample(experiment: Experiment, features: int) -> int:
    """Return how many numbers a pass stores for each sample."""
    model = experiment.model
    layers = [
        (layer.units, layer.activation, 2 * bool(layer.dropout) + NORM_BUFFERS * layer.batch_norm)
        for layer in model.layers
    ]
    layers.append((model.output.units or 1, model.output.activation or "linear", 0))
    total = 2 * features * bool(model.input_dropout)
    for units, name, more in layers:
        activation = get_activation(name)
        buffers = activation.keeps_z + activation.buffers + ERF_BUFFERS * (name == "gelu")
        total += units * (LAYER_BUFFERS + buffers + more)
    return total


def _remedy(needs: Needs) -> str:
    """Return what helps: a small network is not at fault."""
    if needs.total < SMALL:
        return "end other programs, or raise the limit of this one"
    return "use fewer units or a smaller batch" if needs.outputs > needs.weights else "use fewer units"
