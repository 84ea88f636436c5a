"""Draws plots of lines and points: the dots, the signs on lines, the header with its legend, and the axes around them.

Plotext draws only the dots: positions in cells go in, rows of characters and the series of each cell come out.
Axes, ticks and legend are drawn here, because plotext's own cover the curve, and because every number that reaches
its kernel can then be limited to the canvas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.settings import Markers

from .axes import (
    Area,
    Points,
    Scale,
    Tick,
    clean,
    drop_covered,
    drop_hidden,
    scales,
    squared,
    thin,
    ticks,
    write_cursor,
    write_x_axis,
    write_y_axis,
)
from .frame import AXIS, TEXT, Board, Frame, one_cell, shorten
from .plot import Array, Plot, Series

Characters = NDArray[np.str_]

DOTS = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}  # dots of one cell, across and down
DOT_BITS: Mapping[Markers, NDArray[np.uint8]] = {  # of a cell (down, across): the bit of each dot
    "braille": np.array([[1, 8], [2, 16], [4, 32], [64, 128]], np.uint8),
    "block": np.array([[1, 2], [4, 8]], np.uint8),
    "ascii": np.array([[1]], np.uint8),
}
DOT_CHARACTERS: Mapping[Markers, Characters] = {  # by the sum of the bits
    "braille": np.array([" ", *(chr(0x2800 + bits) for bits in range(1, 256))]),
    "block": np.array(list(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")),
    "ascii": np.array([" ", "*"]),
}
ASCII_MARKS = "*o+x#@%&"
SINGLE_POINT = "●"  # a single braille dot is hardly visible
ESCAPE, END_OF_CODE, NEWLINE, ZERO = map(ord, "\x1bm\n0")
ROLE_AT = 7  # the position of the role after an escape character: behind ``[38;2;``
ROWS_PER_TICK = 4
MANY_LINES = 4  # if there are more, each is drawn with fewer points
MIN_COLUMNS = 8  # a narrower canvas has no tick labels
GAP = 2  # cells between two entries of the header
CELLS_PER_SIGN = 12  # columns per sign on a line


@dataclass(frozen=True, slots=True)
class Dots:
    """Points to draw as fractions of the canvas, x and y (n,), 0 at the left and at the bottom.

    ``role`` (1 to 254) marks the cells that the points reach, ``mark`` is the character used in ASCII, and a
    ``glyph`` one that is used elsewhere instead of dots. Dots ``behind`` are covered, cell by cell, by all others.
    """

    role: int
    mark: str
    x: Array
    y: Array
    line: bool
    behind: bool = False
    glyph: str = ""


def dot_numbers(dots: NDArray[np.bool_], markers: Markers) -> NDArray[np.uint8]:
    """Return for each cell (rows, columns) the number of its character in ``DOT_CHARACTERS``.

    ``dots`` are as many as the cells have, row by row.
    """
    bits = DOT_BITS[markers]
    down, across = bits.shape
    cells = dots.reshape(dots.shape[0] // down, down, dots.shape[1] // across, across)
    numbers: NDArray[np.uint8] = np.einsum("hdwa,da->hw", cells, bits).astype(np.uint8)
    return numbers


def render_plot(plot: Plot, width: int, height: int, markers: Markers = "braille") -> Frame:
    """Draw a plot into exactly ``height`` rows of ``width`` cells, however few they are."""
    board = Board(width, height)
    if not board.characters.size:
        return board.merged_frame()
    points, hidden = clean(plot)
    has_header = _has_header(plot, hidden, height)
    if has_header:
        write_header(board, plot, hidden, markers)
    if not points:
        board.write_centered(plot.empty, AXIS)
        return board.merged_frame()
    x_scale, y_scale, area, y_ticks = _canvas(plot, points, width, height, markers, int(has_header))
    dots = _dots(plot, points, x_scale, y_scale, area)
    thick = _thickened(plot, points, dots, area)
    board.paste(area.top, area.left, *draw(thick, area.columns, area.rows, markers))
    _shade(board, plot, points, dots, area, markers)
    if markers != "ascii":  # in ASCII, each line has its own character anyway
        _write_signs(board, plot, points, dots, area)
    _write_names(board, plot, points, dots, area)
    for position, signs in ((plot.cursor, "│|"), (plot.guide, "┊:")):
        if position is not None:
            at = math.log10(position) if plot.log_x else position
            write_cursor(board, area, x_scale, at, signs[markers == "ascii"])
    write_y_axis(board, area, y_scale, y_ticks, markers)
    write_x_axis(board, area, x_scale, one_cell(plot.x_label), markers)
    return board.merged_frame()


def _canvas(
    plot: Plot, points: list[Points], width: int, height: int, markers: Markers, top: int
) -> tuple[Scale, Scale, Area, list[Tick]]:
    """Return the scales, the canvas below row ``top``, and the ticks beside it."""
    x_scale, y_scale = scales(plot, points)
    area, y_ticks = _layout(width, height, y_scale, markers, top)
    if plot.square and not (plot.log_x or plot.log_y):
        x_scale, y_scale = squared(x_scale, y_scale, area.columns, area.rows)
        area, y_ticks = _layout(width, height, y_scale, markers, top)
    return x_scale, y_scale, area, y_ticks


def plot_cells(
    plot: Plot, x: Array, y: Array, width: int, height: int, markers: Markers
) -> tuple[Array, Array, Area] | None:
    """Return columns and rows (n,) in which ``render_plot`` draws points x, y (n,), nan for those it does not draw.

    The canvas comes with them. Returns None if there is nothing to draw.
    """
    points, hidden = clean(plot)
    if not points or width < 1 or height < 1:
        return None
    top = int(_has_header(plot, hidden, height))
    x_scale, y_scale, area, _ = _canvas(plot, points, width, height, markers, top)
    with np.errstate(divide="ignore", invalid="ignore"):
        across = x_scale.fraction(np.log10(x) if plot.log_x else x)
        up = y_scale.fraction(np.log10(y) if plot.log_y else y)
        columns = np.rint(across * (area.columns * area.across - 1)) // area.across
        rows = area.rows - 1 - np.rint(up * (area.rows * area.down - 1)) // area.down
    places: list[Array] = [np.where(np.isfinite(values), values, np.nan) for values in (columns, rows)]
    return area.left + places[0], area.top + places[1], area


def _layout(width: int, height: int, y_scale: Scale, markers: Markers, top: int) -> tuple[Area, list[Tick]]:
    """Return the canvas below row ``top``, and the ticks beside it. A small plot first loses the x axis."""
    below = 2 if height >= 6 else 0
    rows = height - top - below
    # A log axis has more ticks: they are unevenly spaced, and one or two do not show its shape.
    y_ticks = ticks(y_scale, max(2, rows // (ROWS_PER_TICK - y_scale.log) + 1))
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    if width - left < MIN_COLUMNS:
        y_ticks, left = [], int(width > MIN_COLUMNS)
    return Area(left, top, width - left, rows, *DOTS[markers]), y_ticks


def _dots(plot: Plot, points: list[Points], x_scale: Scale, y_scale: Scale, area: Area) -> list[Dots]:
    dots = []
    lines = sum(series.kind == "line" for series in plot.series)
    # Slices of two columns give as many points as columns, and plotext's time depends on the number of points.
    slice_width = 2 if lines <= MANY_LINES else 4
    for part in points:
        x, y = part.x, part.y
        series = plot.series[part.index]
        if series.kind == "line":
            x, y = thin(x, y, area.columns // slice_width)
        role = min(part.index + 1, AXIS - 1)
        mark = series.mark or ASCII_MARKS[part.index % len(ASCII_MARKS)]
        joined, behind = (
            series.kind != "scatter",
            series.color == "batch",
        )  # the losses of batches are grey, under the curves
        dots.append(Dots(role, mark, x_scale.fraction(x), y_scale.fraction(y), joined, behind, series.glyph))
    return dots


def _thickened(plot: Plot, points: list[Points], dots: list[Dots], area: Area) -> list[Dots]:
    """Return ``dots`` with a second line a dot above each thick one, in the middle of the canvas below it."""
    result = []
    for part, line in zip(points, dots, strict=True):
        result.append(line)
        if plot.series[part.index].thick:
            dot = 1 / max(area.rows * area.down - 1, 1)
            shift = np.where(line.y < 0.5, dot, -dot)
            result.append(replace(line, y=line.y + shift))
    return result


def _shade(board: Board, plot: Plot, points: list[Points], dots: list[Dots], area: Area, markers: Markers) -> None:
    """Fill the blank cells between each shaded line and the series after it."""
    by_index = {part.index: line for part, line in zip(points, dots, strict=True)}
    across = (np.arange(area.columns) + 0.5) / area.columns
    middles = 1.0 - (np.arange(area.rows)[:, None] + 0.5) / area.rows
    for index, line in by_index.items():
        other = by_index.get(index + 1)
        if not plot.series[index].shaded or other is None:
            continue
        edges = [np.interp(across, one.x, one.y, np.nan, np.nan) for one in (line, other)]
        inside = (middles >= np.minimum(*edges)) & (middles <= np.maximum(*edges))
        canvas = slice(area.top, area.top + area.rows), slice(area.left, area.left + area.columns)
        filled = inside & (board.characters[canvas] == " ")
        board.characters[canvas][filled] = ":" if markers == "ascii" else "░"
        board.roles[canvas][filled] = line.role


def _write_signs(board: Board, plot: Plot, points: list[Points], dots: list[Dots], area: Area) -> None:
    for part, line in zip(points, dots, strict=True):
        if sign := plot.series[part.index].sign:
            rows, columns = sign_cells(line.x, line.y, area)
            cells = rows + area.top, columns + area.left
            board.characters[cells], board.roles[cells] = sign, line.role


def _write_names(board: Board, plot: Plot, points: list[Points], dots: list[Dots], area: Area) -> None:
    """Write the name of a line above its last point, or below it at the top."""
    for part, line in zip(points, dots, strict=True):
        name = shorten(one_cell(plot.series[part.index].name), area.columns // 2)
        if not name:
            continue
        row = area.row(min(max(float(line.y[-1]), 0.0), 1.0))
        row = row - 1 if row > area.top else row + 1
        end = area.column(min(max(float(line.x[-1]), 0.0), 1.0)) + 1
        if row < area.top + area.rows:
            board.write(row, max(end - len(name), area.left), name, line.role)


def draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[Characters, NDArray[np.uint8]]:
    """Return characters and roles, both (rows, columns); a blank cell has role 0."""
    behind = [series for series in dots if series.behind]
    characters, roles = _draw([series for series in dots if not series.behind], columns, rows, markers)
    if not behind:
        return characters, roles
    lower, lower_roles = _draw(behind, columns, rows, markers)
    blank = characters == " "
    return np.where(blank, lower, characters), np.where(blank, lower_roles, roles)


def warm_up() -> None:
    """Import what drawing needs, from any thread, so that the first plot does not wait for it."""
    _plotext()


def _draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[Characters, NDArray[np.uint8]]:
    """Draw series that share their cells: a cell has the colour of the last one in it."""
    figure = _figure()
    figure.clear.data()
    figure.plot_size(columns, rows)
    # With these limits plotext does not transform positions in cells.
    figure.ruler(0, 0).lim(0.5, max(columns - 0.5, 1.5))
    figure.ruler(1, 0).lim(0.5, max(rows - 0.5, 1.5))
    for series in dots:
        figure.draw(_signal(figure, series, columns, rows, markers))
    return _read(figure.build().string(), columns, rows)


@cache
def _plotext() -> Any:
    """Import plotext on first use: it takes a tenth of a second, and the first frame has no plot."""
    import plotext  # type: ignore[import-untyped]

    return plotext


@cache
def _figure() -> Any:
    """Return plotext's only figure, with everything it would draw around the data turned off."""
    plotext = _plotext()
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.theme("colorless")
    figure.axes(False)
    figure.legend(False)
    for axis in (0, 1):
        figure.ruler(axis, 0).ticks([], [])
    return figure


