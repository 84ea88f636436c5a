"""The landscape as a plot over one parameter, or as a map over two."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.levels import HIGHEST, unpack_levels
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.landscape.drawing import brief
from tui_trainer.tabs.landscape.messages import Landscape, Map
from tui_trainer.ui.plotting.heatmap import Gradient, Heatmap, Marks

START, NOW, LEAST, STOP = "○", "●", "◆", "•"
COMPUTING = "The landscape is being computed."


def curve(content: Landscape, log_scale: bool) -> Plot:
    """The loss over one axis, with the steps taken on it."""
    axis = content.axes[0]
    losses = np.array(unpack(content.curve))
    places = np.linspace(axis.low, axis.high, len(losses))
    series = [Series(f"ℒ of {rows(content)}", places, losses, "train")]
    if content.way is not None:
        x, y = unpack(content.way.points), unpack(content.way.losses)
        steps = unpack(content.way.steps)
        series += [
            Series("", x, y, "batch", "path"),
            Series("steps" if len(x) > 1 else "", x, y, "accent", "scatter", STOP),
            Series(f"{axis.name}_{steps[0]:.0f}", x[:1], y[:1], "accent", "scatter", START),
        ]
    here = np.array([axis.at]), np.array([content.here])
    series.append(Series(newest(content), *here, "validation", "scatter", NOW))
    if content.minimum is not None:
        least = unpack(content.minimum.point), np.array([content.minimum.loss])
        series.append(Series(f"{axis.name}*", *least, "class2", "scatter", LEAST))
    limits = axis.low, axis.high
    return Plot(tuple(series), axis.name, "ℒ", log_y=log_scale, x_limits=limits, empty=COMPUTING)


def chart(content: Landscape, drawn: Map) -> Heatmap:
    """The loss over two axes in bands, with the steps taken on it."""
    x, y = content.axes
    return Heatmap(
        unpack_levels(drawn.levels, drawn.rows),
        x_limits=(x.low, x.high),
        y_limits=(y.low, y.high),
        palette="sequential",
        steps=len(unpack(drawn.edges)) + 1,
        x_label=x.name,
        y_label=y.name,
        title=f"ℒ of {rows(content)}",
        bar=(f"{brief(drawn.lowest)} ", Gradient(16, 0, HIGHEST), f" {brief(drawn.highest)}"),
        marks=_marks(content),
        empty=COMPUTING,
    )


def rows(content: Landscape) -> str:
    """Whose loss it is."""
    if content.samples == content.training_rows:
        return f"all {content.samples:,} rows"
    return f"{content.samples:,} of the {content.training_rows:,} rows"


def newest(content: Landscape) -> str:
    """The name of where the model is now."""
    if content.way is None or len(content.axes) > 1:
        return "now"
    return f"{content.axes[0].name}_{unpack(content.way.steps)[-1]:.0f}"


def _marks(content: Landscape) -> tuple[Marks, ...]:
    x, y = content.axes
    marks = []
    if content.way is not None:
        way = unpack(content.way.points).reshape(-1, 2)
        across, up = way[:, 0], way[:, 1]
        marks += [
            Marks("", across, up, "batch", "·", "o", path=True),
            Marks("steps", across, up, "accent", STOP, "o"),
            Marks("start", across[:1], up[:1], "accent", START, "S"),
        ]
    if content.minimum is not None:
        least = unpack(content.minimum.point)
        marks.append(Marks("minimum", least[:1], least[1:], "class2", LEAST, "M"))
    marks.append(Marks("now", np.array([x.at]), np.array([y.at]), "validation", NOW, "X"))
    return tuple(marks)
