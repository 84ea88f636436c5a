"""Reads the columns that say something of each row and are no features: its part, its group and its weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import NumberColumn, Table, TextColumn
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import DatasetConfig

from .columns import check_name, value_text
from .dataset import PARTS, TEST, TRAINING, VALIDATION, DatasetError, RowMetadata
from .encoding import MAX_VALUE, codes_in_order, first_text, sorted_levels

WORDS = {
    **dict.fromkeys(("train", "training", "fit", "learn"), TRAINING),
    **dict.fromkeys(("validation", "validate", "valid", "val", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "holdout", "hold-out"), TEST),
}


def without_row_columns(config: DatasetConfig, names: Sequence[str], target: str | None = None) -> DatasetConfig:
    """Return ``config`` in which the columns that say something of rows are ignored, so that none becomes a feature.

    ``names`` are those of all columns, ``target`` is the one to predict, if it is known. Raises DatasetError for a
    column that there is not, and for one that is a feature or the target as well.
    """
    for field, name in config.row_columns.items():
        check_name(names, name, field)
        if name in (config.targets or (target,)):
            raise DatasetError(field, f"{quoted(name)} is the target; choose another column here, or another target")
        if name in config.features:
            raise DatasetError(field, f"{quoted(name)} is among the features, too; remove it there")
    return replace(config, kinds=config.known_kinds) if config.row_columns else config


def read_metadata(table: Table, config: DatasetConfig) -> RowMetadata:
    """Return what the columns of the table say of its rows; DatasetError names the line of a cell that says nothing."""
    parts = None if config.split_column is None else _parts(table, config.split_column)
    groups = None if config.group_column is None else _groups(table, config.group_column)
    if parts is not None and groups is not None:
        _check_groups(table, str(config.group_column), groups, parts)
    weights = None if config.weight_column is None else read_weights(table, config.weight_column)
    return RowMetadata(parts, groups, weights)


def _parts(table: Table, name: str) -> NDArray[np.intp]:
    """Return the part of each row (n,), as an index into PARTS."""
    field = "dataset.split_column"
    column = _filled(table, name, field, "the part that it is in, train, validation or test")
    if isinstance(column, NumberColumn):
        raise _no_part(table, name, 0, value_text(float(column.values[0])))
    part_of = np.array([WORDS.get(level.strip().casefold(), -1) for level in column.levels], np.intp)
    parts: NDArray[np.intp] = part_of[column.codes]
    if (parts < 0).any():
        row = int((parts < 0).argmax())
        raise _no_part(table, name, row, column.levels[column.codes[row]])
    return parts


def _no_part(table: Table, name: str, row: int, text: str) -> DatasetError:
    where = f"{quoted(text)} in line {table.lines[row]} of the column {quoted(name)}"
    return DatasetError("dataset.split_column", f"expected train, validation or test, got {where}")


def _groups(table: Table, name: str) -> NDArray[np.intp]:
    """Return the group of each row (n,): its number in the order of their names."""
    column = _filled(table, name, "dataset.group_column", "its group")
    if isinstance(column, NumberColumn):
        numbers: NDArray[np.intp] = np.unique(column.values, return_inverse=True)[1]
        return numbers
    return codes_in_order(column, sorted_levels(column)).astype(np.intp)


def read_weights(table: Table, name: str) -> NDArray[np.float64]:
    """Return the weight of each row (n,); DatasetError names the line of one that is no finite number of at least 0."""
    field, what = "dataset.weight_column", "expected a finite number of at least 0"
    text = first_text(table, table.columns[name])
    if text is not None:
        raise DatasetError(field, f"{what}, got {quoted(text[1])} in line {text[0]} of the column {quoted(name)}")
    column = _filled(table, name, field, "its weight")
    assert isinstance(column, NumberColumn)
    weights = column.values
    wrong = ~((weights >= 0.0) & (weights <= MAX_VALUE))
    if wrong.any():
        row = int(wrong.argmax())
        limit = f"{what}, at most {MAX_VALUE:g}" if weights[row] > MAX_VALUE else what
        raise DatasetError(
            field, f"{limit}, got {weights[row]:g} in line {table.lines[row]} of the column {quoted(name)}"
        )
    return weights


def _filled(table: Table, name: str, field: str, what: str) -> NumberColumn | TextColumn:
    """Return a column that has a value in each row, which says ``what``; raise DatasetError for the first without."""
    column = table.columns[name]
    if isinstance(column, NumberColumn) and column.wrong is not None:
        raise DatasetError(
            field,
            f"the column {quoted(name)} holds numbers, but {quoted(column.wrong.text)} in line {column.wrong.line}; "
            "correct it",
        )
    missing = column.missing()
    if missing.any():
        line = table.lines[int(missing.argmax())]
        raise DatasetError(
            field, f"the column {quoted(name)} has no value in line {line}; every row needs {what}, so write it there"
        )
    return column


def _check_groups(table: Table, name: str, groups: NDArray[np.intp], parts: NDArray[np.intp]) -> None:
    """Raise DatasetError if rows of one group (n,) are in two parts (n,)."""
    _, first_rows = np.unique(groups, return_index=True)
    apart = parts != parts[first_rows][groups]
    if not apart.any():
        return
    row = int(apart.argmax())
    first = int(first_rows[groups[row]])
    column = table.columns[name]
    group = column.levels[column.codes[row]] if isinstance(column, TextColumn) else value_text(column.values[row])
    where = " and ".join(f"{PARTS[parts[one]]} in line {table.lines[one]}" for one in (first, row))
    reason = f"the group {quoted(group)} is in two parts, {where}; let all of its rows be in one"
    raise DatasetError("dataset.group_column", reason)
