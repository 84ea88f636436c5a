"""Splits a dataset into training, validation and test rows, and standardizes its features and its target."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import UserError, plain, quoted
from tui_trainer.experiment.resolve import RANGES
from tui_trainer.experiment.schema import DatasetConfig

from .dataset import NO_METADATA, TEST, TRAINING, VALIDATION, Dataset, DatasetError, Feature, PointOrigin, RowMetadata

PartName = Literal["training", "validation", "test"]
MAX_HELD_BACK = 0.95  # of all rows
NUMBERS_AT_ONCE = 1_000_000  # of which a deviation is computed


@dataclass(frozen=True, slots=True, eq=False)
class TargetScale:
    """How the target was standardized: y = (raw - mean) / scale, both (outputs,); 0 and 1 where it was not.

    ``is_several`` says that each of the outputs is a target of its own, a number.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    is_several: bool = False

    @classmethod
    def none(cls, outputs: int, is_several: bool = False) -> TargetScale:
        """Return the scale of a target of ``outputs`` columns that is trained on as it is."""
        return cls(np.zeros(outputs), np.ones(outputs), is_several)

    @property
    def is_none(self) -> bool:
        """Whether the target is trained on as it is."""
        return not self.mean.any() and bool((self.scale == 1.0).all())

    def apply(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return a target (n, outputs) as it is trained on."""
        return raw if self.is_none else (raw - self.mean) / self.scale

    def restore(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Return outputs of the network (n, outputs) in the target's own unit."""
        return outputs if self.is_none else outputs.astype(np.float64) * self.scale + self.mean


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The training, the validation and the test data of a model.

    Shapes: x (rows, features), y (rows, outputs), None for validation without a split; ``mean`` and
    ``scale`` (features,) with x = (raw - mean) / scale, 0 and 1 where nothing is standardized; ``target`` says
    the same of y; ``w_train``, ``w_val`` and ``w_test`` (rows,) are the weights of the rows, None where all count the
    same; ``train_rows``, ``val_rows`` and ``test_rows`` are indices into the dataset, in the order of the rows here.
    """

    x_train: NDArray[np.float64]
    y_train: NDArray[np.float64]
    x_val: NDArray[np.float64] | None
    y_val: NDArray[np.float64] | None
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    train_rows: NDArray[np.intp]
    val_rows: NDArray[np.intp]
    target: TargetScale
    x_test: NDArray[np.float64]
    y_test: NDArray[np.float64]
    test_rows: NDArray[np.intp]
    w_train: NDArray[np.float64] | None = None
    w_val: NDArray[np.float64] | None = None
    w_test: NDArray[np.float64] | None = None

    @property
    def judged(self) -> PartName:
        """The part that a model is judged by: validation, or training without one."""
        return "training" if self.x_val is None else "validation"

    def part(self, name: PartName, field: str = "part") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of a part; raise UserError, for the ``field`` that names it, if it has no rows."""
        if name == "test" and len(self.test_rows):
            return self.x_test, self.y_test
        if name == "validation" and self.x_val is not None and self.y_val is not None:
            return self.x_val, self.y_val
        if name == "training":
            return self.x_train, self.y_train
        share = "test_split" if name == "test" else "validation_split"
        reason = f"no rows are held back for the {name} in this run; train with --set {share}=0.2"
        raise UserError(field, reason)


class Rows(NamedTuple):
    """The rows of each part, as indices into a dataset; that of the test part stays out of sight until the end."""

    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]


