"""Lines of text in which only what changed is repainted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import Board, Frame, one_cell
from tui_trainer.ui.plot_widgets import FrameWidget

STYLES: Final = ("text", "dim", "title", "positive", "negative", "picked", "good", "bad")
Span = tuple[str, str]  # text, and one of STYLES
Line = tuple[Span, ...]


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
