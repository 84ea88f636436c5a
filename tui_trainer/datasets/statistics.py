"""What the columns of a dataset hold, each in a few numbers, and how closely each goes with the target.

The test part is left out: whoever chooses features by these numbers must not have seen it.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.experiment.schema import DatasetConfig

from .dataset import Dataset, ReadColumn
from .loading import load
from .split import choose_rows

BINS = 16  # of a histogram
MAX_LEVELS = 12  # of a category that are counted one by one, the most frequent ones
MAX_CLASSES = 10  # counted in each bin
MAX_CELLS = 2_000_000  # looked at: a tenth of a second's work
MAX_COLUMNS = 200
OTHERS = "…"  # in place of all levels that are not counted one by one
Role = Literal["target", "feature", "left out"]
LinkName = Literal["r", "η", "V"]


class Link(msgspec.Struct, frozen=True):
    """How closely a column goes with the target: 0 not at all, 1 wholly, and below 0 against it.

    ``r`` is Pearson's correlation of two numbers, or of a number with the second of two classes. ``η`` is the
    correlation ratio of a number with classes or categories, the root of the share of its variance between their means
    (Pearson 1905). ``V`` is Cramér's, of two categories: sqrt(χ² / (n · (min(rows, columns) - 1))) (Cramér 1946).
    """

    name: LinkName
    value: float


class ColumnStatistics(msgspec.Struct, frozen=True):
    """A column in a few numbers; one that can't be used, such as free text, has nothing but the first four fields.

    ``gaps`` are its cells without a value in the whole table. ``counts`` are the rows in each of BINS parts between the
    least and the greatest number, or of each of the ``levels``; a tuple for each, with a count for each class of the
    target, or a single one. ``quantiles`` are the least number, the quartiles and the greatest. ``means`` are those of
    the column's numbers in each class, or those of the target in each level.
    """

    name: str
    role: Role
    description: str
    gaps: int
    counts: tuple[tuple[int, ...], ...] = ()
    levels: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    mean: float = 0.0
    deviation: float = 0.0
    means: tuple[float, ...] = ()
    link: Link | None = None


class DataStatistics(msgspec.Struct, frozen=True):
    """The columns, the target first, then other targets and the features; ``left_out`` columns come last.

    The numbers are of ``rows`` rows: all but ``test_rows``, and of a very large table evenly chosen ones. ``notes`` are
    sentences on how the file was read: rows that were dropped, and what looks wrong.
    """

    columns: tuple[ColumnStatistics, ...]
    rows: int
    all_rows: int
    test_rows: int
    classes: tuple[str, ...]
    more_columns: int = 0
    notes: tuple[str, ...] = ()


def describe(config: DatasetConfig) -> DataStatistics:
    """Return the statistics of the data that ``config`` describes; raises what ``load`` and ``choose_rows`` raise."""
    dataset = load(config)
    rows = choose_rows(len(dataset.x), dataset.labels, config, dataset.origin, dataset.metadata)
    return statistics_of(dataset, rows.test)


def statistics_of(dataset: Dataset, test_rows: NDArray[np.intp], target_index: int = 0) -> DataStatistics:
    """Return the statistics of a dataset without its ``test_rows`` (k,), which are indices of rows.

    Links are those with the target of ``target_index``, the first column.
    """
    first = dataset.targets[target_index]
    names = [first, *(name for name in (*dataset.targets, *dataset.feature_columns) if name != first)]
    read = {one.name: one for one in dataset.read or _columns_as_read(dataset)}
    others = [name for name in read if name not in names]
    shown = (names + others)[:MAX_COLUMNS]
    is_visible = np.ones(len(dataset.x), bool)
    is_visible[test_rows[test_rows < len(dataset.x)]] = False  # those of a file for the test come after
    visible_rows = np.flatnonzero(is_visible)
    rows = visible_rows[:: max(-(-len(visible_rows) * len(shown) // MAX_CELLS), 1)]
    target = dataset.columns[first][rows]
    columns = []
    for name in shown:
        one = read[name]
        if name in dataset.targets:
            kind = f"{len(dataset.classes)} classes" if dataset.classes else one.description
            empty = ColumnStatistics(name, "target", kind, one.gaps)
        else:
            empty = ColumnStatistics(name, "feature" if name in names else "left out", one.description, one.gaps)
        if name in dataset.columns and (one.kind != "ignore" or empty.role != "left out"):
            with np.errstate(over="ignore", invalid="ignore"):  # a deviation may be infinite, and no link known then
                columns.append(_filled(empty, dataset, dataset.columns[name][rows], target, first))
        else:
            columns.append(empty)
    more = len(names) + len(others) - len(shown)
    all_rows = len(visible_rows) + len(test_rows)
    return DataStatistics(tuple(columns), len(rows), all_rows, len(test_rows), dataset.classes, more, dataset.notes)


def _columns_as_read(dataset: Dataset) -> tuple[ReadColumn, ...]:
    """Return the columns of a dataset that was not read from a table: none has gaps."""
    return tuple(
        ReadColumn(name, "category", f"category of {len(dataset.levels[name])}")
        if name in dataset.levels
        else ReadColumn(name, "number", "number")
        for name in dataset.columns
    )


def _filled(
    empty: ColumnStatistics, dataset: Dataset, values: NDArray[np.float64], target: NDArray[np.float64], first: str
) -> ColumnStatistics:
    """Return the statistics of ``values`` (n,) beside those of the ``target`` (n,), which is called ``first``."""
    classes = len(dataset.classes)
    counted_classes = classes if 0 < classes <= MAX_CLASSES else 1  # apart in each bin
    labels = target.astype(np.intp) if counted_classes > 1 else np.zeros(len(target), np.intp)
    is_target = empty.name == first
    levels = dataset.classes if is_target else dataset.levels.get(empty.name, ())
    if levels:
        codes = values.astype(np.intp)
        bins, listed = _levels(codes, levels)
        return replace(
            empty,
            levels=listed,
            counts=_counts(bins, labels, len(listed), counted_classes),
            means=() if classes else tuple(_means(bins, target, len(listed)).tolist()),
            link=None if is_target else _category_link(codes, target, classes),
        )
    low, high = float(values.min()), float(values.max())
    width = (high - low) / BINS
    bins = np.zeros(len(values), np.intp)
    if 0 < width < np.inf:
        bins = np.clip((values - low) / width, 0, BINS - 1).astype(np.intp)
    return replace(
        empty,
        counts=_counts(bins, labels, BINS if width else 1, counted_classes),
        quantiles=tuple(np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0)).tolist()),
        mean=float(values.mean()),
        deviation=float(values.std()),
        means=tuple(_means(target.astype(np.intp), values, classes).tolist()) if classes else (),
        link=None if is_target else _number_link(values, target, classes),
    )


def _levels(codes: NDArray[np.intp], levels: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the bin of each of ``codes`` (n,), and the names of the bins; rare levels share the last one."""
    if len(levels) <= MAX_LEVELS:
        return codes, levels
    frequent = np.sort(np.argsort(-np.bincount(codes, minlength=len(levels)), kind="stable")[: MAX_LEVELS - 1])
    bin_of = np.full(len(levels), MAX_LEVELS - 1)
    bin_of[frequent] = np.arange(MAX_LEVELS - 1)
    return bin_of[codes], (*(levels[code] for code in frequent), OTHERS)


