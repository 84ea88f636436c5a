"""Draws the layers over time: heatmaps of gradient, step and idle share, with a row for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from rich.style import Style

from tui_trainer.formats import format_number, format_scientific
from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame
from tui_trainer.plotting.heatmaps import SEQUENTIAL, Form, cells, code, level_tints, mark_tint
from tui_trainer.plotting.plot import HIGHEST, STEPS, UNKNOWN, Array, Levels
from tui_trainer.protocol import unpack
from tui_trainer.ui.plot_widgets import TintedWidget, Tints

from .messages import SummaryContent

TITLE = "Each layer over time while this tab was open (gradient, step: log scale)"
NAME_WIDTH, GAP = 6, 2  # columns: of a layer's name, and between two heatmaps side by side
MIN_COLUMNS, MIN_BESIDE = 12, 22  # of a heatmap; and of one that others stand beside
MAX_BAR, MIN_BAR = 10, 3  # columns of a legend's colours
FAINTEST = 64  # level of the smallest value that is known: 0 is blank, and nothing else is, in any form


@dataclass(frozen=True, slots=True)
class Layout:
    """Heatmaps of so many ``columns``, the first cells of each at one of ``corners``, (left, top); titles are above."""

    columns: int
    corners: tuple[tuple[int, int], ...]
    height: int


def lay_out(layers: int, width: int) -> Layout | None:
    """Lay out three heatmaps side by side, or one below the other; None where there is no room for either."""
    beside = (width - NAME_WIDTH - 2 * GAP) // 3
    if beside >= MIN_BESIDE:
        corners = tuple((NAME_WIDTH + number * (beside + GAP), 2) for number in range(3))
        return Layout(beside, corners, layers + 3)
    if width - NAME_WIDTH < MIN_COLUMNS:
        return None
    corners = tuple((NAME_WIDTH, 2 + number * (layers + 1)) for number in range(3))
    return Layout(width - NAME_WIDTH, corners, 3 * (layers + 1) + 2)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of all layers: its name, its ``levels`` (layers, k), and what the ends of its scale stand for."""

    name: str
    levels: Levels
    ends: tuple[str, str]


def quantities(content: SummaryContent) -> tuple[Quantity, Quantity, Quantity]:
    """Return the three heatmaps: gradients and steps on logarithmic scales of whole decades, idle shares from 0 to 1.

    What is 0 has level 0, what there is none of is UNKNOWN.
    """
    values = {
        name: np.stack([unpack(getattr(layer, name)) for layer in content.history])
        for name in ("gradients", "updates", "idle")
    }
    gradient, step = (_of_decades(name, values[key]) for name, key in (("gradient", "gradients"), ("step", "updates")))
    return gradient, step, Quantity("idle", _levels(values["idle"], values["idle"]), ("0%", "100%"))


