"""The picture of a network: a character and a role for each cell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten
from tui_trainer.protocol.framing import unpack
from tui_trainer.settings.schema import Markers
from tui_trainer.ui.network.choice import Choice
from tui_trainer.ui.network.links import Front, Gap, draw_links
from tui_trainer.ui.network.numbers import fit
from tui_trainer.ui.network.roles import (
    ANSWER,
    CHOSEN,
    DIM,
    EDGE,
    LEVELS,
    LINK,
    NEURON,
    PICKED,
    TEXT,
    TITLE,
    neuron_role,
)
from tui_trainer.ui.network.shape import Shape

from .layout import Arrangement, Column
from .messages import LayerSeen, Network, NeuronSeen

LEAST_GAP_FOR_WEIGHTS = 16  # columns
LEAST_ROOM_FOR_NAMES = 9


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture shows; pictures are told apart by identity."""

    shape: Shape
    arrangement: Arrangement
    network: Network
    choice: Choice


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
    board: Board, scene: Scene, before: Column, column: Column, seen: LayerSeen, markers: Markers, dashed: bool
) -> None:
    left, columns, top = before.right, column.left - before.right, scene.arrangement.top
    gap = Gap(left, columns, top, scene.arrangement.height - top, before.rows, column.rows)
    shades = np.frombuffer(seen.links, np.int8).reshape(len(before.rows), len(column.rows))
    drawn = draw_links(gap, shades, _front(scene.choice, before, column), markers, dashed)
    room = max(board.width - left, 0)  # a very narrow board cuts them off
    board.characters[top:, left : left + columns] = drawn.characters[:, :room]
    board.roles[top:, left : left + columns] = drawn.roles[:, :room]


def _front(choice: Choice, before: Column, column: Column) -> Front:
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
    roomy = before.step > 1 and column.left - before.right >= LEAST_GAP_FOR_WEIGHTS
    if not roomy or not isinstance(seen, NeuronSeen) or (seen.layer, seen.neuron) != scene.choice.place:
        return
    if seen.layer != column.layer:
        return
    for term in seen.terms:
        row = before.row(term.source)
        if row is not None:
            picked = scene.choice.parameter == term.source
            role = PICKED if picked else LINK + LEVELS - 1 + LEVELS * (term.weight < 0)
            board.write(row, before.right + 2, f" {fit(term.weight, 8, 4)} ", role)


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
    if room < LEAST_ROOM_FOR_NAMES:
        texts = (f"{layer.units:,}", layer.activation, layer.note)
    for row, text in enumerate(texts):
        if row < scene.arrangement.top:
            text = shorten(text, room)
            start = column.left + (column.width - len(text)) // 2
            start = max(min(start, board.width - len(text)), 0)
            board.write(row, start, text, TITLE if chosen else TEXT if row < 2 else DIM)


def _write_neurons(board: Board, scene: Scene, column: Column, seen: LayerSeen, markers: Markers) -> None:
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
            text = label + fit(biases[place], column.width - len(label)).rjust(column.width - len(label))
            board.write(row + 1 + boxed, column.left, text, PICKED if picked else DIM)
    for row, hidden in ((column.rows[0] - 1, column.above), (column.rows[-1] + 1, column.below)):
        if hidden:
            text = f"… {hidden}"
            board.write(row, column.left + (column.width - len(text)) // 2, text, DIM)


def _weights(shape: Shape, column: Column) -> int:
    """How many weights a neuron of ``column`` has: the number of its bias among its parameters."""
    return shape.layers[column.layer - 1].units


def _write_neuron(board: Board, column: Column, row: int, value: float, role: int, boxed: bool) -> None:
    inside = column.width - 1 if column.width > 5 else column.width
    text = fit(value, inside) if inside > 3 else ""
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
            text = fit(raw[place], end, 3)
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
