"""What all widgets that draw a frame have in common: drawn once for each change, only what changed is repainted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.plotting.frame import Frame, changes
from tui_trainer.settings.schema import Markers

Drawing = TypeVar("Drawing")


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
