"""Which columns of a table are features and which is the target, and their numbers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv_file.table import Column, NumberColumn, Table
from tui_trainer.errors import printable, quoted

from .errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .column_types import Guess

# Squares of larger numbers leave the range of float32 and soon that of float64.
MAX_VALUE = 1e30
_FEATURES, _PATH, _KINDS = "dataset.features", "dataset.path", "dataset.kinds"


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


def choose_features(guesses: Mapping[str, Guess], wanted: tuple[str, ...], target: str) -> tuple[str, ...]:
    """The wanted columns, checked; where none is wanted, every one but the target that was not left out.

    A column that only numbers the rows is taken where there is no other. Raises DatasetError for an unknown or
    doubled column, and where nothing is left.
    """
    if wanted:
        check_wanted(list(guesses), wanted, target)
        return wanted
    others = {name: guess for name, guess in guesses.items() if name != target}
    chosen = tuple(name for name, guess in others.items() if guess.kind != "ignore")
    chosen = chosen or tuple(name for name, guess in others.items() if guess.counts_rows)
    if not chosen:
        found = [f"{quoted(name)} ({guess.found})" for name, guess in list(others.items())[:4]]
        left_out = f": left out are {', '.join(found)}" if found else ", since there is no other column"
        raise DatasetError(_PATH, f"besides the target {quoted(target)} there is nothing to learn from{left_out}")
    return chosen


def check_numbers(table: Table, name: str, field: str) -> NDArray[np.float64]:
    """A column as float64 (n,), NaN where it is empty; DatasetError for text, and numbers too large to train on."""
    import numpy as np

    column = table.columns[name]
    wrong = first_text(table, column)
    if wrong is not None:
        row, text = wrong
        raise DatasetError(
            field,
            f"column {quoted(name)} holds text, such as {quoted(text)} in row {row}; "
            "correct it, or say in kinds that it is a category or to be ignored",
        )
    assert isinstance(column, NumberColumn)
    too_large = np.abs(column.values) > MAX_VALUE
    if too_large.any():
        place = int(too_large.argmax())
        raise DatasetError(
            field,
            f"column {quoted(name)} goes beyond {MAX_VALUE:g} with {column.values[place]:g} in row "
            f"{table.rows[place]}; rescale or remove it",
        )
    return column.values


def first_text(table: Table, column: Column) -> tuple[int, str] | None:
    """The row in the file and the text of the first cell that is no number; None where all are."""
    if isinstance(column, NumberColumn):
        return None if column.wrong is None else (column.wrong.row, column.wrong.text)
    held = ~column.missing()
    if not held.any():
        return None
    place = int(held.argmax())
    return int(table.rows[place]), column.levels[column.codes[place]]


def shown(value: object) -> str:
    """A value as a class's name: 3.0 as "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else printable(str(value))
