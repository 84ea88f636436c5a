"""The results of a sweep: a row for each run, the best run, groups of runs over several seeds, and tables of them."""

from __future__ import annotations

import math
import re
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import accumulate
from typing import TYPE_CHECKING

from tui_trainer.errors import UserError, plain, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import Steps, join_path, parse_path
from tui_trainer.formats import format_six_digits
from tui_trainer.measures import MEASURES, is_rising, measure_of
from tui_trainer.run_state import RUN_STATES, RunState

from .plan import FOLD, SEED, Planned, Stage

if TYPE_CHECKING:
    import pandas as pd

    from tui_trainer.training.series import Array

CLASS_NUMBER = re.compile(r"\[\d{1,4}\]$", re.ASCII)
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
    A run that successive halving or an interrupt has cut is paused, ``cut_after`` so many epochs.
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
    cut_after: int | None = None

    def value(self, by: str) -> float:
        """Return the score ``by``; nan if the run has none, for example because it diverged."""
        return self.scores.get(by, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Runs with the same settings but different seeds or folds, by their numbers; ``counted`` have a score.

    ``mean`` and ``deviation`` are those of the measure over these, nan where there are too few.
    """

    settings: dict[str, object]
    rows: tuple[Row, ...]
    counted: int
    mean: float
    deviation: float

    @property
    def cut_after(self) -> int | None:
        """After how many epochs successive halving has cut the runs; None if it did not cut any."""
        return min((row.cut_after for row in self.rows if row.cut_after is not None), default=None)

    @property
    def replicates(self) -> str:
        """The counted runs in words, by what makes them differ: ``5 folds``, ``2 of 3 seeds``, ``10 runs``."""
        differing = [path for path in (SEED, FOLD) if path in self.rows[0].settings and path not in self.settings]
        noun = {SEED: "seed", FOLD: "fold"}[differing[0]] if len(differing) == 1 else "run"
        count = len(self.rows)
        total = f"{count} {noun}s" if count > 1 else f"1 {noun}"
        return total if self.counted == count else f"{self.counted} of {total}"


class SweepResult:
    """All runs of a sweep that were trained, the best first; those that diverged or failed come last.

    ``by`` is the measure to rank by, larger is better if it is ``rising``. All settings had ``repeat`` seeds and
    ``folds`` folds; if there are several, the settings with the best mean come first, each with all its runs.
    ``stages`` are those of successive halving, if there was one. ``planned`` is the number of planned runs, ``jobs``
    how many ran at a time (0 on a cluster), ``seconds`` the total time. There are fewer rows if the sweep was
    ``interrupted``, or if ``complaint`` says why; it also says why runs could not be kept. ``tag`` is the tag of all
    kept runs.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        by: str,
        *,
        repeat: int = 1,
        folds: int | None = None,
        stages: Sequence[Stage] = (),
        planned: int = 0,
        jobs: int = 1,
        seconds: float = 0.0,
        interrupted: bool = False,
        complaint: str = "",
        tag: str = "",
    ) -> None:
        self.by, self.rising, self.repeat, self.folds = by, is_rising(by), repeat, folds
        self.stages = tuple(stages)
        self._groups = group_rows(rows, by, replicated(repeat, folds))
        self.rows = tuple(sorted(rows, key=lambda row: rank(row, by)))
        if self.is_replicated:
            self.rows = tuple(row for group in self._groups for row in group.rows)
        self.planned, self.jobs, self.seconds = planned, jobs, seconds
        self.interrupted, self.complaint, self.tag = interrupted, complaint, tag

    @property
    def is_replicated(self) -> bool:
        """Whether the same settings were run several times, with other seeds or folds."""
        return bool(replicated(self.repeat, self.folds))

    @property
    def done(self) -> int:
        """How many runs have ended by themselves, or as successive halving has decided."""
        return len(self.rows) if self.stages else sum(row.state != "paused" for row in self.rows)

    @property
    def is_halved(self) -> bool:
        """Whether the sweep has gone through all stages of successive halving."""
        return bool(self.stages) and not self.interrupted and not self.complaint

    @property
    def best(self) -> Row | None:
        """The best run; of several seeds or folds, the best one of the best settings. None if no run has a score."""
        rows = self._groups[0].rows if self.is_replicated and self._groups else self.rows
        best = min(rows, key=lambda row: rank(row, self.by), default=None)
        return best if best is not None and math.isfinite(best.value(self.by)) else None

    def groups(self) -> list[Group]:
        """Return the groups of runs with the same settings: first those with the fewest failures, then by the mean."""
        return self._groups

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


