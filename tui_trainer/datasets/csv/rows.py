"""Reads the rows of a file block by block with pandas's C parser, in threads, and builds its columns from the pieces.

The first rows decide how a column is built: as numbers, as dates, or as text (``plan``). A column that turns out to
hold text, contrary to its first rows, is read again.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import math
import re
import sys
import unicodedata
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.columns import names_rows
from tui_trainer.datasets.dataset import CellForm, DatasetError, Feature
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind
from tui_trainer.system.memory import usable_cores

from .columns import MAX_LEVELS, NOT_KNOWN, Column, NumberColumn, TextColumn, WrongCell, without_marks
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
    Marks,
    NumberFormat,
    find_units,
    is_missing,
    split_lines,
)
from .layout import Layout, check_widths, without_extra_cells
from .text import Block, Progress, TextFile, table_blocks

MIN_BLOCK, MAX_BLOCK = 4_000_000, 32_000_000  # bytes that are read at once
ROWS_AT_ONCE = 5000  # in one block at least: pandas makes an object for each column of each block
MAX_THREADS = 4  # each of them holds a block
_FIRST, _AGAIN = (0.0, 0.9), (0.9, 1.0)  # shares of the progress; the second one is rarely needed
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")  # in pandas's message
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


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows (k,) as pandas has read them from ``content``, which begins in ``first_line`` and has ``lines`` lines."""

    frame: pd.DataFrame
    content: bytes
    first_line: int
    lines: int

    @property
    def has_breaks(self) -> bool:
        """Whether there may be ends of lines in cells."""
        return self.lines != len(self.frame)


class RowReader:
    """Reads the rows of one file, at most ``max_rows`` of them.

    Rows without any cell are left out. Raises DatasetError for rows with more or fewer cells than there are
    columns, and for quotes that are never closed.
    """

    def __init__(self, file: TextFile, layout: Layout, max_rows: int | None, progress: Progress) -> None:
        self._file, self._layout, self._max_rows, self._progress = file, layout, max_rows, progress
        self._nonblank: list[NDArray[np.bool_]] = []  # which rows have a cell, by piece
        self._breaks: list[NDArray[np.int64]] = []  # how many ends of lines are in the cells of each row, by piece
        self._is_part = False

    def read(self, builders: dict[int, Builder]) -> Rows:
        """Read all columns that have a builder; ``builders``, by the position of their column, are used up."""
        columns = self._columns(builders)
        nonblank = np.concatenate(self._nonblank) if self._nonblank else np.zeros(0, bool)
        lines = self._layout.first_line + np.arange(len(nonblank))
        if any(breaks.any() for breaks in self._breaks):
            lines[1:] += np.cumsum(np.concatenate(self._breaks))[:-1]
        names = self._layout.names
        by_name = {
            names[position]: column if nonblank.all() else column.take(nonblank) for position, column in columns.items()
        }
        return Rows(by_name, lines[nonblank], self._is_part)

    def _columns(self, builders: dict[int, Builder]) -> dict[int, Column]:
        texts = [position for position, builder in builders.items() if not isinstance(builder, NumberBuilder)]
        for piece in self._pieces(texts, None, self._progress.part(*_FIRST)):
            frame = piece.frame
            nonblank = _rows_with_cells(frame)
            self._nonblank.append(nonblank)
            gaps = frame.iloc[:, -1].isna().to_numpy() & nonblank
            if gaps.any():
                check_ends(piece, gaps, self._layout)
            breaks = np.zeros(len(frame), np.int64)
            plain = _add_numbers(frame, builders)
            for position in [position for position in range(len(frame.columns)) if position not in plain]:
                cells = frame.iloc[:, position]
                if position in builders:
                    builders[position].add(cells, piece.first_line)
                if (
                    piece.has_breaks
                    and cells.dtype.kind == "O"
                    and not isinstance(builders.get(position), NumberBuilder)
                ):
                    _count_breaks(cells, breaks)
            self._breaks.append(breaks)
        if not self._nonblank:
            return {}
        columns = {position: builders.pop(position).build() for position in list(builders)}  # frees pieces on the way
        self._read_again({position: TextBuilder() for position, column in columns.items() if column is None}, columns)
        return {position: column for position, column in columns.items() if column is not None}

    def _read_again(self, builders: Mapping[int, TextBuilder], columns: dict[int, Column | None]) -> None:
        """Read columns again as text that began with numbers and turned out to be text."""
        if not builders:
            return
        positions = list(builders)
        for piece in self._pieces(positions, positions, self._progress.part(*_AGAIN)):
            for builder, (_, cells) in zip(builders.values(), piece.frame.items(), strict=True):
                builder.add(cells, piece.first_line)
        columns.update({position: builder.build() for position, builder in builders.items()})

    def _pieces(self, texts: list[int], only: list[int] | None, progress: Progress) -> Iterator[Piece]:
        """Yield the rows in pieces; columns in ``texts`` as text.

        The blocks of the file are read in threads of their own, a few ahead: pandas lets others work meanwhile.
        """
        layout, marks = self._layout, self._layout.dialect.marks
        rows = ROWS_AT_ONCE if self._max_rows is None else 2 * self._max_rows
        size = min(int(rows * layout.bytes_a_row), MAX_BLOCK)
        size = max(size, MIN_BLOCK if self._max_rows is None else 1)
        blocks = table_blocks(self._file, marks, layout.first_line, layout.footer_lines, size)
        read = functools.partial(_read_block, layout=layout, texts=texts, only=only, max_rows=self._max_rows)
        first_line, done = layout.first_line, 0
        with warnings.catch_warnings(), ThreadPoolExecutor(usable_threads()) as pool:
            # pandas warns when it is about to drop cells.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            ahead = _read_ahead(pool, read, blocks)
            for block, result in ahead:
                block, frame = _frame(block, result, ahead, read, layout, first_line)
                remaining = len(frame) if self._max_rows is None else self._max_rows - done
                if remaining < len(frame):
                    self._is_part = True
                    frame = frame.iloc[:remaining]
                if not len(frame):
                    return
                lines = len(frame) if _is_row_by_line(block.content, marks) else len(block.content.splitlines())
                yield Piece(frame, block.content, first_line, lines)
                first_line, done = first_line + lines, done + len(frame)
                progress.report(block.position / max(self._file.size, 1))


