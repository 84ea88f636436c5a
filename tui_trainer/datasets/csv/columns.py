"""Columns put together from the pieces that a file is read in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from tui_trainer.datasets.csv_file.table import MAX_LEVELS, Column, NumberColumn, TextColumn, WrongCell

from .dialect import FALSE_WORDS, MISSING_NUMBERS, SPREADSHEET_ERRORS, TRUE_WORDS, NumberFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY = 86400.0
_NO_NUMBERS = [*MISSING_NUMBERS, *SPREADSHEET_ERRORS]


class Builder(Protocol):
    """Takes the pieces of one column, in order, and gives the column."""

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        """Take the next cells; the first of them stands in ``first_row`` of the file."""

    def build(self) -> Column | None:
        """The column; None where it turns out to hold text."""


class _Values:
    """Numbers that were read, and the first cell that is none."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.float64]] = []
        self._wrong: WrongCell | None = None
        self._wrongs = 0

    def keep(self, values: NDArray[np.float64]) -> None:
        self._pieces.append(values)

    def refuse(self, cells: pd.Series[Any], wrong: NDArray[np.bool_], first_row: int) -> None:
        """Take down the cells that are ``wrong`` (k,)."""
        count = int(wrong.sum())
        if count and self._wrong is None:
            place = int(wrong.argmax())
            self._wrong = WrongCell(first_row + place, str(cells.iloc[place]).strip())
        self._wrongs += count

    def column(self, form: Any) -> NumberColumn | None:
        """The column, None where less than half of what it holds is numbers: a few may be slips, no more."""
        values = np.concatenate(self._pieces)
        if self._wrongs and self._wrongs > int((~np.isnan(values)).sum()):
            return None
        return NumberColumn(values, form, self._wrong)


class NumberBuilder:
    """Numbers, with pandas's help where they are written as it reads them."""

    def __init__(self, form: NumberFormat) -> None:
        self._form, self._values = form, _Values()
        self._words = self._figures = False  # whether true or false came, and whether numbers did

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        kind = cells.dtype.kind
        if kind in "iuf":
            values = cells.to_numpy(dtype=np.float64)
            self._figures = self._figures or not np.isnan(values).all()
        elif kind == "b":
            values, self._words = cells.to_numpy(dtype=np.float64), True
        else:
            values = self._read(cells, first_row)
        self._values.keep(values)

    def build(self) -> NumberColumn | None:
        return self._values.column("true/false" if self._words and not self._figures else "number")

    def _read(self, cells: pd.Series[Any], first_row: int) -> NDArray[np.float64]:
        missing = cells.isna().to_numpy()
        texts = cells.astype(str).str.strip()
        words = texts.str.lower()
        true, false = (words.isin(list(kind)).to_numpy() for kind in (TRUE_WORDS, FALSE_WORDS))
        values = parse_numbers(texts, self._form)
        self._figures = self._figures or not np.isnan(values).all()
        self._words = self._words or bool((true | false).any())
        values[true], values[false] = 1.0, 0.0
        values[missing] = np.nan
        wrong = np.isnan(values) & ~missing & ~texts.isin(_NO_NUMBERS).to_numpy()
        self._values.refuse(cells, wrong, first_row)
        return values


def parse_numbers(texts: pd.Series[Any], form: NumberFormat) -> NDArray[np.float64]:
    """The numbers (k,) in stripped cells; NaN for what is none."""
    if not form.is_usual:
        fits = texts.str.fullmatch(form.pattern)
        texts = texts.where(fits, "")
        for mark, plain in ((form.thousands, ""), (form.decimal, ".")):
            texts = texts.str.replace(mark, plain, regex=False) if mark else texts
    return np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)


class DateBuilder:
    """Dates as days since 1970, in whichever of some formats all of them fit."""

    def __init__(self, formats: list[str]) -> None:
        self._formats = formats
        self._values = [_Values() for _ in formats]

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        missing = cells.isna().to_numpy()
        for form, kept in zip(self._formats, self._values, strict=True):
            values = parse_dates(cells, form)
            kept.keep(values)
            kept.refuse(cells, np.isnan(values) & ~missing, first_row)

    def build(self) -> NumberColumn | None:
        fewest = min(self._values, key=lambda values: values._wrongs)
        return fewest.column("date")


def parse_dates(cells: pd.Series[Any], form: str) -> NDArray[np.float64]:
    """Days since 1970-01-01 (k,) of cells in a format of strptime's, or ISO8601; NaN for what is none."""
    dates = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    seconds = dates.to_numpy(dtype="datetime64[ms]").astype(np.int64) / 1000
    return np.where(dates.isna().to_numpy(), np.nan, seconds / DAY)


class TextBuilder:
    """Texts as codes; where there are too many different ones, the rest of them is not kept apart."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.int32]] = []
        self._codes: dict[str, int] = {}
        self._overflows = False

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        codes, texts = pd.factorize(cells.astype(object))
        known = np.empty(len(texts) + 1, np.int32)
        known[-1] = -1  # of a cell without text
        for place, text in enumerate(texts):
            known[place] = self._code(" ".join(str(text).split()))
        self._pieces.append(known[codes])

    def build(self) -> TextColumn:
        return TextColumn(np.concatenate(self._pieces), tuple(self._codes), self._overflows)

    def _code(self, text: str) -> int:
        if not text:
            return -1
        code = self._codes.get(text)
        if code is None and len(self._codes) < MAX_LEVELS:
            code = self._codes[text] = len(self._codes)
        if code is None:
            self._overflows = True
            return MAX_LEVELS - 1
        return code
