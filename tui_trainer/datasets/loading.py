"""From a dataset's configuration to its arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from tui_trainer.datasets.csv.columns import NumberColumn, Table
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.csv.reader import read_table
from tui_trainer.errors import meant, printable, quoted
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig
from tui_trainer.files import confined

from .assembly import Source, assemble
from .catalog import CATALOG, ShippedFile, ToySet, data_folder
from .dataset import Dataset, DatasetError
from .toy_sets import load_toy_set

AS_SHIPPED = CsvOptions(",", ".", "utf-8", header=True)
Stamp = tuple[int, int, int]
_Key = tuple[str, Stamp | None, CsvOptions, tuple[str, ...]]


def load(config: DatasetConfig, on_progress: OnProgress | None = None, cache: FileCache | None = None) -> Dataset:
    """The catalog's dataset or the user's CSV file, with the chosen features and target.

    While a file is read, ``on_progress`` is told how much of it has been, a fraction of 1; ReadingStopped is
    raised where it returns False. Raises DatasetError, naming the field of the configuration and the column or
    row at fault.
    """
    if config.path is None:
        return _load_catalog(config)
    table = (cache or FileCache()).table(config, on_progress)
    return assemble(table, config, own_source(config.path))


def own_source(path: str) -> Source:
    """What is known of a user's file before it is read: its name."""
    file = Path(path)
    return Source(printable(file.stem), printable(file.name))


def _load_catalog(config: DatasetConfig) -> Dataset:
    entry = CATALOG.get(config.name)
    if entry is None:
        hint = meant(config.name, CATALOG) or f"; the names are: {', '.join(CATALOG)}"
        raise DatasetError("dataset.name", f"there is no dataset {quoted(config.name)}{hint}")
    if isinstance(entry, ToySet):
        return load_toy_set(entry, config)
    return _load_shipped(entry, config)


def _load_shipped(entry: ShippedFile, config: DatasetConfig) -> Dataset:
    table = read_table(str(data_folder() / entry.file), AS_SHIPPED)
    if entry.classes:
        labels = table.columns[entry.target]
        assert isinstance(labels, NumberColumn)
        table = table.take(labels.values < len(entry.classes))
    source = Source(entry.name, entry.title, entry.features, entry.target, entry.classes)
    as_shipped = replace(config, kinds=None, task=None)
    return dataclasses.replace(assemble(table, as_shipped, source), notes=())


class FileCache:
    """Reads own files; the same file, unchanged and read in the same way, is read once."""

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._table: Table | None = None

    def table(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Table:
        """The table of ``config.path``; DatasetError and ReadingStopped as of ``read_table``."""
        asked, texts, path = CsvOptions.of(config), as_text(config), own_path(config)
        key = (path, stamp(path), asked, tuple(sorted(texts)))
        if self._table is None or key != self._key:
            self._key = self._table = None  # so that its memory is free for the next one
            self._table = read_table(path, asked, texts, on_progress)
            self._key = key
        return self._table


def own_path(config: DatasetConfig) -> str:
    """Where the file is; ExperimentError where it may not be read."""
    assert config.path is not None
    return str(confined(config.path, "dataset.path"))


def as_text(config: DatasetConfig) -> dict[str, ColumnKind]:
    """The corrections that change how a file is read: numbers as categories keep the way they are written."""
    return {name: kind for name, kind in (config.kinds or {}).items() if kind == "category"}


def stamp(path: str) -> Stamp | None:
    """What changes when a file is written anew; None where there is no file."""
    try:
        found = confined(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class DataCache:
    """Other targets, features and seeds do not read a file again."""

    def __init__(self) -> None:
        self._kept: tuple[DatasetConfig, object, Dataset] | None = None  # with the stamp of an own file
        self._files = FileCache()

    def get(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Dataset:
        """What ``config`` describes; what it raises is what ``datasets.load`` raises."""
        mark = None if config.path is None else stamp(config.path)
        if self._kept is None or self._kept[:2] != (config, mark) or (config.path is not None and mark is None):
            self._kept = (config, mark, load(config, on_progress, self._files))
        return self._kept[2]

    def provide(self, dataset: Dataset, config: DatasetConfig) -> None:
        """Take ``dataset`` for what ``config`` describes, which is no file."""
        self._kept = (config, None, dataset)
