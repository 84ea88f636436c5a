"""Turns the columns of a table into numbers: the features as one matrix, the target as classes or numbers.

In reading order: features (numbers unchanged, categories one-hot), target, missing cells (rows dropped, or gaps
filled with values of the training part; a note says which), and the check that a column holds numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import MAX_LEVELS, Column, NumberColumn, Table, TextColumn, check_memory
from tui_trainer.errors import plain, quoted
from tui_trainer.experiment.resolve import Task
from tui_trainer.experiment.schema import ColumnKind

from .columns import MAX_CATEGORIES, value_text
from .dataset import DatasetError, Feature

TaskChoice = Literal["regression", "classification"]

MAX_NAME_LENGTH = 60  # characters of a category in a feature's name
MAX_CLASSES = MAX_LEVELS
ROWS_AT_ONCE = 1024  # of a matrix of features, when it is filled
MAX_INTEGER_CLASSES = 10
MAX_LISTED = 6  # columns in a message
_TARGET = "dataset.target"
# Squares of larger numbers leave the range of float32 and soon that of float64.
MAX_VALUE = 1e30
MAX_DROPPED = 0.2  # of the rows, before filling their gaps is offered
MIN_REVEALED = 20  # rows, before it is worth a word that one column tells all
REVEALING_SAMPLE = 4000  # rows of a large table in which columns are compared with the target, before all
MAX_COMPARED = 200  # columns


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The chosen features as a matrix ``x`` (n, features), NaN where a cell is missing.

    ``parts`` are the features that each column of the file became, ``levels`` a column's categories, shortened.
    """

    inputs: tuple[Feature, ...]
    x: NDArray[np.float64]
    parts: dict[str, slice]
    levels: dict[str, tuple[str, ...]]


def encode(table: Table, features: tuple[str, ...], kinds: dict[str, ColumnKind]) -> Encoded:
    """Encode the ``features`` of the table; the category ``red`` of ``colour`` becomes the feature ``colour=red``.

    Categories are in alphabetical order, without those of no row. Raises DatasetError for text in a column of numbers,
    for more than 50 categories, and if the numbers would not fit into memory.
    """
    orders = {name: _categories(table, name) for name in features if _is_category(table, name, kinds)}
    widths = [len(orders[name]) if name in orders else 1 for name in features]
    check_memory(len(table), sum(widths))
    inputs: list[Feature] = []
    parts, levels = {}, {}
    numbers: dict[int, NDArray[Any]] = {}  # as they are stored, by the position of their feature
    one_hot: list[tuple[slice, NDArray[np.int32], NDArray[np.float64]]] = []  # with codes (n,), and a row for each code
    for name, width in zip(features, widths, strict=True):
        start = len(inputs)
        parts[name] = slice(start, start + width)
        column = table.columns[name]
        if name in orders:
            assert isinstance(column, TextColumn)
            categories = [column.levels[code] for code in orders[name]]
            levels[name] = tuple(map(short_name, categories))
            inputs += [
                Feature(f"{name}={level}", name, category)
                for level, category in zip(levels[name], categories, strict=True)
            ]
            one_hot.append((parts[name], column.codes, _one_hot_rows(column, orders[name])))
        else:
            check_numbers(table, name, "dataset.features")
            assert isinstance(column, NumberColumn)
            numbers[start] = column.stored
            inputs.append(
                Feature(
                    name,
                    name,
                    form=column.form,
                    date_format=column.date_format,
                    unit=column.unit,
                    multiples=column.multiples,
                )
            )
    x = np.empty((len(table), len(inputs)))
    fill_numbers(x, numbers)
    for part, codes, rows_of_codes in one_hot:
        for rows in row_blocks(len(x)):
            x[rows, part] = rows_of_codes[codes[rows]]
    return Encoded(_distinct(inputs), x, parts, levels)


