"""A heatmap's grid and marks as characters and codes: two pixels a cell, or one character where colours are few."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.frame import AXIS
from tui_trainer.plotting.plot import Array
from tui_trainer.ui.plotting.heatmap import STEPS, Heatmap, Marks
from tui_trainer.ui.plotting.scale import Scale
from tui_trainer.ui.plotting.tints import (
    BACKGROUND,
    CLASSES,
    CUT_OUT,
    DIVERGING,
    DIVERGING_MARKS,
    FIRST_SHADE,
    SHADES,
    TINTS,
    UNKNOWN_TINT,
    Codes,
    level_tints,
    mark_tint,
    pixel_tints,
)

Form = Literal["pixels", "shades", "ascii"]
Characters = NDArray[np.str_]
Places = NDArray[np.intp]

SHADED = np.array(list(" ░▒▓█"))
RAMP = np.array(list(" .:-=+*#%@"))
TEXTURES = np.array(list(".:-=+~\"'^_"))  # of classes, where only characters tell them apart
LONGEST_LEAP = 1000  # pixels of one piece of a path
UNSURE = 0.25  # part of a scale below which a class has no texture


def draw_canvas(heatmap: Heatmap, columns: int, rows: int, form: Form) -> tuple[Characters, Codes]:
    """Characters and codes, both (rows, columns), of a heatmap with its marks."""
    tints = stretch(pixel_tints(heatmap), 2 * rows, columns)
    characters, codes = cells(tints, form)
    for marks in heatmap.marks:
        row, column, index = places(heatmap, marks, columns, 2 * rows)
        characters[row // 2, column] = marks.ascii if form == "ascii" else marks.glyph
        front: int | Codes = _mark_tints(marks, index)
        behind: int | Codes = tints[row, column] if form == "pixels" else BACKGROUND
        if marks.solid and form == "pixels":
            front, behind = CUT_OUT, front
        codes[row // 2, column] = behind * TINTS + front
    return characters, codes


def cells(tints: Codes, form: Form) -> tuple[Characters, Codes]:
    """Characters and codes (rows, columns) of pixels (2 * rows, columns), given by their tints."""
    upper, lower = tints[::2], tints[1::2]
    if form == "pixels":
        return np.where(upper == lower, " ", "▀"), (lower * TINTS + upper).astype(np.int32)
    return _characters(upper, form)


def stretch(grid: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """``grid`` as (rows, columns) of its nearest pixels: while the grid of that size is on its way."""
    if grid.shape == (rows, columns):
        return grid
    places = [
        np.rint(np.linspace(0, size - 1, wanted)).astype(np.intp)
        for size, wanted in zip(grid.shape, (rows, columns), strict=True)
    ]
    return grid[np.ix_(*places)]


def places(heatmap: Heatmap, marks: Marks, columns: int, rows: int) -> tuple[Places, Places, Places]:
    """Row and column (n,) of the pixel of each mark within the axes, and its index; of a path, all on its way."""
    x, y = pixels(heatmap, marks.x, marks.y, columns, rows)
    if marks.path:
        x, y = _join(x, y)
    inside = np.flatnonzero((x > -0.5) & (x < columns - 0.5) & (y > -0.5) & (y < rows - 0.5))
    return np.rint(y[inside]).astype(np.intp), np.rint(x[inside]).astype(np.intp), inside


def pixels(heatmap: Heatmap, x: Array, y: Array, columns: int, rows: int) -> tuple[Array, Array]:
    """Where points (n,) of the axes lie on a canvas of ``columns`` x ``rows`` pixels: column and row, as fractions."""
    across, down = Scale(*heatmap.x_limits).fraction(x), 1 - Scale(*heatmap.y_limits).fraction(y)
    return across * (columns - 1), down * (rows - 1)


def place(heatmap: Heatmap, column: float, row: float, columns: int, rows: int) -> tuple[float, float]:
    """The reverse for one point: x and y of a pixel; between two pixels the row is a fraction."""
    (x_low, x_high), (y_low, y_high) = heatmap.x_limits, heatmap.y_limits
    x = x_low + column / max(columns - 1, 1) * (x_high - x_low)
    return x, y_high - row / max(rows - 1, 1) * (y_high - y_low)


def _mark_tints(marks: Marks, index: Places) -> int | Codes:
    if marks.levels is None:
        return mark_tint(marks.color)
    return level_tints(marks.levels[index], DIVERGING_MARKS, STEPS)


def _join(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (n,) as all pixels of the way along them; of a leap far beyond the canvas not all."""
    if len(x) < 2:
        return x, y
    dx, dy = np.diff(x), np.diff(y)
    reach = np.nan_to_num(np.maximum(np.abs(dx), np.abs(dy)), nan=0.0, posinf=0.0)
    counts = np.clip(np.ceil(reach), 1, LONGEST_LEAP).astype(np.intp)
    start = np.repeat(np.arange(len(dx)), counts)
    part = (np.arange(len(start)) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / np.repeat(counts, counts)
    return np.append(x[0], x[start] + part * dx[start]), np.append(y[0], y[start] + part * dy[start])


def _characters(tints: Codes, form: Form) -> tuple[Characters, Codes]:
    """One character a cell (rows, columns): in the strongest shade of its colour, or in none where it tells all."""
    scale, shade = np.divmod(np.maximum(tints - FIRST_SHADE, 0), SHADES)
    two_ended = scale == DIVERGING
    if form == "shades":
        strength = np.where(two_ended, np.abs(2 * shade - (SHADES - 1)), shade)
        characters = SHADED[strength * len(SHADED) // SHADES]
        strongest = np.where(two_ended & (shade < SHADES // 2), 0, SHADES - 1)
        codes = FIRST_SHADE + scale * SHADES + strongest
    else:
        texture = np.where(shade > UNSURE * SHADES, TEXTURES[scale % len(TEXTURES)], " ")
        characters = np.where(scale < CLASSES, texture, RAMP[shade * len(RAMP) // SHADES])
        codes = np.full_like(tints, AXIS)
    unknown = tints == UNKNOWN_TINT
    return np.where(unknown, "?", characters), np.where(unknown, UNKNOWN_TINT, codes).astype(np.int32)
