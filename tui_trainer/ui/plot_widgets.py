"""Widgets that draw a frame: plots, heatmaps and lines of text.

A frame is drawn once for each change, and only the changed cells are repainted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.plotting.axes import Area
from tui_trainer.plotting.colors import series_css
from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame, changes, one_cell, partly, shorten, visible
from tui_trainer.plotting.heatmaps import (
    BACKGROUND,
    CLASSES,
    DIVERGING,
    DIVERGING_MARKS,
    FIRST_MARK,
    FIRST_SHADE,
    GREY,
    SEQUENTIAL,
    SHADES,
    TINTS,
    UNKNOWN_TINT,
    Form,
    difference,
    layout,
    pixels,
    point_at,
    render_heatmap,
)
from tui_trainer.plotting.lines import plot_cells, render_plot
from tui_trainer.plotting.pictures import draw_picture, picture_size
from tui_trainer.plotting.plot import COLORS, MARK_COLORS, Array, Heatmap, Levels, Plot
from tui_trainer.settings import Markers

from .pacing import PaintBudget, is_displayed

Drawing = TypeVar("Drawing")
NAMES = ("text", "axis", "low", "high", "sequence", *COLORS)
MANY_COLORS = ("truecolor", "256")
BOLD = Style(bold=True)
RIGHT_BUTTON = 3  # Textual's number
STYLES: Final = ("text", "dim", "title", "positive", "negative", "picked", "good", "bad")
Span = tuple[str, str]  # text, and one of STYLES
Line = tuple[Span, ...]
DEPTH = 0.7  # how far the ends of a colour scale are from the background; marks have to stand out from them
MARK_CONTRAST = 0.5


class FrameWidget(Widget, Generic[Drawing]):
    """Shows a drawing, drawn at most once for each change and only while it is on the screen.

    A subclass turns its drawing into a frame, and gives the styles of the frame's roles. Drawings are
    compared by identity.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "FrameWidget { width: 1fr; height: 1fr; }"

    usual_markers: Markers = "braille"  # where none are chosen
    markers: reactive[Markers] = reactive[Markers]("braille")

    def __init__(self, drawing: Drawing, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._drawing = drawing
        self._frame: Frame | None = None
        self._strips: dict[int, Strip] = {}  # by row, of the frame
        self._role_styles: Mapping[int, Style] | None = None  # of the frame
        self._drawn_from: tuple[Drawing, tuple[object, ...]] | None = None  # the drawing and the settings of the frame
        self._waiting = False
        self._goal: Frame | None = None  # the whole frame of the drawing; ``_frame`` is what is painted of it
        self._styles: dict[str, Style] = {}

    def draw(self, drawing: Drawing, width: int, height: int) -> Frame:
        """Draw ``drawing`` as exactly ``height`` rows of ``width`` cells."""
        raise NotImplementedError

    def styles_of(self, drawing: Drawing) -> Mapping[int, Style]:
        """Return the style of each role in a frame of ``drawing``."""
        raise NotImplementedError

    def roles_differ(self, before: Drawing, after: Drawing) -> bool:
        """Return whether a role has another style in ``after``; then everything is repainted."""
        return False

    @property
    def render_settings(self) -> tuple[object, ...]:
        """All that a frame depends on besides the drawing."""
        return (*self.size, self.markers)

    def worth(self, before: Frame, after: Frame) -> NDArray[np.float64]:
        """Return how much it matters that a cell (height, width) is painted anew, where not all can be."""
        return np.ones(after.roles.shape)

    @property
    def is_owed(self) -> bool:
        """Whether only a part of the drawing is painted."""
        return self._frame is not self._goal

    def row_text(self, row: int) -> str:
        """Return the text of a row as it is painted; empty where there is none."""
        return self._frame.rows[row] if self._frame is not None and 0 <= row < len(self._frame.rows) else ""

    def paint_rest(self) -> None:
        """Paint what a slow line had no room for."""
        if not self._waiting:
            self._waiting = True
            self.call_later(self._redraw)

    def show(self, drawing: Drawing) -> None:
        """Show another drawing; of several in a row only the last is drawn."""
        self._drawing = drawing
        if not self._waiting:
            self._waiting = True
            self.call_later(self._redraw)

    def _redraw(self) -> None:
        """Draw the frame, and repaint only the cells that have changed."""
        self._waiting = False
        if not (is_displayed(self) and self.is_on_screen):
            self._drop_frame()
            return
        before, drawn_from = self._frame, self._drawn_from
        after = self._draw()
        same_settings = drawn_from is not None and drawn_from[1] == self.render_settings
        if before is None or drawn_from is None or not same_settings or self.roles_differ(drawn_from[0], self._drawing):
            self._paint(after)
            self.refresh()
        elif after is not before:
            after, runs = self._affordable(before, after)
            self._frame = after
            for row in {row for row, *_ in runs}:
                self._strips.pop(row, None)
            if runs:
                self.refresh(*(Region(column, row, columns, 1) for row, column, columns in runs))

    def _affordable(self, before: Frame, after: Frame) -> tuple[Frame, list[tuple[int, int, int]]]:
        """Return ``after`` as far as its changes are seen and may be painted now, and where it differs."""
        budget: PaintBudget | None = getattr(self.screen, "paint_budget", None)
        if budget is None:
            return after, changes(before, after)
        worth = self.worth(before, after)
        seen = partly(before, after, worth, least=budget.least)
        runs = changes(before, seen)
        cells = sum(columns for *_, columns in runs)
        granted = budget.take(cells)
        if granted < cells:
            part = partly(before, seen, worth, granted)
            return part, changes(before, part, gap=0)
        budget.owed = budget.owed or (budget.limit is None and seen is not after)  # until it is still
        return seen, runs

    def _drop_frame(self) -> None:
        """Forget what is painted: Textual would show the old lines again when the widget is back on the screen."""
        if self._frame is not None:
            self._frame = self._goal = self._drawn_from = None
            self._strips.clear()
            self.refresh()

    def _paint(self, frame: Frame) -> None:
        """Show a frame that may differ everywhere, and in what its roles mean."""
        self._frame, self._role_styles = frame, None
        self._strips.clear()

    def notify_style_update(self) -> None:
        """Keep the characters but recolour them: the theme may have changed."""
        self._strips.clear()
        self._role_styles = None
        self._styles.clear()
        super().notify_style_update()

    def style_named(self, name: str) -> Style:
        """Return the style of a component class, cached until the theme changes; Textual drops it on every repaint."""
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(name)
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        """Return row y of what is painted; the first row requested in another size draws all of them."""
        drawing, settings = self._drawn_from or (None, ())
        # While a redraw is pending, the changes are computed against what is painted now.
        is_valid = settings == self.render_settings and (self._waiting or drawing is self._drawing)
        if self._frame is None or not is_valid:
            self._paint(self._draw())
        frame = self._frame
        if frame is None or y >= len(frame.rows):
            return Strip.blank(self.size.width)
        if self._role_styles is None:
            self._role_styles = self.styles_of(self._drawing if self._drawn_from is None else self._drawn_from[0])
        if y not in self._strips:
            self._strips[y] = strip(frame, y, self._role_styles)
        return self._strips[y]

    def _draw(self) -> Frame:
        """Return the frame of the current drawing, drawn only if something differs."""
        drawn_from, settings = self._drawn_from, self.render_settings
        if self._goal is None or drawn_from is None or drawn_from[0] is not self._drawing or drawn_from[1] != settings:
            self._goal, self._drawn_from = self.draw(self._drawing, *self.size), (self._drawing, settings)
        return self._goal


class TintedWidget(FrameWidget[Drawing]):
    """A frame widget that uses the theme's colours, and knows whether the terminal can show them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tint--{name}" for name in NAMES}
    DEFAULT_CSS = f"""
    TintedWidget {{
        .tint--text {{ color: $foreground; }}
        .tint--axis {{ color: $foreground-muted; }}
        .tint--low {{ color: $data-low; }}
        .tint--high {{ color: $data-high; }}
        .tint--sequence {{ color: $data-sequence; }}
        {series_css("tint--")}
    }}
    """

    @property
    def form(self) -> Form:
        """How levels are drawn: by colours if the terminal has enough of them."""
        if self.markers == "ascii" or self.app.no_color:
            return "ascii"
        has_few_colors = self.app.console.color_system not in MANY_COLORS or self.app.native_ansi_color
        return "shades" if has_few_colors else "pixels"

    @property
    def render_settings(self) -> tuple[object, ...]:
        return (*self.size, self.form)

    def worth(self, before: Frame, after: Frame) -> NDArray[np.float64]:
        """Return how much each cell matters; where its colours stay, its character is what has changed."""
        return np.where(before.roles == after.roles, 1.0, difference(before.roles, after.roles))

    def tint_colors(self) -> dict[str, Color]:
        """Return the current colours of the theme, by name."""
        background = self.background_colors[1]
        colors = {"background": background}
        for name in NAMES:
            style = self.get_component_styles(f"tint--{name}")
            colors[name] = background.get_contrast_text(0.9) if style.auto_color else background + style.color
        return colors


class PlotWidget(FrameWidget[Plot]):
    """Shows a plot."""

    @dataclass
    class Clicked(Message):
        """A cell of the plot or around it was clicked, ``twice`` in a row."""

        column: int
        row: int
        twice: bool

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
        """The plot to show, drawn or not yet."""
        return self._drawing

    def cells(self, x: Array, y: Array) -> tuple[Array, Array, Area] | None:
        """Return columns and rows of the cells of points x (n,), y (n,), and the canvas; None if nothing is drawn."""
        return plot_cells(self._drawing, x, y, *self.size, self.markers)

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(event.x, event.y, event.chain == 2))

    def draw(self, drawing: Plot, width: int, height: int) -> Frame:
        return render_plot(drawing, width, height, self.markers)

    def styles_of(self, drawing: Plot) -> Mapping[int, Style]:
        names = {TEXT: "text", AXIS: "axis"}
        series_shown = drawing.series[: AXIS - 1]
        names.update((role, series.color) for role, series in enumerate(series_shown, start=1))
        styles = {role: self.style_named(f"plot--{name}") for role, name in names.items()}
        return styles | {role: styles[role] + BOLD for role, series in enumerate(series_shown, start=1) if series.thick}

    def roles_differ(self, before: Plot, after: Plot) -> bool:
        return _colors(before) != _colors(after)


class HeatmapWidget(TintedWidget[Heatmap]):
    """Shows a heatmap."""

    @dataclass
    class Clicked(Message):
        """A cell of the canvas was clicked; ``second`` with the right button, or with Ctrl."""

        column: int
        row: int
        second: bool

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(Heatmap(), classes)

    @property
    def heatmap(self) -> Heatmap:
        """The heatmap to show, drawn or not yet."""
        return self._drawing

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of a grid with one value for each pixel of the canvas."""
        area, _ = layout(self._drawing, *self.size)
        return area.columns, 2 * area.rows

    def coordinates(self, column: int, row: int) -> tuple[float, float]:
        """Return x and y, on the axes, of the centre of a cell of the canvas."""
        return point_at(self._drawing, column, 2 * row + 0.5, *self.grid)

    def cells(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return columns and rows of the cells of points x (n,), y (n,), as fractions: whole numbers are centres."""
        columns, rows = pixels(self._drawing, x, y, *self.grid)
        return columns, (rows - 0.5) / 2

    def on_click(self, event: events.Click) -> None:
        """Post which cell was clicked, if it is part of the picture."""
        area, _ = layout(self._drawing, *self.size)
        column, row = event.x - area.left, event.y - area.top
        if self._drawing.levels.size and 0 <= column < area.columns and 0 <= row < area.rows:
            event.stop()
            self.post_message(self.Clicked(column, row, event.button == RIGHT_BUTTON or event.ctrl))

    def draw(self, drawing: Heatmap, width: int, height: int) -> Frame:
        return render_heatmap(drawing, width, height, self.form)

    def styles_of(self, drawing: Heatmap) -> Mapping[int, Style]:
        return Tints(self.tint_colors(), drawing.kind_colors)

    def roles_differ(self, before: Heatmap, after: Heatmap) -> bool:
        return before.kind_colors != after.kind_colors


@dataclass(frozen=True, slots=True, eq=False)
class PixelImage:
    """A picture of levels (rows, columns) in grey, or in two colours where it is ``signed``, below a ``title``."""

    levels: Levels = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    title: str = ""
    signed: bool = False


class PictureWidget(TintedWidget[PixelImage]):
    """Shows a picture of pixels, as large as fits, in the middle."""

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(PixelImage(), classes)

    def draw(self, drawing: PixelImage, width: int, height: int) -> Frame:
        board, above = Board(width, height, np.int32), int(bool(drawing.title))
        rows, columns = drawing.levels.shape
        across, down = picture_size(rows, columns, width, height - above) if drawing.levels.size else (0, 0)
        if not across:
            return board.frame()
        scale = DIVERGING if drawing.signed else GREY
        characters, codes = draw_picture(drawing.levels, scale, width, height - above, self.form)
        left, top = (width - across) // 2, above + (height - above - down) // 2
        board.characters[top : top + down, left : left + across] = characters
        board.roles[top : top + down, left : left + across] = codes
        board.write(0, 0, shorten(one_cell(drawing.title), width), AXIS)
        return board.frame()

    def styles_of(self, drawing: PixelImage) -> Mapping[int, Style]:
        return Tints(self.tint_colors())


class TextLines(FrameWidget[tuple[Line, ...]]):
    """Shows lines of styled spans of text; what does not fit is cut off."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in STYLES}
    DEFAULT_CSS = """
    TextLines {
        .lines--text { color: $foreground; }
        .lines--dim { color: $foreground-muted; }
        .lines--title { color: $foreground; text-style: bold; }
        .lines--positive { color: $data-class0; }
        .lines--negative { color: $data-class1; }
        .lines--picked { color: $text-accent; text-style: bold reverse; }
        .lines--good { color: $text-success; text-style: bold; }
        .lines--bad { color: $text-error; text-style: bold; }
    }
    """

    class Clicked(Message):
        """Line ``number`` was clicked, at a ``column``."""

        def __init__(self, lines: TextLines, number: int, column: int) -> None:
            super().__init__()
            self.lines, self.number, self.column = lines, number, column

        @property
        def control(self) -> TextLines:
            """The widget itself, for ``on`` with a selector."""
            return self.lines

    def __init__(self, classes: str | None = None) -> None:
        super().__init__((), classes)

    @property
    def text(self) -> str:
        """All text to show, without styles."""
        return "\n".join("".join(text for text, _ in line) for line in self._drawing)

    def draw(self, drawing: tuple[Line, ...], width: int, height: int) -> Frame:
        board = Board(width, height)
        for row, line in enumerate(drawing[:height]):
            column = 0
            for text, style in line:
                cells = one_cell(text)
                board.write(row, column, cells, STYLES.index(style))
                column += len(cells)
        return board.frame()

    def styles_of(self, drawing: tuple[Line, ...]) -> Mapping[int, Style]:
        return {role: self.style_named(f"lines--{name}") for role, name in enumerate(STYLES)}

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self, event.y, event.x))