def replicated(repeat: int, folds: int | None) -> tuple[str, ...]:
    """Return the fields in which runs of the same settings differ, given the seeds of each and the folds."""
    return (*((SEED,) if repeat > 1 else ()), *((FOLD,) if folds is not None else ()))


def group_rows(rows: Iterable[Row], by: str, differing: Sequence[str]) -> list[Group]:
    """Group runs by their settings but for ``differing``: first those with the fewest failures, then by the mean."""
    rows_by_settings: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        rows_by_settings.setdefault(repr(_without(row.settings, differing)), []).append(row)
    groups = [_group(_without(rows[0].settings, differing), rows, by) for rows in rows_by_settings.values()]
    return sorted(groups, key=lambda group: _group_rank(group, is_rising(by)))


def _without(settings: dict[str, object], paths: Sequence[str]) -> dict[str, object]:
    return {path: value for path, value in settings.items() if path not in paths}


def _group(settings: dict[str, object], rows: Sequence[Row], by: str) -> Group:
    values = [value for row in rows if math.isfinite(value := row.value(by))]
    return Group(settings, tuple(rows), len(values), *mean_and_deviation(values))


def _group_rank(group: Group, rising: bool) -> tuple[int, float, bool, float]:
    return len(group.rows) - group.counted, -_trained_for(group), *_sort_key(group.mean, rising)


