"""The loss over a range or two, at as many points as there is time for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.levels import HIGHEST, UNKNOWN
from tui_trainer.protocol.framing import pack
from tui_trainer.tabs.landscape.messages import Map
from tui_trainer.tabs.landscape.surface import Surface

Array = NDArray[np.float64]
Range = tuple[float, float]

SECONDS = 0.04  # that computing a grid may take, about
LEAST_AXIS = 9  # points, however long they take
MOST_COLUMNS, MOST_ROWS = 240, 160
BANDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What is shown of a surface: ``base`` (size,), ``directions`` (d, size) from there, and a range for each."""

    base: Array
    directions: Array
    ranges: tuple[Range, ...]


def compute_grid(surface: Surface, cut: Cut, columns: int, rows: int) -> Array:
    """The losses (rows, columns) over a cut with two ranges, lowest row first, or (1, columns) with one.

    Where there is no time for as many points, those between are interpolated.
    """
    columns = min(max(columns, LEAST_AXIS), MOST_COLUMNS)
    rows = min(max(rows, LEAST_AXIS), MOST_ROWS) if len(cut.ranges) == 2 else 1
    share = min(1.0, SECONDS / surface.seconds / (columns * rows))
    if rows > 1:
        share = share**0.5
    coarse_columns = min(columns, max(LEAST_AXIS, round(share * columns)))
    coarse_rows = min(rows, max(LEAST_AXIS, round(share * rows)))
    axes = [np.linspace(*one, count) for one, count in zip(cut.ranges, (coarse_columns, coarse_rows), strict=False)]
    places = np.stack([one.ravel() for one in np.meshgrid(*axes)], axis=1)
    losses = surface.values(cut.base, cut.directions, places).reshape(coarse_rows, coarse_columns)
    return _stretch(_stretch(losses, columns).T, rows).T


def draw_map(losses: Array) -> Map:
    """Losses (rows, columns), the lowest row first, in bands: evenly spaced rings where they are a round bowl."""
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        finite = np.zeros(1)
    # In a bowl the area below a loss grows with the loss, and a ring's radius with its root. On any other shape
    # such bands are of use as well.
    edges = np.quantile(finite, (np.arange(1, BANDS) / BANDS) ** 2)
    levels = (2 * np.searchsorted(edges, losses, side="right") + 1) * (HIGHEST + 1) // (2 * BANDS)
    levels = np.where(np.isfinite(losses), levels, UNKNOWN).astype(np.uint8)
    return Map(len(losses), levels[::-1].tobytes(), pack(edges), float(finite.min()), float(finite.max()))


def _stretch(values: Array, count: int) -> Array:
    """Values (k, n) as (k, count), linear between the ones there are."""
    if values.shape[1] == count:
        return values
    old, new = np.linspace(0.0, 1.0, values.shape[1]), np.linspace(0.0, 1.0, count)
    return np.stack([np.interp(new, old, row) for row in values])
