"""The pen that sets points by hand: where it is, what it writes, and which point lies nearest to a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui_trainer.experiment.schema import DatasetConfig, PointConfig
from tui_trainer.plotting.levels import to_levels
from tui_trainer.plotting.plot import class_colors
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.boundary.messages import Boundary, Samples
from tui_trainer.ui.plotting.heatmap import Marks
from tui_trainer.ui.plotting.heatmap_widget import HeatmapWidget
from tui_trainer.ui.text import plain

NEAR = 2.0  # cells: the height of one counts as much as the width of two
DIGITS = 2  # behind the point of a coordinate: more than a cell tells
MIDDLE, STEPS = 5, 4  # of a number to be predicted: the digit of 0, and those from there to 1
GLYPH, ASCII = "╋", "X"


@dataclass(slots=True)
class Pen:
    """A cell of the canvas, and the digit that was chosen last."""

    column: int = 0
    row: int = 0
    digit: int = 1

    def centre(self, grid: tuple[int, int]) -> None:
        """Go to the middle of a canvas of ``grid`` pixels."""
        self.column, self.row = grid[0] // 2, grid[1] // 4

    def move(self, columns: int, rows: int, grid: tuple[int, int]) -> None:
        """Go right and down, to the border at most."""
        self.column = min(max(self.column + columns, 0), grid[0] - 1)
        self.row = min(max(self.row + rows, 0), grid[1] // 2 - 1)

    def value(self, classes: Sequence[str]) -> float:
        """What its points are: the number of a class, or a number from -1 to 1."""
        if classes:
            return float(self.digit - 1 if self.digit <= len(classes) else 0)
        return (min(self.digit, MIDDLE + STEPS) - MIDDLE) / STEPS

    def takes(self, digit: int, classes: Sequence[str]) -> bool:
        """Whether a digit means something; 10 is the key 0."""
        return digit <= (len(classes) or MIDDLE + STEPS)


def name_of(value: float, classes: Sequence[str]) -> str:
    """A value in words."""
    return plain(classes[int(value)]) if classes else f"{value:g}"


def point_at(x: float, y: float, value: float) -> PointConfig:
    """A point with as many digits as a cell tells."""
    return PointConfig(round(x, DIGITS) + 0.0, round(y, DIGITS) + 0.0, value)


def mark(pen: Pen, content: Boundary, widget: HeatmapWidget) -> Marks:
    """The pen as it is drawn, in the colour of what it writes."""
    pen.move(0, 0, widget.grid)
    x, y = (np.array([value]) for value in widget.place(pen.column, pen.row))
    value = pen.value(content.classes)
    if content.classes:
        color = class_colors(len(content.classes))[int(value)]
        return Marks("", x, y, color, GLYPH, ASCII, solid=True)
    return Marks("", x, y, glyph=GLYPH, ascii=ASCII, levels=to_levels(np.array([value]), -1.0, 1.0), solid=True)


def tell(pen: Pen, content: Boundary, widget: HeatmapWidget) -> str:
    """Where the pen is, and what it writes."""
    point = point_at(*widget.place(pen.column, pen.row), pen.value(content.classes))
    return f"Pen: {name_of(point.value, content.classes)} at {point.x1:g}, {point.x2:g}"


def nearest(
    widget: HeatmapWidget, cell: tuple[int, int], config: DatasetConfig, samples: Sequence[Samples]
) -> PointConfig | int | None:
    """The point that lies nearest to a cell: one set by hand, the number of a drawn one, or None where none is near.

    ``samples`` are those that are seen; of those drawn that ``config`` has removed already, none is found again.
    """
    own = config.points[::-1]  # of several in a cell, the last one
    x, y = [np.array([point.x1 for point in own])], [np.array([point.x2 for point in own])]
    numbers = [np.zeros(len(own))]
    for one in samples:
        drawn = unpack(one.drawn)
        left = (drawn >= 0) & ~np.isin(drawn, config.removed)
        x.append(unpack(one.x)[left])
        y.append(unpack(one.y)[left])
        numbers.append(drawn[left])
    columns, rows = widget.cells(np.concatenate(x), np.concatenate(y))
    distances = np.hypot((np.rint(columns) - cell[0]) / 2, np.rint(rows) - cell[1])
    if not len(distances) or distances.min() > NEAR:
        return None
    found = int(distances.argmin())
    return own[found] if found < len(own) else int(np.concatenate(numbers)[found])
