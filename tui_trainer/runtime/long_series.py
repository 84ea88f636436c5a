"""Numbers without end in bounded memory: the newest stay in it, older ones lie in a file that has no name."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
KEPT = 8192  # of the newest, at least; twice as many at most
WIDTH = 8  # bytes of a number


class LongSeries:
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
