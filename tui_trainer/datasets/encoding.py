"""The chosen columns as one matrix: numbers as they are, categories one-hot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv_file.table import Table, TextColumn
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import ColumnKind

from .column_types import MAX_CATEGORIES
from .columns import check_numbers
from .errors import DatasetError
from .memory import check_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 60  # characters of a category in a feature's name


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the columns come to.

    Shapes: x (n, features), NaN where a cell is missing; ``indicators`` (features,) is true for the 0/1 columns
    of categories. ``parts`` say which features each column of the file became.
    """

    names: tuple[str, ...]
    x: NDArray[np.float64]
    indicators: NDArray[np.bool_]
    parts: dict[str, slice]
    levels: dict[str, tuple[str, ...]]


def encode(table: Table, features: tuple[str, ...], kinds: dict[str, ColumnKind]) -> Encoded:
    """The ``features`` of the table; a category ``red`` of ``colour`` is the feature ``colour=red``.

    Categories are in alphabetical order, and those of no row are left out. Raises DatasetError for text in a
    number, for more than 50 categories, and where the numbers would not fit the memory.
    """
    import numpy as np

    orders = {name: _categories(table, name) for name in features if _is_category(table, name, kinds)}
    widths = [len(orders[name]) if name in orders else 1 for name in features]
    check_memory(len(table), sum(widths))
    x = np.zeros((len(table), sum(widths)))
    indicators = np.zeros(sum(widths), bool)
    names: list[str] = []
    parts, levels = {}, {}
    for name, width in zip(features, widths, strict=True):
        start = len(names)
        parts[name] = slice(start, start + width)
        column = table.columns[name]
        if name in orders:
            assert isinstance(column, TextColumn)
            levels[name] = tuple(short(column.levels[code]) for code in orders[name])
            names += [f"{name}={level}" for level in levels[name]]
            indicators[parts[name]] = True
            _fill_one_hot(x[:, parts[name]], column, orders[name])
        else:
            names.append(name)
            x[:, start] = check_numbers(table, name, "dataset.features")
    return Encoded(tuple(names), x, indicators, parts, levels)


def sorted_levels(column: TextColumn) -> list[int]:
    """The codes that occur, in the order of their texts: numbers by size, others by the alphabet."""
    import numpy as np

    used = [int(code) for code in np.unique(column.codes) if code >= 0]
    try:
        return sorted(used, key=lambda code: float(column.levels[code]))
    except ValueError:
        return sorted(used, key=lambda code: column.levels[code])


def codes_in_order(column: TextColumn, order: list[int]) -> NDArray[np.float64]:
    """(n,): the place of each cell's category in ``order``, NaN where it is missing."""
    import numpy as np

    places = np.full(len(column.levels) + 1, np.nan)  # the last one is for a code of -1
    places[order] = np.arange(len(order))
    return places[column.codes]


def short(text: str) -> str:
    """A category as part of a name."""
    return printable(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _is_category(table: Table, name: str, kinds: dict[str, ColumnKind]) -> bool:
    """Whether a feature is a category: as its kind says, and any text that was chosen by name."""
    return kinds[name] != "number" and isinstance(table.columns[name], TextColumn)


def _categories(table: Table, name: str) -> list[int]:
    column = table.columns[name]
    assert isinstance(column, TextColumn)
    order = sorted_levels(column)
    if column.overflows or len(order) > MAX_CATEGORIES:
        many = f"more than {len(column.levels):,}" if column.overflows else f"{len(order):,}"
        reason = f"column {quoted(name)} has {many} different texts, as a category it may have {MAX_CATEGORIES}"
        raise DatasetError("dataset.features", f"{reason}; leave it out")
    return order


def _fill_one_hot(x: NDArray[np.float64], column: TextColumn, order: list[int]) -> None:
    """Write a 1 into each row of ``x`` (n, categories), which is 0; NaN where the cell is missing."""
    import numpy as np

    places = codes_in_order(column, order)
    held = ~np.isnan(places)
    x[np.flatnonzero(held), places[held].astype(np.intp)] = 1.0
    x[~held] = np.nan
