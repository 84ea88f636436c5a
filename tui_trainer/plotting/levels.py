"""Numbers as levels of a colour scale, one byte each: the format in which heatmaps are sent.

0 is the low end of the scale and ``HIGHEST`` its high end; from ``MIDDLE`` on a number is in the upper half.
``UNKNOWN`` stands for NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HIGHEST, MIDDLE, UNKNOWN = 253, 127, 255


def to_levels(values: NDArray[np.floating[Any]], low: float, high: float) -> NDArray[np.uint8]:
    """Return levels, of the shape of ``values``, on a scale from ``low`` to ``high``; values beyond it are clipped."""
    with np.errstate(over="ignore", invalid="ignore"):
        bands = (values.astype(np.float64) - low) * ((HIGHEST + 1) / (high - low))
        # Only NaN is not equal to itself; casting it to an integer would give an arbitrary number.
        levels = np.clip(np.where(bands == bands, bands, 0.0), 0, HIGHEST).astype(np.uint8)
    return np.where(bands == bands, levels, np.uint8(UNKNOWN))


def unpack_levels(data: bytes, rows: int) -> NDArray[np.uint8]:
    """Return the levels (rows, columns) from the bytes of ``tobytes``; read-only."""
    return np.frombuffer(data, np.uint8).reshape(rows, -1)
