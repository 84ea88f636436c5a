"""The widget that shows a plot in the colours of the theme."""

from itertools import pairwise
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.ui.plotting.canvas import render
from tui_trainer.ui.plotting.frame import AXIS, TEXT, Frame, changes
from tui_trainer.ui.plotting.plot import COLORS, Markers, Plot


class PlotWidget(Widget):
    """Shows the plot it is given, drawn at most once for each change and only while it is on the screen."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--text",
        "plot--axis",
        *(f"plot--{color}" for color in COLORS),
    }
    DEFAULT_CSS = """
    PlotWidget {
        width: 1fr;
        height: 1fr;
        .plot--text { color: $foreground; }
        .plot--axis { color: $foreground-muted; }
        .plot--train { color: $text-primary; }
        .plot--validation { color: $text-warning; }
        .plot--batch { color: $foreground-disabled; }
        .plot--accent { color: $text-accent; }
        .plot--class0 { color: $text-primary; }
        .plot--class1 { color: $text-warning; }
        .plot--class2 { color: $text-success; }
        .plot--class3 { color: $text-error; }
        .plot--class4 { color: $foreground; }
        .plot--class5 { color: $text-secondary; }
        .plot--class6 { color: $warning-darken-2; }
        .plot--class7 { color: $foreground-muted; }
        .plot--class8 { color: $success-darken-2; }
        .plot--class9 { color: $error-darken-2; }
    }
    """

    plot: reactive[Plot] = reactive(Plot, repaint=False)
    markers: reactive[Markers] = reactive[Markers]("braille")

    _frame: Frame | None = None
    _strips: list[Strip] | None = None
    _drawn: tuple[Plot, int, int, Markers] | None = None

    _waiting = False

    def show(self, plot: Plot) -> None:
        """Show another plot; of several in a row only the last is drawn."""
        self.plot = plot

    def watch_plot(self) -> None:
        if not self._waiting:
            self._waiting = True
            self.call_later(self._redraw)

    def _redraw(self) -> None:
        """Draw, and send the terminal just the cells that have changed."""
        self._waiting = False
        displayed = all(node.display for node in self.ancestors_with_self if isinstance(node, Widget))
        if not (displayed and self.is_on_screen):
            return
        before, drawn = self._frame, self._drawn
        after = self._draw()
        like_before = drawn is not None and drawn[1:] == (*self.size, self.markers)
        if before is None or drawn is None or not like_before or _colors(drawn[0]) != _colors(self.plot):
            self.refresh()
        elif runs := changes(before, after):
            self.refresh(*(Region(column, row, columns, 1) for row, column, columns in runs))

    def notify_style_update(self) -> None:
        """Keep the characters but colour them anew: the theme may have changed."""
        self._strips = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Row y of the plot; the first row asked for after a change draws them all.

        While a redraw is due, the frame before it stands: what has changed is worked out against that.
        """
        stands = self._waiting and self._drawn is not None and self._drawn[1:] == (*self.size, self.markers)
        frame = self._frame if stands and self._frame is not None else self._draw()
        if self._strips is None:
            self._strips = strips(frame, self._styles_of_roles())
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _draw(self) -> Frame:
        """The frame of the present plot, drawn anew only where something differs."""
        wanted = (self.plot, *self.size, self.markers)
        if self._frame is None or wanted != self._drawn:
            self._frame, self._drawn, self._strips = render(*wanted), wanted, None
        return self._frame

    def _styles_of_roles(self) -> dict[int, Style]:
        """The style of each role in the frame that is drawn, which may not be that of the newest plot yet."""
        plot = self.plot if self._drawn is None else self._drawn[0]
        names = {TEXT: "text", AXIS: "axis"}
        names.update((role, one.color) for role, one in enumerate(plot.series[: AXIS - 1], start=1))
        return {role: self.get_component_rich_style(f"plot--{name}") for role, name in names.items()}


def _colors(plot: Plot) -> list[str]:
    return [series.color for series in plot.series]


def strips(frame: Frame, styles: dict[int, Style]) -> list[Strip]:
    """One strip for each row of a frame, in as few segments as its colours allow."""
    result = []
    turns = frame.roles[:, 1:] != frame.roles[:, :-1]
    for text, roles, turn in zip(frame.rows, frame.roles, turns, strict=True):
        edges = [0, *(np.flatnonzero(turn) + 1).tolist(), len(text)]
        segments = [
            Segment(text[start:end], styles[int(roles[start])]) for start, end in pairwise(edges) if end > start
        ]
        result.append(Strip(segments, len(text)))
    return result