def _signal(figure: Any, dots: Dots, columns: int, rows: int, markers: Markers) -> Any:
    plotext = _plotext()
    across, down = DOTS[markers]
    x = _whole(dots.x, columns * across)
    y = _whole(dots.y, rows * down)
    cell = (across, down) if dots.glyph else (1, 1)  # a glyph covers all dots of its cell
    keep = drop_hidden(x, y) if dots.line else drop_covered(x // cell[0], y // cell[1])
    single = dots.line and len(keep) == 1
    marker = dots.mark if markers == "ascii" else dots.glyph or (SINGLE_POINT if single else markers)
    signal = figure.signal(
        ((x[keep] + 0.5) / across).tolist(),
        ((y[keep] + 0.5) / down).tolist(),
        marker=plotext.marker("hd" if marker == "block" else marker).fill(plotext.pixel(foreground=(dots.role, 0, 0))),
    )
    # Plotext would search all points for used colours, which takes a third of the time; ours are fixed.
    signal._get_unique_pixels = list
    return signal.lines() if dots.line else signal


def _whole(fractions: Array, count: int) -> NDArray[np.intp]:
    """Return fractions (n,) as indices of dots: 0 is the first, 1 the last of ``count``.

    A line may leave the canvas, but not so far that following it takes long.
    """
    return np.rint(np.clip(fractions, -1.0, 2.0) * (count - 1)).astype(np.intp)


def _read(text: str, columns: int, rows: int) -> tuple[Characters, NDArray[np.uint8]]:
    """Separate the colours from a drawn text, in which each series has its role as red: ``ESC [38;2;ROLE;0;0m``.

    Asking plotext for the colour of each cell instead takes as long as all the drawing.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    inside, role = _color_codes(codes)
    codes, role = codes[~inside], role[~inside]
    ends = codes == NEWLINE
    row = np.cumsum(ends) - ends
    starts = np.concatenate(([0], np.flatnonzero(ends) + 1))
    column = np.arange(len(codes)) - starts[row]
    keep = ~ends & (row < rows) & (column < columns)
    characters = np.full((rows, columns), ord(" "), np.uint32)
    roles = np.zeros((rows, columns), np.uint8)
    characters[row[keep], column[keep]], roles[row[keep], column[keep]] = codes[keep], role[keep]
    return characters.view("<U1"), roles


def _color_codes(codes: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return whether each character (n,) is part of a colour code, and the role set by the last code."""
    starts = np.flatnonzero(codes == ESCAPE)
    marks = np.flatnonzero(codes == END_OF_CODE)
    ends = marks[np.searchsorted(marks, starts)]
    steps = np.zeros(len(codes) + 1, np.int8)
    steps[starts] += 1
    steps[ends + 1] -= 1
    position = np.minimum(starts + ROLE_AT, ends)
    role, in_role = np.zeros(len(starts), np.int64), np.ones(len(starts), bool)
    for _ in range(3):  # at most three digits of a role; a code that resets the colour has none
        digit = codes[position].astype(np.int64) - ZERO
        in_role &= (digit >= 0) & (digit <= 9)
        role = np.where(in_role, 10 * role + digit, role)
        position = np.minimum(position + 1, ends)
    role_of_code = np.concatenate(([0], role)).astype(np.uint8)
    return np.cumsum(steps[:-1]) > 0, role_of_code[np.cumsum(codes == ESCAPE)]


def write_header(board: Board, plot: Plot, hidden: int, markers: Markers) -> None:
    """Write the top line: the legend at the right, y at the left and, if there is room, the title between."""
    ellipsis = "~" if markers == "ascii" else "…"
    room = board.width - _write_legend(board, plot, markers, ellipsis)
    name = shorten(_name(plot, hidden), room, ellipsis)
    board.write(0, 0, name, TEXT)
    title = one_cell(plot.title)
    start = (board.width - len(title)) // 2
    if not len(name) + GAP <= start <= room - len(title):
        start = len(name) + GAP if name else 0
    if start + len(title) <= room:
        board.write(0, start, title, TEXT)


def _has_header(plot: Plot, hidden: int, height: int) -> bool:
    """Return whether there is anything to write above the canvas, and room for it."""
    return height >= 4 and bool(plot.title or _name(plot, hidden) or any(series.label for series in plot.series))


def _name(plot: Plot, hidden: int) -> str:
    """Return the name of y, and what its scale hides."""
    notes = []
    if plot.log_y:
        notes.append("log scale")
    if hidden:
        notes.append(f"{hidden} value{'s' * (hidden > 1)} not above 0 hidden")
    label = one_cell(plot.y_label)
    return f"{label} ({', '.join(notes)})".strip() if notes else label


def _write_legend(board: Board, plot: Plot, markers: Markers, ellipsis: str) -> int:
    """Write the entries that fit, right-aligned; return how many cells they and the gap before them take."""
    entries: list[tuple[int, str, str]] = []  # role, mark, label
    used = 0
    for index, series in enumerate(plot.series):
        label = one_cell(series.label)
        if not label:
            continue
        room = board.width - used - 2
        if len(label) > room - (GAP + 1) * (index + 1 < len(plot.series)) and room < len(label) + GAP + 1:
            label = shorten(label, room, ellipsis) if not entries else ""
            if label:
                entries.append((min(index + 1, AXIS - 1), _mark(index, series, markers), label))
            elif entries:
                entries.append((AXIS, ellipsis, ""))
            break
        entries.append((min(index + 1, AXIS - 1), _mark(index, series, markers), label))
        used += 2 + len(label) + GAP
    width = sum(len(label) + 2 if label else 1 for _, _, label in entries) + GAP * (len(entries) - 1)
    column = board.width - max(width, 0)
    for role, mark, label in entries:
        board.write(0, column, mark, role)
        board.write(0, column + 2, label, TEXT)
        column += 2 + len(label) + GAP
    return width + GAP if entries else 0


def _mark(index: int, series: Series, markers: Markers) -> str:
    """Return the character of a series in the legend."""
    if markers == "ascii":
        return series.mark or ASCII_MARKS[index % len(ASCII_MARKS)]
    return series.glyph or series.sign or ("●" if series.kind == "scatter" else "━")


def sign_cells(x: Array, y: Array, area: Area) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows (k,) and columns (k,) of the canvas for signs on a line x (n,), y (n,), given as fractions.

    There is one sign for every few columns that the line crosses. A sign fills its cell, so it is placed where the line
    crosses the middle of a cell, if it does.
    """
    columns = np.arange(area.columns)
    across = (columns + 0.5) / area.columns
    crossed = (across >= x.min()) & (across <= x.max())
    if not crossed.any():
        crossed[min(int(x[-1] * area.columns), area.columns - 1)] = True
    order = np.argsort(x, kind="stable")
    dot = np.rint(np.interp(across, x[order], y[order]) * (area.rows * area.down - 1)).astype(np.intp)
    crossed &= (dot >= 0) & (dot < area.rows * area.down)
    columns, dot = columns[crossed], dot[crossed]
    from_middle = np.abs(dot % area.down - (area.down - 1) / 2)
    group = columns // CELLS_PER_SIGN
    best = np.lexsort((np.abs(columns % CELLS_PER_SIGN - CELLS_PER_SIGN / 2), from_middle, group))
    first = best[np.unique(group[best], return_index=True)[1]]
    return area.rows - 1 - dot[first] // area.down, columns[first]
