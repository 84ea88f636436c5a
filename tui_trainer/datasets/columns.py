"""Which columns of a table are features and which is the target, and their numbers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv.columns import MAX_LEVELS, Column, NumberColumn, Table, TextColumn
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind

from .dataset import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FEATURES, _PATH, _KINDS = "dataset.features", "dataset.path", "dataset.kinds"
MAX_CATEGORIES = 50  # of a feature: each becomes a column of its own
FEW_CATEGORIES = 10  # which even a short table may have
MIN_NUMBERED = 10  # rows that count as numbered when they go up by one
_ID_NAME = re.compile(r"(?:.*[\s_.-])?(?:id|ids|idx|index|uuid|guid|key|nr|rownames?)|.*[a-z](?:Id|ID)", re.ASCII)
_TIME_NAME = re.compile(r".*(?:year|date|time|month|week|day|hour)", re.IGNORECASE)


def check_name(names: Sequence[str], name: str, field: str) -> None:
    """Raise DatasetError where ``name`` is not among ``names``; the sentence names similar ones."""
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listed = ", ".join(quoted(column) for column in near or names[:8])
    hint = "did you mean" if near else "the columns are"
    more = "?" if near else ", …" if len(names) > 8 else ""
    raise DatasetError(field, f"there is no column {quoted(name)}; {hint} {listed}{more}")


def check_wanted(names: Sequence[str], wanted: tuple[str, ...], target: str) -> None:
    """Raise DatasetError for a wanted feature that is not among ``names``, doubled, or the target."""
    for place, name in enumerate(wanted):
        if name in wanted[:place]:
            raise DatasetError(_FEATURES, f"{quoted(name)} is chosen twice; remove one")
        if name == target:
            raise DatasetError(_FEATURES, f"{quoted(name)} is the target; remove it or choose another target")
        check_name(names, name, _FEATURES)


def shown(value: object) -> str:
    """A value as a class's name: 3.0 as "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else printable(str(value))


@dataclass(frozen=True, slots=True)
class Guess:
    """``kind``, and what was found in words, as "category of 3"; ``counts_rows`` where it only numbers the rows."""

    kind: ColumnKind
    found: str
    counts_rows: bool = False


def guess_kinds(table: Table, corrections: Mapping[str, ColumnKind]) -> dict[str, Guess]:
    """Each column's kind, in the order of the file, as corrected or as guessed."""
    guesses = {name: guess(name, column) for name, column in table.columns.items()}
    return {name: _corrected(found, corrections.get(name)) for name, found in guesses.items()}


def guess(name: str, column: Column) -> Guess:
    """What a column is. Left out are constants, numbers of rows, free text, and what is mostly empty."""
    missing = int(column.missing().sum())
    rows = len(column.missing())
    wrong = isinstance(column, NumberColumn) and column.wrong is not None
    if missing == rows and not wrong:
        return Guess("ignore", "empty")
    if 2 * missing > rows and not wrong:
        return Guess("ignore", f"{missing:,} of {rows:,} cells empty")
    return _guess_numbers(name, column) if isinstance(column, NumberColumn) else _guess_texts(column, rows - missing)


def _guess_numbers(name: str, column: NumberColumn) -> Guess:
    import numpy as np

    if column.wrong is not None:
        return Guess("number", f"number, but {quoted(column.wrong.text)} in row {column.wrong.row}")
    values = column.values[~column.missing()]
    if values.min() == values.max():
        return Guess("ignore", f"always {shown(float(values[0]))}")
    if column.form != "number":
        return Guess("number", {"date": "date, in days since 1970", "true/false": "true or false"}[column.form])
    if bool(np.isfinite(values).all()) and _numbers_rows(name, values):
        return Guess("ignore", "numbers the rows", counts_rows=True)
    return Guess("number", "number")


def _numbers_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Whether values (n,) are whole, all different, and either count up by one or have the name of an id."""
    import numpy as np

    if _TIME_NAME.match(name) or bool((values != np.round(values)).any()):
        return False
    if _ID_NAME.fullmatch(name) or _ID_NAME.fullmatch(name.lower()):
        return len(np.unique(values)) == len(values)
    if len(values) < MIN_NUMBERED or values.max() - values.min() != len(values) - 1:
        return False
    return len(np.unique(values)) == len(values)


def _guess_texts(column: TextColumn, held: int) -> Guess:
    """Categories come again, and are few."""
    count = len(column.levels)
    if count == 1:
        return Guess("ignore", f"always {quoted(column.levels[0])}")
    if column.overflows:
        return Guess("ignore", f"more than {MAX_LEVELS:,} different texts")
    if count == held:
        return Guess("ignore", "another text in each row")
    if count <= MAX_CATEGORIES and count <= max(held // 2, FEW_CATEGORIES):
        return Guess("category", f"category of {count}")
    return Guess("ignore", f"{count:,} different texts")


def _corrected(guess: Guess, kind: ColumnKind | None) -> Guess:
    """The guess, or the ``kind`` that the user says."""
    return guess if kind is None else replace(guess, kind=kind, counts_rows=False)
