"""Draws a network: the links between layers, the neurons with their values, and the widget that shows them."""

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

from tui_trainer.formats import fit_number, format_bar, format_cell, format_outputs
from tui_trainer.plotting.colors import readable
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten, shorten_alike
from tui_trainer.plotting.lines import DOT_CHARACTERS, DOTS, dot_numbers
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import FrameWidget

from .layout import Arrangement, Column, Selection, Shape
from .messages import InputSeen, LayerValues, Network, NeuronDetail, NeuronStep

MIN_GAP_FOR_WEIGHTS = 16  # columns
MIN_ROOM_FOR_NAMES = 9
IMPORTANCE_WIDTH = 8  # of the bar of the most important input
MIN_LINK_SIZES = (5, 36, 72, 104)  # of 127: where the levels of links begin
LINK: Final = 10  # the role of the first level of positive links; the others follow, then those of negative ones
TEXT, DIM, TITLE, CHOSEN, ANSWER, SELECTED_WEIGHT = range(6)
ASCII_SIGNS = " " * SELECTED_WEIGHT + "@".ljust(LINK - SELECTED_WEIGHT) + "+++#---="  # by role
MAX_CACHED_PATHS = 12  # a screen rarely has more gaps, and each may take a megabyte
DASH = 6.0  # dots, half of which are drawn
Bytes = NDArray[np.int8]
Whole = NDArray[np.intp]
BLENDS = (22, 45, 72, 100)  # per cent of the colour, for each level of links
LEVELS: Final = 4  # of links, from weak to strong
SHADES: Final = 6  # of neurons, from small to large
NEURON: Final = 30  # the role of value 0; then the shades of positive values, then of negative ones
EDGE: Final = 50  # the same for the edges of neurons drawn as boxes
_SHADE_NAMES = ("0", *(f"{sign}-{shade}" for sign in ("positive", "negative") for shade in range(1, SHADES + 1)))
NAMES: Final[dict[int, str]] = {
    TEXT: "text",
    DIM: "dim",
    TITLE: "title",
    CHOSEN: "chosen",
    ANSWER: "answer",
    SELECTED_WEIGHT: "picked",
    **{LINK + level: f"positive-{level + 1}" for level in range(LEVELS)},
    **{LINK + LEVELS + level: f"negative-{level + 1}" for level in range(LEVELS)},
    **{NEURON + number: f"neuron-{name}" for number, name in enumerate(_SHADE_NAMES)},
    **{EDGE + number: f"edge-{name}" for number, name in enumerate(_SHADE_NAMES)},
}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that is drawn; scenes are compared by identity."""

    shape: Shape
    arrangement: Arrangement
    network: Network
    choice: Selection


def draw(scene: Scene | None, width: int, height: int, markers: Markers, dashed: bool) -> Frame:
    """Draw a scene in ``width`` x ``height`` cells; negative links are ``dashed`` if there are no colours."""
    board = Board(width, height)
    if scene is None or (scene.arrangement.width, scene.arrangement.height) != (width, height):
        return board.frame()  # a scene for this size is about to arrive
    columns, layers = scene.arrangement.columns, scene.network.layers
    for previous, column, values in zip(columns, columns[1:], layers[1:], strict=False):
        if column.layer == previous.layer + 1:
            _draw_links(board, scene, previous, column, values, markers, dashed)
            _write_weights(board, scene, previous, column)
        else:
            _write_fold(board, scene.arrangement, previous, column)
    for column, values in zip(columns, layers, strict=True):
        _write_titles(board, scene, column, markers)
        _write_neurons(board, scene, column, values, markers)
    _write_inputs(board, scene, markers)
    _write_outputs(board, scene)
    return board.frame()


def _draw_links(
    board: Board, scene: Scene, previous: Column, column: Column, values: LayerValues, markers: Markers, dashed: bool
) -> None:
    left, columns, top = previous.right, column.left - previous.right, scene.arrangement.top
    gap = Gap(left, columns, top, scene.arrangement.height - top, previous.rows, column.rows)
    shades = np.frombuffer(values.links, np.int8).reshape(len(previous.rows), len(column.rows))
    links = draw_links(gap, shades, _front(scene.choice, previous, column), markers, dashed)
    visible_columns = max(board.width - left, 0)  # a very narrow board cuts the links off
    board.characters[top:, left : left + columns] = links.characters[:, :visible_columns]
    board.roles[top:, left : left + columns] = links.roles[:, :visible_columns]


def _front(choice: Selection, previous: Column, column: Column) -> Front:
    """Choose the links on top: those into the chosen neuron, or out of it for an input, which has none into it."""
    if choice.layer == previous.layer == 0 and previous.row(choice.neuron) is not None:
        return Front(source=choice.neuron - previous.first)
    if choice.layer != column.layer or column.row(choice.neuron) is None:
        return Front()
    target = choice.neuron - column.first
    parameter = choice.parameter
    if parameter is None or parameter >= previous.units or previous.row(parameter) is None:
        return Front(target=target)
    return Front(target=target, picked=(parameter - previous.first, target))


def _write_weights(board: Board, scene: Scene, previous: Column, column: Column) -> None:
    """Write the weights of the chosen neuron on its links, if there is room between them."""
    detail = scene.network.looked_at
    has_room = previous.step > 1 and column.left - previous.right >= MIN_GAP_FOR_WEIGHTS
    if not has_room or isinstance(detail, InputSeen) or (detail.layer, detail.neuron) != scene.choice.position:
        return
    if detail.layer != column.layer:
        return
    for source, number in _numbers_of_links(detail):
        row = previous.row(source)
        if row is not None:
            picked = scene.choice.parameter == source
            role = SELECTED_WEIGHT if picked else LINK + LEVELS - 1 + LEVELS * (number < 0)
            board.write(row, previous.right + 2, f"{format_cell(number, 9, 4)} ", role)


def _numbers_of_links(detail: NeuronDetail | NeuronStep) -> list[tuple[int, float]]:
    """Return the neurons from which links come, and what these show: weights, or what a step makes of them."""
    if isinstance(detail, NeuronDetail):
        return [(term.source, term.weight) for term in detail.terms]
    match detail.stage.kind:
        case "backward":
            return [(term.source, term.of_stage) for term in detail.terms]
        case "update":
            return [(term.source, term.new - term.weight) for term in detail.terms]
    return [(term.source, term.weight * term.x) for term in detail.terms]


def _write_fold(board: Board, arrangement: Arrangement, previous: Column, column: Column) -> None:
    hidden = column.layer - previous.layer - 1
    room = column.left - previous.right
    middle = (arrangement.top + arrangement.height) // 2
    for row, text in enumerate(("⋯", f"{hidden}", "more" if room > 3 else ""), middle - 1):
        text = shorten(text, room)
        board.write(row, previous.right + (room - len(text)) // 2, text, DIM)


def _write_titles(board: Board, scene: Scene, column: Column, markers: Markers) -> None:
    layer = scene.shape.layers[column.layer]
    is_chosen = scene.choice.layer == column.layer
    room = min((after.left - before.left - 1 for before, after in pairwise(scene.arrangement.columns)), default=99)
    first = "inputs" if column.layer == 0 else "output" if column.layer == scene.shape.last else f"layer {column.layer}"
    symbol = format_outputs(column.layer, scene.shape.last)
    if len(first) + len(symbol) < room and markers != "ascii":
        first = f"{first} {symbol}"
    note = layer.note
    if column.layer == 0 and _importances(scene) is not None:
        has_room = scene.arrangement.top > 2
        first, note = (first, "importance") if has_room else ("inputs by importance", note)
    texts = (first, f"{layer.units:,} {layer.activation}".strip(), note)
    if room < MIN_ROOM_FOR_NAMES:
        texts = (f"{layer.units:,}", layer.activation, note)
    for row, text in enumerate(texts):
        if row < scene.arrangement.top:
            text = shorten(text, room)
            start = column.left + (column.width - len(text)) // 2
            start = max(min(start, board.width - len(text)), 0)
            board.write(row, start, text, TITLE if is_chosen else TEXT if row < 2 else DIM)


def _write_neurons(board: Board, scene: Scene, column: Column, layer_values: LayerValues, markers: Markers) -> None:
    values = unpack(layer_values.values) if layer_values.values else None  # of a layer that a step has not reached
    shades = np.frombuffer(layer_values.shades, np.int8)
    dropped = np.frombuffer(layer_values.dropped, np.bool_) if layer_values.dropped else None
    biases = unpack(layer_values.biases) if layer_values.biases else None
    choice = scene.choice
    for index, row in enumerate(column.rows):
        neuron = column.first + index
        is_boxed = column.boxes and markers != "ascii"
        is_off = dropped is not None and bool(dropped[index])
        value = None if values is None or is_off else float(values[index])
        _write_neuron(board, column, row, value, neuron_role(0 if is_off else int(shades[index])), is_boxed)
        if is_off:
            board.write(row, column.left + (column.width - 1) // 2, "x" if markers == "ascii" else "×", DIM)
        if choice.position == (column.layer, neuron):
            _mark_chosen(board, column, row, markers)
        if biases is not None and column.step > 1 and column.width > 4:
            picked = choice.position == (column.layer, neuron) and choice.parameter == _weight_count(
                scene.shape, column
            )
            label = "b " if column.width > 5 else ""
            text = label + fit_number(biases[index], column.width - len(label)).rjust(column.width - len(label))
            board.write(row + 1 + is_boxed, column.left, text, SELECTED_WEIGHT if picked else DIM)
    for row, hidden in ((column.rows[0] - 1, column.first), (column.rows[-1] + 1, column.below)):
        if hidden:
            text = f"… {hidden}"
            board.write(row, column.left + (column.width - len(text)) // 2, text, DIM)


def _weight_count(shape: Shape, column: Column) -> int:
    """Return how many weights a neuron of ``column`` has: the number of its bias among its parameters."""
    return shape.layers[column.layer - 1].units


def _write_neuron(board: Board, column: Column, row: int, value: float | None, role: int, is_boxed: bool) -> None:
    inside = column.width - 1 if column.width > 5 else column.width
    text = fit_number(value, inside) if inside > 3 and value is not None else ""
    board.write(row, column.left, text.rjust(inside).ljust(column.width), role)
    if is_boxed:
        for edge, block in ((row - 1, "▄"), (row + 1, "▀")):
            board.write(edge, column.left, block * column.width, role - NEURON + EDGE)


def _mark_chosen(board: Board, column: Column, row: int, markers: Markers) -> None:
    """Draw bars on both sides of the chosen neuron."""
    opening, closing = ("[", "]") if markers == "ascii" else ("▐", "▌")
    board.write(row, column.left - 1, opening, CHOSEN)
    board.write(row, column.right, closing, CHOSEN)


def _importances(scene: Scene) -> NDArray[np.float64] | None:
    """Return the importances of the inputs (n,); None before they are computed, or without room for their bars."""
    importances = scene.network.layers[0].importances
    has_room = scene.arrangement.columns[0].step > 1 and not scene.shape.is_picture
    return unpack(importances) if importances and has_room else None


def _write_inputs(board: Board, scene: Scene, markers: Markers) -> None:
    if scene.shape.is_picture:
        return
    column = scene.arrangement.columns[0]
    raw, importances = unpack(scene.network.layers[0].raw), _importances(scene)
    end = column.left - 1
    names = [one_cell(scene.shape.name(0, column.first + index)) for index in range(len(column.rows))]
    short_names = shorten_alike(names, scene.arrangement.labels[0] - 1)
    for index, (row, name) in enumerate(zip(column.rows, short_names, strict=True)):
        board.write(row, end - len(name), name, TEXT)
        if column.step > 1:
            text = fit_number(raw[index], end, 3)
            board.write(row + 1, end - len(text), text, DIM)
            if importances is not None:
                room = min(end - len(text) - 1, IMPORTANCE_WIDTH)
                bar = format_bar(importances[index], room, markers == "ascii") if room > 0 else ""
                board.write(row + 1, end - len(text) - 1 - len(bar), bar, TITLE)


def _write_outputs(board: Board, scene: Scene) -> None:
    column = scene.arrangement.columns[-1]
    shape, network = scene.shape, scene.network
    room = scene.arrangement.labels[1] - 1
    names = [one_cell(shape.name(shape.last, column.first + index)) for index in range(len(column.rows))]
    for index, (row, name) in enumerate(zip(column.rows, shorten_alike(names, room - 2), strict=True)):
        neuron = column.first + index
        marked = network.target if shape.shown_output is None else shape.shown_output
        is_target = len(shape.outputs) > 1 and marked == neuron
        board.write(row, column.right + 1, ("● " if is_target else "  ") + name, ANSWER if is_target else TEXT)


@dataclass(frozen=True, slots=True)
class Gap:
    """The space between two layers, which the links cross: the rows of the sources and targets, and its size."""

    left: int
    columns: int
    top: int
    height: int
    sources: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """The links on top of all others, by indices in the gap: those of one neuron, and above them a selected one."""

    source: int | None = None
    target: int | None = None
    picked: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DrawnGap:
    """The characters and roles of a gap, both (height, columns); blanks have role 0."""

    characters: NDArray[np.str_]
    roles: NDArray[np.uint8]


def draw_links(gap: Gap, shades: Bytes, front: Front, markers: Markers, dashed: bool) -> DrawnGap:
    """Draw the links of a gap; ``shades`` (sources, targets) are signed sizes up to 127. Strong links are on top."""
    paths = _link_paths(gap, markers)
    levels = np.searchsorted(MIN_LINK_SIZES, np.abs(shades.astype(np.intp)), side="right")
    negative = shades < 0
    bits = np.zeros((gap.height, gap.columns), np.uint8)
    roles = np.zeros((gap.height, gap.columns), np.uint8)

    def draw_group(links: NDArray[np.bool_], level: int, sign: bool, role: int) -> None:
        nonlocal bits
        chosen = np.flatnonzero(links)
        if chosen.size:
            group_bits = paths.bits(chosen, dashed and sign, level)
            bits = np.where(group_bits, group_bits, bits)
            roles[group_bits > 0] = role

    on_top = np.zeros(shades.shape, np.bool_)
    if front.source is not None:
        on_top[front.source] = True
    if front.target is not None:
        on_top[:, front.target] = True
    for among in (~on_top, on_top):
        for level in range(1, LEVELS + 1):
            for sign in (True, False):
                draw_group(
                    among & (levels == level) & (negative == sign), level, sign, LINK + level - 1 + LEVELS * sign
                )
    if front.picked is not None:
        picked = np.zeros(shades.shape, np.bool_)
        picked[front.picked] = True
        draw_group(picked, LEVELS, bool(negative[front.picked]), SELECTED_WEIGHT)
    return DrawnGap(_ascii_characters(roles) if markers == "ascii" else DOT_CHARACTERS[markers][bits], roles)


@dataclass(frozen=True, slots=True, eq=False)
class _LinkPaths:
    """The dots of each link: ``dots`` (links, points) are numbered row by row, ``dash`` (same shape) is on and off."""

    gap: Gap
    markers: Markers
    dots: NDArray[np.int32]
    dash: NDArray[np.bool_]

    def bits(self, links: Whole, dashed: bool, level: int) -> NDArray[np.uint8]:
        """Return the dots of some links, as one number per cell (height, columns)."""
        gap = self.gap
        across, down = DOTS[self.markers]
        width = gap.columns * across
        field = np.zeros(gap.height * down * width, np.bool_)
        dots = self.dots[links]
        if dashed:
            dots = dots[self.dash[links]]
        field[dots] = True
        if level == LEVELS and down > 1:
            below = dots + width
            field[below[below < field.size]] = True
        return dot_numbers(field.reshape(-1, width), self.markers)


@lru_cache(maxsize=MAX_CACHED_PATHS)
def _link_paths(gap: Gap, markers: Markers) -> _LinkPaths:
    """Compute the path of every link of a gap, cached until the layout changes."""
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
    return _LinkPaths(gap, markers, (y * width + x).astype(np.int32), np.cumsum(step, axis=1) % DASH < DASH / 2)


def _ascii_characters(roles: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Turn roles (height, columns) into characters that show the sign, and the strongest links."""
    return np.array(list(ASCII_SIGNS.ljust(roles.max(initial=0) + 1)))[roles]


