"""The columns of a file as arrays: numbers, or texts as indices into their different values; and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import CellForm

from .dialect import Dialect

MAX_LEVELS = 1000  # different texts of a column that are distinguished


@dataclass(frozen=True, slots=True, eq=False)
class WrongCell:
    """A cell that does not fit its column, as text, and the number of its row in the file."""

    row: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """A column of numbers: ``values`` (n,) float64, NaN where a cell is missing or wrong.

    ``wrong`` is the first cell that is not a number, ``wrong_rows`` (n,) are all rows with one, None if there are none.
    Dates are days since 1970-01-01; ``date_format`` is how they are written, for strptime, or ISO8601.
    """

    values: NDArray[np.float64]
    form: CellForm = "number"
    wrong: WrongCell | None = None
    wrong_rows: NDArray[np.bool_] | None = None
    date_format: str = ""

    def missing(self) -> NDArray[np.bool_]:
        """Return an array (n,), true where there is no value."""
        return np.isnan(self.values)

    def take(self, rows: NDArray[np.bool_]) -> NumberColumn:
        """Return the column of those ``rows`` (n,) that are true."""
        wrong_rows = None if self.wrong_rows is None else self.wrong_rows[rows]
        return replace(self, values=self.values[rows], wrong_rows=wrong_rows)


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts: ``codes`` (n,) int32 are indices into ``levels``, -1 where a cell is missing.

    ``levels`` are the different texts in the order of their appearance. If there are more than MAX_LEVELS, the column
    overflows: ``levels`` are the first ones, and all others share the last code.
    """

    codes: NDArray[np.int32]
    levels: tuple[str, ...]
    overflows: bool = False

    def missing(self) -> NDArray[np.bool_]:
        """Return an array (n,), true where there is no text."""
        return self.codes < 0

    def take(self, rows: NDArray[np.bool_]) -> TextColumn:
        """Return the column of those ``rows`` (n,) that are true."""
        return replace(self, codes=self.codes[rows])


Column = NumberColumn | TextColumn


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file by name, and ``rows`` (n,), the number of each row in the file.

    ``repairs`` are sentences on what was corrected; ``is_part`` says that the file has more rows.
    """

    columns: Mapping[str, Column]
    rows: NDArray[np.int64]
    dialect: Dialect
    repairs: tuple[str, ...] = ()
    is_part: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(self.columns)

    def take(self, rows: NDArray[np.bool_]) -> Table:
        """Return the table of those ``rows`` (n,) that are true; itself if all are."""
        if rows.all():
            return self
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[rows])
