"""What widgets that draw in tints have in common: the theme's colours, or characters where colours are few."""

from __future__ import annotations

from typing import ClassVar

from textual.color import Color

from tui_trainer.plotting.colors import OF_AREAS, series_css
from tui_trainer.plotting.plot import COLORS
from tui_trainer.ui.plot_widgets import Drawing, FrameWidget
from tui_trainer.ui.plotting.pixels import Form

NAMES = ("text", "axis", "low", "high", "sequence", *COLORS)
MANY_COLORS = ("truecolor", "256")


class TintedWidget(FrameWidget[Drawing]):
    """Knows the colours of the theme, and whether they can be told apart."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tint--{name}" for name in NAMES}
    DEFAULT_CSS = f"""
    TintedWidget {{
        .tint--text {{ color: $foreground; }}
        .tint--axis {{ color: $foreground-muted; }}
        .tint--low {{ color: $warning; }}
        .tint--high {{ color: $primary; }}
        .tint--sequence {{ color: $accent; }}
        {series_css("tint--", colors=OF_AREAS)}
    }}
    """

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

    def tint_colors(self) -> dict[str, Color]:
        """The colours of the theme as they are now, by name."""
        background = self.background_colors[1]
        colors = {"background": background}
        for name in NAMES:
            style = self.get_component_styles(f"tint--{name}")
            colors[name] = background.get_contrast_text(0.9) if style.auto_color else background + style.color
        return colors
