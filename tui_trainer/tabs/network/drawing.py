"""The picture of a network: a character and a role for each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.formats import fit_number
from tui_trainer.plotting.colors import readable
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import FrameWidget

from .layout import Arrangement, Column, Selection, Shape
from .messages import LayerValues, Network, NeuronDetail

MIN_GAP_FOR_WEIGHTS = 16  # columns
MIN_ROOM_FOR_NAMES = 9
DOTS = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}  # dots of one cell, across and down
MIN_LINK_SIZES = (5, 36, 72, 104)  # of 127: sizes from which a link is of the first level, the second ...
BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
LINK: Final = 10  # then the levels of positive links, then of negative ones
TEXT, DIM, TITLE, CHOSEN, ANSWER, PICKED = range(6)
ASCII_SIGNS = " " * PICKED + "@".ljust(LINK - PICKED) + "+++#---="  # by role
WAYS_KEPT = 12  # more gaps are seldom on a screen, and each may take a megabyte
DASH = 6.0  # dots, half of them drawn
Bytes = NDArray[np.int8]
Whole = NDArray[np.intp]
BLENDS = (22, 45, 72, 100)  # per cent of its colour that a link of each level has
LEVELS: Final = 4  # of a link, from weak to strong
SHADES: Final = 6  # of a neuron, from small to large
NEURON: Final = 30  # one of value 0, then the shades of positive values, then of negative ones
EDGE: Final = 50  # the same for the edges of a neuron that is drawn as a box
_SHADES = ("0", *(f"{sign}-{shade}" for sign in ("positive", "negative") for shade in range(1, SHADES + 1)))
NAMES: Final[dict[int, str]] = {
    TEXT: "text",
    DIM: "dim",
    TITLE: "title",
    CHOSEN: "chosen",
    ANSWER: "answer",
    PICKED: "picked",
    **{LINK + level: f"positive-{level + 1}" for level in range(LEVELS)},
    **{LINK + LEVELS + level: f"negative-{level + 1}" for level in range(LEVELS)},
    **{NEURON + number: f"neuron-{name}" for number, name in enumerate(_SHADES)},
    **{EDGE + number: f"edge-{name}" for number, name in enumerate(_SHADES)},
}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture shows; pictures are told apart by identity."""

    shape: Shape
    arrangement: Arrangement
    network: Network
    choice: Selection


def draw(scene: Scene | None, width: int, height: int, markers: Markers, dashed: bool) -> Frame:
    """The whole picture in ``width`` x ``height`` cells; negative links are ``dashed`` where colours do not tell."""
    board = Board(width, height)
    if scene is None or (scene.arrangement.width, scene.arrangement.height) != (width, height):
        return board.frame()  # what fits this size is on its way
    columns, layers = scene.arrangement.columns, scene.network.layers
    for before, column, seen in zip(columns, columns[1:], layers[1:], strict=False):
        if column.layer == before.layer + 1:
            _draw_links(board, scene, before, column, seen, markers, dashed)
            _write_weights(board, scene, before, column)
        else:
            _write_fold(board, scene.arrangement, before, column)
    for column, seen in zip(columns, layers, strict=True):
        _write_titles(board, scene, column)
        _write_neurons(board, scene, column, seen, markers)
    _write_inputs(board, scene)
    _write_outputs(board, scene)
    return board.frame()


def _draw_links(
    board: Board, scene: Scene, before: Column, column: Column, seen: LayerValues, markers: Markers, dashed: bool
) -> None:
    left, columns, top = before.right, column.left - before.right, scene.arrangement.top
    gap = Gap(left, columns, top, scene.arrangement.height - top, before.rows, column.rows)
    shades = np.frombuffer(seen.links, np.int8).reshape(len(before.rows), len(column.rows))
    drawn = draw_links(gap, shades, _front(scene.choice, before, column), markers, dashed)
    room = max(board.width - left, 0)  # a very narrow board cuts them off
    board.characters[top:, left : left + columns] = drawn.characters[:, :room]
    board.roles[top:, left : left + columns] = drawn.roles[:, :room]


def _front(choice: Selection, before: Column, column: Column) -> Front:
    """The links into the chosen neuron lie over the others; those out of it do for an input, which has no others."""
    if choice.layer == before.layer == 0 and before.row(choice.neuron) is not None:
        return Front(source=choice.neuron - before.first)
    if choice.layer != column.layer or column.row(choice.neuron) is None:
        return Front()
    target = choice.neuron - column.first
    parameter = choice.parameter
    if parameter is None or parameter >= before.units or before.row(parameter) is None:
        return Front(target=target)
    return Front(target=target, picked=(parameter - before.first, target))


