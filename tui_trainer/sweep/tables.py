"""The runs of a sweep in aligned columns of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_trainer.errors import printable
from tui_trainer.experiment.describe import Steps, join_path, parse_path

if TYPE_CHECKING:
    from .results import Row, SweepResult

LONGEST = 40  # characters of one value
LONGEST_NOTE = 60
MOST_ROWS = 100
GAP = "  "


def runs_table(result: SweepResult, width: int | None = None) -> list[str]:
    """A line for each run, the best first: what differs, the scores, and how it ended if not as planned.

    Where the lines are longer than ``width``, scores that decide nothing are left out, the last ones first.
    """
    rows = result.rows[:MOST_ROWS]
    labels = short_names(result.rows[0].settings)
    scores = by_nearness(result.by, dict.fromkeys(name for row in rows for name in row.scores))
    weights = list(dict.fromkeys(name for row in rows for name in row.weights))
    fixed = [["run", *(str(row.number) for row in rows)]]
    fixed += [[label, *(shown(row.settings[path]) for row in rows)] for path, label in labels.items()]
    varied = [[name, *(_score(row, name) for row in rows)] for name in scores]
    last = [[name, *(number(row.weights.get(name)) for row in rows)] for name in weights]
    last.append(["", *map(_note, rows)])
    while width is not None and len(varied) > 1 and _width([*fixed, *varied, *last]) > width:
        varied.pop()
    return _more(_aligned([*fixed, *varied, *last]), len(result.rows))


def groups_table(result: SweepResult) -> list[str]:
    """A line for each settings, the best first: mean and deviation of the measure over the seeds."""
    groups = result.groups()
    shown_groups = groups[:MOST_ROWS]
    columns = [
        [label, *(shown(group.settings[path]) for group in shown_groups)]
        for path, label in short_names(groups[0].settings).items()
    ]
    columns.append([f"mean {result.by}", *(number(group.mean if group.counted else None) for group in shown_groups)])
    several = [group.deviation if group.counted > 1 else None for group in shown_groups]
    columns.append(["deviation", *map(number, several)])
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
    line = ", ".join(f"{labels[path]} = {shown(value)}" for path, value in settings.items()) or "the same settings"
    return line if longest is None else _cut(line, longest)


def shown(value: object) -> str:
    """The value of a field, short and safe to print, as it would be typed in."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return _cut(", ".join(map(shown, value)))
    return _cut("null" if value is None else printable(str(value)))


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number(value: float | None) -> str:
    """Six digits, and exponents as people write them: 1e-5."""
    return "-" if value is None else re.sub(r"e([+-])0*", lambda found: "e" + found[1].strip("+"), f"{value:.6g}")


def _score(row: Row, name: str) -> str:
    return number(row.scores.get(name))


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
    if count > MOST_ROWS:
        lines.append(f"… and {count - MOST_ROWS:,} more; --csv OUT.csv writes all of them")
    return lines
