"""What happens after each epoch: conditions that stop a run before its last epoch, and a copy of the best weights.

A run stops early by patience, at a loss or an accuracy, at convergence, or when its time is up.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from tui_trainer.engine import Sequential, Trainer
from tui_trainer.experiment.schema import TrainingConfig
from tui_trainer.formats import format_measure
from tui_trainer.measures import is_rising

from .builder import build_early_stopping
from .series import Array


class StopConditions:
    """The conditions that stop one run, and their state."""

    def __init__(self, training: TrainingConfig) -> None:
        self._training = training
        self._early = build_early_stopping(training)
        self._goals = True  # whether goals stop the run; not after the user has continued past one
        self.seconds = 0.0  # of training

    @property
    def is_any(self) -> bool:
        """Whether there is a condition that looks at the values of an epoch."""
        goals = self._training.stop_at_loss, self._training.stop_at_accuracy
        return self._early is not None or any(goal is not None for goal in goals)

    def after_epoch(self, epoch: int, logs: Mapping[str, float], model: Sequential) -> str:
        """Return why the run ends after ``epoch`` with its values ``logs``, without full stop; empty if it goes on."""
        if self._early is not None and self._early.should_stop(epoch, logs, model):
            reason = f"{self._early.monitor} has not improved since epoch {self._early.best_epoch}"
            return f"Stopped after epoch {epoch}: {reason}"
        reached = self._reached(logs) if self._goals else ""
        return f"Stopped after epoch {epoch:,}: {reached}" if reached else ""

    def after_step(self, epoch: int, trainer: Trainer) -> str:
        """Return why the run has converged with the last step of ``epoch``, as ``after_epoch`` does; empty if not."""
        training = self._training
        if not self._goals or (training.stop_at_step is None and training.stop_at_gradient is None):
            return ""
        limits = {
            "the last step": (training.stop_at_step, trainer.last_update),
            "the gradient of the last step": (training.stop_at_gradient, trainer.gradient),
        }
        for what, (limit, arrays) in limits.items():
            if limit is not None:
                length = math.sqrt(sum(float(np.vdot(array, array)) for array in arrays()))
                if length <= limit:
                    return f"Converged after epoch {epoch:,}: {what} has a length of {format_measure(length)}"
        return ""

    def restore_best(self, model: Sequential) -> int | None:
        """Put the best epoch's weights back where early stopping is to do so, as Keras does however a run ends.

        Returns that epoch; None where the weights stay as they are.
        """
        weights = model.parameters.flat.copy()
        if self._early is None or not self._early.restore(model) or np.array_equal(weights, model.parameters.flat):
            return None
        return self._early.best_epoch

    def time_is_up(self, seconds: float) -> bool:
        """Add ``seconds`` of training; return whether the time is up."""
        self.seconds += seconds
        limit = self._training.stop_after
        return limit is not None and self.seconds >= limit

    def restart(self, past_stop: bool) -> None:
        """Continue training after the end of a run: patience starts afresh.

        After an early stop (``past_stop``) time starts afresh, too, and goals are ignored.
        """
        self._early = build_early_stopping(self._training)
        if past_stop:
            self._goals, self.seconds = False, 0.0

    def state(self) -> dict[str, Array]:
        """Return the state, as copies."""
        early = {} if self._early is None else self._early.state()
        return {
            **{f"early.{name}": array for name, array in early.items()},
            "own": np.array([self._goals, self.seconds]),
        }

    def resume(self, state: Mapping[str, Array]) -> None:
        """Restore a ``state``; raise KeyError or ValueError if it is from another run."""
        goals, seconds = map(float, state["own"])
        self._goals, self.seconds = bool(goals), seconds
        early = {name.removeprefix("early."): array for name, array in state.items() if name.startswith("early.")}
        if self._early is not None:
            self._early.resume(early)

    def _reached(self, logs: Mapping[str, float]) -> str:
        """Describe the goal that these values have reached; empty if there is none."""
        training = self._training
        accuracy = logs.get("val_accuracy", logs.get("accuracy"))
        loss_goal, accuracy_goal = training.stop_at_loss, training.stop_at_accuracy
        if loss_goal is not None and logs["loss"] <= loss_goal:
            return f"the loss {format_measure(logs['loss'])} is down to {loss_goal:g}"
        if accuracy_goal is not None and accuracy is not None and accuracy >= accuracy_goal:
            return f"the accuracy {accuracy:.1%} is up to {accuracy_goal:.4g}"
        return ""


class BestWeights:
    """The weights of the best epoch of a run, beside the newest ones.

    The best epoch is that of the best value of a measure, ``by``; None is ``val_loss``, or ``loss`` without validation
    rows.
    """

    def __init__(self, by: str | None = None) -> None:
        self.epoch = 0  # no epoch yet
        self.value = worst_value(by)
        self._by = by
        self.monitor = by or "val_loss"
        self.weights: Array | None = None  # flat, as in ``Parameters``
        self._replaced: Array | None = None  # by the last ``swap``

    def after_epoch(self, epoch: int, logs: Mapping[str, float], parameters: Array) -> None:
        """Copy ``parameters`` (size,) if ``epoch`` is the best one so far by its values ``logs``."""
        self._replaced = None
        monitor = best_measure(self._by, logs)
        value = logs[monitor]
        if improves(monitor, value, self.value):
            self.epoch, self.value, self.monitor = epoch, value, monitor
            if self.weights is None:
                self.weights = np.empty_like(parameters)
            self.weights[:] = parameters

    def has_replaced(self, parameters: Array, epoch: int) -> bool:
        """Return whether ``parameters`` (size,) after ``epoch`` are those of the best epoch, an earlier one."""
        return self.weights is not None and self.epoch != epoch and np.array_equal(parameters, self.weights)

    def swap(self, parameters: Array) -> str:
        """Replace ``parameters`` (size,) by the best weights, or the best weights by what they had replaced.

        Returns a sentence on what was done.
        """
        if self.weights is None:
            return "No epoch is finished yet, so there is no best one."
        best = f"epoch {self.epoch:,}, the best: {self.monitor} {format_measure(self.value)}"
        if not np.array_equal(parameters, self.weights):
            self._replaced = parameters.copy()
            parameters[:] = self.weights
            return f"Back to the weights of {best}."
        if self._replaced is None:
            return f"These are the weights of {best}."
        parameters[:] = self._replaced
        return "Back to the newest weights."

    def state(self) -> dict[str, Array]:
        """Return the state, as copies; empty before the first epoch is done."""
        if self.weights is None:
            return {}
        best = np.array([self.epoch, self.value, self.monitor == "val_loss"], dtype=float)
        return {"weights": self.weights.copy(), "place": best}

    def resume(self, state: Mapping[str, Array], size: int) -> None:
        """Restore a ``state`` of a model of ``size`` parameters.

        Raises ValueError if it is from another model.
        """
        weights, best = state.get("weights"), state.get("place")
        if weights is None or best is None:  # saved before the first epoch was done, or by an older version
            return
        if weights.shape != (size,) or best.shape != (3,):
            raise ValueError(f"best weights of {size} parameters expected, got {weights.size}")
        self.epoch, self.value, self.weights = int(best[0]), float(best[1]), weights.copy()
        self.monitor = self._by or ("val_loss" if best[2] else "loss")


def best_measure(by: str | None, values: Container[str]) -> str:
    """Return the measure of the best epoch, of those that there are: ``by``, or the loss of the held-back rows."""
    return by or ("val_loss" if "val_loss" in values else "loss")


def improves(measure: str, value: Any, best: Any) -> Any:
    """Return whether the value of a measure is better than the best one so far; of arrays (k,), whether each is."""
    return value > best if is_rising(measure) else value < best


def worst_value(by: str | None) -> float:
    """Return a value that any other value of a measure is better than."""
    return -math.inf if by is not None and is_rising(by) else math.inf
