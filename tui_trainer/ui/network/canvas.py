"""The widget that shows the picture of a network in the colours of the theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import Frame
from tui_trainer.tabs.network.drawing import Scene, draw
from tui_trainer.ui.plot_widgets import FrameWidget

from ..plotting.contrast import readable
from .roles import EDGE, LEVELS, NAMES, NEURON, SHADES

BLENDS = (22, 45, 72, 100)  # per cent of its colour that a link of each level has


def _colors() -> str:
    """The colours: links and neurons fade into the background as they get weaker."""
    lines = []
    for sign, color in (("positive", "primary"), ("negative", "warning")):
        for level, blend in zip(range(1, LEVELS + 1), BLENDS, strict=True):
            lines.append(f".network--{sign}-{level} {{ color: $text-{color} {blend}%; }}")
        for shade in range(1, SHADES + 1):
            part = 12 + 88 * shade // SHADES
            lines.append(f".network--neuron-{sign}-{shade} {{ background: ${color} {part}%; color: auto; }}")
            lines.append(f".network--edge-{sign}-{shade} {{ color: ${color} {part}%; }}")
    return "\n".join(lines)


class NetworkCanvas(FrameWidget[Scene | None]):
    """Shows the scene it is given, and tells where it was clicked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"network--{name}" for name in NAMES.values()}
    DEFAULT_CSS = f"""
    NetworkCanvas {{
        .network--text {{ color: $foreground; }}
        .network--dim {{ color: $foreground-muted; }}
        .network--title {{ color: $text-accent; text-style: bold; }}
        .network--chosen {{ color: $text-accent; text-style: bold; }}
        .network--answer {{ color: $text-success; text-style: bold; }}
        .network--picked {{ color: $foreground; text-style: bold; }}
        .network--neuron-0 {{ background: $foreground 10%; color: $foreground-muted; }}
        .network--edge-0 {{ color: $foreground 10%; }}
        &:ansi .network--neuron-0 {{ background: $surface; }}
        {_colors()}
    }}
    """

    @dataclass
    class Clicked(Message):
        """A cell was clicked, ``x`` columns and ``y`` rows from the corner."""

        x: int
        y: int

    class Resized(Message):
        """The picture has to fit another size."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def scene(self) -> Scene | None:
        """What is to be shown, drawn or not yet."""
        return self._drawing

    @property
    def lines(self) -> str:
        """What tells the sign of a link: its ``color``, ``dashed`` lines, or the characters of ``ascii``."""
        return "ascii" if self.markers == "ascii" else "dashed" if self.app.no_color else "color"

    def draw(self, drawing: Scene | None, width: int, height: int) -> Frame:
        return draw(drawing, width, height, self.markers, dashed=self.lines == "dashed")

    def styles_of(self, drawing: Scene | None) -> Mapping[int, Style]:
        styles = {role: self.style_named(f"network--{name}") for role, name in NAMES.items()}
        return {role: readable(style) if NEURON < role < EDGE else style for role, style in styles.items()}

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(event.x, event.y))
