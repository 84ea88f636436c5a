"""Thumbnails of all neurons for which there is room, with the selected one marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame
from tui_trainer.plotting.heatmaps import BACKGROUND, DIVERGING, Codes, Form, cells, level_tints, mark_tint, stretch
from tui_trainer.plotting.plot import HIGHEST, MIDDLE, STEPS, Levels, class_colors
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.ui.plot_widgets import TintedWidget, Tints

from .drawing import layer_name
from .messages import Boundary, Chosen, Function, Neuron, Thumbnails

CHOSEN = {"pixels": "▐▌", "shades": "▐▌", "ascii": "[]"}
SIDES = (16, 12, 10, 8, 6)  # pixels; half as many rows
SMALL = (8, 6)  # of these where not all neurons have room
FRAME = 2  # cells beside a picture, in which the chosen one is marked
BETWEEN = 1  # cells between two layers
ABOVE = 1  # the row of the titles


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Blocks of thumbnails from left to right, each ``side`` x ``side`` pixels with ``gap`` rows between them."""

    side: int = SIDES[-1]
    gap: int = 0
    blocks: tuple[Block, ...] = ()

    @property
    def pitch(self) -> int:
        """The number of rows from one thumbnail to the one below."""
        return self.side // 2 + self.gap

    def position(self, block: Block, neuron: int) -> tuple[int, int]:
        """Return the row and column of the upper left cell of a neuron's thumbnail."""
        column, row = divmod(neuron - block.first, block.down)
        return ABOVE + row * self.pitch, block.left + 1 + column * (self.side + FRAME)

    def neuron_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return the layer and neuron of the thumbnail at a cell; the neuron is -1 for the title of a layer."""
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


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailStrip:
    """The arranged thumbnails of computed neurons; for curves, each is made from a single row."""

    arrangement: Arrangement = field(default_factory=Arrangement)
    chosen: Chosen | None = None
    thumbs: tuple[Thumbnails, ...] = ()
    side: int = 1
    classes: int = 0
    curves: bool = False

    def picture(self, layer: int, neuron: int) -> Levels | None:
        """Return the levels (side, side) of a neuron; None if they have not arrived yet."""
        for thumbs in self.thumbs:
            place = neuron - thumbs.window.first
            if thumbs.window.layer == layer and 0 <= place < thumbs.window.count:
                levels = np.frombuffer(thumbs.levels, np.uint8).reshape(thumbs.window.count, -1, self.side)[place]
                return filled(levels[0]) if self.curves else levels
        return None

    def scale(self, layer: int, neuron: int) -> int:
        """Return the colour scale; in an output with a neuron per class, that of the class."""
        assert self.chosen is not None
        last = len(self.chosen.layers) - 1
        return neuron if layer == last and self.classes and self.chosen.layers[last].units > 1 else DIVERGING


def strip_of(picture: Boundary | Function, arrangement: Arrangement) -> ThumbnailStrip:
    """Return the strip of what was computed."""
    is_curve = isinstance(picture, Function)
    return ThumbnailStrip(arrangement, picture.chosen, picture.thumbs, picture.thumb, len(picture.classes), is_curve)


class StripWidget(TintedWidget[ThumbnailStrip]):
    """Shows thumbnails; a click selects one."""

    DEFAULT_CSS = "StripWidget { width: 44; margin-left: 1; }"

    @dataclass
    class Picked(Message):
        """A neuron was clicked, or, with ``neuron`` -1, the title of a layer."""

        layer: int
        neuron: int

    def __init__(self) -> None:
        super().__init__(ThumbnailStrip())

    def draw(self, drawing: ThumbnailStrip, width: int, height: int) -> Frame:
        return draw(drawing, width, height, self.form)

    def styles_of(self, drawing: ThumbnailStrip) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), class_colors(drawing.classes) if drawing.classes else ())

    def roles_differ(self, before: ThumbnailStrip, after: ThumbnailStrip) -> bool:
        return before.classes != after.classes

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer."""
        found = self._drawing.arrangement.neuron_at(event.x, event.y)
        if found is not None:
            event.stop()
            self.post_message(self.Picked(*found))


def draw(strip: ThumbnailStrip, width: int, height: int, form: Form) -> Frame:
    """Draw all thumbnails and the titles of their layers, in ``height`` rows of ``width`` cells."""
    board = Board(width, height, np.int32)
    if strip.chosen is not None and board.characters.size:
        for block in strip.arrangement.blocks:
            _write_titles(board, strip, strip.chosen, block)
            for neuron in range(block.first, block.first + block.count):
                _write_picture(board, strip, block, neuron, form)
    return board.frame()


def _write_titles(board: Board, strip: ThumbnailStrip, chosen: Chosen, block: Block) -> None:
    role = TEXT if block.layer == chosen.layer else AXIS
    name = layer_name(block.layer, len(chosen.layers))
    room = block.columns * (strip.arrangement.side + FRAME) - 1
    if len(name) > room:
        name = {"inputs": "in", "output": "out"}.get(name, name.removeprefix("layer "))
    board.write(0, block.left + 1, name, role)
    if block.count < block.units:
        shown = f"{block.first + 1}-{block.first + block.count} of {block.units:,}"
        if len(shown) > room:
            shown = f"of {block.units:,}"
        board.write(row_below(strip.arrangement, block), block.left + 1, shown, AXIS)


def row_below(arrangement: Arrangement, block: Block) -> int:
    """Return the row below the thumbnails of a block."""
    last = block.first + min(block.down, block.count) - 1
    return arrangement.position(block, last)[0] + arrangement.side // 2


