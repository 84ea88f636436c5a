"""The lines below the plot: which run is which, and the values at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from rich.style import Style

from tui_trainer.errors import plain
from tui_trainer.formats import format_measure
from tui_trainer.measures import MEASURES, is_rising
from tui_trainer.plotting.colors import series_css, shape
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten, shorten_alike
from tui_trainer.plotting.plot import COLORS, Series
from tui_trainer.protocol import unpack
from tui_trainer.tabs.runs.selection import LETTERS, SLOT_COLORS, SelectedRun
from tui_trainer.tabs.runs.table import briefly, cell_text
from tui_trainer.ui.plot_widgets import FrameWidget

from .messages import Band, Curve

GAP = 3
MAX_LINES = 4
NAMES = (24, 16, 10, 6)  # cells of a name, at most
TEXT, DIM = 0, 1
FIRST_COLOR = 2
LABELS = {
    "batch_loss": ("mini-batches", "batch", "+", ""),
    "train": ("train", "train", "*", ""),
    "validation": ("validation", "validation", "o", "○"),
}
CLASS_COLORS = 10
CLASS_MARKS = "*o+x#@%&"
SIGNS = 6  # letters along a curve


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the plot: its sign and colour, its name, and its value if that is shown, or a ``note`` instead."""

    sign: str
    color: str
    name: str
    value: float | None = None
    note: str = ""

    def text(self, with_value: bool) -> str:
        """Return the item as text, ``with_value`` or without."""
        if self.note:
            return f"{self.sign} {self.name}{self.note}"
        value = "" if not with_value else " -" if self.value is None else f" {format_measure(self.value)}"
        return f"{self.sign} {self.name}{value}"


@dataclass(frozen=True, slots=True)
class Legend:
    """A heading and items; ``has_values`` says that the items show values."""

    heading: str = ""
    items: tuple[Item, ...] = ()
    has_values: bool = False

    def lines(self, width: int) -> list[list[tuple[int, Item]]]:
        """Return the items in lines of ``width`` cells, each with its column; the first line has room for the heading.

        Names are as long as the available lines allow.
        """
        for most in NAMES:
            names = shorten_alike([one_cell(briefly(item.name, most)) for item in self.items], most)
            found = self._broken(
                width, [replace(item, name=name) for item, name in zip(self.items, names, strict=True)]
            )
            if len(found) <= MAX_LINES:
                break
        return found[:MAX_LINES]

    def _broken(self, width: int, items: list[Item]) -> list[list[tuple[int, Item]]]:
        found: list[list[tuple[int, Item]]] = [[]]
        column = len(self.heading) + GAP if self.heading else 0
        for item in items:
            length = len(item.text(self.has_values))
            if column + length > width and column > 0:
                found.append([])
                column = 0
            found[-1].append((column, item))
            column += length + GAP
        return found


