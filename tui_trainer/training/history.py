"""Records a run: every epoch in full, every step downsampled; and gives curves small enough to send.

Memory is bounded, whatever the number of epochs and steps. Curves can be averaged, cut to a range of epochs, and
read at one epoch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .series import Array, DownsampledSeries, SpilledSeries

# The order of the recorded values
MEASURES = ("loss", "accuracy", "recall", "r2", "mae")
Floats = NDArray[np.float64]


class History:
    """The values of each epoch by name (``loss``, ``val_loss`` ...), and the loss of each step."""

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
        """Return the curve of ``name`` over the epochs; empty if nothing of that name was recorded."""
        if name not in self.epochs:
            return RecordedCurve(SpilledSeries())
        if (name, smoothing) not in self._curves:
            self._curves[name, smoothing] = RecordedCurve(self.epochs[name], smoothing)
        curve = self._curves[name, smoothing]
        curve.update()
        return curve

    def columns(self, start: int) -> dict[str, Array]:
        """Return the values (k,) by name, from epoch ``start`` + 1 on."""
        return {name: values.values(start) for name, values in self.epochs.items()}

    def restore(self, epochs: Mapping[str, Array], steps: DownsampledSeries) -> None:
        """Replace the recorded values by saved ones, in a fixed order of names, which files don't keep.

        Raises ValueError if the columns have different lengths.
        """
        if len({column.shape for column in epochs.values()}) > 1:
            raise ValueError("the values of its epochs have several lengths")
        self.epochs = {name: SpilledSeries(epochs[name]) for name in sorted(epochs, key=_rank)}
        self.steps, self._curves = steps, {}

    def rows(self, start: int = 0) -> list[dict[str, float]]:
        """Return one dict per epoch from ``start`` + 1 on, with its ``epoch`` and values."""
        names = list(self.epochs)
        columns = (self.epochs[name].values(start).tolist() for name in names)
        return [
            {"epoch": start + i, **dict(zip(names, values, strict=True))}
            for i, values in enumerate(zip(*columns, strict=True), start=1)
        ]


def _rank(name: str) -> tuple[bool, int, int]:
    """Return the sort key of a value: training before validation, the loss first, classes by number."""
    measure, _, index = name.removeprefix("val_").partition("[")
    position = MEASURES.index(measure) if measure in MEASURES else len(MEASURES)
    return name.startswith("val_"), position, int(index.rstrip("]") or 0)


class RecordedCurve:
    """The recorded values of epochs 1, 2, 3 ..., or an exponential moving average of them.

    Each average is ``smoothing`` times the one before plus the rest times the new value, divided by the total weight of
    all values so far, so that the first ones don't count for more. A value that is not finite is kept in place, and
    left out of the average.
    """

    def __init__(self, recorded: SpilledSeries, smoothing: float = 0.0) -> None:
        self._recorded, self._smoothing = recorded, smoothing
        self._values = SpilledSeries() if smoothing else recorded
        self._sum = self._weight = 0.0
        self._downsampled = DownsampledSeries()
        self.update()

    def update(self) -> None:
        """Add what has been recorded since the last update."""
        start = len(self._downsampled)
        if self._smoothing:
            self._values.extend(np.array([self._next(value) for value in self._recorded.values(start).tolist()]))
        if len(self._values) > start:
            self._downsampled.extend(self._values.values(start))

    def points(self, low: int | None = None, high: int | None = None) -> tuple[Floats, Floats]:
        """Return epochs (k,) and values (k,) from epoch ``low`` to ``high``, downsampled if there are many."""
        if low is None and high is None:
            return self._downsampled.points()
        first, last = max(1, low or 1), len(self._values) if high is None else max(high, 0)
        part = DownsampledSeries()
        part.extend(self._values.values(first - 1, last))
        x, y = part.points()
        return x + (first - 1), y

    def at(self, epoch: int | None) -> float | None:
        """Return the value of an epoch; None if there is none."""
        return None if epoch is None or not 1 <= epoch <= len(self._values) else self._values[epoch - 1]

    def _next(self, value: float) -> float:
        if not math.isfinite(value):
            return value
        self._sum = self._smoothing * self._sum + (1.0 - self._smoothing) * value
        self._weight = self._smoothing * self._weight + 1.0 - self._smoothing
        return self._sum / self._weight
