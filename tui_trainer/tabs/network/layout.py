"""Where everything goes: which layers and neurons fit, and in which cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from tui_trainer.ui.network.shape import Shape

from .messages import Window

TITLES = 2  # rows above the neurons: units and activation
LEAST_HEIGHT = 6  # rows from which there are titles
BOX = 5  # rows from one neuron to the next from which they are boxes, three rows high
FURTHEST = 6  # rows from one neuron to the next, at most
WIDEST_GAP = 34  # columns that links cross, at most
SIZES = ((7, 8), (5, 4), (3, 3))  # columns of a neuron, and of a gap at least; the roomiest that fits
FOLDED = (5, 6)  # the same where not all layers fit; the gap is that of a fold, too
LONGEST_LABEL = 16
LEAST_LABEL = 6


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
    def above(self) -> int:
        """How many neurons are folded away above."""
        return self.first

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
    def windows(self) -> tuple[Window, ...]:
        """What is shown of which layer."""
        return tuple(Window(column.layer, column.first, len(column.rows)) for column in self.columns)

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
    top = TITLES + notes if height >= LEAST_HEIGHT else 0
    body = max(height - top, 1)
    labels = _label_widths(shape, width)
    room = max(width - sum(labels), 1)
    shown, cell, gaps = _which_layers(shape, room, chosen[0])
    left = labels[0] + max(room - len(shown) * cell - sum(gaps), 0) // 2
    columns = []
    for layer, gap in zip(shown, (*gaps, 0), strict=True):
        neuron = chosen[1] if layer == chosen[0] else None
        columns.append(_column(shape, layer, (left, cell), (top, body), firsts.get(layer, 0), neuron))
        left += cell + gap
    return Arrangement(width, height, top, labels, tuple(columns))


def _label_widths(shape: Shape, width: int) -> tuple[int, int]:
    """Columns for the names of inputs and outputs, with the space beside them: a third of the width at most."""
    most = min(LONGEST_LABEL, width // 6)
    inputs = min(max(map(len, shape.inputs), default=0), most)
    inputs = max(inputs, LEAST_LABEL)  # the raw values stand there too
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


def _column(
    shape: Shape, layer: int, place: tuple[int, int], rows: tuple[int, int], first: int, chosen: int | None
) -> Column:
    units = shape.layers[layer].units
    (left, cell), (top, body) = place, rows
    if units <= body:
        step = min(body // units, FURTHEST)
        start = top + (body - (units - 1) * step - 1) // 2
        return Column(layer, units, left, cell, 0, tuple(start + step * i for i in range(units)), step)
    count = max(body - 2, 1)  # a row above and below says how many more there are
    first = window_start(first, count, units, chosen)
    if first == 0 or first + count == units:  # but not where there are none
        count = max(body - 1, 1)
        first = min(first, units - count)
    return Column(layer, units, left, cell, first, tuple(top + (first > 0) + i for i in range(count)), 1)


def window_start(first: int, count: int, units: int, chosen: int | None) -> int:
    """Where ``count`` of ``units`` begin: at ``first``, or so that what is chosen has a neighbour on both sides."""
    if chosen is not None:
        margin = 1 if count > 2 else 0
        first = min(first, chosen - margin)
        first = max(first, chosen + margin - count + 1)
    return min(max(first, 0), units - count)
