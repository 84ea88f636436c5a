"""Reads the rows of a file block by block with pandas's C parser, in threads.

The columns are built from the pieces (``builders``). One that turns out to hold text, contrary to its first rows, is
read again.
"""

from __future__ import annotations

import csv
import functools
import io
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.errors import quoted
from tui_trainer.system.memory import usable_cores

from .builders import Builder, NumberBuilder, TextBuilder, compact
from .columns import Column
from .dialect import BLANKS, NO_DELIMITER, Marks
from .layout import Layout, check_widths, without_extra_cells
from .numbers import MISSING
from .text import Block, Progress, TextFile, table_blocks

MIN_BLOCK, MAX_BLOCK = 4_000_000, 32_000_000  # bytes that are read at once
ROWS_AT_ONCE = 5000  # in one block at least: pandas makes an object for each column of each block
MANY_COLUMNS = 100  # a Series for each of them takes longer than to copy them all
MAX_THREADS = 4  # each of them holds a block
_FIRST, _AGAIN = (0.0, 0.9), (0.9, 1.0)  # shares of the progress; the second one is rarely needed
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")  # in pandas's message
_NEW_LINE = ord("\n")
_LINE_END = re.compile(r"\r\n|\r|\n")


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
        self._is_part = False

    def read(self, builders: dict[int, Builder]) -> Rows:
        """Read all columns that have a builder; ``builders``, by the position of their column, are used up."""
        nonblank: list[NDArray[np.bool_]] = []
        breaks: list[NDArray[np.int64]] = []
        for piece in self._pieces(_read_as_text(builders), None, self._progress.part(*_FIRST)):
            nonblank.append(_rows_with_cells(piece.frame))
            breaks.append(self._add(piece, nonblank[-1], builders))
        if not nonblank:
            return Rows({}, np.zeros(0, np.int64), self._is_part)
        columns = {position: builders.pop(position).build() for position in list(builders)}  # frees pieces on the way
        self._read_again({position: TextBuilder() for position, column in columns.items() if column is None}, columns)
        return self._rows(columns, self._layout.first_line, nonblank, breaks)

    def read_in_parts(self, builders: Callable[[], dict[int, Builder]]) -> Iterator[Rows]:
        """Read one part after the other, each with ``builders`` of its own; none of them may turn out to hold text."""
        for piece in self._pieces(_read_as_text(builders()), None, self._progress):
            of_part, nonblank = builders(), _rows_with_cells(piece.frame)
            breaks = self._add(piece, nonblank, of_part)
            columns = {position: builder.build() for position, builder in of_part.items()}
            yield self._rows(columns, piece.first_line, [nonblank], [breaks])

    def _rows(
        self,
        columns: Mapping[int, Column | None],
        first_line: int,
        nonblank_pieces: Sequence[NDArray[np.bool_]],
        breaks: Sequence[NDArray[np.int64]],
    ) -> Rows:
        """Return the rows that have a cell; ``breaks`` are the ends of lines in the cells of each row."""
        nonblank = np.concatenate(nonblank_pieces)
        lines = first_line + np.arange(len(nonblank))
        if any(piece.any() for piece in breaks):
            lines[1:] += np.cumsum(np.concatenate(breaks))[:-1]
        by_name = {
            self._layout.names[position]: column if nonblank.all() else column.take(nonblank)
            for position, column in columns.items()
            if column is not None
        }
        return Rows(by_name, lines[nonblank], self._is_part)

    def _add(self, piece: Piece, nonblank: NDArray[np.bool_], builders: Mapping[int, Builder]) -> NDArray[np.int64]:
        """Add a piece to the builders; return how many ends of lines there are in the cells of each row, (k,).

        ``nonblank`` (k,) are the rows that have a cell.
        """
        frame = piece.frame
        gaps = frame.iloc[:, -1].isna().to_numpy() & nonblank
        if gaps.any():
            check_ends(piece, gaps, self._layout)
        breaks = np.zeros(len(frame), np.int64)
        plain = _add_numbers(frame, builders)
        for position in [position for position in range(len(frame.columns)) if position not in plain]:
            cells = frame.iloc[:, position]
            if position in builders:
                builders[position].add(cells, piece.first_line)
            if piece.has_breaks and cells.dtype.kind == "O" and not isinstance(builders.get(position), NumberBuilder):
                _count_breaks(cells, breaks)
        return breaks

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


