"""The layout of a network picture: which layers and neurons fit, and in which cells; its shape, and the selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len

from tui_trainer.errors import plain
from tui_trainer.protocol import Loaded

from .messages import NeuronRange

TITLE_ROWS = 2  # above the neurons: units and activation
MIN_HEIGHT = 6  # rows from which titles are shown
MIN_BOX_STEP = 5  # rows between neurons from which they are drawn as boxes of three rows
MAX_STEP = 6  # rows between neurons
MAX_GAP = 34  # columns that links cross
SIZES = ((7, 8), (5, 4), (3, 3))  # columns of a neuron, and at least of a gap; the first that fits is used
FOLDED_SIZE = (5, 6)  # the same if not all layers fit; also the gap in place of folded layers
MAX_LABEL = 16
MIN_LABEL = 6


class Span(NamedTuple):
    """Cells of a row or a column of the screen."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Column:
    """The visible neurons of one layer, ``width`` cells wide from ``left`` on; neuron ``first + i`` is in ``rows[i]``.

    ``units`` is the number of neurons in the layer, ``step`` the number of rows from one to the next.
    """

    layer: int
    units: int
    left: int
    width: int
    first: int
    rows: tuple[int, ...]
    step: int

    @property
    def right(self) -> int:
        """The first column after the neurons."""
        return self.left + self.width

    @property
    def below(self) -> int:
        """The number of folded neurons below."""
        return self.units - self.first - len(self.rows)

    @property
    def boxes(self) -> bool:
        """Whether the neurons are drawn as boxes, since there is room around them."""
        return self.step >= MIN_BOX_STEP

    def row(self, neuron: int) -> int | None:
        """Return the row of a neuron; None if it is folded."""
        return self.rows[neuron - self.first] if 0 <= neuron - self.first < len(self.rows) else None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The layout in ``width`` x ``height`` cells; ``labels`` are the widths of the names on the left and right."""

    width: int
    height: int
    top: int
    labels: tuple[int, int]
    columns: tuple[Column, ...]

    @property
    def windows(self) -> tuple[NeuronRange, ...]:
        """The visible neurons of each visible layer."""
        return tuple(NeuronRange(column.layer, column.first, len(column.rows)) for column in self.columns)

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return layer and number of the neuron nearest to a cell, None if there is none nearby."""
        for column in self.columns:
            if column.left - 1 <= x <= column.right:
                near = [(abs(row - y), number) for number, row in enumerate(column.rows, column.first)]
                distance, neuron = min(near, default=(MAX_STEP, 0))
                return (column.layer, neuron) if distance <= column.step // 2 else None
        return None


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected sample, neuron and parameter.

    Layer 0 is the inputs, and -1 the output; ``parameter`` counts the neuron's weights, then its bias. The numbers may
    be outside of another network: ``within`` clips them.
    """

    sample: int = 0
    layer: int = 1
    neuron: int = 0
    parameter: int | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Layer and neuron."""
        return self.layer, self.neuron

    def within(self, shape: Shape) -> Selection:
        """Return the same selection, or the nearest one that exists in ``shape``."""
        layer = shape.last + 1 + self.layer if self.layer < 0 else self.layer
        layer = min(max(layer, 0), shape.last)
        neuron = min(max(self.neuron, 0), shape.layers[layer].units - 1)
        parameter = self.parameter
        if parameter is not None:
            count = parameters_of(shape, layer)
            parameter = min(max(parameter, 0), count - 1) if count else None
        return Selection(max(self.sample, 0), layer, neuron, parameter)

    def moved(self, shape: Shape, offset: int) -> Selection:
        """Move by ``offset`` neurons, or by parameters if one is selected."""
        if self.parameter is None:
            return replace(self, neuron=self.neuron + offset).within(shape)
        return replace(self, parameter=self.parameter + offset).within(shape)

    def beside(self, shape: Shape, arrangement: Arrangement, offset: int) -> Selection:
        """Move by ``offset`` layers, to the neuron that is nearest on the screen."""
        layer = min(max(self.layer + offset, 0), shape.last)
        columns = {column.layer: column for column in arrangement.columns}
        current_column, target_column = columns.get(self.layer), columns.get(layer)
        row = None if current_column is None else current_column.row(self.neuron)
        neuron = self.neuron
        if target_column is not None and row is not None:
            neuron = target_column.first + min(
                range(len(target_column.rows)), key=lambda index: abs(target_column.rows[index] - row)
            )
        return replace(self, layer=layer, neuron=neuron, parameter=None if layer == 0 else self.parameter).within(shape)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; layer 0 of a network is the inputs, which have no activation."""

    units: int
    activation: str = ""
    use_bias: bool = False
    dropout: float = 0.0
    trainable: bool = True
    batch_norm: bool = False

    @property
    def note(self) -> str:
        """Unusual settings of the layer, empty if there are none."""
        parts = (
            "" if self.use_bias or not self.activation else "no bias",
            f"drop {self.dropout:g}" * bool(self.dropout),
            "" if self.trainable else "frozen",
            "norm" * self.batch_norm,
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Shape:
    """The layers from the inputs to the outputs, and the names of inputs and outputs.

    ``shown_output`` is that of the target that is shown, of several. With ``is_picture`` the inputs are drawn as one
    picture, not named one by one.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shown_output: int | None = None
    is_picture: bool = False

    @property
    def last(self) -> int:
        """The number of the output layer."""
        return len(self.layers) - 1

    def name(self, layer: int, neuron: int) -> str:
        """Return a neuron's name: from the data for inputs and outputs, else its number."""
        names = self.inputs if layer == 0 else self.outputs if layer == self.last else ()
        return names[neuron] if neuron < len(names) else f"neuron {neuron + 1}"

    def full_name(self, layer: int, neuron: int) -> str:
        """Return the name with the layer."""
        kind = "input" if layer == 0 else "output" if layer == self.last else f"layer {layer},"
        return f"{kind} {self.name(layer, neuron)}"

    def title(self, layer: int, neuron: int) -> str:
        """Return the name with the layer and, for hidden layers, the number of neurons."""
        count = f" of {self.layers[layer].units:,}" if 0 < layer < self.last else ""
        return self.full_name(layer, neuron) + count


