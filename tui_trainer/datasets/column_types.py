"""What a column of a file is taken for, judged by its name and its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv_file.table import Column, NumberColumn, Table, TextColumn
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import shown
from .csv_file.table import MAX_LEVELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CATEGORIES = 50  # of a feature: each becomes a column of its own
FEW_CATEGORIES = 10  # which even a short table may have
FEWEST_NUMBERED = 10  # rows that count as numbered when they go up by one
_ID_NAME = re.compile(r"(?:.*[\s_.-])?(?:id|ids|idx|index|uuid|guid|key|nr|rownames?)|.*[a-z](?:Id|ID)", re.ASCII)
_TIME_NAME = re.compile(r".*(?:year|date|time|month|week|day|hour)", re.IGNORECASE)


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
    if len(values) < FEWEST_NUMBERED or values.max() - values.min() != len(values) - 1:
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
