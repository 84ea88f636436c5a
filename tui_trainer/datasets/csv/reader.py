"""The rows of a file, read piece by piece with pandas's C parser."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.csv_file.delimiter import NONE
from tui_trainer.datasets.csv_file.ragged import check_widths
from tui_trainer.datasets.csv_file.table import Column
from tui_trainer.datasets.errors import DatasetError
from tui_trainer.errors import quoted

from .columns import Builder, NumberBuilder, TextBuilder
from .dialect import MISSING
from .layout import Layout
from .progress import Progress
from .text import TextFile

CELLS = 500_000  # in one piece, about: 50 ms of work
FEWEST, MOST = 300, 200_000  # rows in one piece; pandas makes an object for each column of each piece
_FIRST, _AGAIN, _WIDTHS = (0.0, 0.9), (0.9, 0.95), (0.95, 1.0)  # shares of the way; the latter two are rare


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
