"""Mini-batch gradient descent for many models of one architecture at once, each as if it were trained by itself.

A step of a small model is mostly the cost of its calls; a stack pays for each call once, whatever the number of
models. All arrays have one more axis in front, (models, ...), and the formulas are those of the single trainer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy import copyto, isfinite
from numpy.typing import ArrayLike

from .layers import Dense, HeldParameters, Layer, Parameters
from .losses import Array, get_loss
from .metrics import Evaluation
from .model import Sequential
from .objective import Clipping, Objective, Penalty
from .optimizers import Optimizer, column_of
from .propagation import Propagation, with_ones
from .schedules import Schedule
from .trainer import Diverged, check_batch_size, check_samples, divergence

REBUILT_AT = 8  # a stack is made anew when one in so many of its models has stopped: until then they are computed along


class StackedTrainer:
    """Trains ``models`` of one architecture on the same ``x`` (n, features) and ``y`` (n, outputs).

    Of ``optimizers``, ``seeds``, ``l1``, ``l2`` and ``schedules``, if any, there is one a model; the optimizers are of
    one kind. One schedule may be that of several models if it has no state.
    Everything else is as for ``Trainer``, and so are the numbers: a model's order of samples, dropout, weights and
    values are those that a trainer of its own would give. ``running`` are the indices of the models that are still
    trained: one that diverges is left out from then on, with its ``divergences`` entry, and so is one that is told to
    ``stop``. Raises ValueError for models or optimizers that differ in kind, or for data that don't fit.
    """

    def __init__(
        self,
        models: Sequence[Sequential],
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: str,
        optimizers: Sequence[Optimizer],
        seeds: Sequence[int],
        batch_size: int | None = 32,
        shuffle: bool = False,
        l1: Sequence[float] = (),
        l2: Sequence[float] = (),
        sample_weight: ArrayLike | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        schedules: Sequence[Schedule] = (),
        validation_data: tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None] | None = None,
        metrics: Sequence[str] = (),
        target_scale: Array | None = None,
        target_mean: Array | None = None,
        each_output: bool = False,
    ) -> None:
        count, model = len(models), models[0]
        self._l1, self._l2 = l1 or [0.0] * count, l2 or [0.0] * count
        if {count} != {len(values) for values in (optimizers, seeds, self._l1, self._l2)}:
            raise ValueError(f"expected one optimizer, seed, l1 and l2 for each of {count} models")
        if any((other.dtype, _shape(other)) != (model.dtype, _shape(model)) for other in models):
            raise ValueError("only models of the same layers can be trained together")
        if len(schedules) not in (0, count):
            raise ValueError(f"expected one schedule for each of {count} models, or none")
        self.models, self.optimizers, self.schedules = list(models), list(optimizers), list(schedules)
        self._clips = clip_norm, clip_value
        self.loss = get_loss(loss, model.dense[-1][0].activation)
        self._x, self._y, self._weights = check_samples(model, self.loss, x, y, sample_weight)
        validation = check_samples(model, self.loss, *validation_data) if validation_data else None
        self._evaluated: dict[str, tuple[Array, Array, Array | None]] = {}
        if metrics:
            self._evaluated[""] = self._x, self._y, None
        self._evaluated |= {"val_": validation} if validation else {}
        self._metrics, self._target = metrics, (target_scale, target_mean)
        self._each_output = each_output
        self._shuffle, self._seeds = shuffle, list(seeds)
        self._rngs = [np.random.default_rng(seed) for seed in seeds]
        self._rows = with_ones(self._x, model.dense[0][0].use_bias, model.dtype)
        size = check_batch_size(len(self._x) if batch_size is None else batch_size)
        self._parts = [slice(start, min(start + size, len(self._x))) for start in range(0, len(self._x), size)]
        self._fixed = {
            part.start: (self._rows[part].T[None], np.ascontiguousarray(self._y[part].T)[None]) for part in self._parts
        }
        self.steps = self.epochs = self.position = 0
        self.divergences: dict[int, Diverged] = {}
        self._stopped: dict[int, dict[str, Array]] = {}  # the states of models that are trained no more
        self.members = list(range(count))  # the models of the rows, with those that stopped since
        self.parameters: Parameters
        self._spare: Parameters
        self._gradients: Parameters
        self._penalty: Penalty
        self._clipping: Clipping
        self._held: HeldParameters
        self._optimizer: Optimizer
        self._row_orders: Array
        self._columns: slice | list[int]
        self._make_rows()
        for row, model in zip(self.parameters.flat, models, strict=True):
            row[:] = model.parameters.flat

    @property
    def running(self) -> list[int]:
        """The indices of the models that are trained on, in order."""
        return [model for model in self.members if model not in self._stopped]

    @property
    def steps_per_epoch(self) -> int:
        return len(self._parts)

    def run_epoch(self, losses: Array | None = None) -> dict[str, Array]:
        """The rest of the epoch under way, or a whole one; returns its values by name, (models,) each.

        These are named and computed as by ``Trainer.run_epoch``; nan for a model that is not running. With ``losses``
        (steps of the epoch, models), each step's losses are written there.
        """
        count = len(self._parts) - self.position
        step_losses = np.empty((count, len(self.models))) if losses is None else losses
        self.run_steps(step_losses[:count])
        return self.end_epoch()

    def run_steps(self, losses: Array) -> int:
        """As many steps as fit ``losses`` (k, models), stopping where an epoch ends; returns how many were done.

        A model that is not running, or diverges, has nan there from then on.
        """
        count = min(len(losses), len(self._parts) - self.position)
        losses[:count] = np.nan
        before, done = self.steps, 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while done < count and len(self._stopped) < len(self.models):
                values = self._step()  # which may make the stack anew
                losses[done, self._columns] = values
                done += 1
        for model, state in self._stopped.items():
            losses[max(int(state["counters"][0]) - before, 0) : count, model] = np.nan
        return done

    def end_epoch(self) -> dict[str, Array]:
        """Values of the epoch whose last step was just taken, (models,) each, named as in ``run_epoch``."""
        logs = {"loss": self._epoch_totals / len(self._x) if self.loss.per_sample else self._epoch_totals}
        parts: dict[str, dict[str, Any]] = {"": {}, "val_": {}}
        for prefix, evaluation in self._evaluations.items():
            scores = self._scores(evaluation)
            parts[prefix] = {f"{prefix}{name}": value for name, value in scores.items() if prefix or name != "loss"}
        logs |= parts[""] | self._used_rates() | parts["val_"]
        result = {name: self._by_model(values) for name, values in logs.items()}
        for model in self.running if self.schedules else ():
            self.schedules[model].after_epoch({name: float(values[model]) for name, values in result.items()})
        return result

    def evaluate(
        self, x: ArrayLike, y: ArrayLike, metrics: Sequence[str] = (), sample_weight: ArrayLike | None = None
    ) -> dict[str, Array]:
        """``loss``, penalty included, and metrics of ``x`` (n, features) against ``y`` (n, outputs), (models,) each.

        ``sample_weight`` (n,) multiplies the loss of each sample. nan for a model that is not running.
        """
        template = self.models[0]
        evaluation = self._evaluation(template, check_samples(template, self.loss, x, y, sample_weight), metrics)
        return {name: self._by_model(values) for name, values in self._scores(evaluation).items()}

    def stop(self, model: int) -> None:
        """Train the model of that index no more; its ``state`` remains."""
        if model not in self._stopped:
            self._stopped[model] = self.state(model)

    def weights(self, model: int) -> Array:
        """The parameters (size,) of the model of that index, as a copy."""
        if model in self._stopped:
            return self._stopped[model]["parameters"].copy()
        weights: Array = self.parameters.flat[self.members.index(model)].copy()
        return weights

    def state(self, model: int) -> dict[str, Array]:
        """The state of the model of that index, with which ``Trainer.restore`` goes on alone."""
        if model in self._stopped:
            return {name: array.copy() for name, array in self._stopped[model].items()}
        row = self.members.index(model)
        slots = {f"optimizer.{name}": rows[row].copy() for name, rows in self._optimizer.state.items()}
        counters = [self.steps, self.epochs, self.position, self._optimizer.steps]
        return self._state(model, self.parameters.flat[row], counters, slots)

    def set_learning_rates(self, rates: Sequence[float]) -> None:
        """Train on with these learning rates, one a model."""
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            optimizer.learning_rate = rate
        self._stack_optimizers()

    def _state(self, model: int, flat: Array, counters: list[int], slots: dict[str, Array]) -> dict[str, Array]:
        schedule = self.schedules[model].state() if self.schedules else {}
        generator = json.dumps(self._rngs[model].bit_generator.state).encode()
        return {
            "parameters": flat.copy(),
            "order": self._row_orders[self.members.index(model)].copy(),
            "counters": np.array(counters),
            "epoch_total": np.array([self._epoch_totals[self.members.index(model)]]),
            "generator": np.frombuffer(generator, np.uint8),
            **slots,
            **{f"schedule.{name}": array for name, array in schedule.items()},
        }

    def _step(self) -> Array:
        if self.position == 0:
            self._start_epoch()
        part = self._parts[self.position]
        objective = self._objectives[part.stop - part.start]
        x, y = self._batch(part)
        parameters, gradients = self.parameters, self._gradients
        losses: Array = objective.value(x, y, parameters, self._batch_weights(part)) + self._penalty.value(
            parameters.flat
        )
        if not isfinite(losses).all():
            self._stop_diverged(losses)
        objective.gradients(parameters, gradients)
        self._penalty.add_gradient(gradients.flat)
        if not self._held.is_empty:
            self._held.clear(gradients.flat)
        if not self._clipping.is_off:
            self._clipping.apply(gradients.flat)
        if self.schedules:
            factors = {schedule: schedule.factor(self.steps) for schedule in self._row_schedules}
            self._optimizer.scale_rate(column_of([factors[schedule] for schedule in self._row_schedules]))
        # The update goes to the spare vectors: the weights before it survive until a finite loss proves it.
        self._optimizer.update(parameters.flat, gradients.flat, self._spare.flat)
        if not self._held.is_empty:
            self._held.keep(parameters.flat, self._spare.flat)
            objective.propagation.move_statistics(self._spare)
        self.parameters, self._spare = self._spare, parameters
        self.steps += 1
        self._epoch_totals += losses * objective.propagation.samples if self.loss.per_sample else losses
        self.position += 1
        if self.position == len(self._parts):
            self.position = 0
            self.epochs += 1
        return losses

    def _start_epoch(self) -> None:
        if len(self._stopped) - (len(self.models) - len(self.members)) >= len(self.members) / REBUILT_AT:
            self._keep_running()
        self._epoch_totals = np.zeros(len(self.members))
        if self._shuffle:
            self._row_orders[:] = np.arange(len(self._x))
            for order, rng in zip(self._row_orders, self._row_rngs, strict=True):
                rng.shuffle(order)  # as ``permutation`` does it, on an array of its own

    def _batch(self, part: slice) -> tuple[Array, Array]:
        """x (models, features + 1, samples) and y (models, outputs, samples); 1 for the models if all share them."""
        if not self._shuffle:
            return self._fixed[part.start]
        buffers = self._buffers[part.stop - part.start]
        order = self._row_orders[:, part]
        self._rows.take(order, axis=0, out=buffers.rows, mode="clip")
        self._y.take(order, axis=0, out=buffers.targets, mode="clip")
        copyto(buffers.y, buffers.targets.mT)
        return buffers.x, buffers.y

    def _batch_weights(self, part: slice) -> Array | None:
        """Weights (models, 1, samples) of a batch; 1 for the models if all share them, None if there are none."""
        if self._weights is None:
            return None
        weights = self._weights[self._row_orders[:, part]] if self._shuffle else self._weights[None, part]
        return weights[:, None, :]

    def _make_rows(self) -> None:
        """Allocate what a step needs for ``members``."""
        count, template = len(self.members), self.models[0]
        stack, dtype = (count,), template.dtype
        self.parameters = Parameters(template.dense, dtype, stack)
        self._spare, self._gradients = (Parameters(template.dense, dtype, stack) for _ in range(2))
        l1, l2 = ([factors[model] for model in self.members] for factors in (self._l1, self._l2))
        self._penalty = Penalty(l1, l2, self.parameters)
        self._clipping = Clipping(*self._clips, self.parameters)
        self._held = HeldParameters(self.parameters)
        self._stack_optimizers(new=True)
        self._row_schedules = [self.schedules[model] for model in self.members] if self.schedules else []
        rngs = self._row_rngs = [self._rngs[model] for model in self.members]
        self._objectives: dict[int, Objective] = {}
        self._buffers: dict[int, _BatchBuffers] = {}
        for samples in {part.stop - part.start for part in self._parts}:
            propagation = Propagation(template.layers, samples, dtype, rngs, stack)
            self._objectives[samples] = Objective(propagation, self.loss)
            self._buffers[samples] = _batch_buffers(stack, samples, self._rows.shape[1], self._y)
        self._columns = slice(None) if count == len(self.models) else self.members
        self._row_orders = np.tile(np.arange(len(self._x)), (count, 1))
        self._epoch_totals = np.zeros(count)
        self._evaluations = {
            prefix: self._evaluation(template, data, self._metrics) for prefix, data in self._evaluated.items()
        }

    def _evaluation(
        self, template: Sequential, data: tuple[Array, Array, Array | None], metrics: Sequence[str]
    ) -> Evaluation:
        """Return the evaluation of all rows on ``data``: features, targets, and weights if there are any."""
        features, targets, weights = data
        stack = (len(self.members),)
        return Evaluation(
            template, features, targets, self.loss, metrics, *self._target, stack, weights, self._each_output
        )

    def _stack_optimizers(self, new: bool = False) -> None:
        optimizers = [self.optimizers[model] for model in self.members]
        stacked = Optimizer.stacked(optimizers, self.parameters.flat.shape[1], self.parameters.flat.dtype)
        if not new:
            stacked.steps, stacked.state = self._optimizer.steps, self._optimizer.state
        self._optimizer = stacked

    def _keep_running(self) -> None:
        """Make the stack anew with the models that are running."""
        rows = [row for row, model in enumerate(self.members) if model not in self._stopped]
        old = self.parameters, self._spare, self._gradients
        optimizer, orders = self._optimizer, self._row_orders
        self.members = [self.members[row] for row in rows]
        self._make_rows()
        for new, before in zip((self.parameters, self._spare, self._gradients), old, strict=True):
            new.flat[:] = before.flat[rows]
        for name, slot in optimizer.state.items():
            self._optimizer.state[name][:] = slot[rows]
        self._optimizer.steps = optimizer.steps
        self._row_orders[:] = orders[rows]

    def _stop_diverged(self, losses: Array) -> None:
        """Stop the models whose loss is not finite, with the weights from before the last update, as ``Trainer``."""
        for row in np.flatnonzero(~isfinite(losses)):
            model = self.members[row]
            if model in self._stopped:
                continue
            gradients = [folded[row] for folded in self._gradients.folded] if self.steps else None
            rate = self.optimizers[model].learning_rate
            self.divergences[model] = divergence(self.steps, self.epochs, float(losses[row]), rate, gradients)
            before = self._spare if self.steps else self.parameters
            slots = {f"optimizer.{name}": np.zeros_like(rows[row]) for name, rows in self._optimizer.state.items()}
            counters = [self.steps, self.epochs, self.position, 0]
            self._stopped[model] = self._state(model, before.flat[row], counters, slots)

    def _scores(self, evaluation: Evaluation) -> dict[str, Any]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            loss = evaluation.loss(self.parameters) + self._penalty.value(self.parameters.flat)
            return {"loss": loss, **evaluation.metrics()}

    def _used_rates(self) -> dict[str, Array]:
        """``learning_rate`` of the last step, (models,); nothing without schedules."""
        if not self.schedules:
            return {}
        return {"learning_rate": np.broadcast_to(self._optimizer.used_rate, (len(self.members), 1))[:, 0]}

    def _by_model(self, values: Array) -> Array:
        """Values of the rows as values of all models, (models,): nan for those that are not running."""
        if len(self.members) == len(self.models) and not self._stopped:
            return values.astype(np.float64)
        result = np.full(len(self.models), np.nan)
        result[self.members] = values
        result[list(self._stopped)] = np.nan
        return result


class _BatchBuffers(NamedTuple):
    """Samples as they are gathered, ``rows`` and ``targets`` (models, samples, columns).

    ``x`` (models, features + 1, samples) is a view of the rows; ``y`` (models, outputs, samples) a copy of the targets,
    in whole blocks of memory. Rows with their targets in one array would be gathered at once, but lie otherwise in
    memory than those of a model alone, by which small products are rounded otherwise.
    """

    rows: Array
    targets: Array
    x: Array
    y: Array


def _batch_buffers(stack: tuple[int, ...], samples: int, width: int, y: Array) -> _BatchBuffers:
    rows, targets = (np.empty((*stack, samples, columns), y.dtype) for columns in (width, y.shape[1]))
    return _BatchBuffers(rows, targets, rows.mT, np.ascontiguousarray(targets.mT))


def _shape(model: Sequential) -> list[Layer]:
    """The layers of ``model`` without their initializers: what models of a stack must agree in."""
    return [
        replace(layer, kernel_initializer="zeros", bias_initializer="zeros", initializer_scale=1.0)
        if isinstance(layer, Dense)
        else layer
        for layer in model.layers
    ]
