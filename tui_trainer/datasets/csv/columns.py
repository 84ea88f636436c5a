"""A file's columns as arrays: numbers, or texts as indices into their different values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .dialect import Dialect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_LEVELS = 1000  # different texts of a column that are kept apart


@dataclass(frozen=True, slots=True, eq=False)
class WrongCell:
    """A cell that is not what its column holds, as text, and the number of its row in the file."""

    row: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """``values`` (n,) float64, NaN where the cell is missing, or ``wrong`` (the first such cell).

    A date counts days since 1970-01-01.
    """

    values: NDArray[np.float64]
    form: Literal["number", "true/false", "date"] = "number"
    wrong: WrongCell | None = None

    def missing(self) -> NDArray[np.bool_]:
        """(n,), true where there is no value."""
        import numpy as np

        return np.isnan(self.values)

    def take(self, rows: NDArray[np.bool_]) -> NumberColumn:
        """The column of the rows (n,) that are true."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """``codes`` (n,) int32 are indices into ``levels``, the different texts in the order they come in; -1 is missing.

    With more than MAX_LEVELS texts, ``levels`` are the first ones, and codes beyond them are all the same.
    """

    codes: NDArray[np.int32]
    levels: tuple[str, ...]
    overflows: bool = False

    def missing(self) -> NDArray[np.bool_]:
        """(n,), true where there is no text."""
        return self.codes < 0

    def take(self, rows: NDArray[np.bool_]) -> TextColumn:
        """The column of the rows (n,) that are true."""
        return replace(self, codes=self.codes[rows])


Column = NumberColumn | TextColumn


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file by name, ``rows`` (n,) with the number of each row in the file, and what was told.

    ``repairs`` are sentences about what was put right; ``is_part`` says that there are more rows in the file.
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
        """The columns' names, in their order."""
        return tuple(self.columns)

    def take(self, rows: NDArray[np.bool_]) -> Table:
        """The table of the rows (n,) that are true; itself where all are."""
        if rows.all():
            return self
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[rows])