def _of_decades(name: str, values: Array) -> Quantity:
    known = values[np.isfinite(values) & (values > 0.0)]
    if not known.size:
        return Quantity(name, _levels(values, values), ("", ""))
    low, high = math.floor(np.log10(known.min())), math.ceil(np.log10(known.max()))
    high = max(high, low + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (np.log10(values) - low) / (high - low)
    low_text, high_text = (format_scientific(10.0**power, 0) for power in (low, high))
    return Quantity(name, _levels(values, shares), (low_text, high_text))


def _levels(values: Array, shares: Array) -> Levels:
    """Return the levels of ``values`` that stand at these ``shares`` of their scale; all have one shape."""
    inside = np.clip(np.nan_to_num(shares, nan=0.0, neginf=0.0), 0.0, 1.0)
    levels = np.where(values == 0.0, 0, np.rint(FAINTEST + inside * (HIGHEST - FAINTEST)))
    return np.where(np.isnan(values), UNKNOWN, levels).astype(np.uint8)


def draw(content: SummaryContent, width: int, height: int, form: Form) -> Frame:
    """Draw the heatmaps in ``width`` x ``height`` cells; blank where there are fewer than two times, or no room."""
    board = Board(width, height, np.int32)
    epochs, layers = unpack(content.epochs), len(content.history)
    layout = lay_out(layers, width) if len(epochs) > 1 else None
    if layout is None:
        return board.frame()
    board.write(0, 0, TITLE, AXIS)
    # A column shows what was seen last by then.
    times = np.linspace(epochs[0], epochs[-1], layout.columns) + 1e-9
    at = np.searchsorted(epochs, times, side="right") - 1
    for quantity, (left, top) in zip(quantities(content), layout.corners, strict=True):
        _write_legend(board, quantity, left, top - 1, layout.columns, form)
        for number, row in enumerate(quantity.levels):
            if (row == UNKNOWN).all():  # a softmax is never idle
                board.write(top + number, left, "-" if form == "ascii" else "–", AXIS)
            else:
                _write_cells(board, top + number, left, row[at], form)
    first, last = (format_number(float(epoch), 3) for epoch in (epochs[0], epochs[-1]))
    bottom = layout.corners[-1][1] + layers
    board.write(bottom, 0, "epoch", AXIS)
    for left in {left for left, _ in layout.corners}:
        board.write(bottom, left, first, AXIS)
        board.write(bottom, left + layout.columns - len(last), last, AXIS)
        if content.moment is not None:
            place = round((content.moment - epochs[0]) / (epochs[-1] - epochs[0]) * (layout.columns - 1))
            if 0 <= place < layout.columns:
                board.write(bottom, left + place, "^" if form == "ascii" else "▲", code(mark_tint("accent")))
    for number, top in product(range(layers), {top for _, top in layout.corners}):
        board.write(top + number, 0, "out" if number == layers - 1 else str(number + 1), TEXT)
    return board.frame()


def _write_legend(board: Board, quantity: Quantity, left: int, row: int, columns: int, form: Form) -> None:
    """Write the name, and the scale between what its ends stand for, as wide as there is room."""
    name, (low, high) = quantity.name, quantity.ends
    room = columns - len(name) - 1 - len(low) - len(high)
    gap = int(room - 2 >= MIN_BAR)
    bar = min(room - 2 * gap, MAX_BAR)
    board.write(row, left, name, TEXT)
    if not low or bar < MIN_BAR:
        return
    start = left + len(name) + 1
    board.write(row, start, low, AXIS)
    scale = np.rint(np.linspace(FAINTEST, HIGHEST, bar)).astype(np.uint8)
    _write_cells(board, row, start + len(low) + gap, scale, form)
    board.write(row, start + len(low) + bar + 2 * gap, high, AXIS)


def _write_cells(board: Board, row: int, left: int, levels: Levels, form: Form) -> None:
    characters, codes = cells(np.tile(level_tints(levels, SEQUENTIAL, STEPS), (2, 1)), form)
    end = left + len(levels)
    board.characters[row : row + 1, left:end], board.roles[row : row + 1, left:end] = characters, codes


class LayerHeatmaps(TintedWidget[SummaryContent | None]):
    """Shows the layers over time, in as many rows as they need."""

    DEFAULT_CSS = "LayerHeatmaps { display: none; margin-bottom: 1; }"

    def __init__(self) -> None:
        super().__init__(None)

    def show_history(self, content: SummaryContent | None, width: int) -> None:
        """Show what was seen of the layers, in ``width`` columns; nothing before there are two times."""
        has_times = content is not None and len(unpack(content.epochs)) > 1
        layout = lay_out(len(content.history), width) if content is not None and has_times else None
        self.display = layout is not None
        self.styles.height = 1 if layout is None else layout.height
        self.show(content)

    def draw(self, drawing: SummaryContent | None, width: int, height: int) -> Frame:
        return Board(width, height, np.int32).frame() if drawing is None else draw(drawing, width, height, self.form)

    def styles_of(self, drawing: SummaryContent | None) -> Mapping[int, Style]:
        return Tints(self.tint_colors())
