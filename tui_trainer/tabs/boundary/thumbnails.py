"""The small pictures of all neurons there is room for, the chosen one marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame
from tui_trainer.plotting.levels import HIGHEST, MIDDLE
from tui_trainer.plotting.plot import class_colors
from tui_trainer.ui.boundary.arrangement import Arrangement, Block
from tui_trainer.ui.boundary.words import layer_name
from tui_trainer.ui.plotting.heatmap import STEPS, Levels
from tui_trainer.ui.plotting.pixels import Form, cells, stretch
from tui_trainer.ui.plotting.tinted_widget import TintedWidget
from tui_trainer.ui.plotting.tints import BACKGROUND, DIVERGING, Tints, level_tints, mark_tint

from .messages import Chosen, Thumbs

CHOSEN = {"pixels": "▐▌", "shades": "▐▌", "ascii": "[]"}


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Pictures as they are arranged, of neurons as they were computed; of curves a picture is made of one row."""

    arrangement: Arrangement = field(default_factory=Arrangement)
    chosen: Chosen | None = None
    thumbs: tuple[Thumbs, ...] = ()
    side: int = 1
    classes: int = 0
    curves: bool = False

    def picture(self, layer: int, neuron: int) -> Levels | None:
        """The levels (side, side) of a neuron; None where they have not come yet."""
        for thumbs in self.thumbs:
            place = neuron - thumbs.window.first
            if thumbs.window.layer == layer and 0 <= place < thumbs.window.count:
                levels = np.frombuffer(thumbs.levels, np.uint8).reshape(thumbs.window.count, -1, self.side)[place]
                return filled(levels[0]) if self.curves else levels
        return None

    def scale(self, layer: int, neuron: int) -> int:
        """The scale of tints: of an output with a neuron for each class, the class's."""
        assert self.chosen is not None
        last = len(self.chosen.layers) - 1
        return neuron if layer == last and self.classes and self.chosen.layers[last].units > 1 else DIVERGING


class StripWidget(TintedWidget[Strip]):
    """Shows small pictures; a click chooses one."""

    DEFAULT_CSS = "StripWidget { width: 44; margin-left: 1; }"

    @dataclass
    class Picked(Message):
        """A neuron was clicked on, or with ``neuron`` -1 the title of a layer."""

        layer: int
        neuron: int

    def __init__(self) -> None:
        super().__init__(Strip())

    def draw(self, drawing: Strip, width: int, height: int) -> Frame:
        return draw(drawing, width, height, self.form)

    def styles_of(self, drawing: Strip) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), class_colors(drawing.classes) if drawing.classes else ())

    def roles_differ(self, before: Strip, after: Strip) -> bool:
        return before.classes != after.classes

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the pointer."""
        found = self._drawing.arrangement.neuron_at(event.x, event.y)
        if found is not None:
            event.stop()
            self.post_message(self.Picked(*found))


def draw(strip: Strip, width: int, height: int, form: Form) -> Frame:
    """All pictures with the titles of their layers, in ``height`` rows of ``width`` cells."""
    board = Board(width, height, np.int32)
    if strip.chosen is not None and board.characters.size:
        for block in strip.arrangement.blocks:
            _write_titles(board, strip, strip.chosen, block)
            for neuron in range(block.first, block.first + block.count):
                _write_picture(board, strip, block, neuron, form)
    return board.frame()


def _write_titles(board: Board, strip: Strip, chosen: Chosen, block: Block) -> None:
    role = TEXT if block.layer == chosen.layer else AXIS
    board.write(0, block.left + 1, layer_name(block.layer, len(chosen.layers)), role)
    if block.count < block.units:
        shown = f"{block.first + 1}-{block.first + block.count} of {block.units:,}"
        board.write(row_below(strip.arrangement, block), block.left + 1, shown, AXIS)


def row_below(arrangement: Arrangement, block: Block) -> int:
    """The row under the pictures of a block."""
    last = block.first + min(block.down, block.count) - 1
    return arrangement.place(block, last)[0] + arrangement.side // 2


def _write_picture(board: Board, strip: Strip, block: Block, neuron: int, form: Form) -> None:
    levels, chosen = strip.picture(block.layer, neuron), strip.chosen
    if levels is None or chosen is None:
        return
    side = strip.arrangement.side
    row, column = strip.arrangement.place(block, neuron)
    if row + side // 2 > board.height or column + side >= board.width:
        return  # arranged for a larger widget: the next arrangement is on its way
    tints = level_tints(levels, strip.scale(block.layer, neuron), STEPS)
    if form == "pixels":  # the last row of pixels stays blank, between this picture and the next
        tints = np.vstack([stretch(tints, side - 1, side), np.full(side, BACKGROUND, np.int32)])
    characters, codes = cells(stretch(tints, side, side), form)
    board.characters[row : row + side // 2, column : column + side] = characters
    board.roles[row : row + side // 2, column : column + side] = codes
    if block.layer == chosen.layer and neuron == chosen.neuron:
        for line in range(row, row + side // 2):
            board.write(line, column - 1, CHOSEN[form][0], mark_tint("accent"))
            board.write(line, column + side, CHOSEN[form][1], mark_tint("accent"))


def filled(levels: Levels) -> Levels:
    """A curve, given by its level (n,) at n places, as a picture (n, n): what lies between it and the middle is full.

    The middle is that of the scale.
    """
    side = len(levels)
    height = np.rint(levels / HIGHEST * (side - 1))  # 0 is the lowest row
    row = np.arange(side - 1, -1, -1)[:, None]
    middle = (side - 1) / 2
    inside = (row >= np.minimum(height, middle)) & (row <= np.maximum(height, middle))
    return np.where(inside, levels, np.uint8(MIDDLE))
