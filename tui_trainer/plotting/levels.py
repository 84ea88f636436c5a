"""Numbers as levels of a colour scale, a byte each: how pictures travel.

0 is the low end of the scale and ``HIGHEST`` its high end; from ``MIDDLE`` on a number lies in the upper half.
``UNKNOWN`` stands for what is no number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HIGHEST, MIDDLE, UNKNOWN = 253, 127, 255


def to_levels(values: NDArray[np.floating[Any]], low: float, high: float) -> NDArray[np.uint8]:
    """Levels, of the shape of ``values``, on a scale from ``low`` to ``high``; what lies beyond is at its end."""
    with np.errstate(over="ignore", invalid="ignore"):
        bands = (values.astype(np.float64) - low) * ((HIGHEST + 1) / (high - low))
        # NaN alone is not equal to itself; a cast of it would be any number.
        known = np.clip(np.where(bands == bands, bands, 0.0), 0, HIGHEST).astype(np.uint8)
    return np.where(bands == bands, known, np.uint8(UNKNOWN))


def unpack_levels(data: bytes, rows: int) -> NDArray[np.uint8]:
    """The levels (rows, columns) that ``tobytes`` made ``data`` of; read-only."""
    return np.frombuffer(data, np.uint8).reshape(rows, -1)
