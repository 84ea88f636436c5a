"""Where the small pictures stand: a column or more for each layer, as large as all of them fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_trainer.tabs.network.messages import Window

SIDES = (16, 12, 10, 8, 6)  # pixels; half as many rows
SMALL = (8, 6)  # of these where not all neurons have room
FRAME = 2  # cells beside a picture, in which the chosen one is marked
BETWEEN = 1  # cells between two layers
ABOVE = 1  # the row of the titles


@dataclass(frozen=True, slots=True)
class Block:
    """One layer's pictures: neurons ``first`` to ``first + count - 1``, ``down`` in a column, from ``left`` on."""

    layer: int
    first: int
    count: int
    down: int
    left: int
    units: int

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return -(-self.count // self.down)

    @property
    def window(self) -> Window:
        """Its neurons as they are asked for."""
        return Window(self.layer, self.first, self.count)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Blocks from left to right, of pictures of ``side`` x ``side`` pixels with ``gap`` rows between them."""

    side: int = SIDES[-1]
    gap: int = 0
    blocks: tuple[Block, ...] = ()

    @property
    def pitch(self) -> int:
        """Rows from one picture to the one below it."""
        return self.side // 2 + self.gap

    def place(self, block: Block, neuron: int) -> tuple[int, int]:
        """Row and column of the upper left cell of a neuron's picture."""
        column, row = divmod(neuron - block.first, block.down)
        return ABOVE + row * self.pitch, block.left + 1 + column * (self.side + FRAME)

    def neuron_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Layer and neuron of the picture at a cell; the neuron is -1 for the title of a layer."""
        for block in self.blocks:
            column = (x - block.left) // (self.side + FRAME)
            if not 0 <= column < block.columns:
                continue
            if y < ABOVE:
                return block.layer, -1
            row, rest = divmod(y - ABOVE, self.pitch)
            neuron = column * block.down + row
            if rest < self.side // 2 and row < block.down and neuron < block.count:
                return block.layer, block.first + neuron
        return None


def arrange(units: Sequence[int], place: tuple[int, int], size: tuple[int, int], gap: int = 0) -> Arrangement:
    """The largest pictures of which all fit; else as many small ones as fit, the chosen one among them.

    ``units`` are those of each layer, ``place`` is the layer and the neuron chosen, ``size`` the columns and rows
    there are, and ``gap`` the rows to leave between two pictures.
    """
    width, height = size
    for side in SIDES:
        rows = down(side, height, gap)
        columns = [-(-count // max(rows, 1)) for count in units]
        if rows and total_width(side, columns) <= width:
            return _placed(Arrangement(side, gap), rows, units, dict(enumerate(columns)), place)
    height -= 1  # a row below tells which neurons these are
    side = next((side for side in SMALL if down(side, height, gap)), 0)
    room = (width + BETWEEN) // (side + FRAME + BETWEEN)
    if not side or room < 1:
        return Arrangement()
    first = min(max(place[0] - room // 2, 0), max(len(units) - room, 0))
    layers = range(first, min(first + room, len(units)))
    rows = down(side, height, gap)
    shares = _share_out(side, rows, [units[layer] for layer in layers], width)
    return _placed(Arrangement(side, gap), rows, units, dict(zip(layers, shares, strict=True)), place)


def down(side: int, height: int, gap: int) -> int:
    """How many pictures stand below one another."""
    return max((height - ABOVE + gap) // (side // 2 + gap), 0)


def total_width(side: int, columns: Sequence[int]) -> int:
    """The cells that layers of so many columns take."""
    return sum(columns) * (side + FRAME) + BETWEEN * (len(columns) - 1)


def _share_out(side: int, rows: int, units: Sequence[int], width: int) -> list[int]:
    """One column for each layer, and further ones for those with the most neurons without room."""
    columns = [1] * len(units)
    while True:
        hidden = [count - rows * wide for count, wide in zip(units, columns, strict=True)]
        most = max(range(len(units)), key=lambda number: hidden[number])
        if hidden[most] <= 0 or total_width(side, columns) + side + FRAME > width:
            return columns
        columns[most] += 1


def _placed(
    empty: Arrangement, rows: int, units: Sequence[int], columns: dict[int, int], place: tuple[int, int]
) -> Arrangement:
    """``empty`` with a block for each layer that has columns."""
    blocks, left = [], 0
    for layer, wide in columns.items():
        count = min(units[layer], rows * wide)
        first = 0
        if layer == place[0]:  # the chosen neuron is in the middle, as far as there are others
            first = min(max(place[1] - count // 2, 0), units[layer] - count)
        blocks.append(Block(layer, first, count, rows, left, units[layer]))
        left += wide * (empty.side + FRAME) + BETWEEN
    return replace(empty, blocks=tuple(blocks))
