"""The pen of the Boundary tab, which adds and removes points of a toy set by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from msgspec.structs import replace

from tui_trainer.datasets.catalog import CATALOG, ToySet
from tui_trainer.errors import plain
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import DatasetConfig, Experiment, PointConfig
from tui_trainer.plotting.plot import Marks, class_colors, to_levels
from tui_trainer.protocol import unpack
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import HeatmapWidget

from .drawing import Shown, visible
from .messages import Boundary, Function, Samples

ONLY_PLANES = "Points can be added and removed only in a toy set over x1 and x2."
UNDO, PEN = "undo", "pen"
BY_HAND = ("dataset.points", "dataset.removed")
NEAR = 2.0  # cells: the height of one counts as much as the width of two
DIGITS = 2  # behind the point of a coordinate: more than a cell tells
MIDDLE, STEPS = 5, 4  # of a number to be predicted: the digit of 0, and those from there to 1
GLYPH, ASCII = "╋", "X"
Edit: TypeAlias = TabView.FieldReworked | TabView.StatusMessage


class PointEditor:
    """Edits the points of a toy set by hand. Every point is a separate edit; the weights stay.

    Methods return a message for the tab to post: an edit, or a sentence that says why there is none.
    """

    def __init__(self) -> None:
        self.pen = PointPen()
        self._experiment = Experiment()
        self._picture: Boundary | Function | None = None
        self._is_current = False  # whether the points of the picture are those of the experiment as it is

    def show_experiment(self, experiment: Experiment) -> None:
        """Update the experiment whose points are edited."""
        if _drawing(experiment) != _drawing(self._experiment):
            self._is_current = False
        self._experiment = experiment

    def show_picture(self, picture: Boundary | Function) -> None:
        """Update the newest heatmap, which has the points as they were generated."""
        self._picture, self._is_current = picture, True

    def regenerate(self) -> TabView.FieldChosen | TabView.StatusMessage:
        """Generate new points of a toy set, those of its next seed."""
        if not self.is_toy:
            return TabView.StatusMessage("Only a toy set can draw new points; these data were measured.")
        seed = self._experiment.dataset.seed + 1
        return TabView.FieldChosen("dataset.seed", seed, f"New points, with seed {seed}; the weights stay.")

    def add(self, canvas: HeatmapWidget, *, pen_is_shown: bool) -> Edit:
        """Add a point of the pen's value in the middle of its cell."""
        plane = self.plane
        if plane is None:
            return TabView.StatusMessage(ONLY_PLANES)
        point = self.pen.point(plane, canvas)
        other = "" if pen_is_shown else f" {key_of(PEN)}: other {'classes' if plane.classes else 'values'}."
        added = f"Added {name_of(point.value, plane.classes)} at {point.x1:g}, {point.x2:g}"
        sentence = f"{added}; {key_of(UNDO)} undoes it.{other}"
        return self._edit(lambda dataset: replace(dataset, points=(*dataset.points, point)), sentence)

    def remove(self, canvas: HeatmapWidget, shown: Shown) -> Edit:
        """Remove the point nearest to the pen, among those added by hand and the visible samples."""
        plane = self.plane
        if plane is None:
            return TabView.StatusMessage(ONLY_PLANES)
        samples = visible(plane.samples, shown) if self._is_current else []
        point = nearest(canvas, (self.pen.column, self.pen.row), self._experiment.dataset, samples)
        if point is None:
            return TabView.StatusMessage("No point is close enough.")
        return self._edit(lambda dataset: _without(dataset, point), f"Removed a point; {key_of(UNDO)} restores it.")

    def clear(self) -> Edit:
        """Undo everything that was added and removed by hand."""
        dataset = self._experiment.dataset
        if not dataset.points and not dataset.removed:
            return TabView.StatusMessage("No point was added or removed by hand.")
        sentence = f"The toy set has its own points again; {key_of(UNDO)} undoes it."
        return self._edit(lambda dataset: replace(dataset, points=(), removed=()), sentence)

    def _edit(self, change: Callable[[DatasetConfig], DatasetConfig], sentence: str) -> TabView.FieldReworked:
        """Change the points; if a lesson has fixed one of their fields, the edit changes that field, and is refused."""
        path = next((path for path in BY_HAND if is_hidden(self._experiment, path)), "dataset")
        return TabView.FieldReworked(path, lambda experiment: change(experiment.dataset), sentence)

    @property
    def is_toy(self) -> bool:
        """Whether the data are a toy set, generated from a formula."""
        return self._toy is not None

    @property
    def has_changes(self) -> bool:
        """Whether points were added or removed, and can be changed."""
        dataset = self._experiment.dataset
        return self.plane is not None and bool(dataset.points or dataset.removed)

    @property
    def in_the_plane(self) -> bool:
        """Whether the data are a toy set with x1 and x2 as the only features."""
        return self._toy is not None and self._toy.in_the_plane

    @property
    def plane(self) -> Boundary | None:
        """The heatmap, if it is that of a toy set in the plane, in which points can be added and removed."""
        picture = self._picture
        return picture if self.in_the_plane and isinstance(picture, Boundary) and picture.square else None

    @property
    def _toy(self) -> ToySet | None:
        dataset = self._experiment.dataset
        entry = None if dataset.path is not None else CATALOG.get(dataset.name)
        return entry if isinstance(entry, ToySet) else None