def _read_as_text(builders: Mapping[int, Builder]) -> list[int]:
    """Return the positions of the columns that pandas is to read as text."""
    return [position for position, builder in builders.items() if not isinstance(builder, NumberBuilder)]


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
        frame = pd.read_csv(  # type: ignore[call-overload, misc]
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
            dtype=dict.fromkeys(texts, object) or None,  # a dict makes pandas slower, even an empty one
            na_values=[*MISSING, *layout.missing],
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=_has_blanks_before_cells(content, marks),  # pandas is slower if it has to look for them
            low_memory=False,
            nrows=None if max_rows is None else max_rows + 1,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    return _compact_frame(frame)


def _compact_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return many columns of whole numbers, as pictures have, as one array in as few bytes as they need."""
    dtypes = frame.dtypes.tolist()
    if len(dtypes) <= MANY_COLUMNS or set(dtypes) != {np.dtype(np.int64)}:
        return frame
    columns = [cells.to_numpy() for _, cells in frame.items()]
    ends = np.array([[values.min(), values.max()] for values in columns])
    cells = np.empty((len(columns), len(frame)), compact(np.array([ends.min(), ends.max()])).dtype)
    for row, values in zip(cells, columns, strict=True):  # all at once would take as much memory again as pandas'
        row[:] = values
    return pd.DataFrame(cells.T, copy=False)


def _has_blanks_before_cells(content: bytes, marks: Marks) -> bool:
    """Return whether a cell may begin with a blank or a tab."""
    characters = np.frombuffer(content, np.uint8)
    before = [ord(mark) for mark in (marks.delimiter or NO_DELIMITER, "\n", "\r")]
    for blank in (b" ", b"\t"):
        if blank == marks.delimiter.encode() or blank not in content:
            continue
        places = np.flatnonzero(characters == blank[0])
        if places[0] == 0 or np.isin(characters[places - 1], before).any():
            return True
    return False


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
    marks, content = layout.dialect.marks.when_rewritten, piece.content
    special = [mark.encode() for mark in (*marks.quote, marks.escape) if mark]
    has_line_feeds = b"\r" not in content or content.count(b"\r") == content.count(b"\r\n")
    is_plain = marks.delimiter != BLANKS and not any(mark in content for mark in special)
    if has_line_feeds and is_plain and not piece.has_breaks:
        delimiter, count = (marks.delimiter or NO_DELIMITER).encode(), len(layout.names) - 1
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == _NEW_LINE)
        starts, ends = np.concatenate([[0], ends + 1]), np.concatenate([ends, [len(content)]])
        spans = zip(*(places[: len(gaps)][gaps].tolist() for places in (starts, ends)), strict=True)
        if all(content.count(delimiter, start, end) == count for start, end in spans):
            return
    check_widths(content, layout, piece.first_line, len(gaps))


def _rows_with_cells(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows (k,) are not blank; the first and the last cell decide for most of them."""
    empty = np.array(frame.iloc[:, 0].isna() & frame.iloc[:, -1].isna())
    if empty.any():
        empty[empty] = frame[empty].isna().to_numpy().all(axis=1)
    return ~empty


def _add_numbers(frame: pd.DataFrame, builders: Mapping[int, Builder]) -> frozenset[int]:
    """Add the columns that pandas has read as numbers; return their positions."""
    added = set()
    dtypes = frame.dtypes.tolist()
    is_block = len(dtypes) > MANY_COLUMNS and len(set(dtypes)) == 1
    arrays = frame.to_numpy().T if is_block else (cells.to_numpy() for _, cells in frame.items())
    for position, (values, dtype) in enumerate(zip(arrays, dtypes, strict=True)):
        builder = builders.get(position)
        if dtype.kind in "iuf" and isinstance(builder, NumberBuilder):
            builder.add_numbers(values)
            added.add(position)
    return frozenset(added)


def _refuse(reason: str) -> NoReturn:
    raise DatasetError("dataset.path", reason)
