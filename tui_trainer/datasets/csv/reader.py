"""Reads a CSV file, whoever wrote it, as a table, and says in sentences what keeps it from being one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tui_trainer.datasets.dataset import DatasetError, Feature, OnProgress, ReadingStopped
from tui_trainer.errors import path_in_quotes, plain, printable, quoted
from tui_trainer.experiment.schema import ColumnKind
from tui_trainer.system.files import reason_of
from tui_trainer.system.memory import one_heap

from .columns import NOT_KNOWN, Column, NumberColumn, Table, TextColumn, check_memory
from .dialect import CsvOptions
from .layout import Layout, find_layout
from .text import Progress, TextFile, open_text

if TYPE_CHECKING:
    from .rows import Rows

_INSPECT, _READ = (0.0, 0.1), (0.1, 1.0)  # shares of the progress
SMALL_FILE = 4_000_000  # bytes; of a larger one, a preview reads a part
MAX_JOINED = 50  # categories of a column whose spellings are told
Stamp = tuple[int, int, int]  # time of modification, size, inode
NO_OPTIONS = CsvOptions()
NO_KINDS: Mapping[str, ColumnKind] = {}


def read_table(
    path: str,
    options: CsvOptions = NO_OPTIONS,
    kinds: Mapping[str, ColumnKind] = NO_KINDS,
    on_progress: OnProgress | None = None,
    known: Mapping[str, Feature] = NOT_KNOWN,
) -> Table:
    """Return the rows of a CSV file, numbered as in the file; ``options`` override what is found out.

    ``kinds`` are kinds of columns by name; ignored ones are left out. So are blank lines, empty columns without a name,
    and a first column without a name that numbers the rows. Cells of ``known`` columns are read as those of new rows
    are. ``on_progress`` is called with the fraction done; if it returns False, ReadingStopped is raised. Raises
    DatasetError for whatever keeps the file from being a table.
    """
    file, layout = inspect_file(path, options, on_progress)
    return read_rows(file, layout, kinds, None, on_progress, known)


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
    """Return the table, or its first ``max_rows`` rows; DatasetError if there are fewer than ``min_rows``, 1 or 2."""
    from .builders import plan
    from .rows import RowReader

    if max_rows is None:
        check_memory(file.size / max(layout.bytes_a_row, 1.0), len(layout.names), "about ")
    with _faults_in_sentences(str(file.path)), one_heap():
        rows = RowReader(file, layout, max_rows, Progress(on_progress, *_READ)).read(plan(layout, kinds, known))
    if len(rows.numbers) < min_rows:
        raise _too_few(file, layout, len(rows.numbers), "one row is" if min_rows == 1 else "two rows are")
    columns = _without_artefacts(rows, layout)
    return Table(columns, rows.numbers, layout.dialect, (*layout.repairs, *_joined(columns)), rows.is_part)


def read_in_parts(
    file: TextFile, layout: Layout, known: Mapping[str, Feature], on_progress: OnProgress | None = None
) -> Iterator[Table]:
    """Yield the rows in parts, with the ``known`` columns alone, whose cells are read as in training.

    One part is in memory while the next ones are read. Raises what ``read_table`` does.
    """
    from .builders import plan
    from .rows import RowReader

    others: dict[str, ColumnKind] = dict.fromkeys(layout.names, "ignore")
    count = 0
    with _faults_in_sentences(str(file.path)), one_heap():
        reader = RowReader(file, layout, None, Progress(on_progress, *_READ))
        for rows in reader.read_in_parts(lambda: plan(layout, others, known)):
            count += len(rows.numbers)
            if len(rows.numbers):
                yield Table(rows.columns, rows.numbers, layout.dialect)
    if not count:
        raise _too_few(file, layout, count, "one row is")


def _too_few(file: TextFile, layout: Layout, rows: int, needed: str) -> DatasetError:
    what = "only one row" if rows else "a header but no rows" if layout.dialect.header else "no rows"
    return DatasetError("dataset.path", f"{file.shown} has {what}; at least {needed} needed")


def _without_artefacts(rows: Rows, layout: Layout) -> dict[str, Column]:
    """Leave out empty columns without a name, and mark a first one that only tells the rows apart as their index.

    pandas and R write such an index first: it is in the order of the rows before they were drawn for this file.
    """
    default_names = {f"column_{position}" for position in range(1, len(layout.names) + 1)}
    columns = {}
    for name, column in rows.columns.items():
        if name in default_names and _is_empty(column):
            continue
        is_index = name == layout.index and isinstance(column, NumberColumn) and _tells_rows_apart(column)
        columns[name] = replace(column, form="index") if is_index else column  # type: ignore[arg-type]
    return columns


def _is_empty(column: Column) -> bool:
    return bool(column.missing().all()) and not (isinstance(column, NumberColumn) and column.wrong is not None)


def _tells_rows_apart(column: NumberColumn) -> bool:
    """Return whether a column holds whole numbers that are all different."""
    values = column.values
    return bool((values == np.round(values)).all()) and len(np.unique(values)) == len(values)


def _joined(columns: Mapping[str, Column]) -> list[str]:
    """Return sentences on words of a column that are one although they are not spelled alike."""
    sentences = []
    for name, column in columns.items():
        if isinstance(column, TextColumn) and column.joined and len(column.levels) <= MAX_JOINED:
            spellings = ", ".join(map(quoted, column.joined[:3])) + (", …" if len(column.joined) > 3 else "")
            sentences.append(f"In {plain(name)}, spellings of the same word are joined, such as {spellings}.")
    return sentences


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
        raise _unreadable(path, reason_of(error)) from error
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
    return DatasetError("dataset.path", f"{path_in_quotes(path)} can't be read: {printable(reason)}")
