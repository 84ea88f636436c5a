"""Draws heatmaps: the pixels and marks, above them y and the colour bar, below them x and the legend.

The grid and its marks become characters and codes: two pixels a cell, or one character where there are few colours.
A tint is a colour as a number, and a code combines a cell's two tints, ``behind * TINTS + front``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tui_trainer.settings import Markers

from .axes import Area, Scale, Tick, ticks, write_x_axis, write_y_axis
from .frame import AXIS, TEXT, Board, Frame, one_cell, shorten
from .plot import HIGHEST, MARK_COLORS, STEPS, UNKNOWN, Array, Gradient, Heatmap, Levels, Marks

Form = Literal["pixels", "shades", "ascii"]
Characters = NDArray[np.str_]
Indices = NDArray[np.intp]
Codes = NDArray[np.int32]

# The layout, in cells
ROWS_PER_TICK = 4
GAP = 2
MIN_COLUMNS, MIN_ROWS = 16, 8  # a smaller board has only the canvas
MIN_SQUARE = 4  # rows of a square canvas at least
MIN_GRADIENT = 3
ABOVE, BELOW = 1, 2  # rows above and below the canvas
# Characters for terminals with few colours
SHADED = np.array(list(" ░▒▓█"))
RAMP = np.array(list(" .:-=+*#%@"))
TEXTURES = np.array(list(".:-=+~\"'^_"))  # of classes, if only characters distinguish them
UNSURE = 0.25  # part of a scale below which a class has no texture
MAX_SEGMENT = 1000  # pixels of one segment of a path
# Tints: 0 and 255 are the roles TEXT and AXIS of a frame, marks come after TEXT, then the scales, classes first
BACKGROUND = 0  # of the widget, behind everything that is not a pixel
FIRST_MARK = 1
UNKNOWN_TINT = 254
FIRST_SHADE = 256
SHADES = 64  # tints of one scale, from its low end to its high one
CLASSES = 10  # scales
DIVERGING, SEQUENTIAL, DIVERGING_MARKS, GREY = range(CLASSES, CLASSES + 4)
CUT_OUT = FIRST_SHADE + SEQUENTIAL * SHADES  # the colour of the background, in front of another
TINTS = 2048  # more than are used


def render_heatmap(heatmap: Heatmap, width: int, height: int, form: Form = "pixels") -> Frame:
    """Draw a heatmap into exactly ``height`` rows of ``width`` cells; the roles are codes of tints."""
    board = Board(width, height, np.int32)
    if not board.characters.size:
        return board.frame()
    if not heatmap.levels.size:
        board.write_centered(heatmap.empty, AXIS)
        return board.frame()
    area, y_ticks = layout(heatmap, width, height)
    characters, codes = draw_canvas(heatmap, area.columns, area.rows, form)
    board.characters[area.top : area.top + area.rows, area.left : area.left + area.columns] = characters
    board.roles[area.top : area.top + area.rows, area.left : area.left + area.columns] = codes
    if area.top and not heatmap.bare:
        markers: Markers = "ascii" if form == "ascii" else "braille"
        write_y_axis(board, area, Scale(*heatmap.y_limits), y_ticks, markers)
        _write_header(board, heatmap, form)
        name = one_cell(heatmap.x_label)
        x_is_named = _write_legend(board, heatmap, area, form, name)
        write_x_axis(board, area, Scale(*heatmap.x_limits), "" if x_is_named else name, markers)
    return board.frame()


def layout(heatmap: Heatmap, width: int, height: int) -> tuple[Area, list[Tick]]:
    """Return the canvas, and the ticks beside it; a square canvas is centred in the available room."""
    if heatmap.bare:
        columns, rows = _canvas_size(heatmap, width, height)
        return Area((width - columns) // 2, (height - rows) // 2, columns, rows, 1, 2), []
    if width < MIN_COLUMNS or height < MIN_ROWS:
        return Area(0, 0, width, height, 1, 2), []
    most_rows = height - ABOVE - BELOW - any(marks.label for marks in heatmap.marks)
    y_ticks = ticks(Scale(*heatmap.y_limits), max(2, most_rows // ROWS_PER_TICK + 1))
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    room = max(width - left, 1)
    columns, rows = _canvas_size(heatmap, room, most_rows)
    return Area(left + (room - columns) // 2, ABOVE, columns, rows, 1, 2), y_ticks


def _canvas_size(heatmap: Heatmap, width: int, height: int) -> tuple[int, int]:
    """Return columns and rows of the canvas: all that there are, or as many as give both axes one unit."""
    if not heatmap.square:
        return width, height
    # A pixel is as wide as it is high: half a cell.
    (x_low, x_high), (y_low, y_high) = heatmap.x_limits, heatmap.y_limits
    pixels_across = 2 * (x_high - x_low) / (y_high - y_low)  # for each row of cells
    columns = round(height * pixels_across)
    if columns <= width:
        return min(width, max(columns, MIN_COLUMNS)), height
    return width, max(min(height, MIN_SQUARE), round(width / pixels_across))


def _write_header(board: Board, heatmap: Heatmap, form: Form) -> None:
    """Write the colour bar at the right, y at the left and, if there is room, the title between."""
    room = board.width - _write_bar(board, heatmap, form)
    name = shorten(one_cell(heatmap.y_label), room)
    board.write(0, 0, name, TEXT)
    title = one_cell(heatmap.title)
    start = (room - len(title)) // 2
    if start < len(name) + GAP:
        start = len(name) + GAP if name else 0
    if start + len(title) <= room:
        board.write(0, start, title, TEXT)


def _write_bar(board: Board, heatmap: Heatmap, form: Form) -> int:
    """Write the colour bar, its gradients shortened if necessary; return the cells it takes with its gap."""
    parts = [one_cell(part) if isinstance(part, str) else part for part in heatmap.bar]
    texts = sum(len(part) for part in parts if isinstance(part, str))
    gradients = [part for part in parts if isinstance(part, Gradient)]
    full_width = sum(part.cells for part in gradients)
    share = min(1.0, max(board.width // 2 - texts, 0) / full_width) if full_width else 1.0
    sizes = [max(int(part.cells * share), MIN_GRADIENT) if isinstance(part, Gradient) else len(part) for part in parts]
    column = max(board.width - sum(sizes), 0)
    used = board.width - column
    for part, size in zip(parts, sizes, strict=True):
        if isinstance(part, str):
            board.write(0, column, part, TEXT)
        else:
            _write_gradient(board, column, part, size, heatmap, form)
        column += size
    return used + GAP if parts else 0


def _write_gradient(board: Board, column: int, part: Gradient, cells: int, heatmap: Heatmap, form: Form) -> None:
    cells = min(cells, board.width - column)
    if cells < 1:
        return
    levels = np.rint(np.linspace(part.low, part.high, cells)).astype(np.uint8)
    grid = np.vstack([levels, levels])
    kinds = None if heatmap.kinds is None else np.full_like(grid, part.kind)
    piece = Heatmap(grid, palette=heatmap.palette, kinds=kinds, steps=heatmap.steps)
    characters, codes = draw_canvas(piece, cells, 1, form)
    board.characters[0, column : column + cells] = characters[0]
    board.roles[0, column : column + cells] = codes[0]


def _write_legend(board: Board, heatmap: Heatmap, area: Area, form: Form, name: str) -> bool:
    """Write the entries of the legend that fit, then the name of x; return whether that fits, too."""
    row, column = area.top + area.rows + BELOW, area.left
    for marks in heatmap.marks:
        label = one_cell(marks.ascii_label or marks.label if form == "ascii" else marks.label)
        if not label or column + 2 + len(label) > board.width:
            continue
        board.write(row, column, marks.ascii if form == "ascii" else marks.glyph, mark_tint(marks.color))
        board.write(row, column + 2, label, TEXT)
        column += 2 + len(label) + GAP
    start = area.left + area.columns - len(name)
    fits = row < board.height and start >= column
    if fits:
        board.write(row, start, name, TEXT)
    return fits


def draw_canvas(heatmap: Heatmap, columns: int, rows: int, form: Form) -> tuple[Characters, Codes]:
    """Return characters and codes, both (rows, columns), of a heatmap with its marks."""
    tints = stretch(pixel_tints(heatmap), 2 * rows, columns)
    characters, codes = cells(tints, form)
    for marks in heatmap.marks:
        row, column, index = mark_pixels(heatmap, marks, columns, 2 * rows)
        characters[row // 2, column] = marks.ascii if form == "ascii" else marks.glyph
        front: int | Codes = _mark_tints(marks, index)
        behind: int | Codes = tints[row, column] if form == "pixels" else BACKGROUND
        if marks.solid and form == "pixels":
            front, behind = CUT_OUT, front
        codes[row // 2, column] = behind * TINTS + front
    return characters, codes


def cells(tints: Codes, form: Form) -> tuple[Characters, Codes]:
    """Return characters and codes (rows, columns) of pixels (2 * rows, columns), given by their tints."""
    upper, lower = tints[::2], tints[1::2]
    if form == "pixels":
        return np.where(upper == lower, " ", "▀"), (lower * TINTS + upper).astype(np.int32)
    return _characters(upper, form)


def stretch(grid: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Resize ``grid`` to (rows, columns) by nearest pixels, until the grid of that size arrives."""
    if grid.shape == (rows, columns):
        return grid
    return grid[_nearest(grid.shape[0], rows)[:, None], _nearest(grid.shape[1], columns)]


