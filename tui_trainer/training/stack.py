"""Trains runs of one architecture on the same data together, and hands each over as a session of its own would be.

In reading order: which runs can be trained together, how many at a time, and the training.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from tui_trainer.datasets.split import Split
from tui_trainer.engine import StackedTrainer
from tui_trainer.experiment.resolve import (
    check_without_validation,
    count_parameters,
    measuring,
    resolve,
    watched_measures,
)
from tui_trainer.experiment.schema import Experiment, OptimizerConfig
from tui_trainer.system.terminal import interrupts_held

from .builder import available_bytes, build_stack, estimate
from .callbacks import BestWeights, StopConditions, best_measure, improves, worst_value
from .history import History
from .series import Array
from .session import Session, TrainedRun

MAX_STACK = 64
MIN_STACK = 4  # with fewer models nothing is gained
STACK_BYTES = 4_000_000  # that a step of the whole stack touches: beyond it memory is slower than what is saved
BUFFERS = 4  # of a layer's outputs in a step: the outputs, their gradient, the slope, and work of the activation
VECTORS = 3  # of all parameters in a step: before and after an update, and the gradient
BLOCK_STEPS = 16_384  # recorded before they are moved to the histories
# Seconds of a step: what its calls cost, shared by all models; of each model; of each output of a layer; and of each
# multiplication of the forward pass. Fitted to the stacks of benchmarks/stacked.py.
CALLS_SECONDS, MODEL_SECONDS, OUTPUT_SECONDS, PRODUCT_SECONDS = 33e-6, 1e-6, 2.5e-9, 0.08e-9


def stack_key(experiment: Experiment) -> str | None:
    """Return what experiments must agree in to be trained together; None if this one is always trained alone.

    They may differ in seeds of the model, first weights, learning rate, constants of the optimizer, penalties other
    than those of single layers, and conditions that stop a run, but for the time that it takes and the size of a step.
    """
    model, training = experiment.model, experiment.training
    if any(one is not None for one in (training.stop_after, training.stop_at_step, training.stop_at_gradient)):
        return None
    optimizer = training.optimizer
    kind = OptimizerConfig(name=optimizer.name, nesterov=optimizer.nesterov, momentum=float(optimizer.momentum > 0.0))
    first = {"initializer": "zeros", "initializer_scale": 1.0}
    layers = tuple(replace(layer, **first) for layer in model.layers)
    same_model = replace(model, layers=layers, output=replace(model.output, **first), seed=0, weights=())
    same_training = replace(
        measuring(training, *watched_measures(training).values()),
        optimizer=kind,
        learning_rate=1.0,
        l1=0.0,
        l2=0.0,
        early_stopping=None,
        stop_at_loss=None,
        stop_at_accuracy=None,
    )
    same = replace(experiment, name="", model=same_model, training=same_training, hide=())
    return msgspec.json.encode(same).decode()


class StackSize(NamedTuple):
    """How many models are best trained at a time, 1 for one by one; and what an epoch of a stack takes."""

    models: int
    steps: int
    model_seconds: float  # of a step

    def epoch_seconds(self, models: int) -> float:
        """Return about how many seconds an epoch of so many models takes, trained together or one by one."""
        stacks = models if self.models == 1 else 1
        return self.steps * (stacks * CALLS_SECONDS + models * self.model_seconds)


def stack_size(experiment: Experiment, features: int, parts: Split) -> StackSize:
    """Return how many models of a resolved ``experiment`` to train at a time.

    Those of L-BFGS one by one: their line searches take another number of evaluations in each step.
    """
    config, training, rows = experiment.model, experiment.training, len(parts.x_train)
    samples = training.samples_a_step(rows)
    widths = [layer.units for layer in config.layers] + [config.output.units or 1]
    parameters = count_parameters(config, features)
    itemsize = 4 if config.dtype == "float32" else 8
    outputs = samples * sum(widths)
    touched = itemsize * (BUFFERS * outputs + 2 * samples * features + VECTORS * parameters)
    free = available_bytes()
    fitting = MAX_STACK if free is None else free // max(1, estimate(experiment, features, parts).total)
    models = int(min(MAX_STACK, STACK_BYTES // touched, fitting))
    models = models if models >= MIN_STACK and training.optimizer.name != "lbfgs" else 1
    per_model = MODEL_SECONDS + OUTPUT_SECONDS * outputs + PRODUCT_SECONDS * samples * parameters
    return StackSize(models, training.steps_per_epoch(rows), per_model)


def runs_together(session: Session) -> StackSize:
    """Return how many runs like the loaded one to train at a time.

    One with so few parameters that their path is drawn is trained alone: the path is recorded step by step.
    """
    size = stack_size(session.experiment, len(session.dataset.features), session.split)
    return size if session.trajectory is None else size._replace(models=1)


def train_together(session: Session, experiments: Sequence[Experiment]) -> Iterator[Iterator[tuple[int, Session]]]:
    """Train ``experiments`` with one ``stack_key``; yield, each time that some have ended, the place of each of these
    and ``session`` at its end.

    One of them is loaded in the session. What is yielded is the session of a run that was trained alone, with the same
    numbers; it is used for the next one as soon as the iterator goes on. An interrupt comes between two epochs: before
    it is raised, the runs that were being trained are yielded, too, paused. Raises UserError if an experiment cannot
    be trained.
    """
    size = runs_together(session).models
    for start in range(0, len(experiments), size):
        part = experiments[start : start + size]
        if len(part) == 1:
            session.load(part[0])
            session.train()
            session.advance_to_end()
            yield iter([(start, session)])
        else:
            stack = Stack(session, part)
            for numbers in stack.train():
                yield ((start + number, stack.hand_over(number)) for number in numbers)


class Stack:
    """The runs of ``experiments`` with one ``stack_key``: trained together, and recorded each as if it were alone.

    One of them is loaded in ``session``. A run that has ended is taken out of the training. Raises UserError if an
    experiment cannot be trained.
    """

    def __init__(self, session: Session, experiments: Sequence[Experiment]) -> None:
        self._session, self._experiments = session, experiments
        self._dataset = session.dataset  # of all runs, even if its file changes while they are trained
        target, features = session.dataset.target_info(), len(session.dataset.features)
        resolved = [resolve(experiment, target, features) for experiment in experiments]
        if session.split.x_val is None:
            for one in resolved:
                check_without_validation(one.training)
        self.trainer = build_stack(resolved, session.split)
        self._metrics = resolved[0].training.metrics
        count, steps = len(experiments), self.trainer.steps_per_epoch
        self._last_epoch = experiments[0].training.epochs
        self._stopping = [StopConditions(experiment.training) for experiment in experiments]
        self._may_stop = [number for number, conditions in enumerate(self._stopping) if conditions.is_any]
        self._histories = [History() for _ in experiments]
        self._best = _BestOfEach(count, self.trainer, experiments[0].training.best_epoch_by)
        self._seconds = np.zeros(count)
        self._block_epochs = min(max(1, BLOCK_STEPS // steps), self._last_epoch)
        self._losses = np.empty((self._block_epochs * steps, count))
        self._last_losses: list[float | None] = [None] * count
        self._values: dict[str, Array] = {}  # of the epochs of the block, (epochs, models) each
        self._block_start = 0  # epochs before the block
        self._of_epoch: list[int] = []  # the runs that were trained when the epoch began
        self._sentences: dict[int, str] = {}  # of the runs that have ended: why, if a condition has stopped them
        self.values: dict[str, Array] = {}  # of the last epoch, (models,) each
        self._scores: dict[int, dict[str, float]] = {}  # of the runs that have ended, with their last weights

    def train(self) -> Iterator[list[int]]:
        """Yield the numbers of the runs that have ended, whenever some have, to be handed over.

        After an interrupt these are the runs that have not, as far as they are. It is raised after that.
        """
        ends: list[int] = []
        try:
            while self.trainer.running:
                with interrupts_held():  # an epoch is short, and half of one can't be handed over
                    ends = self.advance(self.trainer.steps_per_epoch)
                if ends:
                    yield ends
                    ends = []
        except KeyboardInterrupt:
            yield [*ends, *self.trainer.running]
            raise

    def advance(self, steps: int) -> list[int]:
        """Take so many steps, at most to the end of the epoch; return the runs that have ended with it."""
        trainer, per_epoch = self.trainer, self.trainer.steps_per_epoch
        started = time.perf_counter()
        if trainer.position == 0:
            self._of_epoch = trainer.running
        running = self._of_epoch
        first = (trainer.epochs - self._block_start) * per_epoch + trainer.position
        trainer.run_steps(self._losses[first : first + min(steps, per_epoch - trainer.position)])
        ends: dict[int, str] = {}
        is_over = trainer.position == 0 or not trainer.running
        if is_over:
            self.values = trainer.end_epoch()
            row = first // per_epoch
            for name, value in self.values.items():
                if name not in self._values:
                    self._values[name] = np.empty((self._block_epochs, len(value)))
                self._values[name][row] = value
            self._best.after_epoch(trainer.epochs, self.values)
            ends = self._ends(running, self.values)
        self._seconds[running] += (time.perf_counter() - started) / len(running)
        if ends or (is_over and row + 1 == self._block_epochs):
            self._record(running)
        if whole := [number for number in ends if number not in trainer.divergences]:
            self._scores |= self._scores_of(whole)
        for number in ends:
            trainer.stop(number)
        self._sentences |= ends
        return list(ends)

    def _ends(self, running: Sequence[int], values: Mapping[str, Array]) -> dict[int, str]:
        """Return the numbers of the runs that end with this epoch; with a sentence, if a condition has stopped them."""
        trainer = self.trainer
        if trainer.epochs >= self._last_epoch:
            ends = dict.fromkeys(running, "")
        else:
            ends = {number: "" for number in running if number in trainer.divergences}
        for number in self._may_stop:
            if number in running and number not in trainer.divergences:
                model = trainer.models[number]
                model.parameters.flat[:] = trainer.weights(number)
                logs = {name: float(value[number]) for name, value in values.items()}
                if sentence := self._stopping[number].after_epoch(trainer.epochs, logs, model):
                    ends[number] = sentence
        return ends

    def _scores_of(self, ends: Iterable[int]) -> dict[int, dict[str, float]]:
        """Return the scores of both parts of the runs that end with this epoch, as ``split_scores`` gives them."""
        data = self._session.split
        scores = self.trainer.evaluate(data.x_train, data.y_train, self._metrics, data.w_train)
        scores |= {name: value for name, value in self.values.items() if name.startswith("val_")}
        return {number: {name: float(value[number]) for name, value in scores.items()} for number in ends}

    def _record(self, running: Sequence[int]) -> None:
        """Move what the block has of the ``running`` runs to their histories."""
        steps = self.trainer.steps_per_epoch
        for number in running:
            error = self.trainer.divergences.get(number)
            done = (self.trainer.steps if error is None else error.step - 1) - self._block_start * steps
            self._histories[number].add_steps(self._losses[:done, number])
            if done:
                self._last_losses[number] = float(self._losses[done - 1, number])
            if epochs := done // steps:
                self._histories[number].extend({name: rows[:epochs, number] for name, rows in self._values.items()})
        self._block_start = self.trainer.epochs

    def hand_over(self, number: int) -> Session:
        """Make the session that of the run, at its end; or paused after the epoch under way, which is finished for it.

        Returns the session. After a run that goes on has been handed over, the stack must not be trained on.
        """
        while self.trainer.position and number not in self._sentences:
            self.advance(self.trainer.steps_per_epoch)
        if number not in self._sentences and self._block_start < self.trainer.epochs:
            self._record(self.trainer.running)
        self._stopping[number].seconds = float(self._seconds[number])
        trained = TrainedRun(
            self.trainer.state(number),
            self._last_losses[number],
            self._histories[number],
            self._best.of(number),
            self._stopping[number],
            self.trainer.divergences.get(number),
            self._scores.get(number),
        )
        self._session.load_with(self._experiments[number], self._dataset, fits=True)
        self._session.take_over(trained, self._sentences.get(number, ""))
        return self._session


class _BestOfEach:
    """The weights of the best epoch of each run, as ``BestWeights`` keeps them for one."""

    def __init__(self, count: int, trainer: StackedTrainer, by: str | None) -> None:
        self.trainer, self._by = trainer, by
        self._values, self._epochs = np.full(count, worst_value(by)), np.zeros(count, int)
        self._weights: Array = np.zeros((count, trainer.models[0].count_params()), trainer.models[0].dtype)
        self._monitor = "loss"

    def after_epoch(self, epoch: int, values: Mapping[str, Array]) -> None:
        """Copy the weights of those runs whose best epoch so far this one is."""
        self._monitor = best_measure(self._by, values)
        monitored = values[self._monitor]
        better = improves(self._monitor, monitored, self._values)
        if better.any():
            self._values[better], self._epochs[better] = monitored[better], epoch
            members = np.array(self.trainer.members)
            rows = np.flatnonzero(better[members])
            self._weights[members[rows]] = self.trainer.parameters.flat[rows]

    def of(self, number: int) -> BestWeights:
        """Return those of one run."""
        best = BestWeights(self._by)
        if epoch := int(self._epochs[number]):
            best.epoch, best.value, best.monitor = epoch, float(self._values[number]), self._monitor
            best.weights = self._weights[number].copy()
        return best
