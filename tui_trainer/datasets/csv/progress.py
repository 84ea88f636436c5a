"""Reports the progress of reading a file, and lets the caller stop it."""

from __future__ import annotations

from collections.abc import Callable

from tui_trainer.datasets.dataset import ReadingStopped

OnProgress = Callable[[float], bool]  # takes the fraction done; returns False to stop


class Progress:
    """The progress of one part of the work, from ``start`` to ``end``, both fractions of the whole."""

    def __init__(self, on_progress: OnProgress | None, start: float = 0.0, end: float = 1.0) -> None:
        self._on_progress, self._start, self._end = on_progress, start, end

    def part(self, start: float, end: float) -> Progress:
        """Return the progress of a part of this part."""
        length = self._end - self._start
        return Progress(self._on_progress, self._start + start * length, self._start + end * length)

    def report(self, fraction: float) -> None:
        """Report the fraction of this part that is done; raise ReadingStopped if the caller asks to stop."""
        total = self._start + min(max(fraction, 0.0), 1.0) * (self._end - self._start)
        if self._on_progress is not None and not self._on_progress(total):
            raise ReadingStopped
