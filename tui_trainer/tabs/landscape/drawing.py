"""The numbers beside the landscape: the update rule with those of the last step, and the steps before."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from tui_trainer.formats import format_decimal, format_loss
from tui_trainer.plotting.levels import HIGHEST, unpack_levels
from tui_trainer.plotting.plot import Gradient, Heatmap, Marks, Plot, Series
from tui_trainer.protocol import unpack

from .messages import Axis, Landscape, Map, Update

# Cells of a column: names, numbers of several parameters, of one, and in the table parameters and losses.
NAME, NUMBER, WIDE, SHORT, LOSS = 6, 12, 14, 9, 8
START, NOW, LEAST, STOP = "○", "●", "◆", "•"
COMPUTING = "The landscape is being computed."


def update_text(content: Landscape) -> Text:
    """What the last step has done to each parameter, or where the model stands before the first."""
    text = Text(no_wrap=True)
    names = [axis.name for axis in content.axes]
    several = len(names) > 1
    symbol, width = ("θ", NUMBER) if several else (names[0], WIDE)
    text.append(rule(symbol, content.update), style="bold")
    if several:
        text.append("\n" + " " * NAME + "".join(name.rjust(width) for name in names), style="bold")
    for name, values in update_lines(content, symbol):
        shown = (f"{value:g}".rjust(width) if name == "ρ" else format_decimal(value, width) for value in values)
        text.append(f"\n{name:<{NAME}}" + "".join(shown))
    text.append(f"\n{'ℒ':<{NAME}}" + format_loss(content.here).rjust(width))
    if content.minimum is not None:
        point = "".join(format_decimal(value, width) for value in unpack(content.minimum.point))
        text.append(f"\n{f'{symbol}*':<{NAME}}{point}", style="dim")
        text.append(f"\n{'ℒ*':<{NAME}}" + format_loss(content.minimum.loss).rjust(width), style="dim")
    return text


def rule(symbol: str, update: Update | None) -> str:
    """How the optimizer makes the next parameters of these."""
    if update is None or not update.optimizer:
        return f"{symbol}_t+1 = {symbol}_t − ρ ∂ℒ/∂{symbol}"
    return f"{symbol}_t+1 by {update.optimizer}"


def update_lines(content: Landscape, symbol: str) -> list[tuple[str, tuple[float, ...]]]:
    """Name and values of each line of numbers: one value for each parameter, but one rate for all."""
    update, slope = content.update, f"∂ℒ/∂{symbol}"
    if update is None:
        at = tuple(axis.at for axis in content.axes)
        step = 0 if content.way is None else int(unpack(content.way.steps)[-1])
        return [
            (at_step(symbol, step, "t"), at),
            (slope, tuple(axis.slope for axis in content.axes)),
            ("ρ", (content.rate,)),
        ]
    return [
        (at_step(symbol, update.step - 1, "t"), tuple(unpack(update.before))),
        (slope, tuple(unpack(update.gradient))),
        ("ρ", (update.rate,)),
        (at_step(symbol, update.step, "t+1"), tuple(unpack(update.after))),
    ]


def at_step(symbol: str, step: int, general: str) -> str:
    """``w_9``, or ``w_t`` where the number of the step takes too much room."""
    name = f"{symbol}_{step}"
    return name if len(name) <= NAME else f"{symbol}_{general}"


def steps_text(content: Landscape, most: int) -> Text:
    """A table of the newest steps, at most so many lines with the head, the last one at the bottom."""
    text = Text(no_wrap=True)
    if content.way is None or most < 2:
        return text
    names = [axis.name for axis in content.axes]
    points = unpack(content.way.points).reshape(-1, len(names))
    losses, steps = unpack(content.way.losses), unpack(content.way.steps)
    count = len(f"{steps[-1]:.0f}") + 1
    fitting = [name if len(name) + 2 < SHORT else f"θ[{number}]" for number, name in enumerate(names, start=1)]
    head = "t".rjust(count) + "".join(f"{name}_t".rjust(SHORT) for name in fitting) + "ℒ".rjust(LOSS)
    text.append(head, style="bold")
    for i in range(len(steps) - min(content.way.each, most - 1), len(steps)):
        numbers = "".join(format_decimal(value, SHORT) for value in points[i])
        text.append("\n" + f"{steps[i]:.0f}".rjust(count) + numbers + format_loss(losses[i]).rjust(LOSS))
    return text


def place_text(content: Landscape) -> Text:
    """Where a model of many parameters stands: the value and slope of what the axes show."""
    text = Text(no_wrap=True)
    text.append("The weights now", style="bold")
    for axis in content.axes:
        text.append(f"\n{axis_line(axis)}")
        text.append(f"\n  slope of ℒ {format_decimal(axis.slope, NUMBER)}")
    text.append(f"\nℒ here       {format_loss(content.here).rjust(NUMBER)}")
    text.append(f"\nρ            {content.rate:>{NUMBER}g}")
    return text


def axis_line(axis: Axis) -> str:
    """The axis with its value; a direction starts where the model is, and its unit is a length."""
    return f"{axis.name} = {axis.at:.4f}" if axis.parameter is not None else axis.name


def explanation(content: Landscape) -> Text:
    """What a slice or a plane leaves out."""
    if content.kind == "plane":
        said = (
            "Both directions start at the weights as they are; 1 is as far as these are from zero. Downhill is left. "
            "The random direction changes each neuron in proportion to its weights."
        )
    else:
        said = "All other parameters stay as they are now, so the picture moves while they are trained."
    return Text(said, style="dim")


def note(content: Landscape) -> str:
    """What has to be known of the picture: points that lie outside it, and noise."""
    said = []
    outside = [axis for axis in content.axes if not axis.low <= axis.at <= axis.high]
    if outside:
        where = ", ".join(f"{axis.name} = {format_decimal(axis.at, NUMBER).strip()}" for axis in outside)
        said.append(f"{where} lies outside the range.")
    elif content.way is not None and content.way.outside:
        said.append("Some of the steps lie outside the range.")
    if content.batch is not None and content.way is not None:
        said.append(f"Each step follows the loss of {content.batch} rows.")
    return " ".join(said)


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
        bar=(f"{format_loss(drawn.lowest)} ", Gradient(16, 0, HIGHEST), f" {format_loss(drawn.highest)}"),
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
