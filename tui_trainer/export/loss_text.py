"""The loss as plain text, in Braille dots: for a terminal, a mail, a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import Curve, Curves, loss_curves

WIDTH, HEIGHT = 72, 20
ACROSS, DOWN = 2, 4  # dots of a cell
# The bits of a Braille character by row and column of the dot.
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint32)
EVERY = {"training": 1, "validation": 3}  # one dot in so many is drawn: a line, and a dotted one
ROWS_PER_TICK, COLUMNS_PER_TICK = 4, 12


def loss_text(history: Mapping[str, NDArray[Any]], log: bool = False, width: int = WIDTH, height: int = HEIGHT) -> str:
    """``height`` lines of at most ``width`` characters: training as a line, validation dotted."""
    found = loss_curves(history, log, columns=ACROSS * width)
    if not found.curves:
        return "no epoch is done yet\n"
    rows = max(height - 3, 2)
    ticks = found.y.ticks(rows // ROWS_PER_TICK + 1)
    left = max(len(label) for _, label in ticks) + 1 if ticks else 1
    columns = max(width - left, 8)
    at = {rows - 1 - round(place * (rows - 1)): label for place, label in ticks}
    lines = [" " * left + _heading(found, columns)]
    for row, text in enumerate(_canvas(found, columns, rows)):
        label = at.get(row, "")
        lines.append(f"{label:>{left - 1}}{'┤' if label else '│'}{text}")
    lines += _x_axis(found, left, columns)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _heading(found: Curves, columns: int) -> str:
    """What is shown, and how each curve is drawn; less of it where there is no room."""
    marks = {curve.label: "⠉⠉⠉" if EVERY[curve.label] == 1 else "⠁⠐ " for curve in found.curves}
    legend = "   ".join(f"{mark} {label}" for label, mark in marks.items())
    return next((text for text in (f"loss over the epochs:  {legend}", legend) if len(text) <= columns), "")


def _canvas(found: Curves, columns: int, rows: int) -> list[str]:
    dots = np.zeros((rows * DOWN, columns * ACROSS), bool)
    for curve in found.curves:
        x, y = _walk(curve, dots.shape[1], dots.shape[0])
        every = EVERY[curve.label]
        dots[dots.shape[0] - 1 - y[::every], x[::every]] = True
    cells = dots.reshape(rows, DOWN, columns, ACROSS)
    codes = (cells * BITS[None, :, None, :]).sum(axis=(1, 3))
    text = [[chr(0x2800 + code) if code else " " for code in row] for row in codes.tolist()]
    for curve in found.curves:
        if len(curve.x) == 1:  # one Braille dot by itself is hardly seen
            text[rows - 1 - round(float(curve.y[0]) * (rows - 1))][round(float(curve.x[0]) * (columns - 1))] = "●"
    return ["".join(row) for row in text]


def _walk(curve: Curve, width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The dots (k,) along a curve, each next to the one before."""
    x, y = curve.x * (width - 1), curve.y * (height - 1)
    xs, ys = [x[:1]], [y[:1]]
    for start in range(len(x) - 1):
        steps = int(np.ceil(max(abs(x[start + 1] - x[start]), abs(y[start + 1] - y[start]), 1)))
        share = np.arange(1, steps + 1) / steps
        xs.append(x[start] + share * (x[start + 1] - x[start]))
        ys.append(y[start] + share * (y[start + 1] - y[start]))
    return np.rint(np.concatenate(xs)).astype(np.intp), np.rint(np.concatenate(ys)).astype(np.intp)


def _x_axis(found: Curves, left: int, columns: int) -> list[str]:
    """The line below, and the numbers of the epochs under it."""
    line, said = ["─"] * columns, [" "] * (columns + 1)
    end = -1
    for place, label in found.x.ticks(max(columns // COLUMNS_PER_TICK, 2)):
        column = round(place * (columns - 1))
        start = min(max(column - len(label) // 2, 0), columns - len(label))
        if start > end:
            line[column] = "┬"
            said[start : start + len(label)] = label
            end = start + len(label)
    return [" " * (left - 1) + "└" + "".join(line), " " * left + "".join(said)]
