"""The picture of a network: a character and a role for each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_trainer.runtime.protocol import unpack
from tui_trainer.runtime.protocol.network import LayerSeen, Network

from ..plotting import Markers
from ..plotting.frame import Board, Frame, one_cell, shorten
from .arrangement import Arrangement, Column
from .links import Gap, draw_links
from .numbers import fit
from .roles import ANSWER, CHOSEN, DIM, NEURON, TEXT, TITLE, neuron_role
from .shape import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture shows; pictures are told apart by identity."""

    shape: Shape
    arrangement: Arrangement
    network: Network
    chosen: tuple[int, int]


def draw(scene: Scene | None, width: int, height: int, markers: Markers, dashed: bool) -> Frame:
    """The whole picture in ``width`` x ``height`` cells; negative links are ``dashed`` where colours do not tell."""
    board = Board(width, height)
    if scene is None or (scene.arrangement.width, scene.arrangement.height) != (width, height):
        return board.frame()  # what fits this size is on its way
    arrangement = scene.arrangement
    before: Column | None = None
    for column, seen in zip(arrangement.columns, scene.network.layers, strict=True):
        if before is not None:
            _draw_gap(board, arrangement, before, column, seen, markers, dashed)
        before = column
    for column, seen in zip(arrangement.columns, scene.network.layers, strict=True):
        _write_titles(board, scene, column)
        _write_neurons(board, scene, column, seen, markers)
    _write_inputs(board, scene)
    _write_outputs(board, scene)
    return board.frame()


def _draw_gap(
    board: Board,
    arrangement: Arrangement,
    before: Column,
    column: Column,
    seen: LayerSeen,
    markers: Markers,
    dashed: bool,
) -> None:
    left, columns = before.right, column.left - before.right
    if column.layer != before.layer + 1:
        hidden = column.layer - before.layer - 1
        middle = arrangement.top + (arrangement.height - arrangement.top) // 2
        for row, text in enumerate(("⋯", f"{hidden}", "layers", "more"), middle - 2):
            text = shorten(text, columns)
            board.write(row, left + (columns - len(text)) // 2, text, DIM)
        return
    top, height = arrangement.top, arrangement.height - arrangement.top
    gap = Gap(left, columns, top, height, before.rows, column.rows)
    shades = np.frombuffer(seen.links, np.int8).reshape(len(before.rows), len(column.rows))
    drawn = draw_links(gap, shades, markers, dashed)
    board.characters[top : top + height, left : left + columns] = drawn.characters
    board.roles[top : top + height, left : left + columns] = drawn.roles


def _write_titles(board: Board, scene: Scene, column: Column) -> None:
    layer = scene.shape.layers[column.layer]
    chosen = scene.chosen[0] == column.layer
    texts = (f"{layer.units:,}", layer.activation or "inputs", layer.note)
    room = column.width + 6
    for row, text in enumerate(texts[: scene.arrangement.top]):
        text = shorten(text, room)
        start = column.left + (column.width - len(text)) // 2
        start = max(min(start, board.width - len(text)), 0)
        board.write(row, start, text, TITLE if chosen else TEXT if row < 2 else DIM)


def _write_neurons(board: Board, scene: Scene, column: Column, seen: LayerSeen, markers: Markers) -> None:
    values, shades = unpack(seen.values), np.frombuffer(seen.shades, np.int8)
    biases = unpack(seen.biases) if seen.biases else None
    for place, row in enumerate(column.rows):
        chosen = scene.chosen == (column.layer, column.first + place)
        _write_neuron(board, column, row, values[place], neuron_role(int(shades[place])), chosen, markers)
        if biases is not None and column.step > 1 and column.width > 4:
            text = fit(biases[place], column.width - 2)
            board.write(row + 1, column.left, f"b {text:>{column.width - 2}}", DIM)
    for row, hidden in ((column.rows[0] - 1, column.above), (column.rows[-1] + 1, column.below)):
        if hidden:
            text = f"… {hidden}" if column.width > 3 else "…"
            board.write(row, column.left + max(column.width - len(text), 0) // 2, text, DIM)


def _write_neuron(
    board: Board, column: Column, row: int, value: float, role: int, chosen: bool, markers: Markers
) -> None:
    inside = column.width - 2
    text = fit(value, inside) if inside > 2 else ""
    board.write(row, column.left, " " + text.rjust(inside) + " ", role)
    if chosen:
        opening, closing = ("[", "]") if markers == "ascii" else ("▐", "▌")
        board.write(row, column.left, opening, CHOSEN)
        board.write(row, column.right - 1, closing, CHOSEN)


def _write_inputs(board: Board, scene: Scene) -> None:
    column = scene.arrangement.columns[0]
    raw = unpack(scene.network.layers[0].raw)
    room = column.left - 1
    for place, row in enumerate(column.rows):
        name = one_cell(scene.shape.name(0, column.first + place))
        name = shorten(name, min(scene.arrangement.labels[0] - 1, room))
        board.write(row, room - len(name), name, TEXT)
        if column.step > 1:
            text = fit(raw[place], 7)
            board.write(row + 1, room - len(text), text, DIM)


def _write_outputs(board: Board, scene: Scene) -> None:
    column = scene.arrangement.columns[-1]
    shape, network = scene.shape, scene.network
    room = board.width - column.right - 1
    for place, row in enumerate(column.rows):
        neuron = column.first + place
        right = len(shape.outputs) > 1 and network.target == neuron
        name = shorten(one_cell(shape.name(shape.last, neuron)), room - 2)
        board.write(row, column.right + 1, ("● " if right else "  ") + name, ANSWER if right else TEXT)
