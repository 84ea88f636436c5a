"""Generates a toy set of the catalog as a dataset, with the points that the user added and without those removed.

There is no table in between: importing pandas would take longer than all that is done here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import DatasetConfig

from .catalog import ToySet
from .columns import check_features
from .dataset import Dataset, DatasetError, Feature, PointOrigin
from .encoding import TargetColumn, target_from_labels
from .synthetic import derive

Columns = dict[str, NDArray[np.float64]]
MIN_SAMPLES = 2  # of a class: one for training and one for validation


def load_toy_set(entry: ToySet, config: DatasetConfig) -> Dataset:
    """Return the points of ``entry`` that ``config`` describes, with the chosen columns as features.

    The points depend on ``samples``, ``noise``, ``seed`` and, for blobs, ``classes``; in a two-dimensional set,
    ``removed`` ones are left out and ``points`` added. Raises DatasetError for an unknown or repeated feature, another
    target, fewer than two samples of a class, and points that cannot be removed or added.
    """
    from .synthetic import generate

    _check_target(entry, config)
    check_features(entry.columns, config.features, entry.target)
    classes = entry.class_names(config.classes)
    samples = entry.samples if config.samples is None else config.samples
    if samples < 2 * len(classes):
        raise DatasetError(
            "dataset.samples",
            f"expected at least {2 * len(classes)}, two for each of {len(classes)} classes, got {samples}",
        )
    columns, values = generate(entry.name, samples, config.noise, config.seed, len(classes))
    origin = None
    if entry.in_the_plane:
        columns, values, origin = change_points(columns, values, config, classes)
    target = target_from_labels(values, classes) if classes else TargetColumn("regression", (), values[:, None], None)
    features = config.features or entry.features
    return Dataset(
        name=entry.name,
        title=entry.title,
        inputs=tuple(Feature(name, name) for name in features),
        target=entry.target,
        task=target.task,
        classes=target.classes,
        x=np.column_stack([columns[name] for name in features]),
        y=target.y,
        labels=target.labels,
        columns={**columns, entry.target: values.astype(np.float64)},
        origin=origin,
    )


def _check_target(entry: ToySet, config: DatasetConfig) -> None:
    if config.target not in (None, entry.target):
        raise DatasetError(
            "dataset.target",
            f"the toy set {entry.name} has no target other than {entry.target}, got {quoted(config.target)}; "
            "leave it out",
        )


def change_points(
    columns: Columns, values: NDArray[Any], config: DatasetConfig, classes: tuple[str, ...]
) -> tuple[Columns, NDArray[Any], PointOrigin]:
    """Return the columns and the target (n,) without the removed points and with the added points last.

    ``columns`` and ``values`` are those of all generated points. Raises DatasetError for the number of a point or class
    that does not exist, and if too few samples are left.
    """
    total = len(values)
    reach = max(float(np.abs(columns[name]).max()) for name in ("x1", "x2"))
    numbers = np.arange(total)
    if config.removed:
        _check_removed(config.removed, total)
        numbers = np.delete(numbers, config.removed)
        columns = {name: column[numbers] for name, column in columns.items()}
        values = values[numbers]
    if config.points:
        _check_values(config, classes)
        added = derive(*(np.array([getattr(point, name) for point in config.points]) for name in ("x1", "x2")))
        columns = {name: np.concatenate([column, added[name]]) for name, column in columns.items()}
        added_values = np.array([point.value for point in config.points]).astype(values.dtype)
        values = np.concatenate([values, added_values])
        numbers = np.concatenate([numbers, np.full(len(added_values), -1)])
    if config.removed:
        _check_enough(values, classes)
    return columns, values, PointOrigin(numbers, total, reach)


def _check_removed(removed: tuple[int, ...], total: int) -> None:
    """Check that ``removed`` are numbers of generated points in ascending order."""
    for index, number in enumerate(removed):
        if number >= total:
            raise DatasetError(
                f"dataset.removed[{index}]", f"expected the number of a point, from 0 to {total - 1}, got {number}"
            )
    for index, (before, number) in enumerate(pairwise(removed), start=1):
        if number <= before:
            raise DatasetError(
                f"dataset.removed[{index}]",
                f"expected a number above the previous one, {before}, got {number}; sort them, without duplicates",
            )


def _check_values(config: DatasetConfig, classes: tuple[str, ...]) -> None:
    """Check that the values of added points are class numbers if the target has classes."""
    for index, point in enumerate(config.points):
        if classes and point.value not in range(len(classes)):
            raise DatasetError(
                f"dataset.points[{index}].value",
                f"expected the number of a class, from 0 to {len(classes) - 1}, got {point.value:g}",
            )


def _check_enough(values: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Check that each class, or a target without classes, has enough samples left."""
    counts = {f" of {name}": int((values == number).sum()) for number, name in enumerate(classes)}
    for whose, count in (counts or {"": len(values)}).items():
        if count < MIN_SAMPLES:
            left = "no sample" if count == 0 else f"{count} sample"
            reason = f"{left}{whose} would be left, but at least {MIN_SAMPLES} are needed; restore some, or add others"
            raise DatasetError("dataset.removed", reason)
