"""The plots: predicted against true, and the loss of each sample on the curve of the loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.style import Style

from tui_trainer.formats import format_number
from tui_trainer.plotting.colors import RIGHT, WRONG
from tui_trainer.plotting.frame import Board, Frame, one_cell
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import Loaded, unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import FrameWidget
from tui_trainer.ui.text import plain

from .messages import ClassPredictions, LossPoints, NumberPredictions

SAMPLE = "●"
FEW_POINTS = 250
CURVE = "class4"
# What the curve is, for one output and, as its axis, for several of them.
CURVES = {
    "sum_squared_error": ("(ŷ - y)²", "‖ŷ - y‖"),
    "mean_squared_error": ("(ŷ - y)²", "‖ŷ - y‖"),
    "mean_absolute_error": ("|ŷ - y|", "Σ|ŷ - y|"),
    "huber": ("huber(ŷ - y)", "Σ|ŷ - y|"),
    "binary_crossentropy": ("-log p", ""),
    "categorical_crossentropy": ("-log p", ""),
}
TEXT, DIM, HEAD, CORRECT, DIAGONAL, INCORRECT, CHOSEN, BAR = range(8)
NAMES = ("text", "dim", "head", "right", "diagonal", "wrong", "chosen", "bar")


def scatter(picture: Picture) -> Plot:
    """Predicted against true, with the diagonal on which they are the same."""
    content = picture.content
    if not isinstance(content, NumberPredictions):
        return Plot()
    true, predicted = unpack(content.true), unpack(content.predicted)
    both = np.concatenate([true, predicted])
    both = both[np.isfinite(both)]
    limits = (float(both.min()), float(both.max()))
    ends = np.array(limits)
    series = (
        Series("ŷ = y", ends, ends, CURVE),
        Series(_shown(content, len(true)), true, predicted, _color(content), "scatter", _glyph(len(true))),
    )
    x, y = f"true {picture.target}", f"predicted {picture.target}"
    return Plot(series, x_label=x, y_label=y, x_limits=limits, y_limits=limits)


def losses(picture: Picture) -> Plot:
    """The loss of each sample, on the curve, with the mean across."""
    content = picture.content
    if content is None:
        return Plot()
    points = content.points
    x, y = unpack(points.x), unpack(points.y)
    curve_x, curve_y = unpack(points.curve_x), unpack(points.curve_y)
    chances = points.axis in ("probability", "joint")
    across = np.array([0.0, 1.0] if chances else _ends(curve_x if len(curve_x) else x))
    label, curve = _names(points)
    series = [Series(curve, curve_x, curve_y, CURVE)] if len(curve_x) else []
    mean = (
        "accent" if isinstance(content, ClassPredictions) else "class2"
    )  # neither the colour of the points nor of the curve
    series.append(Series(f"mean {format_number(points.mean)}", across, np.full(2, points.mean), mean))
    if isinstance(content, ClassPredictions):
        split = points.wrong
        series.append(Series("right", x[split:], y[split:], "class2", "scatter", RIGHT))
        series.append(Series("wrong", x[:split], y[:split], "class3", "scatter", WRONG))
    else:
        series.append(Series(_shown(content, len(x)), x, y, _color(content), "scatter", SAMPLE))
    return Plot(tuple(series), x_label=label, y_label="loss", x_limits=(0.0, 1.0) if chances else None)


def _names(points: LossPoints) -> tuple[str, str]:
    """What the axis is, and the curve over it."""
    one, several = CURVES[points.name]
    if points.axis == "probability":
        return "probability p of the right class", one
    if points.axis == "joint":
        return "probability p of all outputs being right", one
    if points.axis == "residual":
        return "residual ŷ - y", one
    return f"{several}, over the outputs", f"{several}²" if points.name.endswith("squared_error") else several


def _glyph(points: int) -> str:
    """A mark for each of a few points; more of them would grow together, and are dots."""
    return SAMPLE if points <= FEW_POINTS else ""


def loss_note(picture: Picture) -> str:
    """What the mean of the points is."""
    content = picture.content
    if content is None:
        return ""
    points, count = content.points, content.part.samples
    shown = len(points.x) // 8
    whole = "mean" if points.loss == points.mean or np.isnan(points.loss) else "sum"
    parts = [f"{whole} of {count:,} losses {format_number(points.loss)} = {points.name}"]
    if points.penalized:
        parts.append("without penalty")
    if shown < count:
        parts.append(f"{shown:,} of them shown")
    return ", ".join(parts)


def _shown(content: NumberPredictions, shown: int) -> str:
    """The label of the points: how many of how many."""
    count = content.part.samples
    return f"{content.part.name}, {shown:,} of {count:,} shown" if shown < count else content.part.name


def _color(content: NumberPredictions) -> str:
    return "train" if content.part.name == "training" else "validation"


def _ends(values: np.ndarray) -> list[float]:
    finite = values[np.isfinite(values)]
    return [float(finite.min()), float(finite.max())] if len(finite) else [0.0, 1.0]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What was computed, and the names that go with it, fit for cells of a terminal."""

    content: ClassPredictions | NumberPredictions | None = None
    features: tuple[str, ...] = ()
    target: str = ""
    classes: tuple[str, ...] = ()
    rows: int = 0

    @classmethod
    def of(cls, loaded: Loaded) -> Picture:
        """Nothing computed yet of what was loaded."""
        dataset = loaded.dataset
        features, classes = ([one_cell(plain(name)) for name in names] for names in (dataset.features, dataset.classes))
        return cls(None, tuple(features), one_cell(plain(dataset.target)), tuple(classes), dataset.rows)

    @property
    def names(self) -> tuple[object, ...]:
        """What the data are called; content of one dataset means nothing under the names of another."""
        return self.features, self.target, self.classes


Draw = Callable[[Board, Picture, Markers], None]


class TextPanel(FrameWidget[Picture]):
    """Writes a picture on a board of its own size; only the cells that change are repainted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"panel--{name}" for name in NAMES}
    DEFAULT_CSS = """
    TextPanel {
        .panel--text { color: $foreground; }
        .panel--dim { color: $foreground-muted; }
        .panel--head { color: $foreground-muted; text-style: bold; }
        .panel--right { color: $text-success; text-style: bold; }
        .panel--diagonal { color: $text-success; background: $success-muted; text-style: bold; }
        .panel--wrong { color: $text-error; }
        .panel--chosen { color: $text-primary; background: $primary-muted; text-style: bold; }
        .panel--bar { color: $text-primary; }
    }
    """

    def __init__(self, draw: Draw, classes: str) -> None:
        super().__init__(Picture(), classes)
        self._draw_on = draw

    def draw(self, drawing: Picture, width: int, height: int) -> Frame:
        board = Board(width, height)
        if drawing.content is not None:
            self._draw_on(board, drawing, self.markers)
        return board.frame()

    def styles_of(self, drawing: Picture) -> Mapping[int, Style]:
        return {role: self.style_named(f"panel--{name}") for role, name in enumerate(NAMES)}
