"""Draws what the predictions depend on: bars of importance, the response to a column, and moved inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from textual import events
from textual.message import Message

from tui_trainer.errors import plain
from tui_trainer.formats import format_bar, format_column, format_number, format_row
from tui_trainer.measures import in_words, is_rising
from tui_trainer.plotting.frame import Board, one_cell, shorten, shorten_alike
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers

from .messages import Importance, Input, WhatIf
from .plots import BAR, CHOSEN, CORRECT, DIM, HEAD, INCORRECT, TEXT, UNIT, Picture, TextPanel

TOP = 3  # rows above the bars
MAX_NAME = 24  # cells of a column's name
MIN_BAR, MAX_BAR = 10, 60  # cells of the longest bar
DECIMALS = 12  # beyond which a difference of two measures is the rounding of numbers
SLIDER = 25  # cells of an input's range
MAX_OUTPUTS = 4  # classes whose outputs are shown above the inputs
OUTPUT_WIDTH = 8
GAP = 2
OWN_COLOR, MEAN_COLOR = "batch", "class0"


def ranking(importance: Importance) -> list[int]:
    """Return the numbers of the columns, the most important first; those without a value are last."""
    order: list[int] = np.argsort(-unpack(importance.means), kind="stable").tolist()
    return order


def first_shown(place: int, room: int, count: int) -> int:
    """Return the first of ``count`` lines of which ``room`` are shown, with ``place`` about in the middle."""
    return min(max(place - room // 2, 0), max(count - room, 0))


def draw_importance(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw a bar for each column, the most important first: the mean, and the deviation behind it."""
    importance = picture.importance
    if importance is None:
        return
    for line, words in enumerate(_importance_words(importance)):
        board.write(line, 0, shorten(words, board.width), HEAD if line == 0 else DIM)
    order, room = ranking(importance), board.height - TOP
    place = order.index(picture.column) if picture.column in order else 0
    first = first_shown(place, room, len(order))
    listed = order[first : first + max(room, 0)]
    means, deviations = (unpack(values).round(DECIMALS) + 0.0 for values in (importance.means, importance.deviations))
    names = shorten_alike([one_cell(plain(importance.columns[k])) for k in listed], MAX_NAME)
    texts = [format_column(values[listed].tolist()) for values in (means, deviations)]
    width = max(map(len, names), default=0)
    start = 2 + width + GAP + max(map(len, texts[0]), default=0) + 3 + max(map(len, texts[1]), default=0) + GAP
    reach = np.nan_to_num(means + deviations).max(initial=0.0)
    for line, (k, name, mean, deviation) in enumerate(zip(listed, names, *texts, strict=True), TOP):
        is_chosen = k == picture.column
        sign = "+-" if markers == "ascii" else "±"
        text = f"{name:<{width}}{'':{GAP}}{mean.rjust(max(map(len, texts[0])))} {sign} {deviation}"
        board.write(line, 0, (">" if markers == "ascii" else "▸") if is_chosen else " ", CHOSEN)
        board.write(line, 2, text, CHOSEN if is_chosen else TEXT)
        _write_bar(board, (line, start), means[k], deviations[k], reach, markers)


def _importance_words(importance: Importance) -> tuple[str, str]:
    """Return what the importances are of, and what they are."""
    worse = "lower" if is_rising(importance.by) else "higher"
    done = f"{importance.repeats} of " if importance.repeats < importance.all_repeats else ""
    value = f"{in_words(importance.by)} {format_number(importance.value)}"
    return (
        f"{value} of {importance.rows:,} rows after epoch {importance.epoch:,}",
        f"{worse} by this much where a column is permuted, {done}{importance.all_repeats} times",
    )


