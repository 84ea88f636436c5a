"""Stop when a monitored value no longer improves, with the fields that Keras gives it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.measures import is_rising

from .model import Sequential


class EarlyStopping:
    """Call ``should_stop`` after each epoch, and ``restore`` when the run ends, however it ends.

    ``patience`` epochs without an improvement of more than ``min_delta`` end the run; with ``baseline`` only
    values better than it count; ``restore_best_weights`` keeps the best epoch's weights for ``restore``;
    epochs before ``start_from_epoch`` are not looked at. ``mode="auto"`` is ``max`` for a measure that is better the
    larger it is.
    As in Keras 3 the first value is the best one so far whatever it is, so that nothing improves on a nan there,
    and a later nan is no improvement.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be auto, min or max, got {mode!r}")
        rising = mode == "max" or (mode == "auto" and is_rising(monitor))
        self.monitor, self.patience, self.start_from_epoch = monitor, patience, start_from_epoch
        self.restore_best_weights = restore_best_weights
        self._min_delta, self._sign, self._baseline = abs(min_delta), -1.0 if rising else 1.0, baseline
        self.best, self.best_epoch, self._waited = math.inf, 0, 0  # epoch 0: none was looked at yet
        self._best_weights: NDArray[Any] | None = None  # flat, as in ``Parameters``

    def should_stop(self, epoch: int, logs: Mapping[str, float], model: Sequential) -> bool:
        """Whether to stop after ``epoch`` (from 1), given its values ``logs``; KeyError if one is missing."""
        if self.monitor not in logs:
            raise KeyError(f"early stopping watches {self.monitor!r}, but there are only: {', '.join(logs)}")
        if epoch <= self.start_from_epoch:
            return False
        value = self._sign * logs[self.monitor]
        self._waited += 1
        if self.best_epoch == 0 or value + self._min_delta < self.best:
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._best_weights = model.parameters.flat.copy()
            if self._baseline is None or value + self._min_delta < self._sign * self._baseline:
                self._waited = 0
            return False
        return self._waited >= self.patience

    def restore(self, model: Sequential) -> bool:
        """Put the best epoch's weights back where that was asked for; whether anything was put back."""
        if self._best_weights is None:
            return False
        np.copyto(model.parameters.flat, self._best_weights)
        return True

    def state(self) -> dict[str, NDArray[Any]]:
        """All that later decisions depend on, as copies."""
        state = {"counters": np.array([self.best, self.best_epoch, self._waited])}
        return state if self._best_weights is None else {**state, "weights": self._best_weights.copy()}

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go to where ``state`` was taken; KeyError or ValueError where it is something else."""
        best, best_epoch, waited = state["counters"].tolist()
        self.best, self.best_epoch, self._waited = best, int(best_epoch), int(waited)
        self._best_weights = state.get("weights")