def split(dataset: Dataset, config: DatasetConfig, outputs: int, activation: str = "linear") -> Split:
    """Shuffle the rows by ``config.seed`` and use the last ones for the test, and those before for validation.

    ``outputs`` is the width of y, ``activation`` that of the output layer, on which it depends how a target can be
    standardized.

    With a ``config.fold`` that fold of the rows is the validation part. A column of parts decides instead for the parts
    that it names, and groups of rows are not divided. Without a split the rows stay in file order, also if a file of
    its own is the test part.
    Where rows are drawn, classes keep their proportions, and each has at least one training row. Neither is promised of
    groups, of rows in file order, and of parts that a column names.
    Points that the user added are always trained on, and adding them does not move other points between the parts.
    Raises DatasetError if there are not enough rows for both parts.
    """
    y = dataset.y_for(outputs)
    n = len(dataset.x)
    train, val, test = choose_rows(n, dataset.labels, config, dataset.origin, dataset.metadata)
    weights = dataset.metadata.weights
    w_train, w_val, w_test = (None if weights is None else weights[rows] for rows in (train, val, test))
    if w_train is not None and not w_train.any():
        reason = f"all training rows have the weight 0 in the column {quoted(str(config.weight_column))}"
        raise DatasetError("dataset.weight_column", f"{reason}, so nothing would be learned; give some a weight")
    x_train, x_val, x_test = dataset.x[train], dataset.x[val], dataset.x[test]
    mean, scale = _moments(x_train, config.standardize, dataset.inputs)
    for part in (x_train, x_val, x_test):  # in place: they may be larger than everything else together
        part -= mean
        part /= scale
    target = _target_scale(y[train], config, activation) if dataset.labels is None else TargetScale.none(outputs)
    y = target.apply(y)
    has_validation = len(val) > 0
    return Split(
        x_train,
        y[train],
        x_val if has_validation else None,
        y[val] if has_validation else None,
        mean,
        scale,
        train,
        val,
        target,
        x_test,
        y[test],
        test,
        w_train,
        w_val,
        w_test,
    )


def reading(dataset: Dataset, parts: Split) -> dict[str, Any]:
    """Return what was read, for programs; columns have their names in the file."""
    return {
        "target": dataset.target if len(dataset.targets) == 1 else list(dataset.targets),
        "task": "regression" if dataset.task == "regression" else "classification",
        "classes": list(dataset.classes),
        "rows": len(dataset.x),
        "training_rows": len(parts.train_rows),
        "validation_rows": len(parts.val_rows),
        **({"test_rows": len(parts.test_rows)} if len(parts.test_rows) else {}),
        "features": list(dataset.feature_columns),
        "left_out": list(dataset.left_out),
    }


def reading_sentence(dataset: Dataset, parts: Split) -> str:
    """Return what was read in one line: ``species and 10 others -> year: 3 classes, 144 rows: 116 + 28``."""
    columns = dataset.feature_columns
    others = len(columns) - 1
    features = plain(columns[0]) + (f" and {others:,} other{'s' * (others > 1)}" if others else "")
    count = len(dataset.targets)
    kind = f"{len(dataset.classes)} classes" if dataset.classes else "a number" if count == 1 else f"{count} numbers"
    tested = f" + {len(parts.test_rows):,} for the test" if len(parts.test_rows) else ""
    rows = f"{len(dataset.x):,} rows: {len(parts.train_rows):,} + {len(parts.val_rows):,}{tested}"
    return f"{features} -> {plain(dataset.target)}: {kind}, {rows}"