def _write_bar(
    board: Board, corner: tuple[int, int], mean: float, deviation: float, reach: float, markers: Markers
) -> None:
    """Write a bar of ``mean`` and a line to one deviation more, on a scale up to ``reach``."""
    line, start = corner
    width = min(max(board.width - start, MIN_BAR), MAX_BAR)
    if not (reach > 0.0 and math.isfinite(mean)):
        return
    bar = format_bar(mean / reach, width, markers == "ascii")
    end = round((mean + deviation) / reach * width)
    dash, stop = ("-", "|") if markers == "ascii" else ("─", "┤")
    if end > len(bar) and deviation > 0.0:
        board.write(line, start + len(bar), dash * (end - len(bar) - 1) + stop, DIM)
    board.write(line, start, bar, BAR)


def response(picture: Picture) -> Plot:
    """Plot the mean response to the chosen column, and those of a few rows by themselves."""
    importance = picture.importance
    if importance is None or importance.response is None:
        return Plot(empty="The response to this column is on its way.")
    curve = importance.response
    values, mean = unpack(curve.values), unpack(curve.mean)
    rows = unpack(curve.rows).reshape(-1, len(values))
    is_category = bool(curve.categories)
    kind, glyph = ("scatter", "●") if is_category else ("line", "")
    own = "" if is_category else "single rows"
    series = [
        Series(own if number == 0 else "", values, row, OWN_COLOR, "scatter" if is_category else "line")
        for number, row in enumerate(rows)
    ]
    label = f"mean of {curve.count:,} rows"
    series.append(Series(label, values, mean, MEAN_COLOR, kind, glyph, thick=not is_category))  # type: ignore[arg-type]
    name = one_cell(plain(importance.columns[curve.column]))
    output = picture.target
    if curve.of_class is not None and curve.of_class < len(picture.classes):
        output = f"output of {picture.classes[curve.of_class]}"
    is_share = curve.of_class is not None and bool((rows >= 0.0).all() and (rows <= 1.0).all())
    return Plot(
        tuple(series),
        x_label=name,
        y_label=output,
        y_limits=UNIT if is_share else None,
        x_names=tuple(one_cell(plain(category)) for category in curve.categories),
    )


class ImportancePanel(TextPanel):
    """The bars as a widget: a click chooses a column."""

    @dataclass
    class Chosen(Message):
        """The user chose the column of this number."""

        column: int

    def __init__(self) -> None:
        super().__init__(draw_importance, "bars")

    def on_click(self, event: events.Click) -> None:
        importance = self._drawing.importance
        if importance is None:
            return
        order, room = ranking(importance), self.size.height - TOP
        place = order.index(self._drawing.column) if self._drawing.column in order else 0
        line = first_shown(place, room, len(order)) + event.y - TOP
        if event.y >= TOP and line < len(order):
            self.post_message(self.Chosen(order[line]))


def output_rows(picture: Picture) -> int:
    """Return how many rows are above the inputs of a sample: its outputs, and where the chosen input flips them."""
    return 1 + min(len(picture.classes), MAX_OUTPUTS) + 1 if picture.classes else 3


