"""Reads the rows of a file piece by piece with pandas's C parser, and builds its columns from the pieces.

The first rows decide how a column is built: as numbers, as dates, or as text (``plan``). A column that turns out to
hold text, contrary to its first rows, is read again.
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
import sys
import unicodedata
import warnings
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.columns import names_rows
from tui_trainer.datasets.dataset import CellForm, DatasetError, Feature
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import MAX_LEVELS, NOT_KNOWN, Column, NumberColumn, TextColumn, WrongCell
from .dates import COMPACT_DATE, ISO, TIME, date_formats, is_compact_date, parse_dates
from .dialect import (
    BLANKS,
    CODE,
    FALSE_WORDS,
    MISSING,
    MISSING_NUMBERS,
    NO_DELIMITER,
    SPREADSHEET_ERRORS,
    TRUE_WORDS,
    NumberFormat,
    find_units,
    is_missing,
    split_lines,
)
from .layout import Layout
from .text import Progress, TextFile

MIN_BLOCK = 8  # columns of numbers that are worth being added as one block
LARGE_FILE = 20_000_000  # bytes; whole numbers of a larger one are kept in half the room
MAX_EXACT = 2.0**24  # whole numbers up to here are the same in 32 bits
CELLS = 500_000  # in one piece, about: 50 ms of work
MIN_ROWS, MAX_ROWS = 300, 200_000  # in one piece; pandas makes an object for each column of each piece
_FIRST, _AGAIN, _WIDTHS = (0.0, 0.9), (0.9, 0.95), (0.95, 1.0)  # shares of the progress; the last two are rarely needed
_REPORT_EVERY = 8192  # rows
_NOT_NUMBERS = frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
_DATE_NAME = re.compile(r"date|datum|fecha|day|yyyymmdd|dt$|日付|日期", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
MAX_JUDGED, MIN_JUDGED = 400_000, 40  # cells of the first rows from which columns are judged, and of each column


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns by name, the lines of the file in which the rows (n,) begin, and whether the file has more rows."""

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
        self._breaks: list[NDArray[np.int64]] = []  # how many ends of lines are in the cells of each row, by piece
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
        lines = self._layout.first_line + np.arange(len(nonblank))
        if any(breaks.any() for breaks in self._breaks):
            lines[1:] += np.cumsum(np.concatenate(self._breaks))[:-1]
        names = self._layout.names
        by_name = {
            names[position]: column if nonblank.all() else column.take(nonblank) for position, column in columns.items()
        }
        return Rows(by_name, lines[nonblank], self._is_part)

    def _columns(self, builders: Mapping[int, Builder]) -> dict[int, Column]:
        texts = [position for position, builder in builders.items() if not isinstance(builder, NumberBuilder)]
        first_line = self._layout.first_line
        for piece in self._pieces(texts, None, self._progress.part(*_FIRST)):
            nonblank = _rows_with_cells(piece)
            self._nonblank.append(nonblank)
            self._has_gaps = self._has_gaps or bool((piece.iloc[:, -1].isna().to_numpy() & nonblank).any())
            breaks = np.zeros(len(piece), np.int64)
            plain = self._add_plain_numbers(piece, builders)
            others = [position for position in range(len(piece.columns)) if position not in plain]
            for position in others:
                cells = piece.iloc[:, position]
                if position in builders:
                    builders[position].add(cells, first_line)
                if cells.dtype.kind == "O" and not isinstance(builders.get(position), NumberBuilder):
                    _count_breaks(cells, breaks)
            self._breaks.append(breaks)
            first_line += len(piece) + int(breaks.sum())
        if not self._nonblank:
            return {}
        columns = {position: builder.build() for position, builder in builders.items()}
        self._read_again({position: TextBuilder() for position, column in columns.items() if column is None}, columns)
        return {position: column for position, column in columns.items() if column is not None}

    def _add_plain_numbers(self, piece: pd.DataFrame, builders: Mapping[int, Builder]) -> frozenset[int]:
        """Add the columns that pandas has read as numbers, as one block; return their positions.

        A Series for each column of each piece would take longer than pandas takes to read them.
        """
        kinds = [dtype.kind for dtype in piece.dtypes.tolist()]
        numbers = {
            position: builder
            for position, builder in builders.items()
            if kinds[position] in "iuf" and isinstance(builder, NumberBuilder)
        }
        if len(numbers) < MIN_BLOCK:
            return frozenset()
        positions = list(numbers)
        block = (piece if len(positions) == len(kinds) else piece.iloc[:, positions]).to_numpy(dtype=np.float64)
        if self._file.size > LARGE_FILE and all(kinds[position] in "iu" for position in positions):
            smallest, largest = block.min(initial=0.0), block.max(initial=0.0)
            if max(-smallest, largest) <= MAX_EXACT:
                block = block.astype(np.float32)  # half of the memory, and the same numbers
        columns = np.ascontiguousarray(block.T)
        for values, builder in zip(columns, numbers.values(), strict=True):
            builder.add_numbers(values)
        return frozenset(positions)

    def _read_again(self, builders: Mapping[int, TextBuilder], columns: dict[int, Column | None]) -> None:
        """Read columns again as text that began with numbers and turned out to be text."""
        if not builders:
            return
        positions, first_line = list(builders), self._layout.first_line
        for piece in self._pieces(positions, positions, self._progress.part(*_AGAIN)):
            for builder, (_, cells) in zip(builders.values(), piece.items(), strict=True):
                builder.add(cells, first_line)
        columns.update({position: builder.build() for position, builder in builders.items()})

    def _pieces(self, texts: list[int], only: list[int] | None, progress: Progress) -> Iterator[pd.DataFrame]:
        """Yield the rows in pieces; columns in ``texts`` as text."""
        width = len(self._layout.names)
        size = min(max(CELLS // width, MIN_ROWS), MAX_ROWS, self._max_rows or MAX_ROWS)
        done = 0
        with table_text(self._file, self._layout) as stream, warnings.catch_warnings():
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
                yield piece.iloc[:remaining]
                done += min(remaining, len(piece))
                progress.report(stream.position() / max(self._file.size, 1))

    def _explain(self, message: str) -> NoReturn:
        """Raise an error that names the row at fault, which pandas's ``message`` may not."""
        if match := re.search(r"EOF inside string starting at row (\d+)", message):
            line = self._layout.first_line + int(match[1])
            _refuse(f"a quote is opened in line {line} and never closed; close it or double it")
        self._check_widths()
        _refuse(f"the rows can't be read: {quoted(message, 120)}")

    def _check_widths(self) -> None:
        check_widths(self._file, self._layout, self._max_rows, self._progress.part(*_WIDTHS))


def _count_breaks(cells: pd.Series[Any], breaks: NDArray[np.int64]) -> None:
    """Add to ``breaks`` (k,) how many ends of lines there are in each of the ``cells``, (k,) texts."""
    codes, texts = pd.factorize(cells.astype(object))
    counts = [len(_LINE_END.findall(text)) if isinstance(text, str) else 0 for text in texts]
    if any(counts):
        breaks += np.array([*counts, 0])[codes]


class TableText:
    """The text of a table, from its first row of values to its last, with its lines as pandas can read them.

    A file that is written plainly is passed through as it is; in others, each line is rewritten.
    """

    def __init__(self, stream: TextIO, layout: Layout) -> None:
        self._stream, self._rest = stream, ""
        for _ in range(layout.first_line - 1):
            stream.readline()
        marks = layout.dialect.marks
        self._is_plain = marks.are_plain and not layout.footer_lines
        self._lines = iter(stream) if self._is_plain else map(marks.plain, _without_last(stream, layout.footer_lines))

    def read(self, size: int = -1) -> str:
        """Return the next characters, about ``size`` of them; pandas reads so."""
        if self._is_plain:
            return self._stream.read(size)
        parts = []
        length = 0
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = self._rest + "".join(parts)
        if size < 0:
            return text
        self._rest = text[size:]  # pandas has room for no more
        return text[:size]

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def position(self) -> int:
        """Return how many bytes of the file are read."""
        return self._stream.buffer.tell()


def _without_last(lines: Iterable[str], count: int) -> Iterator[str]:
    """Yield the lines but the last ``count`` ones."""
    waiting: deque[str] = deque()
    for line in lines:
        waiting.append(line)
        if len(waiting) > count:
            yield waiting.popleft()


@contextlib.contextmanager
def table_text(file: TextFile, layout: Layout) -> Iterator[TableText]:
    """Open the text of the table in a file."""
    with file.open() as stream:
        yield TableText(stream, layout)


def check_widths(file: TextFile, layout: Layout, max_rows: int | None, progress: Progress) -> None:
    """Raise DatasetError for the first of ``max_rows`` rows that has too many or too few cells.

    Blank rows are ignored, and empty cells beyond the last column are accepted. pandas fills short rows without a
    warning, so this is called if the last column has gaps; it takes three times as long as pandas.
    """
    width, line, count = len(layout.names), layout.first_line, 0
    with table_text(file, layout) as text:
        rows = split_lines(text, layout.dialect.marks.when_rewritten)
        try:
            for row in rows:
                if max_rows is not None and count >= max_rows:
                    return
                if len(row) != width and not _is_acceptable(row, width):
                    _refuse_row(line, row, layout)
                line, count = layout.first_line + rows.line_num, count + 1
                if count % _REPORT_EVERY == 0:
                    progress.report(text.position() / max(file.size, 1))
        except csv.Error as error:
            raise DatasetError("dataset.path", f"line {line} can't be read: {error}") from None


def _is_acceptable(row: list[str], width: int) -> bool:
    """Return whether a row of another width is blank, or has only empty cells beyond the last column."""
    return not any(map(str.strip, row)) or (len(row) > width and not any(map(str.strip, row[width:])))


def _refuse_row(line: int, row: list[str], layout: Layout) -> NoReturn:
    width = len(layout.names)
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    columns = f"there {'are' if width != 1 else 'is'} {width} column{'s' * (width != 1)}"
    reason = f"line {line} has {cells}, but {columns}; correct it"
    if layout.dialect.marks.quote and sum(cell.count(layout.dialect.marks.quote[0]) for cell in row) % 2:
        reason += ", and see whether a quote is missing in it"
    raise DatasetError("dataset.path", reason)


def _open(
    stream: TableText, layout: Layout, texts: list[int], only: list[int] | None, size: int
) -> Iterator[pd.DataFrame] | None:
    """Return pandas's reader; None if there are no rows."""
    marks = layout.dialect.marks
    try:
        return pd.read_csv(  # type: ignore[no-any-return, misc]
            stream,  # type: ignore[call-overload]  # it has what pandas calls
            sep=r"\s+" if marks.delimiter == BLANKS else marks.delimiter or NO_DELIMITER,
            quotechar="'" if marks.quote == "'" else '"',
            quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
            escapechar=marks.escape or None,
            decimal=layout.dialect.numbers.decimal,
            header=None,
            names=range(len(layout.names)),
            usecols=only,
            index_col=False,
            dtype=dict.fromkeys(texts, str),
            na_values=[*MISSING, *layout.missing],
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
    are_named = False  # whether a column is kept that tells the rows apart
    for position, name in enumerate(layout.names):
        may_name = not are_named and names_rows(name, layout.cells(position))
        kind = kinds.get(name)
        if name in known:
            builders[position] = known_builder(known[name], layout.dialect.numbers, layout.missing)
        elif kind != "ignore":
            builders[position] = _builder(name, layout.cells(position), layout, kind, may_name)
        are_named = are_named or (may_name and isinstance(builders.get(position), TextBuilder))
    return builders


def known_builder(feature: Feature, numbers: NumberFormat, missing: tuple[str, ...] = ()) -> Builder:
    """Return a builder for cells that were trained on as ``feature``; an index keeps its cells as they are."""
    if feature.category is not None:
        return TextBuilder(missing, joins=False, max_levels=sys.maxsize, keeps=feature.form == "index")
    if feature.form == "time":
        return DateBuilder([TIME])
    if feature.form == "date":
        return DateBuilder([feature.date_format or ISO, ISO])
    return NumberBuilder(replace(numbers, unit=feature.unit, multiples=feature.multiples), missing)


def _builder(name: str, cells: list[str], layout: Layout, kind: ColumnKind | None, may_name: bool) -> Builder:
    if kind == "category":
        return TextBuilder(layout.missing, joins=False, keeps=may_name)
    if may_name and any(cell.isdecimal() and CODE.match(cell) for cell in cells):
        return TextBuilder(layout.missing, keeps=may_name)
    form = layout.dialect.numbers
    counts = Counter(cells[: max(MAX_JUDGED // len(layout.names), MIN_JUDGED)])
    filled = {
        cell: count
        for cell, count in counts.items()
        if not is_missing(cell, among_numbers=True) and cell not in layout.missing
    }
    if 2 * sum(count for cell, count in filled.items() if form.is_number(cell)) >= sum(filled.values()):
        if _DATE_NAME.search(name) and filled and all(map(is_compact_date, filled)):
            return DateBuilder([COMPACT_DATE])
        return NumberBuilder(form, layout.missing)
    if formats := date_formats(list(filled)):
        return DateBuilder(formats)
    units = find_units(filled)
    if units is None:
        return TextBuilder(layout.missing, keeps=may_name)
    if len(units.names) == 1 or units.are_multiples:
        return NumberBuilder(replace(form, unit=units.names[0], multiples=units.are_multiples), layout.missing)
    listed = ", ".join(units.names[:4])
    return TextBuilder(layout.missing, hint=f"numbers with different units: {printable(listed)}; convert them to one")


class Builder(Protocol):
    """Collects the pieces of one column, in order, and builds the column."""

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        """Add the next cells; the first of them is in ``first_line`` of the file."""

    def build(self) -> Column | None:
        """Return the column; None if it turned out to hold text."""


class _Values:
    """The numbers of a column, and the first cell that is not a number."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.float64]] = []
        self._wrong: WrongCell | None = None
        self._wrong_rows: list[NDArray[np.intp]] = []  # counted from the first row of all
        self._count = 0  # of cells
        self.wrong_count = 0

    def add(self, values: NDArray[np.float64]) -> None:
        self._pieces.append(values)
        self._count += len(values)

    def add_wrong(self, cells: pd.Series[Any], wrong: NDArray[np.bool_], first_line: int) -> None:
        """Note which of the cells added last are ``wrong`` (k,), and the first of all."""
        count = int(wrong.sum())
        if count and self._wrong is None:
            index = int(wrong.argmax())
            self._wrong = WrongCell(first_line + index, str(cells.iloc[index]).strip())
        self.wrong_count += count
        if count:
            self._wrong_rows.append(self._count - len(wrong) + np.flatnonzero(wrong))

    def column(self, form: CellForm, date_format: str = "") -> NumberColumn | None:
        """Return the column; None if less than half of its cells are numbers, since a few may be typing errors."""
        values = np.concatenate(self._pieces)
        if self.wrong_count and self.wrong_count > int((~np.isnan(values)).sum()):
            return None
        wrong_rows = None
        if self._wrong_rows:
            wrong_rows = np.zeros(len(values), bool)
            wrong_rows[np.concatenate(self._wrong_rows)] = True
        return NumberColumn(values, form, self._wrong, wrong_rows, date_format)


class NumberBuilder:
    """Builds a column of numbers; pandas reads them if they are written plainly. ``missing`` are marks of the user."""

    def __init__(self, form: NumberFormat, missing: tuple[str, ...] = ()) -> None:
        self._form, self._values = form, _Values()
        self._missing = [value for value in map(form.read, missing) if not math.isnan(value)]
        self._has_words = self._has_numbers = False  # whether there were true or false, and whether there were numbers

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        kind = cells.dtype.kind
        if kind in "iuf":
            self.add_numbers(cells.to_numpy(dtype=np.float64))
            return
        if kind == "b":
            values, self._has_words = cells.to_numpy(dtype=np.float64), True
        else:
            self._read(cells, first_line)
            return
        self._add(values)

    def add_numbers(self, values: NDArray[Any]) -> None:
        """Add cells that are numbers, (k,)."""
        self._has_numbers = self._has_numbers or not np.isnan(values).all()
        self._add(values)

    def _add(self, values: NDArray[np.float64]) -> None:
        if self._missing:
            values = np.where(np.isin(values, self._missing), np.nan, values)
        self._values.add(values)

    def build(self) -> NumberColumn | None:
        column = self._values.column("true/false" if self._has_words and not self._has_numbers else "number")
        return None if column is None else replace(column, unit=self._form.unit, multiples=self._form.multiples)

    def _read(self, cells: pd.Series[Any], first_line: int) -> None:
        """Add cells that pandas has not read as numbers."""
        missing = cells.isna().to_numpy()
        texts = cells.astype(str).str.strip().fillna("")
        values = parse_numbers(texts, self._form)
        self._has_numbers = self._has_numbers or not np.isnan(values).all()
        left = np.isnan(values) & ~missing
        if left.any():
            codes, words = pd.factorize(texts[left])
            known = [self._word(word) for word in words]
            values[left] = np.array([value for value, _ in known])[codes]
            left[left] = np.array([is_wrong for _, is_wrong in known])[codes]
        values[missing] = np.nan
        self._add(values)
        self._values.add_wrong(cells, left, first_line)

    def _word(self, word: str) -> tuple[float, bool]:
        """Return what stands for a word among numbers, and whether it does not belong there."""
        lowered = word.lower()
        if lowered in TRUE_WORDS or lowered in FALSE_WORDS:
            self._has_words = True
            return float(lowered in TRUE_WORDS), False
        return math.nan, word not in _NOT_NUMBERS and not self._form.is_unit(word)


def parse_numbers(texts: pd.Series[Any], form: NumberFormat) -> NDArray[np.float64]:
    """Return the numbers (k,) in stripped cells; NaN for cells that are not numbers."""
    if form == NumberFormat():  # Python and C read most of them
        values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
        left = np.isnan(values)
        if left.any():
            values[left] = [form.read(text) for text in texts[left]]
        return values
    return np.array([form.read(text) for text in texts], dtype=np.float64)


class DateBuilder:
    """Builds a column of dates, in days since 1970, or of times, with the one of several formats that fits best."""

    def __init__(self, formats: list[str]) -> None:
        self._formats = formats
        self._values = [_Values() for _ in formats]

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        texts = cells.astype(str).where(cells.notna(), None) if cells.dtype.kind in "iuf" else cells
        missing = cells.isna().to_numpy() | cells.isin(_NOT_NUMBERS).to_numpy()
        for form, collected in zip(self._formats, self._values, strict=True):
            values = parse_dates(texts, form)
            collected.add(values)
            collected.add_wrong(cells, np.isnan(values) & ~missing, first_line)

    def build(self) -> NumberColumn | None:
        form, fewest = min(zip(self._formats, self._values, strict=True), key=lambda pair: pair[1].wrong_count)
        return fewest.column("time", "") if form == TIME else fewest.column("date", form)


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
    text_builder = TextBuilder(joins=False)
    text_builder.add(texts, 0)
    return text_builder.build()


class TextBuilder:
    """Builds a column of texts as codes; beyond ``max_levels`` different texts, all others share one code.

    Texts that are ``missing`` are gaps. If the builder ``joins``, texts that differ in capitals alone are one; if it
    ``keeps`` the cells, the column has them as they are.
    """

    def __init__(
        self,
        missing: tuple[str, ...] = (),
        joins: bool = True,
        hint: str = "",
        max_levels: int = MAX_LEVELS,
        keeps: bool = False,
    ) -> None:
        self._missing, self._joins, self._hint, self._max_levels = missing, joins, hint, max_levels
        self._texts: list[NDArray[np.object_]] | None = [] if keeps else None
        self._pieces: list[NDArray[np.int32]] = []
        self._codes: dict[str, int] = {}
        self._overflows = False

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        objects = cells.astype(object)
        if self._texts is not None:
            self._texts.append(objects.where(cells.notna(), None).to_numpy())
        codes, texts = pd.factorize(objects)
        column_codes = np.empty(len(texts) + 1, np.int32)
        column_codes[-1] = -1  # for cells without text
        for index, text in enumerate(texts):
            column_codes[index] = self._code(" ".join(str(text).split()))
        self._pieces.append(column_codes[codes])

    def build(self) -> TextColumn:
        texts = None if self._texts is None else np.concatenate(self._texts)
        column = TextColumn(
            np.concatenate(self._pieces), tuple(self._codes), self._overflows, hint=self._hint, texts=texts
        )
        return column if not self._joins or self._overflows else _join_spellings(column)

    def _code(self, text: str) -> int:
        if not text or text in self._missing:
            return -1
        code = self._codes.get(text)
        if code is None and len(self._codes) < self._max_levels:
            code = self._codes[text] = len(self._codes)
        if code is None:
            self._overflows = True
            return self._max_levels - 1
        return code


def _join_spellings(column: TextColumn) -> TextColumn:
    """Return the column with texts that differ in capitals alone as one level, the most frequent spelling."""
    same: dict[str, list[int]] = {}
    for code, level in enumerate(column.levels):
        same.setdefault(unicodedata.normalize("NFKC", level).casefold(), []).append(code)
    if len(same) == len(column.levels):
        return column
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    new_codes = np.full(len(column.levels) + 1, -1, np.int32)  # the last one is for a code of -1
    levels: list[str] = []
    joined: list[str] = []
    for codes in same.values():
        most = max(codes, key=lambda code: (counts[code], -code))
        new_codes[codes] = len(levels)
        levels.append(column.levels[most])
        joined += [column.levels[code] for code in (most, *codes)] if len(codes) > 1 else []
    return replace(column, codes=new_codes[column.codes], levels=tuple(levels), joined=tuple(dict.fromkeys(joined)))
