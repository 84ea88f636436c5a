"""The networks of the wall as tiles: of each its rank and value, its picture, its score in large digits, its loss.

Where the tiles stand is an ``Arrangement``; their order changes at most once in two seconds, so that eyes can follow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.errors import plain
from tui_trainer.formats import MINUS, MISSING, fit_number, format_measure
from tui_trainer.measures import in_words, measure_of
from tui_trainer.plotting.frame import AXIS, Board, Frame, one_cell, shorten
from tui_trainer.plotting.heatmaps import (
    DIVERGING_MARKS,
    TINTS,
    Codes,
    Form,
    cells,
    code,
    difference,
    level_tints,
    mark_tint,
    pixel_tints,
    stretch,
)
from tui_trainer.plotting.lines import DOT_CHARACTERS, DOTS, dot_numbers
from tui_trainer.plotting.plot import HIGHEST, STEPS, Array, Heatmap, class_colors, unpack_levels
from tui_trainer.protocol import unpack
from tui_trainer.run_state import RUN_STATES
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import TintedWidget, Tints
from tui_trainer.wall.messages import Look, Network, RaceNews, RaceReady, ranking

MIN_TILE = (26, 6)  # columns and rows
ROOMS = ((16, 150, 40), (9, 110, 30))  # networks, and the columns and rows that they need
GAP = 2  # columns between two tiles
EDGE = 1  # the column at the left of a tile, in which the chosen one is marked
MIN_PANEL, MAX_PANEL = 11, 26  # columns beside a picture, for the score and the loss
REORDER = 2.0  # seconds that an order stays at least
PIXELS_PER_SAMPLE = 10  # of a picture: more samples would hide it
MIN_LOSS = 2  # rows of a curve
MIN_HIGH = 6  # rows beside a picture from which the score is large
# Roles of the frame beside those of tints: see ``TINTS``, of which the last are free
NAMES = ("title", "leader", "chosen", "score", "lead-score", "quiet", "bad", "mark")
FIRST_ROLE = TINTS - len(NAMES)
TITLE, LEADER, CHOSEN, SCORE, LEAD_SCORE, QUIET, BAD, MARK = range(FIRST_ROLE, TINTS)
DIGITS = {  # five rows of three bits each, and a blank one
    "0": "755570",
    "1": "262270",
    "2": "717470",
    "3": "717170",
    "4": "557110",
    "5": "747170",
    "6": "747570",
    "7": "711220",
    "8": "757570",
    "9": "757170",
    "%": "512450",
    MINUS: "007000",
}
HALVES = " ▄▀█"  # by the upper and the lower bit


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Tiles of ``width`` x ``height`` cells in ``columns``; the first ``shown`` networks of the order have one."""

    columns: int
    shown: int
    width: int
    height: int

    def place(self, index: int) -> tuple[int, int]:
        """Return row and column of the first cell of a tile."""
        row, column = divmod(index, self.columns)
        return row * self.height, column * (self.width + GAP)

    def index_at(self, x: int, y: int) -> int | None:
        """Return the tile at a cell."""
        column, row = x // (self.width + GAP), y // self.height
        index = row * self.columns + column
        return index if column < self.columns and index < self.shown else None

    @property
    def picture(self) -> tuple[int, int]:
        """Columns and rows of cells of a picture: as high as the tile, and square where there is room beside it."""
        rows, room = self.height - 2, self.width - EDGE
        columns = min(2 * rows, room)
        panel = room - columns - 1
        if panel < MIN_PANEL:
            return room, rows
        return columns + max(0, panel - MAX_PANEL), rows

    @property
    def panel(self) -> int:
        """Columns of what stands beside a picture; 0 where there is no room."""
        return max(0, self.width - EDGE - self.picture[0] - 1)