def row_blocks(count: int) -> Iterator[slice]:
    """Yield the rows of a matrix in blocks that fit into the caches."""
    return (slice(first, first + ROWS_AT_ONCE) for first in range(0, count, ROWS_AT_ONCE))


def fill_numbers(x: NDArray[np.float64], numbers: Mapping[int, NDArray[Any]]) -> None:
    """Write numbers (n,) into the columns of ``x`` (n, features) whose positions are their keys."""
    if not numbers:
        return
    positions = slice(None) if len(numbers) == x.shape[1] else list(numbers)  # a slice is much faster than a list
    for rows in row_blocks(len(x)):  # column by column would miss the caches
        x[rows, positions] = np.stack([values[rows] for values in numbers.values()]).T


def _distinct(inputs: list[Feature]) -> tuple[Feature, ...]:
    """Return the features with a number after names that occur twice: ``b=c`` of ``a`` and ``c`` of ``a=b``, say.

    Columns of numbers keep their names.
    """
    used = {feature.name for feature in inputs if feature.category is None}
    distinct = []
    for feature in inputs:
        unique, number = feature.name, 2
        while feature.category is not None and unique in used:
            unique, number = f"{feature.name}.{number}", number + 1
        used.add(unique)
        distinct.append(replace(feature, name=unique))
    return tuple(distinct)


def sorted_levels(column: TextColumn) -> list[int]:
    """Return the codes that occur, in the order of their texts: by size if all are numbers, else by alphabet."""
    used = [int(code) for code in np.unique(column.codes) if code >= 0]
    try:
        return sorted(used, key=lambda code: float(column.levels[code]))
    except ValueError:
        return sorted(used, key=lambda code: column.levels[code])


def codes_in_order(column: TextColumn, order: list[int]) -> NDArray[np.float64]:
    """Return the position of each cell's category in ``order``, (n,), NaN where it is missing."""
    positions = np.full(len(column.levels) + 1, np.nan)  # the last one is for a code of -1
    positions[order] = np.arange(len(order))
    return positions[column.codes]


def short_name(text: str) -> str:
    """Return a category or a column as part of a name or of a sentence, shortened and printable."""
    return plain(text, MAX_NAME_LENGTH)


def _is_category(table: Table, name: str, kinds: dict[str, ColumnKind]) -> bool:
    """Return whether a feature is encoded as a category: by its kind, or because it holds text."""
    return kinds[name] != "number" and isinstance(table.columns[name], TextColumn)


def _categories(table: Table, name: str) -> list[int]:
    column = table.columns[name]
    assert isinstance(column, TextColumn)
    order = sorted_levels(column)
    if column.overflows or len(order) > MAX_CATEGORIES:
        many = f"more than {len(column.levels):,}" if column.overflows else f"{len(order):,}"
        reason = f"column {quoted(name)} has {many} different texts, but a category can have at most {MAX_CATEGORIES}"
        raise DatasetError("dataset.features", f"{reason}; leave it out")
    return order


def _one_hot_rows(column: TextColumn, order: list[int]) -> NDArray[np.float64]:
    """Return the features (levels + 1, categories) of each code of a column: a single 1, NaN in the last, for gaps."""
    rows = np.zeros((len(column.levels) + 1, len(order)))
    rows[order, np.arange(len(order))] = 1.0
    rows[-1] = np.nan
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class TargetColumn:
    """The target: y (n, outputs) float64, and labels (n,) as indices into ``classes`` (None for a regression)."""

    task: Task
    classes: tuple[str, ...]
    y: NDArray[np.float64]
    labels: NDArray[np.intp] | None