def _link_styles() -> str:
    """Return the style rules: links and neurons fade into the background as they get weaker."""
    lines = []
    for sign, color in (("positive", "$data-class0"), ("negative", "$data-class1")):
        for level, blend in zip(range(1, LEVELS + 1), BLENDS, strict=True):
            lines.append(f".network--{sign}-{level} {{ color: {color} {blend}%; }}")
        for shade in range(1, SHADES + 1):
            part = 12 + 88 * shade // SHADES
            lines.append(f".network--neuron-{sign}-{shade} {{ background: {color} {part}%; color: auto; }}")
            lines.append(f".network--edge-{sign}-{shade} {{ color: {color} {part}%; }}")
    return "\n".join(lines)


class NetworkCanvas(FrameWidget[Scene | None]):
    """Shows a scene, and posts clicks on it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"network--{name}" for name in NAMES.values()}
    DEFAULT_CSS = f"""
    NetworkCanvas {{
        .network--text {{ color: $foreground; }}
        .network--dim {{ color: $foreground-muted; }}
        .network--title {{ color: $foreground; text-style: bold; }}
        .network--chosen {{ color: $text-accent; text-style: bold; }}
        .network--answer {{ color: $text-success; text-style: bold; }}
        .network--picked {{ color: $foreground; text-style: bold; }}
        .network--neuron-0 {{ background: $foreground 10%; color: $foreground-muted; }}
        .network--edge-0 {{ color: $foreground 10%; }}
        &:ansi .network--neuron-0 {{ background: $surface; }}
        {_link_styles()}
    }}
    """

    @dataclass
    class Clicked(Message):
        """A cell was clicked, ``x`` columns and ``y`` rows from the top left corner."""

        x: int
        y: int

    class Resized(Message):
        """The canvas has another size, for which the layout must be computed."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def scene(self) -> Scene | None:
        """The scene to show, drawn or not yet."""
        return self._drawing

    @property
    def lines(self) -> str:
        """How links show their sign: by ``color``, by ``dashed`` lines, or by the characters of ``ascii``."""
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
    """Return the role of a neuron whose value is ``shade`` of 127."""
    level = -(-abs(shade) * SHADES // 127)
    return NEURON + level + (SHADES if shade < 0 else 0) if level else NEURON
