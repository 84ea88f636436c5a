"""The two axes around a canvas: lines, ticks, labels and the name of x."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tui_trainer.formats import format_scientific, format_tick
from tui_trainer.settings import Markers

from .frame import AXIS, TEXT, Board, one_cell, shorten_alike
from .plot import Array, Plot

COLUMNS_PER_TICK = 12
MAX_X_TICKS = 9
MIN_NAME, NAME_GAP = 6, 2  # cells of a name below an axis, at least, and between two of them
CELL_HEIGHT = 2  # widths of a cell
Place = tuple[int, int, str]  # column of an x tick, column where its label starts, label
HUGE = 1e300  # beyond this a span overflows; such values are drawn at the border
TINY = 1e-300  # below this a step underflows; such values are drawn as zero
FINEST = 8  # ticks, of which only the first and the last are used where there is room for two
SNAP = 0.15  # an axis that starts this near to zero, as a part of its length, starts at zero
Tick = tuple[float, str]  # position on the axis (an exponent if log), label
MANY_POINTS = 4  # of a slice: from there on the order within it can't be seen


@dataclass(frozen=True, slots=True)
class Area:
    """Where the canvas lies on the board, in cells, and how many dots a cell has across and down."""

    left: int
    top: int
    columns: int
    rows: int
    across: int
    down: int

    def column(self, fraction: float) -> int:
        """The column that holds a fraction of the x axis."""
        return self.left + round(fraction * (self.columns * self.across - 1)) // self.across

    def row(self, fraction: float) -> int:
        """The row that holds a fraction of the y axis."""
        return self.top + self.rows - 1 - round(fraction * (self.rows * self.down - 1)) // self.down


def write_y_axis(board: Board, area: Area, scale: Scale, found: list[Tick], markers: Markers) -> None:
    """The line at the left of the canvas with ticks and labels; none where nothing is left of it."""
    if area.left == 0:
        return
    line, tick = ("|", "+") if markers == "ascii" else ("│", "┤")
    place = slice(area.top, area.top + area.rows), area.left - 1
    board.characters[place], board.roles[place] = line, AXIS
    for position, label in found:
        row = area.row(_fraction(scale, position))
        board.write(row, area.left - 1 - len(label), label + tick, AXIS)


def write_x_axis(board: Board, area: Area, scale: Scale, name: str, markers: Markers) -> None:
    """The line below the canvas, and under it the labels with the name of x between them, if both rows fit."""
    row = area.top + area.rows
    if row + 2 > board.height:
        return
    if scale.names:
        width = max(area.columns // len(scale.names) - NAME_GAP, MIN_NAME)
        names = shorten_alike([one_cell(text) for text in scale.names], width, "~" if markers == "ascii" else "…")
        scale = replace(scale, names=tuple(names))
    corner, line, tick = ("+", "-", "+") if markers == "ascii" else ("└", "─", "┬")
    board.write(row, area.left - 1, corner + line * area.columns, AXIS)
    placed, name_start = _fit(area, scale, len(name))
    for column, start, label in placed:
        board.write(row, column, tick, AXIS)
        board.write(row + 1, start, label, AXIS)
    if name_start is not None:
        board.write(row + 1, name_start, name, TEXT)


def write_cursor(board: Board, area: Area, scale: Scale, position: float, sign: str) -> None:
    """A line upwards from a place on the x axis, behind what is drawn; none where the place is beyond the axis."""
    if not scale.low <= position <= scale.high:
        return
    column = area.column(_fraction(scale, position))
    for row in range(area.top, area.top + area.rows):
        if board.characters[row, column] == " ":
            board.write(row, column, sign, AXIS)


def _fit(area: Area, scale: Scale, length: int) -> tuple[list[Place], int | None]:
    """As many x ticks as fit side by side, and where a name of some length fits between them.

    Ticks give way to the name down to two of them; then the name is left out.
    """
    nameless: list[Place] = []
    for most in range(len(scale.names) or min(MAX_X_TICKS, area.columns // COLUMNS_PER_TICK + 2), 0, -1):
        placed = _places(area, scale, most)
        spans = [(start, start + len(label)) for _, start, label in placed]
        if any(one[1] + 2 > two[0] for one, two in pairwise(spans)):
            continue
        name_start = _gap(area.left + area.columns, spans, length)
        if length == 0 or name_start is not None:
            return placed, name_start
        nameless = nameless or placed
        if len(placed) <= 2:
            break
    return nameless, None


def _places(area: Area, scale: Scale, most: int) -> list[Place]:
    placed = []
    for position, label in ticks(scale, most):
        column = area.column(_fraction(scale, position))
        start = max(min(column - len(label) // 2, area.left + area.columns - len(label)), 0)
        placed.append((column, start, label))
    return placed


def _gap(end_of_row: int, taken: list[tuple[int, int]], length: int) -> int | None:
    """Where text of some length fits between ticks (start, end): in the middle of the last wide gap."""
    edges = [-2, *(edge for span in taken for edge in span), end_of_row + 2]
    for start, end in reversed(list(zip(edges[::2], edges[1::2], strict=True))):
        if length and end - start - length >= 4:
            return start + (end - start - length) // 2
    return None


def _fraction(scale: Scale, position: float) -> float:
    """Where one position lies, held within the axis: rounding may have put a tick just outside."""
    fraction = (position / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    return min(max(fraction, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis from ``low`` to ``high``, ``low < high``; the two are exponents of ten when ``log`` is true.

    ``whole`` says that only whole numbers occur, so that ticks between them would mean nothing. ``names`` stand at 0,
    1, 2 ... instead of numbers.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    names: tuple[str, ...] = ()

    def fraction(self, values: Array) -> Array:
        """Where values (n,) of the axis (exponents if log) lie: 0 at its low end, 1 at its high end."""
        low, high = self.low / 2, self.high / 2
        result: Array = (values / 2 - low) / (high - low)
        return result


@dataclass(frozen=True, slots=True)
class Points:
    """What is left of series number ``index`` after cleaning: x, y (n,), as exponents where the scale is log."""

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
        for values, log in ((x, plot.log_x), (y, plot.log_y)):
            if log:
                hidden += int(np.count_nonzero(usable & (values <= 0)))
                usable &= values > 0
        if usable.any():
            x, y = x[usable], y[usable]
            kept.append(Points(index, np.log10(x) if plot.log_x else x, np.log10(y) if plot.log_y else y))
    return kept, hidden


def scales(plot: Plot, points: list[Points]) -> tuple[Scale, Scale]:
    """The x and the y scale that show all the points, or the limits that the plot asks for."""
    whole = all(bool((p.x == np.floor(p.x)).all()) for p in points)
    x_low, x_high = _limits(_exponents(plot.x_limits, plot.log_x), [p.x for p in points], log=plot.log_x)
    y_low, y_high = _limits(_exponents(plot.y_limits, plot.log_y), [p.y for p in points], log=plot.log_y)
    x_scale = Scale(x_low, x_high, log=plot.log_x, whole=whole and not plot.log_x, names=plot.x_names)
    return x_scale, Scale(y_low, y_high, log=plot.log_y)


def _exponents(limits: tuple[float, float] | None, log: bool) -> tuple[float, float] | None:
    """The limits of an axis as its scale has them; none where the axis is log and one of them is not above zero."""
    if limits is None or not log:
        return limits
    low, high = np.log10(np.clip(limits, TINY, HUGE))
    return (float(low), float(high)) if min(limits) > 0 else None


def squared(x: Scale, y: Scale, columns: int, rows: int) -> tuple[Scale, Scale]:
    """The scales, one of them extended at both ends so that a unit has the same length on both axes.

    A cell is twice as high as wide.
    """
    lengths = columns, CELL_HEIGHT * rows
    unit = max((scale.high - scale.low) / max(length, 1) for scale, length in zip((x, y), lengths, strict=True))
    x_more, y_more = (
        (unit * length - (scale.high - scale.low)) / 2 for scale, length in zip((x, y), lengths, strict=True)
    )
    return (
        replace(x, low=x.low - x_more, high=x.high + x_more),
        replace(y, low=y.low - y_more, high=y.high + y_more),
    )


def _tame(values: Array) -> Array:
    """Values (n,) as float64, huge ones brought in and tiny ones made zero; NaN and infinity stay."""
    values = np.asarray(values, np.float64)
    finite = np.isfinite(values)
    tamed = np.where(finite, np.clip(values, -HUGE, HUGE), values)
    return np.where(np.abs(tamed) < TINY, 0.0, tamed)


def data_limits(low: float, high: float, log: bool = False, margin: float | None = None) -> tuple[float, float]:
    """The limits of an axis for data from ``low`` to ``high``: from zero where that is near, and never equal.

    Equal ends get a ``margin`` on both sides, by default a tenth of their size, or half a decade where ``log``.
    """
    limits = _apart(low, high, log, margin)
    return (0.0, high) if limits == (low, high) and not log and 0 < low <= SNAP * high else limits


def _apart(low: float, high: float, log: bool, margin: float | None = None) -> tuple[float, float]:
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 > 1e-12 * size + TINY:
        return low, high
    if margin is None:
        margin = 0.5 if log else size / 10 if size > 0 else 1.0
    return low - margin, high + margin


def _limits(wanted: tuple[float, float] | None, values: list[Array], log: bool = False) -> tuple[float, float]:
    """Two limits that are finite and apart."""
    given = wanted is not None and bool(np.isfinite(wanted).all())
    if wanted is not None and given:
        low, high = sorted(float(np.clip(limit, -HUGE, HUGE)) for limit in wanted)
    else:
        low = min(float(part.min()) for part in values)
        high = max(float(part.max()) for part in values)
        return data_limits(low, high, log)
    return _apart(low, high, log)


def ticks(scale: Scale, most: int) -> list[Tick]:
    """At most ``most`` ticks at round values, from low to high, no two with the same label.

    There are two at least, where ``most`` allows: a single one tells no unit.
    """
    if most < 1:
        return []
    if scale.names:
        stride = math.ceil(len(scale.names) / most)
        return [(float(place), name) for place, name in enumerate(scale.names) if place % stride == 0]
    found = _labelled(scale, most)
    for count in range(3, FINEST if most > 1 else 0):
        if len(found) > 1:
            break
        finer = _labelled(scale, count)
        found = [finer[0], finer[-1]] if len(finer) > 1 else found
    return found


def _labelled(scale: Scale, most: int) -> list[Tick]:
    if scale.log:
        values = log_values(scale.low, scale.high, most)
        found = [(math.log10(value), format_tick(value)) for value in values]
    else:
        values = linear_values(scale.low, scale.high, most, scale.whole)
        found = list(zip(values, labels(values), strict=True))
    first_with: dict[str, Tick] = {}
    for tick in found:
        first_with.setdefault(tick[1], tick)
    return list(first_with.values())


def thin(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """The lowest and the highest point of each of ``columns`` equal slices of x, slice by slice.

    Shapes: x (n,) never decreasing, y (n,). Values that are not finite are dropped.
    Returns at most ``2 * columns`` points, so that a spike one point wide is still drawn. In the order of x, but where
    a slice has many points: there the one that is nearer in y to the point before it comes first.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.all():
        x, y = x[finite], y[finite]
    if len(x) <= 2 * columns or columns < 1:
        return x, y
    # Halves, because the distance between two finite floats can be infinite.
    low, span = x[0] / 2, x[-1] / 2 - x[0] / 2
    if span > 0:
        column = np.minimum((x / 2 - low) / span * columns, columns - 1).astype(np.intp)
    else:
        column = np.zeros(len(x), np.intp)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    lows, highs = (_first_equal(y, starts, extreme) for extreme in (np.minimum, np.maximum))
    dense = len(x) >= MANY_POINTS * len(starts)
    keep = _nearest_first(y, lows, highs) if dense else np.unique(np.concatenate((lows, highs)))
    return x[keep], y[keep]


