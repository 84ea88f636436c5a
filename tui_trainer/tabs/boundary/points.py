"""The part of the Boundary tab about samples: which are seen, and those of a toy set that are changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from textual import on
from textual.reactive import reactive

from tui_trainer.datasets.catalog import CATALOG, ToySet
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import DatasetConfig, Experiment, PointConfig
from tui_trainer.plotting.levels import to_levels
from tui_trainer.plotting.plot import Marks, class_colors
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import HeatmapWidget
from tui_trainer.ui.text import plain

from .drawing import Shown, visible
from .messages import Boundary, Function, Samples

SAMPLES: tuple[Shown, ...] = ("all", "training", "none")
SAID = {
    "all": "Training and validation samples.",
    "training": "Training samples alone.",
    "none": "No samples.",
}
ONLY_PLANES = "Points can be added and removed in a toy set over x1 and x2 alone."
UNDO, PEN = "undo", "pen"
BY_HAND = ("dataset.points", "dataset.removed")
NEAR = 2.0  # cells: the height of one counts as much as the width of two
DIGITS = 2  # behind the point of a coordinate: more than a cell tells
MIDDLE, STEPS = 5, 4  # of a number to be predicted: the digit of 0, and those from there to 1
GLYPH, ASCII = "╋", "X"


class PointsView(TabView):
    """Owns the pen. Every point it adds or removes is an edit of its own; the weights stay."""

    MODE = frozenset({"move_pen", "pick_value", "add_point", "remove_point", "leave_pen"})
    samples: reactive[Shown] = reactive[Shown]("all")

    def __init__(self) -> None:
        super().__init__()
        self.content: Boundary | Function | None = None
        self.pen = PointPen()
        self._experiment = Experiment()
        self._drawn_now = False  # whether the points in ``content`` are those of the experiment as it is

    def show_experiment(self, experiment: Experiment) -> None:
        if _drawing(experiment) != _drawing(self._experiment):
            self._drawn_now = False
        self._experiment = experiment
        if self.in_mode and not self._in_the_plane:
            self._set_mode(False)

    def watch_samples(self) -> None:
        self._draw()

    def action_samples(self) -> None:
        """All samples, those for training, or none."""
        self.samples = SAMPLES[(SAMPLES.index(self.samples) + 1) % len(SAMPLES)]
        self.post_message(self.Said(SAID[self.samples]))

    def action_regenerate(self) -> None:
        """Other points of a toy set: its next seed."""
        if not self.is_toy:
            self.post_message(self.Said("Only a toy set can have other points; this one is as it was measured."))
            return
        seed = self._experiment.dataset.seed + 1
        self.post_message(
            self.FieldChosen("dataset.seed", seed, f"Other points, those of seed {seed}; the weights stay.")
        )

    def action_pen(self) -> None:
        """Take the pen, or put it away."""
        if not self.in_mode and self._plane is None:
            self.post_message(self.Said(ONLY_PLANES))
            return
        self._set_mode(not self.in_mode)
        if self.in_mode:
            self.screen.set_focus(None)

    def action_leave_pen(self) -> None:
        """Put the pen away."""
        self._set_mode(False)

    def action_move_pen(self, columns: int, rows: int) -> None:
        """Move the pen by so many cells to the right and down."""
        self.pen.move(columns, rows, self.query_one(HeatmapWidget).grid)
        self._draw()

    def action_pick_value(self, digit: int) -> None:
        """Choose what the pen writes."""
        if self._plane is None:
            return
        if self.pen.takes(digit, self._plane.classes):
            self.pen.digit = digit
            self._draw()
        else:
            count = len(self._plane.classes)
            said = f"There are {count} classes, 1 to {count}." if count else "1 is -1, 5 is 0, and 9 is 1."
            self.post_message(self.Said(said))

    def action_add_point(self) -> None:
        """Add a point where the pen is."""
        self._add(self.pen.column, self.pen.row)

    def action_remove_point(self) -> None:
        """Remove the point that is nearest to the pen."""
        self._remove(self.pen.column, self.pen.row)

    def action_clear_points(self) -> None:
        """Take back all that was added and removed by hand."""
        dataset = self._experiment.dataset
        if not dataset.points and not dataset.removed:
            self.post_message(self.Said("No point was added or removed by hand."))
            return
        said = f"The points are those of the toy set again; {key_of(UNDO)} takes it back."
        self._rework(lambda dataset: replace(dataset, points=(), removed=()), said)

    @on(HeatmapWidget.Clicked)
    def _use_mouse(self, event: HeatmapWidget.Clicked) -> None:
        event.stop()
        self.pen.column, self.pen.row = event.column, event.row
        if event.second:
            self._remove(event.column, event.row)
        else:
            self._add(event.column, event.row)

    def _draw(self) -> None:
        """Draw the picture anew."""
        raise NotImplementedError

    def _add(self, column: int, row: int) -> None:
        """Add a point of the pen's value in the middle of a cell."""
        plane = self._plane
        if plane is None:
            self.post_message(self.Said(ONLY_PLANES))
            return
        point = point_at(*self.query_one(HeatmapWidget).place(column, row), self.pen.value(plane.classes))
        if self.samples == "none":
            self.samples = "training"  # a point that is added wants to be seen
        other = "" if self.in_mode else f" {key_of(PEN)}: other {'classes' if plane.classes else 'values'}."
        added = f"Added {name_of(point.value, plane.classes)} at {point.x1:g}, {point.x2:g}"
        said = f"{added}; {key_of(UNDO)} takes it back.{other}"
        self._rework(lambda dataset: replace(dataset, points=(*dataset.points, point)), said)

    def _remove(self, column: int, row: int) -> None:
        """Remove the point nearest to a cell."""
        plane = self._plane
        if plane is None:
            self.post_message(self.Said(ONLY_PLANES))
            return
        seen = visible(plane.samples, self.samples) if self._drawn_now else []
        found = nearest(self.query_one(HeatmapWidget), (column, row), self._experiment.dataset, seen)
        if found is None:
            self.post_message(self.Said("There is no point so near."))
            return
        self._rework(lambda dataset: _without(dataset, found), f"Removed a point; {key_of(UNDO)} brings it back.")

    def _rework(self, change: Callable[[DatasetConfig], DatasetConfig], said: str) -> None:
        """Change the points, or have it said that they are fixed."""
        path = next((path for path in BY_HAND if is_hidden(self._experiment, path)), "dataset")
        self.post_message(self.FieldReworked(path, lambda experiment: change(experiment.dataset), said))

    def _set_mode(self, on: bool) -> None:
        self.in_mode = on
        if on:
            self.pen.centre(self.query_one(HeatmapWidget).grid)
        self._draw()
        self.refresh_bindings()

    @property
    def is_toy(self) -> bool:
        """Whether the data are made from a formula."""
        return self._toy is not None

    @property
    def can_change_points(self) -> bool:
        """Whether points can be added and removed."""
        return self._plane is not None

    @property
    def has_changes(self) -> bool:
        """Whether points were added or removed."""
        dataset = self._experiment.dataset
        return self.can_change_points and bool(dataset.points or dataset.removed)

    @property
    def _toy(self) -> ToySet | None:
        dataset = self._experiment.dataset
        entry = None if dataset.path is not None else CATALOG.get(dataset.name)
        return entry if isinstance(entry, ToySet) else None

    @property
    def _in_the_plane(self) -> bool:
        return self._toy is not None and self._toy.in_the_plane

    @property
    def _plane(self) -> Boundary | None:
        """The picture, if it is one of a toy set in the plane: points can be added then."""
        content = self.content
        return content if self._in_the_plane and isinstance(content, Boundary) and content.square else None


