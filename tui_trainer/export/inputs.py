"""Converts what a user has, arrays or data frames, to what a network was trained on, and outputs to class names.

Features keep their raw values until they are standardized; targets are numbers, class names or indices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tui_trainer.datasets.arrays import real_array, to_numbers
from tui_trainer.datasets.columns import value_text
from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.encoding import short_name
from tui_trainer.datasets.split import Split
from tui_trainer.errors import quoted
from tui_trainer.experiment.resolve import Target

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """One input: a column of numbers, or 1 where the ``column`` holds ``category`` and 0 elsewhere."""

    name: str
    column: str
    category: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The features in order, and ``mean`` and ``scale`` (features,): 0 and 1 where nothing is standardized."""

    features: tuple[Feature, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def read(self, x: Any) -> NDArray[np.float64]:
        """Return raw features (n, features) from an array, or from a data frame or dict by column names.

        For a model of one feature the array may be (n,). Raises ValueError, with what was expected.
        """
        has_names = hasattr(x, "columns") or isinstance(x, Mapping)
        raw = self._by_name(x) if has_names else self._by_position(x)
        if not len(raw):
            raise ValueError("x has no rows; at least one is needed")
        bad = ~np.isfinite(raw)
        if bad.any():
            row, column = np.argwhere(bad)[0].tolist()
            raise ValueError(f"feature {quoted(self.names[column])} is missing or not finite in row {row} of x")
        return raw

    def standardized(self, x: Any) -> NDArray[np.float64]:
        """Return the standardized features of ``x``; see ``read``."""
        result: NDArray[np.float64] = (self.read(x) - self.mean) / self.scale
        return result

    def _by_position(self, x: ArrayLike) -> NDArray[np.float64]:
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
        return raw

    def _by_name(self, x: Any) -> NDArray[np.float64]:
        keys = {str(key): key for key in (x.columns if hasattr(x, "columns") else x)}
        used = {one.name if one.category is None or one.name in keys else one.column for one in self.features}
        missing = dict.fromkeys(one.column for one in self.features if not {one.column, one.name} & keys.keys())
        if missing:
            present = ", ".join(sorted(keys)[:12])
            raise ValueError(f"x has no column {', '.join(map(quoted, missing))}; it has: {present}")
        columns = {name: np.atleast_1d(real_array(x[keys[name]], name)) for name in used}
        for name, column in columns.items():
            if column.ndim > 1:
                raise ValueError(f"column {quoted(name)} of x must hold one value a row; got the shape {column.shape}")
        lengths = sorted({len(column) for column in columns.values()})
        if len(lengths) > 1:
            raise ValueError(f"the columns of x must have as many values, got {lengths[0]} and {lengths[-1]}")
        return np.column_stack([self._feature(columns, feature) for feature in self.features])

    def _feature(self, columns: Mapping[str, Array], feature: Feature) -> NDArray[np.float64]:
        """Return one feature (n,): a column of its own name is preferred to the category it is made from."""
        if feature.name in columns:
            try:
                return to_numbers(columns[feature.name])
            except (TypeError, ValueError):
                raise ValueError(f"column {quoted(feature.name)} of x must hold numbers") from None
        texts = [short_name(str(value)) for value in columns[feature.column].tolist()]
        categories = [one.category for one in self.features if one.column == feature.column]
        for text in dict.fromkeys(texts):
            if text not in categories:
                listed = ", ".join(quoted(str(one)) for one in sorted(map(str, categories))[:12])
                raise ValueError(
                    f"column {quoted(feature.column)} of x holds {quoted(text)}; it was trained on {listed}"
                )
            if categories.count(text) > 1:
                raise ValueError(
                    f"column {quoted(feature.column)} of x holds {quoted(text)}, as two of its categories are called; "
                    "rename one before training"
                )
        return np.array([text == feature.category for text in texts], np.float64)


def inputs_of(dataset: Dataset, split: Split) -> Inputs:
    """Return the inputs of a model trained on these data."""
    features: list[Feature] = []
    encoded: set[str] = set()  # the columns of categories so far
    while len(features) < len(dataset.features):
        block = _categories_from(dataset, len(features), encoded)
        encoded |= {feature.column for feature in block}
        name = dataset.features[len(features)]
        features += block or [Feature(name, name)]
    return Inputs(tuple(features), split.mean, split.scale)


def _categories_from(dataset: Dataset, start: int, encoded: set[str]) -> list[Feature]:
    """Return the features from ``start`` on that one column of categories became; none if it is a number.

    A name that occurred twice has a number at its end.
    """
    if dataset.indicators is None or not dataset.indicators[start]:
        return []
    for column, levels in dataset.levels.items():
        names = dataset.features[start : start + len(levels)]
        fits = len(names) == len(levels) and all(
            re.fullmatch(re.escape(f"{column}={level}") + r"(\.\d+)?", name)
            for name, level in zip(names, levels, strict=True)
        )
        if fits and column not in encoded:
            return [Feature(name, column, level) for name, level in zip(names, levels, strict=True)]
    return []


def read_targets(y: Any, target: Target, outputs: int) -> NDArray[np.float64]:
    """Return y (n, outputs) from ``y`` (n,): numbers for a regression, names of classes or their indices otherwise.

    Raises ValueError, with what was expected.
    """
    values = real_array(y, "y")
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


def class_names(outputs: Array, target: Target) -> NDArray[np.str_]:
    """Return the most likely class (n,) by name, for outputs (n, k); raise ValueError for a regression."""
    if not target.classes:
        raise ValueError("the target is a number and has no classes; use predict")
    indices = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(np.intp)
    names: NDArray[np.str_] = np.array(target.classes)[indices]
    return names
