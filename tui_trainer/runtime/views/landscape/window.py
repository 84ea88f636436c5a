"""Which range an axis shows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BEYOND = 1.6  # a range reaches so many times as far on either side as from the minimum to the start
USUAL = 2.0  # reach where nothing else is known, and around one weight of many
MOST_DOUBLINGS = 6  # of the usual reach, to follow a way that leaves it
MOST_ZOOM = 20
FINEST = 1e-9  # reach of a range, of its middle
STRIDES = 40  # of moving by hand go into a range at least


class Window:
    """The range of one parameter of a model with a way: steady, doubled where the way leaves it."""

    def __init__(self, start: float, minimum: float | None) -> None:
        self._middle = start if minimum is None else minimum
        reach = USUAL if minimum is None else BEYOND * abs(minimum - start)
        self._reach = reach or BEYOND * max(1.0, abs(start))
        self._has_minimum = minimum is not None

    def limits(self, way: Array, zoom: int) -> tuple[float, float]:
        """The range for a ``way`` (n,); zooming in keeps the minimum, or else the newest point, in sight."""
        middle, reach = self._middle, self._reach
        farthest = float(np.max(np.abs(way - middle)))
        for _ in range(MOST_DOUBLINGS):
            if farthest <= reach:
                break
            reach *= 2.0
        zoomed = zoom_by(reach, zoom)
        if zoom > 0 and not self._has_minimum and math.isfinite(way[-1]):
            # In steps of half a reach: the range stands still while the point crosses it.
            middle += zoomed / 2 * round((float(way[-1]) - middle) / (zoomed / 2))
        return about(middle, zoomed)


def about(middle: float, reach: float) -> tuple[float, float]:
    """From ``reach`` below ``middle`` to as much above it; farther where the numbers there lie farther apart."""
    reach = max(reach, FINEST * abs(middle))
    return middle - reach, middle + reach


def zoom_by(reach: float, zoom: int) -> float:
    """``reach`` halved ``zoom`` times, or doubled where that is negative."""
    return math.ldexp(reach, -min(max(zoom, -MOST_ZOOM), MOST_ZOOM))


def given(low: float | None, high: float | None, usual: tuple[float, float], zoom: int) -> tuple[float, float]:
    """The range asked for, its other end taken from the ``usual`` one, zoomed about its middle."""
    ends = (usual[0] if low is None else low), (usual[1] if high is None else high)
    if (low is None and high is None) or not np.isfinite(ends).all() or not ends[0] < ends[1]:
        return usual
    middle, reach = (ends[0] + ends[1]) / 2, zoom_by((ends[1] - ends[0]) / 2, zoom)
    return about(middle, reach)


def stride(low: float, high: float) -> float:
    """A power of ten that goes about ``STRIDES`` to four hundred times into the range."""
    return 10.0 ** math.floor(math.log10((high - low) / STRIDES))