def usable_threads() -> int:
    """Return how many blocks may be read at once."""
    return min(usable_cores(), MAX_THREADS)


def _read_ahead(
    pool: ThreadPoolExecutor, read: Callable[[bytes], pd.DataFrame], blocks: Iterable[Block]
) -> Iterator[tuple[Block, Future[pd.DataFrame]]]:
    """Yield the blocks in order with what they are read to, while the next ones are read."""
    waiting: deque[tuple[Block, Future[pd.DataFrame]]] = deque()
    for block in blocks:
        waiting.append((block, pool.submit(read, block.content)))
        if len(waiting) > usable_threads():
            yield waiting.popleft()
    yield from waiting


def _frame(
    block: Block,
    result: Future[pd.DataFrame],
    following: Iterator[tuple[Block, Any]],
    read: Callable[[bytes], pd.DataFrame],
    layout: Layout,
    first_line: int,
) -> tuple[Block, pd.DataFrame]:
    """Return a block with its rows, joined with the ``following`` ones up to where its last quote is closed.

    Raises DatasetError, naming the line at fault, where there is none.
    """
    attempt: Callable[[], pd.DataFrame] = result.result
    while True:
        try:
            return block, attempt()
        except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
            message = str(error)
        if not (match := _OPEN_QUOTE.search(message)):
            check_widths(block.content, layout, first_line)
            cut = without_extra_cells(block.content, layout)
            if cut == block.content:
                _refuse(f"the rows can't be read: {quoted(message, 120)}")
            block = replace(block, content=cut)
            attempt = functools.partial(read, cut)
            continue
        contents, position = [block.content], block.position
        for other, _ in following:
            contents.append(other.content)
            position = other.position
            if sum(map(len, contents)) > 2 * len(block.content):
                break
        if len(contents) == 1:
            line = first_line + int(match[1])
            _refuse(f"a quote is opened in line {line} and never closed; close it or double it")
        block = Block(b"".join(contents), position)
        attempt = functools.partial(read, block.content)


