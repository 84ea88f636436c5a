"""A series of any length in bounded memory: minimum and maximum of each bucket stay, so that spikes do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BUCKETS = 512
MOST_BUCKETS = 1 << 16  # that a saved one may have


class ThinnedSeries:
    """Values 1, 2, 3 ... kept as minimum and maximum a bucket, so that spikes stay and memory is bounded.

    Holds at most ``2 * buckets`` buckets; when they are full, neighbours are merged and each covers twice
    as many values.
    """

    def __init__(self, buckets: int = BUCKETS) -> None:
        self._limit = 2 * buckets
        self._points = np.empty((self._limit, 4))  # x of the minimum, minimum, x of the maximum, maximum
        self._used, self._width, self._count = 0, 1, 0
        self._tail: Array = np.empty(0)

    def __len__(self) -> int:
        return self._count

    def extend(self, values: Array) -> None:
        """Append ``values`` (k,)."""
        self._tail = np.concatenate((self._tail, values))
        self._count += len(values)
        while len(self._tail) >= self._width:
            room = self._limit - self._used
            full = min(len(self._tail) // self._width, room)
            first = self._count - len(self._tail) + 1
            rows = self._tail[: full * self._width].reshape(full, self._width)
            self._points[self._used : self._used + full] = _extremes(rows, first)
            self._used += full
            self._tail = self._tail[full * self._width :]
            if self._used == self._limit:
                self._merge()

    def points(self) -> tuple[Array, Array]:
        """x (k,) and y (k,) in order of x; not finite values have taken their bucket's place."""
        points = self._points[: self._used]
        if len(self._tail):
            tail = _extremes(self._tail[None, :], self._count - len(self._tail) + 1)
            points = np.concatenate((points, tail))
        swapped = points[:, 0] > points[:, 2]
        ordered = np.where(swapped[:, None], points[:, [2, 3, 0, 1]], points).reshape(-1, 2)
        keep = np.ones(len(ordered), bool)
        keep[1:] = ordered[1:, 0] != ordered[:-1, 0]
        return ordered[keep, 0], ordered[keep, 1]

    def state(self) -> dict[str, Array]:
        """All of it, as arrays that share nothing with it."""
        counters = np.array([self._limit, self._width, self._count])
        return {"points": self._points[: self._used].copy(), "tail": self._tail.copy(), "counters": counters}

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> ThinnedSeries:
        """The series whose ``state`` this was."""
        limit, width, count = map(int, state["counters"])
        points, tail = state["points"], state["tail"]
        fits = 2 <= limit <= MOST_BUCKETS and limit % 2 == 0 and width >= 1 and points.shape == (len(points), 4)
        if (
            not fits
            or len(points) >= limit
            or tail.ndim != 1
            or not 0 <= count - len(points) * width == len(tail) < width
        ):
            raise ValueError("the losses of its steps are damaged")
        series = cls(limit // 2)
        series._used, series._width, series._count = len(points), width, count
        series._points[: series._used] = points
        series._tail = tail.astype(float)
        return series

    def _merge(self) -> None:
        left, right = self._points[0::2], self._points[1::2]
        lows = np.where((left[:, 1] <= right[:, 1])[:, None], left[:, :2], right[:, :2])
        highs = np.where((left[:, 3] >= right[:, 3])[:, None], left[:, 2:], right[:, 2:])
        self._used = self._limit // 2
        self._points[: self._used] = np.concatenate((lows, highs), axis=1)
        self._width *= 2


def _extremes(rows: Array, first: int) -> Array:
    """(buckets, 4) for ``rows`` (buckets, width) whose first value stands at x = ``first``."""
    starts = first + rows.shape[1] * np.arange(len(rows))
    lowest, highest = rows.argmin(axis=1), rows.argmax(axis=1)
    index = np.arange(len(rows))
    return np.stack((starts + lowest, rows[index, lowest], starts + highest, rows[index, highest]), axis=1)