def _counts(bins: NDArray[np.intp], labels: NDArray[np.intp], count: int, classes: int) -> tuple[tuple[int, ...], ...]:
    """Return how many rows there are in each of ``count`` bins, of each class."""
    table = np.bincount(bins * classes + labels, minlength=count * classes).reshape(count, classes)
    return tuple(map(tuple, table.tolist()))


def _means(groups: NDArray[np.intp], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the mean of ``values`` (n,) in each of ``count`` groups; nan in an empty one."""
    sizes = np.bincount(groups, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: NDArray[np.float64] = np.bincount(groups, values, minlength=count) / sizes
    return means


def _number_link(values: NDArray[np.float64], target: NDArray[np.float64], classes: int) -> Link | None:
    if classes > 2:
        return _ratio(values, target.astype(np.intp), classes)
    deviations = values.std() * target.std()
    if np.ptp(values) == 0 or np.ptp(target) == 0 or not 0 < deviations < np.inf:  # equal numbers round to a deviation
        return None
    return Link("r", float(((values - values.mean()) * (target - target.mean())).mean() / deviations))


def _category_link(codes: NDArray[np.intp], target: NDArray[np.float64], classes: int) -> Link | None:
    count = int(codes.max()) + 1
    if not classes:
        return _ratio(target, codes, count)
    table = np.bincount(codes * classes + target.astype(np.intp), minlength=count * classes).reshape(count, classes)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2:
        return None
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    squared = float(((table - expected) ** 2 / expected).sum())
    return Link("V", float(np.sqrt(squared / (table.sum() * (min(table.shape) - 1)))))


def _ratio(values: NDArray[np.float64], groups: NDArray[np.intp], count: int) -> Link | None:
    """Return the correlation ratio of ``values`` (n,) with the groups they are in."""
    whole = float(((values - values.mean()) ** 2).sum())
    if np.ptp(values) == 0 or not 0 < whole < np.inf:
        return None
    between = np.nan_to_num(_means(groups, values, count))[groups] - values.mean()
    return Link("η", min(float(np.sqrt((between**2).sum() / whole)), 1.0))
