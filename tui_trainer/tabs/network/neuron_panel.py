"""Shows what one neuron computes, in the book's notation with the current numbers, and the tab's heading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.errors import plain
from tui_trainer.formats import format_bar, format_cell, format_column, format_measure, format_row
from tui_trainer.measures import in_words
from tui_trainer.plotting.frame import one_cell, shorten
from tui_trainer.plotting.plot import Plot, Series, unpack_levels
from tui_trainer.protocol import DatasetView, unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import Line, PictureWidget, PixelImage, PlotWidget, Span, TextLines

from .layout import Shape
from .messages import BIAS, InputImportance, InputSeen, Network, NeuronDetail, NeuronStep, PhiCurve, Term

MIN_ONE_LINE = 62  # columns from which a formula and its numbers are on one line
INDENT = "  "
DIGITS = (4, 3, 2)  # significant digits, as many as fit
MIN_WIDE = 100  # columns from which the formula has more room
MIN_STEP_WITH_CURVE = 84  # columns from which a step under the microscope has the curve beside it
FORMULA_LINES = 3  # lines above the table: title, formula and numbers
HEAD_LINES = 2  # of the table: of which samples its columns are, and their names
COLUMNS = (("w", 9), ("x", 8), ("w·x", 8), ("∂ℒ/∂w", 9))
MARK_WIDTH = 2  # columns before the name
NO_GRADIENT = "–"
VALUE_WIDTH = 7
MAX_NAME = 12
LINK_SIGNS = {"color": ("━━", "━━"), "dashed": ("──", "╌╌"), "ascii": ("++", "--")}  # positive and negative links
MAX_CLASS_NAME = 14


@dataclass(frozen=True, slots=True)
class Table:
    """The lines, and which parameter of the neuron each shows; None for the head and for the line of omitted terms."""

    lines: tuple[Line, ...]
    parameters: tuple[int | None, ...]


class NeuronPanel(Horizontal):
    """Shows one neuron in detail; it keeps the curves of activations, since each is sent only once."""

    DEFAULT_CSS = """
    NeuronPanel {
        height: 38%;
        min-height: 8;
        max-height: 14;
        .neuron { width: 45; margin-right: 1; }
        .bars { display: none; }
        &.-softmax .bars { display: block; }
        &.-softmax PlotWidget { display: none; }
        &.-wide .neuron { width: 62; }
        .weights { display: none; width: 32; margin-right: 1; }
        &.-picture .weights { display: block; }
        &.-picture PlotWidget { display: none; }
        &.-picture.-wide PlotWidget { display: block; }
        &.-step { height: 46%; min-height: 10; max-height: 17; }
        &.-step .neuron { width: 60; }
        &.-step.-text .neuron { width: 1fr; margin-right: 0; }
        &.-step.-text PlotWidget { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text, self.plot, self._bars = TextLines("neuron"), PlotWidget("phi"), TextLines("bars")
        self._weights = PictureWidget("weights")
        self.curves: dict[tuple[str, float], PhiCurve] = {}
        self._table = Table((), ())
        self._table_top = 0  # lines above the table

    def compose(self) -> ComposeResult:
        yield self._text
        yield self._weights
        yield self.plot
        yield self._bars

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= MIN_WIDE, "-wide")

    def terms_of(self, shape: Shape, layer: int) -> int:
        """Return how many weights of a neuron of ``layer`` there is room for."""
        if layer == 0:
            return 0
        inputs, use_bias = shape.layers[layer - 1].units, shape.layers[layer].use_bias
        return terms_that_fit(self._text.size.height - FORMULA_LINES, inputs, use_bias)

    def parameter_at(self, line: int) -> int | None:
        """Return which of the neuron's parameters a line shows."""
        row = line - self._table_top
        return self._table.parameters[row] if 0 <= row < len(self._table.parameters) else None

    @property
    def text_size(self) -> tuple[int, int]:
        """The width and the height that there are for lines of text."""
        return self._text.size.width, self._text.size.height

    def use_step(self, is_step: bool, has_curve: bool = False) -> bool:
        """Arrange the panel for a step under the microscope, with a curve beside the text if there is room.

        Return whether the text gets another width.
        """
        is_text = is_step and not (has_curve and self.size.width >= MIN_STEP_WITH_CURVE)
        is_other = is_text != self.has_class("-text")
        self.set_class(is_step, "-step")
        self.set_class(is_text, "-text")
        return is_other

    def show_step(self, step: NeuronStep, lines: Table) -> None:
        """Show a neuron of a step under the microscope, of which ``lines`` tell."""
        self.remove_class("-softmax", "-picture")
        self._table, self._table_top = lines, 0
        if step.curve is not None:
            self.curves[step.curve.activation, step.curve.span] = step.curve
        self._text.show(lines.lines)
        curve = self.curves.get((step.activation, step.span))
        if curve is not None and step.slope is not None:
            self.plot.show(phi_plot(curve, step))

    def show(
        self, shape: Shape, network: Network, detail: NeuronDetail | InputSeen, parameter: int | None, batch: int
    ) -> None:
        """Show the neuron in detail, and mark the selected parameter, if any; ``batch`` are samples in a step."""
        self.set_class(parameter is not None, "-picked")
        self.set_class(bool(network.weights), "-picture")
        if network.weights:
            levels = unpack_levels(network.weights, network.picture_rows)
            self._weights.show(PixelImage(levels, "its weights, a pixel each", signed=True))
        text = self._text
        lines: list[Line] = [title_line(shape, detail), *formula_lines(detail, text.size.width)]
        if isinstance(detail, InputSeen) and detail.importance is not None:
            lines.append(importance_line(detail.importance))
        self._table_top = len(lines)
        self._table = Table((), ())
        if isinstance(detail, NeuronDetail):
            if detail.curve is not None:
                self.curves[detail.curve.activation, detail.curve.span] = detail.curve
            heads = group_heads(network.sample, batch)
            self._table = table(shape, detail, text.size.width, text.size.height - FORMULA_LINES, parameter, heads)
        text.show((*lines, *self._table.lines))
        self._show_activation(shape, detail if isinstance(detail, NeuronDetail) else None)

    def _show_activation(self, shape: Shape, detail: NeuronDetail | None) -> None:
        self.set_class(detail is not None and bool(detail.probabilities), "-softmax")
        if detail is None:
            self.plot.show(Plot())
        elif detail.probabilities:
            self._bars.show(bar_lines(shape, detail, *self._bars.size, self.plot.markers))
        elif (curve := self.curves.get((detail.activation, detail.span))) is not None:
            self.plot.show(phi_plot(curve, detail))


def title_line(shape: Shape, detail: NeuronDetail | InputSeen) -> Line:
    """Return the title: which neuron it is, and its activation."""
    layer = 0 if isinstance(detail, InputSeen) else detail.layer
    phi = (f"  φ = {phi_name(detail.activation)}", "dim") if isinstance(detail, NeuronDetail) else ("", "dim")
    return ((shape.title(layer, detail.neuron), "title"), phi)


def formula_lines(detail: NeuronDetail | InputSeen, width: int) -> tuple[Line, Line]:
    """Return two lines: the formula and its numbers, or both on the first line and the slope on the second."""
    if isinstance(detail, InputSeen):
        return _lines(*_input(detail), "", width)
    if detail.activation == "softmax":
        formula = _shortened(
            [
                f"o = {_symbols(detail)} = {_sum(detail, digits)} = {format_measure(detail.o, digits)}"
                for digits in DIGITS
            ],
            width,
        )
        return ((formula, "text"),), ((f"a = e^o / Σₖ e^oₖ = {format_measure(detail.a)}", "text"),)
    numbers = _shortened([_numbers(detail, digits) for digits in DIGITS], width - len(INDENT))
    slope = "" if detail.slope is None else f"φ′(o) = {format_measure(detail.slope)}"
    if detail.target is not None:
        mean, scale = detail.target
        first = f"ŷ = a · {format_measure(scale)}" + (signed_summand(mean, 4) if mean else "")
        slope += f"  {first} = {format_measure(detail.a * scale + mean)}"
    return _lines(f"a = φ({_symbols(detail)})", numbers, slope, width)


def phi_name(activation: str) -> str:
    """Return the name of an activation in a formula: the book calls the linear one the identity."""
    return "identity" if activation == "linear" else activation


def _symbols(detail: NeuronDetail) -> str:
    weighted = ("w x" if detail.inputs == 1 else "Σ wⱼ xⱼ") + (" + b" if detail.bias is not None else "")
    return weighted if detail.norm is None else f"norm({weighted})"


def _numbers(detail: NeuronDetail, digits: int) -> str:
    return f"= {phi_name(detail.activation)}({_sum(detail, digits)}) = {format_measure(detail.a, digits)}"


def _shortened(texts: list[str], width: int) -> str:
    """Return the first text that fits, or the last one, shortened."""
    return next((text for text in texts if len(text) <= width), shorten(texts[-1], width))


def _sum(detail: NeuronDetail, digits: int) -> str:
    """Format the sum: ``9.1020 · 6.575 − 34.67`` for one input; for more, the sum of their terms and the bias."""
    if detail.inputs == 1 and detail.terms:
        term = detail.terms[0]
        first = f"{format_measure(term.weight, digits + 1)} · {right_operand(term.x, digits)}"
    else:
        first = format_measure(detail.sum, digits)
    weighted = first if detail.bias is None else first + signed_summand(detail.bias.weight, digits)
    if detail.norm is None:
        return weighted
    factor, summand = detail.norm
    return f"{format_measure(factor, digits)} · ({weighted}){signed_summand(summand, digits)}"


def _input(detail: InputSeen) -> tuple[str, str]:
    if detail.mean == 0.0 and detail.scale == 1.0:
        return f"x = {format_measure(detail.raw)}", "as it stands in the data"
    raw, scale, x = (format_measure(value) for value in (detail.raw, detail.scale, detail.x))
    return "x = (raw − mean) / deviation", f"= ({raw}{signed_summand(-detail.mean, 4)}) / {scale} = {x}"


def importance_line(one: InputImportance) -> Line:
    """Return how important the column of an input is, by which measure and after which epoch."""
    mean, deviation = format_column([one.mean, one.deviation])
    return ((f"importance {mean} ± {deviation}", "text"), (f" ({in_words(one.by)}, epoch {one.epoch:,})", "dim"))


def signed_summand(value: float, digits: int) -> str:
    """Format a number as a summand, with its sign as an operator."""
    text = format_measure(value, digits)
    return f" − {text[1:]}" if text.startswith("−") else f" + {text}"


def right_operand(value: float, digits: int) -> str:
    """Format a number as the right operand of a multiplication."""
    text = format_measure(value, digits)
    return f"({text})" if text.startswith("−") else text


def terms_that_fit(height: int, inputs: int, use_bias: bool) -> int:
    """Return how many of ``inputs`` weights fit in a table of ``height`` lines, next to its other lines."""
    room = height - HEAD_LINES - use_bias
    return max(room if inputs <= room else room - 1, 1)


def group_heads(sample: int, batch: int) -> tuple[str, str]:
    """Return of which samples a neuron's terms are, and its gradients, those of the last step of ``batch`` samples."""
    return f"of sample {sample + 1:,}", "of batch" if batch > 1 else "of step"


def table(
    shape: Shape, detail: NeuronDetail, width: int, height: int, picked: int | None, heads: tuple[str, str] = ("", "")
) -> Table:
    """Return a table of the neuron's terms in ``width`` x ``height`` cells, with the picked parameter marked.

    ``heads`` say of which samples the terms are, and of which the gradients.
    """
    name_width = max(width - MARK_WIDTH - sum(columns for _, columns in COLUMNS), 1)
    head = f"{'':{MARK_WIDTH + name_width}}" + "".join(f"{name:>{columns}}" for name, columns in COLUMNS)
    last = COLUMNS[-1][1]
    lines: list[Line] = [((heads[0].rjust(width - last) + heads[1].rjust(last), "dim"),), ((head, "dim"),)]
    parameters: list[int | None] = [None, None]
    for term in detail.terms[: terms_that_fit(height, detail.inputs, detail.bias is not None)]:
        name = shape.name(detail.layer - 1, term.source)
        lines.append(_line(name, term, name_width, picked == term.source))
        parameters.append(term.source)
    hidden = detail.inputs - (len(lines) - HEAD_LINES)
    if hidden > 0:
        total = format_cell(detail.rest, COLUMNS[2][1], 3)
        space = MARK_WIDTH + name_width + COLUMNS[0][1] + COLUMNS[1][1]
        lines.append(((f"{'  … ' + format(hidden, ',') + ' more':<{space}}{total}", "dim"),))
        parameters.append(None)
    if detail.bias is not None:
        lines.append(_line("bias b", detail.bias, name_width, picked == detail.inputs))
        parameters.append(detail.inputs)
    return Table(tuple(lines), tuple(parameters))


def _line(name: str, term: Term, name_width: int, picked: bool) -> Line:
    sign = "negative" if term.weight < 0 else "positive"
    (_, w), (_, x), (_, product), (_, gradient) = COLUMNS
    input_texts = (format_cell(term.x, x, 3), format_cell(term.product, product, 3))
    x_text, product_text = input_texts if term.source != BIAS else (" " * x, " " * product)
    slope = NO_GRADIENT.rjust(gradient) if term.gradient is None else format_cell(term.gradient, gradient, 4)
    return (
        ("▸ " if picked else "  ", "title"),
        (f"{shorten(one_cell(name), name_width):<{name_width}}", "picked" if picked else "text"),
        (format_cell(term.weight, w, 4), sign),
        (x_text, "text"),
        (product_text, "text"),
        (slope, "dim"),
    )


def bar_lines(shape: Shape, detail: NeuronDetail, width: int, height: int, markers: Markers) -> tuple[Line, ...]:
    """Return a bar for each probability, below a line with their sum."""
    rows = max(height - 1, 0)
    probabilities = detail.probabilities
    if len(probabilities) > rows:
        largest = sorted(probabilities, key=lambda probability: -probability.value)[:rows]
        probabilities = tuple(probability for probability in probabilities if probability in largest)
    names = [one_cell(shape.name(detail.layer, probability.neuron)) for probability in probabilities]
    name_width = min(max(map(len, names), default=0), MAX_NAME, max(width // 3, 1))
    room = max(width - name_width - VALUE_WIDTH - 2, 1)
    count_text = (
        ""
        if len(probabilities) == shape.layers[detail.layer].units
        else f" of all {shape.layers[detail.layer].units:,}"
    )
    lines: list[Line] = [(("Σ a", "text"), (count_text, "text"), (f" = {format_measure(detail.total)}", "text"))]
    for name, probability in zip(names, probabilities, strict=True):
        style = "title" if probability.neuron == detail.neuron else "text"
        value = f"{probability.value:{VALUE_WIDTH}.4f}"
        text = f"{shorten(one_cell(name), name_width):<{name_width}} "
        lines.append(
            (
                (text, style),
                (format_bar(probability.value, room, markers == "ascii").ljust(room), "positive"),
                (value, style),
            )
        )
    return tuple(lines)


def phi_plot(curve: PhiCurve, detail: NeuronDetail | NeuronStep) -> Plot:
    """Plot phi and phi' over o."""
    o = unpack(curve.o)
    x, heights = np.array([detail.o]), np.array([detail.a])
    if detail.slope is not None:
        x, heights = np.array([detail.o, detail.o]), np.array([detail.a, detail.slope])
    return Plot(
        (
            Series("φ", o, unpack(curve.phi), "train"),
            Series("φ′", o, unpack(curve.slope), "validation", sign="○"),
            Series("o", x, heights, "class3", "scatter", glyph="●"),
        ),
        x_label="o",
        x_limits=(-curve.span, curve.span),
    )


def _lines(formula: str, numbers: str, slope: str, width: int) -> tuple[Line, Line]:
    line = f"{formula} {numbers}"
    if width >= MIN_ONE_LINE and len(line) <= width:
        return ((line, "text"),), ((slope, "dim"),)
    return ((formula, "dim"), (f"   {slope}", "dim")), ((INDENT + numbers, "text"),)


def heading(dataset: DatasetView, network: Network, width: int, lines: str) -> Line:
    """Return the sample, its target and the prediction; on the right, if there is room, how ``lines`` show signs."""
    spans: list[Span] = [
        (f"sample {network.sample + 1:,} of {network.samples:,}", "text"),
        (f" ({_row_name(dataset, network)})", "dim"),
        *_answer(dataset, network),
    ]
    if network.dropped_of is not None:
        off = f"   {'x' if lines == 'ascii' else '×'} off"
        of = f"for sample {network.dropped_of + 1:,}"
        room = width - sum(len(text) for text, _ in (spans[0], *spans[2:]))
        of_this = network.dropped_of == network.sample
        words = (f"{off} in the last step",) if of_this else (f"{off} in the last step, {of}", f"{off} {of}")
        spans.append((next((text for text in words if len(text) <= room), off), "dim"))
    for with_names, with_row in ((True, True), (True, False), (False, False)):
        visible_spans = spans if with_row else [spans[0], *spans[2:]]
        legend = _legend(lines, with_names)
        free = width - sum(len(text) for text, _ in (*visible_spans, *legend))
        if free >= 2:
            return (*visible_spans, (" " * free, "text"), *legend)
    return tuple(visible_spans)


def sample_name(dataset: DatasetView, network: Network) -> str:
    """Return the number of the sample, and what its row is called."""
    return f"sample {network.sample + 1:,} ({_row_name(dataset, network)})"


def _row_name(dataset: DatasetView, network: Network) -> str:
    return one_cell(format_row(dataset.row_heading, network.row, plain(dataset.row_column), network.name))


def _legend(lines: str, with_names: bool) -> list[Span]:
    positive, negative = LINK_SIGNS[lines]
    signs = ("w > 0", "w < 0") if with_names else ("+", "−")
    return [(f"{positive} ", "positive"), (f"{signs[0]}  ", "dim"), (f"{negative} ", "negative"), (signs[1], "dim")]


def _answer(dataset: DatasetView, network: Network) -> list[Span]:
    if not dataset.classes:
        numbers = f"{format_measure(network.target)}, predicted {format_measure(network.prediction)}"
        return [(f": {shorten(one_cell(plain(dataset.target)), MAX_CLASS_NAME)} {numbers}", "text")]
    target, predicted = (
        shorten(one_cell(plain(dataset.classes[int(index)])), MAX_CLASS_NAME)
        for index in (network.target, network.prediction)
    )
    is_correct = network.target == network.prediction
    return [
        (f": {target}, ", "text"),
        ("predicted ", "dim"),
        (f"{predicted} {'✓' if is_correct else '✗'}", "good" if is_correct else "bad"),
    ]
