"""What a run has recorded: every epoch in full, every step thinned, and curves small enough to send.

Memory is bounded, whatever the number of epochs and steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .series import Array, DownsampledSeries, SpilledSeries

MEASURES = ("loss", "accuracy", "recall", "r2", "mae")
Floats = NDArray[np.float64]


class History:
    """Values of each epoch by name (``loss``, ``val_loss`` ...), and the loss of each step."""

    def __init__(self) -> None:
        self.epochs: dict[str, SpilledSeries] = {}
        self.steps = DownsampledSeries()
        self._curves: dict[tuple[str, float], RecordedCurve] = {}

    def add_steps(self, losses: Array) -> None:
        """Record the losses (k,) of the next k steps."""
        self.steps.extend(losses)

    def add_epoch(self, logs: Mapping[str, float]) -> None:
        """Record the values of the next epoch."""
        for name, value in logs.items():
            if name not in self.epochs:
                self.epochs[name] = SpilledSeries()
            self.epochs[name].append(value)

    def curve(self, name: str, smoothing: float = 0.0) -> RecordedCurve:
        """The curve of ``name`` over the epochs; empty where nothing of that name was recorded."""
        if name not in self.epochs:
            return RecordedCurve(SpilledSeries())
        if (name, smoothing) not in self._curves:
            self._curves[name, smoothing] = RecordedCurve(self.epochs[name], smoothing)
        curve = self._curves[name, smoothing]
        curve.catch_up()
        return curve

    def columns(self, start: int) -> dict[str, Array]:
        """Values (k,) by name of the epochs from number ``start`` + 1 on."""
        return {name: values.values(start) for name, values in self.epochs.items()}

    def restore(self, epochs: Mapping[str, Array], steps: DownsampledSeries) -> None:
        """Take the values of saved epochs and steps as one's own; files don't keep the order of names.

        ValueError where the columns are not equally long.
        """
        if len({column.shape for column in epochs.values()}) > 1:
            raise ValueError("the values of its epochs have several lengths")
        self.epochs = {name: SpilledSeries(epochs[name]) for name in sorted(epochs, key=_rank)}
        self.steps, self._curves = steps, {}

    def rows(self, start: int = 0) -> list[dict[str, float]]:
        """Epochs from number ``start`` + 1 on, each with its ``epoch`` and values."""
        names = list(self.epochs)
        columns = (self.epochs[name].values(start).tolist() for name in names)
        return [
            {"epoch": start + i, **dict(zip(names, values, strict=True))}
            for i, values in enumerate(zip(*columns, strict=True), start=1)
        ]


def _rank(name: str) -> tuple[bool, int, int]:
    """Where a trainer puts a value: training before validation, the loss first, classes by number."""
    measure, _, index = name.removeprefix("val_").partition("[")
    place = MEASURES.index(measure) if measure in MEASURES else len(MEASURES)
    return name.startswith("val_"), place, int(index.rstrip("]") or 0)


class RecordedCurve:
    """The values ``recorded`` of epochs 1, 2, 3 ..., or an exponential moving average of them.

    Each average is ``smoothing`` of the one before it and the rest of the new value, divided by the weight that all
    values so far have together, so that the first ones don't count for more. A value that is not finite stays as it
    is, and out of the average.
    """

    def __init__(self, recorded: SpilledSeries, smoothing: float = 0.0) -> None:
        self._recorded, self._smoothing = recorded, smoothing
        self._values = SpilledSeries() if smoothing else recorded
        self._sum = self._weight = 0.0
        self._thinned = DownsampledSeries()
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
        part = DownsampledSeries()
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
