"""What a sweep has found: a row for each run, the best one, and the settings that were best over several seeds."""

from __future__ import annotations

import math
import re
from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import Steps, join_path, parse_path
from tui_trainer.formats import format_six_digits
from tui_trainer.run_state import RUN_STATES, RunState

from .plan import SEED, Planned

if TYPE_CHECKING:
    import pandas as pd

    from tui_trainer.training.series import Array

RISING = ("accuracy", "r2", "recall")  # the larger, the better
MEASURE = re.compile(r"(val_)?(loss|mae|accuracy|r2|recall\[\d{1,4}\])")
MEASURES = "loss, accuracy, r2, mae, each with val_ before it for the validation part"
LONGEST = 40  # characters of one value
LONGEST_NOTE = 60
MAX_ROWS = 100
GAP = "  "


def number_text(value: float | None) -> str:
    """A score, a weight or a setting with six digits; ``-`` where there is none."""
    return "-" if value is None else format_six_digits(value)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a run ended, in the sentence ``message``; nothing else is there of one that has ``failed``.

    ``seconds`` are those of training. ``scores`` are those of the last weights, ``val_`` before the ones of the
    validation part; none of a run that diverged. ``weights`` are named as in the book, of a model of two at most.
    ``latest`` and ``history`` are the newest value and the values (epochs,) of what is recorded; ``snapshot`` is what
    the store keeps.
    """

    state: RunState
    message: str
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)
    history: dict[str, Array] = field(default_factory=dict)
    snapshot: dict[str, Array] = field(default_factory=dict)


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
    state: RunState
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
        *,
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
        number=planned.number,
        settings=planned.settings,
        experiment=planned.experiment,
        state=outcome.state,
        message=outcome.message,
        epochs=outcome.epochs,
        steps=outcome.steps,
        seconds=outcome.seconds,
        scores=outcome.scores,
        weights=outcome.weights,
        history=outcome.history,
        run=run,
    )


def rank(row: Row, by: str) -> tuple[bool, float, int, int]:
    """Sorts rows by the measure: the best first, those that diverged or failed last."""
    return (*_order(row.value(by), is_rising(by)), RUN_STATES[row.state].rank, row.number)


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
        raise UserError("by", f"expected one of: {MEASURES}; got {quoted(by)}")
    if by.startswith("val_") and without is not None:
        why = f"needs validation rows, but dataset.validation_split is 0 in run {without.number}"
        raise UserError("by", f"{by} {why}; raise it, or take {by.removeprefix('val_')}")
    return by


def runs_table(result: SweepResult, width: int | None = None) -> list[str]:
    """A line for each run, the best first: what differs, the scores, and how it ended if not as planned.

    Where the lines are longer than ``width``, scores that decide nothing are left out, the last ones first.
    """
    rows = result.rows[:MAX_ROWS]
    labels = short_names(result.rows[0].settings)
    scores = by_nearness(result.by, dict.fromkeys(name for row in rows for name in row.scores))
    weights = list(dict.fromkeys(name for row in rows for name in row.weights))
    fixed = [["run", *(str(row.number) for row in rows)]]
    fixed += [[label, *(setting_text(row.settings[path]) for row in rows)] for path, label in labels.items()]
    varied = [[name, *(number_text(row.scores.get(name)) for row in rows)] for name in scores]
    last = [[name, *(number_text(row.weights.get(name)) for row in rows)] for name in weights]
    last.append(["", *map(_note, rows)])
    while width is not None and len(varied) > 1 and _width([*fixed, *varied, *last]) > width:
        varied.pop()
    return _more(_aligned([*fixed, *varied, *last]), len(result.rows))


def groups_table(result: SweepResult) -> list[str]:
    """A line for each settings, the best first: mean and deviation of the measure over the seeds."""
    groups = result.groups()
    shown_groups = groups[:MAX_ROWS]
    columns = [
        [label, *(setting_text(group.settings[path]) for group in shown_groups)]
        for path, label in short_names(groups[0].settings).items()
    ]
    columns.append(
        [f"mean {result.by}", *(number_text(group.mean if group.counted else None) for group in shown_groups)]
    )
    several = [group.deviation if group.counted > 1 else None for group in shown_groups]
    columns.append(["deviation", *map(number_text, several)])
    columns.append(["seeds", *(f"{group.counted} of {len(group.rows)}" for group in shown_groups)])
    return _more(_aligned(columns), len(groups))


def by_nearness(by: str, names: Iterable[str]) -> list[str]:
    """The measure ``by``, the same of the other part, then the rest of its part, then all others."""
    bare, held = by.removeprefix("val_"), by.startswith("val_")
    others = [name for name in names if name != by]
    return [by, *sorted(others, key=lambda name: (name.removeprefix("val_") != bare, name.startswith("val_") != held))]


def short_names(settings: Iterable[str]) -> dict[str, str]:
    """For each path its last part, or as many of its last parts as tell it from the others."""
    paths = {path: parse_path(path) or (path,) for path in settings}
    return {path: _short(steps, [other for other in paths.values() if other != steps]) for path, steps in paths.items()}


def _short(steps: Steps, others: list[Steps]) -> str:
    for start in range(len(steps) - 1, -1, -1):
        length = len(steps) - start
        # an index alone says nothing, nor does the name of something that is not told
        says_something = isinstance(steps[start], str) and steps[start:] != ("name",)
        if says_something and all(other[-length:] != steps[start:] for other in others):
            return join_path(steps[start:])
    return join_path(steps)


def told(settings: dict[str, object], longest: int | None = None) -> str:
    """What differs, in one line of ``longest`` characters: ``learning_rate = 1e-5, units = 8``."""
    labels = short_names(settings)
    line = (
        ", ".join(f"{labels[path]} = {setting_text(value)}" for path, value in settings.items()) or "the same settings"
    )
    return line if longest is None else _cut(line, longest)


def setting_text(value: object) -> str:
    """The value of a field, short and safe to print, as it would be typed in."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        return _cut(", ".join(map(setting_text, value)))
    return _cut("null" if value is None else printable(str(value)))


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _note(row: Row) -> str:
    """How the run ended, unless after its last epoch."""
    if row.state == "failed":
        return _cut(f"failed: {printable(row.message)}", LONGEST_NOTE)
    if row.state == "diverged":
        return f"diverged in epoch {row.epochs + 1:,}"
    return f"stopped early after epoch {row.epochs:,}" if row.state == "stopped early" else ""


def _aligned(columns: list[list[str]]) -> list[str]:
    """One line for each row; all columns but the last end where numbers do, which is on the right."""
    padded = [[text.rjust(max(map(len, column))) for text in column] for column in columns[:-1]]
    return [GAP.join(cells).rstrip() for cells in zip(*padded, columns[-1], strict=True)]


def _width(columns: list[list[str]]) -> int:
    return max(map(len, _aligned(columns)))


def _more(lines: list[str], count: int) -> list[str]:
    if count > MAX_ROWS:
        lines.append(f"… and {count - MAX_ROWS:,} more; --csv OUT.csv writes all of them")
    return lines


class Leaderboard:
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
        found = "" if best is None else f"  best {self.by} {number_text(best.value(self.by))}: {told(best.settings)}"
        return f"{self.done}/{self.total} runs{found}"
