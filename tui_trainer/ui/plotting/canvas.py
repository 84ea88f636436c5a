"""A plot as rows of characters: the dots from plotext, and around them the axes, ticks and legend."""

from tui_trainer.plotting.axes import Area, write_cursor, write_x_axis, write_y_axis
from tui_trainer.plotting.frame import AXIS, Board, Frame, one_cell
from tui_trainer.plotting.lines import ASCII_MARKS, DOTS, Dots, draw
from tui_trainer.plotting.plot import Plot
from tui_trainer.settings.schema import Markers
from tui_trainer.ui.plotting.header import write_header
from tui_trainer.ui.plotting.scale import Points, Scale, clean, scales
from tui_trainer.ui.plotting.signs import sign_cells
from tui_trainer.ui.plotting.thinning import thin
from tui_trainer.ui.plotting.ticks import Tick, ticks

ROWS_PER_TICK = 4
MANY_LINES = 4  # of more than these, each is drawn with fewer points
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
    dots = _dots(plot, points, x_scale, y_scale, area)
    board.paste(area.top, area.left, *draw(dots, area.columns, area.rows, markers))
    if markers != "ascii":  # there, a line is made of a character of its own
        _write_signs(board, plot, points, dots, area)
    if plot.cursor is not None:
        write_cursor(board, area, x_scale, plot.cursor, markers)
    write_y_axis(board, area, y_scale, y_ticks, markers)
    write_x_axis(board, area, x_scale, one_cell(plot.x_label), markers)
    return board.merged_frame()


def _write_signs(board: Board, plot: Plot, points: list[Points], dots: list[Dots], area: Area) -> None:
    for part, line in zip(points, dots, strict=True):
        if sign := plot.series[part.index].sign:
            rows, columns = sign_cells(line.x, line.y, area)
            place = rows + area.top, columns + area.left
            board.characters[place], board.roles[place] = sign, line.role


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


def _dots(plot: Plot, points: list[Points], x_scale: Scale, y_scale: Scale, area: Area) -> list[Dots]:
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
        dots.append(Dots(role, mark, x_scale.fraction(x), y_scale.fraction(y), joined, behind, series.glyph))
    return dots
