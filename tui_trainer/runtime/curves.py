"""The curves of what a run has recorded: averaged, cut to a part of the epochs, thinned, and read at one epoch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tui_trainer.training.series import ThinnedSeries

from .long_series import LongSeries

Floats = NDArray[np.float64]


class RecordedCurve:
    """The values ``recorded`` of epochs 1, 2, 3 ..., or an exponential moving average of them.

    Each average is ``smoothing`` of the one before it and the rest of the new value, divided by the weight that all
    values so far have together, so that the first ones don't count for more. A value that is not finite stays as it
    is, and out of the average.
    """

    def __init__(self, recorded: LongSeries, smoothing: float = 0.0) -> None:
        self._recorded, self._smoothing = recorded, smoothing
        self._values = LongSeries() if smoothing else recorded
        self._sum = self._weight = 0.0
        self._thinned = ThinnedSeries()
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what has been recorded since the last time."""
        start = len(self._thinned)
        if self._smoothing:
            self._values.extend(np.array([self._next(value) for value in self._recorded.values(start).tolist()]))
        if len(self._values) > start:
            self._thinned.extend(self._values.values(start))

    def points(self, low: int | None = None, high: int | None = None) -> tuple[Floats, Floats]:
        """Epochs (k,) and values (k,) of those from ``low`` to ``high``, thinned where there are many."""
        if low is None and high is None:
            return self._thinned.points()
        first, last = max(1, low or 1), len(self._values) if high is None else max(high, 0)
        part = ThinnedSeries()
        part.extend(self._values.values(first - 1, last))
        x, y = part.points()
        return x + (first - 1), y

    def at(self, epoch: int | None) -> float | None:
        """The value of an epoch; None where there is none."""
        return None if epoch is None or not 1 <= epoch <= len(self._values) else self._values[epoch - 1]

    def _next(self, value: float) -> float:
        if not math.isfinite(value):
            return value
        self._sum = self._smoothing * self._sum + (1.0 - self._smoothing) * value
        self._weight = self._smoothing * self._weight + 1.0 - self._smoothing
        return self._sum / self._weight
