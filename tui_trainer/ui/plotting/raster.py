"""The dots of a plot: positions in cells go in, rows of characters and the series of each cell come out.

Plotext draws the dots and nothing else. Axes, ticks and legend are ours, because its own lie over the curve,
and because every number that reaches its kernel can then be kept within the canvas.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.ui.plotting.plot import Array, Markers
from tui_trainer.ui.plotting.thinning import drop_covered, drop_hidden

DOTS = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}  # dots of one cell, across and down
ASCII_MARKS = "*o+x#@%&"
SINGLE_POINT = "●"  # one braille dot by itself is hardly seen
_COLOR_CODE = re.compile("\x1b\\[([0-9;]*)m")


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


def draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[list[str], NDArray[np.uint8]]:
    """Characters, ``rows`` strings of ``columns``, and roles (rows, columns); a blank cell has role 0."""
    behind = [one for one in dots if one.behind]
    lines, roles = _draw([one for one in dots if not one.behind], columns, rows, markers)
    if not behind:
        return lines, roles
    lower, lower_roles = _draw(behind, columns, rows, markers)
    merged = [
        "".join(below if char == " " else char for char, below in zip(line, under, strict=True))
        for line, under in zip(lines, lower, strict=True)
    ]
    blank = np.array([[char == " " for char in line] for line in lines], bool).reshape(roles.shape)
    return merged, np.where(blank, lower_roles, roles)


def warm_up() -> None:
    """Import what drawing needs, from any thread, so that the first plot does not wait for it."""
    _plotext()


def _draw(dots: list[Dots], columns: int, rows: int, markers: Markers) -> tuple[list[str], NDArray[np.uint8]]:
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


def _read(text: str, columns: int, rows: int) -> tuple[list[str], NDArray[np.uint8]]:
    """Take the colours out of a drawn text. Each series has its role as its red: a few dozen codes to read.

    Asking plotext for the colour of each cell instead takes as long as all the drawing.
    """
    lines = []
    roles = np.zeros((rows, columns), np.uint8)
    for row, line in enumerate(text.splitlines()[:rows]):
        plain, role = "", 0
        for number, piece in enumerate(_COLOR_CODE.split(line)):
            if number % 2:
                role = int(piece.split(";")[2]) if piece.startswith("38;2;") else 0
            elif piece:
                roles[row, len(plain) : len(plain) + len(piece)] = role
                plain += piece
        lines.append(plain.ljust(columns)[:columns])
    lines += [" " * columns] * (rows - len(lines))
    return lines, roles
