"""Reads a CSV file, whoever wrote it, as a table; checks its rows for missing and extra cells."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from tui_trainer.datasets.dataset import DatasetError, Feature, OnProgress, ReadingStopped
from tui_trainer.datasets.memory import check_memory
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import Column, NumberColumn, Table
from .dialect import NO_DELIMITER, CsvOptions
from .layout import Layout, find_layout
from .text import Progress, TextFile, open_text

if TYPE_CHECKING:
    from .rows import Rows

_INSPECT, _READ = (0.0, 0.1), (0.1, 1.0)  # shares of the progress
_REPORT_EVERY = 8192  # rows
SMALL_FILE = 4_000_000  # bytes; of a larger one, a preview reads a part
Stamp = tuple[int, int, int]  # time of modification, size, inode
NO_OPTIONS = CsvOptions()
NO_KINDS: Mapping[str, ColumnKind] = {}
NOT_KNOWN: Mapping[str, Feature] = {}


def read_table(
    path: str,
    options: CsvOptions = NO_OPTIONS,
    kinds: Mapping[str, ColumnKind] = NO_KINDS,
    on_progress: OnProgress | None = None,
) -> Table:
    """Return the rows of a CSV file, numbered as in the file; ``options`` override what is found out.

    ``kinds`` are known kinds of columns; ignored ones are left out. So are blank lines, empty columns
    without a name, and a first column without a name that numbers the rows. ``on_progress`` is called with the fraction
    done; if it returns False, ReadingStopped is raised. Raises DatasetError for whatever keeps the file from
    being a table.
    """
    file, layout = inspect_file(path, options, on_progress)
    return read_rows(file, layout, kinds, None, on_progress)


def inspect_file(
    path: str, options: CsvOptions, on_progress: OnProgress | None = None, max_bytes: int | None = None
) -> tuple[TextFile, Layout]:
    """Open the file as text, checking ``max_bytes`` of it or all, and find its layout."""
    with _faults_in_sentences(path):
        file = open_text(path, options.encoding, Progress(on_progress, *_INSPECT), max_bytes)
        return file, find_layout(file, options)


def read_rows(
    file: TextFile,
    layout: Layout,
    kinds: Mapping[str, ColumnKind],
    max_rows: int | None,
    on_progress: OnProgress | None = None,
    known: Mapping[str, Feature] = NOT_KNOWN,
    min_rows: int = 2,
) -> Table:
    """Return the table, or its first ``max_rows`` rows; cells of ``known`` columns are read as in training."""
    from .rows import RowReader, plan

    if max_rows is None:
        check_memory(file.size / max(layout.bytes_a_row, 1.0), len(layout.names), "about ")
    builders = plan(layout, kinds, known)
    with _faults_in_sentences(str(file.path)):
        rows = RowReader(file, layout, max_rows, Progress(on_progress, *_READ)).read(builders)
    if len(rows.numbers) < min_rows:
        what = "only one row" if len(rows.numbers) else "a header but no rows" if layout.dialect.header else "no rows"
        least = "two rows are" if min_rows == 2 else "one row is"
        raise DatasetError("dataset.path", f"{file.shown} has {what}; at least {least} needed")
    return Table(_without_artefacts(rows, layout), rows.numbers, layout.dialect, layout.repairs, rows.is_part)


def _without_artefacts(rows: Rows, layout: Layout) -> dict[str, Column]:
    """Leave out the row numbers that pandas and R write first, and the empty column after a trailing delimiter."""
    default_names = {f"column_{position}": position for position in range(1, len(layout.names) + 1)}
    return {
        name: column
        for name, column in rows.columns.items()
        if name not in default_names
        or not (_is_empty(column) or (default_names[name] == 1 and layout.dialect.header and _numbers_rows(column)))
    }


def _is_empty(column: Column) -> bool:
    return bool(column.missing().all()) and not (isinstance(column, NumberColumn) and column.wrong is not None)


def _numbers_rows(column: Column) -> bool:
    """Return whether a column holds whole numbers that count up by one."""
    return isinstance(column, NumberColumn) and bool((np.diff(column.values) == 1).all())


@contextlib.contextmanager
def _faults_in_sentences(path: str) -> Iterator[None]:
    """Raise DatasetError for whatever goes wrong with a file that can't be read, or that changes in the block.

    A file that has changed breaks what was found out about it before: its encoding, its columns, its rows.
    """
    before = file_stamp(path)
    try:
        yield
    except (DatasetError, ReadingStopped, MemoryError):
        raise
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except Exception as error:
        if file_stamp(path) != before:
            raise _unreadable(path, "it changed while it was being read; read it again") from error
        if isinstance(error, UnicodeError):
            raise _unreadable(path, f"it has bytes that are not characters ({error}); choose its encoding") from error
        raise


def file_stamp(path: str) -> Stamp | None:
    """Return a value that changes when the file is written; None if there is no file."""
    try:
        status = os.stat(os.path.expanduser(path))
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _unreadable(path: str, reason: str) -> DatasetError:
    return DatasetError("dataset.path", f"{quoted(path, 200)} can't be read: {printable(reason)}")


def check_widths(file: TextFile, layout: Layout, max_rows: int | None, progress: Progress) -> None:
    """Raise DatasetError for the first of ``max_rows`` rows that has too many or too few cells.

    Blank rows are ignored, and empty cells beyond the last column are accepted. pandas fills short rows without a
    warning, so this is called if the last column has gaps; it takes three times as long as pandas.
    """
    width, number = len(layout.names), layout.first_row - 1
    delimiter = layout.dialect.delimiter or NO_DELIMITER
    with file.open() as stream:
        for _ in range(layout.skipped_lines):
            stream.readline()
        try:
            for number, row in enumerate(csv.reader(stream, delimiter=delimiter), start=layout.first_row):
                if max_rows is not None and number - layout.first_row >= max_rows:
                    return
                if len(row) != width and not _is_acceptable(row, width):
                    _refuse_row(number, row, width)
                if number % _REPORT_EVERY == 0:
                    progress.report(stream.buffer.tell() / max(file.size, 1))
        except csv.Error as error:
            raise DatasetError("dataset.path", f"row {number + 1} can't be read: {error}") from None


def _is_acceptable(row: list[str], width: int) -> bool:
    """Return whether a row of another width is blank, or has only empty cells beyond the last column."""
    return not any(map(str.strip, row)) or (len(row) > width and not any(map(str.strip, row[width:])))


def _refuse_row(number: int, row: list[str], width: int) -> NoReturn:
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    columns = f"there {'are' if width != 1 else 'is'} {width} column{'s' * (width != 1)}"
    reason = f"row {number} has {cells}, but {columns}; correct it, or choose another delimiter"
    raise DatasetError("dataset.path", reason)