def arrange(shape: Shape, width: int, height: int, chosen: tuple[int, int], firsts: Mapping[int, int]) -> Arrangement:
    """Arrange a network in ``width`` x ``height`` cells; the layer and neuron ``chosen`` are always visible.

    ``firsts`` are the first visible neurons of each layer so far, which are kept if possible.
    """
    notes = any(layer.note for layer in shape.layers)
    top = TITLE_ROWS + notes if height >= MIN_HEIGHT else 0
    body = Span(top, max(height - top, 1))
    labels = _label_widths(shape, width)
    room = max(width - sum(labels), 1)
    layers, neuron_width, gaps = _choose_layers(shape, room, chosen[0])
    left = labels[0] + max(room - len(layers) * neuron_width - sum(gaps), 0) // 2
    columns = []
    for layer, gap in zip(layers, (*gaps, 0), strict=True):
        neuron = chosen[1] if layer == chosen[0] else None
        units = shape.layers[layer].units
        columns.append(_column(layer, units, Span(left, neuron_width), body, first=firsts.get(layer, 0), chosen=neuron))
        left += neuron_width + gap
    return Arrangement(width, height, top, labels, tuple(columns))


def shape_of(loaded: Loaded) -> Shape:
    """Return the shape of a run's network."""
    model, dataset = loaded.experiment.model, loaded.dataset
    hidden = (
        Layer(layer.units, layer.activation, layer.use_bias, layer.dropout, layer.trainable, layer.batch_norm)
        for layer in model.layers
    )
    output = model.output
    inputs = Layer(len(dataset.features), dropout=model.input_dropout)
    outputs = Layer(output.units or 1, output.activation or "", output.use_bias, trainable=output.trainable)
    class_names = dataset.classes if outputs.units == len(dataset.classes) else ()
    has_one_probability = outputs.activation == "sigmoid" and len(dataset.classes) == 2
    probability_name = (f"P({dataset.classes[1]})",) if has_one_probability else ()
    targets = dataset.targets if len(dataset.targets) == outputs.units else (dataset.target,) * outputs.units
    names = class_names or probability_name or targets
    shown_output = dataset.target_index if len(dataset.targets) > 1 else None
    return Shape(
        (inputs, *hidden, outputs),
        tuple(map(plain, dataset.features)),
        tuple(map(plain, names)),
        shown_output,
        is_picture=dataset.pixels is not None,
    )


