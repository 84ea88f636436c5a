"""How fast training goes, over the last second."""

from __future__ import annotations

import time
from collections import deque

WINDOW = 1.0  # seconds


class Pace:
    """Steps a second, from marks set while training."""

    def __init__(self) -> None:
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)])

    def record(self, steps: int, now: float) -> None:
        """``steps`` more were done by ``now`` (seconds of ``time.perf_counter``)."""
        self._total += steps
        if now - self._marks[-1][0] >= WINDOW / 20:
            self._marks.append((now, self._total))
            while now - self._marks[0][0] > WINDOW and len(self._marks) > 2:
                self._marks.popleft()

    @property
    def steps_per_second(self) -> float:
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end > start else 0.0
