"""The dots of a plot: positions in cells go in, rows of characters and the series of each cell come out.

Plotext draws the dots and nothing else. Axes, ticks and legend are ours, because its own lie over the curve,
and because every number that reaches its kernel can then be kept within the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.settings.schema import Markers
from tui_trainer.ui.plotting.thinning import drop_covered, drop_hidden

from .plot import Array

DOTS = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}  # dots of one cell, across and down
ASCII_MARKS = "*o+x#@%&"
SINGLE_POINT = "●"  # one braille dot by itself is hardly seen
ESCAPE, END_OF_CODE, NEWLINE, ZERO = map(ord, "\x1bm\n0")
ROLE_AT = 7  # after an escape character: what follows ``[38;2;``
Characters = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Dots:
    """Points to draw as fractions of the canvas, x and y (n,), 0 at the left and at the bottom.

    ``role`` (1 to 254) marks the cells that the points reach, ``mark`` is the character used in ASCII, and a
    ``glyph`` that used elsewhere in place of dots. What is ``behind`` gives way, cell by cell, to what is not.
    """

    role: int
    mark: str
    x: Array
    y: Array
    line: bool
    behind: bool = False
    glyph: str = ""


def draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[Characters, NDArray[np.uint8]]:
    """Characters and roles, both (rows, columns); a blank cell has role 0."""
    behind = [one for one in dots if one.behind]
    characters, roles = _draw([one for one in dots if not one.behind], columns, rows, markers)
    if not behind:
        return characters, roles
    lower, lower_roles = _draw(behind, columns, rows, markers)
    blank = characters == " "
    return np.where(blank, lower, characters), np.where(blank, lower_roles, roles)


def warm_up() -> None:
    """Import what drawing needs, from any thread, so that the first plot does not wait for it."""
    _plotext()


def _draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[Characters, NDArray[np.uint8]]:
    """The dots of series that share their cells: a cell has the colour of the last one in it."""
    figure = _figure()
    figure.clear.data()
    figure.plot_size(columns, rows)
    # With these limits plotext leaves positions in cells as they are.
    figure.ruler(0, 0).lim(0.5, max(columns - 0.5, 1.5))
    figure.ruler(1, 0).lim(0.5, max(rows - 0.5, 1.5))
    for one in dots:
        figure.draw(_signal(figure, one, columns, rows, markers))
    return _read(figure.build().string(), columns, rows)


@cache
def _plotext() -> Any:
    """Plotext, imported when something is drawn: it takes a tenth of a second, and the first frame has no plot."""
    import plotext  # type: ignore[import-untyped]

    return plotext


@cache
def _figure() -> Any:
    """Plotext's only figure, with all that it would draw around the data turned off."""
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
    cell = (across, down) if dots.glyph else (1, 1)  # one character covers all dots of its cell
    keep = drop_hidden(x, y) if dots.line else drop_covered(x // cell[0], y // cell[1])
    single = dots.line and len(keep) == 1
    marker = dots.mark if markers == "ascii" else dots.glyph or (SINGLE_POINT if single else markers)
    signal = figure.signal(
        ((x[keep] + 0.5) / across).tolist(),
        ((y[keep] + 0.5) / down).tolist(),
        marker=plotext.marker("hd" if marker == "block" else marker).fill(plotext.pixel(foreground=(dots.role, 0, 0))),
    )
    # Plotext would look at every point for colours not to use again; ours are given, and it takes a third.
    signal._get_unique_pixels = list
    return signal.lines() if dots.line else signal


def _whole(fractions: Array, count: int) -> NDArray[np.intp]:
    """Fractions (n,) as whole dots: 0 is the first, 1 the last of ``count``.

    A line may leave the canvas, but not so far that walking along it takes long.
    """
    return np.rint(np.clip(fractions, -1.0, 2.0) * (count - 1)).astype(np.intp)


def _read(text: str, columns: int, rows: int) -> tuple[Characters, NDArray[np.uint8]]:
    """Take the colours out of a drawn text. Each series has its role as its red: ``ESC [38;2;ROLE;0;0m``.

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
    """Whether each of the characters (n,) is a part of a colour code, and the role that the last code has set."""
    starts = np.flatnonzero(codes == ESCAPE)
    marks = np.flatnonzero(codes == END_OF_CODE)
    ends = marks[np.searchsorted(marks, starts)]
    steps = np.zeros(len(codes) + 1, np.int8)
    steps[starts] += 1
    steps[ends + 1] -= 1
    place = np.minimum(starts + ROLE_AT, ends)
    role, going = np.zeros(len(starts), np.int64), np.ones(len(starts), bool)
    for _ in range(3):  # digits of a role, as far as they go; the code that ends a colour has none there
        digit = codes[place].astype(np.int64) - ZERO
        going &= (digit >= 0) & (digit <= 9)
        role = np.where(going, 10 * role + digit, role)
        place = np.minimum(place + 1, ends)
    of_code = np.concatenate(([0], role)).astype(np.uint8)
    return np.cumsum(steps[:-1]) > 0, of_code[np.cumsum(codes == ESCAPE)]
