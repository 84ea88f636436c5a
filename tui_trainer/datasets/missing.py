"""Cells without a value: rows dropped, or gaps filled from the training part; and both told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv_file.table import Table
from tui_trainer.errors import printable, quoted

from .encoding import Encoded
from .errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMES_TOLD = 6


def complete_rows(table: Table, names: Iterable[str]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Which rows (n,) have a value in all of the columns, and how many gaps each column with gaps has."""
    import numpy as np

    complete = np.ones(len(table), bool)
    gaps = {}
    for name in names:
        missing = table.columns[name].missing()
        if missing.any():
            gaps[name] = int(missing.sum())
            complete &= ~missing
    return complete, gaps


def drop_rows(table: Table, names: Iterable[str]) -> tuple[Table, tuple[str, ...]]:
    """The rows that have a value in all of the columns, and the sentence about the others.

    Raises DatasetError where fewer than two rows are left.
    """
    kept, gaps = complete_rows(table, names)
    count = int(kept.sum())
    if count < 2:
        held = f"only {count:,} of {len(table):,} rows {'has' if count == 1 else 'have'} a value in every column"
        remedy = "fill the gaps, or leave columns out"
        raise DatasetError("dataset.missing", f"{held}; no value in {_listed(gaps)}; {remedy}")
    if not gaps:
        return table, ()
    dropped = len(table) - count
    rows = "row" if len(table) == 1 else "rows"
    return table.take(kept), (f"{dropped:,} of {len(table):,} {rows} dropped: no value in {_listed(gaps)}.",)


def fill(encoded: Encoded, train: NDArray[np.intp]) -> tuple[str, ...]:
    """Fill the gaps of ``encoded.x`` in place, and return the sentence about it.

    A number gets the mean, a category the most frequent one, of the rows ``train``. Raises DatasetError for a
    column that has no value there.
    """
    import numpy as np

    gaps = {}
    for name, part in encoded.parts.items():
        block = encoded.x[:, part]
        missing = np.isnan(block[:, 0])
        if not missing.any():
            continue
        gaps[name] = int(missing.sum())
        known = block[train][~missing[train]]
        if not len(known):
            reason = f"column {quoted(name)} has no value in the training part, so its gaps can't be filled"
            raise DatasetError("dataset.missing", f"{reason}; leave it out")
        means = known.mean(axis=0)
        block[missing] = np.eye(len(means))[means.argmax()] if name in encoded.levels else means
    if not gaps:
        return ()
    how = "the mean, or the most frequent category, of the training part"
    return (f"{sum(gaps.values()):,} gaps filled with {how}: {_listed(gaps)}.",)


def _listed(gaps: Mapping[str, int]) -> str:
    """The columns with the numbers of their gaps, as ``RM (10), TAX (2)``."""
    worst = sorted(gaps.items(), key=lambda item: -item[1])
    told = [f"{printable(name)} ({count:,})" for name, count in worst[:NAMES_TOLD]]
    others = len(worst) - len(told)
    return ", ".join(told) + (f" and {others:,} more column{'s' * (others > 1)}" if others else "")
