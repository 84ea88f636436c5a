"""The widget that shows a plot in the colours of the theme."""

from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style

from tui_trainer.plotting.colors import series_css
from tui_trainer.plotting.frame import AXIS, TEXT, Frame
from tui_trainer.plotting.plot import COLORS, Plot
from tui_trainer.ui.plot_widgets import FrameWidget
from tui_trainer.ui.plotting.canvas import render


class PlotWidget(FrameWidget[Plot]):
    """Shows the plot it is given, drawn at most once for each change and only while it is on the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--text",
        "plot--axis",
        *(f"plot--{color}" for color in COLORS),
    }
    DEFAULT_CSS = f"""
    PlotWidget {{
        .plot--text {{ color: $foreground; }}
        .plot--axis {{ color: $foreground-muted; }}
        {series_css("plot--")}
    }}
    """

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(Plot(), classes)

    @property
    def plot(self) -> Plot:
        """The plot to be shown, drawn or not yet."""
        return self._drawing

    def draw(self, drawing: Plot, width: int, height: int) -> Frame:
        return render(drawing, width, height, self.markers)

    def styles_of(self, drawing: Plot) -> Mapping[int, Style]:
        names = {TEXT: "text", AXIS: "axis"}
        names.update((role, one.color) for role, one in enumerate(drawing.series[: AXIS - 1], start=1))
        return {role: self.style_named(f"plot--{name}") for role, name in names.items()}

    def roles_differ(self, before: Plot, after: Plot) -> bool:
        return _colors(before) != _colors(after)


def _colors(plot: Plot) -> list[str]:
    return [series.color for series in plot.series]