def choose_rows(
    n: int,
    labels: NDArray[np.intp] | None,
    config: DatasetConfig,
    origin: PointOrigin | None = None,
    metadata: RowMetadata = NO_METADATA,
) -> Rows:
    """Return the indices of the training, the validation and the test rows of ``n``; see ``split``."""
    nothing = np.arange(0)
    parts = np.full(n, TRAINING) if metadata.parts is None else metadata.parts
    if not (config.has_validation or config.test_split):  # no part but that of a file for the test
        return Rows(np.flatnonzero(parts != TEST), nothing, np.flatnonzero(parts == TEST))
    rng = np.random.default_rng(config.seed)
    if config.split_order == "file":
        order, added, labels = np.arange(n), nothing, None
    elif origin is not None:
        order, added = _shuffle_points(rng, origin)
    else:
        order, added = _shuffle(parts, rng), nothing
    if metadata.groups is None:
        is_validation, is_test = _held_back(Units(order, n, labels, "rows"), parts, config)
    else:
        _, first_rows, group_of = np.unique(metadata.groups, return_index=True, return_inverse=True)
        parts = parts[first_rows]
        group_order = np.argsort(first_rows) if config.split_order == "file" else _shuffle(parts, rng)
        masks = _held_back(Units(group_order, len(first_rows), None, "groups"), parts, config)
        is_validation, is_test = (mask[group_of] for mask in masks)
    train = np.concatenate([order[~(is_validation | is_test)[order]], added])
    return Rows(train, order[is_validation[order]], order[is_test[order]])


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is divided: ``count`` rows or groups of rows, by ``name``; those in ``order`` can be held back.

    ``labels`` (count,) are the classes that keep their shares, None without.
    """

    order: NDArray[np.intp]
    count: int
    labels: NDArray[np.intp] | None
    name: str


def _held_back(
    units: Units, parts: NDArray[np.intp], config: DatasetConfig
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which units are for validation and which for the test, both (count,).

    ``parts`` (count,) are as a column says, all for training without one. Raises DatasetError if too few are left.
    """
    order, count, labels = units.order, units.count, units.labels
    is_validation, is_test = parts == VALIDATION, parts == TEST
    names_validation = bool(is_validation.any())
    if is_test.any() and config.test_split:
        source = (
            f"the column {quoted(str(config.split_column))}" if config.test_path is None else "the file of test_path"
        )
        raise DatasetError("dataset.test_split", f"{source} says which rows are for the test; set test_split to 0")
    if not names_validation and config.fold is None and config.validation_split + config.test_split > MAX_HELD_BACK:
        shares = f"{config.validation_split:g} for validation and {config.test_split:g} for the test"
        raise DatasetError("dataset.test_split", f"{shares} leave too few rows to train on; lower one of them")
    if config.test_split:
        candidates = replace(units, order=order[~is_validation[order]])
        is_test = _share(candidates, config.test_split, "dataset.test_split")
    rest = order[~is_test[order]]
    if config.fold_of is not None:
        fold, folds = config.fold_of
        rows = np.sort(rest)
        of_class = None if labels is None else labels[rows]
        is_validation = np.zeros(count, bool)
        is_validation[rows] = fold_of_rows(len(rows), of_class, folds, config.seed, units.name) == fold
    elif config.validation_split and not names_validation:
        share = config.validation_split / (1.0 - config.test_split)  # both are shares of all rows
        is_validation = _share(replace(units, order=rest), share, "dataset.validation_split")
    if config.split_column is not None and (is_test | is_validation).all():
        reason = f"the column {quoted(str(config.split_column))} leaves no row for training; let it say train in some"
        raise DatasetError("dataset.split_column", reason)
    return is_validation, is_test


def fold_of_rows(
    n: int, labels: NDArray[np.intp] | None, folds: int, seed: int, name: str = "rows"
) -> NDArray[np.intp]:
    """Return for each of ``n`` rows the fold, from 1, in which it is held back (n,).

    What is divided may be groups of rows instead, as ``name`` says: then the folds are those of ``GroupKFold``.

    All folds are about as large, and with ``labels`` (n,) each has about the same share of each class. They are those
    of scikit-learn's ``StratifiedKFold``, or without labels ``KFold``, with ``shuffle=True`` and ``random_state=seed``,
    of which it takes 32 bits. Raises DatasetError if there are more folds than rows, or rows of the smallest class.
    """
    rng = np.random.RandomState(seed % 2**32)
    if labels is None:
        _check_folds(folds, n, "there are", name)
        fold_of = np.empty(n, np.intp)
        for fold, rows in enumerate(np.array_split(rng.permutation(n), folds)):
            fold_of[rows] = fold
        return fold_of + 1
    present, first, codes, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    _check_folds(folds, int(counts.min(initial=n)), "the smallest class has", "rows of each class")
    codes = np.argsort(np.argsort(first))[codes]  # classes in the order in which they appear
    in_order = np.sort(codes)
    shares = np.array([np.bincount(in_order[start::folds], minlength=len(present)) for start in range(folds)])
    fold_of = np.empty(n, np.intp)
    for code in range(len(present)):
        of_class = np.arange(folds).repeat(shares[:, code])
        rng.shuffle(of_class)
        fold_of[codes == code] = of_class
    return fold_of + 1


def _check_folds(folds: int, fewest: int, where: str, what: str) -> None:
    if folds > fewest:
        remedy = f"use at most {fewest:,}" if fewest > 1 else "leave the folds out and hold back a share of the rows"
        reason = f"{folds:,} folds need at least {folds:,} {what}, but {where} {fewest:,}; {remedy}"
        raise DatasetError("dataset.fold", reason)


