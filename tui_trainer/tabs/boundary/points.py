"""The pen of the Boundary tab: the points of a toy set are added and removed by hand."""

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
Edit: TypeAlias = TabView.FieldReworked | TabView.Said


class PointEditor:
    """Changes the points of a toy set by hand. Every point is an edit of its own; the weights stay.

    What a method returns is a message for the tab to post: an edit, or a sentence that says why there is none.
    """

    def __init__(self) -> None:
        self.pen = PointPen()
        self._experiment = Experiment()
        self._picture: Boundary | Function | None = None
        self._is_current = False  # whether the points of the picture are those of the experiment as it is

    def show_experiment(self, experiment: Experiment) -> None:
        """Take over the experiment whose points are edited."""
        if _drawing(experiment) != _drawing(self._experiment):
            self._is_current = False
        self._experiment = experiment

    def show_picture(self, picture: Boundary | Function) -> None:
        """Take over the newest picture, which holds the points as they were drawn."""
        self._picture, self._is_current = picture, True

    def regenerate(self) -> TabView.FieldChosen | TabView.Said:
        """Draw other points of a toy set: those of its next seed."""
        if not self.is_toy:
            return TabView.Said("Only a toy set can draw new points; these data were measured.")
        seed = self._experiment.dataset.seed + 1
        return TabView.FieldChosen("dataset.seed", seed, f"New points, with seed {seed}; the weights stay.")

    def add(self, canvas: HeatmapWidget, *, pen_is_shown: bool) -> Edit:
        """Add a point of the pen's value in the middle of its cell."""
        plane = self.plane
        if plane is None:
            return TabView.Said(ONLY_PLANES)
        point = self.pen.point(plane, canvas)
        other = "" if pen_is_shown else f" {key_of(PEN)}: other {'classes' if plane.classes else 'values'}."
        added = f"Added {name_of(point.value, plane.classes)} at {point.x1:g}, {point.x2:g}"
        sentence = f"{added}; {key_of(UNDO)} undoes it.{other}"
        return self._edit(lambda dataset: replace(dataset, points=(*dataset.points, point)), sentence)

    def remove(self, canvas: HeatmapWidget, shown: Shown) -> Edit:
        """Remove the point nearest to the pen, among those set by hand and the samples that are shown."""
        plane = self.plane
        if plane is None:
            return TabView.Said(ONLY_PLANES)
        samples = visible(plane.samples, shown) if self._is_current else []
        point = nearest(canvas, (self.pen.column, self.pen.row), self._experiment.dataset, samples)
        if point is None:
            return TabView.Said("No point is close enough.")
        return self._edit(lambda dataset: _without(dataset, point), f"Removed a point; {key_of(UNDO)} restores it.")

    def clear(self) -> Edit:
        """Take back all that was added and removed by hand."""
        dataset = self._experiment.dataset
        if not dataset.points and not dataset.removed:
            return TabView.Said("No point was added or removed by hand.")
        sentence = f"The toy set has its own points again; {key_of(UNDO)} undoes it."
        return self._edit(lambda dataset: replace(dataset, points=(), removed=()), sentence)

    def _edit(self, change: Callable[[DatasetConfig], DatasetConfig], sentence: str) -> TabView.FieldReworked:
        """Change the points; where a lesson has fixed a field of theirs, the edit is one of that field, and refused."""
        path = next((path for path in BY_HAND if is_hidden(self._experiment, path)), "dataset")
        return TabView.FieldReworked(path, lambda experiment: change(experiment.dataset), sentence)

    @property
    def is_toy(self) -> bool:
        """Whether the data are made from a formula."""
        return self._toy is not None

    @property
    def has_changes(self) -> bool:
        """Whether points were added or removed, and can be changed."""
        dataset = self._experiment.dataset
        return self.plane is not None and bool(dataset.points or dataset.removed)

    @property
    def in_the_plane(self) -> bool:
        """Whether the data are a toy set over x1 and x2 alone."""
        return self._toy is not None and self._toy.in_the_plane

    @property
    def plane(self) -> Boundary | None:
        """The picture, if it is one of a toy set in the plane: points can be added and removed then."""
        picture = self._picture
        return picture if self.in_the_plane and isinstance(picture, Boundary) and picture.square else None

    @property
    def _toy(self) -> ToySet | None:
        dataset = self._experiment.dataset
        entry = None if dataset.path is not None else CATALOG.get(dataset.name)
        return entry if isinstance(entry, ToySet) else None


def _drawing(experiment: Experiment) -> tuple[object, ...]:
    """All that decides which points are drawn."""
    dataset = experiment.dataset
    return dataset.path, dataset.name, dataset.samples, dataset.noise, dataset.seed, dataset.classes


def _without(dataset: DatasetConfig, point: PointConfig | int) -> DatasetConfig:
    """``dataset`` without a point set by hand, the last one like it, or without the drawn point of that number."""
    if isinstance(point, int):
        return replace(dataset, removed=tuple(sorted({*dataset.removed, point})))
    if point not in dataset.points:
        return dataset
    last = len(dataset.points) - 1 - dataset.points[::-1].index(point)
    return replace(dataset, points=(*dataset.points[:last], *dataset.points[last + 1 :]))


@dataclass(slots=True)
class PointPen:
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
        """The value of its points: the number of a class, or a number from -1 to 1."""
        if classes:
            return float(self.digit - 1 if self.digit <= len(classes) else 0)
        return (min(self.digit, MIDDLE + STEPS) - MIDDLE) / STEPS

    def pick(self, digit: int, classes: Sequence[str]) -> str:
        """Choose what its points are; 10 is the key 0. Returns a sentence, where the digit means nothing."""
        if digit <= (len(classes) or MIDDLE + STEPS):
            self.digit = digit
            return ""
        return f"There are {len(classes)} classes, 1 to {len(classes)}." if classes else "1 is -1, 5 is 0, and 9 is 1."

    def point(self, content: Boundary, canvas: HeatmapWidget) -> PointConfig:
        """The point it adds where it is."""
        return point_at(*canvas.place(self.column, self.row), self.value(content.classes))

    def mark(self, content: Boundary, canvas: HeatmapWidget) -> Marks:
        """The pen as it is drawn, in the colour of its points."""
        self.move(0, 0, canvas.grid)
        x, y = (np.array([value]) for value in canvas.place(self.column, self.row))
        value = self.value(content.classes)
        if content.classes:
            color = class_colors(len(content.classes))[int(value)]
            return Marks("", x, y, color, GLYPH, ASCII, solid=True)
        return Marks("", x, y, glyph=GLYPH, ascii=ASCII, levels=to_levels(np.array([value]), -1.0, 1.0), solid=True)

    def describe(self, content: Boundary, canvas: HeatmapWidget) -> str:
        """Where the pen is, and the value of its points."""
        point = self.point(content, canvas)
        return f"Pen: {name_of(point.value, content.classes)} at {point.x1:g}, {point.x2:g}"


def name_of(value: float, classes: Sequence[str]) -> str:
    """A value in words."""
    return plain(classes[int(value)]) if classes else f"{value:g}"


def point_at(x: float, y: float, value: float) -> PointConfig:
    """A point with as many digits as a cell tells."""
    return PointConfig(round(x, DIGITS) + 0.0, round(y, DIGITS) + 0.0, value)


def nearest(
    canvas: HeatmapWidget, cell: tuple[int, int], config: DatasetConfig, samples: Sequence[Samples]
) -> PointConfig | int | None:
    """The point nearest to a cell: one set by hand, the number of a drawn one, or None where none is near.

    ``samples`` are those that are shown; those that ``config`` has removed already do not count.
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
