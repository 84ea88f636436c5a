"""What a target column is: a number to predict, or classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..experiment import Task, quoted
from .columns import check_complete, is_numeric, numbers, shown
from .errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MAX_INTEGER_CLASSES = 10
MAX_TEXT_CLASSES = 1000
_FIELD = "dataset.target"


@dataclass(frozen=True, slots=True, eq=False)
class TargetColumn:
    """y (n, outputs) float64, and labels (n,) as indices into ``classes`` (None for a regression)."""

    task: Task
    classes: tuple[str, ...]
    y: NDArray[np.float64]
    labels: NDArray[np.intp] | None


def read_target(table: pd.DataFrame, name: str) -> TargetColumn:
    """Classes, sorted, for text and for a few distinct integers; otherwise a number.

    Integers are classes when there are at most 10 of them, each on two rows on average: fewer rows than that
    look like a short list of measurements. Raises DatasetError for missing cells and a single value.
    """
    import numpy as np

    check_complete(table, name, _FIELD)
    if not is_numeric(table, name) or table[name].dtype == bool:
        cells = table[name].astype(str).to_numpy(dtype=object)
        return _classes(cells, name)
    values = numbers(table, name, _FIELD)
    distinct = np.unique(values)
    few = len(distinct) <= MAX_INTEGER_CLASSES and 2 * len(distinct) <= len(values)
    if few and bool((distinct == np.round(distinct)).all()):
        return _classes(values, name)
    if len(distinct) == 1:
        raise _single(name, shown(float(distinct[0])))
    return TargetColumn("regression", (), values[:, None], None)


def known_classes(table: pd.DataFrame, name: str, classes: tuple[str, ...]) -> TargetColumn:
    """The target of a catalog dataset, whose column already holds indices into ``classes``."""
    import numpy as np

    return from_labels(numbers(table, name, _FIELD).astype(np.intp), classes)


def _classes(cells: NDArray[np.generic], name: str) -> TargetColumn:
    import numpy as np

    found, labels = np.unique(cells, return_inverse=True)
    if len(found) == 1:
        raise _single(name, shown(found[0]))
    # Names and free text have a new value on nearly every row; they are no classes.
    too_many = len(found) > MAX_INTEGER_CLASSES and 2 * len(found) > len(cells)
    if too_many or len(found) > MAX_TEXT_CLASSES:
        raise DatasetError(
            _FIELD,
            f"column {quoted(name)} has {len(found)} different texts in {len(cells)} rows, too many for "
            "classes; choose another target",
        )
    return from_labels(labels.astype(np.intp), tuple(shown(value) for value in found.tolist()))


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