@lru_cache(maxsize=256)
def _nearest(size: int, target: int) -> NDArray[np.intp]:
    """Return which of ``size`` pixels is nearest to each of ``target`` (target,)."""
    return np.rint(np.linspace(0, size - 1, target)).astype(np.intp)


def mark_pixels(heatmap: Heatmap, marks: Marks, columns: int, rows: int) -> tuple[Indices, Indices, Indices]:
    """Return row, column and index (n,) of each mark within the axes; of a path, of all its pixels."""
    x, y = pixels(heatmap, marks.x, marks.y, columns, rows)
    if marks.path:
        x, y = _join(x, y)
    inside = np.flatnonzero((x > -0.5) & (x < columns - 0.5) & (y > -0.5) & (y < rows - 0.5))
    return np.rint(y[inside]).astype(np.intp), np.rint(x[inside]).astype(np.intp), inside


def pixels(heatmap: Heatmap, x: Array, y: Array, columns: int, rows: int) -> tuple[Array, Array]:
    """Return column and row, as fractions, of points (n,) on a canvas of ``columns`` x ``rows`` pixels."""
    across, down = Scale(*heatmap.x_limits).fraction(x), 1 - Scale(*heatmap.y_limits).fraction(y)
    return across * (columns - 1), down * (rows - 1)