def _nearest_first(y: Array, lows: NDArray[np.intp], highs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Indices of each slice's lowest and highest point, in the order that makes the line between slices short.

    A line that goes up and down in every slice is drawn twice as long in the order of x, and looks the same.
    """
    keep: list[int] = []
    end = float(y[0])
    extremes = zip(lows.tolist(), highs.tolist(), y[lows].tolist(), y[highs].tolist(), strict=True)
    for lowest, highest, low, high in extremes:
        if abs(end - low) <= abs(end - high):
            keep += (lowest, highest) if lowest != highest else (lowest,)
            end = high
        else:
            keep += (highest, lowest)
            end = low
    return np.array(keep, np.intp)


def _first_equal(y: Array, starts: NDArray[np.intp], extreme: np.ufunc) -> NDArray[np.intp]:
    """Index (slices,) of the first point of each slice where y (n,) equals the slice's extreme."""
    counts = np.diff(starts, append=len(y))
    hits = np.flatnonzero(y == np.repeat(extreme.reduceat(y, starts), counts))
    first: NDArray[np.intp] = hits[np.searchsorted(hits, starts)]
    return first


def drop_hidden(x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.intp]:
    """Indices of the points of a line that change its picture; x and y (n,) are whole dots.

    Left out are a point on the same dot as the one before it, and the inside of a level stretch.
    """
    if len(x) == 0:
        return np.zeros(0, np.intp)
    moved = np.flatnonzero((np.diff(x, prepend=x[0] - 1) != 0) | (np.diff(y, prepend=y[0] - 1) != 0))
    level, steps = y[moved], np.diff(x[moved])
    inside = np.zeros(len(moved), bool)
    inside[1:-1] = (level[1:-1] == level[:-2]) & (level[1:-1] == level[2:]) & (steps[1:] * steps[:-1] >= 0)
    return moved[~inside]


def drop_covered(x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.intp]:
    """Indices of one point for each dot that is hit, for a cloud x, y (n,) in whole dots from zero up."""
    if len(x) == 0:
        return np.zeros(0, np.intp)
    return np.unique(y * (x.max() + 1) + x, return_index=True)[1]


def linear_values(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """The multiples of the smallest step 1, 2 or 5 times a power of ten of which at most ``most`` fit."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    power = math.floor(math.log10(span / most))
    for step in (digit * 10.0**exponent for exponent in range(power, power + 4) for digit in (1, 2, 5)):
        if whole and step < 1:
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            # Rounding removes the noise of the product, 0.30000000000000004.
            return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
    return []


def log_values(low: float, high: float, most: int) -> list[float]:
    """1, 2 and 5 times powers of ten between two exponents; the powers alone if these are too many."""
    decades = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    fine: list[float] = []
    if len(decades) <= most:
        around = range(math.floor(low), math.ceil(high) + 1)
        fine = [digit * 10.0**exponent for exponent in around for digit in (1, 2, 5)]
        fine = [value for value in fine if low - 1e-9 <= math.log10(value) <= high + 1e-9]
        if 2 <= len(fine) <= most:
            return fine
    if len(decades) >= 2:
        stride = math.ceil(len(decades) / most)
        return [10.0**exponent for exponent in decades if exponent % stride == 0]
    linear = linear_values(10.0**low, 10.0**high, most)
    return [value for value in linear if value > 0] or fine[:most]


def labels(values: list[float]) -> list[str]:
    """Labels for evenly spaced values, all in one form: ``0.2 0.4``, ``0 50 100``, ``20k 40k``, ``1e-5``."""
    if not values:
        return []
    largest = max(abs(value) for value in values)
    step = min((after - before for before, after in pairwise(values)), default=largest) or 1.0
    for unit, suffix in ((1.0, ""), (1e3, "k"), (1e6, "M")):
        decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
        if largest < 1e4 * unit and decimals <= (2 if suffix else 4):
            return ["0" if value == 0 else f"{value / unit:.{decimals}f}{suffix}" for value in values]
    for digits in range(12):
        found = ["0" if value == 0 else format_scientific(value, digits) for value in values]
        if len(set(found)) == len(found):
            break
    return found
