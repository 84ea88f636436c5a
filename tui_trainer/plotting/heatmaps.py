"""A heatmap with all that stands around it, as a frame: y and the colour bar above, x and the legend below."""

from __future__ import annotations

import numpy as np

from tui_trainer.settings.schema import Markers
from tui_trainer.ui.plotting.heatmap import Gradient, Heatmap
from tui_trainer.ui.plotting.pixels import Form, draw_canvas
from tui_trainer.ui.plotting.scale import Scale
from tui_trainer.ui.plotting.ticks import Tick, ticks
from tui_trainer.ui.plotting.tints import mark_tint

from .axes import Area, write_x_axis, write_y_axis
from .frame import AXIS, TEXT, Board, Frame, one_cell, shorten

ROWS_PER_TICK = 4
GAP = 2
LEAST_COLUMNS, LEAST_ROWS = 16, 8  # a smaller board keeps nothing but the canvas
LEAST_GRADIENT = 3  # cells
ABOVE, BELOW = 1, 2


def render(heatmap: Heatmap, width: int, height: int, form: Form = "pixels") -> Frame:
    """Draw a heatmap into exactly ``height`` rows of ``width`` cells; the roles are codes of tints."""
    board = Board(width, height, np.int32)
    if not board.characters.size:
        return board.frame()
    if not heatmap.levels.size:
        board.write_in_the_middle(heatmap.empty, AXIS)
        return board.frame()
    area, y_ticks = layout(heatmap, width, height)
    characters, codes = draw_canvas(heatmap, area.columns, area.rows, form)
    board.characters[area.top : area.top + area.rows, area.left : area.left + area.columns] = characters
    board.roles[area.top : area.top + area.rows, area.left : area.left + area.columns] = codes
    if area.top:
        markers: Markers = "ascii" if form == "ascii" else "braille"
        write_y_axis(board, area, Scale(*heatmap.y_limits), y_ticks, markers)
        _write_header(board, heatmap, form)
        name = one_cell(heatmap.x_label)
        written = _write_legend(board, heatmap, area, form, name)
        write_x_axis(board, area, Scale(*heatmap.x_limits), "" if written else name, markers)
    return board.frame()


def layout(heatmap: Heatmap, width: int, height: int) -> tuple[Area, list[Tick]]:
    """The canvas, and the ticks beside it; a square one stands in the middle of the room there is."""
    if width < LEAST_COLUMNS or height < LEAST_ROWS:
        return Area(0, 0, width, height, 1, 2), []
    rows = height - ABOVE - BELOW - any(marks.label for marks in heatmap.marks)
    y_ticks = ticks(Scale(*heatmap.y_limits), max(2, rows // ROWS_PER_TICK + 1))
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    room = columns = max(width - left, 1)
    if heatmap.square:
        # A pixel is as wide as it is high: half a cell.
        (x_low, x_high), (y_low, y_high) = heatmap.x_limits, heatmap.y_limits
        columns = min(room, max(round(2 * rows * (x_high - x_low) / (y_high - y_low)), LEAST_COLUMNS))
    return Area(left + (room - columns) // 2, ABOVE, columns, rows, 1, 2), y_ticks


def _write_header(board: Board, heatmap: Heatmap, form: Form) -> None:
    """The colour bar at the right, y at the left and, if there is room, the title between."""
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
    """The colour bar, its gradients shorter where there is little room; returns the cells it takes with its gap."""
    parts = [one_cell(part) if isinstance(part, str) else part for part in heatmap.bar]
    texts = sum(len(part) for part in parts if isinstance(part, str))
    gradients = [part for part in parts if isinstance(part, Gradient)]
    wanted = sum(part.cells for part in gradients)
    share = min(1.0, max(board.width // 2 - texts, 0) / wanted) if wanted else 1.0
    sizes = [
        max(int(part.cells * share), LEAST_GRADIENT) if isinstance(part, Gradient) else len(part) for part in parts
    ]
    column = max(board.width - sum(sizes), 0)
    taken = board.width - column
    for part, size in zip(parts, sizes, strict=True):
        if isinstance(part, str):
            board.write(0, column, part, TEXT)
        else:
            _write_gradient(board, column, part, size, heatmap, form)
        column += size
    return taken + GAP if parts else 0


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
    """What each kind of marks stands for, as many as there is room for; whether the name of x fits behind them."""
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