def _read_block(
    content: bytes, layout: Layout, texts: list[int], only: list[int] | None, max_rows: int | None
) -> pd.DataFrame:
    """Return the rows in ``content``, which is UTF-8 and written plainly; one more than ``max_rows`` at most."""
    marks = layout.dialect.marks
    try:
        return pd.read_csv(  # type: ignore[call-overload, no-any-return, misc]
            _Stream(content),  # it has what pandas calls
            sep=r"\s+" if marks.delimiter == BLANKS else marks.delimiter or NO_DELIMITER,
            quotechar="'" if marks.quote == "'" else '"',
            quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
            escapechar=marks.escape or None,
            decimal=layout.dialect.numbers.decimal,
            header=None,
            names=range(len(layout.names)),
            usecols=only,
            index_col=False,
            dtype=dict.fromkeys(texts, str) or None,  # a dict makes pandas slower, even an empty one
            na_values=[*MISSING, *layout.missing],
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
            nrows=None if max_rows is None else max_rows + 1,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame()


class _Stream:
    """Bytes as pandas reads them without decoding and encoding them again, as it does with those of a file object."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)
        self.read = self._stream.read

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)


def _is_row_by_line(content: bytes, marks: Marks) -> bool:
    """Return whether no cell can have an end of a line in it: there is no quote."""
    return not marks.escape and not (marks.quote and marks.quote[0].encode() in content)


def _count_breaks(cells: pd.Series[Any], breaks: NDArray[np.int64]) -> None:
    """Add to ``breaks`` (k,) how many ends of lines there are in each of the ``cells``, (k,) texts."""
    codes, texts = pd.factorize(cells)
    counts = [len(_LINE_END.findall(text)) if isinstance(text, str) else 0 for text in texts]
    if any(counts):
        breaks += np.array([*counts, 0])[codes]


def check_ends(piece: Piece, gaps: NDArray[np.bool_], layout: Layout) -> None:
    """Raise DatasetError for the first short row; only rows with a gap in the last column, ``gaps`` (k,), can be.

    pandas fills short rows without a warning.
    """
    marks, width = layout.dialect.marks.when_rewritten, len(layout.names)
    delimiter = (marks.delimiter or NO_DELIMITER).encode()
    special = [mark.encode() for mark in (*marks.quote, marks.escape) if mark]
    lines = [] if piece.has_breaks else piece.content.splitlines()

    def is_whole(line: bytes) -> bool:
        if marks.delimiter != BLANKS and not any(mark in line for mark in special):
            return line.count(delimiter) == width - 1
        return any(len(row) == width for row in split_lines([line.decode()], marks))

    if piece.has_breaks or not all(is_whole(lines[row]) for row in np.flatnonzero(gaps).tolist()):
        check_widths(piece.content, layout, piece.first_line, len(gaps))


def _rows_with_cells(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows (k,) are not blank; the first and the last cell decide for most of them."""
    empty = np.array(frame.iloc[:, 0].isna() & frame.iloc[:, -1].isna())
    if empty.any():
        empty[empty] = frame[empty].isna().to_numpy().all(axis=1)
    return ~empty


def _add_numbers(frame: pd.DataFrame, builders: Mapping[int, Builder]) -> frozenset[int]:
    """Add the columns that pandas has read as numbers; return their positions.

    Those of one type are added as a block: a Series for each of many columns would take longer than pandas's reading.
    """
    by_type: dict[object, list[int]] = {}
    for position, dtype in enumerate(frame.dtypes.tolist()):
        if dtype.kind in "iuf" and isinstance(builders.get(position), NumberBuilder):
            by_type.setdefault(dtype, []).append(position)
    for positions in by_type.values():
        block = frame if len(positions) == len(frame.columns) else frame.iloc[:, positions]
        for position, values in zip(positions, np.ascontiguousarray(block.to_numpy().T), strict=True):
            builder = builders[position]
            assert isinstance(builder, NumberBuilder)
            builder.add_numbers(values)
    return frozenset(itertools.chain.from_iterable(by_type.values()))


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
        self._pieces: list[NDArray[Any]] = []
        self._wrong: WrongCell | None = None
        self._wrong_rows: list[NDArray[np.intp]] = []  # counted from the first row of all
        self._count = 0  # of cells
        self.wrong_count = 0

    def add(self, values: NDArray[Any]) -> None:
        self._pieces.append(_compact(values))
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


def _compact(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers (k,) in as few bytes as they need, others as they are."""
    if values.dtype.kind == "f" or not len(values):
        return values
    return values.astype(np.promote_types(np.min_scalar_type(values.min()), np.min_scalar_type(values.max())))


class NumberBuilder:
    """Builds a column of numbers; pandas reads them if they are written plainly. ``missing`` are marks of the user."""

    def __init__(self, form: NumberFormat, missing: tuple[str, ...] = ()) -> None:
        self._form, self._values = form, _Values()
        self._missing = form.numbers_in(missing)
        self._has_words = self._has_numbers = False  # whether there were true or false, and whether there were numbers

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        kind = cells.dtype.kind
        if kind in "iuf":
            self.add_numbers(cells.to_numpy())
        elif kind == "b":
            self._has_words = True
            self._add(cells.to_numpy().astype(np.uint8))
        else:
            self._read(cells, first_line)

    def add_numbers(self, values: NDArray[Any]) -> None:
        """Add cells that are numbers, (k,)."""
        self._has_numbers = self._has_numbers or not np.isnan(values).all()
        self._add(values)

    def _add(self, values: NDArray[Any]) -> None:
        self._values.add(without_marks(values, self._missing))

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


def read_cells(cells: Sequence[Any], feature: Feature, numbers: NumberFormat, missing: tuple[str, ...]) -> Column:
    """Return the numbers or dates in texts as a file's column; one of text if most are neither.

    Texts that are one of ``missing`` are gaps.
    """
    series = pd.Series(list(cells), dtype=object)
    texts = series.where(series.isna(), series.astype(str).str.strip())
    texts = texts.where(~texts.isin([*MISSING, *missing]))
    builder = known_builder(feature, numbers, missing)
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
        if self._texts is not None:
            self._texts.append(cells.astype(object).where(cells.notna(), None).to_numpy())
        codes, texts = pd.factorize(cells)
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
