"""Fewer points for the same picture: a plot has far fewer columns than a run has epochs."""

import numpy as np
from numpy.typing import NDArray

from tui_trainer.ui.plotting.plot import Array


def thin(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """The lowest and the highest point of each of ``columns`` equal slices of x, in the order of x.

    Shapes: x (n,) never decreasing, y (n,). Values that are not finite are dropped.
    Returns at most ``2 * columns`` points, so that a spike one point wide is still drawn.
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
    extremes = [_first_equal(y, starts, extreme) for extreme in (np.minimum, np.maximum)]
    keep = np.unique(np.concatenate(extremes))
    return x[keep], y[keep]


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
    level = y[moved]
    inside = np.zeros(len(moved), bool)
    inside[1:-1] = (level[1:-1] == level[:-2]) & (level[1:-1] == level[2:])
    return moved[~inside]


def drop_covered(x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.intp]:
    """Indices of one point for each dot that is hit, for a cloud x, y (n,) in whole dots from zero up."""
    if len(x) == 0:
        return np.zeros(0, np.intp)
    return np.unique(y * (x.max() + 1) + x, return_index=True)[1]
