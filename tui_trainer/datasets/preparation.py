"""Prepares what a user has, arrays, data frames or a table, as training did with its own rows; and outputs back.

Cells become features as they did then: dates in days, texts as their categories, gaps filled where they were. Targets
are numbers, class names or indices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import ArrayLike, NDArray

from tui_trainer.datasets.csv.columns import Column, NumberColumn, TextColumn, without_marks
from tui_trainer.datasets.csv.numbers import NumberFormat
from tui_trainer.errors import quoted
from tui_trainer.experiment.resolve import Target, Task

from .arrays import column_of, real_array, text_column, to_numbers
from .columns import value_text
from .dataset import PLAIN, Dataset, DatasetError, Feature
from .encoding import fill_numbers, short_name
from .split import Split, TargetScale

Array = NDArray[Any]
MAX_LISTED = 12  # names in a complaint


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Raw features (n, features), and which rows (n,) can't be used: ``faults`` has a reason for each, by its index."""

    raw: NDArray[np.float64]
    faults: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The features in order, and ``mean`` and ``scale`` (features,): 0 and 1 where nothing is standardized.

    ``numbers`` is how numbers are written where they are texts; cells that are one of ``missing_marks`` have no value.
    """

    features: tuple[Feature, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    numbers: NumberFormat = PLAIN
    missing_marks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def read(self, x: Any) -> NDArray[np.float64]:
        """Return raw features (n, features) from an array, or from a data frame or dict by column names.

        For a model of one feature the array may be (n,). Raises ValueError, with what was expected.
        """
        has_names = hasattr(x, "columns") or isinstance(x, Mapping)
        cells = self.from_columns(self._columns(x)) if has_names else self._by_position(x)
        if not len(cells.raw):
            raise ValueError("x has no rows; at least one is needed")
        if cells.faults:
            row = min(cells.faults)
            raise ValueError(f"row {row} of x: {cells.faults[row]}")
        return cells.raw

    def standardized(self, x: Any) -> NDArray[np.float64]:
        """Return the standardized features of ``x``; see ``read``."""
        return self.standardize(self.read(x))

    def standardize(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return raw features (n, features) standardized like those of the training part."""
        result: NDArray[np.float64] = (raw - self.mean) / self.scale
        return result

    def needed(self, present: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that the features are made from, of those ``present``.

        A feature of a category may stand there under its own name, where the column it is made from does not. Raises
        ValueError for columns that are missing.
        """
        there = set(present)
        missing = dict.fromkeys(one.column for one in self.features if not {one.column, one.name} & there)
        if missing:
            listed = ", ".join(map(quoted, sorted(present)[:MAX_LISTED]))
            raise ValueError(f"there is no column {', '.join(map(quoted, missing))}; the columns are {listed}")
        return tuple(dict.fromkeys(one.column if one.column in there else one.name for one in self.features))

    def from_columns(self, columns: Mapping[str, Column]) -> Cells:
        """Return raw features from columns (n,) by name; raise ValueError if one that is needed is missing."""
        self.needed(tuple(columns))
        count = min(len(column.missing()) for column in columns.values())
        raw = np.empty((count, len(self.features)))
        faults: dict[int, str] = {}
        numbers: dict[int, NDArray[np.float64]] = {}
        start = 0
        for (name, is_category), group in groupby(self.features, lambda one: (one.column, one.category is not None)):
            features = tuple(group)
            if is_category and name in columns:
                _fill_categories(raw[:, start : start + len(features)], columns[name], features, faults)
            else:
                for position, feature in enumerate(features, start):
                    cells = columns[feature.name if is_category else feature.column]
                    numbers[position] = _numbers(cells, feature, faults)
            start += len(features)
        fill_numbers(raw, numbers)
        return Cells(raw, faults)

    def _by_position(self, x: ArrayLike) -> Cells:
        try:
            raw = to_numbers(real_array(x, "x"))
        except DatasetError:
            raise
        except (TypeError, ValueError):
            raise ValueError("x holds something that is no number; a data frame may hold categories") from None
        if raw.ndim == 1 and len(self.features) == 1:
            raw = raw[:, None]
        if raw.ndim != 2 or raw.shape[1] != len(self.features):
            expected = ", ".join(self.names[:6]) + (", …" if len(self.names) > 6 else "")
            raise ValueError(f"x must have shape (n, {len(self.features)}), columns {expected}; got {raw.shape}")
        raw = np.where(np.isnan(raw), [np.nan if one.fill is None else one.fill for one in self.features], raw)
        faults: dict[int, str] = {}
        for position, feature in enumerate(self.features):
            _note(faults, ~np.isfinite(raw[:, position]), f"{quoted(feature.name)} is missing or not finite")
        return Cells(raw, faults)

    def _columns(self, x: Any) -> dict[str, Column]:
        """Return the columns of a data frame or dict that are needed; raise ValueError for what is no column."""
        keys = {str(key): key for key in (x.columns if hasattr(x, "columns") else x)}
        arrays = {name: np.atleast_1d(real_array(x[keys[name]], name)) for name in self.needed(tuple(keys))}
        for name, array in arrays.items():
            if array.ndim > 1:
                raise ValueError(f"column {quoted(name)} of x must hold one value a row; got the shape {array.shape}")
        lengths = sorted({len(array) for array in arrays.values()})
        if len(lengths) > 1:
            raise ValueError(f"the columns of x must have as many values, got {lengths[0]} and {lengths[-1]}")
        forms = {one.column: one for one in self.features if one.category is None}
        return {name: self._column(array, name, forms.get(name)) for name, array in arrays.items()}

    def _column(self, array: Array, name: str, feature: Feature | None) -> Column:
        """Return an array (n,) as a column, numbers and dates in texts read as in a file."""
        if feature is None and array.dtype.kind == "O" and any(isinstance(cell, str) for cell in array):
            return text_column(array, name)  # the categories 07 and 7 are not one number
        column = column_of(array, name)
        if isinstance(column, NumberColumn) and column.form == "number":
            return replace(column, stored=without_marks(column.stored, self.numbers.numbers_in(self.missing_marks)))
        if feature is None or isinstance(column, NumberColumn):
            return column
        from tui_trainer.datasets.csv.builders import read_cells

        return read_cells(array.tolist(), feature, self.numbers, self.missing_marks)


def _note(faults: dict[int, str], wrong: NDArray[np.bool_], reason: str) -> None:
    """Add ``reason`` to the rows that are ``wrong`` (n,), where no other one is known yet."""
    for row in np.flatnonzero(wrong).tolist():
        faults.setdefault(row, reason)


def _numbers(cells: Column, feature: Feature, faults: dict[int, str]) -> NDArray[np.float64]:
    """Return a feature (n,) from a column of numbers, or from one of text, in which no cell is a ``feature.form``."""
    where = f"column {quoted(feature.column)}"
    if isinstance(cells, TextColumn):
        for code, text in enumerate(cells.levels):
            _note(faults, cells.codes == code, f"{where} holds {quoted(text)}, not a {feature.form}")
        values = np.full(len(cells.codes), np.nan)
        empty = cells.missing()
    else:
        values, empty = cells.values, cells.missing()
        empty[list(cells.wrong_texts)] = False
        for row, text in cells.wrong_texts.items():
            faults.setdefault(row, f"{where} holds {quoted(text)}, not a {feature.form}")
    if feature.fill is not None:
        values = np.where(empty, feature.fill, values)
    _note(faults, np.isnan(values), f"{where} holds no value")
    _note(faults, np.isinf(values), f"{where} is not finite")
    return values


def _fill_categories(
    block: NDArray[np.float64], column: Column, features: Sequence[Feature], faults: dict[int, str]
) -> None:
    """Write the features (n, k) of one column of categories into ``block``: a 1 in each row, or the fill of a gap."""
    cells = column if isinstance(column, TextColumn) else as_texts(column)
    categories = [str(feature.category) for feature in features]
    rows = np.full((len(cells.levels) + 1, len(features)), np.nan)  # one for each text, and one for gaps
    where = f"column {quoted(features[0].column)}"
    for code, text in enumerate(cells.levels):
        place = position(text, categories)
        if place is None:
            listed = ", ".join(quoted(one) for one in categories[:MAX_LISTED])
            more = ", …" if len(categories) > MAX_LISTED else ""
            _note(faults, cells.codes == code, f"{where} holds {quoted(text)}; it was trained on {listed}{more}")
        else:
            rows[code] = np.eye(len(features))[place]
    if features[0].fill is None:
        _note(faults, cells.missing(), f"{where} holds no value")
    else:
        rows[-1] = [feature.fill for feature in features]
    block[:] = rows[cells.codes]


def as_texts(column: NumberColumn) -> TextColumn:
    """Return a column of numbers as the texts that a category of numbers was trained on."""
    values, codes = np.unique(column.values, return_inverse=True)  # the missing ones are last
    levels = tuple(map(value_text, values[~np.isnan(values)].tolist()))
    if column.form == "true/false":
        levels = tuple({"0": "False", "1": "True"}.get(text, text) for text in levels)
    return TextColumn(np.where(column.missing(), -1, codes).astype(np.int32), levels)


def position(text: str, categories: Sequence[str]) -> int | None:
    """Return the position of a text among the categories; None if it is none of them.

    Words that differ in capitals alone were joined for training. Exports of older versions have categories that are
    shortened, and programs read the category ``01`` as 1.
    """
    if text in categories:
        return categories.index(text)
    alike = [
        position
        for position, one in enumerate(categories)
        if short_name(text) == one or text.casefold() == one.casefold() or _same_number(text, one)
    ]
    return alike[0] if len(alike) == 1 else None


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one.lower() == other.lower() and one.lower() in ("true", "false")


class Preparation(Struct, frozen=True):
    """All that predictions need besides the network, as it is saved with runs and exports.

    ``mean`` and ``scale`` (features,) standardize the features, ``target_mean`` and ``target_scale`` (outputs,) the
    target; older versions, which did not standardize it, have none. ``target_range`` is its least and greatest value.
    Several targets are ``targets``, in the order of the outputs, and ``target`` has their names in a sentence.
    """

    features: Annotated[tuple[Feature, ...], Meta(min_length=1)]
    mean: tuple[float, ...]
    scale: tuple[Annotated[float, Meta(gt=0)], ...]
    target: str
    task: Task
    outputs: Annotated[int, Meta(ge=1)]
    classes: tuple[str, ...]
    target_range: tuple[float, float]
    target_mean: tuple[float, ...] = ()
    target_scale: tuple[Annotated[float, Meta(gt=0)], ...] = ()
    numbers: NumberFormat = PLAIN
    missing_marks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.targets and (len(self.targets) != self.outputs or self.classes):
            raise ValueError("it has not one output for each target")
        if not len(self.features) == len(self.mean) == len(self.scale):
            raise ValueError("it has not one mean and one scale for each feature")
        if len(self.target_mean) != len(self.target_scale):
            raise ValueError("it has not one mean and one scale of the target for each output")

    @property
    def all_targets(self) -> tuple[str, ...]:
        """The names of the targets, of which there is one in most cases."""
        return self.targets or (self.target,)

    @property
    def inputs(self) -> Inputs:
        """The features, with the numbers that standardize them."""
        return Inputs(self.features, np.array(self.mean), np.array(self.scale), self.numbers, self.missing_marks)

    @property
    def target_info(self) -> Target:
        """The facts that the output layer follows from."""
        return Target(self.task, self.outputs, self.classes, *self.target_range)

    @property
    def scale_of_target(self) -> TargetScale:
        """How the target was standardized."""
        if not self.target_scale:
            return TargetScale.none(self.outputs, len(self.targets) > 1)
        return TargetScale(np.array(self.target_mean), np.array(self.target_scale), len(self.targets) > 1)


def preparation_of(dataset: Dataset, split: Split) -> Preparation:
    """Return the preparation of a network trained on these data."""
    target = dataset.target_info()
    return Preparation(
        features=dataset.inputs,
        mean=tuple(split.mean.tolist()),
        scale=tuple(split.scale.tolist()),
        target=dataset.target,
        task=target.task,
        outputs=target.outputs,
        classes=target.classes,
        target_range=(target.minimum, target.maximum),
        target_mean=tuple(split.target.mean.tolist()),
        target_scale=tuple(split.target.scale.tolist()),
        numbers=dataset.numbers,
        missing_marks=dataset.missing_marks,
        targets=dataset.targets if len(dataset.targets) > 1 else (),
    )


def read_targets(y: Any, target: Target, outputs: int) -> NDArray[np.float64]:
    """Return y (n, outputs) from ``y`` (n,): numbers for a regression, names of classes or their indices otherwise.

    Several targets are (n, outputs). Raises ValueError, with what was expected.
    """
    values = real_array(y, "y")
    if target.task == "regression" and outputs > 1:
        if values.ndim != 2 or values.shape[1] != outputs:
            raise ValueError(f"y must have shape (n, {outputs}), a column for each target; got {values.shape}")
        try:
            return to_numbers(values)
        except (TypeError, ValueError):
            raise ValueError("y must hold numbers: the targets are numbers") from None
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"y must have shape (n,), one value a row; got {values.shape}")
    if target.task == "regression":
        try:
            return to_numbers(values)[:, None]
        except (TypeError, ValueError):
            raise ValueError("y must hold numbers: the target is one") from None
    labels = _labels(values, target.classes)
    if target.task == "binary" and outputs == 1:
        return labels.astype(np.float64)[:, None]
    return np.eye(len(target.classes))[labels]


def _labels(values: Array, classes: tuple[str, ...]) -> NDArray[np.intp]:
    """Return indices (n,) into ``classes``, from names, or from indices unless a class is itself named by a number."""
    indices: dict[object, int] = {name: index for index, name in enumerate(classes)}
    if not any(name.replace(".", "").lstrip("-").isdigit() for name in classes):
        indices |= {index: index for index in range(len(classes))}
    labels = []
    for value in values.tolist():
        number = value_text(float(value)) if isinstance(value, int | float) else None  # 2.0 is the class "2"
        keys: tuple[object, ...] = (short_name(str(value)), number, value if isinstance(value, int | float) else None)
        index = next((indices[key] for key in keys if key in indices), None)
        if index is None:
            raise ValueError(f"y holds {quoted(str(value))}, which is none of the classes: {', '.join(classes[:12])}")
        labels.append(index)
    return np.array(labels, np.intp)


def most_likely(outputs: Array) -> NDArray[np.intp]:
    """Return the index of the most likely class (n,) for outputs (n, k)."""
    result: NDArray[np.intp] = (outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0.5).astype(np.intp)
    return result


def class_names(outputs: Array, target: Target) -> NDArray[np.str_]:
    """Return the most likely class (n,) by name, for outputs (n, k); raise ValueError for a regression."""
    if not target.classes:
        raise ValueError("the target is a number and has no classes; use predict")
    names: NDArray[np.str_] = np.array(target.classes)[most_likely(outputs)]
    return names