def window_start(first: int, count: int, units: int, chosen: int | None) -> int:
    """Return where ``count`` of ``units`` begin: near ``first``, with a neighbour of the chosen one on both sides."""
    if chosen is not None:
        margin = 1 if count > 2 else 0
        first = min(first, chosen - margin)
        first = max(first, chosen + margin - count + 1)
    return min(max(first, 0), units - count)


def parameters_of(shape: Shape, layer: int) -> int:
    """Return how many weights and biases a neuron of ``layer`` has; an input has none."""
    if layer == 0:
        return 0
    return shape.layers[layer - 1].units + shape.layers[layer].use_bias


def _label_widths(shape: Shape, width: int) -> tuple[int, int]:
    """Return the widths of the names of inputs and outputs, including space: at most a third of the width."""
    max_label = min(MAX_LABEL, width // 6)
    inputs = min(max(map(cell_len, shape.inputs), default=0), max_label)
    inputs = max(inputs, MIN_LABEL)  # the raw values are written there too
    outputs = min(max(map(cell_len, shape.outputs), default=0) + 2, max_label)
    return 1 if shape.is_picture else inputs + 1, outputs + 1


def _choose_layers(shape: Shape, room: int, chosen: int) -> tuple[tuple[int, ...], int, list[int]]:
    """Choose the visible layers, the width of a neuron, and that of each gap: all layers, as spacious as possible.

    If there are too many, choose the first, the last and those around the chosen one.
    """
    count = len(shape.layers)
    for neuron_width, gap in SIZES:
        if count * neuron_width + (count - 1) * gap <= room:
            gap = min((room - count * neuron_width) // max(count - 1, 1), MAX_GAP)
            return tuple(range(count)), neuron_width, [gap] * (count - 1)
    neuron_width, gap = FOLDED_SIZE
    max_layers = max((room + gap) // (neuron_width + gap), 2)
    chosen_layers = {0, shape.last}
    for distance in range(count):
        for layer in (chosen - distance, chosen + distance):
            if len(chosen_layers) < max_layers and 0 <= layer <= shape.last:
                chosen_layers.add(layer)
    layers = sorted(chosen_layers)
    folds = [after > previous + 1 for previous, after in pairwise(layers)]
    link_gaps = max(len(folds) - sum(folds), 1)
    width = max((room - len(layers) * neuron_width - gap * sum(folds)) // link_gaps, 1)
    return tuple(layers), neuron_width, [gap if fold else min(width, MAX_GAP) for fold in folds]


def _column(layer: int, units: int, horizontal: Span, vertical: Span, *, first: int, chosen: int | None) -> Column:
    if units <= vertical.length:
        step = min(vertical.length // units, MAX_STEP)
        start = vertical.start + (vertical.length - (units - 1) * step - 1) // 2
        return Column(layer, units, *horizontal, 0, tuple(start + step * i for i in range(units)), step)
    count = max(vertical.length - 2, 1)  # the rows above and below show how many more neurons there are
    first = window_start(first, count, units, chosen)
    if first == 0 or first + count == units:  # no more neurons on one side
        count = max(vertical.length - 1, 1)
        first = min(first, units - count)
    return Column(layer, units, *horizontal, first, tuple(vertical.start + (first > 0) + i for i in range(count)), 1)
