"""The columns of a table: checks of their names, and guesses of their kinds.

A kind (number, category, ignore) is guessed from a column's name and its cells. Left out are constants, row numbers,
free text, and columns that are mostly empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import MAX_LEVELS, Column, NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.numbers import find_units, is_convertible, is_missing
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind

from .dataset import PLAIN, DatasetError

if TYPE_CHECKING:
    from tui_trainer.datasets.csv.layout import Layout

_FEATURES, _PATH, _KINDS = "dataset.features", "dataset.path", "dataset.kinds"
MAX_CATEGORIES = 50  # of a feature, since each becomes a column of its own
FEW_CATEGORIES = 10  # so many are accepted even in a short table
FORMS = {"date": "date, in days since 1970", "time": "time, in hours", "true/false": "true or false"}
CONVERTED = "number in "  # the beginning of a description: a column of several units, converted to one
MIN_NUMBERED = 10  # rows needed before a column that counts up by one is taken for row numbers
_ID_NAME = re.compile(r"(?:.*[\s_.-])?(?:id|ids|idx|index|uuid|guid|key|nr|rownames?)|.*[a-z](?:Id|ID)", re.ASCII)
_TIME_NAME = re.compile(r".*(?:year|date|time|month|week|day|hour)", re.IGNORECASE)


# What people call the column to predict, the clearest names first
TARGET_NAMES = (
    *("target", "label", "class", "y", "outcome", "response", "dependent", "species", "diagnosis", "survived", "churn"),
    *("salary", "income", "price", "saleprice", "medv", "median_house_value", "charges", "quality", "score"),
)


def check_name(names: Sequence[str], name: str, field: str) -> None:
    """Raise DatasetError if ``name`` is not among ``names``; the message suggests similar ones."""
    if name in names:
        return
    import difflib

    similar = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listed = ", ".join(quoted(column) for column in similar or names[:8])
    hint = "did you mean" if similar else "the columns are"
    more = "?" if similar else ", …" if len(names) > 8 else ""
    raise DatasetError(field, f"there is no column {quoted(name)}; {hint} {listed}{more}")


def check_features(names: Sequence[str], features: tuple[str, ...], targets: tuple[str, ...]) -> None:
    """Raise DatasetError for a chosen feature that is not among ``names``, is repeated, or is one of the targets."""
    for index, name in enumerate(features):
        if name in features[:index]:
            raise DatasetError(_FEATURES, f"{quoted(name)} is chosen twice; remove one")
        if name in targets:
            role = "the target" if len(targets) == 1 else "one of the targets"
            raise DatasetError(_FEATURES, f"{quoted(name)} is {role}; remove it or choose another target")
        check_name(names, name, _FEATURES)


def value_text(value: object) -> str:
    """Return a value as text, whole numbers without decimals: 3.0 as "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else printable(str(value))


@dataclass(frozen=True, slots=True)
class Guess:
    """The kind of a column, and a description such as "category of 3".

    ``is_row_number`` is true for a column that only numbers the rows, ``is_constant`` for one with at most one value.
    """

    kind: ColumnKind
    description: str
    is_row_number: bool = False
    is_constant: bool = False
    unit: str = ""


def guess_kinds(table: Table, corrections: Mapping[str, ColumnKind]) -> dict[str, Guess]:
    """Return each column's kind in file order: as corrected by the user, or as guessed."""
    guesses = {name: guess(name, column) for name, column in table.columns.items()}
    return {name: _corrected(guessed, corrections.get(name)) for name, guessed in guesses.items()}


def guess_target(layout: Layout, kinds: Mapping[str, ColumnKind] | None = None) -> str | None:
    """Return the column that is most likely the one to predict: by its name, or else the last one that can be.

    A column can't be predicted whose first cells are empty, all the same, or texts of which no two are the same;
    nor one that ``kinds`` ignores.
    """
    ignored = {name for name, kind in (kinds or {}).items() if kind == "ignore"}
    columns = [(name, layout.cells(place)) for place, name in enumerate(layout.names) if name not in ignored]
    usable = [name for name, cells in columns if _varies(cells, layout)]
    by_plain_name = {name.casefold().replace(" ", "_"): name for name in reversed(usable)}
    by_name = next((by_plain_name[name] for name in TARGET_NAMES if name in by_plain_name), None)
    return by_name or (usable[-1] if usable else None)


