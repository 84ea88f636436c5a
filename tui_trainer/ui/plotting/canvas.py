"""A plot as rows of characters: the dots from plotext, and around them the axes, ticks and legend."""

import numpy as np

from tui_trainer.ui.plotting.axes import Area, write_cursor, write_x_axis, write_y_axis
from tui_trainer.ui.plotting.frame import AXIS, Board, Frame, one_cell
from tui_trainer.ui.plotting.header import write_header
from tui_trainer.ui.plotting.plot import Array, Markers, Plot
from tui_trainer.ui.plotting.raster import ASCII_MARKS, DOTS, Dots, draw
from tui_trainer.ui.plotting.scale import Points, Scale, clean, scales
from tui_trainer.ui.plotting.thinning import thin
from tui_trainer.ui.plotting.ticks import Tick, ticks

ROWS_PER_TICK = 4
MANY_LINES = 4  # of more than these, each is drawn with fewer points
CELLS_PER_SIGN = 12
LEAST_COLUMNS = 8  # a canvas narrower than this gives up its tick labels


def render(plot: Plot, width: int, height: int, markers: Markers = "braille") -> Frame:
    """Draw a plot into exactly ``height`` rows of ``width`` cells, however few these are."""
    board = Board(width, height)
    if not board.characters.size:
        return board.merged_frame()
    points, hidden = clean(plot)
    if board.height >= 4:
        write_header(board, plot, hidden, markers)
    if not points:
        board.write_in_the_middle(plot.empty, AXIS)
        return board.merged_frame()
    x_scale, y_scale = scales(plot, points)
    area, y_ticks = _layout(board, y_scale, markers)
    characters, roles = draw(_dots(plot, points, x_scale, y_scale, area, markers), area.columns, area.rows, markers)
    board.paste(area.top, area.left, characters, roles)
    if plot.cursor is not None:
        write_cursor(board, area, x_scale, plot.cursor, markers)
    write_y_axis(board, area, y_scale, y_ticks, markers)
    write_x_axis(board, area, x_scale, one_cell(plot.x_label), markers)
    return board.merged_frame()


def _layout(board: Board, y_scale: Scale, markers: Markers) -> tuple[Area, list[Tick]]:
    """The canvas, and the ticks beside it. A small board keeps the curve and loses first the x axis."""
    top = 1 if board.height >= 4 else 0
    below = 2 if board.height >= 6 else 0
    rows = board.height - top - below
    # A log axis has more: its ticks are unevenly spaced, and one or two alone do not tell its shape.
    y_ticks = ticks(y_scale, max(2, rows // (ROWS_PER_TICK - y_scale.log) + 1))
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    if board.width - left < LEAST_COLUMNS:
        y_ticks, left = [], int(board.width > LEAST_COLUMNS)
    return Area(left, top, board.width - left, rows, *DOTS[markers]), y_ticks


def _dots(plot: Plot, points: list[Points], x_scale: Scale, y_scale: Scale, area: Area, markers: Markers) -> list[Dots]:
    dots = []
    lines = sum(series.kind == "line" for series in plot.series)
    # Slices of two columns: as many points as columns, whatever was recorded. Plotext's cost is a point's.
    slice_width = 2 if lines <= MANY_LINES else 4
    for part in points:
        x, y = part.x, part.y
        series = plot.series[part.index]
        if series.kind == "line":
            x, y = thin(x, y, area.columns // slice_width)
        role = min(part.index + 1, AXIS - 1)
        mark = series.mark or ASCII_MARKS[part.index % len(ASCII_MARKS)]
        joined, behind = series.kind != "scatter", series.color == "batch"  # a grey cloud under the curves
        across, up = x_scale.fraction(x), y_scale.fraction(y)
        dots.append(Dots(role, mark, across, up, joined, behind, series.glyph))
        if series.sign and markers != "ascii":  # there, the line is made of a character of its own
            dots.append(Dots(role, mark, *_signs(across, up, area), False, glyph=series.sign))
    return dots


def _signs(x: Array, y: Array, area: Area) -> tuple[Array, Array]:
    """Where signs stand on a line x (n,), y (n,), given as fractions: one to each few columns that it crosses.

    A sign fills its cell. So it stands where the line goes through the middle of one, if there is such a place.
    """
    columns = np.arange(area.columns)
    across = (columns + 0.5) / area.columns
    crossed = (across >= x.min()) & (across <= x.max())
    if not crossed.any():
        return x[-1:], y[-1:]
    order = np.argsort(x, kind="stable")
    columns, across = columns[crossed], across[crossed]
    up = np.interp(across, x[order], y[order])
    dot = np.rint(up * (area.rows * area.down - 1)) % area.down
    from_middle = np.abs(dot - (area.down - 1) / 2)
    group = columns // CELLS_PER_SIGN
    best = np.lexsort((np.abs(columns % CELLS_PER_SIGN - CELLS_PER_SIGN / 2), from_middle, group))
    first = best[np.unique(group[best], return_index=True)[1]]
    return across[first], up[first]
