"""Which epochs are looked at, and where the cursor is among them."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST = 4  # epochs that are seen at least


@dataclass(frozen=True, slots=True)
class Lens:
    """Epochs ``low`` to ``high``, all of them where these are None; ``at`` is the cursor's, None while it is off.

    ``last`` is the newest epoch there is.
    """

    low: int | None = None
    high: int | None = None
    at: int | None = None

    def span(self, last: int) -> tuple[int, int]:
        """The first and the last epoch that are seen."""
        return (1, max(last, 1)) if self.low is None or self.high is None else (self.low, self.high)

    def moved(self, columns: int, last: int, width: int) -> Lens:
        """With the cursor so many columns of a plot further on; at the newest epoch seen, if it was off."""
        low, high = self.span(last)
        if self.at is None:
            return self.put(min(high, last), last)
        step = max(1, round((high - low) / max(width, 1)))
        return self.put(self.at + columns * step, last)

    def put(self, epoch: int, last: int) -> Lens:
        """With the cursor at ``epoch``, or as near as there are epochs; the part that is seen goes with it."""
        at = max(1, min(epoch, last))
        if last < 1:
            return replace(self, at=None)
        low, high = self.span(last)
        beyond = min(at - low, 0) + max(at - high, 0)
        return replace(self._seeing(low + beyond, high + beyond, last) if beyond else self, at=at)

    def zoomed(self, direction: int, last: int) -> Lens:
        """Half as many epochs (1) or twice as many (-1); the cursor, or else the middle, stays where it is seen."""
        low, high = self.span(last)
        length = high - low
        center = (low + high) / 2 if self.at is None else float(self.at)
        wanted = max(LEAST - 1, round(length / 2 if direction > 0 else length * 2))
        if wanted >= last - 1:
            return replace(self, low=None, high=None)
        start = round(center - (center - low) / max(length, 1) * wanted)
        return self._seeing(start, start + wanted, last)

    def panned(self, direction: int, last: int) -> Lens:
        """Half of what is seen further on."""
        if self.low is None or self.high is None:
            return self
        half = direction * max(1, (self.high - self.low) // 2)
        return self._seeing(self.low + half, self.high + half, last)

    def _seeing(self, low: int, high: int, last: int) -> Lens:
        """Epochs ``low`` to ``high``, as many within those there are."""
        over = max(0, high - max(last, 1))
        first = max(1, low - over)
        return replace(self, low=first, high=first + high - low)
