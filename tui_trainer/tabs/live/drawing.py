"""Draws the network of the Live tab: a small picture of what each neuron sees, and coloured links between them.

Where there is no room for links, the pictures stand close to one another, as in the Boundary tab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from rich.style import Style
from textual import events

from tui_trainer.errors import plain
from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame, one_cell, shorten_alike
from tui_trainer.plotting.heatmaps import (
    DIVERGING,
    FIRST_SHADE,
    SHADES,
    Form,
    code,
    level_tints,
    mark_tint,
    stretch,
)
from tui_trainer.plotting.plot import STEPS, class_colors
from tui_trainer.tabs.boundary import thumbnails
from tui_trainer.tabs.boundary.drawing import layer_name
from tui_trainer.tabs.boundary.messages import Chosen, LayerShown, Neuron
from tui_trainer.tabs.boundary.thumbnails import StripWidget, ThumbnailStrip, room_for, strip_of
from tui_trainer.tabs.network.drawing import LEVELS, LINK, Front, Gap, draw_links
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.ui.plot_widgets import TintedWidget, Tints

from .messages import Live

SIDES = (14, 12, 10, 8, 6, 4)  # pixels of a picture: as many columns, and half as many rows
SMALL = (4,)  # of these, if there is no room for all pictures even without links
MIN_LINKS, MAX_LINKS = 6, 24  # columns that links cross
MIN_BETWEEN, MAX_BETWEEN = 1, 4  # rows between two pictures
TITLES = 2  # rows above the pictures
STRENGTHS = (0.3, 0.55, 0.8, 1.0)  # of the colour of a link, by its level


@dataclass(frozen=True, slots=True)
class Column:
    """The pictures of a layer, from column ``left`` on, the first cells of each in ``rows``."""

    layer: int
    left: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where pictures of ``side`` x ``side`` pixels are drawn: one column for each layer, with room for links."""

    side: int
    columns: tuple[Column, ...]

    @property
    def windows(self) -> tuple[NeuronRange, ...]:
        """The drawn neurons: all of each layer."""
        return tuple(NeuronRange(column.layer, 0, len(column.rows)) for column in self.columns)

    def neuron_at(self, x: int, y: int) -> Neuron | None:
        """Return the neuron whose picture is at a cell."""
        for column in self.columns:
            if column.left <= x < column.left + self.side:
                for number, row in enumerate(column.rows):
                    if row <= y < row + self.side // 2:
                        return Neuron(column.layer, number)
        return None


