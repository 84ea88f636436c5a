"""The widgets of the Runs tab that show rows of cells: the list, for the mouse too, and the table of differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.colors import series_css
from tui_trainer.plotting.frame import Board, Frame
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.runs.selection import SLOT_COLORS
from tui_trainer.tabs.runs.table import GUTTER, NAMES, Sheet, column_at, draw_sheet
from tui_trainer.ui.plot_widgets import FrameWidget

from .differing import Differing, draw_differences

Drawn = TypeVar("Drawn")
WHEEL = 3  # rows


class SheetPanel(FrameWidget[Drawn], Generic[Drawn]):
    """Writes what it is given on a board of its own size; only the cells that change are repainted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sheet--{name}" for name in NAMES}
    DEFAULT_CSS = f"""
    SheetPanel {{
        .sheet--text {{ color: $foreground; }}
        .sheet--dim {{ color: $foreground-muted; }}
        .sheet--head {{ color: $foreground-muted; text-style: bold; }}
        .sheet--sorted {{ color: $text-primary; text-style: bold; }}
        .sheet--cursor {{ color: $foreground; background: $primary-muted; text-style: bold; }}
        .sheet--good {{ color: $text-success; }}
        .sheet--bad {{ color: $text-error; }}
        .sheet--here {{ color: $text-primary; text-style: bold; }}
        {series_css("sheet--slot-", SLOT_COLORS, SLOT_COLORS)}
    }}
    """

    def __init__(self, drawing: Drawn, write: Callable[[Board, Drawn, Markers], None], classes: str) -> None:
        super().__init__(drawing, classes)
        self._write = write

    def draw(self, drawing: Drawn, width: int, height: int) -> Frame:
        board = Board(width, height)
        if board.characters.size:
            self._write(board, drawing, self.markers)
        return board.frame()

    def styles_of(self, drawing: Drawn) -> Mapping[int, Style]:
        return {role: self.style_named(f"sheet--{name}") for role, name in enumerate(NAMES)}


class RunsPanel(SheetPanel[Sheet]):
    """The list: a click goes to a run, one on its letter chooses it, one on a heading sorts; the wheel moves on."""

    @dataclass
    class Pointed(Message):
        """The run at ``place`` was clicked, in front of its name (to ``choose`` it) or behind."""

        place: int
        choose: bool

    @dataclass
    class Sorted(Message):
        """The heading of a field was clicked."""

        field: str

    @dataclass
    class Scrolled(Message):
        """The wheel was turned, by so many ``rows``."""

        rows: int

    def __init__(self) -> None:
        super().__init__(Sheet(), draw_sheet, "list")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        sheet = self._drawing
        if event.y == 0:
            column = column_at(self.size.width, sheet.column, event.x)
            if column is not None:
                self.post_message(self.Sorted(column.sort))
        elif sheet.first + event.y - 1 < sheet.total:
            self.post_message(self.Pointed(sheet.first + event.y - 1, event.x < GUTTER))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Scrolled(WHEEL))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Scrolled(-WHEEL))


class DifferencesPanel(SheetPanel[Differing]):
    """The table of what differs between the chosen runs."""

    def __init__(self) -> None:
        super().__init__(Differing(), draw_differences, "differences")
