"""The weights of the best epoch of a run, kept beside the newest ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tui_trainer.training.series import Array


class Best:
    """The best epoch is that of the lowest ``val_loss``, or of the lowest ``loss`` where no rows are held back."""

    def __init__(self) -> None:
        self.epoch = 0  # none yet
        self.value = math.inf
        self.monitor = "val_loss"
        self.weights: Array | None = None  # flat, as in ``Parameters``
        self._replaced: Array | None = None  # by the last ``swap``

    def after_epoch(self, epoch: int, logs: Mapping[str, float], parameters: Array) -> None:
        """Take ``parameters`` (size,) down if ``epoch`` is the best one so far, given its values ``logs``."""
        self._replaced = None
        monitor = "val_loss" if "val_loss" in logs else "loss"
        if logs[monitor] < self.value:
            self.epoch, self.value, self.monitor = epoch, logs[monitor], monitor
            if self.weights is None:
                self.weights = np.empty_like(parameters)
            self.weights[:] = parameters

    def swap(self, parameters: Array) -> str:
        """Write the best weights over ``parameters`` (size,), or back what they replaced; what was done, in words."""
        if self.weights is None:
            return "No epoch is done yet, so none is the best."
        best = f"epoch {self.epoch:,}, the best: {self.monitor} {self.value:.4g}"
        if not np.array_equal(parameters, self.weights):
            self._replaced = parameters.copy()
            parameters[:] = self.weights
            return f"Back to the weights of {best}."
        if self._replaced is None:
            return f"These are the weights of {best}."
        parameters[:] = self._replaced
        return "The newest weights again."

    def state(self) -> dict[str, Array]:
        """All of it, as copies; nothing where no epoch is done."""
        if self.weights is None:
            return {}
        place = np.array([self.epoch, self.value, self.monitor == "val_loss"], dtype=float)
        return {"weights": self.weights.copy(), "place": place}

    def resume(self, state: Mapping[str, Array], size: int) -> None:
        """Go to where ``state`` was taken, of a model of ``size`` parameters; ValueError where it is another's."""
        weights, place = state.get("weights"), state.get("place")
        if weights is None or place is None:  # saved before there was a best epoch, or by an older version
            return
        if weights.shape != (size,) or place.shape != (3,):
            raise ValueError(f"best weights of {size} parameters expected, got {weights.size}")
        self.epoch, self.value, self.weights = int(place[0]), float(place[1]), weights.copy()
        self.monitor = "val_loss" if place[2] else "loss"
