"""From a dataset's configuration to its arrays."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from ..experiment import DatasetConfig, quoted
from .catalog import CATALOG, data_folder
from .columns import check_name, choose_features, is_numeric, numbers, numeric_columns
from .csv_file import read_table
from .dataset import Dataset
from .entries import ShippedFile, ToySet
from .errors import DatasetError, printable
from .target import TargetColumn, known_classes, read_target
from .toy_set import load_toy_set

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def load(config: DatasetConfig) -> Dataset:
    """The catalog's dataset or the user's CSV file, with the chosen features and target.

    Raises DatasetError, naming the field of the configuration and the column or row at fault.
    """
    return _load_catalog(config) if config.path is None else _load_csv(config, config.path)


def _load_catalog(config: DatasetConfig) -> Dataset:
    entry = CATALOG.get(config.name)
    if entry is None:
        near = difflib.get_close_matches(config.name, CATALOG, n=1)
        hint = f", did you mean {near[0]}?" if near else f"; the names are: {', '.join(CATALOG)}"
        raise DatasetError("dataset.name", f"there is no dataset {quoted(config.name)}{hint}")
    if isinstance(entry, ToySet):
        return load_toy_set(entry, config)
    return _load_file(entry, config)


def _load_file(entry: ShippedFile, config: DatasetConfig) -> Dataset:
    table = read_table(str(data_folder() / entry.file))
    if entry.classes:
        table = table[table[entry.target] < len(entry.classes)]
    target = config.target or entry.target
    check_name(table, target, "dataset.target")
    wanted = config.features or tuple(name for name in entry.features if name != target)
    found = _catalog_target(table, target, entry)
    return _assemble(entry.name, entry.title, table, choose_features(table, wanted, target), target, found)


def _catalog_target(table: pd.DataFrame, target: str, entry: ShippedFile) -> TargetColumn:
    """The entry's own target as it is described, another column as in any file."""
    if target == entry.target and entry.classes:
        return known_classes(table, target, entry.classes)
    return read_target(table, target)


def _load_csv(config: DatasetConfig, path: str) -> Dataset:
    table = read_table(path)
    target = config.target or str(table.columns[-1])
    check_name(table, target, "dataset.target")
    features = choose_features(table, config.features, target)
    found = read_target(table, target)
    file = Path(path)
    return _assemble(printable(file.stem), printable(file.name), table, features, target, found)


def _assemble(
    name: str,
    title: str,
    table: pd.DataFrame,
    features: tuple[str, ...],
    target: str,
    found: TargetColumn,
) -> Dataset:
    import numpy as np

    x = np.column_stack([numbers(table, feature) for feature in features])
    columns: dict[str, NDArray[np.float64]] = numeric_columns(table)
    columns[target] = found.y[:, 0] if found.labels is None else found.labels.astype(np.float64)
    text = tuple(str(c) for c in table.columns if c != target and not is_numeric(table, str(c)))
    return Dataset(
        name=name,
        title=title,
        features=features,
        target=target,
        task=found.task,
        classes=found.classes,
        x=x,
        y=found.y,
        labels=found.labels,
        columns=columns,
        left_out=text,
    )
