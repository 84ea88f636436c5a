"""The rate finder: short runs at many learning rates at once, and the rate that they speak for.

In reading order: the runs, what they have shown, and the choice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from tui_trainer.datasets.split import Split
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment, TrainingConfig

from .builder import build_stack, check_memory
from .series import Array
from .stack import stack_size

RATES = (*(float(f"{digit}e{power}") for power in range(-6, 1) for digit in (1, 2, 3, 5)), 10.0)
SEEDS = 2  # of the first weights at each rate: what one of them survives by luck, the other may not
MIN_STEPS, MAX_STEPS = 50, 400
SECONDS = 2.0  # that all runs together should take, which large networks exceed
CHECKED = 16  # steps between two looks at whether to stop
TRIAL_ROWS = 4096  # of the training part
NEARLY = 0.95  # of what the best rate has gained on the first weights

Stop = Callable[[], bool]


def train_at_rates(
    experiment: Experiment, parts: Split, rates: Sequence[float], seeds: int, steps: int, stop: Stop
) -> dict[str, Array] | None:
    """Train a resolved ``experiment`` for so many steps at each of ``rates``, from ``seeds`` different first weights.

    Returns the loss and the metrics of the training part by name, (rates, seeds) each: nan for a run that diverged.
    Returns None if ``stop`` said so meanwhile. Raises UserError for data that can't be trained.
    """
    shortened = _with_schedule_of(experiment, steps, experiment.training.steps_per_epoch(len(parts.x_train)))
    runs = [_variant(shortened, rate, number) for rate in rates for number in range(seeds)]
    size = stack_size(experiment, parts.x_train.shape[1], parts).models
    values: list[dict[str, Array]] = []
    for start in range(0, len(runs), size):
        trainer = build_stack(runs[start : start + size], parts)
        losses = np.empty((CHECKED, len(trainer.models)))
        while trainer.steps < steps and trainer.running:
            trainer.run_steps(losses[: steps - trainer.steps])
            if stop():
                return None
        values.append(trainer.evaluate(parts.x_train, parts.y_train, ("r2",), parts.w_train))
    return {name: np.concatenate([part[name] for part in values]).reshape(len(rates), seeds) for name in values[0]}


def _with_schedule_of(experiment: Experiment, steps: int, steps_per_epoch: int) -> Experiment:
    """Return the experiment with its schedule as a whole in so many steps, so that each rate is reached."""
    training, schedule = experiment.training, experiment.training.schedule
    if schedule.is_constant:
        return experiment
    epochs = max(1, round(steps / steps_per_epoch))
    warmup = schedule.warmup_epochs * min(1.0, epochs / training.epochs)
    shortened = replace(training, epochs=epochs, schedule=replace(schedule, warmup_epochs=warmup, decay_epochs=None))
    return replace(experiment, training=shortened)


def _variant(experiment: Experiment, rate: float, number: int) -> Experiment:
    """Return the experiment at another rate, from its first weights, or those of the seed so much higher."""
    model, training = experiment.model, replace(experiment.training, learning_rate=rate)
    if number:
        model = replace(model, seed=model.seed + number, weights=())
    return replace(experiment, model=model, training=training)


def trial_steps(training: TrainingConfig, steps_per_epoch: int) -> int:
    """Return how many steps a short run takes: as many as the whole one, within limits."""
    return min(max(training.epochs * steps_per_epoch, MIN_STEPS), MAX_STEPS)


@dataclass(frozen=True, slots=True)
class RateScan:
    """The losses (rates,) after so many ``steps`` at each of ``rates``, and that of the first weights.

    Each is that of the worse of ``SEEDS`` runs, nan if one has diverged. ``suggestion`` is None if all have.
    """

    rates: tuple[float, ...]
    losses: Array
    first_loss: float
    steps: int
    suggestion: float | None


def scan_rates(experiment: Experiment, parts: Split, stop: Stop = lambda: False) -> RateScan | None:
    """Scan the learning rates for a resolved ``experiment``, from its first weights; None if ``stop`` returned True.

    Of many training rows a part is used. Raises UserError for data that can't be trained, too little memory, and an
    optimizer that finds the length of its steps itself.
    """
    if experiment.training.optimizer.name == "lbfgs":
        raise UserError(
            "training.optimizer.name", "lbfgs finds the length of each step itself; 1 is a good rate for it."
        )
    rates, seeds, training = RATES, SEEDS, experiment.training
    rows = len(parts.x_train)
    wanted = trial_steps(training, training.steps_per_epoch(rows))
    parts = trial_part(parts, training)
    check_memory(experiment, parts.x_train.shape[1], parts)  # for a second network beside the one that is loaded
    size = stack_size(experiment, parts.x_train.shape[1], parts)
    step_seconds = size.epoch_seconds(len(rates) * seeds) / size.steps
    if wanted * step_seconds > SECONDS:
        rates, seeds = RATES[::2], 1
        step_seconds = size.epoch_seconds(len(rates)) / size.steps
    steps = int(min(wanted, max(MIN_STEPS, SECONDS / step_seconds)))
    before = train_at_rates(experiment, parts, rates[:1], 1, 0, stop)
    after = train_at_rates(experiment, parts, rates, seeds, steps, stop)
    if before is None or after is None:
        return None
    losses, first_loss = after["loss"].max(axis=1), float(before["loss"][0, 0])
    return RateScan(rates, losses, first_loss, steps, suggested_rate(rates, losses, first_loss))


def trial_part(parts: Split, training: TrainingConfig) -> Split:
    """Return what short runs are trained on: at most ``TRIAL_ROWS`` rows if that leaves their steps as they are."""
    batch = training.batch_size
    grows = batch == "full" and training.loss == "sum_squared_error"  # its steps, with the rows
    is_small = not grows and (batch == "full" or batch <= TRIAL_ROWS)
    rows = trial_rows(len(parts.x_train)) if is_small else slice(None)
    return dataclasses.replace(
        parts,
        x_train=parts.x_train[rows],
        y_train=parts.y_train[rows],
        w_train=None if parts.w_train is None else parts.w_train[rows],
        x_val=None,
        y_val=None,
        w_val=None,
        val_rows=parts.val_rows[:0],
    )


def sampled(x: Array, y: Array) -> tuple[Array, Array]:
    """Return at most ``TRIAL_ROWS`` rows, evenly spaced."""
    rows = trial_rows(len(x))
    return x[rows], y[rows]


def trial_rows(count: int) -> slice | Array:
    """Return which of ``count`` rows to use: at most ``TRIAL_ROWS``, evenly spaced."""
    if count <= TRIAL_ROWS:
        return slice(None)
    return np.linspace(0, count - 1, TRIAL_ROWS).astype(np.intp)


def suggested_rate(rates: Sequence[float], losses: Array, first_loss: float) -> float | None:
    """Return the lowest rate that gains nearly as much as the best one, since a run is longer than these.

    ``losses`` (rates,) are those after some steps, nan where a run has diverged; ``rates`` rise. Returns None if there
    is no rate at which the loss falls.
    """
    gains = first_loss - np.asarray(losses, float)
    good = np.isfinite(gains) & (gains > 0.0)
    if not good.any():
        return None
    return float(rates[int(np.argmax(good & (gains >= NEARLY * gains[good].max())))])