def _drawing(experiment: Experiment) -> tuple[object, ...]:
    """Return everything that determines which points are generated."""
    dataset = experiment.dataset
    return dataset.path, dataset.name, dataset.samples, dataset.noise, dataset.seed, dataset.classes


def _without(dataset: DatasetConfig, point: PointConfig | int) -> DatasetConfig:
    """Return ``dataset`` without the last such point added by hand, or without the generated point with that index."""
    if isinstance(point, int):
        return replace(dataset, removed=tuple(sorted({*dataset.removed, point})))
    if point not in dataset.points:
        return dataset
    last = len(dataset.points) - 1 - dataset.points[::-1].index(point)
    return replace(dataset, points=(*dataset.points[:last], *dataset.points[last + 1 :]))


@dataclass(slots=True)
class PointPen:
    """The pen: a cell of the canvas, and the last digit typed."""

    column: int = 0
    row: int = 0
    digit: int = 1

    def centre(self, grid: tuple[int, int]) -> None:
        """Move to the centre of a canvas of ``grid`` pixels."""
        self.column, self.row = grid[0] // 2, grid[1] // 4

    def move(self, columns: int, rows: int, grid: tuple[int, int]) -> None:
        """Move right and down, at most to the edge."""
        self.column = min(max(self.column + columns, 0), grid[0] - 1)
        self.row = min(max(self.row + rows, 0), grid[1] // 2 - 1)

    def value(self, classes: Sequence[str]) -> float:
        """The value of its points: the number of a class, or a number from -1 to 1."""
        if classes:
            return float(self.digit - 1 if self.digit <= len(classes) else 0)
        return (min(self.digit, MIDDLE + STEPS) - MIDDLE) / STEPS

    def pick(self, digit: int, classes: Sequence[str]) -> str:
        """Select the value of its points; 10 is the key 0. Return a sentence if the digit has no meaning."""
        if digit <= (len(classes) or MIDDLE + STEPS):
            self.digit = digit
            return ""
        known = f"There are {len(classes)} classes, 1 to {len(classes)}" if classes else "1 is -1, 5 is 0, and 9 is 1"
        return f"{known}; {key_of('leave_pen')} puts the pen away, and numbers open tabs again."

    def point(self, content: Boundary, canvas: HeatmapWidget) -> PointConfig:
        """Return the point that it would add here."""
        return point_at(*canvas.coordinates(self.column, self.row), self.value(content.classes))

    def mark(self, content: Boundary, canvas: HeatmapWidget) -> Marks:
        """Return the pen's mark, in the colour of its points."""
        self.move(0, 0, canvas.grid)
        x, y = (np.array([value]) for value in canvas.coordinates(self.column, self.row))
        value = self.value(content.classes)
        if content.classes:
            color = class_colors(len(content.classes))[int(value)]
            return Marks("", x, y, color, GLYPH, ASCII, solid=True)
        return Marks("", x, y, glyph=GLYPH, ascii=ASCII, levels=to_levels(np.array([value]), -1.0, 1.0), solid=True)

    def describe(self, content: Boundary, canvas: HeatmapWidget) -> str:
        """Describe the pen's position, and the value of its points."""
        point = self.point(content, canvas)
        return f"Pen: {name_of(point.value, content.classes)} at {point.x1:g}, {point.x2:g}"


def name_of(value: float, classes: Sequence[str]) -> str:
    """Describe a value in words."""
    return plain(classes[int(value)]) if classes else f"{value:g}"


def point_at(x: float, y: float, value: float) -> PointConfig:
    """Return a point, rounded to the precision of a cell."""
    return PointConfig(round(x, DIGITS) + 0.0, round(y, DIGITS) + 0.0, value)


def nearest(
    canvas: HeatmapWidget, cell: tuple[int, int], config: DatasetConfig, samples: Sequence[Samples]
) -> PointConfig | int | None:
    """Return the point nearest to a cell: one added by hand, the index of a generated one, or None if none is near.

    ``samples`` are the visible ones; those already removed in ``config`` do not count.
    """
    own = config.points[::-1]  # of several in a cell, the last one
    x, y = [np.array([point.x1 for point in own])], [np.array([point.x2 for point in own])]
    numbers = [np.zeros(len(own))]
    for part in samples:
        drawn = unpack(part.drawn)
        left = (drawn >= 0) & ~np.isin(drawn, config.removed)
        x.append(unpack(part.x)[left])
        y.append(unpack(part.y)[left])
        numbers.append(drawn[left])
    columns, rows = canvas.cells(np.concatenate(x), np.concatenate(y))
    distances = np.hypot((np.rint(columns) - cell[0]) / 2, np.rint(rows) - cell[1])
    if not len(distances) or distances.min() > NEAR:
        return None
    index = int(distances.argmin())
    return own[index] if index < len(own) else int(np.concatenate(numbers)[index])
