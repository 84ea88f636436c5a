"""The results of a sweep: a row for each run, the best run, groups of runs over several seeds, and tables of them."""

from __future__ import annotations

import math
import re
from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_trainer.errors import UserError, plain, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import Steps, join_path, parse_path
from tui_trainer.formats import format_six_digits
from tui_trainer.run_state import RUN_STATES, RunState

from .plan import SEED, Planned

if TYPE_CHECKING:
    import pandas as pd

    from tui_trainer.training.series import Array

RISING_MEASURES = ("accuracy", "r2", "recall")  # larger is better
MEASURE = re.compile(r"(val_)?(loss|mae|accuracy|r2|recall\[\d{1,4}\])")
MEASURES = "loss, accuracy, r2, mae, each with val_ before it for the validation part"
NO_SCORE = "No run finished with a score; if they diverged, try lower learning rates."
MAX_VALUE = 40  # characters
MAX_NOTE = 60  # characters
MAX_ROWS = 100
GAP = "  "


def number_text(value: float | None) -> str:
    """Format a score, a weight or a setting with six digits; None as ``-``."""
    return "-" if value is None else format_six_digits(value)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a run ended, with the sentence ``message``; a run that has ``failed`` has nothing else.

    ``seconds`` is the training time. ``scores`` are those of the final weights, with ``val_`` for the validation
    part; a run that diverged has none. ``weights`` are those of a very small model, by the book's names.
    ``latest`` and ``history`` are the newest value and the values (epochs,) of each recorded series; ``snapshot`` is
    what the store saves.
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
    """One run: its ``number`` in the plan, its ``settings`` by path, and how it ended.

    ``state`` is finished, stopped early, diverged or failed, and ``message`` describes it in a sentence. ``scores`` are
    those of the final weights: of the training part, and with ``val_`` of the validation part. ``weights`` are those
    of a very small model, ``history`` the values (epochs,) by name. ``run`` is the number in the store, if it was kept.
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
        """Return the score ``by``; nan if the run has none, for example because it diverged."""
        return self.scores.get(by, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Runs with the same settings but different seeds: mean and deviation of the measure over the ``counted`` ones."""

    settings: dict[str, object]
    rows: tuple[Row, ...]
    counted: int
    mean: float
    deviation: float


class SweepResult:
    """All runs of a sweep that ended, the best first; those that diverged or failed come last.

    ``by`` is the measure to rank by, larger is better if it is ``rising``; all settings had ``repeat`` seeds.
    ``planned`` is the number of planned runs, ``jobs`` how many ran at a time (0 on a cluster), ``seconds`` the total
    time. There are fewer rows if the sweep was ``interrupted``, or if ``complaint`` says why; it also says why runs
    could not be kept. ``tag`` is the tag of all kept runs.
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
        """The best run; with several seeds, the best one of the best settings. None if no run has a score."""
        best_group = next(iter(self.groups()), None)
        return best_group.rows[0] if best_group is not None and best_group.counted else None

    def groups(self) -> list[Group]:
        """Group the runs by their settings without seeds: first those with the fewest failures, then by the mean."""
        rows_by_settings: list[tuple[dict[str, object], list[Row]]] = []
        index_of: dict[str, int] = {}
        for row in self.rows:
            settings = {path: value for path, value in row.settings.items() if self.repeat == 1 or path != SEED}
            index = index_of.setdefault(repr(settings), len(rows_by_settings))
            if index == len(rows_by_settings):
                rows_by_settings.append((settings, []))
            rows_by_settings[index][1].append(row)
        groups = [self._group(settings, rows) for settings, rows in rows_by_settings]
        return sorted(groups, key=lambda group: (len(group.rows) - group.counted, *_sort_key(group.mean, self.rising)))

    def frame(self) -> pd.DataFrame:
        """Return a table with one line per run, in the order of ``rows``."""
        import pandas as pd

        return pd.DataFrame(self.records())

    def records(self) -> list[dict[str, object]]:
        """Return plain data of each run: its number, settings, state, scores, weights, store number, message."""
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


class Leaderboard:
    """The rows of a sweep so far, of ``total``, sorted by the measure ``by``, the best first."""

    def __init__(self, by: str, total: int) -> None:
        self.by, self.total = by, total
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Insert a row at its rank."""
        insort(self.rows, row, key=lambda other: rank(other, self.by))

    @property
    def done(self) -> int:
        """The number of runs that have ended."""
        return len(self.rows)

    @property
    def best(self) -> Row | None:
        """The best row so far; None while none has a score."""
        return self.rows[0] if self.rows and math.isfinite(self.rows[0].value(self.by)) else None

    def line(self) -> str:
        """Describe how many runs are done, and the best of them, in one line."""
        best = self.best
        best_text = (
            ""
            if best is None
            else f"  best {self.by} {number_text(best.value(self.by))}: {describe_settings(best.settings)}"
        )
        return f"{self.done}/{self.total} runs{best_text}"


def make_row(planned: Planned, outcome: Outcome, run: int | None) -> Row:
    """Make the row of a run that has ended."""
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
    """Return a sort key: the best rows first, those that diverged or failed last."""
    return (*_sort_key(row.value(by), is_rising(by)), RUN_STATES[row.state].rank, row.number)


def is_rising(by: str) -> bool:
    """Return whether larger values of the measure are better."""
    return by.removeprefix("val_").startswith(RISING_MEASURES)