class LegendPanel(FrameWidget[Legend]):
    """Shows the legend in as many lines as it needs; none if it is empty."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"legend--text", "legend--dim", *(f"legend--{color}" for color in COLORS)}
    DEFAULT_CSS = f"""
    LegendPanel {{
        height: auto;
        .legend--text {{ color: $foreground; }}
        .legend--dim {{ color: $foreground-muted; }}
        {series_css("legend--", bold=SLOT_COLORS)}
    }}
    """

    def __init__(self) -> None:
        super().__init__(Legend(), "legend")
        self._lines = 0

    def tell(self, legend: Legend, width: int) -> None:
        """Show another legend in ``width`` cells."""
        if legend == self._drawing and width == self.size.width:
            return
        lines = len(legend.lines(width)) if legend.heading or legend.items else 0
        if self.display != (lines > 0):
            self.display = lines > 0
        if lines and lines != self._lines:
            self.styles.height = self._lines = lines
        self.show(legend)

    def draw(self, drawing: Legend, width: int, height: int) -> Frame:
        board = Board(width, height)
        board.write(0, 0, shorten(drawing.heading, width), DIM)
        for row, line in enumerate(drawing.lines(width)[:height]):
            for column, item in line:
                sign = _sign(item.sign, self.markers == "ascii")
                board.write(row, column, one_cell(sign), FIRST_COLOR + COLORS.index(item.color))
                board.write(row, column + 1, one_cell(item.text(drawing.has_values)[1:]), TEXT)
        return board.frame()

    def styles_of(self, drawing: Legend) -> Mapping[int, Style]:
        names: Sequence[str] = ("text", "dim", *COLORS)
        return {role: self.style_named(f"legend--{name}") for role, name in enumerate(names)}


def best_of(overlays: Sequence[Overlay], quantity: str) -> Overlay | None:
    """Return the run with the best newest value, if there are several to choose from."""
    known = [overlay for overlay in overlays if np.isfinite(overlay.last)]
    if len(known) < 2:
        return None
    return (max if is_rising(quantity) else min)(known, key=lambda overlay: overlay.last)


def _sign(sign: str, ascii_only: bool) -> str:
    return "-" if ascii_only and sign == "━" else sign


def drawn(curves: Mapping[str, Curve], quantity: str, batches: bool) -> list[Curve]:
    """Return the curves to draw, from back to front; of each class only the validation part, if there is one.

    Mini-batches are included if requested, or if there is nothing else yet.
    """
    epochs = len(curves["loss"].x) // 8 if "loss" in curves else 0
    ordered = sorted(curves.values(), key=lambda curve: (curve.name != "batch_loss", "val_" in curve.name))
    held = [curve for curve in ordered if curve.name.startswith("val_")]
    wanted = held if MEASURES[quantity].by_class and held else ordered
    return [curve for curve in wanted if curve.name != "batch_loss" or batches or epochs < 2]


def line(curve: Curve, class_names: Sequence[str]) -> Series:
    """Return a curve as a line of the plot."""
    x, y = unpack(curve.x), np.array(unpack(curve.y))
    _, _, index = curve.name.partition("[")
    if index:
        k = int(index.rstrip("]"))
        name = plain(class_names[k]) if k < len(class_names) else str(k)
        return Series(name, x, y, f"class{k % CLASS_COLORS}", mark=CLASS_MARKS[k % len(CLASS_MARKS)], sign=shape(k))
    part = "validation" if curve.name.startswith("val_") else "train"
    label, color, mark, sign = LABELS.get(curve.name, LABELS[part])
    return Series(label, x, y, color, mark=mark, sign=sign)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A run selected in the Runs tab, and its curve; None if it has not recorded the quantity."""

    selected: SelectedRun
    curve: Curve | None

    @property
    def last(self) -> float:
        """The newest value; nan without a curve."""
        return float(unpack(self.curve.y)[-1]) if self.curve is not None and self.curve.y else np.nan

    def series(self, is_best: bool = False) -> list[Series]:
        """Return the line, and its letter at some of its points, which names it where there are no colours.

        The best one is thick, with its name at its end.
        """
        curve, selected = self.curve, self.selected
        if curve is None or not curve.x:
            return []
        x, y = unpack(curve.x), np.array(unpack(curve.y))
        name = f"{selected.letter} {briefly(plain(selected.name), NAMES[0])}" if is_best else ""
        line = Series("", x, y, selected.color, mark=selected.letter, thick=is_best, name=name)
        places = self._letter_places(len(x))
        letters = Series(
            "", x[places], y[places], selected.color, "scatter", glyph=selected.letter, mark=selected.letter
        )
        return [line, letters]

    def _letter_places(self, points: int) -> list[int]:
        """Return the points that get a letter: apart from those of other runs, and the last one."""
        offset = (1 + (self.selected.slot or 0)) / (len(LETTERS) + 1)
        inner = [int((number + offset) / SIGNS * points) for number in range(SIGNS)]
        return sorted({min(place, points - 1) for place in (*inner, points - 1)})


@dataclass(frozen=True, slots=True)
class ShownBand:
    """A band over runs of one setting; ``selected`` has its letter and colour, and what the names of its runs share."""

    selected: SelectedRun
    band: Band

    @property
    def note(self) -> str:
        """What the band is of: ``5 seeds: median, quartiles``, with the values at the cursor if it is on."""
        band = self.band
        counted = f"{len(band.runs)} {band.noun}: median"
        if band.at is None:
            return f"{counted}, quartiles"
        lower, median, upper = map(format_measure, band.at)
        return f"{counted} {median}, quartiles {lower} to {upper}"

    def series(self) -> list[Series]:
        """Return the lines: the quartiles with the area between them, and the median with letters."""
        band, color = self.band, self.selected.color
        x = unpack(band.x)
        if not len(x):
            return []
        upper, lower = (Series("", x, np.array(unpack(y)), color, mark=".") for y in (band.upper, band.lower))
        median = Overlay(self.selected, Curve("median", band.x, band.median))
        return [replace(upper, shaded=True), lower, *median.series(is_best=True)]

    def item(self) -> Item:
        """Return its entry of the legend."""
        name = cell_text(self.selected.name)
        return Item(self.selected.letter, self.selected.color, name, note=f"{'  ' if name else ''}{self.note}")


def shown_bands(bands: Sequence[Band], selected_runs: Sequence[SelectedRun]) -> list[ShownBand]:
    """Return the bands with letters and names; none whose runs are no longer selected, or for which no letter is left.

    A band has the letter of its first run. If that has none, it gets one of a run in another band, which needs none.
    """
    found: list[tuple[list[SelectedRun], Band]] = []
    for band in bands:
        members = [one for one in selected_runs if one.run in band.runs]
        if len(members) == len(band.runs):
            found.append((members, band))
    banded = {one.run for members, _ in found for one in members}
    taken = {one.slot for one in selected_runs if one.run not in banded} | {members[0].slot for members, _ in found}
    free = [slot for slot in range(len(LETTERS)) if slot not in taken]
    shown = []
    for members, band in found:
        slot = members[0].slot if members[0].slot is not None else free.pop(0) if free else None
        if slot is not None:
            shown.append(ShownBand(replace(members[0], name=shared_name(members), slot=slot), band))
    return shown


def shared_name(runs: Sequence[SelectedRun]) -> str:
    """Return what the names of runs share: ``learning_rate = 0.1`` of runs whose names end in a seed."""
    pieces = [one.name.split(", ") for one in runs]
    return ", ".join(piece for piece in pieces[0] if all(piece in others for others in pieces))
