"""A toy set of the catalog as a dataset, without a table in between: pandas takes longer to import than this."""

from __future__ import annotations

from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import DatasetConfig

from .columns import check_wanted
from .dataset import Dataset
from .entries import ToySet
from .errors import DatasetError
from .target import TargetColumn, from_labels


def load_toy_set(entry: ToySet, config: DatasetConfig) -> Dataset:
    """The points of ``entry`` that ``config`` asks for, with the chosen columns as features.

    ``samples``, ``noise``, ``seed`` and, of blobs, ``classes`` decide on the points; in the plane, ``removed`` ones
    are left out and ``points`` added. Raises DatasetError for an unknown or doubled feature, another target, fewer
    than two samples a class, and what can't be removed or added.
    """
    import numpy as np

    from tui_trainer.datasets.synthetic.generate import generate

    from .by_hand import change_points

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
