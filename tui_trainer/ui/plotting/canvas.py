"""A plot as rows of characters: the dots from plotext, and around them the axes, ticks and legend."""

from dataclasses import dataclass
from itertools import pairwise

from tui_trainer.ui.plotting.frame import AXIS, TEXT, Board, Frame, one_cell, shorten
from tui_trainer.ui.plotting.header import write_header
from tui_trainer.ui.plotting.plot import Markers, Plot
from tui_trainer.ui.plotting.raster import ASCII_MARKS, DOTS, Dots, draw
from tui_trainer.ui.plotting.scale import Points, Scale, clean, scales
from tui_trainer.ui.plotting.thinning import thin
from tui_trainer.ui.plotting.ticks import Tick, ticks

ROWS_PER_TICK = 4
COLUMNS_PER_TICK = 12
MOST_X_TICKS = 9
LEAST_COLUMNS = 8  # a canvas narrower than this gives up its tick labels

Place = tuple[int, int, str]  # column of an x tick, column where its label starts, label


@dataclass(frozen=True, slots=True)
class Area:
    """Where the canvas lies on the board, in cells, and how many dots a cell has across and down."""

    left: int
    top: int
    columns: int
    rows: int
    across: int
    down: int

    def column(self, fraction: float) -> int:
        """The column that holds a fraction of the x axis."""
        return self.left + round(fraction * (self.columns * self.across - 1)) // self.across

    def row(self, fraction: float) -> int:
        """The row that holds a fraction of the y axis."""
        return self.top + self.rows - 1 - round(fraction * (self.rows * self.down - 1)) // self.down


def render(plot: Plot, width: int, height: int, markers: Markers = "braille") -> Frame:
    """Draw a plot into exactly ``height`` rows of ``width`` cells, however few these are."""
    board = Board(width, height)
    if not board.characters.size:
        return board.frame()
    points, hidden = clean(plot)
    if board.height >= 4:
        write_header(board, plot, hidden, markers)
    if not points:
        text = shorten(one_cell(plot.empty), board.width)
        board.write(board.height // 2, (board.width - len(text)) // 2, text, AXIS)
        return board.frame()
    x_scale, y_scale = scales(plot, points)
    area, y_ticks = _layout(board, y_scale, markers)
    lines, roles = draw(_dots(plot, points, x_scale, y_scale, area), area.columns, area.rows, markers)
    board.paste(area.top, area.left, lines, roles)
    _write_y_axis(board, area, y_scale, y_ticks, markers)
    _write_x_axis(board, area, x_scale, one_cell(plot.x_label), markers)
    return board.frame()


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
    for part in points:
        x, y = part.x, part.y
        line = plot.series[part.index].kind == "line"
        if line:
            # Slices of two columns: as many points as columns, whatever was recorded. Plotext's cost is a point's.
            x, y = thin(x, y, area.columns // 2)
        role = min(part.index + 1, AXIS - 1)
        mark = ASCII_MARKS[part.index % len(ASCII_MARKS)]
        behind = plot.series[part.index].color == "batch"  # a grey cloud under the curves
        dots.append(Dots(role, mark, x_scale.fraction(x), y_scale.fraction(y), line, behind))
    return dots


def _write_y_axis(board: Board, area: Area, scale: Scale, found: list[Tick], markers: Markers) -> None:
    if area.left == 0:
        return
    line, tick = ("|", "+") if markers == "ascii" else ("│", "┤")
    for row in range(area.top, area.top + area.rows):
        board.write(row, area.left - 1, line, AXIS)
    for position, label in found:
        row = area.row(_fraction(scale, position))
        board.write(row, area.left - 1 - len(label), label + tick, AXIS)


def _write_x_axis(board: Board, area: Area, scale: Scale, name: str, markers: Markers) -> None:
    row = area.top + area.rows
    if row + 2 > board.height:
        return
    corner, line, tick = ("+", "-", "+") if markers == "ascii" else ("└", "─", "┬")
    board.write(row, area.left - 1, corner + line * area.columns, AXIS)
    placed, name_start = _fit(board, area, scale, len(name))
    for column, start, label in placed:
        board.write(row, column, tick, AXIS)
        board.write(row + 1, start, label, AXIS)
    if name_start is not None:
        board.write(row + 1, name_start, name, TEXT)


def _fit(board: Board, area: Area, scale: Scale, length: int) -> tuple[list[Place], int | None]:
    """As many x ticks as fit side by side, and where a name of some length fits between them.

    Ticks give way to the name down to two of them; then the name is left out.
    """
    nameless: list[Place] = []
    for most in range(min(MOST_X_TICKS, area.columns // COLUMNS_PER_TICK + 2), 0, -1):
        placed = _places(board, area, scale, most)
        spans = [(start, start + len(label)) for _, start, label in placed]
        if any(one[1] + 2 > two[0] for one, two in pairwise(spans)):
            continue
        name_start = _gap(board.width, spans, length)
        if length == 0 or name_start is not None:
            return placed, name_start
        nameless = nameless or placed
        if len(placed) <= 2:
            break
    return nameless, None


def _places(board: Board, area: Area, scale: Scale, most: int) -> list[Place]:
    placed = []
    for position, label in ticks(scale, most):
        column = area.column(_fraction(scale, position))
        start = max(min(column - len(label) // 2, board.width - len(label)), 0)
        placed.append((column, start, label))
    return placed


def _gap(width: int, taken: list[tuple[int, int]], length: int) -> int | None:
    """Where text of some length fits between ticks (start, end): in the middle of the last wide gap."""
    edges = [-2, *(edge for span in taken for edge in span), width + 2]
    for start, end in reversed(list(zip(edges[::2], edges[1::2], strict=True))):
        if length and end - start - length >= 4:
            return start + (end - start - length) // 2
    return None


def _fraction(scale: Scale, position: float) -> float:
    """Where one position lies, held within the axis: rounding may have put a tick just outside."""
    fraction = (position / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    return min(max(fraction, 0.0), 1.0)
