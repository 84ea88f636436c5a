"""A series of any length in bounded memory: minimum and maximum of each bucket stay, so that spikes do."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
BUCKETS = 512
MAX_BUCKETS = 1 << 16  # that a saved one may have
Floats = NDArray[np.float64]
KEPT = 8192  # of the newest, at least; twice as many at most
WIDTH = 8  # bytes of a number


class DownsampledSeries:
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
    def from_state(cls, state: Mapping[str, Array]) -> DownsampledSeries:
        """The series whose ``state`` this was."""
        limit, width, count = map(int, state["counters"])
        points, tail = state["points"], state["tail"]
        fits = 2 <= limit <= MAX_BUCKETS and limit % 2 == 0 and width >= 1 and points.shape == (len(points), 4)
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


class SpilledSeries:
    """Values 0, 1, 2 ... in float64. Where no file can be written, all of them stay in memory."""

    def __init__(self, values: ArrayLike = ()) -> None:
        self._newest = array("d")
        self._filed = 0  # numbers that are in the file, the oldest ones
        self._file: IO[bytes] | None = None
        self._in_memory = False
        self.extend(values)

    def __len__(self) -> int:
        return self._filed + len(self._newest)

    def __iter__(self) -> Iterator[float]:
        return iter(self.values().tolist())

    def __getitem__(self, index: int) -> float:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"number {index} of {len(self)}")
        if place >= self._filed:
            return self._newest[place - self._filed]
        return float(self._read(place, place + 1)[0])

    def append(self, value: float) -> None:
        """Add one value."""
        self._newest.append(value)
        if len(self._newest) >= 2 * KEPT:
            self._file_older()

    def extend(self, values: ArrayLike) -> None:
        """Add ``values`` (k,)."""
        self._newest.frombytes(np.ascontiguousarray(values, np.float64).tobytes())
        if len(self._newest) >= 2 * KEPT:
            self._file_older()

    def values(self, start: int = 0, stop: int | None = None) -> Floats:
        """A copy (k,) of those from ``start`` on, up to and without ``stop``; none where there are none."""
        last = len(self) if stop is None else min(stop, len(self))
        newest = np.array(self._newest[max(0, start - self._filed) : max(0, last - self._filed)], np.float64)
        if start >= min(last, self._filed):
            return newest
        return np.concatenate((self._read(start, min(last, self._filed)), newest))

    def _read(self, start: int, stop: int) -> Floats:
        assert self._file is not None
        data = os.pread(self._file.fileno(), (stop - start) * WIDTH, start * WIDTH)
        return np.frombuffer(data, np.float64)

    def _file_older(self) -> None:
        """Move all but the newest ones to the file."""
        if self._in_memory:
            return
        older = self._newest[:-KEPT].tobytes()
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as this lives)
            if os.pwrite(self._file.fileno(), older, self._filed * WIDTH) < len(older):
                raise OSError("only a part of it was written")
        except OSError:  # a full disk, for one: memory is then what there is
            self._in_memory = True
            return
        self._filed += len(older) // WIDTH
        self._newest = self._newest[-KEPT:]
