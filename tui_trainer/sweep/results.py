"""What a sweep has found: a row for each run, the best one, and the settings that were best over several seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.series import Array

from .plan import SEED, Planned
from .running import Outcome, State

if TYPE_CHECKING:
    import pandas as pd

RISING = ("accuracy", "r2", "recall")  # the larger, the better
RANKS: dict[State, int] = {"finished": 0, "stopped early": 0, "diverged": 1, "failed": 2}
MEASURE = re.compile(r"(val_)?(loss|mae|accuracy|r2|recall\[\d{1,4}\])")
MEASURES = "loss, accuracy, r2, mae, each with val_ before it for the validation part"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One run: ``number`` in the plan, ``settings`` by path, and how it ended.

    ``state`` is finished, stopped early, diverged or failed, and ``message`` says so in a sentence. ``scores`` are
    those of the last weights: of the training part, and ``val_`` of the validation part. ``weights`` are those of
    a model of two at most, ``history`` the values (epochs,) by name. ``run`` is the number in the store, if kept.
    """

    number: int
    settings: dict[str, object]
    experiment: Experiment
    state: State
    message: str
    epochs: int
    steps: int
    seconds: float
    scores: dict[str, float]
    weights: dict[str, float]
    history: dict[str, Array]
    run: int | None

    def value(self, by: str) -> float:
        """The score ``by``; nan where the run has none, as one that diverged."""
        return self.scores.get(by, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The same settings with several seeds: mean and deviation of the measure over those ``counted``."""

    settings: dict[str, object]
    rows: tuple[Row, ...]
    counted: int
    mean: float
    deviation: float


class SweepResult:
    """All runs that were done, the best first; those that diverged or failed come last.

    ``by`` is the measure that decides, the larger the better where it is ``rising``; all settings had ``repeat``
    seeds. ``planned`` runs, ``jobs`` at a time (0 on a cluster), took ``seconds``; there are fewer rows where it was
    ``interrupted``, or where ``complaint`` says why; that also tells why runs could not be kept. ``tag`` is what the
    kept ones have in common.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        by: str,
        repeat: int = 1,
        planned: int = 0,
        jobs: int = 1,
        seconds: float = 0.0,
        interrupted: bool = False,
        complaint: str = "",
        tag: str = "",
    ) -> None:
        self.by, self.rising, self.repeat = by, is_rising(by), repeat
        self.rows = tuple(sorted(rows, key=lambda row: rank(row, by)))
        self.planned, self.jobs, self.seconds = planned, jobs, seconds
        self.interrupted, self.complaint, self.tag = interrupted, complaint, tag

    @property
    def best(self) -> Row | None:
        """The best run; with several seeds, the best one of the best settings. None where no run counts."""
        found = next(iter(self.groups()), None)
        return found.rows[0] if found is not None and found.counted else None

    def groups(self) -> list[Group]:
        """The settings without their seeds, the best first: fewest runs that diverged or failed, then the mean."""
        found: list[tuple[dict[str, object], list[Row]]] = []
        places: dict[str, int] = {}
        for row in self.rows:
            settings = {path: value for path, value in row.settings.items() if self.repeat == 1 or path != SEED}
            place = places.setdefault(repr(settings), len(found))
            if place == len(found):
                found.append((settings, []))
            found[place][1].append(row)
        groups = [self._group(settings, rows) for settings, rows in found]
        return sorted(groups, key=lambda group: (len(group.rows) - group.counted, *_order(group.mean, self.rising)))

    def frame(self) -> pd.DataFrame:
        """A table with a line for each run, in the order of ``rows``."""
        import pandas as pd

        return pd.DataFrame(self.records())

    def records(self) -> list[dict[str, object]]:
        """Plain data of each run: number, settings, state, counts, scores, weights, number in the store, message."""
        return [
            {
                "number": row.number,
                **row.settings,
                "state": row.state,
                "epochs": row.epochs,
                "steps": row.steps,
                "seconds": round(row.seconds, 3),
                **row.scores,
                **row.weights,
                "run": row.run,
                "message": row.message,
            }
            for row in self.rows
        ]

    def _group(self, settings: dict[str, object], rows: list[Row]) -> Group:
        values = [value for row in rows if math.isfinite(value := row.value(self.by))]
        mean = math.fsum(values) / len(values) if values else math.nan
        spread = math.fsum((value - mean) ** 2 for value in values)
        deviation = math.sqrt(spread / (len(values) - 1)) if len(values) > 1 else math.nan
        return Group(settings, tuple(rows), len(values), mean, deviation)


def make_row(planned: Planned, outcome: Outcome, run: int | None) -> Row:
    """The row of a run that has ended."""
    return Row(
        planned.number,
        planned.settings,
        planned.experiment,
        outcome.state,
        outcome.message,
        outcome.epochs,
        outcome.steps,
        outcome.seconds,
        outcome.scores,
        outcome.weights,
        outcome.history,
        run,
    )


def rank(row: Row, by: str) -> tuple[bool, float, int, int]:
    """Sorts rows by the measure: the best first, those that diverged or failed last."""
    return (*_order(row.value(by), is_rising(by)), RANKS[row.state], row.number)


def _order(value: float, rising: bool) -> tuple[bool, float]:
    """Sorts the best value first, and what is not finite last."""
    if not math.isfinite(value):
        return True, 0.0
    return False, -value if rising else value


def is_rising(by: str) -> bool:
    """Whether larger values of the measure are better."""
    return by.removeprefix("val_").startswith(RISING)


def choose_measure(by: str | None, planned: Sequence[Planned]) -> str:
    """``by``, or the usual one: ``val_loss`` where every run has validation rows, else ``loss``.

    Raises ExperimentError for what is no measure, or one of rows that some runs don't have.
    """
    without = next((run for run in planned if run.experiment.dataset.validation_split == 0), None)
    if by is None:
        return "val_loss" if without is None else "loss"
    if not MEASURE.fullmatch(by):
        raise ExperimentError("by", f"expected one of: {MEASURES}; got {quoted(by)}")
    if by.startswith("val_") and without is not None:
        why = f"needs validation rows, but dataset.validation_split is 0 in run {without.number}"
        raise ExperimentError("by", f"{by} {why}; raise it, or take {by.removeprefix('val_')}")
    return by
