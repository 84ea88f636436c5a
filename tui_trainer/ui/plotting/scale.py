"""From the numbers of a plot to fractions of its axes, without ever overflowing."""

from dataclasses import dataclass

import numpy as np

from tui_trainer.plotting.plot import Array, Plot

HUGE = 1e300  # beyond this a span overflows; such values are drawn at the border
TINY = 1e-300  # below this a step underflows; such values are drawn as zero
SNAP = 0.15  # an axis that starts this near to zero, as a part of its length, starts at zero


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis from ``low`` to ``high``, ``low < high``; the two are exponents of ten when ``log`` is true.

    ``whole`` says that only whole numbers occur, so that ticks between them would mean nothing.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def fraction(self, values: Array) -> Array:
        """Where values (n,) of the axis (exponents if log) lie: 0 at its low end, 1 at its high end."""
        low, high = self.low / 2, self.high / 2
        result: Array = (values / 2 - low) / (high - low)
        return result


@dataclass(frozen=True, slots=True)
class Points:
    """What is left of series number ``index`` after cleaning: x, y (n,), y as exponents if log."""

    index: int
    x: Array
    y: Array


def clean(plot: Plot) -> tuple[list[Points], int]:
    """The drawable points of each series that has any, and how many a log scale hides."""
    kept, hidden = [], 0
    for index, series in enumerate(plot.series):
        x, y = _tame(series.x), _tame(series.y)
        usable = np.isfinite(x) & np.isfinite(y)
        if plot.x_limits is not None:
            usable &= (x >= min(plot.x_limits)) & (x <= max(plot.x_limits))
        if plot.log_y:
            hidden += int(np.count_nonzero(usable & (y <= 0)))
            usable &= y > 0
        if usable.any():
            y = y[usable]
            kept.append(Points(index, x[usable], np.log10(y) if plot.log_y else y))
    return kept, hidden


def scales(plot: Plot, points: list[Points]) -> tuple[Scale, Scale]:
    """The x and the y scale that show all the points, or the limits that the plot asks for."""
    whole = all(bool((p.x == np.floor(p.x)).all()) for p in points)
    x_low, x_high = _limits(plot.x_limits, [p.x for p in points])
    wanted = plot.y_limits
    if wanted is not None and plot.log_y:
        # A limit at or below zero cannot be meant; the data decide then.
        exponents = np.log10(np.clip(wanted, TINY, HUGE))
        wanted = (float(exponents[0]), float(exponents[1])) if min(wanted) > 0 else None
    y_low, y_high = _limits(wanted, [p.y for p in points], log=plot.log_y)
    return Scale(x_low, x_high, whole=whole), Scale(y_low, y_high, log=plot.log_y)


def _tame(values: Array) -> Array:
    """Values (n,) as float64, huge ones brought in and tiny ones made zero; NaN and infinity stay."""
    values = np.asarray(values, np.float64)
    finite = np.isfinite(values)
    tamed = np.where(finite, np.clip(values, -HUGE, HUGE), values)
    return np.where(np.abs(tamed) < TINY, 0.0, tamed)


def _limits(wanted: tuple[float, float] | None, values: list[Array], log: bool = False) -> tuple[float, float]:
    """Two limits that are finite and apart."""
    given = wanted is not None and bool(np.isfinite(wanted).all())
    if wanted is not None and given:
        low, high = sorted(float(np.clip(limit, -HUGE, HUGE)) for limit in wanted)
    else:
        low = min(float(part.min()) for part in values)
        high = max(float(part.max()) for part in values)
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 <= 1e-12 * size + TINY:
        margin = 0.5 if log else size / 10 if size > 0 else 1.0
        return low - margin, high + margin
    if not log and not given and 0 < low <= SNAP * high:
        low = 0.0
    return low, high
