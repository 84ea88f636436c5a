"""A CSV file, from whoever wrote it, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv.layout import Layout, find_layout
from tui_trainer.datasets.csv.progress import OnProgress, Progress
from tui_trainer.datasets.csv.text import TextFile, open_text
from tui_trainer.datasets.memory import check_memory
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind

from ..errors import DatasetError
from .dialect import Asked
from .table import Column, NumberColumn, Table

if TYPE_CHECKING:
    from tui_trainer.datasets.csv.reader import Rows

_LOOK, _READ = (0.0, 0.1), (0.1, 1.0)  # shares of the way
AS_FOUND = Asked()
NO_KINDS: Mapping[str, ColumnKind] = {}


def read_table(
    path: str,
    asked: Asked = AS_FOUND,
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
    path: str, asked: Asked, on_progress: OnProgress | None = None, most: int | None = None
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
    from tui_trainer.datasets.csv.reader import RowReader

    from .plan import plan

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
