"""The widget that shows a heatmap in the colours of the theme, or in characters where colours are few."""

from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style
from textual.color import Color

from tui_trainer.ui.plotting.frame import Frame
from tui_trainer.ui.plotting.frame_widget import FrameWidget
from tui_trainer.ui.plotting.heatmap import Heatmap
from tui_trainer.ui.plotting.heatmap_frame import layout, render
from tui_trainer.ui.plotting.pixels import Form
from tui_trainer.ui.plotting.plot import COLORS
from tui_trainer.ui.plotting.tints import Tints

NAMES = ("text", "axis", "low", "high", "sequence", *COLORS)
MANY_COLORS = ("truecolor", "256")


class HeatmapWidget(FrameWidget[Heatmap]):
    """Shows the heatmap it is given, drawn at most once for each change and only while it is on the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"heatmap--{name}" for name in NAMES}
    DEFAULT_CSS = """
    HeatmapWidget {
        .heatmap--text { color: $foreground; }
        .heatmap--axis { color: $foreground-muted; }
        .heatmap--low { color: $warning; }
        .heatmap--high { color: $primary; }
        .heatmap--sequence { color: $accent; }
        .heatmap--train { color: $text-primary; }
        .heatmap--validation { color: $text-warning; }
        .heatmap--batch { color: $foreground-disabled; }
        .heatmap--accent { color: $text-accent; }
        .heatmap--class0 { color: $primary; }
        .heatmap--class1 { color: $warning; }
        .heatmap--class2 { color: $success; }
        .heatmap--class3 { color: $error; }
        .heatmap--class4 { color: $foreground; }
        .heatmap--class5 { color: $secondary; }
        .heatmap--class6 { color: $warning-darken-2; }
        .heatmap--class7 { color: $foreground-muted; }
        .heatmap--class8 { color: $success-darken-2; }
        .heatmap--class9 { color: $error-darken-2; }
    }
    """

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

    @property
    def form(self) -> Form:
        """How levels are told: by colours as long as the terminal has them."""
        if self.markers == "ascii" or self.app.no_color:
            return "ascii"
        few = self.app.console.color_system not in MANY_COLORS or self.app.native_ansi_color
        return "shades" if few else "pixels"

    @property
    def circumstances(self) -> tuple[object, ...]:
        return (*self.size, self.form)

    def draw(self, drawing: Heatmap, width: int, height: int) -> Frame:
        return render(drawing, width, height, self.form)

    def styles_of(self, drawing: Heatmap) -> Mapping[int, Style]:
        background = self.background_colors[1]
        colors: dict[str, Color] = {"background": background}
        for name in NAMES:
            style = self.get_component_styles(f"heatmap--{name}")
            colors[name] = background.get_contrast_text(0.9) if style.auto_color else background + style.color
        return Tints(colors, drawing.kind_colors)

    def roles_differ(self, before: Heatmap, after: Heatmap) -> bool:
        return before.kind_colors != after.kind_colors