def point_at(heatmap: Heatmap, column: float, row: float, columns: int, rows: int) -> tuple[float, float]:
    """Return x and y of a pixel, the reverse of ``pixels`` for one point; between pixels, the row is a fraction."""
    (x_low, x_high), (y_low, y_high) = heatmap.x_limits, heatmap.y_limits
    x = x_low + column / max(columns - 1, 1) * (x_high - x_low)
    return x, y_high - row / max(rows - 1, 1) * (y_high - y_low)


def _mark_tints(marks: Marks, index: Indices) -> int | Codes:
    if marks.levels is None:
        return mark_tint(marks.color)
    return level_tints(marks.levels[index], DIVERGING_MARKS, STEPS)


def _join(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return all pixels of the path along points (n,); of a segment far beyond the canvas, only some."""
    if len(x) < 2:
        return x, y
    dx, dy = np.diff(x), np.diff(y)
    lengths = np.nan_to_num(np.maximum(np.abs(dx), np.abs(dy)), nan=0.0, posinf=0.0)
    counts = np.clip(np.ceil(lengths), 1, MAX_SEGMENT).astype(np.intp)
    start = np.repeat(np.arange(len(dx)), counts)
    part = (np.arange(len(start)) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / np.repeat(counts, counts)
    return np.append(x[0], x[start] + part * dx[start]), np.append(y[0], y[start] + part * dy[start])


def _characters(tints: Codes, form: Form) -> tuple[Characters, Codes]:
    """Return one character a cell (rows, columns), in the strongest shade of its colour or, in ASCII, in none."""
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


def difference(before: NDArray[np.integer[Any]], after: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return how much two arrays of codes (height, width) differ to the eye, from 0 to 1."""
    parts = []
    for one, other in zip(np.divmod(before, TINTS), np.divmod(after, TINTS), strict=True):
        (scale, shade), (other_scale, other_shade) = (
            np.divmod(tint - FIRST_SHADE, SHADES) for tint in (one.astype(np.int32), other.astype(np.int32))
        )
        nearness = np.abs(shade - other_shade) / SHADES
        comparable = (scale == other_scale) & (np.minimum(one, other) >= FIRST_SHADE)
        parts.append(np.where(one == other, 0.0, np.where(comparable, nearness, 1.0)))
    return np.maximum(*parts)


def code(front: int, behind: int = BACKGROUND) -> int:
    """Return the code of a character of one tint on another."""
    return behind * TINTS + front


def mark_tint(color: str) -> int:
    """Return the tint of marks of a colour."""
    return FIRST_MARK + MARK_COLORS.index(color)


def pixel_tints(heatmap: Heatmap) -> Codes:
    """Return the tints (rows, columns) of a heatmap's pixels."""
    scale: int | NDArray[np.int32] = SEQUENTIAL if heatmap.palette == "sequential" else DIVERGING
    if heatmap.palette == "classes" and heatmap.kinds is not None:
        scale = heatmap.kinds.astype(np.int32) % CLASSES
    return level_tints(heatmap.levels, scale, heatmap.steps)


def level_tints(levels: Levels, scale: int | NDArray[np.int32], steps: int) -> Codes:
    """Return the tints of levels on one scale, or on a scale for each (same shape); unknown levels have their own."""
    tints = FIRST_SHADE + scale * SHADES + shades(steps)[levels]
    return np.where(levels == UNKNOWN, np.int32(UNKNOWN_TINT), tints)


@lru_cache
def shades(steps: int) -> Codes:
    """Return the shade (256,) of each level, reduced to ``steps``; a single one is the strongest."""
    levels = np.minimum(np.arange(256), HIGHEST)
    step = levels * steps // (HIGHEST + 1)
    if steps == 1:
        return np.full(256, SHADES - 1, np.int32)
    return np.rint(step / (steps - 1) * (SHADES - 1)).astype(np.int32)
