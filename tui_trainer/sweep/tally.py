"""How a sweep stands while it is under way: what is done, and the best of it."""

from __future__ import annotations

import math
from bisect import insort

from .results import Row, rank
from .tables import number, told


class Tally:
    """Counts rows as they come, ``total`` in the end, and keeps them in order: the best by the measure ``by`` first."""

    def __init__(self, by: str, total: int) -> None:
        self.by, self.total = by, total
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take a row into account."""
        insort(self.rows, row, key=lambda one: rank(one, self.by))

    @property
    def done(self) -> int:
        """Runs that have ended."""
        return len(self.rows)

    @property
    def best(self) -> Row | None:
        """The best one so far; None while none has a score."""
        return self.rows[0] if self.rows and math.isfinite(self.rows[0].value(self.by)) else None

    def line(self) -> str:
        """How many are done, and the best of them, in one line."""
        best = self.best
        found = "" if best is None else f"  best {self.by} {number(best.value(self.by))}: {told(best.settings)}"
        return f"{self.done}/{self.total} runs{found}"
