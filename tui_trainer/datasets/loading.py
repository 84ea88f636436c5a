"""From a dataset's configuration to its arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.csv_file.dialect import Asked
from tui_trainer.datasets.csv_file.reading import read_table
from tui_trainer.datasets.csv_file.table import NumberColumn
from tui_trainer.errors import meant, printable, quoted
from tui_trainer.experiment.schema import DatasetConfig

from .assembly import Source, assemble
from .catalog import CATALOG, data_folder
from .dataset import Dataset
from .entries import ShippedFile, ToySet
from .errors import DatasetError
from .file_cache import FileCache
from .toy_sets import load_toy_set

AS_SHIPPED = Asked(",", ".", "utf-8", header=True)


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
