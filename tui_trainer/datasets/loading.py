"""Loads the dataset that a configuration describes, and keeps the last one.

``FileCache`` keeps the table that was read last, so that a large file is not read again for another target or seed; a
file for the test is read again only for another target or other features, which say how its columns are read.
``DataCache`` keeps the dataset for as long as neither its configuration nor its file changes.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from tui_trainer.datasets.csv.columns import LastTable, NumberColumn, Table
from tui_trainer.datasets.csv.dialect import CsvOptions, Dialect, Marks
from tui_trainer.datasets.csv.numbers import NumberFormat
from tui_trainer.datasets.dataset import OnProgress, RowNames
from tui_trainer.errors import UserError, printable, quoted, suggestion
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig
from tui_trainer.files import confined

from .assembly import Source, assemble
from .catalog import CATALOG, ShippedFile, ToySet, data_folder
from .dataset import Dataset, DatasetError, Feature
from .toy_sets import load_toy_set

if TYPE_CHECKING:
    from tui_trainer.datasets.csv.reader import Stamp


def load(config: DatasetConfig, on_progress: OnProgress | None = None, cache: FileCache | None = None) -> Dataset:
    """Return the catalog's dataset or that of the user's CSV file, with the chosen features and target.

    While a file is read, ``on_progress`` is called with the fraction done; if it returns False, ReadingStopped is
    raised. Raises DatasetError, naming the field of the configuration and the column or row at fault.
    """
    if config.path is None:
        if config.test_path is not None:
            reason = "a file for the test goes with a file to train on; set path, too, or test_split instead"
            raise DatasetError("dataset.test_path", reason)
        return _load_catalog(config)
    cache = cache or FileCache()
    table = cache.table(config, on_progress)
    dataset = assemble(table, config, file_source(config.path))
    if config.test_path is None:
        return dataset
    from .new_rows import with_test_file  # not before a file is read

    return with_test_file(dataset, table, config, cache.test_rows, on_progress)


def file_source(path: str) -> Source:
    """Return what is known of a user's file before it is read: its name."""
    file = Path(path)
    return Source(printable(file.stem), printable(file.name))


def _load_catalog(config: DatasetConfig) -> Dataset:
    entry = CATALOG.get(config.name)
    if entry is None:
        hint = suggestion(config.name, CATALOG) or f"; the names are: {', '.join(CATALOG)}"
        raise DatasetError("dataset.name", f"there is no dataset {quoted(config.name)}{hint}")
    if isinstance(entry, ToySet):
        return load_toy_set(entry, config)
    return _load_shipped(entry, config)


def _load_shipped(entry: ShippedFile, config: DatasetConfig) -> Dataset:
    table = read_shipped(data_folder() / entry.file)
    if entry.classes:
        labels = table.columns[entry.target]
        assert isinstance(labels, NumberColumn)
        table = table.take(labels.values < len(entry.classes))
    source = Source(entry.name, entry.title, entry.features, entry.target, entry.classes)
    uncorrected = replace(config, kinds=None, task=None)
    return dataclasses.replace(assemble(table, uncorrected, source), notes=(), rows=RowNames())


def read_shipped(path: Path) -> Table:
    """Return the table of a shipped file, which holds nothing but numbers, with a header.

    It is what ``read_table`` gives, and needs no pandas, whose import takes ten times as long as the rest.
    """
    with path.open(encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
        values = np.loadtxt(file, delimiter=",", ndmin=2)
    columns = {
        name or f"column_{number}": NumberColumn(column.copy(), form="number" if name else "index")
        for number, (name, column) in enumerate(zip(names, values.T, strict=True), start=1)
    }
    return Table(columns, np.arange(2, len(values) + 2), Dialect(Marks(), NumberFormat(), "UTF-8", header=True))


class FileCache:
    """Reads the user's files, and keeps the last table, and beside it the last rows of a file for the test."""

    def __init__(self) -> None:
        self._tables, self.test_rows = LastTable(), LastTable()

    def table(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Table:
        """Return the table of ``config.path``; raises DatasetError and ReadingStopped as ``read_table`` does."""
        from tui_trainer.datasets.csv.reader import read_table  # not before a file is read

        options, categories, path = CsvOptions.from_config(config), category_columns(config), file_path(config)
        key = (path, stamp(path), options, tuple(sorted(categories)), config.group_column)
        return self._tables.get(key, lambda: read_table(path, options, categories, on_progress, known_columns(config)))


def file_path(config: DatasetConfig) -> str:
    """Return the path of the user's file; raise UserError if it may not be read."""
    assert config.path is not None
    return str(confined(config.path, "dataset.path"))


def category_columns(config: DatasetConfig) -> dict[str, ColumnKind]:
    """Return the corrections that matter for reading: numbers as categories keep their spelling."""
    return {name: kind for name, kind in (config.kinds or {}).items() if kind == "category"}


def known_columns(config: DatasetConfig) -> dict[str, Feature]:
    """Return the column of groups as one of texts: all different ones are told apart, however many there are."""
    name = config.group_column
    return {} if name is None else {name: Feature(name, name, category="")}


def stamp(path: str) -> Stamp | None:
    """Return a value that changes when the file is written; None if there is no file."""
    from tui_trainer.datasets.csv.reader import file_stamp

    try:
        return file_stamp(str(confined(path)))
    except UserError:
        return None


class DataCache:
    """Keeps the dataset that was loaded last, and the tables of its files as ``FileCache`` does."""

    def __init__(self) -> None:
        self._loaded: tuple[DatasetConfig, list[Stamp | None], Dataset] | None = None  # with the stamps of own files
        self._files = FileCache()

    def get(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Dataset:
        """Return the dataset that ``config`` describes; raises what ``load`` raises."""
        stamps = [stamp(path) for path in config.paths]
        if self._loaded is None or self._loaded[:2] != (config, stamps) or None in stamps:
            self._loaded = (config, stamps, load(config, on_progress, self._files))
        return self._loaded[2]

    def provide(self, dataset: Dataset, config: DatasetConfig) -> None:
        """Use ``dataset`` as the dataset of ``config``, which names no file."""
        self._loaded = (config, [], dataset)
