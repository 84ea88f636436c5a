"""A toy set of the catalog as a dataset, without a table in between: pandas takes longer to import than this."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import DatasetConfig

from .catalog import ToySet
from .columns import check_wanted
from .dataset import Dataset, DatasetError, PointOrigin
from .encoding import TargetColumn, from_labels
from .synthetic import derive

Columns = dict[str, NDArray[np.float64]]
MIN_SAMPLES = 2  # samples of a class: one to train on and one to validate


def load_toy_set(entry: ToySet, config: DatasetConfig) -> Dataset:
    """The points of ``entry`` that ``config`` asks for, with the chosen columns as features.

    ``samples``, ``noise``, ``seed`` and, of blobs, ``classes`` decide on the points; in the plane, ``removed`` ones
    are left out and ``points`` added. Raises DatasetError for an unknown or doubled feature, another target, fewer
    than two samples a class, and what can't be removed or added.
    """
    import numpy as np

    from .synthetic import generate

    _check_target(entry, config)
    check_wanted(entry.columns, config.features, entry.target)
    classes = entry.class_names(config.classes)
    samples = entry.samples if config.samples is None else config.samples
    if samples < 2 * len(classes):
        raise DatasetError(
            "dataset.samples",
            f"expected at least {2 * len(classes)}, two for each of {len(classes)} classes, got {samples}",
        )
    columns, values = generate(entry.name, samples, config.noise, config.seed, len(classes))
    drawn = None
    if entry.in_the_plane:
        columns, values, drawn = change_points(columns, values, config, classes)
    found = from_labels(values, classes) if classes else TargetColumn("regression", (), values[:, None], None)
    features = config.features or entry.features
    return Dataset(
        name=entry.name,
        title=entry.title,
        features=features,
        target=entry.target,
        task=found.task,
        classes=found.classes,
        x=np.column_stack([columns[name] for name in features]),
        y=found.y,
        labels=found.labels,
        columns={**columns, entry.target: values.astype(np.float64)},
        drawn=drawn,
    )


def _check_target(entry: ToySet, config: DatasetConfig) -> None:
    if config.target not in (None, entry.target):
        raise DatasetError(
            "dataset.target",
            f"the toy set {entry.name} has no other target than {entry.target}, got {quoted(config.target)}; "
            "leave it out",
        )


def change_points(
    columns: Columns, values: NDArray[Any], config: DatasetConfig, classes: tuple[str, ...]
) -> tuple[Columns, NDArray[Any], PointOrigin]:
    """The drawn points, by their columns and target (n,), without the removed ones and with the added ones behind.

    Raises DatasetError for a number or a class that is not there, and where too few samples are left.
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
        of_added = np.array([point.value for point in config.points]).astype(values.dtype)
        values = np.concatenate([values, of_added])
        numbers = np.concatenate([numbers, np.full(len(of_added), -1)])
    if config.removed:
        _check_enough(values, classes)
    return columns, values, PointOrigin(numbers, total, reach)


def _check_removed(removed: tuple[int, ...], total: int) -> None:
    """The numbers of drawn points, each greater than the one before."""
    for place, number in enumerate(removed):
        if number >= total:
            raise DatasetError(
                f"dataset.removed[{place}]", f"expected the number of a point, from 0 to {total - 1}, got {number}"
            )
    for place, (before, number) in enumerate(pairwise(removed), start=1):
        if number <= before:
            raise DatasetError(
                f"dataset.removed[{place}]",
                f"expected a number above the one before it, {before}, got {number}; sort them, each one once",
            )


def _check_values(config: DatasetConfig, classes: tuple[str, ...]) -> None:
    """Where there are classes, the values are their numbers."""
    for place, point in enumerate(config.points):
        if classes and point.value not in range(len(classes)):
            raise DatasetError(
                f"dataset.points[{place}].value",
                f"expected the number of a class, from 0 to {len(classes) - 1}, got {point.value:g}",
            )


def _check_enough(values: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Each class, or a target without any, has samples left."""
    counts = {f" of {name}": int((values == number).sum()) for number, name in enumerate(classes)}
    for whose, count in (counts or {"": len(values)}).items():
        if count < MIN_SAMPLES:
            left = "no sample" if count == 0 else f"{count} sample"
            reason = f"{left}{whose} would be left, at least {MIN_SAMPLES} are needed; put some back, or add others"
            raise DatasetError("dataset.removed", reason)
