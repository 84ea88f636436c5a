"""The plots: predicted against true, and the loss of each sample on the curve of the loss."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol.framing import unpack
from tui_trainer.ui.plotting.shapes import RIGHT, WRONG
from tui_trainer.ui.views.predictions.numbers import number
from tui_trainer.ui.views.predictions.picture import Picture

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
    series.append(Series(f"mean {number(points.mean)}", across, np.full(2, points.mean), mean))
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
    parts = [f"{whole} of {count:,} losses {number(points.loss)} = {points.name}"]
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
