"""The Landscape tab's plots and texts: the curve or map, the update rule with numbers, and the latest steps."""

from __future__ import annotations

import math

import numpy as np
from rich.text import Text

from tui_trainer.formats import format_decimal, format_loss
from tui_trainer.plotting.plot import HIGHEST, Gradient, Heatmap, Marks, Plot, Series, unpack_levels
from tui_trainer.protocol import Progress, unpack

from .messages import Axis, Landscape, Map, Update

# Widths in cells: names, numbers of several parameters, of one; in the table, parameters and losses
MARK = 2  # of the line that is marked
NAME, NUMBER, WIDE_NUMBER, SHORT_NUMBER, LOSS = 6, 12, 14, 9, 8
COMPANION_COLORS = ("class2", "class4", "class5", "class8", "class6", "class7", "class9", "class10")
COMPANION_SIGNS = "abcdefgh"  # where colours can't be told apart
START, CURRENT, MINIMUM, STEP = "○", "●", "◆", "•"
COMPUTING = "The landscape is being computed."
FULL_BATCH = ("Gradient descent", ("for each epoch", "  g ← 1/n Σᵢ ∇ℒᵢ", "  θ ← θ − ρ g"))
MINI_BATCHES = (
    "Its stochastic form",
    ("for each epoch", "  for each mini-batch B", "    g ← 1/b Σᵢ∈B ∇ℒᵢ", "    θ ← θ − ρ g"),
)


def update_text(content: Landscape) -> Text:
    """Show what the last step did to each parameter, or the values before the first step."""
    text = Text(no_wrap=True)
    names = [axis.name for axis in content.axes]
    is_multiple = len(names) > 1
    symbol, width = ("θ", NUMBER) if is_multiple else (names[0], WIDE_NUMBER)
    text.append(rule(symbol, content.update), style="bold")
    if is_multiple:
        text.append("\n" + " " * NAME + "".join(name.rjust(width) for name in names), style="bold")
    for name, values in update_lines(content, symbol):
        texts = (f"{value:g}".rjust(width) if name == "ρ" else format_decimal(value, width) for value in values)
        text.append(f"\n{name:<{NAME}}" + "".join(texts))
    text.append(f"\n{loss_name(content):<{NAME}}" + format_loss(content.here).rjust(width))
    if content.minimum is not None:
        point = "".join(format_decimal(value, width) for value in unpack(content.minimum.point))
        text.append(f"\n{f'{symbol}*':<{NAME}}{point}", style="dim")
        text.append(f"\n{'ℒ*':<{NAME}}" + format_loss(content.minimum.loss).rjust(width), style="dim")
    return text


def rule(symbol: str, update: Update | None) -> str:
    """Return the rule by which the optimizer updates the parameters."""
    if update is None or not update.optimizer:
        return f"{symbol}_t+1 = {symbol}_t − ρ ∂ℒ/∂{symbol}"
    return f"{symbol}_t+1 by {update.optimizer}"


def update_lines(content: Landscape, symbol: str) -> list[tuple[str, tuple[float, ...]]]:
    """Return name and values of each line: one value for each parameter, but one rate for all."""
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


def loss_name(content: Landscape) -> str:
    """Return the name of the loss at the current point: ``ℒ_3`` after step 3."""
    if content.update is not None:
        return at_step("ℒ", content.update.step, "t+1")
    return at_step("ℒ", 0 if content.way is None else int(unpack(content.way.steps)[-1]), "t")


def at_step(symbol: str, step: int, general: str) -> str:
    """Return ``w_9``, or ``w_t`` if the number of the step is too long."""
    name = f"{symbol}_{step}"
    return name if len(name) <= NAME else f"{symbol}_{general}"


def steps_text(content: Landscape, max_lines: int) -> Text:
    """Return a table of the newest steps, at most so many lines with the head, the last step at the bottom."""
    text = Text(no_wrap=True)
    if content.way is None or max_lines < 2:
        return text
    names = [axis.name for axis in content.axes]
    points = unpack(content.way.points).reshape(-1, len(names))
    losses, steps = unpack(content.way.losses), unpack(content.way.steps)
    count = len(f"{steps[-1]:.0f}") + 1
    short_names = [
        name if len(name) + 2 < SHORT_NUMBER else f"θ[{number}]" for number, name in enumerate(names, start=1)
    ]
    head = "t".rjust(count) + "".join(f"{name}_t".rjust(SHORT_NUMBER) for name in short_names) + "ℒ".rjust(LOSS)
    text.append(head, style="bold")
    for i in range(len(steps) - min(content.way.each, max_lines - 1), len(steps)):
        numbers = "".join(format_decimal(value, SHORT_NUMBER) for value in points[i])
        text.append("\n" + f"{steps[i]:.0f}".rjust(count) + numbers + format_loss(losses[i]).rjust(LOSS))
    return text


