"""Reads the rows of a file piece by piece with pandas's C parser, and builds its columns from the pieces.

The first rows decide how a column is built: as numbers, as dates, or as text (``plan``). A column that turns out to
hold text, contrary to its first rows, is read again.
"""

from __future__ import annotations

import contextlib
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import CellForm, DatasetError, Feature
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import MAX_LEVELS, Column, NumberColumn, TextColumn, WrongCell
from .dialect import (
    FALSE_WORDS,
    MISSING,
    MISSING_NUMBERS,
    NO_DELIMITER,
    SPREADSHEET_ERRORS,
    TRUE_WORDS,
    NumberFormat,
    is_missing,
)
from .layout import Layout
from .reader import NOT_KNOWN, check_widths
from .text import Progress, TextFile

CELLS = 500_000  # in one piece, about: 50 ms of work
MIN_ROWS, MAX_ROWS = 300, 200_000  # in one piece; pandas makes an object for each column of each piece
_FIRST, _AGAIN, _WIDTHS = (0.0, 0.9), (0.9, 0.95), (0.95, 1.0)  # shares of the progress; the last two are rarely needed
DAY = 86400.0  # seconds
_NOT_NUMBERS = [*MISSING_NUMBERS, *SPREADSHEET_ERRORS]
# If two formats fit all cells, as in 03/04/2024, the first is used: the day before the month.
DATE_FORMATS = (
    "ISO8601",
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y"),
)
_DATE_LIKE = re.compile(
    r"[0-9]{1,4}[-./ ][0-9A-Za-z]{1,3}[-./ ][0-9]{1,4}.{0,25}|[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}|[0-9]{4}-[0-9]{2}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns by name, the numbers of the rows (n,) in the file, and whether the file has more rows."""

    columns: dict[str, Column]
    numbers: NDArray[np.int64]
    is_part: bool


class RowReader:
    """Reads the rows of one file, at most ``max_rows`` of them.

    Rows without any cell are left out. Raises DatasetError for rows with more or fewer cells than there are
    columns, and for quotes that are never closed.
    """

    def __init__(self, file: TextFile, layout: Layout, max_rows: int | None, progress: Progress) -> None:
        self._file, self._layout, self._max_rows, self._progress = file, layout, max_rows, progress
        self._nonblank: list[NDArray[np.bool_]] = []  # which rows have a cell, by piece
        self._has_gaps = False  # in the last column, as short rows would leave
        self._is_part = False

    def read(self, builders: Mapping[int, Builder]) -> Rows:
        """Read all columns that have a builder; ``builders`` are given by the position of their column."""
        try:
            columns = self._columns(builders)
            if self._has_gaps:
                self._check_widths()
        except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
            self._explain(str(error))
        nonblank = np.concatenate(self._nonblank) if self._nonblank else np.zeros(0, bool)
        names = self._layout.names
        by_name = {
            names[position]: column if nonblank.all() else column.take(nonblank) for position, column in columns.items()
        }
        return Rows(by_name, self._layout.first_row + np.flatnonzero(nonblank), self._is_part)

    def _columns(self, builders: Mapping[int, Builder]) -> dict[int, Column]:
        texts = [position for position, builder in builders.items() if not isinstance(builder, NumberBuilder)]
        for piece, first_row in self._pieces(texts, None, self._progress.part(*_FIRST)):
            nonblank = _rows_with_cells(piece)
            self._nonblank.append(nonblank)
            self._has_gaps = self._has_gaps or bool((piece.iloc[:, -1].isna().to_numpy() & nonblank).any())
            for position, (_, cells) in enumerate(piece.items()):
                if position in builders:
                    builders[position].add(cells, first_row)
        if not self._nonblank:
            return {}
        columns = {position: builder.build() for position, builder in builders.items()}
        self._read_again({position: TextBuilder() for position, column in columns.items() if column is None}, columns)
        return {position: column for position, column in columns.items() if column is not None}

    def _read_again(self, builders: Mapping[int, TextBuilder], columns: dict[int, Column | None]) -> None:
        """Read columns again as text that began with numbers and turned out to be text."""
        if not builders:
            return
        positions = list(builders)
        for piece, first_row in self._pieces(positions, positions, self._progress.part(*_AGAIN)):
            for builder, (_, cells) in zip(builders.values(), piece.items(), strict=True):
                builder.add(cells, first_row)
        columns.update({position: builder.build() for position, builder in builders.items()})

    def _pieces(
        self, texts: list[int], only: list[int] | None, progress: Progress
    ) -> Iterator[tuple[pd.DataFrame, int]]:
        """Yield the rows in pieces, each with the number of its first row; columns in ``texts`` as text."""
        width = len(self._layout.names)
        size = min(max(CELLS // width, MIN_ROWS), MAX_ROWS, self._max_rows or MAX_ROWS)
        done = 0
        with self._at_first_row() as stream, warnings.catch_warnings():
            # pandas warns when it is about to drop cells.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            reader = _open(stream, self._layout, texts, only, size)
            if reader is None:
                return
            for piece in reader:
                remaining = len(piece) if self._max_rows is None else self._max_rows - done
                if remaining <= 0:
                    self._is_part = True
                    return
                yield piece.iloc[:remaining], self._layout.first_row + done
                done += min(remaining, len(piece))
                progress.report(stream.buffer.tell() / max(self._file.size, 1))

    @contextlib.contextmanager
    def _at_first_row(self) -> Iterator[TextIO]:
        with self._file.open() as stream:
            for _ in range(self._layout.skipped_lines):
                stream.readline()
            yield stream

    def _check_widths(self) -> None:
        check_widths(self._file, self._layout, self._max_rows, self._progress.part(*_WIDTHS))

    def _explain(self, message: str) -> NoReturn:
        """Raise an error that names the row at fault, which pandas's ``message`` may not."""
        if match := re.search(r"EOF inside string starting at row (\d+)", message):
            row = self._layout.first_row + int(match[1])
            _refuse(f"a quote is opened in row {row} and never closed; close it or double it")
        self._check_widths()
        _refuse(f"the rows can't be read: {quoted(message, 120)}")


def _open(
    stream: TextIO, layout: Layout, texts: list[int], only: list[int] | None, size: int
) -> Iterator[pd.DataFrame] | None:
    """Return pandas's reader; None if there are no rows."""
    try:
        return pd.read_csv(
            stream,
            sep=layout.dialect.delimiter or NO_DELIMITER,
            decimal=layout.dialect.numbers.decimal,
            header=None,
            names=range(len(layout.names)),
            usecols=only,
            index_col=False,
            dtype=dict.fromkeys(texts, str),
            na_values=list(MISSING),
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
            chunksize=size,
        )
    except pd.errors.EmptyDataError:
        return None


def _rows_with_cells(piece: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows of the piece (k,) are not blank; the first and the last cell decide for most rows."""
    empty = np.array(piece.iloc[:, 0].isna() & piece.iloc[:, -1].isna())
    if empty.any():
        empty[empty] = piece[empty].isna().to_numpy().all(axis=1)
    return ~empty


def _refuse(reason: str) -> NoReturn:
    raise DatasetError("dataset.path", reason)


def plan(
    layout: Layout, kinds: Mapping[str, ColumnKind], known: Mapping[str, Feature] = NOT_KNOWN
) -> dict[int, Builder]:
    """Return a builder for each column that ``kinds`` does not ignore, by the position of the column."""
    builders: dict[int, Builder] = {}
    for position, name in enumerate(layout.names):
        kind = kinds.get(name)
        if name in known:
            builders[position] = known_builder(known[name], layout.dialect.numbers)
        elif kind != "ignore":
            builders[position] = _builder(layout.cells(position), layout.dialect.numbers, kind)
    return builders


def known_builder(feature: Feature, numbers: NumberFormat) -> Builder:
    """Return a builder for cells that were trained on as ``feature``."""
    if feature.category is not None:
        return TextBuilder(max_levels=sys.maxsize)
    if feature.form == "date":
        return DateBuilder([feature.date_format or "ISO8601", "ISO8601"])
    return NumberBuilder(numbers)


def _builder(cells: list[str], form: NumberFormat, kind: ColumnKind | None) -> Builder:
    if kind == "category":
        return TextBuilder()
    counts = Counter(cells)
    filled = {cell: count for cell, count in counts.items() if not is_missing(cell, among_numbers=True)}
    if 2 * sum(count for cell, count in filled.items() if form.is_number(cell)) >= sum(filled.values()):
        return NumberBuilder(form)
    formats = date_formats(list(filled))
    return DateBuilder(formats) if formats else TextBuilder()


def date_formats(cells: list[str]) -> list[str]:
    """Return the date formats that all of the cells fit."""
    if not all(map(_DATE_LIKE.fullmatch, cells)):
        return []
    series = pd.Series(cells, dtype=object)
    return [form for form in DATE_FORMATS if not np.isnan(parse_dates(series, form)).any()]


class Builder(Protocol):
    """Collects the pieces of one column, in order, and builds the column."""

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        """Add the next cells; the first of them is in ``first_row`` of the file."""

    def build(self) -> Column | None:
        """Return the column; None if it turned out to hold text."""


class _Values:
    """The numbers of a column, and the first cell that is not a number."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.float64]] = []
        self._wrong: WrongCell | None = None
        self._wrong_rows: list[NDArray[np.intp]] = []  # counted from the first row of all
        self._count = 0  # of cells
        self._wrong_count = 0

    def add(self, values: NDArray[np.float64]) -> None:
        self._pieces.append(values)
        self._count += len(values)

    def add_wrong(self, cells: pd.Series[Any], wrong: NDArray[np.bool_], first_row: int) -> None:
        """Note which of the cells added last are ``wrong`` (k,), and the first of all."""
        count = int(wrong.sum())
        if count and self._wrong is None:
            index = int(wrong.argmax())
            self._wrong = WrongCell(first_row + index, str(cells.iloc[index]).strip())
        self._wrong_count += count
        if count:
            self._wrong_rows.append(self._count - len(wrong) + np.flatnonzero(wrong))

    def column(self, form: CellForm, date_format: str = "") -> NumberColumn | None:
        """Return the column; None if less than half of its cells are numbers, since a few may be typing errors."""
        values = np.concatenate(self._pieces)
        if self._wrong_count and self._wrong_count > int((~np.isnan(values)).sum()):
            return None
        wrong_rows = None
        if self._wrong_rows:
            wrong_rows = np.zeros(len(values), bool)
            wrong_rows[np.concatenate(self._wrong_rows)] = True
        return NumberColumn(values, form, self._wrong, wrong_rows, date_format)


class NumberBuilder:
    """Builds a column of numbers; pandas reads them if they are written plainly."""

    def __init__(self, form: NumberFormat) -> None:
        self._form, self._values = form, _Values()
        self._has_words = self._has_numbers = False  # whether there were true or false, and whether there were numbers

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        kind = cells.dtype.kind
        if kind in "iuf":
            values = cells.to_numpy(dtype=np.float64)
            self._has_numbers = self._has_numbers or not np.isnan(values).all()
        elif kind == "b":
            values, self._has_words = cells.to_numpy(dtype=np.float64), True
        else:
            self._read(cells, first_row)
            return
        self._values.add(values)

    def build(self) -> NumberColumn | None:
        return self._values.column("true/false" if self._has_words and not self._has_numbers else "number")

    def _read(self, cells: pd.Series[Any], first_row: int) -> None:
        """Add cells that pandas has not read as numbers."""
        missing = cells.isna().to_numpy()
        texts = cells.astype(str).str.strip()
        words = texts.str.lower()
        true, false = (words.isin(list(kind)).to_numpy() for kind in (TRUE_WORDS, FALSE_WORDS))
        values = parse_numbers(texts, self._form)
        self._has_numbers = self._has_numbers or not np.isnan(values).all()
        self._has_words = self._has_words or bool((true | false).any())
        values[true], values[false] = 1.0, 0.0
        values[missing] = np.nan
        wrong = np.isnan(values) & ~missing & ~texts.isin(_NOT_NUMBERS).to_numpy()
        self._values.add(values)
        self._values.add_wrong(cells, wrong, first_row)


def parse_numbers(texts: pd.Series[Any], form: NumberFormat) -> NDArray[np.float64]:
    """Return the numbers (k,) in stripped cells; NaN for cells that are not numbers."""
    if form != NumberFormat():  # else Python and C read them unchanged
        fits = texts.str.fullmatch(form.pattern)
        texts = texts.where(fits, "")
        for mark, plain in ((form.thousands, ""), (form.decimal, ".")):
            texts = texts.str.replace(mark, plain, regex=False) if mark else texts
    return np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)


class DateBuilder:
    """Builds a column of dates, in days since 1970, with the one of several formats that fits best."""

    def __init__(self, formats: list[str]) -> None:
        self._formats = formats
        self._values = [_Values() for _ in formats]

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        missing = cells.isna().to_numpy()
        for form, collected in zip(self._formats, self._values, strict=True):
            values = parse_dates(cells, form)
            collected.add(values)
            collected.add_wrong(cells, np.isnan(values) & ~missing, first_row)

    def build(self) -> NumberColumn | None:
        form, fewest = min(zip(self._formats, self._values, strict=True), key=lambda pair: pair[1]._wrong_count)
        return fewest.column("date", form)


def parse_dates(cells: pd.Series[Any], form: str) -> NDArray[np.float64]:
    """Return days since 1970-01-01 (k,) for cells in a strptime format or ISO8601; NaN for other cells."""
    dates = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    seconds = dates.to_numpy(dtype="datetime64[ms]").astype(np.int64) / 1000
    return np.where(dates.isna().to_numpy(), np.nan, seconds / DAY)


def read_cells(cells: Sequence[Any], feature: Feature, numbers: NumberFormat) -> Column:
    """Return the numbers or dates in texts as a file's column; one of text if most are neither."""
    series = pd.Series(list(cells), dtype=object)
    texts = series.where(series.isna(), series.astype(str).str.strip())
    texts = texts.where(~texts.isin(list(MISSING)))
    builder = known_builder(feature, numbers)
    builder.add(texts, 0)
    column = builder.build()
    if column is not None:
        return column
    text_builder = TextBuilder()
    text_builder.add(texts, 0)
    return text_builder.build()


class TextBuilder:
    """Builds a column of texts as codes; beyond ``max_levels`` different texts, all others share one code."""

    def __init__(self, max_levels: int = MAX_LEVELS) -> None:
        self._max_levels = max_levels
        self._pieces: list[NDArray[np.int32]] = []
        self._codes: dict[str, int] = {}
        self._overflows = False

    def add(self, cells: pd.Series[Any], first_row: int) -> None:
        codes, texts = pd.factorize(cells.astype(object))
        column_codes = np.empty(len(texts) + 1, np.int32)
        column_codes[-1] = -1  # for cells without text
        for index, text in enumerate(texts):
            column_codes[index] = self._code(" ".join(str(text).split()))
        self._pieces.append(column_codes[codes])

    def build(self) -> TextColumn:
        return TextColumn(np.concatenate(self._pieces), tuple(self._codes), self._overflows)

    def _code(self, text: str) -> int:
        if not text:
            return -1
        code = self._codes.get(text)
        if code is None and len(self._codes) < self._max_levels:
            code = self._codes[text] = len(self._codes)
        if code is None:
            self._overflows = True
            return self._max_levels - 1
        return code
