"""The widget that shows a heatmap."""

from collections.abc import Mapping

from rich.style import Style

from tui_trainer.ui.plotting.frame import Frame
from tui_trainer.ui.plotting.heatmap import Heatmap
from tui_trainer.ui.plotting.heatmap_frame import layout, render
from tui_trainer.ui.plotting.tinted_widget import TintedWidget
from tui_trainer.ui.plotting.tints import Tints


class HeatmapWidget(TintedWidget[Heatmap]):
    """Shows the heatmap it is given, drawn at most once for each change and only while it is on the screen."""

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

    def draw(self, drawing: Heatmap, width: int, height: int) -> Frame:
        return render(drawing, width, height, self.form)

    def styles_of(self, drawing: Heatmap) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), drawing.kind_colors)

    def roles_differ(self, before: Heatmap, after: Heatmap) -> bool:
        return before.kind_colors != after.kind_colors
