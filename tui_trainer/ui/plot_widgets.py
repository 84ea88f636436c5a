"""What all widgets that draw a frame have in common: drawn once for each change, only what changed is repainted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final, Generic, TypeVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.plotting.colors import OF_AREAS, series_css
from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame, changes, one_cell
from tui_trainer.plotting.heatmaps import (
    BACKGROUND,
    CLASSES,
    DIVERGING_MARKS,
    FIRST_MARK,
    FIRST_SHADE,
    SEQUENTIAL,
    SHADES,
    TINTS,
    UNKNOWN_TINT,
    Form,
    layout,
    pixels,
    point_at,
    render_heatmap,
)
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import COLORS, MARK_COLORS, Array, Heatmap, Plot
from tui_trainer.settings import Markers

Drawing = TypeVar("Drawing")
NAMES = ("text", "axis", "low", "high", "sequence", *COLORS)
MANY_COLORS = ("truecolor", "256")
RIGHT = 3  # the button's number
STYLES: Final = ("text", "dim", "title", "positive", "negative", "picked", "good", "bad")
Span = tuple[str, str]  # text, and one of STYLES
Line = tuple[Span, ...]
DEPTH = 0.62  # how far the ends of a scale are from the background: marks have to stand out from them
MARK_CONTRAST = 0.5


class FrameWidget(Widget, Generic[Drawing]):
    """Shows what it is given, drawn at most once for each change and only while it is on the screen.

    A kind of widget says how its drawing becomes a frame, and which styles the frame's roles have. Drawings are
    told apart by identity.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "FrameWidget { width: 1fr; height: 1fr; }"

    markers: reactive[Markers] = reactive[Markers]("braille")

    def __init__(self, drawing: Drawing, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._drawing = drawing
        self._frame: Frame | None = None
        self._strips: list[Strip] | None = None
        self._drawn: tuple[Drawing, tuple[object, ...]] | None = None  # and all else that the frame depends on
        self._waiting = False
        self._styles: dict[str, Style] = {}

    def draw(self, drawing: Drawing, width: int, height: int) -> Frame:
        """``drawing`` as exactly ``height`` rows of ``width`` cells."""
        raise NotImplementedError

    def styles_of(self, drawing: Drawing) -> Mapping[int, Style]:
        """The style of each role in a frame of ``drawing``."""
        raise NotImplementedError

    def roles_differ(self, before: Drawing, after: Drawing) -> bool:
        """Whether a role means another style in ``after``: then all is painted anew."""
        return False

    @property
    def circumstances(self) -> tuple[object, ...]:
        """What a frame depends on besides the drawing."""
        return (*self.size, self.markers)

    def show(self, drawing: Drawing) -> None:
        """Show another drawing; of several in a row only the last is drawn."""
        self._drawing = drawing
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
        like_before = drawn is not None and drawn[1] == self.circumstances
        if before is None or drawn is None or not like_before or self.roles_differ(drawn[0], self._drawing):
            self.refresh()
        elif runs := changes(before, after):
            self.refresh(*(Region(column, row, columns, 1) for row, column, columns in runs))

    def notify_style_update(self) -> None:
        """Keep the characters but colour them anew: the theme may have changed."""
        self._strips = None
        self._styles.clear()
        super().notify_style_update()

    def style_named(self, name: str) -> Style:
        """The style of a component class, kept until the theme changes: Textual forgets it with each repaint."""
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(name)
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        """Row y of the frame; the first row asked for after a change draws them all.

        While a redraw is due, the frame before it stands: what has changed is worked out against that.
        """
        stands = self._waiting and self._drawn is not None and self._drawn[1] == self.circumstances
        frame = self._frame if stands and self._frame is not None else self._draw()
        if self._strips is None:
            self._strips = strips(frame, self.styles_of(self._drawing if self._drawn is None else self._drawn[0]))
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _draw(self) -> Frame:
        """The frame of the present drawing, drawn anew only where something differs."""
        drawn, now = self._drawn, self.circumstances
        if self._frame is None or drawn is None or drawn[0] is not self._drawing or drawn[1] != now:
            self._frame, self._drawn = self.draw(self._drawing, *self.size), (self._drawing, now)
            self._strips = None
        return self._frame


def strips(frame: Frame, styles: Mapping[int, Style]) -> list[Strip]:
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
        return render_plot(drawing, width, height, self.markers)

    def styles_of(self, drawing: Plot) -> Mapping[int, Style]:
        names = {TEXT: "text", AXIS: "axis"}
        names.update((role, one.color) for role, one in enumerate(drawing.series[: AXIS - 1], start=1))
        return {role: self.style_named(f"plot--{name}") for role, name in names.items()}

    def roles_differ(self, before: Plot, after: Plot) -> bool:
        return _colors(before) != _colors(after)


def _colors(plot: Plot) -> list[str]:
    return [series.color for series in plot.series]


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
        return point_at(self._drawing, column, 2 * row + 0.5, *self.grid)

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
        return render_heatmap(drawing, width, height, self.form)

    def styles_of(self, drawing: Heatmap) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), drawing.kind_colors)

    def roles_differ(self, before: Heatmap, after: Heatmap) -> bool:
        return before.kind_colors != after.kind_colors