def _share(units: Units, share: float, field: str) -> NDArray[np.bool_]:
    """Return which units are held back (count,): the last ones of ``units.order``, of each class its ``share``.

    Raises DatasetError, for the ``field`` that asks for it, if there are too few.
    """
    order, count, labels, name = units.order, units.count, units.labels, units.name
    groups = [order]
    if labels is not None:
        by_class = order[np.argsort(labels[order], kind="stable")]
        groups = np.split(by_class, np.cumsum(np.bincount(labels[order]))[:-1])
    sizes = [min(int(len(group) * share + 0.5), len(group) - 1) for group in groups]
    sizes = [max(size, 0) for size in sizes]
    largest = max(range(len(groups)), key=lambda index: len(groups[index]))
    if not any(sizes) and len(groups[largest]) > 1:
        sizes[largest] = 1
    if not any(sizes):
        there_are = f"1 {name.removesuffix('s')} is" if len(order) == 1 else f"{len(order):,} {name} are"
        raise DatasetError(field, f"{there_are} too few to hold some back; add {name} or set it to 0")
    held_back = np.zeros(count, dtype=bool)
    for group, size in zip(groups, sizes, strict=True):
        held_back[group[len(group) - size :]] = True
    return held_back


def _shuffle(parts: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return rows, or groups, in random order, after them those that ``parts`` (n,) has for the test.

    The order of the others does not depend on how many these are.
    """
    rows = np.flatnonzero(parts != TEST)
    return np.concatenate([rows[rng.permutation(len(rows))], np.flatnonzero(parts == TEST)])


def _shuffle_points(rng: np.random.Generator, origin: PointOrigin) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the generated rows in random order, and the rows that the user added.

    All generated points are shuffled, including removed ones, so that removing a point keeps the order of the others.
    They stay in their parts, too, except for one where a class's share is rounded differently.
    """
    rows = np.flatnonzero(origin.numbers >= 0)
    row_of = np.full(origin.total, -1)
    row_of[origin.numbers[rows]] = rows
    order = row_of[rng.permutation(origin.total)]
    return order[order >= 0], np.flatnonzero(origin.numbers < 0)


def _moments(
    x: NDArray[np.float64], standardize: bool, inputs: Sequence[Feature]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and deviation of each column of the training rows x (rows, features), both (features,).

    0/1 columns of categories are not scaled: in a rare category, a 1 would become a very large number.
    """
    if not standardize:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    mean, scale = x.mean(axis=0), _deviations(x)
    is_category = np.array([feature.category is not None for feature in inputs], bool)
    return np.where(is_category, 0.0, mean), np.where(is_category, 1.0, scale)


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviation of each column of ``values`` (n, columns), 1 for a constant one."""
    count, columns = values.shape
    at_once = max(NUMBERS_AT_ONCE // max(count, 1), 2)  # one column alone would be added up in another order
    ends = np.linspace(0, columns, max(columns // at_once, 1) + 1).astype(int)
    # All at once would take as much memory as the values do.
    deviations = np.concatenate([values[:, start:end].std(axis=0) for start, end in itertools.pairwise(ends)])
    # Rounding gives a constant column a deviation of 1e-17 or so, which would blow it up.
    constant = (np.ptp(values, axis=0) == 0) | (deviations < np.finfo(np.float64).tiny)
    return np.where(constant, 1.0, deviations)


def _target_scale(y: NDArray[np.float64], config: DatasetConfig, activation: str) -> TargetScale:
    """Return how numbers y (training rows, outputs) are standardized for an output layer with ``activation``.

    What an output promises stays true: outputs of at least 0 are multiplied by a deviation and not shifted, and those
    with other bounds, such as tanh, are left as they are.
    """
    bounds = RANGES.get(activation, (-np.inf, np.inf))
    scale = TargetScale.none(y.shape[1], y.shape[1] > 1)
    if not config.standardize_target or bounds not in ((-np.inf, np.inf), (0.0, np.inf)):
        return scale
    return replace(scale, mean=scale.mean if bounds[0] == 0.0 else y.mean(axis=0), scale=_deviations(y))