def draw_what_if(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw the outputs of a sample with moved inputs, and each input with the values that flip the decision."""
    what_if = picture.what_if
    if what_if is None:
        return
    _write_outputs(board, picture, what_if, markers)
    top = output_rows(picture)
    names = shorten_alike([one_cell(plain(one.name)) for one in what_if.inputs], MAX_NAME)
    values = [_value_text(one, one.value) for one in what_if.inputs]
    width, value_width = max(map(len, names), default=0), max(map(len, values), default=0)
    slider = min(SLIDER, max(board.width // 4, 5))
    for line, (one, name, value) in enumerate(zip(what_if.inputs, names, values, strict=True), top):
        is_chosen = what_if.first + line - top == picture.column
        if is_chosen:
            words = flip_words(picture, what_if, one, one_cell(plain(one.name)))
            board.write(top - 1, 2, shorten(words, board.width - 2), TEXT if one.flips else DIM)
        role = CHOSEN if is_chosen else TEXT
        board.write(line, 0, (">" if markers == "ascii" else "▸") if is_chosen else " ", CHOSEN)
        board.write(line, 2, f"{name:<{width}}  {value:>{value_width}}", role)
        start = 2 + width + 2 + value_width + GAP
        _write_slider(board, (line, start), one, slider, markers)
        start += slider + GAP
        was = f"was {_value_text(one, one.original)}" if one.value != one.original else ""
        told = ", ".join(filter(None, (was, flip_words(picture, what_if, one) if one.flips else "")))
        board.write(line, start, shorten(told, max(board.width - start, 0)), role if is_chosen else DIM)


def _write_outputs(board: Board, picture: Picture, what_if: WhatIf, markers: Markers) -> None:
    row = format_row(picture.row_heading, what_if.row, shorten(picture.row_column, 16), one_cell(what_if.name))
    now, before = unpack(what_if.outputs), unpack(what_if.before)
    arrow = "->" if markers == "ascii" else "→"
    if not picture.classes:
        target = shorten(picture.target, 16)
        board.write(0, 0, f"{row}: {target} {format_number(what_if.true)}", HEAD)
        board.write(1, 1, f"predicted {format_number(before[0])} {arrow} {format_number(now[0])}", TEXT)
        return
    numbers = what_if.true, what_if.predicted, what_if.predicted_before
    true, predicted, was = (picture.classes[int(k)] for k in numbers)
    title = f"{row}: {true}, predicted {was}" + (f" {arrow} {predicted}" if predicted != was else "")
    role = HEAD if predicted == was else CORRECT if predicted == true else INCORRECT
    board.write(0, 0, shorten(title, board.width), role)
    largest = np.argsort(-np.maximum(now, before), kind="stable")[:MAX_OUTPUTS]
    listed = sorted(largest.tolist())
    names = shorten_alike([picture.classes[k] if len(now) > 1 else "output" for k in listed], 16)
    width = max(map(len, names))
    for line, (k, name) in enumerate(zip(listed, names, strict=True), 1):
        text = f"{name:<{width}}{before[k]:{OUTPUT_WIDTH}.4f} {arrow} {now[k]:.4f} "
        board.write(line, 1, text, TEXT)
        bar = format_bar(float(now[k]), board.width - len(text) - 1, markers == "ascii")
        board.write(line, 1 + len(text), bar, BAR)


def _value_text(one: Input, value: float) -> str:
    """Return a value of an input: a number, or the name of a category."""
    if one.categories:
        return shorten(one_cell(plain(one.categories[min(max(int(value), 0), len(one.categories) - 1)])), MAX_NAME)
    return format_number(value)


def flip_words(picture: Picture, what_if: WhatIf, one: Input, name: str = "") -> str:
    """Tell where an input flips the decision: ``flips at RM = 6.1``; of a number, where it passes the true value."""
    if not one.flips:
        return "does not flip" if picture.classes else f"does not pass {format_number(what_if.true)}"
    verb = "flips" if picture.classes else f"passes {format_number(what_if.true)}"
    values = " and ".join(_value_text(one, value) for value in one.flips[:3])
    return f"{verb} at {name} = {values}" if name else f"{verb} at {values}"


def _write_slider(board: Board, corner: tuple[int, int], one: Input, width: int, markers: Markers) -> None:
    """Write the range of an input as a line, with a mark for its value, for that in the data, and for each flip."""
    line, start = corner
    dash, original, flip, now = "-o|#" if markers == "ascii" else "─○┃●"
    board.write(line, start, dash * width, DIM)
    of_flips = ((value, flip, INCORRECT) for value in one.flips)
    marks = [(one.original, original, TEXT), *of_flips, (one.value, now, CHOSEN)]
    for value, mark, role in marks:
        share = (value - one.low) / (one.high - one.low) if one.high > one.low else 0.5
        board.write(line, start + round(min(max(share, 0.0), 1.0) * (width - 1)), mark, role)


def moved_value(one: Input, value: float, offset: int) -> float:
    """Return ``value`` of an input moved by ``offset`` steps, within the range of the data."""
    if one.categories:
        return (value + offset) % len(one.categories)
    return min(max(float(f"{value + offset * one.step:.10g}"), one.low), one.high)
