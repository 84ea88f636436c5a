"""What the app is told of a sweep, while it is under way and when it has ended."""

from __future__ import annotations

import math
from itertools import takewhile

from tui_trainer.errors import printable
from tui_trainer.runtime.catalogue.labels import LONGEST_NAME

from .messages import Kept, Leader, Standing, Swept
from .results import Row, SweepResult
from .tables import number, told
from .tally import Tally
from .wishes import in_the_app

MOST_LEADERS = 12
MOST_KEPT = 8  # as many as the plot has colours for
NO_SCORE = "No run has ended with a score; where they diverged, try lower learning rates."


def standing(tally: Tally, seconds: float) -> Standing:
    """How the sweep stands after ``seconds``."""
    by = tally.by
    leaders = [row for row in tally.rows[:MOST_LEADERS] if _has_score(row, by)]
    lost = len(list(takewhile(lambda row: not _has_score(row, by), reversed(tally.rows))))
    left = seconds / tally.done * (tally.total - tally.done) if tally.done else None
    named = tuple(Leader(told(row.settings), number(row.value(by))) for row in leaders)
    return Standing(tally.done, tally.total, lost, by, named, left)


def swept(result: SweepResult) -> Swept:
    """The end of a sweep: what is best, and what was kept of it."""
    done = len(result.rows)
    runs = "1 run" if result.planned == 1 else f"{result.planned:,} runs"
    count = f"{done:,} of {runs}" if done < result.planned else f"{runs} in {_clock(result.seconds)}"
    parts = [f"Sweep ended, {count}." if result.interrupted else f"Sweep done, {count}."]
    if done:
        parts.append(_best(result))
    if result.complaint:
        parts.append(result.complaint)
    kept = [Kept(row.run, told(row.settings, LONGEST_NAME)) for row in _ordered(result) if row.run is not None]
    good = result.best is not None and not result.complaint
    return Swept(" ".join(parts), good, result.by, result.tag, tuple(kept[:MOST_KEPT]))


def refused(reason: str) -> Swept:
    """The end of a sweep of which nothing came."""
    return Swept(f"The sweep has failed: {printable(in_the_app(reason))}", False)


def _ordered(result: SweepResult) -> list[Row]:
    """The best run, which may be that of the best settings, then the others."""
    best = result.best
    return [*([] if best is None else [best]), *(row for row in result.rows if row is not best)]


def _best(result: SweepResult) -> str:
    best = result.best
    if best is None:
        return NO_SCORE
    if result.repeat == 1:
        return f"Best {result.by} {number(best.value(result.by))}: {told(best.settings)}."
    group = result.groups()[0]
    seeds = "1 seed" if group.counted == 1 else f"{group.counted} seeds"
    settings = told(group.settings)
    return f"Best {result.by} {number(group.mean)} on average over {seeds}: {settings}."


def _has_score(row: Row, by: str) -> bool:
    return math.isfinite(row.value(by))


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02} min"
