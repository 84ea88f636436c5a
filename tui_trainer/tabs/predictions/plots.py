"""The plots of the Predictions tab, and the picture that all its panels draw.

The plots show predicted against true values, and each sample's loss on the curve of the loss function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.style import Style

from tui_trainer.datasets.pixels import PixelGrid
from tui_trainer.errors import plain
from tui_trainer.formats import format_number, format_percent
from tui_trainer.plotting.colors import RIGHT, WRONG
from tui_trainer.plotting.frame import Board, Frame, one_cell
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import Loaded, unpack
from tui_trainer.settings import Markers, Matrix
from tui_trainer.ui.plot_widgets import FrameWidget

from .messages import ClassPredictions, Importance, LossPoints, NumberPredictions, ThresholdCurves, WhatIf

SAMPLE_MARK = "●"
MAX_MARKED_POINTS = 250
UNIT = (0.0, 1.0)
NO_CURVES = "There is no threshold to move while the outputs are not finite."
CURVE_COLOR, MEAN_COLOR = "class0", "class3"  # neither is that of the points
# The loss for one output, and for several outputs as the label of the axis
CURVES = {
    "sum_squared_error": ("(ŷ - y)²", "‖ŷ - y‖"),
    "mean_squared_error": ("(ŷ - y)²", "‖ŷ - y‖"),
    "mean_absolute_error": ("|ŷ - y|", "Σ|ŷ - y|"),
    "huber": ("huber(ŷ - y)", "Σ|ŷ - y|"),
    "binary_crossentropy": ("-log p", ""),
    "categorical_crossentropy": ("-log p", ""),
}
TEXT, DIM, HEAD, CORRECT, DIAGONAL, INCORRECT, CHOSEN, BAR, CURSOR = range(9)
ROLE_NAMES = ("text", "dim", "head", "right", "diagonal", "wrong", "chosen", "bar", "cursor")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The computed content, and the names that go with it, printable and one cell per character.

    ``matrix`` is what the confusion matrix holds, ``cursor`` the row and column of its cell under the cursor.
    ``column`` is the number of the chosen column of the data, ``pixels`` how the features are a picture; one is
    ``drawn`` by hand now.
    """

    content: ClassPredictions | NumberPredictions | None = None
    features: tuple[str, ...] = ()
    target: str = ""
    classes: tuple[str, ...] = ()
    rows: int = 0
    loss_unit: str = ""
    row_heading: str = "row"
    row_column: str = ""
    always: str = ""  # what always answering the largest class would score
    matrix: Matrix = "counts"
    cursor: tuple[int, int] | None = None
    importance: Importance | None = None
    what_if: WhatIf | None = None
    column: int | None = None
    pixels: PixelGrid | None = None
    drawn: bool = False
    names: tuple[object, ...] = ()  # of the data, as they have them

    @classmethod
    def of(cls, loaded: Loaded) -> Picture:
        """Return a picture of what was loaded, without content."""
        dataset = loaded.dataset
        features, classes = ([one_cell(plain(name)) for name in names] for names in (dataset.features, dataset.classes))
        target = one_cell(plain(dataset.target))
        largest = dataset.largest_class
        always = ""
        if largest is not None:
            always = f"always {one_cell(plain(largest[0])[:16])}: {format_percent(largest[1], 1)}%"
        return cls(
            content=None,
            features=tuple(features),
            target=target,
            classes=tuple(classes),
            rows=dataset.rows,
            loss_unit=dataset.loss_unit,
            row_heading=dataset.row_heading,
            row_column=one_cell(plain(dataset.row_column)),
            always=always,
            pixels=dataset.pixels,
            names=dataset.names,
        )

    @property
    def curves(self) -> ThresholdCurves | None:
        """The curves over all thresholds; None while there are none."""
        return self.content.curves if isinstance(self.content, ClassPredictions) else None


Draw = Callable[[Board, Picture, Markers], None]


