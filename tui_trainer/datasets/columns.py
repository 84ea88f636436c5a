"""Which columns of a table are features and which is the target, and their numbers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ..experiment import quoted
from .errors import DatasetError, printable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# Squares of larger numbers leave the range of float32 and soon that of float64.
MAX_VALUE = 1e30
_FEATURES, _PATH = "dataset.features", "dataset.path"


def check_name(table: pd.DataFrame, name: str, field: str) -> None:
    """Raise DatasetError where the table has no such column; the sentence names similar ones."""
    _check_among([str(column) for column in table.columns], name, field)


def choose_features(table: pd.DataFrame, wanted: tuple[str, ...], target: str) -> tuple[str, ...]:
    """The wanted columns, checked; every numeric one but the target where none is wanted.

    Raises DatasetError for an unknown, doubled or text column, and where no column is numeric.
    """
    if not wanted:
        names = [str(name) for name in table.columns if name != target]
        chosen = tuple(name for name in names if is_numeric(table, name) or _is_spoilt(table, name))
        if not chosen:
            raise DatasetError(_PATH, f"besides the target {quoted(target)} there is no numeric column to learn from")
        return chosen
    check_wanted([str(column) for column in table.columns], wanted, target)
    return wanted


def check_wanted(names: Sequence[str], wanted: tuple[str, ...], target: str) -> None:
    """Raise DatasetError for a wanted feature that is not among ``names``, doubled, or the target."""
    for place, name in enumerate(wanted):
        if name in wanted[:place]:
            raise DatasetError(_FEATURES, f"{quoted(name)} is chosen twice; remove one")
        if name == target:
            raise DatasetError(_FEATURES, f"{quoted(name)} is the target; remove it or choose another target")
        _check_among(names, name, _FEATURES)


def numbers(table: pd.DataFrame, name: str, field: str = _FEATURES) -> NDArray[np.float64]:
    """A column as float64 (n,); DatasetError for text, missing cells, and numbers too large to train on."""
    import numpy as np

    column = table[name]
    check_complete(table, name, field)
    if not is_numeric(table, name):
        column = _parsed(column)
    if column.isna().any():
        bad = _first(column, column.isna())
        raise DatasetError(
            field,
            f"column {quoted(name)} holds text, such as {quoted(str(table[name][bad]))} in row {bad}; "
            "correct it or choose numeric columns",
        )
    values = column.to_numpy(dtype=np.float64)
    wrong = ~(np.abs(values) <= MAX_VALUE)
    if wrong.any():
        row = column.index[int(wrong.argmax())]
        raise DatasetError(
            field,
            f"column {quoted(name)} goes beyond {MAX_VALUE:g} with {values[wrong.argmax()]:g} in row {row}; "
            "rescale or remove it",
        )
    return values


def check_complete(table: pd.DataFrame, name: str, field: str) -> None:
    """Raise DatasetError where cells of the column are empty (or "NA", "nan", "null")."""
    missing = table[name].isna()
    count = int(missing.sum())
    if count == len(missing):
        raise DatasetError(field, f"column {quoted(name)} is empty; choose another")
    if count:
        raise DatasetError(
            field,
            f"column {quoted(name)} has {count} missing value{'s' * (count > 1)}, the first in row "
            f"{_first(table[name], missing)} of the file; fill or remove {'them' if count > 1 else 'it'}",
        )


def numeric_columns(table: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Every complete numeric column as float64 (n,), in the order of the file."""
    found = {}
    for name in map(str, table.columns):
        if is_numeric(table, name):
            try:
                found[name] = numbers(table, name)
            except DatasetError:
                # Not chosen for training, so no reason to refuse the file: it is just not shown.
                continue
    return found


def is_numeric(table: pd.DataFrame, name: str) -> bool:
    """Whether pandas read the column as numbers (true and false are numbers too)."""
    import pandas as pd

    return pd.api.types.is_numeric_dtype(table[name])


def shown(value: object) -> str:
    """A class's name, from the value in the table: 3.0 as "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else printable(str(value))


def _check_among(names: Sequence[str], name: str, field: str) -> None:
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    shown = ", ".join(quoted(column) for column in near or names[:8])
    hint = "did you mean" if near else "the columns are"
    more = ", …" if not near and len(names) > 8 else ""
    raise DatasetError(field, f"there is no column {quoted(name)}; {hint} {shown}{more}")


def _is_spoilt(table: pd.DataFrame, name: str) -> bool:
    """Whether a text column is mostly numbers: leaving it out would hide the typo that made it text."""
    held = table[name].dropna()
    return len(held) > 0 and int(_parsed(held).notna().sum()) * 2 >= len(held)


def _parsed(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.to_numeric(column.astype("str"), errors="coerce")


def _first(column: pd.Series[Any], where: pd.Series[Any]) -> int:
    """The row number of the first cell for which ``where`` is true; of the first cell where none is."""
    return cast(int, column.index[int(where.to_numpy().argmax())])
