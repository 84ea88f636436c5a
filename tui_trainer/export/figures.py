"""What a picture of the loss shows: its curves, thinned, and the ranges of both axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.round_values import labels, linear_values, log_values, short

Array = NDArray[Any]
NAMES = {"loss": "training", "val_loss": "validation"}
HUGE, TINY = 1e300, 1e-300  # beyond the one a span overflows; below the other a step underflows
SNAP = 0.15  # an axis that starts this near to zero, as a part of its length, starts at zero


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line in fractions of the axes, x and y (n,): 0 is left and bottom, 1 is right and top."""

    label: str
    x: Array
    y: Array


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, exponents of ten if ``log``; ``whole`` where only whole numbers mean something."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def fraction(self, values: Array) -> Array:
        """Where values (n,), exponents if log, lie between the ends."""
        result: Array = (values / 2 - self.low / 2) / (self.high / 2 - self.low / 2)  # halves: no overflow
        return result

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most ``most`` round places, as fractions, with their labels."""
        if self.log:
            values = log_values(self.low, self.high, most)
            places, said = [math.log10(value) for value in values], [short(value) for value in values]
        else:
            places = linear_values(self.low, self.high, most, self.whole)
            said = labels(places)
        return list(zip(self.fraction(np.array(places, float)).tolist(), said, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Training and validation loss over the epochs; no curve where no epoch is done."""

    curves: tuple[Curve, ...]
    x: Axis
    y: Axis


def loss_curves(history: Mapping[str, Array], log: bool = False, columns: int = 600) -> Curves:
    """The curves, thinned to the smallest and the largest value in each of ``columns``.

    What is not finite is left out, and on a ``log`` axis what is not above 0.
    """
    lines = []
    for name, label in NAMES.items():
        values = np.asarray(history.get(name, ()), np.float64)
        values = np.where(np.abs(values) < TINY, 0.0, values)
        epochs = np.arange(1.0, len(values) + 1)
        usable = np.isfinite(values) & (np.abs(values) < HUGE) & ((values > 0) | (not log))
        if usable.any():
            y = np.log10(values[usable]) if log else values[usable]
            lines.append((label, *_thin(epochs[usable], y, columns)))
    if not lines:
        return Curves((), Axis(0.0, 1.0, whole=True), Axis(0.0, 1.0))
    x_axis = _axis(1.0, max(float(x[-1]) for _, x, _ in lines), whole=True)
    lowest, highest = min(float(y.min()) for *_, y in lines), max(float(y.max()) for *_, y in lines)
    y_axis = _axis(lowest, highest, log=log)
    return Curves(tuple(Curve(label, x_axis.fraction(x), y_axis.fraction(y)) for label, x, y in lines), x_axis, y_axis)


def _thin(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """The points that hold the smallest and the largest value of each of ``columns`` parts, and both ends."""
    if len(x) <= 2 * columns:
        return x, y
    edges = np.linspace(0, len(x), columns + 1).astype(int)
    keep = {0, len(x) - 1}
    for start, stop in pairwise(edges.tolist()):
        keep |= {start + int(y[start:stop].argmin()), start + int(y[start:stop].argmax())}
    places = sorted(keep)
    return x[places], y[places]


def _axis(low: float, high: float, log: bool = False, whole: bool = False) -> Axis:
    """An axis with two ends that are apart."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        margin = 0.5 if log or whole else (abs(high) / 10 or 1.0)
        return Axis(low - margin, high + margin, log, whole)
    starts_at_zero = not log and 0 < low <= SNAP * high
    return Axis(0.0 if starts_at_zero else low, high, log, whole)