def _write_weights(board: Board, scene: Scene, before: Column, column: Column) -> None:
    """The weights of the chosen neuron on their links, where there is room between these."""
    seen = scene.network.looked_at
    roomy = before.step > 1 and column.left - before.right >= MIN_GAP_FOR_WEIGHTS
    if not roomy or not isinstance(seen, NeuronDetail) or (seen.layer, seen.neuron) != scene.choice.place:
        return
    if seen.layer != column.layer:
        return
    for term in seen.terms:
        row = before.row(term.source)
        if row is not None:
            picked = scene.choice.parameter == term.source
            role = PICKED if picked else LINK + LEVELS - 1 + LEVELS * (term.weight < 0)
            board.write(row, before.right + 2, f" {fit_number(term.weight, 8, 4)} ", role)


def _write_fold(board: Board, arrangement: Arrangement, before: Column, column: Column) -> None:
    hidden = column.layer - before.layer - 1
    room = column.left - before.right
    middle = (arrangement.top + arrangement.height) // 2
    for row, text in enumerate(("⋯", f"{hidden}", "more" if room > 3 else ""), middle - 1):
        text = shorten(text, room)
        board.write(row, before.right + (room - len(text)) // 2, text, DIM)


def _write_titles(board: Board, scene: Scene, column: Column) -> None:
    layer = scene.shape.layers[column.layer]
    chosen = scene.choice.layer == column.layer
    room = min((after.left - before.left - 1 for before, after in pairwise(scene.arrangement.columns)), default=99)
    first = "inputs" if column.layer == 0 else "output" if column.layer == scene.shape.last else f"layer {column.layer}"
    texts = (first, f"{layer.units:,} {layer.activation}".strip(), layer.note)
    if room < MIN_ROOM_FOR_NAMES:
        texts = (f"{layer.units:,}", layer.activation, layer.note)
    for row, text in enumerate(texts):
        if row < scene.arrangement.top:
            text = shorten(text, room)
            start = column.left + (column.width - len(text)) // 2
            start = max(min(start, board.width - len(text)), 0)
            board.write(row, start, text, TITLE if chosen else TEXT if row < 2 else DIM)


def _write_neurons(board: Board, scene: Scene, column: Column, seen: LayerValues, markers: Markers) -> None:
    values, shades = unpack(seen.values), np.frombuffer(seen.shades, np.int8)
    biases = unpack(seen.biases) if seen.biases else None
    choice = scene.choice
    for place, row in enumerate(column.rows):
        neuron = column.first + place
        boxed = column.boxes and markers != "ascii"
        _write_neuron(board, column, row, values[place], neuron_role(int(shades[place])), boxed)
        if choice.place == (column.layer, neuron):
            _mark(board, column, row, markers)
        if biases is not None and column.step > 1 and column.width > 4:
            picked = choice.place == (column.layer, neuron) and choice.parameter == _weights(scene.shape, column)
            label = "b " if column.width > 5 else ""
            text = label + fit_number(biases[place], column.width - len(label)).rjust(column.width - len(label))
            board.write(row + 1 + boxed, column.left, text, PICKED if picked else DIM)
    for row, hidden in ((column.rows[0] - 1, column.first), (column.rows[-1] + 1, column.below)):
        if hidden:
            text = f"… {hidden}"
            board.write(row, column.left + (column.width - len(text)) // 2, text, DIM)


def _weights(shape: Shape, column: Column) -> int:
    """How many weights a neuron of ``column`` has: the number of its bias among its parameters."""
    return shape.layers[column.layer - 1].units


def _write_neuron(board: Board, column: Column, row: int, value: float, role: int, boxed: bool) -> None:
    inside = column.width - 1 if column.width > 5 else column.width
    text = fit_number(value, inside) if inside > 3 else ""
    board.write(row, column.left, text.rjust(inside).ljust(column.width), role)
    if boxed:
        for edge, block in ((row - 1, "▄"), (row + 1, "▀")):
            board.write(edge, column.left, block * column.width, role - NEURON + EDGE)


def _mark(board: Board, column: Column, row: int, markers: Markers) -> None:
    """Bars at both sides of the chosen neuron."""
    opening, closing = ("[", "]") if markers == "ascii" else ("▐", "▌")
    board.write(row, column.left - 1, opening, CHOSEN)
    board.write(row, column.right, closing, CHOSEN)


def _write_inputs(board: Board, scene: Scene) -> None:
    column = scene.arrangement.columns[0]
    raw = unpack(scene.network.layers[0].raw)
    end = column.left - 1
    for place, row in enumerate(column.rows):
        name = shorten(one_cell(scene.shape.name(0, column.first + place)), scene.arrangement.labels[0] - 1)
        board.write(row, end - len(name), name, TEXT)
        if column.step > 1:
            text = fit_number(raw[place], end, 3)
            board.write(row + 1, end - len(text), text, DIM)


def _write_outputs(board: Board, scene: Scene) -> None:
    column = scene.arrangement.columns[-1]
    shape, network = scene.shape, scene.network
    room = scene.arrangement.labels[1] - 1
    for place, row in enumerate(column.rows):
        neuron = column.first + place
        right = len(shape.outputs) > 1 and network.target == neuron
        name = shorten(one_cell(shape.name(shape.last, neuron)), room - 2)
        board.write(row, column.right + 1, ("● " if right else "  ") + name, ANSWER if right else TEXT)


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the links of two layers run: from ``rows`` at the left to rows at the right, over some columns."""

    left: int
    columns: int
    top: int
    height: int
    sources: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """Which links lie over all others, by their places in the gap: those of a neuron, and above these a picked one."""

    source: int | None = None
    target: int | None = None
    picked: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DrawnGap:
    """Characters and roles of a gap, both (height, columns); a blank has role 0."""

    characters: NDArray[np.str_]
    roles: NDArray[np.uint8]


def draw_links(gap: Gap, shades: Bytes, front: Front, markers: Markers, dashed: bool) -> DrawnGap:
    """The links of a gap; ``shades`` (sources, targets) are signed sizes up to 127. A strong one hides a weak one."""
    way = _way(gap, markers)
    levels = np.searchsorted(MIN_LINK_SIZES, np.abs(shades.astype(np.intp)), side="right")
    negative = shades < 0
    bits = np.zeros((gap.height, gap.columns), np.uint8)
    roles = np.zeros((gap.height, gap.columns), np.uint8)

    def lay(links: NDArray[np.bool_], level: int, sign: bool, role: int) -> None:
        nonlocal bits
        chosen = np.flatnonzero(links)
        if chosen.size:
            own = way.bits(chosen, dashed and sign, level)
            bits = np.where(own, own, bits)
            roles[own > 0] = role

    over = np.zeros(shades.shape, np.bool_)
    if front.source is not None:
        over[front.source] = True
    if front.target is not None:
        over[:, front.target] = True
    for among in (~over, over):
        for level in range(1, LEVELS + 1):
            for sign in (True, False):
                lay(among & (levels == level) & (negative == sign), level, sign, LINK + level - 1 + LEVELS * sign)
    if front.picked is not None:
        picked = np.zeros(shades.shape, np.bool_)
        picked[front.picked] = True
        lay(picked, LEVELS, bool(negative[front.picked]), PICKED)
    return DrawnGap(_signs(roles) if markers == "ascii" else _characters(bits, markers), roles)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Which dots each link crosses: ``dots`` (links, points) count row by row, ``dash`` (likewise) is on and off."""

    gap: Gap
    across: int
    down: int
    dots: NDArray[np.int32]
    dash: NDArray[np.bool_]

    def bits(self, links: Whole, dashed: bool, level: int) -> NDArray[np.uint8]:
        """The dots of some links, as a number a cell (height, columns)."""
        gap = self.gap
        width = gap.columns * self.across
        field = np.zeros(gap.height * self.down * width, np.bool_)
        dots = self.dots[links]
        if dashed:
            dots = dots[self.dash[links]]
        field[dots] = True
        if level == LEVELS and self.down > 1:
            below = dots + width
            field[below[below < field.size]] = True
        cells = field.reshape(gap.height, self.down, gap.columns, self.across)
        weights = np.array(BRAILLE_BITS if self.down == 4 else ((1, 2), (4, 8)), np.uint8)
        if self.down == 1:
            return cells[:, 0, :, 0].astype(np.uint8)
        bits: NDArray[np.uint8] = np.einsum("hdwa,da->hw", cells, weights).astype(np.uint8)
        return bits


@lru_cache(maxsize=WAYS_KEPT)
def _way(gap: Gap, markers: Markers) -> _Way:
    """The way of every link of a gap: it stays the same until something is arranged anew."""
    across, down = DOTS[markers]
    width, height = gap.columns * across, gap.height * down
    starts = (np.array(gap.sources) - gap.top) * down + down // 2
    ends = (np.array(gap.targets) - gap.top) * down + down // 2
    rise = (ends[None, :] - starts[:, None]).reshape(-1, 1)
    points = int(max(width, 1.5 * np.abs(rise).max(initial=0))) + 1
    t = np.linspace(0.0, 1.0, points)
    x = np.rint(t * (width - 1)).astype(np.intp)
    bend = t * t * (3.0 - 2.0 * t)
    y = np.rint(np.repeat(starts, len(ends))[:, None] + rise * bend).astype(np.intp)
    y = np.clip(y, 0, height - 1)
    step = np.hypot(np.diff(x, prepend=0), np.diff(y, axis=1, prepend=y[:, :1]))
    return _Way(gap, across, down, (y * width + x).astype(np.int32), np.cumsum(step, axis=1) % DASH < DASH / 2)


def _characters(bits: NDArray[np.uint8], markers: Markers) -> NDArray[np.str_]:
    """Numbers (height, columns) as the characters that show these dots."""
    braille = (" ", *(chr(0x2800 + number) for number in range(1, 256)))
    return np.array(braille if markers == "braille" else list(BLOCKS))[bits]


def _signs(roles: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Roles (height, columns) as characters that tell the sign, and the strongest links."""
    return np.array(list(ASCII_SIGNS.ljust(roles.max(initial=0) + 1)))[roles]


def _colors() -> str:
    """The colours: links and neurons fade into the background as they get weaker."""
    lines = []
    for sign, color in (("positive", "primary"), ("negative", "warning")):
        for level, blend in zip(range(1, LEVELS + 1), BLENDS, strict=True):
            lines.append(f".network--{sign}-{level} {{ color: $text-{color} {blend}%; }}")
        for shade in range(1, SHADES + 1):
            part = 12 + 88 * shade // SHADES
            lines.append(f".network--neuron-{sign}-{shade} {{ background: ${color} {part}%; color: auto; }}")
            lines.append(f".network--edge-{sign}-{shade} {{ color: ${color} {part}%; }}")
    return "\n".join(lines)


class NetworkCanvas(FrameWidget[Scene | None]):
    """Shows the scene it is given, and tells where it was clicked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"network--{name}" for name in NAMES.values()}
    DEFAULT_CSS = f"""
    NetworkCanvas {{
        .network--text {{ color: $foreground; }}
        .network--dim {{ color: $foreground-muted; }}
        .network--title {{ color: $text-accent; text-style: bold; }}
        .network--chosen {{ color: $text-accent; text-style: bold; }}
        .network--answer {{ color: $text-success; text-style: bold; }}
        .network--picked {{ color: $foreground; text-style: bold; }}
        .network--neuron-0 {{ background: $foreground 10%; color: $foreground-muted; }}
        .network--edge-0 {{ color: $foreground 10%; }}
        &:ansi .network--neuron-0 {{ background: $surface; }}
        {_colors()}
    }}
    """

    @dataclass
    class Clicked(Message):
        """A cell was clicked, ``x`` columns and ``y`` rows from the corner."""

        x: int
        y: int

    class Resized(Message):
        """The picture has to fit another size."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def scene(self) -> Scene | None:
        """What is to be shown, drawn or not yet."""
        return self._drawing

    @property
    def lines(self) -> str:
        """What tells the sign of a link: its ``color``, ``dashed`` lines, or the characters of ``ascii``."""
        return "ascii" if self.markers == "ascii" else "dashed" if self.app.no_color else "color"

    def draw(self, drawing: Scene | None, width: int, height: int) -> Frame:
        return draw(drawing, width, height, self.markers, dashed=self.lines == "dashed")

    def styles_of(self, drawing: Scene | None) -> Mapping[int, Style]:
        styles = {role: self.style_named(f"network--{name}") for role, name in NAMES.items()}
        return {role: readable(style) if NEURON < role < EDGE else style for role, style in styles.items()}

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(event.x, event.y))


def neuron_role(shade: int) -> int:
    """The role of a neuron whose value is ``shade`` of 127."""
    level = -(-abs(shade) * SHADES // 127)
    return NEURON + level + (SHADES if shade < 0 else 0) if level else NEURON
