"""The rows of a file, read piece by piece with pandas's C parser."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import MAX_LEVELS, Column, NumberColumn, TextColumn, WrongCell
from .dialect import (
    FALSE_WORDS,
    MISSING,
    MISSING_NUMBERS,
    NONE,
    SPREADSHEET_ERRORS,
    TRUE_WORDS,
    NumberFormat,
    is_missing,
)
from .layout import Layout
from .progress import Progress
from .reader import check_widths
from .text import TextFile

CELLS = 500_000  # in one piece, about: 50 ms of work
FEWEST, MOST = 300, 200_000  # rows in one piece; pandas makes an object for each column of each piece
_FIRST, _AGAIN, _WIDTHS = (0.0, 0.9), (0.9, 0.95), (0.95, 1.0)  # shares of the way; the latter two are rare
DAY = 86400.0
_NO_NUMBERS = [*MISSING_NUMBERS, *SPREADSHEET_ERRORS]
# Of two that fit all cells, as 03/04/2024, the first is taken: the day before the month.
DATE_FORMATS = (
    "ISO8601",
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y"),
)
_MAY_BE_DATE = re.compile(
    r"[0-9]{1,4}[-./ ][0-9A-Za-z]{1,3}[-./ ][0-9]{1,4}.{0,25}|[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}|[0-9]{4}-[0-9]{2}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns by name, the numbers of the rows (n,) in the file, and whether there are more of them."""

    columns: dict[str, Column]
    numbers: NDArray[np.int64]
    is_part: bool


class RowReader:
    """Reads the rows of one file, at most ``most`` of them.

    Rows without any cell are left out. Raises DatasetError for rows that are wider or narrower than there are
    columns, and for quotes that are never closed.
    """

    def __init__(self, file: TextFile, layout: Layout, most: int | None, progress: Progress) -> None:
        self._file, self._layout, self._most, self._progress = file, layout, most, progress
        self._held: list[NDArray[np.bool_]] = []  # which rows have a cell
        self._gaps = False  # in the last column, where short rows would show
        self._is_part = False

    def read(self, builders: Mapping[int, Builder]) -> Rows:
        """All columns that have a builder, by their place."""
        try:
            columns = self._columns(builders)
            if self._gaps:
                self._check_widths()
        except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
            self._explain(str(error))
        held = np.concatenate(self._held) if self._held else np.zeros(0, bool)
        names = self._layout.names
        taken = {names[place]: column if held.all() else column.take(held) for place, column in columns.items()}
        return Rows(taken, self._layout.first_row + np.flatnonzero(held), self._is_part)

    def _columns(self, builders: Mapping[int, Builder]) -> dict[int, Column]:
        texts = [place for place, builder in builders.items() if not isinstance(builder, NumberBuilder)]
        for piece, first_row in self._pieces(texts, None, self._progress.part(*_FIRST)):
            held = _rows_with_cells(piece)
            self._held.append(held)
            self._gaps = self._gaps or bool((piece.iloc[:, -1].isna().to_numpy() & held).any())
            for place, (_, cells) in enumerate(piece.items()):
                if place in builders:
                    builders[place].add(cells, first_row)
        if not self._held:
            return {}
        columns = {place: builder.build() for place, builder in builders.items()}
        self._read_again({place: TextBuilder() for place, column in columns.items() if column is None}, columns)
        return {place: column for place, column in columns.items() if column is not None}

    def _read_again(self, builders: Mapping[int, TextBuilder], columns: dict[int, Column | None]) -> None:
        """Columns that began with numbers and turned out to be text: their cells as they are written."""
        if not builders:
            return
        places = list(builders)
        for piece, first_row in self._pieces(places, places, self._progress.part(*_AGAIN)):
            for builder, (_, cells) in zip(builders.values(), piece.items(), strict=True):
                builder.add(cells, first_row)
        columns.update({place: builder.build() for place, builder in builders.items()})

    def _pieces(
        self, texts: list[int], only: list[int] | None, progress: Progress
    ) -> Iterator[tuple[pd.DataFrame, int]]:
        """The rows in pieces, each with the number of its first row; columns in ``texts`` as text."""
        width = len(self._layout.names)
        size = min(max(CELLS // width, FEWEST), MOST, self._most or MOST)
        done = 0
        with self._at_first_row() as stream, warnings.catch_warnings():
            # The warning is pandas's way to say that it is about to lose cells.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            reader = _open(stream, self._layout, texts, only, size)
            if reader is None:
                return
            for piece in reader:
                left = len(piece) if self._most is None else self._most - done
                if left <= 0:
                    self._is_part = True
                    return
                yield piece.iloc[:left], self._layout.first_row + done
                done += min(left, len(piece))
                progress.tell(stream.buffer.tell() / self._file.size)

    @contextlib.contextmanager
    def _at_first_row(self) -> Iterator[TextIO]:
        with self._file.open() as stream:
            for _ in range(self._layout.skipped_lines):
                stream.readline()
            yield stream

    def _check_widths(self) -> None:
        check_widths(self._file, self._layout, self._most, self._progress.part(*_WIDTHS))

    def _explain(self, message: str) -> NoReturn:
        """Say which row is at fault, where pandas's ``message`` does not tell."""
        if found := re.search(r"EOF inside string starting at row (\d+)", message):
            row = self._layout.first_row + int(found[1])
            _refuse(f"a quote is opened in row {row} and never closed; close it or double it")
        self._check_widths()
        _refuse(f"the rows can't be read: {quoted(message, 120)}")


def _open(
    stream: TextIO, layout: Layout, texts: list[int], only: list[int] | None, size: int
) -> Iterator[pd.DataFrame] | None:
    """pandas's reader; None where there is no row."""
    try:
        return pd.read_csv(
            stream,
            sep=layout.dialect.delimiter or NONE,
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
    """(k,), false for blank rows; most rows are known by their first cell or their last."""
    empty = np.array(piece.iloc[:, 0].isna() & piece.iloc[:, -1].isna())
    if empty.any():
        empty[empty] = piece[empty].isna().to_numpy().all(axis=1)
    return ~empty


def _refuse(reason: str) -> NoReturn:
    raise DatasetError("dataset.path", reason)


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


def plan(layout: Layout, kinds: Mapping[str, ColumnKind]) -> dict[int, Builder]:
    """What reads each column, by its place; columns that ``kinds`` ignores have nothing."""
    builders: dict[int, Builder] = {}
    for place, name in enumerate(layout.names):
        kind = kinds.get(name)
        if kind != "ignore":
            builders[place] = _builder(layout.cells(place), layout.dialect.numbers, kind)
    return builders


def _builder(cells: list[str], form: NumberFormat, kind: ColumnKind | None) -> Builder:
    if kind == "category":
        return TextBuilder()
    counts = Counter(cells)
    held = {cell: count for cell, count in counts.items() if not is_missing(cell, among_numbers=True)}
    if 2 * sum(count for cell, count in held.items() if form.is_number(cell)) >= sum(held.values()):
        return NumberBuilder(form)
    formats = date_formats(list(held))
    return DateBuilder(formats) if formats else TextBuilder()


def date_formats(cells: list[str]) -> list[str]:
    """The formats of dates that all of the cells fit."""
    if not all(map(_MAY_BE_DATE.fullmatch, cells)):
        return []
    import numpy as np
    import pandas as pd

    series = pd.Series(cells, dtype=object)
    return [form for form in DATE_FORMATS if not np.isnan(parse_dates(series, form)).any()]
