"""What a neuron computes, in the book's notation and with the numbers of the moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.formats import format_bar, format_cell, format_significant
from tui_trainer.plotting.frame import shorten
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import DatasetView, unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import Line, PlotWidget, Span, TextLines
from tui_trainer.ui.text import plain

from .layout import Shape
from .messages import BIAS, InputSeen, Network, NeuronDetail, PhiCurve, Term

ONE_LINE = 62  # columns from which a formula and its numbers stand on one line
INDENT = "  "
DIGITS = (4, 3, 2)  # that count, as many as fit
WIDE = 100  # columns from which the formula has more room
FORMULA = 3  # lines over the table: title, formula and numbers
COLUMNS = (("w", 9), ("x", 8), ("w·x", 8), ("∂L/∂w", 9))
MARK = 2  # columns before the name
NO_GRADIENT = "–"
VALUE = 7
LONGEST_NAME = 12
LINES = {"color": ("━━", "━━"), "dashed": ("──", "╌╌"), "ascii": ("++", "--")}  # of positive and negative links
LONGEST_CLASS = 14


def title_line(shape: Shape, seen: NeuronDetail | InputSeen) -> Line:
    """Which neuron it is."""
    layer = 0 if isinstance(seen, InputSeen) else seen.layer
    phi = (f"  φ = {phi_name(seen.activation)}", "dim") if isinstance(seen, NeuronDetail) else ("", "dim")
    return ((shape.title(layer, seen.neuron), "title"), phi)


def formula_lines(seen: NeuronDetail | InputSeen, width: int) -> tuple[Line, Line]:
    """Two lines: the formula and its numbers, or both on the first and the slope on the second."""
    if isinstance(seen, InputSeen):
        return _lines(*_input(seen), "", width)
    if seen.activation == "softmax":
        formula = _shortened(
            [
                f"o = {_symbols(seen)} = {_sum(seen, digits)} = {format_significant(seen.o, digits)}"
                for digits in DIGITS
            ],
            width,
        )
        return ((formula, "text"),), ((f"a = e^o / Σₖ e^oₖ = {format_significant(seen.a)}", "text"),)
    numbers = _shortened([_numbers(seen, digits) for digits in DIGITS], width - len(INDENT))
    slope = "" if seen.slope is None else f"φ′(o) = {format_significant(seen.slope)}"
    return _lines(f"a = φ({_symbols(seen)})", numbers, slope, width)


def phi_name(activation: str) -> str:
    """An activation as a function in a formula: the book calls the linear one the identity."""
    return "identity" if activation == "linear" else activation


def _lines(formula: str, numbers: str, slope: str, width: int) -> tuple[Line, Line]:
    together = f"{formula} {numbers}"
    if width >= ONE_LINE and len(together) <= width:
        return ((together, "text"),), ((slope, "dim"),)
    return ((formula, "dim"), (f"   {slope}", "dim")), ((INDENT + numbers, "text"),)


def _symbols(seen: NeuronDetail) -> str:
    return ("w x" if seen.inputs == 1 else "Σ wⱼ xⱼ") + (" + b" if seen.bias is not None else "")


def _numbers(seen: NeuronDetail, digits: int) -> str:
    return f"= {phi_name(seen.activation)}({_sum(seen, digits)}) = {format_significant(seen.a, digits)}"


def _shortened(texts: list[str], width: int) -> str:
    """The first that fits, or the last, cut."""
    return next((text for text in texts if len(text) <= width), shorten(texts[-1], width))


def _sum(seen: NeuronDetail, digits: int) -> str:
    """``9.1020 · 6.575 − 34.67`` of one input; of more, the sum of their terms and the bias."""
    if seen.inputs == 1 and seen.terms:
        term = seen.terms[0]
        first = f"{format_significant(term.weight, digits + 1)} · {_factor(term.x, digits)}"
    else:
        first = format_significant(seen.sum, digits)
    return first if seen.bias is None else first + _added(seen.bias.weight, digits)


def _input(seen: InputSeen) -> tuple[str, str]:
    if seen.mean == 0.0 and seen.scale == 1.0:
        return f"x = {format_significant(seen.raw)}", "as it stands in the data"
    raw, scale, x = (format_significant(value) for value in (seen.raw, seen.scale, seen.x))
    return "x = (raw − mean) / deviation", f"= ({raw}{_added(-seen.mean, 4)}) / {scale} = {x}"


def _added(value: float, digits: int) -> str:
    """A number that is added, or its size that is taken away."""
    text = format_significant(value, digits)
    return f" − {text[1:]}" if text.startswith("−") else f" + {text}"


def _factor(value: float, digits: int) -> str:
    """A number as it stands behind a multiplication sign."""
    text = format_significant(value, digits)
    return f"({text})" if text.startswith("−") else text


class NeuronPanel(Horizontal):
    """Shows what it is given; the curves of activations are kept, since each comes but once."""

    DEFAULT_CSS = """
    NeuronPanel {
        height: 38%;
        min-height: 7;
        max-height: 14;
        .neuron { width: 45; margin-right: 1; }
        .bars { display: none; }
        &.-softmax .bars { display: block; }
        &.-softmax PlotWidget { display: none; }
        &.-wide .neuron { width: 62; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text, self.plot, self._bars = TextLines("neuron"), PlotWidget("phi"), TextLines("bars")
        self.curves: dict[tuple[str, float], PhiCurve] = {}
        self._table = Table((), ())
        self._over = 0  # lines over the table

    def compose(self) -> ComposeResult:
        yield self._text
        yield self.plot
        yield self._bars

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")

    def terms_of(self, shape: Shape, layer: int) -> int:
        """How many weights of a neuron of ``layer`` there is room for."""
        if layer == 0:
            return 0
        inputs, use_bias = shape.layers[layer - 1].units, shape.layers[layer].use_bias
        return terms_that_fit(self._text.size.height - FORMULA, inputs, use_bias)

    def parameter_at(self, line: int) -> int | None:
        """Which of the neuron's parameters a line shows."""
        place = line - self._over
        return self._table.parameters[place] if 0 <= place < len(self._table.parameters) else None

    def show(self, shape: Shape, network: Network, parameter: int | None) -> None:
        """Show the neuron of ``network`` that is looked at, with a parameter picked or none."""
        seen = network.looked_at
        self.set_class(parameter is not None, "-picked")
        text = self._text
        lines: list[Line] = [title_line(shape, seen), *formula_lines(seen, text.size.width)]
        self._over = len(lines)
        self._table = Table((), ())
        if isinstance(seen, NeuronDetail):
            if seen.curve is not None:
                self.curves[seen.curve.activation, seen.curve.span] = seen.curve
            self._table = table(shape, seen, text.size.width, text.size.height - FORMULA, parameter)
        text.show((*lines, *self._table.lines))
        self._show_activation(shape, seen if isinstance(seen, NeuronDetail) else None)

    def _show_activation(self, shape: Shape, seen: NeuronDetail | None) -> None:
        self.set_class(seen is not None and bool(seen.probabilities), "-softmax")
        if seen is None:
            self.plot.show(Plot())
        elif seen.probabilities:
            self._bars.show(bar_lines(shape, seen, *self._bars.size, self.plot.markers))
        elif (curve := self.curves.get((seen.activation, seen.span))) is not None:
            self.plot.show(phi_plot(curve, seen))


@dataclass(frozen=True, slots=True)
class Table:
    """The lines, and which parameter of the neuron each shows; None for the head and for what is left out."""

    lines: tuple[Line, ...]
    parameters: tuple[int | None, ...]


def terms_that_fit(height: int, inputs: int, use_bias: bool) -> int:
    """How many of ``inputs`` weights a table of ``height`` lines shows beside its head, the bias and what is left."""
    room = height - 1 - use_bias
    return max(room if inputs <= room else room - 1, 1)


def table(shape: Shape, seen: NeuronDetail, width: int, height: int, picked: int | None) -> Table:
    """The terms of a neuron in ``width`` x ``height`` cells, the picked parameter marked."""
    name_width = max(width - MARK - sum(columns for _, columns in COLUMNS), 1)
    head = f"{'':{MARK + name_width}}" + "".join(f"{name:>{columns}}" for name, columns in COLUMNS)
    lines: list[Line] = [((head, "dim"),)]
    parameters: list[int | None] = [None]
    for term in seen.terms[: terms_that_fit(height, seen.inputs, seen.bias is not None)]:
        name = shape.name(seen.layer - 1, term.source) if seen.layer == 1 else f"neuron {term.source + 1}"
        lines.append(_line(name, term, name_width, picked == term.source))
        parameters.append(term.source)
    hidden = seen.inputs - (len(lines) - 1)
    if hidden > 0:
        total = format_cell(seen.rest, COLUMNS[2][1], 3)
        space = MARK + name_width + COLUMNS[0][1] + COLUMNS[1][1]
        lines.append(((f"{'  … ' + format(hidden, ',') + ' more':<{space}}{total}", "dim"),))
        parameters.append(None)
    if seen.bias is not None:
        lines.append(_line("bias b", seen.bias, name_width, picked == seen.inputs))
        parameters.append(seen.inputs)
    return Table(tuple(lines), tuple(parameters))


def _line(name: str, term: Term, name_width: int, picked: bool) -> Line:
    sign = "negative" if term.weight < 0 else "positive"
    (_, w), (_, x), (_, product), (_, gradient) = COLUMNS
    of_input = (format_cell(term.x, x, 3), format_cell(term.product, product, 3))
    x_text, product_text = of_input if term.source != BIAS else (" " * x, " " * product)
    slope = NO_GRADIENT.rjust(gradient) if term.gradient is None else format_cell(term.gradient, gradient, 4)
    return (
        ("▸ " if picked else "  ", "title"),
        (f"{shorten(name, name_width):<{name_width}}", "picked" if picked else "text"),
        (format_cell(term.weight, w, 4), sign),
        (x_text, "text"),
        (product_text, "text"),
        (slope, "dim"),
    )


def bar_lines(shape: Shape, seen: NeuronDetail, width: int, height: int, markers: Markers) -> tuple[Line, ...]:
    """A bar for each probability, under what they add up to."""
    rows = max(height - 1, 0)
    shown = seen.probabilities
    if len(shown) > rows:
        largest = sorted(shown, key=lambda one: -one.value)[:rows]
        shown = tuple(one for one in shown if one in largest)
    names = [shape.name(seen.layer, one.neuron) for one in shown]
    name_width = min(max(map(len, names), default=0), LONGEST_NAME, max(width // 3, 1))
    room = max(width - name_width - VALUE - 2, 1)
    of = "" if len(shown) == shape.layers[seen.layer].units else f" of all {shape.layers[seen.layer].units:,}"
    lines: list[Line] = [(("Σ a", "text"), (of, "text"), (f" = {format_significant(seen.total)}", "text"))]
    for name, one in zip(names, shown, strict=True):
        style = "title" if one.neuron == seen.neuron else "text"
        value = f"{one.value:{VALUE}.4f}"
        text = f"{shorten(name, name_width):<{name_width}} "
        lines.append(
            ((text, style), (format_bar(one.value, room, markers == "ascii").ljust(room), "positive"), (value, style))
        )
    return tuple(lines)


def phi_plot(curve: PhiCurve, seen: NeuronDetail) -> Plot:
    """phi and phi' over o."""
    o = unpack(curve.o)
    at, heights = np.array([seen.o]), np.array([seen.a])
    if seen.slope is not None:
        at, heights = np.array([seen.o, seen.o]), np.array([seen.a, seen.slope])
    return Plot(
        (
            Series("φ", o, unpack(curve.phi), "train"),
            Series("φ′", o, unpack(curve.slope), "validation", sign="○"),
            Series("o", at, heights, "class4", "scatter", glyph="●"),
        ),
        x_label="o",
        x_limits=(-curve.span, curve.span),
    )


def heading(dataset: DatasetView, network: Network, width: int, lines: str) -> Line:
    """The sample, its target and the prediction; at the right, if there is room, how ``lines`` tell signs."""
    spans: list[Span] = [
        (f"sample {network.sample + 1:,} of {network.samples:,}", "text"),
        (f" (row {network.row:,})", "dim"),
        *_answer(dataset, network),
    ]
    for named, with_row in ((True, True), (True, False), (False, False)):
        shown = spans if with_row else [spans[0], *spans[2:]]
        legend = _legend(lines, named)
        free = width - sum(len(text) for text, _ in (*shown, *legend))
        if free >= 2:
            return (*shown, (" " * free, "text"), *legend)
    return tuple(shown)


def _legend(lines: str, named: bool) -> list[Span]:
    positive, negative = LINES[lines]
    signs = ("w > 0", "w < 0") if named else ("+", "−")
    return [(f"{positive} ", "positive"), (f"{signs[0]}  ", "dim"), (f"{negative} ", "negative"), (signs[1], "dim")]


def _answer(dataset: DatasetView, network: Network) -> list[Span]:
    if not dataset.classes:
        numbers = f"{format_significant(network.target)}, predicted {format_significant(network.prediction)}"
        return [(f": {shorten(plain(dataset.target), LONGEST_CLASS)} {numbers}", "text")]
    target, predicted = (
        shorten(plain(dataset.classes[int(index)]), LONGEST_CLASS) for index in (network.target, network.prediction)
    )
    right = network.target == network.prediction
    return [
        (f": {target}, ", "text"),
        ("predicted ", "dim"),
        (f"{predicted} {'✓' if right else '✗'}", "good" if right else "bad"),
    ]