def _write_picture(board: Board, strip: ThumbnailStrip, block: Block, neuron: int, form: Form) -> None:
    levels, chosen = strip.picture(block.layer, neuron), strip.chosen
    if levels is None or chosen is None:
        return
    side = strip.arrangement.side
    row, column = strip.arrangement.position(block, neuron)
    if row + side // 2 > board.height or column + side >= board.width:
        return  # arranged for a larger widget: the next arrangement is on its way
    tints = level_tints(levels, strip.scale(block.layer, neuron), STEPS)
    if form == "pixels":  # the last row of pixels stays blank, between this picture and the next
        tints = np.vstack([stretch(tints, side - 1, side), np.full(side, BACKGROUND, np.int32)])
    is_chosen = block.layer == chosen.layer and neuron == chosen.neuron
    paste_picture(board, row, column, stretch(tints, side, side), form, is_chosen)


def paste_picture(board: Board, row: int, column: int, tints: Codes, form: Form, is_chosen: bool) -> None:
    """Draw a picture, given by the tints (side, side) of its pixels, with bars beside it if it is the chosen one."""
    side = len(tints)
    place = slice(row, row + side // 2), slice(column, column + side)
    board.characters[place], board.roles[place] = cells(tints, form)
    if is_chosen:
        for line in range(row, row + side // 2):
            board.write(line, column - 1, CHOSEN[form][0], mark_tint("accent"))
            board.write(line, column + side, CHOSEN[form][1], mark_tint("accent"))


def filled(levels: Levels) -> Levels:
    """Turn a curve, given by its levels (n,), into a picture (n, n), filled between the curve and the middle.

    The middle is that of the scale.
    """
    side = len(levels)
    height = np.rint(levels / HIGHEST * (side - 1))  # 0 is the lowest row
    row = np.arange(side - 1, -1, -1)[:, None]
    middle = (side - 1) / 2
    inside = (row >= np.minimum(height, middle)) & (row <= np.maximum(height, middle))
    return np.where(inside, levels, np.uint8(MIDDLE))


def down(side: int, height: int, gap: int) -> int:
    """Return how many thumbnails fit below one another."""
    return max((height - ABOVE + gap) // (side // 2 + gap), 0)


@dataclass(frozen=True, slots=True)
class Block:
    """The thumbnails of a layer: neurons ``first`` to ``first + count - 1``, ``down`` per column, from ``left`` on."""

    layer: int
    first: int
    count: int
    down: int
    left: int
    units: int

    @property
    def columns(self) -> int:
        """The number of columns."""
        return -(-self.count // self.down)

    @property
    def window(self) -> NeuronRange:
        """Return the neurons as a window for the request."""
        return NeuronRange(self.layer, self.first, self.count)


class Room(NamedTuple):
    """The available columns and rows, and the gap of rows between two thumbnails."""

    width: int
    height: int
    gap: int = 0


def room_for(width: int, height: int, form: Form) -> Room:
    """Return the room there is; pictures of pixels need no gap, since the last row of theirs stays blank."""
    return Room(width, height, gap=0 if form == "pixels" else 1)


def arrange(units: Sequence[int], chosen: Neuron, room: Room, small: Sequence[int] = SMALL) -> Arrangement:
    """Return the largest thumbnails that all fit, else as many ``small`` ones as fit, including the selected one.

    ``units`` are the numbers of neurons in each layer; of the small sides, the first that has room is used.
    """
    width, height, gap = room
    for side in SIDES:
        rows = down(side, height, gap)
        columns = [-(-count // max(rows, 1)) for count in units]
        if rows and total_width(side, columns) <= width:
            return _placed(Arrangement(side, gap), rows, units, dict(enumerate(columns)), chosen)
    height -= 1  # a row below tells which neurons these are
    side = next((side for side in small if down(side, height, gap)), 0)
    layer_count = (width + BETWEEN) // (side + FRAME + BETWEEN)
    if not side or layer_count < 1:
        return Arrangement()
    first = min(max(chosen.layer - layer_count // 2, 0), max(len(units) - layer_count, 0))
    layers = range(first, min(first + layer_count, len(units)))
    rows = down(side, height, gap)
    shares = _share_out(side, rows, [units[layer] for layer in layers], width)
    return _placed(Arrangement(side, gap), rows, units, dict(zip(layers, shares, strict=True)), chosen)


def total_width(side: int, columns: Sequence[int]) -> int:
    """Return the width in cells of layers with so many columns."""
    return sum(columns) * (side + FRAME) + BETWEEN * (len(columns) - 1)


def _share_out(side: int, rows: int, units: Sequence[int], width: int) -> list[int]:
    """Give each layer one column, and further ones to those with the most neurons left out."""
    columns = [1] * len(units)
    while True:
        hidden = [count - rows * wide for count, wide in zip(units, columns, strict=True)]
        most = max(range(len(units)), key=lambda number: hidden[number])
        if hidden[most] <= 0 or total_width(side, columns) + side + FRAME > width:
            return columns
        columns[most] += 1


def _placed(
    empty: Arrangement, rows: int, units: Sequence[int], columns: dict[int, int], chosen: Neuron
) -> Arrangement:
    """Return ``empty`` with a block for each layer that has columns."""
    blocks, left = [], 0
    for layer, wide in columns.items():
        count = min(units[layer], rows * wide)
        first = 0
        if layer == chosen.layer:  # the chosen neuron is in the middle, as far as there are others
            first = min(max(chosen.number - count // 2, 0), units[layer] - count)
        blocks.append(Block(layer, first, count, rows, left, units[layer]))
        left += wide * (empty.side + FRAME) + BETWEEN
    return replace(empty, blocks=tuple(blocks))