class TextLines(FrameWidget[tuple[Line, ...]]):
    """Shows lines, each of spans of text in some style; what does not fit is cut off."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in STYLES}
    DEFAULT_CSS = """
    TextLines {
        .lines--text { color: $foreground; }
        .lines--dim { color: $foreground-muted; }
        .lines--title { color: $text-accent; text-style: bold; }
        .lines--positive { color: $text-primary; }
        .lines--negative { color: $text-warning; }
        .lines--picked { color: $text-accent; text-style: bold reverse; }
        .lines--good { color: $text-success; text-style: bold; }
        .lines--bad { color: $text-error; text-style: bold; }
    }
    """

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, lines: TextLines, number: int) -> None:
            super().__init__()
            self.lines, self.number = lines, number

        @property
        def control(self) -> TextLines:
            """The lines it is about."""
            return self.lines

    def __init__(self, classes: str | None = None) -> None:
        super().__init__((), classes)

    @property
    def text(self) -> str:
        """All that is to be shown, without its styles."""
        return "\n".join("".join(text for text, _ in line) for line in self._drawing)

    def draw(self, drawing: tuple[Line, ...], width: int, height: int) -> Frame:
        board = Board(width, height)
        for row, line in enumerate(drawing[:height]):
            column = 0
            for text, style in line:
                board.write(row, column, one_cell(text), STYLES.index(style))
                column += len(text)
        return board.frame()

    def styles_of(self, drawing: tuple[Line, ...]) -> Mapping[int, Style]:
        return {role: self.style_named(f"lines--{name}") for role, name in enumerate(STYLES)}

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self, event.y))


class Tints(dict[int, Style]):
    """The style of each code, made when it is first asked for."""

    def __init__(self, colors: Mapping[str, Color], classes: Sequence[str] = ()) -> None:
        """``colors`` are those of ``COLORS``, and background, text, axis, low, high and sequence.

        ``classes`` are the colours, by name, of the classes in their order.
        """
        super().__init__()
        self._colors, self._classes = colors, classes

    def __missing__(self, number: int) -> Style:
        behind, front = divmod(number, TINTS)
        style = self[number] = Style(color=self._front(front).rich_color, bgcolor=self._behind(behind).rich_color)
        return style

    def _front(self, tint: int) -> Color:
        return self._colors["text"] if tint == TEXT else self._behind(tint)

    def _behind(self, tint: int) -> Color:
        colors = self._colors
        if tint == BACKGROUND:
            return colors["background"]
        if tint == AXIS:
            return colors["axis"]
        if tint == UNKNOWN_TINT:
            return colors["background"].blend(colors["axis"], 0.5)
        if tint >= FIRST_SHADE:
            return self._shade(*divmod(tint - FIRST_SHADE, SHADES))
        return self._mark(colors[MARK_COLORS[tint - FIRST_MARK]])

    def _mark(self, color: Color) -> Color:
        if color.ansi is not None:  # one of the terminal's own, which can't be mixed
            return color
        return color.blend(self._colors["background"].get_contrast_text(1.0), MARK_CONTRAST)

    def _shade(self, scale: int, shade: int) -> Color:
        """From what is neutral, in the middle of a diverging scale and at the low end of any other, to the colour."""
        strength = shade / (SHADES - 1)
        if scale == SEQUENTIAL:
            end = "sequence"
        elif scale < CLASSES:
            end = self._classes[scale % len(self._classes)]
        else:
            end, strength = ("high" if strength > 0.5 else "low"), abs(2 * strength - 1)
        if scale == DIVERGING_MARKS:
            return self._mark(self._colors["axis"].blend(self._colors[end], strength))
        return self._colors["background"].blend(self._colors[end], DEPTH * strength)
