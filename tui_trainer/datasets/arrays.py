"""Makes a dataset from arrays or data frames in memory, without a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import MAX_LEVELS, Column, NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.dialect import Dialect, Marks
from tui_trainer.datasets.csv.numbers import NumberFormat
from tui_trainer.experiment.schema import DatasetConfig

from .assembly import Source, assemble
from .catalog import without_file
from .dataset import Dataset, DatasetError

NAME = "arrays"  # of such a dataset; the catalog has none of this name
KINDS: dict[str, Literal["date", "true/false"]] = {"M": "date", "b": "true/false"}  # by the kind of an array's type
MAX_NUMBER = sys.float_info.max


def from_arrays(x: Any, y: Any, config: DatasetConfig) -> tuple[Dataset, DatasetConfig]:
    """Return the dataset of ``x`` and ``y``, and ``config`` adapted to it, without its options for files.

    ``x`` is (n, features), or a data frame or dict of columns, where texts are categories; ``y`` is (n,), numbers or
    classes, or (n, targets), numbers, whose names are those of a data frame or dict, or ``y1``, ``y2`` ...
    Raises DatasetError for unsuitable shapes or values.
    """
    if config.test_path is not None:
        reason = "data of a program have no file for the test; call evaluate with its x and y, or set test_split"
        raise DatasetError("dataset.test_path", reason)
    columns = _features(x)
    if not columns:
        raise DatasetError("x", "there are no features in it; at least one column is needed")
    targets = _targets(y, columns)
    rows = len(next(iter(targets.values())))
    lengths = {name: len(column) for name, column in columns.items()}
    if set(lengths.values()) != {rows}:
        shape = f"{next(iter(lengths.values()))} rows of x"
        raise DatasetError("y", f"expected one value for each of {shape}, got the shape {(rows,)}")
    max_levels = {config.group_column: sys.maxsize}
    table = Table(
        {
            **{name: column_of(column, name, max_levels.get(name, MAX_LEVELS)) for name, column in columns.items()},
            **{name: column_of(values, name) for name, values in targets.items()},
        },
        np.arange(rows),
        Dialect(Marks(""), NumberFormat(), "", header=True),
    )
    row_columns = config.row_columns.values()
    adapted = replace(
        without_file(config),
        name=NAME,
        features=tuple(name for name in columns if name not in row_columns),
        target=next(iter(targets)) if len(targets) == 1 else tuple(targets),
        task=config.task,
        split_column=config.split_column,
        group_column=config.group_column,
        weight_column=config.weight_column,
    )
    return assemble(table, adapted, Source(NAME, "arrays of a program")), adapted


def _targets(y: Any, features: Mapping[str, object]) -> dict[str, NDArray[Any]]:
    """Return the targets (n,) by names that no feature has; raise DatasetError for another shape of ``y``."""
    if hasattr(y, "columns") or isinstance(y, Mapping):
        columns = [(str(name), real_array(y[name], str(name))) for name in (y.columns if hasattr(y, "columns") else y)]
    else:
        values = real_array(y, "y")
        if values.ndim == 1:
            columns = [(str(getattr(y, "name", None) or "y"), values)]
        elif values.ndim == 2 and values.shape[1] > 0:
            several = values.shape[1] > 1
            columns = [(f"y{number}" if several else "y", column) for number, column in enumerate(values.T, 1)]
        else:
            raise DatasetError("y", f"expected the shape (n,), or (n, targets), got {values.shape}")
    targets: dict[str, NDArray[Any]] = {}
    for name, column in columns:
        if column.ndim != 1 or len(column) != len(columns[0][1]):
            raise DatasetError("y", f"expected one value a row in each column, got the shape {column.shape}")
        targets[free_name(name, {**features, **targets})] = column
    if not targets:
        raise DatasetError("y", "there is no column in it; at least one is needed")
    return targets


def _features(x: Any) -> dict[str, NDArray[Any]]:
    """Return the columns (n,) by name: ``x1``, ``x2`` ... where they have none."""
    if hasattr(x, "columns") or isinstance(x, Mapping):
        names = list(x.columns if hasattr(x, "columns") else x)
        if len({str(name) for name in names}) < len(names):
            raise DatasetError("x", "two columns have the same name; rename one")
        columns = {str(name): real_array(x[name], str(name)) for name in names}
        for name, column in columns.items():
            if column.ndim != 1:
                raise DatasetError(name, f"expected one value a row, got the shape {column.shape}")
        return columns
    matrix = real_array(x, "x")
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2:
        raise DatasetError("x", f"expected the shape (n, features), got {matrix.shape}")
    if matrix.shape[1] == 1:
        return {"x": matrix[:, 0]}
    return {f"x{number}": matrix[:, number - 1] for number in range(1, matrix.shape[1] + 1)}


def real_array(values: Any, name: str) -> NDArray[Any]:
    """Return ``values`` as an array; raise DatasetError for ``name`` if it holds numbers that no float can be."""
    array = np.asarray(values)
    if array.dtype.kind == "c" or (array.dtype.kind == "O" and any(isinstance(one, complex) for one in array.flat)):
        raise DatasetError(name, "expected real numbers, got complex ones")
    if array.dtype.kind == "O" and any(isinstance(one, int) and abs(one) > MAX_NUMBER for one in array.flat):
        raise DatasetError(name, f"expected numbers up to {MAX_NUMBER:.3g}, got a larger one")
    return array


def to_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return ``values`` as numbers, of the same shape: dates as days since 1970-01-01, spans of time as days.

    Raises TypeError or ValueError for what is neither.
    """
    if values.dtype.kind == "M":
        values = values - np.datetime64(0, "D")  # NaT becomes NaN
    if values.dtype.kind == "m":
        return np.asarray(values / np.timedelta64(1, "D"), np.float64)
    return values.astype(np.float64)


def free_name(name: str, used_names: Mapping[str, object]) -> str:
    while name in used_names:
        name += "_"
    return name


def column_of(values: NDArray[Any], name: str, max_levels: int = MAX_LEVELS) -> Column:
    """Return a column of numbers if all values are numbers or dates, otherwise one of ``max_levels`` texts."""
    try:
        if values.dtype.kind not in "US":
            return NumberColumn(to_numbers(values), KINDS.get(values.dtype.kind, "number"))
    except (TypeError, ValueError):
        pass
    return text_column(values, name, max_levels)


def text_column(values: NDArray[Any], name: str, max_levels: int = MAX_LEVELS) -> TextColumn:
    """Return a column of ``max_levels`` texts at most, whatever the values are."""
    texts = ["" if _is_missing(value, name) else str(value) for value in values.tolist()]
    levels = {text: code for code, text in enumerate(dict.fromkeys(filter(None, texts)))}
    codes = np.array([min(levels.get(text, -1), max_levels - 1) for text in texts], np.int32)
    return TextColumn(codes, tuple(levels)[:max_levels], len(levels) > max_levels)


def _is_missing(value: Any, name: str) -> bool:
    """Return whether a cell holds no value; raise DatasetError if it holds several."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas's NA
        return True
    except ValueError:
        raise DatasetError(name, "expected one value in each cell, got arrays") from None