def choose_measure(by: str | None, planned: Sequence[Planned]) -> str:
    """Return ``by``, or the default: ``val_loss`` if every run has validation rows, else ``loss``.

    Raises UserError for an unknown measure, or one of the validation part if some runs have none.
    """
    run_without = next((run for run in planned if run.experiment.dataset.validation_split == 0), None)
    if by is None:
        return "val_loss" if run_without is None else "loss"
    if not MEASURE.fullmatch(by):
        raise UserError("by", f"expected one of: {MEASURES}; got {quoted(by)}")
    if by.startswith("val_") and run_without is not None:
        why = f"needs validation rows, but dataset.validation_split is 0 in run {run_without.number}"
        raise UserError("by", f"{by} {why}; raise it, or take {by.removeprefix('val_')}")
    return by


def runs_table(result: SweepResult, width: int | None = None) -> list[str]:
    """Format a line for each run, the best first: settings, scores, and how it ended unless as planned.

    If the lines are longer than ``width``, scores other than ``by`` are left out, the last ones first.
    """
    rows = result.rows[:MAX_ROWS]
    labels = short_names(result.rows[0].settings)
    scores = by_nearness(result.by, dict.fromkeys(name for row in rows for name in row.scores))
    weights = list(dict.fromkeys(name for row in rows for name in row.weights))
    left_columns = [["run", *(str(row.number) for row in rows)]]
    left_columns += [[label, *(setting_text(row.settings[path]) for row in rows)] for path, label in labels.items()]
    score_columns = [[name, *(number_text(row.scores.get(name)) for row in rows)] for name in scores]
    right_columns = [[name, *(number_text(row.weights.get(name)) for row in rows)] for name in weights]
    right_columns.append(["", *map(_note, rows)])
    while (
        width is not None and len(score_columns) > 1 and _width([*left_columns, *score_columns, *right_columns]) > width
    ):
        score_columns.pop()
    return _with_remaining_count(_aligned([*left_columns, *score_columns, *right_columns]), len(result.rows))


def groups_table(result: SweepResult) -> list[str]:
    """Format a line for each group, the best first: settings, and mean and deviation of the measure over the seeds."""
    groups = result.groups()
    shown_groups = groups[:MAX_ROWS]
    columns = [
        [label, *(setting_text(group.settings[path]) for group in shown_groups)]
        for path, label in short_names(groups[0].settings).items()
    ]
    columns.append(
        [f"mean {result.by}", *(number_text(group.mean if group.counted else None) for group in shown_groups)]
    )
    deviations = [group.deviation if group.counted > 1 else None for group in shown_groups]
    columns.append(["deviation", *map(number_text, deviations)])
    columns.append(["seeds", *(f"{group.counted} of {len(group.rows)}" for group in shown_groups)])
    return _with_remaining_count(_aligned(columns), len(groups))


def by_nearness(by: str, names: Iterable[str]) -> list[str]:
    """Sort measures: ``by``, the same of the other part, then the rest of its part, then all others."""
    measure, is_validation = by.removeprefix("val_"), by.startswith("val_")
    others = [name for name in names if name != by]
    return [
        by,
        *sorted(
            others, key=lambda name: (name.removeprefix("val_") != measure, name.startswith("val_") != is_validation)
        ),
    ]


def short_names(settings: Iterable[str]) -> dict[str, str]:
    """Return for each path its last part, or as many of its last parts as distinguish it from the others."""
    paths = {path: parse_path(path) or (path,) for path in settings}
    return {
        path: _short_name(steps, [other for other in paths.values() if other != steps]) for path, steps in paths.items()
    }


def describe_settings(settings: dict[str, object], longest: int | None = None) -> str:
    """Describe settings in one line of at most ``longest`` characters: ``learning_rate = 1e-5, units = 8``."""
    labels = short_names(settings)
    line = (
        ", ".join(f"{labels[path]} = {setting_text(value)}" for path, value in settings.items()) or "the same settings"
    )
    return line if longest is None else plain(line, longest)


def setting_text(value: object) -> str:
    """Format the value of a field, short and safe to print, as it would be typed."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        return plain(", ".join(map(setting_text, value)), MAX_VALUE)
    return plain("null" if value is None else str(value), MAX_VALUE)


def _short_name(steps: Steps, others: list[Steps]) -> str:
    for start in range(len(steps) - 1, -1, -1):
        length = len(steps) - start
        # An index alone is not informative, nor is "name" without what it names
        is_informative = isinstance(steps[start], str) and steps[start:] != ("name",)
        if is_informative and all(other[-length:] != steps[start:] for other in others):
            return join_path(steps[start:])
    return join_path(steps)


def _sort_key(value: float, rising: bool) -> tuple[bool, float]:
    """Return a sort key: the best value first, values that are not finite last."""
    if not math.isfinite(value):
        return True, 0.0
    return False, -value if rising else value


def _note(row: Row) -> str:
    """Return how the run ended, unless after its last epoch."""
    if row.state == "failed":
        return plain(f"failed: {row.message}", MAX_NOTE)
    if row.state == "diverged":
        return f"diverged in epoch {row.epochs + 1:,}"
    return f"stopped early after epoch {row.epochs:,}" if row.state == "stopped early" else ""


def _aligned(columns: list[list[str]]) -> list[str]:
    """Format one line per row; all columns but the last are right-aligned, for numbers."""
    padded = [[text.rjust(max(map(len, column))) for text in column] for column in columns[:-1]]
    return [GAP.join(cells).rstrip() for cells in zip(*padded, columns[-1], strict=True)]


def _width(columns: list[list[str]]) -> int:
    return max(map(len, _aligned(columns)))


def _with_remaining_count(lines: list[str], count: int) -> list[str]:
    if count > MAX_ROWS:
        lines.append(f"… and {count - MAX_ROWS:,} more; --csv OUT.csv writes all of them")
    return lines
