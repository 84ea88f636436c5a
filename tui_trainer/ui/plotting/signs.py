"""Signs on a line, by which it is told from others where there are no colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.axes import Area
from tui_trainer.plotting.plot import Array

CELLS_PER_SIGN = 12


def sign_cells(x: Array, y: Array, area: Area) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows (k,) and columns (k,) of the canvas for signs on a line x (n,), y (n,), given as fractions.

    One to each few columns that the line crosses. A sign fills its cell, so it stands where the line goes through the
    middle of one, if there is such a place.
    """
    columns = np.arange(area.columns)
    across = (columns + 0.5) / area.columns
    crossed = (across >= x.min()) & (across <= x.max())
    if not crossed.any():
        crossed[min(int(x[-1] * area.columns), area.columns - 1)] = True
    order = np.argsort(x, kind="stable")
    dot = np.rint(np.interp(across, x[order], y[order]) * (area.rows * area.down - 1)).astype(np.intp)
    crossed &= (dot >= 0) & (dot < area.rows * area.down)
    columns, dot = columns[crossed], dot[crossed]
    from_middle = np.abs(dot % area.down - (area.down - 1) / 2)
    group = columns // CELLS_PER_SIGN
    best = np.lexsort((np.abs(columns % CELLS_PER_SIGN - CELLS_PER_SIGN / 2), from_middle, group))
    first = best[np.unique(group[best], return_index=True)[1]]
    return area.rows - 1 - dot[first] // area.down, columns[first]
