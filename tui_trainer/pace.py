"""The paces at which a run is shown, and when its steps are due at each.

A pace only decides when a step is done, never what it does: the weights are the same at any pace.
"""

from __future__ import annotations

import math
import time
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

from msgspec import Meta

PaceName = Literal["2/s", "10/s", "watch", "fast", "full"]
Positive: TypeAlias = Annotated[float, Meta(gt=0.0)]  # checked where a pace comes from another process
MAX_LAG = 0.5  # seconds behind its schedule from which a run is taken to be as fast as it can be
SHORTEST_WAIT = 0.005  # seconds: steps that are due sooner are done together


class Pace(NamedTuple):
    """A pace: a number of steps a second, or a number of seconds for all epochs; full speed without either."""

    name: PaceName
    steps_per_second: Positive | None = None
    seconds: Positive | None = None

    @property
    def sentence(self) -> str:
        """What the user is told when the pace is chosen."""
        if self.steps_per_second is not None:
            return f"Pace {self.name}: {self.steps_per_second:g} steps a second."
        if self.seconds is not None:
            return f"Pace {self.name}: a run takes about {self.seconds:g} seconds, slowly at first."
        return f"Pace {self.name}: as fast as the machine can."


FULL = Pace("full")
WATCH = Pace("watch", seconds=10.0)
PACES = (Pace("2/s", 2.0), Pace("10/s", 10.0), WATCH, Pace("fast", seconds=2.0), FULL)  # from slow to fast
PACE_NAMES: tuple[PaceName, ...] = get_args(PaceName)


def pace_named(name: PaceName) -> Pace:
    """Return the pace of that name."""
    return next(pace for pace in PACES if pace.name == name)


class Schedule:
    """When the steps of a stretch of training are due at ``pace``.

    The stretch goes from step ``first`` to step ``last``, and ``done`` steps are done now. A pace of seconds eases in:
    after t of T seconds, (t/T)² of the steps are due, so that most pictures show the beginning, where the loss falls.
    """

    def __init__(self, pace: Pace, first: int, last: int, done: int) -> None:
        self.pace = pace
        self._first, self._steps = first, max(1, last - first)
        now = time.perf_counter()
        self._started = now - self._seconds_at(done)  # when the stretch would have begun, to be here now
        self._next = now  # when the next step is due, at a number of steps a second

    @property
    def is_full_speed(self) -> bool:
        """Whether all steps are due at once."""
        return self.pace.steps_per_second is None and self.pace.seconds is None

    def steps_due(self, done: int, now: float, most: int) -> int:
        """Return how many steps are due at ``now``, at most ``most``."""
        if self.pace.steps_per_second is not None:
            if now < self._next:
                return 0
            self._next = now + 1.0 / self.pace.steps_per_second
            return min(1, most)
        if self.pace.seconds is None:
            return most
        share = (now - self._started) / self.pace.seconds
        return most if share >= 1.0 else max(0, min(most, self._first + int(share**2 * self._steps) - done))

    def wait(self, done: int, now: float) -> float:
        """Return the seconds until the next step is due."""
        if self.is_full_speed:
            return 0.0
        if self.pace.steps_per_second is not None:
            return max(0.0, self._next - now)
        due = self._started + self._seconds_at(done + 1) - now
        return max(SHORTEST_WAIT, due) if due > 0.0 else 0.0

    def seconds_left(self, done: int, now: float) -> float | None:
        """Return the seconds until the last step is due; None if the schedule doesn't say, or can't be kept."""
        if self.pace.seconds is None or self.is_late(done, now):
            return None
        return max(0.0, self._started + self.pace.seconds - now)

    def is_late(self, done: int, now: float) -> bool:
        """Whether the machine can't keep the schedule: there is no time to spare."""
        return self.pace.steps_per_second is None and now - self._started - self._seconds_at(done) > MAX_LAG

    def _seconds_at(self, done: int) -> float:
        """Return the seconds after the beginning at which ``done`` steps are due, at a pace of seconds."""
        return (self.pace.seconds or 0.0) * math.sqrt(min(1.0, max(0, done - self._first) / self._steps))
