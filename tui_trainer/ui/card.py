"""Framed parts of the screen, with their titles in the frames, and a column of them."""

from __future__ import annotations

from typing import Self

from textual import events
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.layout import ArrangeResult
from textual.layouts.factory import LAYOUT_MAP
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

EDGES = 6  # cells of the frame beside a title


class FillingLayout(VerticalLayout):
    """Stacks widgets, and lets the last one reach down to the end of what they are in, if there is room left."""

    name = "filling"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        placements = list(super().arrange(parent, children, size, greedy))
        if placements:
            *_, last = placements
            rest = size.height - last.region.bottom - last.margin.bottom
            placements[-1] = last._replace(region=last.region.grow((0, 0, max(rest, 0), 0)))
        return placements


LAYOUT_MAP[FillingLayout.name] = FillingLayout  # for "layout: filling" in styles


class Card(Vertical):
    """Shows a title at the left of its frame, a count at the right, and a legend below."""

    DEFAULT_CSS = """
    Card {
        padding: 0 1;
        border: round $surface-lighten-3;
        border-title-color: $foreground;
        border-subtitle-color: $foreground-muted;
        &:focus-within { border: round $accent; }
        &:nocolor:focus-within { border: double $foreground; }
    }
    """
    count = ""
    _title = _legend = _written = Content("")
    _changed: tuple[int, int] | None = None  # row and length of what is written into the frame now

    def entitle(self, title: Content | str, count: str = "", legend: Content | str = "") -> None:
        """Show another title, count and legend; what is the same is not painted again."""
        self._title = Content.styled(title, "bold") if isinstance(title, str) else title
        self._legend = Content(legend) if isinstance(legend, str) else legend
        self.count = count
        self._write()

    def on_resize(self, event: events.Resize) -> None:
        self._write()

    def _write(self) -> None:
        """Write into the frame what there is room for: a count without room is the legend, if there is none."""
        title, legend, count = self._title, self._legend, self.count
        room = self.outer_size.width - title.cell_length - len(count) - EDGES
        if count and room <= 0:
            legend = legend if legend.plain else Content(count)
        elif count:
            rule = f" {'─' * (room - 2)} " if room > 2 else " " * room
            title = Content.assemble(title, (rule, "$surface-lighten-3"), (count, "$foreground-muted"))
        if title.markup != self._written.markup:
            before, self._written = self._written, title
            self._changed = (0, max(before.cell_length, title.cell_length))
            self.border_title = title
        if str(self.border_subtitle) != str(legend):
            self._changed = (-1, 0)
            self.border_subtitle = legend
        self._changed = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint; for another title only that, not all that is in the frame."""
        if self._changed is not None:
            row, length = self._changed
            width, height = self.outer_size
            line = Region(0, row % max(height, 1), min(length + EDGES, width) if length else width, 1)
            regions = (line.translate(-self.content_offset),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
