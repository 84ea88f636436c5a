"""Where everything goes: which layers and neurons fit, and in which cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from tui_trainer.protocol import Loaded
from tui_trainer.ui.text import plain

from .messages import NeuronRange

TITLES = 2  # rows above the neurons: units and activation
MIN_HEIGHT = 6  # rows from which there are titles
BOX = 5  # rows from one neuron to the next from which they are boxes, three rows high
FURTHEST = 6  # rows from one neuron to the next, at most
WIDEST_GAP = 34  # columns that links cross, at most
SIZES = ((7, 8), (5, 4), (3, 3))  # columns of a neuron, and of a gap at least; the roomiest that fits
FOLDED = (5, 6)  # the same where not all layers fit; the gap is that of a fold, too
LONGEST_LABEL = 16
MIN_LABEL = 6


@dataclass(frozen=True, slots=True)
class Column:
    """The neurons shown of one layer: from ``left`` on, ``width`` cells wide, neuron ``first + i`` in ``rows[i]``.

    ``units`` is how many there are, ``step`` how many rows from one to the next.
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
        """The first column behind the neurons."""
        return self.left + self.width

    @property
    def below(self) -> int:
        """How many neurons are folded away below."""
        return self.units - self.first - len(self.rows)

    @property
    def boxes(self) -> bool:
        """Whether the neurons are drawn as boxes; there is room around them then."""
        return self.step >= BOX

    def row(self, neuron: int) -> int | None:
        """The row of a neuron; None where it is folded away."""
        return self.rows[neuron - self.first] if 0 <= neuron - self.first < len(self.rows) else None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Everything in ``width`` x ``height`` cells; ``labels`` are the columns for names at the left and right."""

    width: int
    height: int
    top: int
    labels: tuple[int, int]
    columns: tuple[Column, ...]

    @property
    def windows(self) -> tuple[NeuronRange, ...]:
        """What is shown of which layer."""
        return tuple(NeuronRange(column.layer, column.first, len(column.rows)) for column in self.columns)

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """Layer and number of the neuron nearest to a cell, where one is near."""
        for column in self.columns:
            if column.left - 1 <= x <= column.right:
                near = [(abs(row - y), number) for number, row in enumerate(column.rows, column.first)]
                distance, neuron = min(near, default=(FURTHEST, 0))
                return (column.layer, neuron) if distance <= column.step // 2 else None
        return None


def arrange(shape: Shape, width: int, height: int, chosen: tuple[int, int], firsts: Mapping[int, int]) -> Arrangement:
    """Put a network into ``width`` x ``height`` cells; layer and neuron ``chosen`` are among what is shown.

    ``firsts`` are the first neurons shown of each layer so far: they stay where they can.
    """
    notes = any(layer.note for layer in shape.layers)
    top = TITLES + notes if height >= MIN_HEIGHT else 0
    body = Span(top, max(height - top, 1))
    labels = _label_widths(shape, width)
    room = max(width - sum(labels), 1)
    shown, cell, gaps = _which_layers(shape, room, chosen[0])
    left = labels[0] + max(room - len(shown) * cell - sum(gaps), 0) // 2
    columns = []
    for layer, gap in zip(shown, (*gaps, 0), strict=True):
        neuron = chosen[1] if layer == chosen[0] else None
        units = shape.layers[layer].units
        columns.append(_column(layer, units, Span(left, cell), body, first=firsts.get(layer, 0), chosen=neuron))
        left += cell + gap
    return Arrangement(width, height, top, labels, tuple(columns))


def _label_widths(shape: Shape, width: int) -> tuple[int, int]:
    """Columns for the names of inputs and outputs, with the space beside them: a third of the width at most."""
    most = min(LONGEST_LABEL, width // 6)
    inputs = min(max(map(len, shape.inputs), default=0), most)
    inputs = max(inputs, MIN_LABEL)  # the raw values stand there too
    outputs = min(max(map(len, shape.outputs), default=0) + 2, most)
    return inputs + 1, outputs + 1


def _which_layers(shape: Shape, room: int, chosen: int) -> tuple[tuple[int, ...], int, list[int]]:
    """The layers shown, the columns of a neuron, and those of each gap: all layers, as roomy as can be.

    Of too many, the first, the last and those around the chosen one.
    """
    count = len(shape.layers)
    for cell, gap in SIZES:
        if count * cell + (count - 1) * gap <= room:
            gap = min((room - count * cell) // max(count - 1, 1), WIDEST_GAP)
            return tuple(range(count)), cell, [gap] * (count - 1)
    cell, gap = FOLDED
    most = max((room + gap) // (cell + gap), 2)
    kept = {0, shape.last}
    for distance in range(count):
        for layer in (chosen - distance, chosen + distance):
            if len(kept) < most and 0 <= layer <= shape.last:
                kept.add(layer)
    shown = sorted(kept)
    folds = [after > before + 1 for before, after in pairwise(shown)]
    linked = max(len(folds) - sum(folds), 1)
    width = max((room - len(shown) * cell - gap * sum(folds)) // linked, 1)
    return tuple(shown), cell, [gap if fold else min(width, WIDEST_GAP) for fold in folds]


class Span(NamedTuple):
    """Cells of a row or a column of the screen."""

    start: int
    length: int


def _column(layer: int, units: int, across: Span, down: Span, *, first: int, chosen: int | None) -> Column:
    if units <= down.length:
        step = min(down.length // units, FURTHEST)
        start = down.start + (down.length - (units - 1) * step - 1) // 2
        return Column(layer, units, *across, 0, tuple(start + step * i for i in range(units)), step)
    count = max(down.length - 2, 1)  # a row above and below says how many more there are
    first = window_start(first, count, units, chosen)
    if first == 0 or first + count == units:  # but not where there are none
        count = max(down.length - 1, 1)
        first = min(first, units - count)
    return Column(layer, units, *across, first, tuple(down.start + (first > 0) + i for i in range(count)), 1)


def window_start(first: int, count: int, units: int, chosen: int | None) -> int:
    """Where ``count`` of ``units`` begin: at ``first``, or so that what is chosen has a neighbour on both sides."""
    if chosen is not None:
        margin = 1 if count > 2 else 0
        first = min(first, chosen - margin)
        first = max(first, chosen + margin - count + 1)
    return min(max(first, 0), units - count)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; number 0 of a network are its inputs, which have no activation."""

    units: int
    activation: str = ""
    use_bias: bool = False
    dropout: float = 0.0

    @property
    def note(self) -> str:
        """What is unusual of it."""
        parts = (
            "" if self.use_bias or not self.activation else "no bias",
            f"drop {self.dropout:g}" * bool(self.dropout),
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Shape:
    """The layers from the inputs to the outputs, and what the ones and the others are called."""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def last(self) -> int:
        """Number of the output layer."""
        return len(self.layers) - 1

    def name(self, layer: int, neuron: int) -> str:
        """What a neuron is called: by the data at both ends, by its number between them."""
        names = self.inputs if layer == 0 else self.outputs if layer == self.last else ()
        return names[neuron] if neuron < len(names) else f"neuron {neuron + 1}"

    def place(self, layer: int, neuron: int) -> str:
        """The same with where it stands."""
        kind = "input" if layer == 0 else "output" if layer == self.last else f"layer {layer},"
        return f"{kind} {self.name(layer, neuron)}"

    def title(self, layer: int, neuron: int) -> str:
        """The same with how many there are, where they are counted."""
        of = f" of {self.layers[layer].units:,}" if 0 < layer < self.last else ""
        return self.place(layer, neuron) + of


def shape_of(loaded: Loaded) -> Shape:
    """The network of a run."""
    model, dataset = loaded.experiment.model, loaded.dataset
    hidden = (Layer(one.units, one.activation, one.use_bias, one.dropout) for one in model.layers)
    output = model.output
    inputs = Layer(len(dataset.features))
    outputs = Layer(output.units or 1, output.activation or "", output.use_bias)
    several = dataset.classes if outputs.units == len(dataset.classes) else ()
    single = (f"P({dataset.classes[1]})",) if outputs.activation == "sigmoid" and len(dataset.classes) == 2 else ()
    names = several or single or (dataset.target,) * outputs.units
    return Shape((inputs, *hidden, outputs), tuple(map(plain, dataset.features)), tuple(map(plain, names)))


@dataclass(frozen=True, slots=True)
class Selection:
    """Layer 0 are the inputs, and -1 is the output; ``parameter`` counts the neuron's weights, then its bias.

    It may lie outside a network that it was not made for: ``within`` brings it back.
    """

    sample: int = 0
    layer: int = 1
    neuron: int = 0
    parameter: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Layer and neuron."""
        return self.layer, self.neuron

    def within(self, shape: Shape) -> Selection:
        """The same, or what is nearest to it in ``shape``."""
        layer = shape.last + 1 + self.layer if self.layer < 0 else self.layer
        layer = min(max(layer, 0), shape.last)
        neuron = min(max(self.neuron, 0), shape.layers[layer].units - 1)
        parameter = self.parameter
        if parameter is not None:
            count = parameters_of(shape, layer)
            parameter = min(max(parameter, 0), count - 1) if count else None
        return Selection(max(self.sample, 0), layer, neuron, parameter)

    def moved(self, shape: Shape, offset: int) -> Selection:
        """``offset`` neurons further down, or parameters where one is chosen."""
        if self.parameter is None:
            return replace(self, neuron=self.neuron + offset).within(shape)
        return replace(self, parameter=self.parameter + offset).within(shape)

    def beside(self, shape: Shape, arrangement: Arrangement, offset: int) -> Selection:
        """``offset`` layers to the right, at the neuron that is nearest on the screen."""
        layer = min(max(self.layer + offset, 0), shape.last)
        columns = {column.layer: column for column in arrangement.columns}
        here, there = columns.get(self.layer), columns.get(layer)
        row = None if here is None else here.row(self.neuron)
        neuron = self.neuron
        if there is not None and row is not None:
            neuron = there.first + min(range(len(there.rows)), key=lambda place: abs(there.rows[place] - row))
        return replace(self, layer=layer, neuron=neuron, parameter=None if layer == 0 else self.parameter).within(shape)


def parameters_of(shape: Shape, layer: int) -> int:
    """How many weights and biases a neuron of ``layer`` has; the inputs have none."""
    if layer == 0:
        return 0
    return shape.layers[layer - 1].units + shape.layers[layer].use_bias
