"""The widget that shows a heatmap."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import Frame
from tui_trainer.plotting.heatmaps import layout, render
from tui_trainer.plotting.plot import Array
from tui_trainer.ui.plotting.heatmap import Heatmap
from tui_trainer.ui.plotting.pixels import pixels, place
from tui_trainer.ui.plotting.tinted_widget import TintedWidget
from tui_trainer.ui.plotting.tints import Tints

RIGHT = 3  # the button's number


class HeatmapWidget(TintedWidget[Heatmap]):
    """Shows the heatmap it is given, drawn at most once for each change and only while it is on the screen."""

    @dataclass
    class Clicked(Message):
        """A cell of the canvas was clicked on; ``second`` with the right button, or with ctrl."""

        column: int
        row: int
        second: bool

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(Heatmap(), classes)

    @property
    def heatmap(self) -> Heatmap:
        """The heatmap to be shown, drawn or not yet."""
        return self._drawing

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of the grid that would fill the canvas pixel by pixel."""
        area, _ = layout(self._drawing, *self.size)
        return area.columns, 2 * area.rows

    def place(self, column: int, row: int) -> tuple[float, float]:
        """x and y, on the axes, in the middle of a cell of the canvas."""
        return place(self._drawing, column, 2 * row + 0.5, *self.grid)

    def cells(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Columns and rows, as fractions, of the cells of points x (n,), y (n,): whole numbers in their middle."""
        columns, rows = pixels(self._drawing, x, y, *self.grid)
        return columns, (rows - 0.5) / 2

    def on_click(self, event: events.Click) -> None:
        """Tell which cell it was, if there is a picture at the place."""
        area, _ = layout(self._drawing, *self.size)
        column, row = event.x - area.left, event.y - area.top
        if self._drawing.levels.size and 0 <= column < area.columns and 0 <= row < area.rows:
            event.stop()
            self.post_message(self.Clicked(column, row, event.button == RIGHT or event.ctrl))

    def draw(self, drawing: Heatmap, width: int, height: int) -> Frame:
        return render(drawing, width, height, self.form)

    def styles_of(self, drawing: Heatmap) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), drawing.kind_colors)

    def roles_differ(self, before: Heatmap, after: Heatmap) -> bool:
        return before.kind_colors != after.kind_colors
