"""What a file would come to as a dataset, before it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui_trainer.datasets.csv.columns import Table
from tui_trainer.datasets.csv.dialect import CsvOptions, Dialect
from tui_trainer.datasets.csv.layout import Layout
from tui_trainer.datasets.csv.reader import look_at, read_rows_of
from tui_trainer.datasets.csv.text import TextFile
from tui_trainer.errors import UserError, printable
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig, DelimiterName

from .assembly import assemble, choose_target, guess_columns
from .columns import Guess, guess, guess_kinds
from .dataset import Dataset
from .encoding import short
from .loading import Stamp, as_text, own_path, own_source, stamp
from .split import choose_rows

ROWS_SHOWN = 20
COLUMNS_SHOWN = 200
ROWS_JUDGED = 1000  # of a large file
CELLS_JUDGED = 1_000_000  # of a wide one, but for a few rows
MIN_JUDGED = 50
SMALL = 4_000_000  # bytes; all of a smaller file is judged


class PreviewColumn(Struct, frozen=True):
    """A column: its name, the kind it is taken for and was guessed to be, why in words, how many cells are missing."""

    name: str
    kind: ColumnKind
    guessed: ColumnKind
    found: str
    missing: int


class FilePreview(Struct, frozen=True):
    """A file as it would be read. Without rows, it can't be, and ``problem`` says why.

    ``cells`` are the first rows of the first columns as text, ``hidden_columns`` how many there are besides. ``rows``
    is how many were judged, all of the file unless ``is_part``. ``features`` counts the columns of x, ``classes``
    those of the target; ``problem`` names what would be refused, field first.
    """

    problem: str = ""
    sentence: str = ""
    delimiter: DelimiterName | None = None
    decimal: Literal["point", "comma"] = "point"
    encoding: str = ""
    header: bool = True
    columns: tuple[PreviewColumn, ...] = ()
    hidden_columns: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    rows: int = 0
    is_part: bool = False
    target: str = ""
    task: str = ""
    classes: tuple[str, ...] = ()
    features: int = 0
    notes: tuple[str, ...] = ()


class Previewer:
    """Looks at files; what was read stays for the next look at the same file."""

    def __init__(self) -> None:
        self._key: object = None
        self._read: tuple[TextFile, Layout, Table | None] | None = None  # no table where the rows can't be read

    def look(self, config: DatasetConfig) -> FilePreview:
        """The file of ``config`` as it would be read; never raises for what is wrong with it."""
        seen = FilePreview()
        try:
            file, layout, table = self._looked_at(config)
            seen = _unread(layout)
            if table is None:
                table = self._table(config, file, layout)
        except UserError as error:
            return replace(seen, problem=str(error))
        guesses = guess_kinds(table, config.kinds or {})
        target, problem = "", ""
        try:
            guess_columns(table, config)
            target = choose_target(guesses, config, own_source(""))
            dataset = assemble(table, config, own_source(""))
            choose_rows(len(dataset.x), dataset.labels, config)  # too few rows are told before, not after
        except UserError as error:
            dataset, problem = None, str(error)
        seen = replace(seen, rows=len(table), is_part=table.is_part)
        seen = _with_columns(seen, layout, table, guesses, target)
        return replace(seen, problem=problem) if dataset is None else _judged(seen, dataset)

    def _looked_at(self, config: DatasetConfig) -> tuple[TextFile, Layout, Table | None]:
        asked, path = CsvOptions.of(config), own_path(config)
        key: tuple[str, Stamp | None, CsvOptions, list[str]] = (path, stamp(path), asked, sorted(as_text(config)))
        if self._read is None or key != self._key:
            self._key = self._read = None
            self._read = (*look_at(path, asked, most=SMALL), None)
            self._key = key
        return self._read

    def _table(self, config: DatasetConfig, file: TextFile, layout: Layout) -> Table:
        few = max(CELLS_JUDGED // len(layout.names), MIN_JUDGED)
        most = None if file.size <= SMALL else min(ROWS_JUDGED, few)
        table = read_rows_of(file, layout, as_text(config), most)
        self._read = file, layout, table
        return table


def _unread(layout: Layout) -> FilePreview:
    """The dialect, and the first rows as text: what is known before the rows are read."""
    dialect: Dialect = layout.dialect
    names = layout.names[:COLUMNS_SHOWN]
    return FilePreview(
        sentence=dialect.sentence,
        delimiter=dialect.delimiter_name,
        decimal="comma" if dialect.numbers.decimal == "," else "point",
        encoding=dialect.encoding,
        header=dialect.header,
        columns=tuple(PreviewColumn(name, "ignore", "ignore", "", 0) for name in names),
        hidden_columns=len(layout.names) - len(names),
        cells=_cells(layout, range(len(names))),
    )


def _cells(layout: Layout, places: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The first rows of the columns at ``places``."""
    rows = layout.rows[:ROWS_SHOWN]
    return tuple(tuple(short(row[place]) if place < len(row) else "" for place in places) for row in rows)


def _with_columns(
    seen: FilePreview, layout: Layout, table: Table, guesses: dict[str, Guess], target: str
) -> FilePreview:
    """The first columns and the target, and the first rows of them."""
    names = tuple(guesses)[:COLUMNS_SHOWN]
    names += (target,) if target and target not in names else ()
    places = [layout.names.index(name) for name in names]
    return replace(
        seen,
        columns=tuple(_column(name, guesses[name], table) for name in names),
        hidden_columns=len(guesses) - len(names),
        cells=_cells(layout, places),
        target=target,
    )


def _column(name: str, taken: Guess, table: Table) -> PreviewColumn:
    column = table.columns[name]
    guessed = guess(name, column).kind
    return PreviewColumn(name, taken.kind, guessed, printable(taken.found), int(column.missing().sum()))


def _judged(seen: FilePreview, dataset: Dataset) -> FilePreview:
    return replace(
        seen,
        task=dataset.task,
        classes=tuple(dataset.classes[:COLUMNS_SHOWN]),
        features=len(dataset.features),
        notes=dataset.notes,
    )
