"""The two axes around a canvas: lines, ticks, labels and the name of x."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tui_trainer.settings.schema import Markers
from tui_trainer.ui.plotting.scale import Scale
from tui_trainer.ui.plotting.ticks import Tick, ticks

from .frame import AXIS, TEXT, Board

COLUMNS_PER_TICK = 12
MOST_X_TICKS = 9
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


def write_y_axis(board: Board, area: Area, scale: Scale, found: list[Tick], markers: Markers) -> None:
    """The line at the left of the canvas with ticks and labels; none where nothing is left of it."""
    if area.left == 0:
        return
    line, tick = ("|", "+") if markers == "ascii" else ("│", "┤")
    place = slice(area.top, area.top + area.rows), area.left - 1
    board.characters[place], board.roles[place] = line, AXIS
    for position, label in found:
        row = area.row(_fraction(scale, position))
        board.write(row, area.left - 1 - len(label), label + tick, AXIS)


def write_x_axis(board: Board, area: Area, scale: Scale, name: str, markers: Markers) -> None:
    """The line below the canvas, and under it the labels with the name of x between them, if both rows fit."""
    row = area.top + area.rows
    if row + 2 > board.height:
        return
    corner, line, tick = ("+", "-", "+") if markers == "ascii" else ("└", "─", "┬")
    board.write(row, area.left - 1, corner + line * area.columns, AXIS)
    placed, name_start = _fit(area, scale, len(name))
    for column, start, label in placed:
        board.write(row, column, tick, AXIS)
        board.write(row + 1, start, label, AXIS)
    if name_start is not None:
        board.write(row + 1, name_start, name, TEXT)


def write_cursor(board: Board, area: Area, scale: Scale, position: float, markers: Markers) -> None:
    """A line upwards from a place on the x axis, behind what is drawn; none where the place is beyond the axis."""
    if not scale.low <= position <= scale.high:
        return
    column = area.column(_fraction(scale, position))
    for row in range(area.top, area.top + area.rows):
        if board.characters[row, column] == " ":
            board.write(row, column, "|" if markers == "ascii" else "│", AXIS)


def _fit(area: Area, scale: Scale, length: int) -> tuple[list[Place], int | None]:
    """As many x ticks as fit side by side, and where a name of some length fits between them.

    Ticks give way to the name down to two of them; then the name is left out.
    """
    nameless: list[Place] = []
    for most in range(min(MOST_X_TICKS, area.columns // COLUMNS_PER_TICK + 2), 0, -1):
        placed = _places(area, scale, most)
        spans = [(start, start + len(label)) for _, start, label in placed]
        if any(one[1] + 2 > two[0] for one, two in pairwise(spans)):
            continue
        name_start = _gap(area.left + area.columns, spans, length)
        if length == 0 or name_start is not None:
            return placed, name_start
        nameless = nameless or placed
        if len(placed) <= 2:
            break
    return nameless, None


def _places(area: Area, scale: Scale, most: int) -> list[Place]:
    placed = []
    for position, label in ticks(scale, most):
        column = area.column(_fraction(scale, position))
        start = max(min(column - len(label) // 2, area.left + area.columns - len(label)), 0)
        placed.append((column, start, label))
    return placed


def _gap(end_of_row: int, taken: list[tuple[int, int]], length: int) -> int | None:
    """Where text of some length fits between ticks (start, end): in the middle of the last wide gap."""
    edges = [-2, *(edge for span in taken for edge in span), end_of_row + 2]
    for start, end in reversed(list(zip(edges[::2], edges[1::2], strict=True))):
        if length and end - start - length >= 4:
            return start + (end - start - length) // 2
    return None


def _fraction(scale: Scale, position: float) -> float:
    """Where one position lies, held within the axis: rounding may have put a tick just outside."""
    fraction = (position / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    return min(max(fraction, 0.0), 1.0)