class TextPanel(FrameWidget[Picture]):
    """Draws a picture as text on a board of its own size; only the changed cells are repainted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"panel--{name}" for name in ROLE_NAMES}
    DEFAULT_CSS = """
    TextPanel {
        .panel--text { color: $foreground; }
        .panel--dim { color: $foreground-muted; }
        .panel--head { color: $foreground-muted; text-style: bold; }
        .panel--right { color: $text-success; text-style: bold; }
        .panel--diagonal { color: $text-success; background: $success-muted; text-style: bold; }
        .panel--wrong { color: $text-error; }
        .panel--chosen { color: $text-primary; background: $primary-muted; text-style: bold; }
        .panel--bar { color: $data-class0; }
        .panel--cursor { color: $text-accent; text-style: bold reverse; }
    }
    """

    def __init__(self, draw: Draw, classes: str) -> None:
        super().__init__(Picture(), classes)
        self._draw_on = draw

    def draw(self, drawing: Picture, width: int, height: int) -> Frame:
        board = Board(width, height)
        self._draw_on(board, drawing, self.markers)
        return board.frame()

    def styles_of(self, drawing: Picture) -> Mapping[int, Style]:
        return {role: self.style_named(f"panel--{name}") for role, name in enumerate(ROLE_NAMES)}


def scatter(picture: Picture) -> Plot:
    """Plot predicted against true values, with the diagonal on which they are equal."""
    content = picture.content
    if not isinstance(content, NumberPredictions):
        return Plot()
    true, predicted = unpack(content.true), unpack(content.predicted)
    finite = np.concatenate([true, predicted])
    finite = finite[np.isfinite(finite)]
    limits = (float(finite.min()), float(finite.max()))
    ends = np.array(limits)
    series = (
        Series("ŷ = y", ends, ends, CURVE_COLOR),
        Series(_points_label(content, len(true)), true, predicted, _color(content), "scatter", _glyph(len(true))),
    )
    x, y = f"true {picture.target}", f"predicted {picture.target}"
    return Plot(series, x_label=x, y_label=y, x_limits=limits, y_limits=limits)


def losses(picture: Picture) -> Plot:
    """Plot the loss of each sample, on the curve, with a line for the mean."""
    content = picture.content
    if content is None:
        return Plot()
    points = content.points
    x, y = unpack(points.x), unpack(points.y)
    curve_x, curve_y = unpack(points.curve_x), unpack(points.curve_y)
    is_probability = points.axis in ("probability", "joint")
    mean_x = np.array([0.0, 1.0] if is_probability else _finite_range(curve_x if len(curve_x) else x))
    label, curve = _axis_and_curve(points)
    series = [Series(curve, curve_x, curve_y, CURVE_COLOR)] if len(curve_x) else []
    series.append(Series(f"mean {format_number(points.mean)}", mean_x, np.full(2, points.mean), MEAN_COLOR))
    if isinstance(content, ClassPredictions):
        wrong_count = points.wrong
        series.append(Series("right", x[wrong_count:], y[wrong_count:], "good", "scatter", RIGHT))
        series.append(Series("wrong", x[:wrong_count], y[:wrong_count], "bad", "scatter", WRONG))
    else:
        series.append(Series(_points_label(content, len(x)), x, y, _color(content), "scatter", SAMPLE_MARK))
    return Plot(
        tuple(series),
        x_label=label,
        y_label=f"loss{picture.loss_unit}",
        x_limits=(0.0, 1.0) if is_probability else None,
    )


def roc(picture: Picture) -> Plot:
    """Plot the ROC curve: the recall, or rate of true positives, over that of false ones; chance; the threshold."""
    curves = picture.curves
    if curves is None:
        return Plot(empty=NO_CURVES)
    right, missed, wrong, left = curves.counts
    ends = np.array([0.0, 1.0])
    x, y = unpack(curves.false_positive), unpack(curves.true_positive)
    series = (
        Series("chance", ends, ends, MEAN_COLOR),
        Series(f"ROC, area {format_number(curves.area)}", x, y, CURVE_COLOR),
        _cut_point(wrong / max(wrong + left, 1), right / max(right + missed, 1)),
    )
    return Plot(series, "false positives", "recall", x_limits=UNIT, y_limits=UNIT)


def precision_recall(picture: Picture) -> Plot:
    """Plot the precision over the recall, the share that chance would give, and the point of the threshold."""
    curves = picture.curves
    if curves is None:
        return Plot()
    right, missed, wrong, left = curves.counts
    share = (right + missed) / max(right + missed + wrong + left, 1)
    label = f"average precision {format_number(curves.average_precision)}"
    series = [
        Series("chance", np.array([0.0, 1.0]), np.full(2, share), MEAN_COLOR),
        Series(label, unpack(curves.recall), unpack(curves.precision), CURVE_COLOR),
    ]
    if right + wrong:
        series.append(_cut_point(right / max(right + missed, 1), right / (right + wrong)))
    return Plot(tuple(series), "recall", "precision", x_limits=UNIT, y_limits=UNIT)


def _cut_point(x: float, y: float) -> Series:
    return Series("threshold", np.array([x]), np.array([y]), "bad", "scatter", SAMPLE_MARK)


def loss_note(picture: Picture) -> str:
    """Describe the mean of the losses."""
    content = picture.content
    if content is None:
        return ""
    points, count = content.points, content.part.samples
    drawn = len(points.x) // 8
    aggregate = "mean" if points.loss == points.mean or np.isnan(points.loss) else "sum"
    parts = [f"{aggregate} of {count:,} losses {format_number(points.loss)} = {points.name}"]
    if points.penalized:
        parts.append("without penalty")
    if drawn < count:
        parts.append(f"{drawn:,} of them shown")
    return ", ".join(parts)


def _axis_and_curve(points: LossPoints) -> tuple[str, str]:
    """Return the labels of the axis and of the curve."""
    single, multiple = CURVES[points.name]
    if points.axis == "probability":
        return "probability p of the right class", single
    if points.axis == "joint":
        return "probability p of all outputs being right", single
    if points.axis == "residual":
        return "residual ŷ - y", single
    return f"{multiple}, over the outputs", f"{multiple}²" if points.name.endswith("squared_error") else multiple


def _glyph(points: int) -> str:
    """Return a mark for a few points; many points are drawn as dots, since marks would overlap."""
    return SAMPLE_MARK if points <= MAX_MARKED_POINTS else ""


def _points_label(content: NumberPredictions, drawn: int) -> str:
    """Return the label of the points, with how many of how many are drawn."""
    count = content.part.samples
    return f"{content.part.name}, {drawn:,} of {count:,} shown" if drawn < count else content.part.name


def _color(content: NumberPredictions) -> str:
    return "train" if content.part.name == "training" else "validation"


def _finite_range(values: np.ndarray) -> list[float]:
    finite = values[np.isfinite(values)]
    return [float(finite.min()), float(finite.max())] if len(finite) else [0.0, 1.0]