def lay_out(units: Sequence[int], width: int, height: int) -> Layout | None:
    """Lay out layers of so many units with the largest pictures that fit; None where there is no room for links."""
    for side in SIDES:
        high, most = side // 2, max(units)
        fits_down = most * high + (most - 1) * MIN_BETWEEN <= height - TITLES
        if fits_down and len(units) * side + (len(units) - 1) * MIN_LINKS + 2 <= width:
            gap = min((width - 2 - len(units) * side) // max(len(units) - 1, 1), MAX_LINKS)
            left = (width - len(units) * side - (len(units) - 1) * gap) // 2
            columns = (
                Column(layer, left + layer * (side + gap), _rows(count, high, height))
                for layer, count in enumerate(units)
            )
            return Layout(side, tuple(columns))
    return None


def _rows(count: int, high: int, height: int) -> tuple[int, ...]:
    """Return the first rows of ``count`` pictures of ``high`` rows, in the middle of those below the titles."""
    free = height - TITLES - count * high
    between = max(MIN_BETWEEN, min(free // count, MAX_BETWEEN))
    start = TITLES + max(0, free - (count - 1) * between) // 2
    return tuple(start + number * (high + between) for number in range(count))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is drawn, and where it belongs. Scenes are compared by identity."""

    live: Live | None = None
    layout: Layout | None = None
    strip: ThumbnailStrip = field(default_factory=ThumbnailStrip)

    @property
    def windows(self) -> tuple[NeuronRange, ...]:
        """The neurons whose pictures are drawn."""
        if self.layout is not None:
            return self.layout.windows
        return tuple(block.window for block in self.strip.arrangement.blocks)

    @property
    def side(self) -> int:
        """The pixels of a picture."""
        return self.strip.arrangement.side if self.layout is None else self.layout.side


def scene_for(live: Live, width: int, height: int, form: Form) -> Scene:
    """Arrange what was computed in ``width`` x ``height`` cells."""
    picture = live.boundary
    units = [layer.units for layer in picture.chosen.layers]
    layout = lay_out(units, width, height)
    arrangement = thumbnails.Arrangement()
    if layout is None:
        chosen = Neuron(picture.chosen.layer, picture.chosen.neuron)
        arrangement = thumbnails.arrange(units, chosen, room_for(width, height, form), SMALL)
    return Scene(live, layout, strip_of(picture, arrangement))


class NetworkPicture(TintedWidget[Scene]):
    """Shows the network; a click chooses a neuron."""

    def __init__(self) -> None:
        super().__init__(Scene())

    @property
    def scene(self) -> Scene:
        """The scene to show, drawn or not yet."""
        return self._drawing

    def draw(self, drawing: Scene, width: int, height: int) -> Frame:
        if drawing.layout is None:
            return thumbnails.draw(drawing.strip, width, height, self.form)
        return draw(drawing, drawing.layout, width, height, self.form, dashed=self.app.no_color)

    def styles_of(self, drawing: Scene) -> Mapping[int, Style]:
        classes = drawing.strip.classes
        return Tints(self.tint_colors(), class_colors(classes) if classes else ())

    def roles_differ(self, before: Scene, after: Scene) -> bool:
        return before.strip.classes != after.strip.classes

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the pointer."""
        picked = (self._drawing.layout or self._drawing.strip.arrangement).neuron_at(event.x, event.y)
        if picked is not None:
            event.stop()
            self.post_message(StripWidget.Picked(*picked))


def draw(scene: Scene, layout: Layout, width: int, height: int, form: Form, dashed: bool) -> Frame:
    """Draw links, pictures and names in ``width`` x ``height`` cells."""
    board = Board(width, height, np.int32)
    live, chosen = scene.live, scene.strip.chosen
    if live is None or chosen is None or not board.characters.size:
        return board.frame()
    windows = {thumbs.window for thumbs in live.boundary.thumbs}
    if any(window not in windows for window in layout.windows) or layout.columns[-1].left + layout.side > width:
        return board.frame()  # laid out for another network or size: the next content is on its way
    for before, column in pairwise(layout.columns):
        _draw_links(board, live, layout, before, column, chosen, form, dashed)
    for column in layout.columns:
        _write_title(board, layout, column, chosen)
        for number in range(len(column.rows)):
            _draw_picture(board, scene, layout, column, number, form)
    return board.frame()


def _draw_links(
    board: Board, live: Live, layout: Layout, before: Column, column: Column, chosen: Chosen, form: Form, dashed: bool
) -> None:
    """Draw the weights between two layers, those of the chosen neuron on top."""
    shades = next((links.shades for links in live.links if links.layer == column.layer), b"")
    if len(shades) != len(before.rows) * len(column.rows):
        return
    left, middle = before.left + layout.side, layout.side // 4
    columns = column.left - left
    gap = Gap(
        left,
        columns,
        TITLES,
        board.height - TITLES,
        tuple(row + middle for row in before.rows),
        tuple(row + middle for row in column.rows),
    )
    front = Front(target=max(chosen.neuron, 0)) if chosen.layer == column.layer else Front()
    sizes = np.frombuffer(shades, np.int8).reshape(len(before.rows), len(column.rows))
    drawn = draw_links(gap, sizes, front, "ascii" if form == "ascii" else "braille", dashed)
    board.characters[TITLES:, left : left + columns] = drawn.characters
    board.roles[TITLES:, left : left + columns] = _link_codes(form)[drawn.roles]


def _link_codes(form: Form) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the code of each role of a link: the colours of the pictures, weak links in weak colours."""
    codes = np.zeros(LINK + 2 * LEVELS, np.int32)
    for level, strength in enumerate(STRENGTHS):
        shade = round((strength if form == "pixels" else 1.0) * (SHADES / 2 - 1))
        codes[LINK + level] = code(FIRST_SHADE + DIVERGING * SHADES + SHADES // 2 + shade)
        codes[LINK + LEVELS + level] = code(FIRST_SHADE + DIVERGING * SHADES + SHADES // 2 - 1 - shade)
    return codes


def _write_title(board: Board, layout: Layout, column: Column, chosen: Chosen) -> None:
    role = mark_tint("accent") if column.layer == chosen.layer else AXIS
    title = layer_name(column.layer, len(chosen.layers))
    start = column.left + (layout.side - len(title)) // 2
    board.write(0, max(0, min(start, board.width - len(title))), title, role)
    names = [one_cell(neuron_name(chosen.layers[column.layer], number)) for number in range(len(column.rows))]
    room = min(layout.side + MIN_LINKS // 2, board.width - column.left)
    for row, name in zip(column.rows, shorten_alike(names, room), strict=True):
        board.write(row - 1, column.left, name, TEXT)


def neuron_name(layer: LayerShown, number: int) -> str:
    """Return the name of an input or output; hidden neurons have none."""
    return plain(layer.names[number]) if number < len(layer.names) else ""


def _draw_picture(board: Board, scene: Scene, layout: Layout, column: Column, number: int, form: Form) -> None:
    levels, chosen = scene.strip.picture(column.layer, number), scene.strip.chosen
    row, side = column.rows[number], layout.side
    if levels is None or chosen is None or row + side // 2 > board.height:
        return
    tints = stretch(level_tints(levels, scene.strip.scale(column.layer, number), STEPS), side, side)
    is_chosen = (chosen.layer, max(chosen.neuron, 0)) == (column.layer, number)
    thumbnails.paste_picture(board, row, column.left, tints, form, is_chosen)
