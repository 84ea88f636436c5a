"""Rows that have more or fewer cells than there are columns."""

from __future__ import annotations

import csv
from typing import NoReturn

from tui_trainer.datasets.csv.layout import Layout
from tui_trainer.datasets.csv.progress import Progress
from tui_trainer.datasets.csv.text import TextFile

from ..errors import DatasetError
from .delimiter import NONE

_TELL_EVERY = 8192  # rows


def check_widths(file: TextFile, layout: Layout, most: int | None, progress: Progress) -> None:
    """Raise DatasetError for the first of ``most`` rows that is too long or too short.

    Blank rows are left out, and cells beyond the last column may be there if they are empty. pandas fills short
    rows in silence, so this is called where the last column has gaps; it takes three times as long as pandas.
    """
    width, number = len(layout.names), layout.first_row - 1
    delimiter = layout.dialect.delimiter or NONE
    with file.open() as stream:
        for _ in range(layout.skipped_lines):
            stream.readline()
        try:
            for number, row in enumerate(csv.reader(stream, delimiter=delimiter), start=layout.first_row):
                if most is not None and number - layout.first_row >= most:
                    return
                if len(row) != width and not _may_stand(row, width):
                    _refuse(number, row, width)
                if number % _TELL_EVERY == 0:
                    progress.tell(stream.buffer.tell() / file.size)
        except csv.Error as error:
            raise DatasetError("dataset.path", f"row {number + 1} can't be read: {error}") from None


def _may_stand(row: list[str], width: int) -> bool:
    """Whether a row of another width is blank, or has nothing beyond the last column."""
    return not any(map(str.strip, row)) or (len(row) > width and not any(map(str.strip, row[width:])))


def _refuse(number: int, row: list[str], width: int) -> NoReturn:
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    columns = f"there {'are' if width != 1 else 'is'} {width} column{'s' * (width != 1)}"
    reason = f"row {number} has {cells}, but {columns}; correct it, or choose another delimiter"
    raise DatasetError("dataset.path", reason)
