"""Series of any length in bounded memory.

``DownsampledSeries`` keeps the minimum and maximum of each bucket, so that spikes remain visible. ``SpilledSeries``
keeps all values, the newest in memory and the older ones in a temporary file without a name. ``Trajectory`` keeps the
parameters of a small model after some of its steps.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tui_trainer.system.files import read_at, write_at

Array = NDArray[Any]
Floats = NDArray[np.float64]

BUCKETS = 512
MAX_BUCKETS = 1 << 16  # of a saved series
IN_MEMORY = 8192  # newest values of a spilled series, at least; at most twice as many
WIDTH = 8  # bytes of a number
MAX_PARAMETERS = 2  # of a model whose trajectory can be drawn
MAX_POINTS = 2048  # if there are more, every other one is dropped


class DownsampledSeries:
    """Values 1, 2, 3 ... as the minimum and maximum of each bucket, so that spikes remain and memory is bounded.

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
        """Return x (k,) and y (k,) in order of x; a value that is not finite replaces its bucket."""
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
        """Return the state, as copies."""
        counters = np.array([self._limit, self._width, self._count])
        return {"points": self._points[: self._used].copy(), "tail": self._tail.copy(), "counters": counters}

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> DownsampledSeries:
        """Return the series of a ``state``; raise ValueError if it is damaged."""
        limit, width, count = map(int, state["counters"])
        points, tail = state["points"], state["tail"]
        is_valid = 2 <= limit <= MAX_BUCKETS and limit % 2 == 0 and width >= 1 and points.shape == (len(points), 4)
        if (
            not is_valid
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
    """Return (buckets, 4), as in _points, for ``rows`` (buckets, width) whose first value is at x = ``first``."""
    starts = first + rows.shape[1] * np.arange(len(rows))
    lowest, highest = rows.argmin(axis=1), rows.argmax(axis=1)
    index = np.arange(len(rows))
    return np.stack((starts + lowest, rows[index, lowest], starts + highest, rows[index, highest]), axis=1)


def extreme_rows(numbers: Array, columns: Sequence[Array], most: int) -> Array:
    """Return the places of at most ``most`` rows: those with the lowest or highest value of a column in their stretch.

    Stretches are equally many ``numbers`` (k,) long, a power of two, as few as leave no more rows than that. The first
    row of all remains, too. With one more column than rows allow, stretches grow until one holds everything.
    """
    rows = np.arange(len(numbers))
    width = 1
    while width * most < numbers[-1]:
        width *= 2
    while True:
        stretches = (numbers[rows] - 1) // width
        starts = np.flatnonzero(np.diff(stretches, prepend=-1))
        keep = {0}
        for column in columns:
            values = column[rows]
            for sign in (1.0, -1.0):
                keep.update(_first_lowest(np.where(np.isnan(values), np.inf, sign * values), starts).tolist())
        rows = rows[sorted(keep)]
        if len(rows) <= most or len(starts) == 1:
            return rows
        width *= 2


def _first_lowest(values: Array, starts: Array) -> Array:
    """Return the place of the first lowest value in each part of ``values``, which begin at ``starts``."""
    lowest = np.minimum.reduceat(values, starts)
    lengths = np.diff(starts, append=len(values))
    places = np.flatnonzero(values == np.repeat(lowest, lengths))
    _, first = np.unique(np.searchsorted(starts, places, side="right"), return_index=True)
    found: Array = places[first]
    return found


class SpilledSeries:
    """Values 0, 1, 2 ... in float64, older ones in a file; all in memory if no file can be written."""

    def __init__(self, values: ArrayLike = ()) -> None:
        self._newest = array("d")
        self._spilled = 0  # number of values in the file, the oldest ones
        self._file: IO[bytes] | None = None
        self._in_memory = False
        self.extend(values)

    def __len__(self) -> int:
        return self._spilled + len(self._newest)

    def __iter__(self) -> Iterator[float]:
        return iter(self.values().tolist())

    def __getitem__(self, index: int) -> float:
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"number {index} of {len(self)}")
        if position >= self._spilled:
            return self._newest[position - self._spilled]
        return float(self._read(position, position + 1)[0])

    def append(self, value: float) -> None:
        """Add one value."""
        self._newest.append(value)
        if len(self._newest) >= 2 * IN_MEMORY:
            self._spill()

    def extend(self, values: ArrayLike) -> None:
        """Add ``values`` (k,)."""
        self._newest.frombytes(np.ascontiguousarray(values, np.float64).tobytes())
        if len(self._newest) >= 2 * IN_MEMORY:
            self._spill()

    def values(self, start: int = 0, stop: int | None = None) -> Floats:
        """Return a copy (k,) of the values from ``start`` up to but not including ``stop``."""
        last = len(self) if stop is None else min(stop, len(self))
        newest = np.array(self._newest[max(0, start - self._spilled) : max(0, last - self._spilled)], np.float64)
        if start >= min(last, self._spilled):
            return newest
        return np.concatenate((self._read(start, min(last, self._spilled)), newest))

    def _read(self, start: int, stop: int) -> Floats:
        assert self._file is not None
        data = read_at(self._file.fileno(), (stop - start) * WIDTH, start * WIDTH)
        return np.frombuffer(data, np.float64)

    def _spill(self) -> None:
        """Move all but the newest values to the file."""
        if self._in_memory:
            return
        older = self._newest[:-IN_MEMORY].tobytes()
        try:
            if self._file is None:
                import tempfile  # most runs are short

                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as the series exists)
            if write_at(self._file.fileno(), older, self._spilled * WIDTH) < len(older):
                raise OSError("only a part of it was written")
        except OSError:  # such as a full disk: keep all values in memory
            self._in_memory = True
            return
        self._spilled += len(older) // WIDTH
        self._newest = self._newest[-IN_MEMORY:]