def read_target(table: Table, name: str, task: TaskChoice | None = None) -> TargetColumn:
    """Return the target: sorted classes for text and for a few distinct integers, otherwise a number.

    ``task`` overrides that. Integers are classes when there are at most 10 of them, each on two rows on average: fewer
    rows than that look like a short list of measurements. No cell of the column may be missing. Raises DatasetError for
    a constant column, for too many classes, and for text where a number is required.
    """
    column = table.columns[name]
    if isinstance(column, TextColumn) and task != "regression":
        return _text_classes(column, name)
    values = check_numbers(table, name, _TARGET).astype(np.float64)
    distinct = np.unique(values)
    if len(distinct) == 1:
        raise _constant_target(name, value_text(float(distinct[0])))
    are_few = len(distinct) <= MAX_INTEGER_CLASSES and 2 * len(distinct) <= len(values)
    are_whole = bool((distinct == np.round(distinct)).all())
    is_boolean = isinstance(column, NumberColumn) and column.form == "true/false"
    if task == "classification" or (task is None and ((are_few and are_whole) or is_boolean)):
        return _number_classes(values, distinct, name, is_boolean)
    return TargetColumn("regression", (), values[:, None], None)


def read_several_targets(table: Table, names: Sequence[str], task: TaskChoice | None = None) -> TargetColumn:
    """Return several targets, numbers all of them, as y (n, targets); ``task`` and cells are as in ``read_target``.

    Raises DatasetError for a target of classes: each would need outputs and a loss of its own.
    """
    columns = []
    for name in names:
        if isinstance(table.columns[name], TextColumn):
            raise _not_several(names, name, "holds text")
        column = read_target(table, name, task)
        if column.labels is not None:
            found = f"has {len(column.classes)} classes, {', '.join(map(quoted, column.classes[:MAX_LISTED]))}"
            is_count = task is None and isinstance(table.columns[name], NumberColumn)
            remedy = ', or if these are amounts, set task = "regression"' if is_count else ""
            raise _not_several(names, name, found, remedy)
        columns.append(column.y)
    return TargetColumn("regression", (), np.concatenate(columns, axis=1), None)


def _not_several(names: Sequence[str], name: str, found: str, remedy: str = "") -> DatasetError:
    several = f"{len(names)} targets at once have to be numbers, but column {quoted(name)} {found}"
    return DatasetError(_TARGET, f"{several}; predict it alone, without the other targets{remedy}")


def target_from_indices(table: Table, name: str, classes: tuple[str, ...]) -> TargetColumn:
    """Return the target of a catalog dataset, whose column holds indices into ``classes``."""
    return target_from_labels(check_numbers(table, name, _TARGET).astype(np.intp), classes)


def _number_classes(
    values: NDArray[np.float64], distinct: NDArray[np.float64], name: str, is_boolean: bool
) -> TargetColumn:
    if len(distinct) > MAX_CLASSES:
        raise _too_many(name, f"{len(distinct):,} different numbers", len(values))
    names = ("False", "True") if is_boolean else tuple(value_text(value) for value in distinct.tolist())
    return target_from_labels(np.searchsorted(distinct, values).astype(np.intp), names)


def _text_classes(column: TextColumn, name: str) -> TargetColumn:
    order = sorted_levels(column)
    if len(order) == 1:
        raise _constant_target(name, column.levels[order[0]])
    # Names and free text differ in nearly every row; they are not classes.
    if column.overflows:
        raise _too_many(name, f"more than {MAX_CLASSES:,} different texts", len(column.codes))
    if len(order) > MAX_INTEGER_CLASSES and 2 * len(order) > len(column.codes):
        raise _too_many(name, f"{len(order)} different texts", len(column.codes))
    positions = np.zeros(len(column.levels), np.intp)
    positions[order] = np.arange(len(order))
    return target_from_labels(positions[column.codes], tuple(short_name(column.levels[code]) for code in order))


def target_from_labels(labels: NDArray[np.intp], classes: tuple[str, ...]) -> TargetColumn:
    """Return the target for labels (n,), which are indices into ``classes``."""
    if len(classes) == 2:
        return TargetColumn("binary", classes, labels[:, None].astype(np.float64), labels)
    return TargetColumn("multiclass", classes, np.eye(len(classes))[labels], labels)


