"""The lines below the plot: which run is which, and the values at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.style import Style

from tui_trainer.plotting.colors import series_css
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten
from tui_trainer.plotting.plot import COLORS
from tui_trainer.tabs.runs.selection import SLOT_COLORS
from tui_trainer.ui.network.numbers import significant
from tui_trainer.ui.plot_widgets import FrameWidget
from tui_trainer.ui.runs.cells import briefly

GAP = 3
MOST_LINES = 4
NAMES = (24, 16, 10, 6)  # cells of a name, at most
TEXT, DIM = 0, 1
FIRST_COLOR = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the plot: its sign and colour, its name, and its value where that is told."""

    sign: str
    color: str
    name: str
    value: float | None = None

    def text(self, told: bool) -> str:
        """The item as it is written; its value where that is ``told``."""
        value = "" if not told else " -" if self.value is None else f" {significant(self.value)}"
        return f"{self.sign} {self.name}{value}"

    def shortened(self, most: int) -> Item:
        """The same with a name of so many cells at most."""
        return replace(self, name=shorten(briefly(self.name, most), most))


@dataclass(frozen=True, slots=True)
class Legend:
    """A heading and items; ``told`` says that the items have values."""

    heading: str = ""
    items: tuple[Item, ...] = ()
    told: bool = False

    def lines(self, width: int) -> list[list[tuple[int, Item]]]:
        """The items in lines of ``width`` cells, each with its column; the first line leaves room for the heading.

        Names are as long as the lines that there are allow.
        """
        for most in NAMES:
            found = self._broken(width, [item.shortened(most) for item in self.items])
            if len(found) <= MOST_LINES:
                break
        return found[:MOST_LINES]

    def _broken(self, width: int, items: list[Item]) -> list[list[tuple[int, Item]]]:
        found: list[list[tuple[int, Item]]] = [[]]
        column = len(self.heading) + GAP if self.heading else 0
        for item in items:
            length = len(item.text(self.told))
            if column + length > width and column > 0:
                found.append([])
                column = 0
            found[-1].append((column, item))
            column += length + GAP
        return found


class LegendPanel(FrameWidget[Legend]):
    """As many lines as the legend needs; none where there is nothing to tell."""

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
        """Show another legend on ``width`` cells."""
        if legend == self._drawing and width == self.size.width:
            return
        lines = len(legend.lines(width)) if legend.heading or legend.items else 0
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
                board.write(row, column + 1, one_cell(item.text(drawing.told)[1:]), TEXT)
        return board.frame()

    def styles_of(self, drawing: Legend) -> Mapping[int, Style]:
        names: Sequence[str] = ("text", "dim", *COLORS)
        return {role: self.style_named(f"legend--{name}") for role, name in enumerate(names)}


def _sign(sign: str, ascii_only: bool) -> str:
    return "-" if ascii_only and sign == "━" else sign
