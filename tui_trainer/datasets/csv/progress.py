"""How far the reading of a file is, and the way to stop it."""

from __future__ import annotations

from collections.abc import Callable

from tui_trainer.datasets.dataset import ReadingStopped

OnProgress = Callable[[float], bool]  # takes a fraction of 1; returns False to stop


class Progress:
    """One stretch of the way, from ``start`` to ``end``, each fractions of the whole."""

    def __init__(self, watcher: OnProgress | None, start: float = 0.0, end: float = 1.0) -> None:
        self._watcher, self._start, self._end = watcher, start, end

    def part(self, start: float, end: float) -> Progress:
        """A stretch of this stretch."""
        length = self._end - self._start
        return Progress(self._watcher, self._start + start * length, self._start + end * length)

    def tell(self, fraction: float) -> None:
        """Tell how much of this stretch is done; raises ReadingStopped where that is the wish."""
        done = self._start + min(max(fraction, 0.0), 1.0) * (self._end - self._start)
        if self._watcher is not None and not self._watcher(done):
            raise ReadingStopped
