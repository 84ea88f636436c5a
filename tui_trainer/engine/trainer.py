"""Mini-batch gradient descent: one step, one epoch, evaluation; and what is said when a loss stops being finite."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .layers import Dropout, HeldParameters, Parameters
from .losses import Array, Loss, check_targets, get_loss
from .metrics import Evaluation
from .model import Sequential, check_matrix
from .objective import Batch, Clipping, Objective, Penalty, loss_and_gradient
from .optimizers import LBFGS, Optimizer
from .propagation import Propagation, with_ones
from .schedules import Schedule
from .step_record import DescentRules, StepRecord, record_step

MOST_COUNTED = 2**53  # steps or epochs that a saved trainer may have done


class Diverged(FloatingPointError):
    """The loss of a step is not finite; the weights from before the last update are back in the model.

    ``step`` and ``epoch`` count from 1; ``largest_gradient`` is the largest magnitude in the last update's
    gradient, found in the dense layer number ``layer`` (from 1); both are None where no update came before.
    """

    def __init__(
        self,
        step: int,
        epoch: int,
        loss: float,
        learning_rate: float,
        largest_gradient: float | None,
        layer: int | None,
    ) -> None:
        self.step, self.epoch, self.loss = step, epoch, loss
        self.learning_rate, self.largest_gradient, self.layer = learning_rate, largest_gradient, layer
        super().__init__(f"{self.finding} {self.remedy}")

    @property
    def finding(self) -> str:
        """What happened, in one sentence."""
        found = f"The loss became {self.loss} at step {self.step} (epoch {self.epoch})"
        if self.largest_gradient is None:
            return f"{found}, before any update."
        gradient = f"the largest gradient of the last update was {self.largest_gradient:.3g}, in layer {self.layer}"
        return f"{found}; {gradient}."

    @property
    def remedy(self) -> str:
        """What to try, in one sentence."""
        if self.largest_gradient is None:
            return "Try standardized features, or smaller initial weights."
        rate = f"a learning rate below {self.learning_rate:g}, for instance {self.suggested_rate:g}"
        return f"Try {rate}, or standardized features."

    @property
    def suggested_rate(self) -> float:
        """A tenth of the present learning rate."""
        return float(f"{self.learning_rate / 10:.3g}")


class Trainer:
    """Trains ``model`` on ``x`` (n, features) and ``y`` (n, outputs), one-hot for several classes.

    ``batch_size=None`` is the full batch; the last batch of an epoch may be shorter, nothing is dropped.
    ``metrics`` (names of ``METRICS``, or ``per_class``) are taken of the training and the validation part after each
    epoch, beside the usual ones; without any, the usual ones of the validation part alone. ``seed``
    drives shuffling and dropout. ``validation_data`` is a pair (x, y), evaluated after each epoch, or (x, y,
    sample_weight).
    ``target_scale`` (outputs,) is what both y were divided by, if anything, after ``target_mean`` was taken away:
    metrics are in the unit before that. With ``each_output`` every output is a target of its own, and metrics of
    numbers are of each as well.
    ``sample_weight`` (n,) multiplies the loss of each training sample, in the steps and in ``loss``, and that of
    ``validation_data`` counts in ``val_loss``; the metrics know no weights. So it is in Keras.
    ``clip_norm`` and ``clip_value`` limit the gradient, penalty included, before the optimizer takes it. ``schedule``
    says by what the optimizer's learning rate is multiplied at each step.
    L-BFGS compares losses along a line, so they have to be those of one function: it takes the full batch, in the order
    of the rows, without dropout, batch normalization, clipping or a schedule.
    Everything a step needs is allocated in the first epoch, so a step allocates nothing, and a trainer that is only
    restored and read costs little. Raises ValueError for data that does not fit the model or the loss.
    """

    def __init__(
        self,
        model: Sequential,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: str,
        optimizer: Optimizer,
        batch_size: int | None = 32,
        shuffle: bool = False,
        seed: int = 0,
        l1: float = 0.0,
        l2: float = 0.0,
        sample_weight: ArrayLike | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        schedule: Schedule | None = None,
        validation_data: tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None] | None = None,
        metrics: Sequence[str] = (),
        target_scale: Array | None = None,
        target_mean: Array | None = None,
        each_output: bool = False,
    ) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.loss = get_loss(loss, model.dense[-1][0].activation)
        self._x, self._y, self._weights = check_samples(model, self.loss, x, y, sample_weight)
        self._validation_data = check_samples(model, self.loss, *validation_data) if validation_data else None
        self._evaluation = partial(
            Evaluation,
            model,
            loss=self.loss,
            metrics=metrics,
            target_scale=target_scale,
            target_mean=target_mean,
            each_output=each_output,
        )
        self._has_metrics = bool(metrics)
        self._rng = np.random.default_rng(seed)
        self._shuffle = shuffle
        self._gradients = Parameters(model.dense, model.dtype)
        self._spare = Parameters(model.dense, model.dtype)
        self._penalty = Penalty(l1, l2, model.parameters)
        self._clipping = Clipping(clip_norm, clip_value, model.parameters)
        self._held = HeldParameters(model.parameters)
        optimizer.build(model.count_params(), model.dtype)
        self._rows = with_ones(self._x, model.dense[0][0].use_bias, model.dtype)
        self._batches = self._make_batches(len(self._x) if batch_size is None else batch_size)
        self._objectives: dict[int, Objective] = {}  # by the number of samples
        self._order: Array = np.arange(len(self._x))
        self._ahead: _Ahead | None = None
        if isinstance(optimizer, LBFGS):
            self._check_function()
            self._shuffle, self._ahead = False, _Ahead(model)
        self.steps = 0
        self._restored_at = 0  # the step at which the buffers of the passes are those of another one
        self.epochs = 0
        self._position = 0
        self._epoch_total = 0.0

    @property
    def steps_per_epoch(self) -> int:
        return len(self._batches)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        rate = self.optimizer.learning_rate
        return rate if self.schedule is None else rate * self.schedule.factor(self.steps)

    @property
    def position(self) -> int:
        """Batches done in the epoch under way; 0 between two epochs."""
        return self._position

    @property
    def epoch_loss(self) -> float:
        """The ``loss`` of the newest epoch, as ``run_epoch`` has it; of its steps so far where it is under way."""
        return self._epoch_total / len(self._x) if self.loss.per_sample else self._epoch_total

    def step(self) -> float:
        """One update on the next mini-batch; returns that batch's loss before the update, penalty included.

        Raises Diverged where that loss is not finite, with the weights before the last update put back and
        the optimizer's memory emptied, so that training can go on at a lower rate.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._step()

    def run_steps(self, losses: Array) -> int:
        """As many steps as fit ``losses`` (k,), stopping where an epoch ends; returns how many were done.

        Each step's loss is written into ``losses``. Raises Diverged as ``step`` does.
        """
        count = min(len(losses), len(self._batches) - self._position)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for i in range(count):
                losses[i] = self._step()
        return count

    def run_epoch(self) -> dict[str, float]:
        """The rest of the epoch under way, or a whole one; returns its values as Keras names them.

        ``loss`` is the mean over the samples of the losses of the steps, each before its update (their sum
        for a sum loss); ``val_loss`` and ``val_accuracy``, or ``val_r2`` and ``val_mae``, are of the end. With a
        schedule, ``learning_rate`` is that of the last step.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(len(self._batches) - self._position):
                self._step()
        return self.end_epoch()

    def end_epoch(self) -> dict[str, float]:
        """Values of the epoch whose last step was just taken, named as in ``run_epoch``."""
        logs = {"loss": self.epoch_loss}
        if self._training is not None:
            logs |= {name: value for name, value in self._scores(self._training).items() if name != "loss"}
        if self.schedule is not None:
            logs["learning_rate"] = self.optimizer.used_rate
        if self._validation is not None:
            logs |= {f"val_{name}": value for name, value in self._scores(self._validation).items()}
        if self.schedule is not None:
            self.schedule.after_epoch(logs)
        return logs

    def evaluate(self, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> dict[str, float]:
        """``loss``, penalty included, and metrics of ``x`` (n, features) against ``y`` (n, outputs).

        ``sample_weight`` (n,) multiplies the loss of each sample.
        """
        features, targets, weights = check_samples(self.model, self.loss, x, y, sample_weight)
        return self._scores(self._evaluation(features, targets, sample_weight=weights))

    @cached_property
    def _training(self) -> Evaluation | None:
        return self._evaluation(self._x, self._y) if self._has_metrics else None

    @cached_property
    def _validation(self) -> Evaluation | None:
        if self._validation_data is None:
            return None
        x, y, weights = self._validation_data
        return self._evaluation(x, y, sample_weight=weights)

    def gradient(self) -> list[Array]:
        """Copies of the last step's gradient, penalty included and clipped, in the order of ``get_weights``."""
        return [array.copy() for array in self._gradients.arrays()]

    def last_update(self) -> list[Array]:
        """The last step's change of the weights, in the order of ``get_weights``; all 0 before the first step."""
        pairs = zip(self.model.parameters.arrays(), self._spare.arrays(), strict=True)
        return [after - before for after, before in pairs] if self.steps else [0 * one for one, _ in pairs]

    def last_dropout(self) -> LastDropout | None:
        """What dropout did in the last step; None without dropout, before the first step, and after ``restore``."""
        if not self.steps or self.steps == self._restored_at:
            return None
        start = sum(batch.samples for batch in self._batches[: self._position - 1])  # -1: the last one of an epoch
        samples = self._batches[self._position - 1].samples
        objective = self._objectives.get(samples)
        if objective is None:
            return None
        masks = [objective.propagation.mask_before(index) for index in range(len(self.model.dense))]
        if all(mask is None for mask in masks):
            return None
        return LastDropout(self._order[start : start + samples], masks)

    def record_step(self) -> StepRecord:
        """Record the step that ``step`` would take next, without taking it.

        It is computed from copies: weights, optimizer, the order of the samples and the random numbers stay as they
        are, so that ``step`` does what was recorded, bit for bit.
        """
        rng = copy.deepcopy(self._rng)
        is_new_order = self._shuffle and self._position == 0
        order = rng.permutation(len(self._x)) if is_new_order else self._order
        start = sum(batch.samples for batch in self._batches[: self._position])
        samples = order[start : start + self._batches[self._position].samples]
        rows = with_ones(self._x[samples], self.model.dense[0][0].use_bias, self.model.dtype)
        weights = None if self._weights is None else self._weights[None, samples]
        propagation = Propagation(self.model.layers, len(samples), self.model.dtype, (rng,), keeps_all=True)
        optimizer, trials = copy.deepcopy(self.optimizer), None
        if isinstance(optimizer, LBFGS):
            trials = Objective(Propagation(self.model.layers, len(samples), self.model.dtype), self.loss)
        if self.schedule is not None:
            optimizer.scale_rate(self.schedule.factor(self.steps))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return record_step(
                Objective(propagation, self.loss),
                Batch(rows.T, self._y[samples].T.copy(), len(samples), weights),
                self.model.parameters,
                DescentRules(self._penalty, self._clipping, self._held, optimizer, trials),
                samples,
            )

    def state(self) -> dict[str, Array]:
        """All that the next steps depend on, as copies: training from here gives the same numbers again."""
        optimizer = {f"optimizer.{name}": array.copy() for name, array in self.optimizer.state.items()}
        schedule = {} if self.schedule is None else self.schedule.state()
        generator = json.dumps(self._rng.bit_generator.state).encode()
        return {
            "parameters": self.model.parameters.flat.copy(),
            "order": self._order.copy(),
            "counters": np.array([self.steps, self.epochs, self._position, self.optimizer.steps]),
            "epoch_total": np.array([self._epoch_total]),
            "generator": np.frombuffer(generator, np.uint8),
            **optimizer,
            **{f"schedule.{name}": array for name, array in schedule.items()},
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go to where ``state`` was taken from, by a trainer of the same model and data.

        Raises KeyError or ValueError, and changes nothing, where it is the state of another kind of trainer.
        """
        slots = {name: state[f"optimizer.{name}"] for name in self.optimizer.state}
        steps, epochs, position, updates = map(int, state["counters"])
        generator = json.loads(state["generator"].tobytes())
        flat, order = state["parameters"], state["order"]
        if flat.shape != self.model.parameters.flat.shape or any(
            slot.shape != self.optimizer.state[name].shape for name, slot in slots.items()
        ):
            raise ValueError(f"expected {self.model.count_params()} parameters, got {len(flat)}")
        if min(steps, epochs, updates) < 0 or max(steps, epochs, updates) > MOST_COUNTED:
            raise ValueError("its counts of steps and epochs are damaged")
        if sorted(order.tolist()) != list(range(len(self._x))) or not 0 <= position < len(self._batches):
            raise ValueError(f"expected an epoch of {len(self._x)} samples, got one of {len(order)}")
        if self.schedule is not None:
            self.schedule.resume({name: state[f"schedule.{name}"] for name in self.schedule.state()})
        self._rng.bit_generator.state = generator
        self.model.parameters.flat[:] = flat
        for name, slot in slots.items():
            self.optimizer.state[name][:] = slot
        self.optimizer.steps = updates
        self.steps, self.epochs, self._position = steps, epochs, position
        self._restored_at = steps
        self._arrange(order)
        self._epoch_total = float(state["epoch_total"][0])

    def _step(self) -> float:
        if self._position == 0:
            self._start_epoch()
        batch = self._batches[self._position]
        parameters, gradients, ahead = self.model.parameters, self._gradients, self._ahead
        if ahead is not None and ahead.is_at(parameters):
            loss, gradients = ahead.loss, ahead.gradients
            self._gradients, ahead.gradients = gradients, self._gradients
        else:
            objective = self._objectives.get(batch.samples) or self._build_objective(batch.samples)
            loss = loss_and_gradient(objective, batch, self._penalty, self._held, parameters, gradients)
        if not math.isfinite(loss):
            raise self._diverged(loss)
        if not self._clipping.is_off:
            self._clipping.apply(gradients.flat)
        if self.schedule is not None:
            self.optimizer.scale_rate(self.schedule.factor(self.steps))
        # The update goes to the spare vector: the weights before it survive until a finite loss proves it.
        if isinstance(self.optimizer, LBFGS):
            self.optimizer.search(parameters.flat, gradients.flat, self._spare.flat, loss, self._evaluate_ahead)
        else:
            self.optimizer.update(parameters.flat, gradients.flat, self._spare.flat)
        if not self._held.is_empty:
            self._held.keep(parameters.flat, self._spare.flat)
            self._objectives[batch.samples].propagation.move_statistics(self._spare)
        self.model.parameters, self._spare = self._spare, parameters
        self.steps += 1
        self._epoch_total += loss * batch.samples if self.loss.per_sample else loss
        self._position += 1
        if self._position == len(self._batches):
            self._position = 0
            self.epochs += 1
        return loss

    def _evaluate_ahead(self) -> tuple[float, Array]:
        """Loss and gradient (size,) at the spare parameters; they are kept, for the step that begins there."""
        assert self._ahead is not None
        batch, gradients = self._batches[self._position], self._ahead.gradients
        objective = self._objectives.get(batch.samples) or self._build_objective(batch.samples)
        self._ahead.loss = loss_and_gradient(objective, batch, self._penalty, self._held, self._spare, gradients)
        np.copyto(self._ahead.flat, self._spare.flat)
        return self._ahead.loss, self._ahead.gradients.flat

    def _check_function(self) -> None:
        """Raise ValueError where two evaluations of a step are not of one function of the weights."""
        layers = self.model.layers
        if len(self._batches) > 1:
            samples = self._batches[0].samples
            raise ValueError(f"L-BFGS needs the full batch: expected batch_size=None, got batches of {samples}")
        if any(isinstance(layer, Dropout) and layer.rate > 0.0 for layer in layers):
            raise ValueError("L-BFGS can't be used with dropout, which drops other units at each evaluation")
        if any(layer.batch_norm and layer.trainable for layer, _ in self.model.dense):
            raise ValueError(
                "L-BFGS can't be used with batch normalization, whose moving values can't follow its steps"
            )
        if not self._clipping.is_off or self.schedule is not None:
            raise ValueError("L-BFGS finds the length of its steps: it can't be used with clipping or a schedule")

    def _start_epoch(self) -> None:
        self._epoch_total = 0.0
        if self._shuffle:
            self._arrange(self._rng.permutation(len(self._x)))

    def _arrange(self, order: Array) -> None:
        """Put the samples into ``order`` (n,), in place."""
        self._order = order
        features = self._x.shape[1]
        self._rows[:, :features] = self._x[order]
        targets = self._y[order]
        start = 0
        for batch in self._batches:
            stop = start + batch.y.shape[1]
            np.copyto(batch.y, targets[start:stop].T)
            if self._weights is not None and batch.weights is not None:
                batch.weights[0] = self._weights[order[start:stop]]
            start = stop

    def _make_batches(self, size: int) -> list[Batch]:
        check_batch_size(size)
        batches = []
        for start in range(0, len(self._x), size):
            rows = self._rows[start : start + size]
            targets = self._y[start : start + size].T.copy()  # shuffling writes here, never into ``_y``
            weights = None if self._weights is None else self._weights[None, start : start + size].copy()
            batches.append(Batch(rows.T, targets, len(rows), weights))
        return batches

    def _build_objective(self, samples: int) -> Objective:
        propagation = Propagation(self.model.layers, samples, self.model.dtype, (self._rng,))
        objective = self._objectives[samples] = Objective(propagation, self.loss)
        return objective

    def _scores(self, evaluation: Evaluation) -> dict[str, float]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            loss = evaluation.loss(self.model.parameters) + self._penalty.value(self.model.parameters.flat)
            return {"loss": loss, **evaluation.metrics()}

    def _diverged(self, loss: float) -> Diverged:
        if self.steps:
            # A copy, not a swap: a second time does no harm. The optimizer's memory may hold infinities.
            np.copyto(self.model.parameters.flat, self._spare.flat)
            self.optimizer.build(self.model.count_params(), self.model.dtype)
        gradients = self._gradients.folded if self.steps else None
        return divergence(self.steps, self.epochs, loss, self.optimizer.learning_rate, gradients)


class LastDropout(NamedTuple):
    """The dropout of a step on n samples, by their numbers (n,) among those of the training.

    ``masks`` has what the inputs (inputs, n) of each dense layer were multiplied by, None for a layer without dropout.
    The next step overwrites them.
    """

    samples: Array
    masks: list[Array | None]


class _Ahead:
    """The newest evaluation of a line search: where it was (size,), the loss there and its gradient."""

    def __init__(self, model: Sequential) -> None:
        self.flat: Array = np.full_like(model.parameters.flat, np.nan)
        self.loss = math.nan
        self.gradients = Parameters(model.dense, model.dtype)

    def is_at(self, parameters: Parameters) -> bool:
        """Whether it is of these ``parameters``."""
        return np.array_equal(self.flat, parameters.flat)


def divergence(steps: int, epochs: int, loss: float, rate: float, gradients: Sequence[Array] | None) -> Diverged:
    """What is said of a loss that is not finite after so many steps and epochs.

    ``gradients`` are those of the last update, one array a layer; None before any.
    """
    if gradients is None:
        return Diverged(steps + 1, epochs + 1, loss, rate, None, None)
    peaks = [float(np.abs(gradient).max()) for gradient in gradients]
    largest = max(peaks)
    return Diverged(steps + 1, epochs + 1, loss, rate, largest, peaks.index(largest) + 1)


def check_batch_size(size: int) -> int:
    """``size``, after a check that it is one; raises ValueError."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"batch_size must be a whole number of at least 1, or None, got {size!r}")
    return int(size)


def check_samples(
    model: Sequential, loss: Loss, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> tuple[Array, Array, Array | None]:
    """x and y as ``check_data`` has them, and the weights (n,) of their samples, if there are any, in the same dtype.

    Raises ValueError for weights that are none.
    """
    features, targets = check_data(model, loss, x, y)
    return features, targets, None if sample_weight is None else check_weights(sample_weight, targets)


def check_weights(weights: ArrayLike, y: Array) -> Array:
    """Weights (n,) of the samples of ``y`` (n, outputs), in its dtype; raises ValueError if they are none."""
    result = np.asarray(weights).astype(y.dtype)
    if result.shape != (len(y),) or not (np.isfinite(result).all() and (result >= 0.0).all()):
        raise ValueError(f"sample_weight must be {len(y)} finite numbers of at least 0, one for each row of x")
    return result


def check_data(model: Sequential, loss: Loss, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """x (n, features) and y (n, outputs) in the model's dtype; raises ValueError if they don't fit it or the loss."""
    with np.errstate(over="ignore"):  # what does not fit the dtype becomes infinite, and is refused below
        features = check_matrix("x", x, model.inputs).astype(model.dtype)
        targets = check_matrix("y", y, model.outputs).astype(model.dtype)
    if len(features) != len(targets):
        raise ValueError(f"x and y must have the same number of rows, got {len(features)} and {len(targets)}")
    for name, values in (("x", features), ("y", targets)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds values that are not finite in {model.dtype}")
    check_targets(loss, targets)
    return features, targets