def _trained_for(ended: Row | Group) -> float:
    """Return after how many epochs a run, or those of a group, were cut; infinity if they were not."""
    return math.inf if ended.cut_after is None else ended.cut_after


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the sample deviation of finite values, each nan if there are too few."""
    mean = math.fsum(values) / len(values) if values else math.nan
    spread = math.fsum((value - mean) ** 2 for value in values)
    return mean, math.sqrt(spread / (len(values) - 1)) if len(values) > 1 else math.nan


class Leaderboard:
    """The rows of a sweep so far, sorted by the measure ``by``, the best first; ``done`` of ``total`` have ended,
    which are ``noun``.

    Runs that differ only in the fields ``differing`` share one place among the leaders, with their mean. ``epochs`` are
    how many each of ``total`` trainings takes, in the order in which they are done; none if that makes no difference.
    """

    def __init__(
        self, by: str, total: int, differing: Sequence[str] = (), noun: str = "runs", epochs: Sequence[int] = ()
    ) -> None:
        self.by, self.total, self._differing, self.noun = by, total, differing, noun
        self._epochs_until = [0, *accumulate(epochs or [1] * total)]
        self.done = 0
        self.rows: list[Row] = []
        self._numbers: set[int] = set()
        self._groups: dict[str, Group] = {}

    def add(self, row: Row) -> None:
        """Insert a row at its rank, in place of one of the same run that was shorter."""
        self.done += 1
        if row.number in self._numbers:
            self.rows = [other for other in self.rows if other.number != row.number]
        self._numbers.add(row.number)
        insort(self.rows, row, key=lambda other: rank(other, self.by))
        if self._differing:
            settings = _without(row.settings, self._differing)
            before = self._groups.get(repr(settings))
            others = () if before is None else (other for other in before.rows if other.number != row.number)
            self._groups[repr(settings)] = _group(settings, [*others, row], self.by)

    def seconds_left(self, seconds: float) -> float | None:
        """Return about how long the rest takes if this much has taken so many ``seconds``; None before there is any."""
        epochs, all_epochs = self._epochs_until[min(self.done, self.total)], self._epochs_until[-1]
        return seconds / epochs * (all_epochs - epochs) if epochs else None

    def leaders(self, most: int) -> list[tuple[dict[str, object], float]]:
        """Return the ``most`` best settings that have a score, and their scores or means of them."""
        if self._differing:
            groups = nsmallest(most, self._groups.values(), key=lambda group: _group_rank(group, is_rising(self.by)))
            return [(group.settings, group.mean) for group in groups if group.counted]
        scored = [(row.settings, row.value(self.by)) for row in self.rows[:most]]
        return [(settings, value) for settings, value in scored if math.isfinite(value)]

    def line(self) -> str:
        """Describe how many runs are done, and the best of them, in one line."""
        best = [
            f"  best {self.by} {number_text(value)}: {describe_settings(settings)}"
            for settings, value in self.leaders(1)
        ]
        return f"{self.done}/{self.total} {self.noun}{''.join(best)}"


def make_row(planned: Planned, outcome: Outcome, run: int | None, cut_after: int | None = None) -> Row:
    """Make the row of a run that has ended, or may go on after so many epochs."""
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
        cut_after=cut_after,
    )


def rank(row: Row, by: str) -> tuple[bool, float, float, int, int]:
    """Return a sort key: the best rows first, before those that were cut, and those that diverged or failed last."""
    lost, value = _sort_key(row.value(by), is_rising(by))
    return lost, -_trained_for(row), value, RUN_STATES[row.state].rank, row.number


def choose_measure(by: str | None, planned: Sequence[Planned]) -> str:
    """Return ``by``, or the default: ``val_loss`` if every run has validation rows, else ``loss``.

    Raises UserError for an unknown measure, or one of the validation part if some runs have none.
    """
    run_without = next((run for run in planned if not run.experiment.dataset.has_validation), None)
    if by is None:
        return "val_loss" if run_without is None else "loss"
    known = measure_of(by)
    has_number = bool(CLASS_NUMBER.search(by))
    if known is None or (known.by_class != has_number and not (has_number and known.of == "numbers")):
        names = ", ".join(f"{name}[0]" if one.by_class else name for name, one in MEASURES.items())
        expected = f"expected one of: {names}, each with val_ before it for the validation part"
        raise UserError("by", f"{expected}; got {quoted(by)}")
    if by.startswith("val_") and run_without is not None:
        why = f"needs validation rows, but dataset.validation_split is 0 in run {run_without.number}"
        raise UserError("by", f"{by} {why}; raise it, or take {by.removeprefix('val_')}")
    return by


def halving_sentence(result: SweepResult) -> str:
    """Tell what was cut when: ``Halving cut 2 of 4 settings after 2 epochs, 1 after 4; 1 was trained for all 8.``"""
    groups = result.groups()
    counts = Counter(cut for group in groups if group.counted and (cut := group.cut_after) is not None)
    whole = sum(1 for group in groups if group.counted and group.cut_after is None)
    lost = len(groups) - whole - counts.total()
    first, *others = [(f"{counts[epochs]:,}", f" after {epochs:,}") for epochs in sorted(counts)] or [("none", "")]
    cuts = [f"{first[0]} of {len(groups):,} settings{first[1]}{' epochs' if first[1] else ''}", *map("".join, others)]
    rest = [f"{whole:,} {'was' if whole == 1 else 'were'} trained for all {result.stages[-1].epochs:,}"]
    rest += [f"{lost:,} ended without a score"] if lost else []
    return f"Halving cut {', '.join(cuts)}; {', '.join(rest)}."


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


def groups_table(result: SweepResult, width: int | None = None) -> list[str]:
    """Format a line for each group, the best first: settings, mean and deviation of each score, and what was counted.

    If the lines are longer than ``width``, scores other than ``by`` are left out, the last ones first.
    """
    groups = result.groups()
    shown_groups = groups[:MAX_ROWS]
    columns = [
        [label, *(setting_text(group.settings[path]) for group in shown_groups)]
        for path, label in short_names(groups[0].settings).items()
    ]
    names = dict.fromkeys(name for group in shown_groups for row in group.rows for name in row.scores)
    score_columns = [
        [f"mean {name}", *(_mean_text(group, name) for group in shown_groups)] for name in by_nearness(result.by, names)
    ]
    counted = ["of", *(f"{group.replicates}{_cut_note(group)}" for group in shown_groups)]
    while width is not None and len(score_columns) > 1 and _width([*columns, *score_columns, counted]) > width:
        score_columns.pop()
    return _with_remaining_count(_aligned([*columns, *score_columns, counted]), len(groups))


def _mean_text(group: Group, name: str) -> str:
    """Format the mean of a score over the runs that have it, with the deviation: ``0.0862739 ± 0.012``."""
    mean, deviation = mean_and_deviation([value for row in group.rows if math.isfinite(value := row.value(name))])
    if math.isnan(mean):
        return number_text(None)
    return number_text(mean) if math.isnan(deviation) else f"{number_text(mean)} ± {deviation:.2g}"


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


def _cut_note(ended: Row | Group) -> str:
    return "" if ended.cut_after is None else f", cut after epoch {ended.cut_after:,}"


def _note(row: Row) -> str:
    """Return how the run ended, unless after its last epoch."""
    if row.state == "failed":
        return plain(f"failed: {row.message}", MAX_NOTE)
    if row.cut_after is not None:
        return _cut_note(row).removeprefix(", ")
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
        lines.append(f"… and {count - MAX_ROWS:,} more; --results OUT.csv writes all of them")
    return lines
