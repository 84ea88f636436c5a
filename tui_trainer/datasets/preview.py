"""Previews a file as a dataset, before the user accepts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from tui_trainer.datasets.csv.columns import Table
from tui_trainer.datasets.csv.dialect import BOTH_QUOTES, CsvOptions, Dialect
from tui_trainer.datasets.csv.layout import Layout
from tui_trainer.datasets.csv.numbers import MISSING
from tui_trainer.datasets.csv.reader import SMALL_FILE, Stamp, inspect_file, read_rows
from tui_trainer.datasets.csv.text import TextFile
from tui_trainer.errors import UserError, printable
from tui_trainer.experiment.schema import DatasetConfig

from .assembly import assemble, choose_targets, guess_columns
from .columns import Guess, guess, guess_kinds, guess_target
from .dataset import Dataset
from .encoding import short_name
from .file_preview import FilePreview, PreviewColumn
from .loading import category_columns, file_path, file_source, known_columns, stamp
from .row_metadata import without_row_columns
from .split import choose_rows

# How much of a file is displayed
MAX_ROWS = 20
MAX_COLUMNS = 200
MARKED_ROWS = 200  # in which marks for missing values are looked for
# How much of it is read
SAMPLE_ROWS = 1000  # of a larger file
SAMPLE_CELLS = 1_000_000  # of a wide file, which has fewer rows in the sample
MIN_SAMPLE_ROWS = 50


QUOTE_NAMES: dict[str, Literal["double", "single", "both", "none"]] = {
    '"': "double",
    "'": "single",
    BOTH_QUOTES: "both",
    "": "none",
}


class Previewer:
    """Makes previews, with a guessed target where none is chosen; keeps the rows for the next one of a file."""

    def __init__(self) -> None:
        self._key: object = None
        self._read: tuple[TextFile, Layout, Table | None] | None = None  # no table where the rows can't be read

    def preview(self, config: DatasetConfig) -> FilePreview:
        """Return a preview of the file of ``config``; problems of the file are reported in it, not raised."""
        result = FilePreview()
        try:
            file, layout, table = self._inspected(config)
            result = _dialect_preview(layout)
            if table is None:
                table = self._table(config, file, layout)
        except UserError as error:
            return replace(result, problem=str(error))
        guesses = guess_kinds(table, config.kinds or {})
        targets: tuple[str, ...] = ()
        problem = ""
        try:
            config = without_row_columns(config, table.names)
            guess_columns(table, config)
            if config.target is None:
                config = replace(config, target=guess_target(layout, config.kinds))
            targets = choose_targets(guesses, config, file_source(""))
            dataset = assemble(table, config, file_source(""))
            if not table.is_part:  # so that too few rows are reported now, not after accepting
                choose_rows(len(dataset.x), dataset.labels, config, metadata=dataset.metadata)
        except UserError as error:
            dataset, problem = None, str(error)
        result = replace(result, rows=len(table), is_part=table.is_part)
        result = _with_columns(result, layout, table, guesses, targets)
        return replace(result, problem=problem) if dataset is None else _with_dataset(result, dataset)

    def _inspected(self, config: DatasetConfig) -> tuple[TextFile, Layout, Table | None]:
        options, path = CsvOptions.from_config(config), file_path(config)
        key: tuple[str, Stamp | None, CsvOptions, list[str], str | None] = (
            path,
            stamp(path),
            options,
            sorted(category_columns(config)),
            config.group_column,
        )
        if self._read is None or key != self._key:
            self._key = self._read = None
            self._read = (*inspect_file(path, options, max_bytes=SMALL_FILE), None)
            self._key = key
        return self._read

    def _table(self, config: DatasetConfig, file: TextFile, layout: Layout) -> Table:
        sample = max(SAMPLE_CELLS // len(layout.names), MIN_SAMPLE_ROWS)
        max_rows = None if file.size <= SMALL_FILE else min(SAMPLE_ROWS, sample)
        table = read_rows(file, layout, category_columns(config), max_rows, known=known_columns(config))
        self._read = file, layout, table
        return table


def _dialect_preview(layout: Layout) -> FilePreview:
    """Return what is known before the rows are read: the dialect, and the first rows as text."""
    dialect: Dialect = layout.dialect
    names = layout.names[:MAX_COLUMNS]
    return FilePreview(
        sentence=dialect.sentence,
        delimiter=dialect.delimiter_name,
        decimal="comma" if dialect.numbers.decimal == "," else "point",
        encoding=dialect.encoding,
        header=dialect.header,
        skipped=layout.skipped,
        comment=dialect.marks.comment,
        quote=QUOTE_NAMES[dialect.marks.quote],
        marks=_marks(layout),
        columns=tuple(PreviewColumn(name, "ignore", "ignore", "", 0) for name in names),
        hidden_columns=len(layout.names) - len(names),
        cells=_cells(layout, range(len(names))),
    )


def _marks(layout: Layout) -> tuple[str, ...]:
    """Return what stands for missing values in the first rows, apart from empty cells, in alphabetical order."""
    known = {*MISSING, *layout.missing} - {""}
    cells = {cell for row in layout.rows[:MARKED_ROWS] for cell in row[:MAX_COLUMNS]}
    return tuple(sorted(cells & known))


def _cells(layout: Layout, columns: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """Return the first rows of the ``columns``, given by their positions."""
    rows = layout.rows[:MAX_ROWS]
    return tuple(tuple(short_name(row[column]) if column < len(row) else "" for column in columns) for row in rows)


def _with_columns(
    preview: FilePreview, layout: Layout, table: Table, guesses: dict[str, Guess], targets: tuple[str, ...]
) -> FilePreview:
    """Add the first columns and the targets, with their first rows."""
    names = tuple(guesses)[:MAX_COLUMNS]
    names += tuple(name for name in targets if name not in names)
    positions = [layout.names.index(name) for name in names]
    return replace(
        preview,
        columns=tuple(_column(name, guesses[name], table) for name in names),
        hidden_columns=len(guesses) - len(names),
        cells=_cells(layout, positions),
        targets=targets,
    )


def _column(name: str, corrected: Guess, table: Table) -> PreviewColumn:
    column = table.columns[name]
    guessed = guess(name, column).kind
    return PreviewColumn(name, corrected.kind, guessed, printable(corrected.description), int(column.missing().sum()))


def _with_dataset(preview: FilePreview, dataset: Dataset) -> FilePreview:
    return replace(
        preview,
        task=dataset.task,
        classes=tuple(dataset.classes[:MAX_COLUMNS]),
        features=len(dataset.features),
        notes=dataset.notes,
    )