class OptimizerStep(NamedTuple):
    """A step of an optimizer: the parameters (k,) before and after it, and its learning rate."""

    step: int
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    rate: float


class Trajectory:
    """The parameters after ``step`` steps, and after later ones: after each at first, then after every 2nd, 4th ...

    Memory is bounded, whatever the number of steps.
    """

    def __init__(self, start: NDArray[np.floating], step: int = 0) -> None:
        self._points = np.empty((MAX_POINTS, len(start)))
        self._steps = np.empty(MAX_POINTS, np.int64)
        self._count = 0
        self._every = 1
        self._newest = np.array(start, np.float64)
        self.last: OptimizerStep | None = None  # always known, whatever points are dropped
        self._append(step, self._newest)

    def add(self, step: int, parameters: NDArray[np.floating], rate: float) -> None:
        """Add ``parameters`` (k,) after ``step`` steps, the last of them with learning rate ``rate``."""
        before, self._newest = self._newest, np.array(parameters, np.float64)
        self.last = OptimizerStep(step, before, self._newest, rate)
        self._append(step, self._newest)

    def _append(self, step: int, parameters: NDArray[np.float64]) -> None:
        if step % self._every:
            return
        if self._count == MAX_POINTS:
            self._halve()
            if step % self._every:
                return
        self._points[self._count], self._steps[self._count] = parameters, step
        self._count += 1

    @property
    def steps(self) -> NDArray[np.int64]:
        """Numbers of steps (n,) done at the points, ascending."""
        return self._steps[: self._count]

    @property
    def points(self) -> NDArray[np.float64]:
        """Parameters (n, k) after these steps."""
        return self._points[: self._count]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all points, as copies."""
        return {"points": self.points.copy(), "steps": self.steps.copy(), "every": np.array([self._every])}

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore a ``state``; raise KeyError or ValueError if it is from another model."""
        points, steps = state["points"], state["steps"]
        count = len(points)
        if not np.isfinite(points).all():
            raise ValueError("the way of its parameters is damaged")
        if points.shape[1] != self._points.shape[1] or not count == len(steps) <= MAX_POINTS:
            raise ValueError(f"a way of {self._points.shape[1]} parameters expected, got {points.shape[1]}")
        self._points[:count], self._steps[:count] = points, steps
        self._count, self._every = count, max(1, int(state["every"][0]))

    def _halve(self) -> None:
        self._every *= 2
        remaining = np.flatnonzero(self.steps % self._every == 0)
        self._count = len(remaining)
        self._points[: self._count], self._steps[: self._count] = self._points[remaining], self._steps[remaining]