def arrange(networks: int, width: int, height: int) -> Arrangement | None:
    """Return as many tiles as there are networks and room for, in a square if possible; None where there is no room."""
    best: Arrangement | None = None
    for columns in range(1, min(networks, 4) + 1):
        tile_width = (width - (columns - 1) * GAP) // columns
        rows = min(-(-networks // columns), max(height // MIN_TILE[1], 1))
        tile_height = height // rows
        if tile_width < MIN_TILE[0] or tile_height < MIN_TILE[1]:
            continue
        made = Arrangement(columns, min(networks, rows * columns), tile_width, tile_height)
        if best is None or _worth(made) > _worth(best):
            best = made
    return best


def networks_for(width: int, height: int) -> int:
    """Return how many networks can be seen well in so much room: 4, 9 or 16."""
    return next((count for count, columns, rows in ROOMS if width >= columns and height >= rows), 4)


def _worth(arrangement: Arrangement) -> tuple[int, float]:
    """Return how good an arrangement is: all networks are seen, and the pictures are large."""
    columns, rows = arrangement.picture
    return arrangement.shown, min(columns, 2 * rows) + (0.5 if arrangement.panel else 0.0)


class Order:
    """The order of the tiles, and how far each has moved with the last change."""

    def __init__(self) -> None:
        self.places: tuple[int, ...] = ()  # the networks, the best first
        self.moved: dict[int, int] = {}
        self._changed_at = -math.inf

    def update(self, ready: RaceReady, news: RaceNews, now: float) -> None:
        """Follow the ranking, but not more often than eyes can; at the end, and before the first step, at once."""
        has_begun = any(network.state != "ready" for network in news.networks)
        ranked = tuple(ranking(news.networks, ready.measure)) if has_begun else tuple(range(len(news.networks)))
        waits = now - self._changed_at < REORDER and not news.is_over and has_begun
        if len(ranked) == len(self.places) and waits:
            return
        before = {network: index for index, network in enumerate(self.places)}
        self.moved = {
            network: before[network] - index
            for index, network in enumerate(ranked)
            if before.get(network, index) != index
        }
        if has_begun and self.moved:
            self._changed_at = now
        self.places = ranked


@dataclass(frozen=True, slots=True, eq=False)
class Wall:
    """What is drawn. Walls are compared by identity."""

    ready: RaceReady | None = None
    news: RaceNews | None = None
    order: tuple[int, ...] = ()
    moved: Mapping[int, int] = field(default_factory=dict)
    chosen: int = 0  # a network
    empty: str = ""


class WallTiles(TintedWidget[Wall]):
    """Shows the wall; a click chooses a network, a second one opens it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"wall--{name}" for name in NAMES}
    DEFAULT_CSS = """
    WallTiles {
        .wall--title { color: $foreground; background: $panel; text-style: bold; }
        .wall--leader { color: $background; background: $success; text-style: bold; }
        .wall--chosen { color: $background; background: $accent; text-style: bold; }
        .wall--score { color: $foreground; text-style: bold; }
        .wall--lead-score { color: $text-success; text-style: bold; }
        .wall--quiet { color: $foreground-muted; }
        .wall--bad { color: $text-error; text-style: bold; }
        .wall--mark { color: $text-accent; text-style: bold; }
    }
    """

    @dataclass
    class Clicked(Message):
        """A network was clicked; ``twice`` if it was chosen already."""

        network: int
        twice: bool

    def __init__(self) -> None:
        super().__init__(Wall())

    @property
    def wall(self) -> Wall:
        """The wall to show, drawn or not yet."""
        return self._drawing

    @property
    def render_settings(self) -> tuple[object, ...]:
        return (*self.size, self.form, self.markers)

    def worth(self, before: Frame, after: Frame) -> NDArray[np.float64]:
        """Return how much each cell matters; of text and lines every change does, though the colours stay."""
        is_text = (before.roles < TINTS) | (after.roles < TINTS)  # nothing is behind it
        return np.where(is_text, 1.0, difference(before.roles, after.roles))

    def arrangement(self, networks: int) -> Arrangement | None:
        """Return where the tiles stand, for so many networks."""
        return arrange(networks, *self.size)

    def look(self, networks: int) -> Look:
        """Return what is seen of each network."""
        arrangement = self.arrangement(networks)
        if arrangement is None:
            return Look(0, 0, 0)
        columns, rows = arrangement.picture
        return Look(columns, 2 * rows, 2 * (arrangement.panel or columns))

    def draw(self, drawing: Wall, width: int, height: int) -> Frame:
        return draw(drawing, width, height, self.form, self.markers)

    def styles_of(self, drawing: Wall) -> Mapping[int, Style]:
        classes = drawing.ready.classes if drawing.ready is not None else ()
        tints = Tints(self.tint_colors(), class_colors(len(classes)) if classes else ())
        tints.update({FIRST_ROLE + place: self.style_named(f"wall--{name}") for place, name in enumerate(NAMES)})
        return tints

    def roles_differ(self, before: Wall, after: Wall) -> bool:
        return before.ready is not after.ready

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the pointer."""
        arrangement = self.arrangement(len(self.wall.order))
        index = None if arrangement is None else arrangement.index_at(event.x, event.y)
        if index is not None:
            event.stop()
            network = self.wall.order[index]
            self.post_message(self.Clicked(network, network == self.wall.chosen))


def draw(wall: Wall, width: int, height: int, form: Form, markers: Markers) -> Frame:
    """Draw all tiles in ``height`` rows of ``width`` cells."""
    board = Board(width, height, np.int32)
    ready, news = wall.ready, wall.news
    arrangement = arrange(len(wall.order), width, height) if wall.order else None
    if ready is None or news is None or arrangement is None:
        board.write_centered(wall.empty, AXIS)
        return board.frame()
    marked = _samples(ready, arrangement.picture) if ready.kind == "map" else None
    limits = _loss_limits(news.networks)
    for index in range(arrangement.shown):
        tile = _Tile(board, wall, ready, news, arrangement, index, form, "ascii" if form == "ascii" else markers)
        tile.draw(marked, limits)
    return board.frame()


@dataclass(frozen=True, slots=True)
class _Tile:
    """One tile of a wall, drawn on a board."""

    board: Board
    wall: Wall
    ready: RaceReady
    news: RaceNews
    arrangement: Arrangement
    index: int
    form: Form
    markers: Markers

    @property
    def network(self) -> Network:
        return self.news.networks[self.wall.order[self.index]]

    @property
    def is_leader(self) -> bool:
        return self.index == 0 and self.network.state not in ("ready", "diverged")

    def draw(self, marked: tuple[NDArray[np.intp], ...] | None, limits: tuple[float, float] | None) -> None:
        """Draw title, picture, score and loss."""
        row, column = self.arrangement.place(self.index)
        self._write_title(row, column)
        column += EDGE
        columns, rows = self.arrangement.picture
        if self.ready.kind == "map":
            self._draw_map(row + 1, column, marked)
        elif self.ready.kind == "curve":
            self._draw_curve(row + 1, column)
        else:
            self._draw_loss(row + 1, column, columns, rows, limits)
        if self.arrangement.panel:
            self._write_panel(row + 1, column + columns + 1, limits)

    def _write_title(self, row: int, column: int) -> None:
        arrangement, number = self.arrangement, self.wall.order[self.index]
        is_chosen = number == self.wall.chosen
        role = CHOSEN if is_chosen else LEADER if self.is_leader else TITLE
        sign = (">" if self.form == "ascii" else "▶") if is_chosen else " "
        rank = f"{self.index + 1}." if self.network.state != "ready" else ""
        score = "" if arrangement.panel else f" {score_text(self.network, self.ready.measure)}"
        right = f"{self._status()}{score} "
        left = shorten(one_cell(f"{sign}{rank} {plain(self.ready.names[number])}"), arrangement.width - len(right) - 1)
        gap = arrangement.width - len(left) - len(right)
        self.board.write(row, column, f"{left}{'':{gap}}{right}", role)
        if is_chosen:
            bar = "|" if self.form == "ascii" else "▌"
            for line in range(row + 1, row + arrangement.height - 1):
                self.board.write(line, column, bar, MARK)

    def _status(self) -> str:
        """Return what there is to say: that it has ended, or has moved."""
        state, moved = self.network.state, self.wall.moved.get(self.wall.order[self.index], 0)
        if RUN_STATES[state].ended and state != "finished":
            traits = RUN_STATES[state]
            return f"{traits.ascii_sign if self.form == 'ascii' else traits.sign} {state}"
        if not moved or self.news.is_over:
            return ""
        up, down = ("+", "-") if self.form == "ascii" else ("▲", "▼")
        return f"{up if moved > 0 else down}{abs(moved)}"

    def _draw_map(self, row: int, column: int, marked: tuple[NDArray[np.intp], ...] | None) -> None:
        columns, rows = self.arrangement.picture
        network, news = self.network, self.news
        if len(network.levels) != news.columns * news.rows or not network.levels:
            return
        picture = Heatmap(
            unpack_levels(network.levels, news.rows),
            palette="classes" if network.kinds else "diverging",
            kinds=unpack_levels(network.kinds, news.rows) if network.kinds else None,
        )
        tints: Codes = stretch(pixel_tints(picture), 2 * rows, columns).copy()
        if marked is not None and self.form == "pixels":
            down, across, dot_tints = marked
            tints[down, across] = dot_tints
        characters, codes = cells(tints, self.form)
        self.board.characters[row : row + rows, column : column + columns] = characters
        self.board.roles[row : row + rows, column : column + columns] = codes

    def _draw_curve(self, row: int, column: int) -> None:
        """Draw the curve of the only feature over the samples."""
        columns, rows = self.arrangement.picture
        dots_across, dots_down = DOTS[self.markers]
        across, down = columns * dots_across, rows * dots_down
        (x_low, x_high), (y_low, y_high) = self.ready.x_limits, self.ready.y_limits
        dots = np.zeros((down, across), bool)
        for samples in self.ready.samples:
            x = (unpack(samples.x) - x_low) / (x_high - x_low)
            y = 1.0 - (unpack(samples.y) - y_low) / (y_high - y_low)
            inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
            dots[np.rint(y[inside] * (down - 1)).astype(int), np.rint(x[inside] * (across - 1)).astype(int)] = True
        self._paste(row, column, dots, AXIS)
        levels = np.frombuffer(self.network.levels, np.uint8)
        if len(levels) > 1:
            drawn = np.interp(np.linspace(0, len(levels) - 1, across), np.arange(len(levels)), levels)
            self._paste(row, column, self._thick(line_dots(1.0 - drawn / HIGHEST, down)), mark_tint("class0"))

    def _write_panel(self, row: int, column: int, limits: tuple[float, float] | None) -> None:
        """Write the score, what it is, and the loss over the epochs."""
        room, height, network = self.arrangement.panel, self.arrangement.height - 2, self.network
        role = BAD if network.state == "diverged" else LEAD_SCORE if self.is_leader else SCORE
        texts = [score_text(network, self.ready.measure, decimals) for decimals in (3, 2, 1)]
        large = next((rows for text in texts if (rows := large_text(text, room))), ())
        lines: Sequence[str] = large if large and self.form != "ascii" and height >= MIN_HIGH else texts[:1]
        for line, characters in enumerate(lines):
            self.board.write(row + line, column, characters, role)
        used = len(lines)
        if height > used:
            name = measure_name(self.ready.measure)
            name = name if len(name) <= room else name.replace("validation", "val").replace("training", "train")
            self.board.write(row + used, column, shorten(name, room), QUIET)
        left = height - used - 2
        if self.ready.kind != "loss" and left >= MIN_LOSS:
            self._draw_loss(row + height - left, column, room, left, limits)

    def _draw_loss(self, row: int, column: int, columns: int, rows: int, limits: tuple[float, float] | None) -> None:
        """Draw the loss over the epochs of the whole race, on one log scale for all networks."""
        values = unpack(self.network.curve)
        if limits is None or len(values) < 2:
            return
        dots_across, dots_down = DOTS[self.markers]
        across = columns * dots_across
        values = values[np.rint(np.linspace(0, len(values) - 1, across)).astype(int)]
        dots = line_dots(fall(values, limits), rows * dots_down)
        self._paste(row, column, self._thick(dots), mark_tint("validation"))

    def _thick(self, dots: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a line that is thick enough for the last row of a lecture room."""
        if self.markers == "braille":
            dots[1:] |= dots[:-1]
        return dots

    def _paste(self, row: int, column: int, dots: NDArray[np.bool_], role: int) -> None:
        """Draw dots over what is there."""
        numbers = dot_numbers(dots, self.markers)
        rows, columns = numbers.shape
        place = slice(row, row + rows), slice(column, column + columns)
        drawn = numbers > 0
        characters = DOT_CHARACTERS[self.markers][numbers]
        self.board.characters[place] = np.where(drawn, characters, self.board.characters[place])
        self.board.roles[place] = np.where(drawn, code(role), self.board.roles[place])


def _samples(ready: RaceReady, size: tuple[int, int]) -> tuple[NDArray[np.intp], ...]:
    """Return row, column and tint of the pixels of some samples, those of the training part first."""
    columns, rows = size
    (x_low, x_high), (y_low, y_high) = ready.x_limits, ready.y_limits
    groups = [samples for samples in ready.samples if not samples.validation] or list(ready.samples)
    total = sum(len(samples.x) for samples in groups) // 8
    step = max(1, -(-total * PIXELS_PER_SAMPLE // (2 * rows * columns)))
    down, across, tints = [], [], []
    for samples in groups:
        x, y = unpack(samples.x)[::step], unpack(samples.y)[::step]
        across.append(np.rint((x - x_low) / (x_high - x_low) * (columns - 1)).astype(np.intp))
        down.append(np.rint((y_high - y) / (y_high - y_low) * (2 * rows - 1)).astype(np.intp))
        if samples.kind < 0:
            levels = np.frombuffer(samples.levels, np.uint8)[::step]
            tints.append(level_tints(levels, DIVERGING_MARKS, STEPS).astype(np.intp))
        else:
            color = class_colors(len(ready.classes))[samples.kind]
            tints.append(np.full(len(x), mark_tint(color), np.intp))
    if not tints:
        return ()
    rows_of, columns_of = np.concatenate(down), np.concatenate(across)
    inside = (rows_of >= 0) & (rows_of < 2 * rows) & (columns_of >= 0) & (columns_of < columns)
    return rows_of[inside], columns_of[inside], np.concatenate(tints)[inside]


def _loss_limits(networks: Sequence[Network]) -> tuple[float, float] | None:
    """Return the logarithms of the least and the largest loss of all networks; None before there is any."""
    curves = [unpack(network.curve) for network in networks if network.state != "diverged"]
    values = np.concatenate(curves) if curves else np.zeros(0)
    positive = np.log(values[np.isfinite(values) & (values > 0)])
    if not len(positive):
        return None
    low, high = float(positive.min()), float(positive.max())
    return (low, high) if high - low > 1e-6 else (low - 0.5, high + 0.5)


def fall(values: Array, limits: tuple[float, float]) -> Array:
    """Return losses (n,) as fractions of the way down from the largest to the least; nan where there is none."""
    low, high = limits
    with np.errstate(all="ignore"):
        fractions = (high - np.log(values)) / (high - low)
    return np.where(np.isfinite(values), np.clip(np.nan_to_num(fractions, nan=1.0), 0.0, 1.0), np.nan)


def line_dots(fractions: Array, rows: int) -> NDArray[np.bool_]:
    """Return the dots (rows, n) of a line that is ``fractions`` (n,) of the way down in each column; none for nan."""
    known = np.isfinite(fractions)
    place = np.rint(np.where(known, np.clip(fractions, 0.0, 1.0), 0.0) * (rows - 1))
    before = np.concatenate([place[:1], place[:-1]])
    before = np.where(np.concatenate([known[:1], known[:-1]]), before, place)
    row = np.arange(rows)[:, None]
    dots: NDArray[np.bool_] = (row >= np.minimum(place, before)) & (row <= np.maximum(place, before)) & known
    return dots


def score_text(network: Network, measure: str, decimals: int = 3) -> str:
    """Return the score of a network as it is written, one that is no percentage with so many ``decimals``."""
    score = network.score
    if not math.isfinite(score):
        return MISSING
    known = measure_of(measure)
    if known is not None and known.in_percent:
        return f"{100 * score:.1f}%" if score < 1.0 else "100%"
    return fit_number(score, 6, decimals) if measure.endswith("r2") else format_measure(score, decimals)


def measure_name(measure: str) -> str:
    """Return what a score is, in words."""
    words = in_words(measure)
    return words if measure.startswith("val_") else f"training {words}"


@lru_cache(maxsize=1024)
def large_text(text: str, room: int) -> tuple[str, ...]:
    """Return a number in digits of three rows; none where it does not fit, or has other characters."""
    if any(char not in DIGITS and char != "." for char in text):
        return ()
    rows = ["", "", ""]
    for char in text:
        grid = ["0", "0", "0", "0", "1", "0"] if char == "." else [f"{int(bits):03b}" for bits in DIGITS[char]]
        for number in range(3):
            upper, lower = grid[2 * number], grid[2 * number + 1]
            rows[number] += (
                "".join(HALVES[2 * int(one) + int(two)] for one, two in zip(upper, lower, strict=True)) + " "
            )
    if len(rows[0]) - 1 <= room:
        return tuple(rows)
    return large_text(text.removesuffix("%"), room) if text.endswith("%") else ()
