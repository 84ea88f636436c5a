"""The line at the bottom: it tells the keys, or takes the value of a weight."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label, Static


class TypingLine(Horizontal):
    """Shows hints; while something is typed, the question and the box. Leaving the box is leaving it as it was."""

    DEFAULT_CSS = """
    TypingLine {
        height: 1;
        .hints { width: 1fr; color: $text-muted; }
        Label, Input { display: none; }
        Label { width: auto; max-width: 75%; margin-right: 1; color: $text-accent; }
        Input { width: 1fr; max-width: 24; background: $surface-lighten-1; padding: 0; }
        Input:focus { background: $primary-muted; }
        &.-open .hints { display: none; }
        &.-open Label, &.-open Input { display: block; }
    }
    """

    @dataclass
    class Typed(Message):
        """Enter was pressed on ``text``."""

        text: str

    def compose(self) -> ComposeResult:
        yield Static(classes="hints", markup=False)
        yield Label("", markup=False)
        yield Input(compact=True, select_on_focus=True)

    def tell(self, hints: str) -> None:
        """Show which keys there are."""
        self.query_one(".hints", Static).update(hints)

    def ask(self, question: str, text: str) -> None:
        """Put the cursor behind ``question``, on ``text``."""
        self.add_class("-open")
        self.query_one(Label).update(question)
        box = self.query_one(Input)
        box.value = text
        box.focus()

    def close(self) -> None:
        """Back to the hints; the keys work again."""
        if not self.has_class("-open"):
            return
        self.remove_class("-open")
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)

    @on(Input.Submitted)
    def _tell_typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    @on(Input.Blurred)
    def _leave(self, event: Input.Blurred) -> None:
        event.stop()
        self.close()