def lines_of_step(content: Landscape) -> range:
    """Return which lines of the algorithm that is running the last step went through; none before the first."""
    if content.update is None:
        return range(0)
    _, batch, _ = _position(content)
    first = 1 if content.batch is not None and batch > 1 else 0  # the epoch is one that had begun
    return range(first, len(_running(content)[1]))


def _running(content: Landscape) -> tuple[str, tuple[str, ...]]:
    return FULL_BATCH if content.batch is None else MINI_BATCHES


def _position(content: Landscape) -> tuple[int, int, int]:
    """Return the epoch and the batch in it that the last step was of, and how many batches an epoch has."""
    step = 0 if content.update is None else content.update.step - 1
    batches = 1 if content.batch is None else math.ceil(content.training_rows / content.batch)
    return step // batches + 1, step % batches + 1, batches


def algorithms_text(content: Landscape, width: int, line: int | None) -> Text:
    """Show both algorithms, side by side where there is room; ``line`` of the one that is running is marked.

    Beside that line and those before it stand the numbers of the last step, as far as there is room.
    """
    blocks = [_algorithm(content, one, line, width) for one in (FULL_BATCH, MINI_BATCHES)]
    widths = [max(part.cell_len for part in block) for block in blocks]
    if sum(widths) + 2 > width:
        rows = [part for block in blocks for part in block]
    else:
        left, right = blocks
        left += [Text()] * (len(right) - len(left))
        rows = [
            Text.assemble(one, " " * (widths[0] + 2 - one.cell_len), other)
            for one, other in zip(left, right, strict=True)
        ]
    return Text("\n", no_wrap=True).join(rows)


def _algorithm(content: Landscape, algorithm: tuple[str, tuple[str, ...]], line: int | None, width: int) -> list[Text]:
    name, lines = algorithm
    is_running = algorithm == _running(content)
    numbers = _numbers(content) if is_running and content.update is not None and line is not None else ()
    code, end = max(map(len, lines)), 0
    if is_running and MARK + code + 1 + len(content.axes) * SHORT_NUMBER <= width:
        end = len(content.axes) * SHORT_NUMBER + 1  # room for the numbers, also before there are any
    rows = [Text(name, "bold" if is_running else "dim")]
    for place, text in enumerate(lines):
        if is_running and place == line:
            row = Text(f"▸ {text:<{code}}", "bold")
        else:
            row = Text(f"  {text:<{code}}", "" if is_running else "dim")
        if end:
            row.append((numbers[place] if line is not None and place <= line and numbers else "").rjust(end))
        rows.append(row)
    return rows


def _numbers(content: Landscape) -> tuple[str, ...]:
    """Return the numbers of the last step, one text for each line of the algorithm that is running."""
    assert content.update is not None
    epoch, batch, batches = _position(content)
    vectors = (content.update.gradient, content.update.after)
    gradient, after = ("".join(format_decimal(value, SHORT_NUMBER) for value in unpack(one)) for one in vectors)
    places = (f"{epoch:,}",) if content.batch is None else (f"{epoch:,}", f"{batch:,} of {batches:,}")
    return (*places, gradient, after)


def position_text(content: Landscape) -> Text:
    """Show the position of a model with many parameters: value and slope along the axes."""
    text = Text(no_wrap=True)
    text.append("The weights now", style="bold")
    for axis in content.axes:
        text.append(f"\n{axis_line(axis)}")
        text.append(f"\n  slope of ℒ {format_decimal(axis.slope, NUMBER)}")
    text.append(f"\nℒ here       {format_loss(content.here).rjust(NUMBER)}")
    text.append(f"\nρ            {content.rate:>{NUMBER}g}")
    return text


def axis_line(axis: Axis) -> str:
    """Return the axis with its value; a direction starts at the current weights, and its unit is a length."""
    return f"{axis.name} = {axis.at:.4f}" if axis.parameter is not None else axis.name


def explanation(content: Landscape) -> Text:
    """Explain what a slice or a plane does not show."""
    if content.kind == "plane":
        sentence = (
            "Both directions start at the current weights; 1 is their distance from zero. Left is downhill. "
            "The random direction changes each neuron in proportion to its weights."
        )
    else:
        sentence = "All other parameters keep their current values, so the picture moves during training."
    return Text(sentence, style="dim")