def _constant_target(name: str, value: str) -> DatasetError:
    return DatasetError(
        _TARGET, f"column {quoted(name)} is {quoted(value)} in every row, so there is nothing to learn; choose another"
    )


def _too_many(name: str, what: str, rows: int) -> DatasetError:
    reason = f"column {quoted(name)} has {what} in {rows:,} rows, too many for classes; choose another target"
    return DatasetError(_TARGET, reason)


def complete_rows(table: Table, names: Iterable[str]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which rows (n,) have a value in all of the columns, and the number of gaps in each column with gaps."""
    complete = np.ones(len(table), bool)
    gaps = {}
    for name in names:
        missing = table.columns[name].missing()
        if missing.any():
            gaps[name] = int(missing.sum())
            complete &= ~missing
    return complete, gaps


def drop_rows(
    table: Table, names: Iterable[str], targets: Sequence[str] = (), offers_filling: bool = False
) -> tuple[Table, tuple[str, ...]]:
    """Drop the rows without a value in one of the columns; return the rest, and a note about the dropped rows.

    The note ``offers_filling`` where that would keep many more: all rows with a value of each of the ``targets``.
    Raises DatasetError if fewer than two rows are left.
    """
    complete, gaps = complete_rows(table, names)
    count = int(complete.sum())
    if count < 2:
        too_few = f"only {count:,} of {len(table):,} rows {'has' if count == 1 else 'have'} a value in every column"
        empty = [name for name, gap in gaps.items() if gap == len(table)]
        kept = int(complete_rows(table, targets)[0].sum())
        remedy = "fill the gaps, or leave columns out" if kept > 1 and not empty else "leave columns out"
        if kept < 2 and any(name in gaps for name in targets):
            remedy = "choose another target"
        raise DatasetError("dataset.missing", f"{too_few}; no value in {listed_gaps(gaps)}; {remedy}")
    if not gaps:
        return table, ()
    dropped = len(table) - count
    rows = "row" if len(table) == 1 else "rows"
    note = f"{dropped:,} of {len(table):,} {rows} dropped: no value in {listed_gaps(gaps)}."
    if offers_filling and dropped > MAX_DROPPED * len(table):
        note += ' missing = "fill" keeps them, with their gaps filled.'
    return table.take(complete), (note,)


def fill(encoded: Encoded, train: NDArray[np.intp]) -> tuple[Encoded, tuple[str, ...]]:
    """Fill the gaps of ``encoded.x`` in place; return it with what gaps in other data become, and a note.

    A number gets the mean, a category the most frequent one, of the rows ``train``. Raises DatasetError for a
    column that has no value there.
    """
    gaps = {}
    fills = np.zeros(len(encoded.inputs))
    for name, part in encoded.parts.items():
        block = encoded.x[:, part]
        # A category that never has a value has no features: all of it is missing.
        missing = np.logical_and.reduce(np.isnan(block[:, :1]), axis=1)
        has_gaps = bool(missing.any())
        train_values = block[train][~missing[train]] if has_gaps else block[train]
        if not len(train_values):
            reason = f"column {quoted(name)} has no value in the training part, so its gaps can't be filled"
            raise DatasetError("dataset.missing", f"{reason}; leave it out")
        means = train_values.mean(axis=0)
        fills[part] = np.eye(len(means))[means.argmax()] if name in encoded.levels else means
        if has_gaps:
            gaps[name] = int(missing.sum())
            block[missing] = fills[part]
    inputs = zip(encoded.inputs, fills.tolist(), strict=True)
    filled = replace(encoded, inputs=tuple(replace(feature, fill=value) for feature, value in inputs))
    if not gaps:
        return filled, ()
    how = "the mean, or the most frequent category, of the training part"
    return filled, (f"{sum(gaps.values()):,} gaps filled with {how}: {listed_gaps(gaps)}.",)


def listed_gaps(gaps: Mapping[str, int]) -> str:
    """List the columns with their numbers of gaps, as ``RM (10), TAX (2)``."""
    worst = sorted(gaps.items(), key=lambda item: -item[1])
    parts = [f"{short_name(name)} ({count:,})" for name, count in worst[:MAX_LISTED]]
    others = len(worst) - len(parts)
    return ", ".join(parts) + (f" and {others:,} more column{'s' * (others > 1)}" if others else "")


def check_numbers(table: Table, name: str, field: str) -> NDArray[np.float64]:
    """Return a column as float64 (n,), NaN where it is empty.

    Raises DatasetError for text, and for numbers too large to train on.
    """
    column = table.columns[name]
    first_wrong = first_text(table, column)
    if first_wrong is not None:
        line, text = first_wrong
        raise DatasetError(
            field,
            f"column {quoted(name)} holds text, such as {quoted(text)} in line {line}; "
            "correct it, or set it to category or ignore in kinds",
        )
    assert isinstance(column, NumberColumn)
    too_large = np.abs(column.values) > MAX_VALUE
    if too_large.any():
        index = int(too_large.argmax())
        raise DatasetError(
            field,
            f"column {quoted(name)} goes beyond {MAX_VALUE:g} with {column.values[index]:g} in line "
            f"{table.lines[index]}; rescale or remove it",
        )
    return column.values


def first_text(table: Table, column: Column) -> tuple[int, str] | None:
    """Return the line in the file and the text of the first cell that is not a number; None if all are."""
    if isinstance(column, NumberColumn):
        return None if column.wrong is None else (column.wrong.line, column.wrong.text)
    present = ~column.missing()
    if not present.any():
        return None
    index = int(present.argmax())
    return int(table.lines[index]), column.levels[column.codes[index]]


def revealing_columns(table: Table, features: Sequence[str], target: TargetColumn) -> list[str]:
    """Return the features that alone predict the target in every row: each of their values, or stretches of them.

    A number does if the classes follow each other along it without overlap, or if the target is a straight line over
    it; a category does if all its rows have the same target. Few rows, and categories of one row each, say nothing.
    """
    if len(table) < MIN_REVEALED:
        return []
    sample = np.linspace(0, len(table) - 1, min(len(table), REVEALING_SAMPLE)).astype(np.intp)
    result = []
    for name in features[:MAX_COMPARED]:
        column = table.columns[name]
        values = column.values if isinstance(column, NumberColumn) else column.codes.astype(np.float64)
        is_category = isinstance(column, TextColumn)
        if all(_reveals(values[rows], is_category, target, rows) for rows in (sample, np.arange(len(table)))):
            result.append(name)
    return result


def _reveals(values: NDArray[np.float64], is_category: bool, target: TargetColumn, rows: NDArray[np.intp]) -> bool:
    if np.isnan(values).any():
        return False
    values = values.astype(np.float64)
    goals = target.y[rows].T if target.labels is None else target.labels[rows].astype(np.float64)[None]
    return any(_reveals_one(values, is_category, goal, target.labels is None) for goal in goals)


def _reveals_one(values: NDArray[np.float64], is_category: bool, goal: NDArray[np.float64], is_number: bool) -> bool:
    """Return whether ``values`` (n,) alone predict ``goal`` (n,), a number or the index of a class."""
    if is_category:
        different = len(np.unique(values))
        pairs = len(np.unique(np.stack([values, goal]), axis=1).T)
        return 2 * different <= len(values) and pairs == different > 1
    if is_number:
        spread = float(values.std() * goal.std())
        covariance = float(np.mean((values - values.mean()) * (goal - goal.mean())))
        return spread > 0 and abs(covariance) > (1 - 1e-9) * spread
    order = np.argsort(values, kind="stable")
    ordered, classes = values[order], goal[order]
    changes = np.flatnonzero(classes[1:] != classes[:-1])
    different = len(set(classes.tolist()))  # ``np.unique`` would import half of NumPy for it
    return len(changes) == different - 1 and bool((ordered[changes] < ordered[changes + 1]).all())
