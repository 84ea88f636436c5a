"""A CSV file, from whoever wrote it, as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.memory import check_memory
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind

from .columns import Column, NumberColumn, Table
from .dialect import NONE, CsvOptions
from .layout import Layout, find_layout
from .progress import OnProgress, Progress
from .text import TextFile, open_text

if TYPE_CHECKING:
    from .rows import Rows

_LOOK, _READ = (0.0, 0.1), (0.1, 1.0)  # shares of the way
AS_FOUND = CsvOptions()
NO_KINDS: Mapping[str, ColumnKind] = {}
_TELL_EVERY = 8192  # rows


def read_table(
    path: str,
    asked: CsvOptions = AS_FOUND,
    kinds: Mapping[str, ColumnKind] = NO_KINDS,
    on_progress: OnProgress | None = None,
) -> Table:
    """The rows of a CSV file, numbered as in the file, read as ``asked`` or as found out.

    ``kinds`` are the kinds of columns that are known; ignored ones are left out. So are blank lines, empty columns
    without a name, and a first column without a name that numbers the rows. ``on_progress`` is told a fraction now
    and then; where it returns False, ReadingStopped is raised. Raises DatasetError for whatever keeps the file from
    being a table.
    """
    file, layout = look_at(path, asked, on_progress)
    return read_rows_of(file, layout, kinds, None, on_progress)


def look_at(
    path: str, asked: CsvOptions, on_progress: OnProgress | None = None, most: int | None = None
) -> tuple[TextFile, Layout]:
    """The file as text, ``most`` bytes of it or all, and how it is laid out."""
    try:
        file = open_text(path, asked.encoding, Progress(on_progress, *_LOOK), most)
        return file, find_layout(file, asked)
    except OSError as error:
        raise _unreadable(path, error) from None


def read_rows_of(
    file: TextFile,
    layout: Layout,
    kinds: Mapping[str, ColumnKind],
    most: int | None,
    on_progress: OnProgress | None = None,
) -> Table:
    """The table, or its first ``most`` rows."""
    from .rows import RowReader, plan

    if most is None:
        check_memory(file.size / max(layout.bytes_a_row, 1.0), len(layout.names), "about ")
    builders = plan(layout, kinds)
    try:
        rows = RowReader(file, layout, most, Progress(on_progress, *_READ)).read(builders)
    except OSError as error:
        raise _unreadable(str(file.path), error) from None
    if len(rows.numbers) < 2:
        held = "only one row" if len(rows.numbers) else "a header but no rows" if layout.dialect.header else "no rows"
        raise DatasetError("dataset.path", f"{file.shown} has {held}; at least two rows are needed")
    return Table(_named(rows, layout), rows.numbers, layout.dialect, layout.repairs, rows.is_part)


def _named(rows: Rows, layout: Layout) -> dict[str, Column]:
    """The columns without the row numbers that pandas and R write first, and the empty one after a last delimiter."""
    unnamed = {f"column_{place}": place for place in range(1, len(layout.names) + 1)}
    return {
        name: column
        for name, column in rows.columns.items()
        if name not in unnamed
        or not (_is_empty(column) or (unnamed[name] == 1 and layout.dialect.header and _numbers_rows(column)))
    }


def _is_empty(column: Column) -> bool:
    return bool(column.missing().all()) and not (isinstance(column, NumberColumn) and column.wrong is not None)


def _numbers_rows(column: Column) -> bool:
    """Whether a column holds whole numbers that go up by one."""
    import numpy as np

    return isinstance(column, NumberColumn) and bool((np.diff(column.values) == 1).all())


def _unreadable(path: str, error: OSError) -> DatasetError:
    return DatasetError("dataset.path", f"{quoted(path, 200)} can't be read: {error.strerror or error}")


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
                    _refuse_row(number, row, width)
                if number % _TELL_EVERY == 0:
                    progress.tell(stream.buffer.tell() / file.size)
        except csv.Error as error:
            raise DatasetError("dataset.path", f"row {number + 1} can't be read: {error}") from None


def _may_stand(row: list[str], width: int) -> bool:
    """Whether a row of another width is blank, or has nothing beyond the last column."""
    return not any(map(str.strip, row)) or (len(row) > width and not any(map(str.strip, row[width:])))


def _refuse_row(number: int, row: list[str], width: int) -> NoReturn:
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    columns = f"there {'are' if width != 1 else 'is'} {width} column{'s' * (width != 1)}"
    reason = f"row {number} has {cells}, but {columns}; correct it, or choose another delimiter"
    raise DatasetError("dataset.path", reason)