def _drawing(experiment: Experiment) -> tuple[object, ...]:
    """All that decides which points are drawn."""
    dataset = experiment.dataset
    return dataset.path, dataset.name, dataset.samples, dataset.noise, dataset.seed, dataset.classes


def _without(dataset: DatasetConfig, found: PointConfig | int) -> DatasetConfig:
    """``dataset`` without a point set by hand, the last one like it, or without the drawn point of that number."""
    if isinstance(found, int):
        return replace(dataset, removed=tuple(sorted({*dataset.removed, found})))
    if found not in dataset.points:
        return dataset
    last = len(dataset.points) - 1 - dataset.points[::-1].index(found)
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


def mark(pen: PointPen, content: Boundary, widget: HeatmapWidget) -> Marks:
    """The pen as it is drawn, in the colour of what it writes."""
    pen.move(0, 0, widget.grid)
    x, y = (np.array([value]) for value in widget.place(pen.column, pen.row))
    value = pen.value(content.classes)
    if content.classes:
        color = class_colors(len(content.classes))[int(value)]
        return Marks("", x, y, color, GLYPH, ASCII, solid=True)
    return Marks("", x, y, glyph=GLYPH, ascii=ASCII, levels=to_levels(np.array([value]), -1.0, 1.0), solid=True)


def tell(pen: PointPen, content: Boundary, widget: HeatmapWidget) -> str:
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