def note(content: Landscape) -> str:
    """Return notes on the picture: points outside of the range, and noise."""
    sentences = []
    outside = [axis for axis in content.axes if not axis.low <= axis.at <= axis.high]
    if outside:
        positions = ", ".join(f"{axis.name} = {format_decimal(axis.at, NUMBER).strip()}" for axis in outside)
        sentences.append(f"{positions} lies outside the range.")
    elif content.way is not None and content.way.outside:
        sentences.append("Some steps lie outside the range.")
    if content.batch is not None and content.way is not None:
        sentences.append(f"Each step follows the loss of {content.batch} rows.")
    return " ".join(sentences)


def epoch_note(content: Landscape, progress: Progress) -> str:
    """Say why the loss of the last epoch is not the loss here: it was measured before each of its steps."""
    loss = progress.values.get("loss")
    if loss is None or not math.isfinite(loss) or format_loss(loss) == format_loss(content.here):
        return ""
    return f"Epoch {progress.epoch:,} measured its loss, {format_loss(loss)}, before each of its steps."


def curve(content: Landscape, log_scale: bool) -> Plot:
    """Plot the loss over one axis, with the steps on it."""
    axis = content.axes[0]
    losses = np.array(unpack(content.curve))
    x_values = np.linspace(axis.low, axis.high, len(losses))
    series = [Series(f"ℒ of {rows(content)}", x_values, losses, "train")]
    if content.way is not None:
        path_x, path_y = unpack(content.way.points), unpack(content.way.losses)
        steps = unpack(content.way.steps)
        series += [
            Series("", path_x, path_y, "batch", "path"),
            Series("steps" if len(path_x) > 1 else "", path_x, path_y, "class3", "scatter", STEP),
            Series(f"{axis.name}_{steps[0]:.0f}", path_x[:1], path_y[:1], "class3", "scatter", START),
        ]
    for path, color in zip(content.companions, COMPANION_COLORS, strict=False):
        series.append(Series(path.name, unpack(path.points), unpack(path.losses), color, "path", sign="─"))
    here = np.array([axis.at]), np.array([content.here])
    series.append(Series(newest(content), *here, "validation", "scatter", CURRENT))
    if content.minimum is not None:
        minimum = unpack(content.minimum.point), np.array([content.minimum.loss])
        series.append(Series(f"{axis.name}*", *minimum, "good", "scatter", MINIMUM))
    limits = axis.low, axis.high
    return Plot(tuple(series), axis.name, "ℒ", log_y=log_scale, x_limits=limits, empty=COMPUTING)


def chart(content: Landscape, loss_map: Map) -> Heatmap:
    """Draw the loss over two axes in bands, with the steps on it."""
    x, y = content.axes
    return Heatmap(
        unpack_levels(loss_map.levels, loss_map.rows),
        x_limits=(x.low, x.high),
        y_limits=(y.low, y.high),
        palette="sequential",
        steps=len(unpack(loss_map.edges)) + 1,
        x_label=x.name,
        y_label=y.name,
        title=f"ℒ of {rows(content)}",
        bar=(f"{format_loss(loss_map.lowest)} ", Gradient(16, 0, HIGHEST), f" {format_loss(loss_map.highest)}"),
        marks=_marks(content),
        empty=COMPUTING,
    )


def rows(content: Landscape) -> str:
    """Return which rows the loss is over."""
    if content.samples == content.training_rows:
        return f"all {content.samples:,} rows"
    return f"{content.samples:,} of the {content.training_rows:,} rows"


def newest(content: Landscape) -> str:
    """Return the label of the current point."""
    if content.way is None or len(content.axes) > 1:
        return "now"
    return f"{content.axes[0].name}_{unpack(content.way.steps)[-1]:.0f}"


def _marks(content: Landscape) -> tuple[Marks, ...]:
    x, y = content.axes
    marks = []
    for companion, color, sign in zip(content.companions, COMPANION_COLORS, COMPANION_SIGNS, strict=False):
        points = unpack(companion.points).reshape(-1, 2)
        marks.append(Marks("", points[:, 0], points[:, 1], color, "·", sign, path=True))
        marks.append(
            Marks(
                companion.name, points[-1:, 0], points[-1:, 1], color, "▲", sign, ascii_label=f"{companion.name} {sign}"
            )
        )
    if content.way is not None:
        path = unpack(content.way.points).reshape(-1, 2)
        path_x, path_y = path[:, 0], path[:, 1]
        marks += [
            Marks("", path_x, path_y, "batch", "·", "o", path=True),
            Marks("steps", path_x, path_y, "class3", STEP, "o"),
            Marks("start", path_x[:1], path_y[:1], "class3", START, "S"),
        ]
    if content.minimum is not None:
        minimum = unpack(content.minimum.point)
        marks.append(Marks("minimum", minimum[:1], minimum[1:], "good", MINIMUM, "M"))
    marks.append(Marks("now", np.array([x.at]), np.array([y.at]), "validation", CURRENT, "X"))
    return tuple(marks)