def names_rows(name: str, cells: Sequence[str]) -> bool:
    """Return whether a column tells the rows apart: it is called an id, or its first ``cells`` are different texts."""
    if _ID_NAME.fullmatch(name):
        return True
    return len(set(cells)) == len(cells) and not any(map(PLAIN.is_number, cells))


def naming_column(layout: Layout, used: Collection[str] = ()) -> str | None:
    """Return the first column that tells the rows apart and is none of those ``used``; None if there is none."""
    for place, name in enumerate(layout.names):
        if name not in used and (name == layout.index or names_rows(name, layout.cells(place))):
            return name
    return None


def _varies(cells: Sequence[str], layout: Layout) -> bool:
    filled = [cell for cell in cells if not is_missing(cell)]
    different = set(filled)
    if len(different) < 2 or 2 * len(filled) < len(cells):
        return False
    is_text = not any(map(layout.dialect.numbers.is_number, different))
    is_text = is_text and find_units(dict.fromkeys(different, 1)) is None
    return not (is_text and len(different) > FEW_CATEGORIES and len(different) == len(filled))


def guess(name: str, column: Column) -> Guess:
    """Guess the kind of a column; constants, row numbers, free text and mostly empty columns are ignored."""
    missing = int(column.missing().sum())
    rows = len(column.missing())
    wrong = isinstance(column, NumberColumn) and column.wrong is not None
    if missing == rows and not wrong:
        return Guess("ignore", "empty", is_constant=True)
    if 2 * missing > rows and not wrong:
        return Guess("ignore", f"{missing:,} of {rows:,} cells empty")
    return _guess_numbers(name, column) if isinstance(column, NumberColumn) else _guess_texts(column, rows - missing)


def _guess_numbers(name: str, column: NumberColumn) -> Guess:
    if column.wrong is not None:
        return Guess("number", f"number, but {quoted(column.wrong.text)} in line {column.wrong.line}")
    values = column.values[~column.missing()]
    if values.min() == values.max():
        return Guess("ignore", f"always {value_text(float(values[0]))}", is_constant=True)
    if column.form == "index":
        return Guess("ignore", "tells the rows apart", is_row_number=True)
    if column.form != "number":
        return Guess("number", FORMS[column.form])
    if bool(np.isfinite(values).all()) and _numbers_rows(name, values):
        return Guess("ignore", "numbers the rows", is_row_number=True)
    description = f"number with {quoted(column.unit)}" if column.unit and not column.multiples else "number"
    if column.multiples and is_convertible(column.unit):
        description = f"{CONVERTED}{printable(column.unit)}"
    return Guess("number", description, unit="" if column.multiples else column.unit)


def _numbers_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether a column numbers the rows: its values (n,) are whole and distinct.

    They also count up by one, or the column is named as an id.
    """
    if _TIME_NAME.match(name) or bool((values != np.round(values)).any()):
        return False
    if _ID_NAME.fullmatch(name) or _ID_NAME.fullmatch(name.lower()):
        return len(np.unique(values)) == len(values)
    if len(values) < MIN_NUMBERED or values.max() - values.min() != len(values) - 1:
        return False
    return len(np.unique(values)) == len(values)


def _guess_texts(column: TextColumn, filled: int) -> Guess:
    """Guess a category if there are few different texts and they repeat."""
    count = len(column.levels)
    if count == 1:
        return Guess("ignore", f"always {quoted(column.levels[0])}", is_constant=True)
    if column.hint:
        return Guess("ignore", column.hint)
    if column.overflows:
        return Guess("ignore", f"more than {MAX_LEVELS:,} different texts")
    if count == filled:
        return Guess("ignore", "a different text in each row")
    if count <= MAX_CATEGORIES and count <= max(filled // 2, FEW_CATEGORIES):
        return Guess("category", f"category of {count}")
    return Guess("ignore", f"{count:,} different texts")


def _corrected(guess: Guess, kind: ColumnKind | None) -> Guess:
    """Return the guess, with ``kind`` instead of its own where the user gave one."""
    return guess if kind is None else replace(guess, kind=kind, is_row_number=False)
