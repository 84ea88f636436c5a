"""The columns of a file as arrays: numbers, or texts as indices into their different values; and the table of them.

At the end is what concerns memory: the check that a table will fit before it is read, and giving back what is free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import CellForm, DatasetError, Feature
from tui_trainer.system.memory import free_bytes

from .dialect import Dialect

NOT_KNOWN: Mapping[str, Feature] = {}  # columns by name, if none was trained on
MAX_LEVELS = 1000  # different texts of a column that are distinguished


@dataclass(frozen=True, slots=True, eq=False)
class WrongCell:
    """A cell that does not fit its column, as text, and its line in the file."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """A column of numbers: ``stored`` (n,), NaN where a cell is missing or wrong; whole numbers in as few bytes as fit.

    ``wrong`` is the first cell that is not a number. Of a column that was trained on, ``wrong_texts`` are all of them,
    by row.
    Dates are days since 1970-01-01, times hours since midnight; ``date_format`` is how they are written, for strptime,
    or ISO8601. An index tells the rows apart, and nothing else. ``unit`` is what stands at each number, such as $ or
    kg; ``multiples`` says that it may be k or M.
    """

    stored: NDArray[Any]
    form: CellForm = "number"
    wrong: WrongCell | None = None
    wrong_texts: Mapping[int, str] = field(default_factory=dict)
    date_format: str = ""
    unit: str = ""
    multiples: bool = False

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers (n,) as float64: a new array each time where they are stored in fewer bytes."""
        return self.stored.astype(np.float64, copy=False)

    def missing(self) -> NDArray[np.bool_]:
        """Return an array (n,), true where there is no value."""
        return np.isnan(self.stored)  # type: ignore[no-any-return]

    def take(self, rows: NDArray[np.bool_]) -> NumberColumn:
        """Return the column of those ``rows`` (n,) that are true."""
        new_rows = np.cumsum(rows) - 1
        wrong_texts = {int(new_rows[row]): text for row, text in self.wrong_texts.items() if rows[row]}
        return replace(self, stored=self.stored[rows], wrong_texts=wrong_texts)


def without_marks(values: NDArray[Any], marks: Sequence[float]) -> NDArray[Any]:
    """Return numbers (n,) with NaN in place of ``marks``, which stand for no value."""
    return np.where(np.isin(values, marks), np.nan, values) if marks else values


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts: ``codes`` (n,) int32 are indices into ``levels``, -1 where a cell is missing.

    ``levels`` are the different texts in the order of their appearance. If there are more than MAX_LEVELS, the column
    overflows: ``levels`` are the first ones, and all others share the last code. ``joined`` are spellings of a level
    that were taken for it, such as Yes and YES; ``hint`` says why numbers are read as texts. ``texts`` (n,) are the
    cells of a column that tells the rows apart, None where empty.
    """

    codes: NDArray[np.int32]
    levels: tuple[str, ...]
    overflows: bool = False
    joined: tuple[str, ...] = ()
    hint: str = ""
    texts: NDArray[np.object_] | None = None

    def missing(self) -> NDArray[np.bool_]:
        """Return an array (n,), true where there is no text."""
        return self.codes < 0

    def take(self, rows: NDArray[np.bool_]) -> TextColumn:
        """Return the column of those ``rows`` (n,) that are true."""
        texts = None if self.texts is None else self.texts[rows]
        return replace(self, codes=self.codes[rows], texts=texts)


Column = NumberColumn | TextColumn


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file by name, and ``lines`` (n,), the line of the file in which each row begins.

    ``repairs`` are sentences on what was corrected; ``is_part`` says that the file has more rows.
    """

    columns: Mapping[str, Column]
    lines: NDArray[np.int64]
    dialect: Dialect
    repairs: tuple[str, ...] = ()
    is_part: bool = False

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(self.columns)

    def take(self, rows: NDArray[np.bool_]) -> Table:
        """Return the table of those ``rows`` (n,) that are true; itself if all are."""
        if rows.all():
            return self
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns, lines=self.lines[rows])


class LastTable:
    """Keeps the table that was read last, for as long as its file and the way to read it are the same."""

    def __init__(self) -> None:
        self._key: object = None
        self._table: Table | None = None

    def get(self, key: object, read: Callable[[], Table]) -> Table:
        """Return the table of ``key``, which says of what file it is and how that is read."""
        if self._table is None or key != self._key:
            self._key = self._table = None  # frees the memory of the old table before the next is read
            self._table = read()
            self._key = key
        return self._table


COPIES = 3  # of every number, at most: as read, standardized, and in the trainer


def check_memory(rows: float, columns: int, about: str = "") -> None:
    """Raise DatasetError if ``rows`` x ``columns`` numbers need more than the free memory."""
    needed, free = rows * columns * 8 * COPIES, free_bytes()
    if free is not None and needed > free:
        reason = (
            f"{about}{rows:,.0f} rows x {columns:,} columns x 8 bytes are {rows * columns * 8 / 1e9:.1f} GB, "
            f"and training takes {COPIES} times as much, but only {free / 1e9:.1f} GB are free; use a part of the file"
        )
        raise DatasetError("dataset.path", reason)
