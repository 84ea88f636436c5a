"""What a target column is: a number to predict, or classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_trainer.datasets.csv_file.table import MAX_LEVELS, NumberColumn, Table, TextColumn
from tui_trainer.errors import quoted
from tui_trainer.experiment.resolve import Task

from .columns import check_numbers, shown
from .encoding import short, sorted_levels
from .errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AskedTask = Literal["regression", "classification"]

MAX_INTEGER_CLASSES = 10
MAX_CLASSES = MAX_LEVELS
_FIELD = "dataset.target"


@dataclass(frozen=True, slots=True, eq=False)
class TargetColumn:
    """y (n, outputs) float64, and labels (n,) as indices into ``classes`` (None for a regression)."""

    task: Task
    classes: tuple[str, ...]
    y: NDArray[np.float64]
    labels: NDArray[np.intp] | None


def read_target(table: Table, name: str, task: AskedTask | None = None) -> TargetColumn:
    """Classes, sorted, for text and for a few distinct integers; otherwise a number; or as ``task`` asks.

    Integers are classes when there are at most 10 of them, each on two rows on average: fewer rows than that
    look like a short list of measurements. No cell of the column may be missing. Raises DatasetError for a
    single value, for more classes than can be, and for text where a number is asked for.
    """
    import numpy as np

    column = table.columns[name]
    if isinstance(column, TextColumn) and task != "regression":
        return _text_classes(column, name)
    values = check_numbers(table, name, _FIELD)
    distinct = np.unique(values)
    if len(distinct) == 1:
        raise _single(name, shown(float(distinct[0])))
    few = len(distinct) <= MAX_INTEGER_CLASSES and 2 * len(distinct) <= len(values)
    whole = bool((distinct == np.round(distinct)).all())
    of_words = isinstance(column, NumberColumn) and column.form == "true/false"
    if task == "classification" or (task is None and ((few and whole) or of_words)):
        return _number_classes(values, distinct, name, of_words)
    return TargetColumn("regression", (), values[:, None], None)


def known_classes(table: Table, name: str, classes: tuple[str, ...]) -> TargetColumn:
    """The target of a catalog dataset, whose column already holds indices into ``classes``."""
    import numpy as np

    return from_labels(check_numbers(table, name, _FIELD).astype(np.intp), classes)


def _number_classes(
    values: NDArray[np.float64], distinct: NDArray[np.float64], name: str, of_words: bool
) -> TargetColumn:
    import numpy as np

    if len(distinct) > MAX_CLASSES:
        raise _too_many(name, f"{len(distinct):,} different numbers", len(values))
    names = ("False", "True") if of_words else tuple(shown(value) for value in distinct.tolist())
    return from_labels(np.searchsorted(distinct, values).astype(np.intp), names)


def _text_classes(column: TextColumn, name: str) -> TargetColumn:
    import numpy as np

    order = sorted_levels(column)
    if len(order) == 1:
        raise _single(name, column.levels[order[0]])
    # Names and free text have a new value on nearly every row; they are no classes.
    if column.overflows:
        raise _too_many(name, f"more than {MAX_CLASSES:,} different texts", len(column.codes))
    if len(order) > MAX_INTEGER_CLASSES and 2 * len(order) > len(column.codes):
        raise _too_many(name, f"{len(order)} different texts", len(column.codes))
    places = np.zeros(len(column.levels), np.intp)
    places[order] = np.arange(len(order))
    return from_labels(places[column.codes], tuple(short(column.levels[code]) for code in order))


def from_labels(labels: NDArray[np.intp], classes: tuple[str, ...]) -> TargetColumn:
    """The target for labels (n,), which are indices into ``classes``."""
    import numpy as np

    if len(classes) == 2:
        return TargetColumn("binary", classes, labels[:, None].astype(np.float64), labels)
    return TargetColumn("multiclass", classes, np.eye(len(classes))[labels], labels)


def _single(name: str, value: str) -> DatasetError:
    return DatasetError(
        _FIELD,
        f"column {quoted(name)} is {quoted(value)} in every row, there is nothing to learn; choose another",
    )


def _too_many(name: str, what: str, rows: int) -> DatasetError:
    reason = f"column {quoted(name)} has {what} in {rows:,} rows, too many for classes; choose another target"
    return DatasetError(_FIELD, reason)