class Tints(dict[int, Style]):
    """The style of each code, made when it is first used."""

    def __init__(self, colors: Mapping[str, Color], classes: Sequence[str] = ()) -> None:
        """``colors`` are those of ``COLORS``, and background, text, axis, low, high and sequence.

        ``classes`` are the colours, by name, of the classes in their order.
        """
        super().__init__()
        self._colors, self._classes = colors, classes

    def __missing__(self, number: int) -> Style:
        behind, front = divmod(number, TINTS)
        style = self[number] = Style(
            color=self._foreground(front).rich_color, bgcolor=self._background(behind).rich_color
        )
        return style

    def _foreground(self, tint: int) -> Color:
        return self._colors["text"] if tint == TEXT else self._background(tint)

    def _background(self, tint: int) -> Color:
        colors = self._colors
        if tint == BACKGROUND:
            return colors["background"]
        if tint == AXIS:
            return colors["axis"]
        if tint == UNKNOWN_TINT:
            return colors["background"].blend(colors["axis"], 0.5)
        if tint >= FIRST_SHADE:
            return self._shade_color(*divmod(tint - FIRST_SHADE, SHADES))
        return self._mark_color(colors[MARK_COLORS[tint - FIRST_MARK]])

    def _mark_color(self, color: Color) -> Color:
        if color.ansi is not None:  # one of the terminal's own colours, which cannot be mixed
            return color
        return color.blend(self._colors["background"].get_contrast_text(1.0), MARK_CONTRAST)

    def _shade_color(self, scale: int, shade: int) -> Color:
        """Mix the colour of a shade, from neutral to full.

        Neutral is the middle of a diverging scale, and the low end of any other.
        """
        strength = shade / (SHADES - 1)
        if scale == SEQUENTIAL:
            end = "sequence"
        elif scale == GREY:
            return self._colors["background"].blend(self._colors["text"], strength)
        elif scale < CLASSES:
            end = self._classes[scale % len(self._classes)]
        else:
            end, strength = ("high" if strength > 0.5 else "low"), abs(2 * strength - 1)
        if scale == DIVERGING_MARKS:
            return self._mark_color(self._colors["axis"].blend(self._colors[end], strength))
        return self._colors["background"].blend(self._colors[end], DEPTH * strength)


def strip(frame: Frame, row: int, styles: Mapping[int, Style]) -> Strip:
    """Return a row of a frame, in as few segments as its colours allow."""
    text, roles = frame.rows[row], frame.roles[row]
    edges = [0, *(np.flatnonzero(roles[1:] != roles[:-1]) + 1).tolist(), len(text)]
    segments = [
        Segment(visible(text[start:end]), styles[int(roles[start])]) for start, end in pairwise(edges) if end > start
    ]
    return Strip(segments, len(text))


def _colors(plot: Plot) -> list[tuple[str, bool]]:
    return [(series.color, series.thick) for series in plot.series]
