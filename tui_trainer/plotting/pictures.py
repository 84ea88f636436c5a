"""Draws pictures of pixels: two a cell where there are colours, and shades of characters where there are few or none.

A picture is enlarged by a whole number of times, or several of its pixels are averaged to one, so that it stays what it
is.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from .heatmaps import BACKGROUND, Characters, Codes, Form, cells, level_tints
from .plot import HIGHEST, STEPS, Levels


def picture_size(rows: int, columns: int, width: int, height: int) -> tuple[int, int]:
    """Return how many cells a picture of ``rows`` x ``columns`` pixels takes of ``width`` x ``height``: across, down.

    They are as many as there is room for, and 0 if there is none.
    """
    if width < 1 or height < 1:
        return 0, 0
    times = min(width // columns, 2 * height // rows)
    if times:
        return times * columns, ceil(times * rows / 2)
    pixels = _averaged(rows, columns, width, height)
    return ceil(columns / pixels), ceil(ceil(rows / pixels) / 2)


def _averaged(rows: int, columns: int, width: int, height: int) -> int:
    """Return how many pixels in each direction become one."""
    return max(ceil(columns / width), ceil(rows / (2 * height)))


def draw_picture(levels: Levels, scale: int, width: int, height: int, form: Form) -> tuple[Characters, Codes]:
    """Return characters and codes (down, across) of a picture of levels (rows, columns) on a scale of colours.

    It takes as many cells of ``width`` x ``height`` as ``picture_size`` says.
    """
    rows, columns = levels.shape
    times = min(width // columns, 2 * height // rows)
    if times:
        shown = levels.repeat(times, axis=0).repeat(times, axis=1)
    else:
        pixels = _averaged(rows, columns, width, height)
        shown = _mean_blocks(levels, pixels, pixels)
    if form != "pixels":  # a character is one shade
        shown = _mean_blocks(shown, 2, 1).repeat(2, axis=0)
    tints = level_tints(shown, scale, STEPS)
    if len(tints) % 2:
        tints = np.vstack([tints, np.full((1, tints.shape[1]), BACKGROUND, tints.dtype)])
    return cells(tints, form)


def _mean_blocks(levels: Levels, down: int, across: int) -> NDArray[np.uint8]:
    """Return the mean of each block of ``down`` x ``across`` levels (rows, columns); the last ones may be smaller."""
    starts = (np.arange(0, size, step) for size, step in zip(levels.shape, (down, across), strict=True))
    top, left = starts
    sums = np.add.reduceat(np.add.reduceat(levels.astype(np.float64), top, axis=0), left, axis=1)
    counts = np.outer(*(np.diff([*start, size]) for start, size in zip((top, left), levels.shape, strict=True)))
    return np.minimum(np.rint(sums / counts), HIGHEST).astype(np.uint8)
