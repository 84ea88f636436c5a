"""Fewer points for the same picture: a plot has far fewer columns than a run has epochs."""

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.plot import Array

MANY_POINTS = 4  # of a slice: from there on the order within it can't be seen


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
