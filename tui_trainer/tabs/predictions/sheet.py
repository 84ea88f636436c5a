"""The samples of the Predictions tab as a contact sheet, where their features are the pixels of a picture.

Below each picture are its true and its predicted class, and the chosen one stands beside the others, large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from rich.style import Style
from textual import events

from tui_trainer.datasets.pixels import PixelGrid
from tui_trainer.formats import format_number
from tui_trainer.plotting.frame import AXIS, Board, Frame, shorten
from tui_trainer.plotting.heatmaps import GREY, Form, code, mark_tint
from tui_trainer.plotting.pictures import draw_picture, picture_size
from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import unpack
from tui_trainer.ui.plot_widgets import TintedWidget, Tints

from .messages import ClassPredictions, NumberPredictions
from .panels import SampleChosen, cell_words, choose_beside
from .plots import Picture

MAX_SMALL = 16  # cells across a picture of the sheet
MIN_SIDE = 8  # pixels that are left of a picture, if several become one
MIN_ACROSS = 8  # for its label
GAP = 2  # cells between two pictures; the mark of the chosen one stands there
LABEL = 1  # row below each picture
LARGE_SHARE = 2, 5  # of the width


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """Pictures of ``width`` x ``height`` cells, ``across`` side by side and ``down`` below each other.

    The chosen one has ``large`` cells across at the right, 0 where there is no room to show it larger than the others.
    """

    width: int
    height: int
    across: int
    down: int
    large: int

    @classmethod
    def of(cls, rows: int, columns: int, width: int, height: int) -> SheetLayout | None:
        """Lay out pictures of ``rows`` x ``columns`` pixels; None where not one of them has room."""
        most, room = min(MAX_SMALL, width - GAP), height - LABEL
        if min(most, room) < 1:
            return None
        times = max(ceil(max(rows, columns) / most), ceil(rows / (2 * room)))  # pixels that become one
        if times > 1 and min(rows, columns) / times < MIN_SIDE:
            return None
        cells = picture_size(rows, columns, ceil(columns / times), ceil(ceil(rows / times) / 2))
        pitch = max(cells[0], MIN_ACROSS) + GAP
        share, of = LARGE_SHARE
        large, _ = picture_size(rows, columns, width * share // of - GAP, height - LABEL)
        if large <= cells[0]:
            large = 0
        across, down = (width - (large and large + GAP)) // pitch, height // (cells[1] + LABEL)
        return cls(*cells, across, down, large) if min(across, down) > 0 else None

    @property
    def samples(self) -> int:
        """How many samples there is room for."""
        return self.across * self.down

    @property
    def pitch(self) -> tuple[int, int]:
        """The rows and the cells from one picture to the next."""
        return self.height + LABEL, max(self.width, MIN_ACROSS) + GAP

    def at(self, x: int, y: int) -> int | None:
        """Return which of the pictures is at a cell; None beside them."""
        down, across = self.pitch
        row, column = y // down, x // across
        return row * self.across + column if column < self.across and 0 <= row < self.down else None


class SheetPanel(TintedWidget[Picture]):
    """The contact sheet as a widget: a click chooses a sample, the mouse wheel the next or previous one."""

    def __init__(self) -> None:
        super().__init__(Picture(), "sheet")

    def draw(self, drawing: Picture, width: int, height: int) -> Frame:
        return draw_sheet(drawing, width, height, self.form)

    def styles_of(self, drawing: Picture) -> Mapping[int, Style]:
        return Tints(self.tint_colors())

    def on_click(self, event: events.Click) -> None:
        content, pixels = self._drawing.content, self._drawing.pixels
        if content is None or pixels is None:
            return
        above = _rows_above(content)
        layout = SheetLayout.of(pixels.rows, pixels.columns, self.size.width, self.size.height - above)
        place = None if layout is None else layout.at(event.x, event.y - above)
        if place is not None and place < len(content.listed.rows) // 8:
            self.post_message(SampleChosen(content.listed.first + place))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        choose_beside(self, self._drawing, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        choose_beside(self, self._drawing, -1)


def _rows_above(content: ClassPredictions | NumberPredictions) -> int:
    """Return how many rows are above the pictures: that of the cell whose samples are listed."""
    return int(isinstance(content, ClassPredictions) and content.cell is not None)


def draw_sheet(picture: Picture, width: int, height: int, form: Form) -> Frame:
    """Draw the listed samples, and the chosen one, in ``height`` rows of ``width`` cells."""
    board, content, pixels = Board(width, height, np.int32), picture.content, picture.pixels
    if content is None or pixels is None:
        return board.frame()
    above = _rows_above(content)
    if isinstance(content, ClassPredictions) and content.cell is not None:
        board.write(0, 2, shorten(cell_words(picture, content, content.cell), width - 2), code(mark_tint("accent")))
    layout = SheetLayout.of(pixels.rows, pixels.columns, width, height - above)
    listed, chosen = content.listed, content.chosen
    count = len(listed.rows) // 8
    values = unpack(listed.features)
    if layout is None or chosen is None or len(values) != count * len(pixels.places):
        return board.frame()  # what there is was asked for a list
    labels = _labels(picture, form)
    (down, across), samples = layout.pitch, values.reshape(count, -1)
    for place in range(min(count, layout.samples)):
        row, column = above + place // layout.across * down, place % layout.across * across
        _paint(board, samples[place], pixels, (row, column + 1, layout.width, layout.height), form)
        is_chosen = listed.first + place == chosen.rank
        text, color = labels[place]
        mark = (">" if form == "ascii" else "▸") if is_chosen else " "
        board.write(row + layout.height, column, mark, code(mark_tint("accent")))
        tint = code(mark_tint("accent" if is_chosen else color))
        board.write(row + layout.height, column + 1, shorten(text, across - 2), tint)
    if layout.large:
        left, room = width - layout.large, height - above - LABEL
        _, rows = picture_size(pixels.rows, pixels.columns, layout.large, room)
        _paint(board, unpack(chosen.features), pixels, (above, left, layout.large, rows), form)
        title = f"{picture.row_heading} {chosen.row}"
        board.write(above + rows, left, shorten(title, layout.large), AXIS)
    return board.frame()


def _paint(board: Board, features: np.ndarray, pixels: PixelGrid, place: tuple[int, int, int, int], form: Form) -> None:
    """Draw the picture of ``features`` (features,) at a ``place``: its row, column, width and height."""
    row, column, width, height = place
    levels = to_levels(pixels.image(features, pixels.low), *pixels.span)
    characters, codes = draw_picture(levels, GREY, width, height, form)
    target = slice(row, row + len(codes)), slice(column, column + codes.shape[1])
    board.characters[target], board.roles[target] = characters, codes


def _labels(picture: Picture, form: Form) -> list[tuple[str, str]]:
    """Return the true and the predicted value of each listed sample, and the colour in which they are written."""
    content = picture.content
    assert content is not None
    arrow = ">" if form == "ascii" else "→"
    pairs = zip(unpack(content.listed.true).tolist(), unpack(content.listed.predicted).tolist(), strict=True)
    if isinstance(content, NumberPredictions):
        return [(f"{format_number(true)}{arrow}{format_number(predicted)}", "text") for true, predicted in pairs]
    return [
        (
            f"{picture.classes[int(true)]}{arrow}{picture.classes[int(predicted)]}",
            "good" if true == predicted else "bad",
        )
        for true, predicted in pairs
    ]
