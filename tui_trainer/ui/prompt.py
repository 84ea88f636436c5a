"""The line at the bottom of a tab: it shows the keys, or an input for a filter, a weight or the like."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Static

from tui_trainer.errors import printable

from .fields import TextBox


class Prompt(Vertical):
    """Shows hints; while the user types, the question and the input, and above them what is wrong, and where.

    Leaving the input cancels the edit.
    """

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        .hints { height: 1; color: $text-muted; }
        .wrong { display: none; height: auto; max-height: 3; color: $text-error; }
        .line { display: none; height: 1; }
        Label { width: auto; max-width: 60%; margin-right: 1; color: $text-accent; }
        Input { width: 1fr; background: $surface-lighten-1; padding: 0; }
        Input:focus { background: $primary-muted; }
        &.-open .hints { display: none; }
        &.-open .line { display: block; }
        &.-wrong .wrong { display: block; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text has changed."""

        purpose: str
        text: str

    @dataclass
    class Entered(Message):
        """Enter was pressed on ``text``."""

        purpose: str
        text: str

    def __init__(self) -> None:
        super().__init__()
        self.purpose = ""  # what the input is for; empty while it is closed
        self._question = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="wrong", markup=False)
        yield Static(classes="hints", markup=False)
        with Horizontal(classes="line"):
            yield Label("", markup=False)
            yield TextBox(compact=True, select_on_focus=True)

    def show_hints(self, hints: str) -> None:
        """Show the available keys."""
        self.query_one(".hints", Static).update(hints)

    def ask(self, purpose: str, question: str, text: str) -> None:
        """Open the input with ``text``, after ``question``."""
        self.purpose, self._question = purpose, printable(question)
        self.add_class("-open")
        self.query_one(Label).update(self._question)
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = text
        box.focus()

    def show_problem(self, reason: str, span: tuple[int, int] | None = None) -> None:
        """Show what is wrong with the text, with marks under ``span``; an empty reason removes the message."""
        self.set_class(bool(reason), "-wrong")
        if not reason:
            return
        marks = ""
        if span is not None and self.has_class("-open"):
            start, end = span
            indent = min(len(self._question) + 1 + start, max(self.size.width - 2, 0))
            marks = " " * indent + "~" * max(1, min(end - start, self.size.width - indent)) + "\n"
        self.query_one(".wrong", Static).update(Text(f"{marks}{printable(reason)}"))

    def close(self) -> None:
        """Go back to the hints; the keys work again."""
        if not self.purpose:
            return
        self.purpose = ""
        self.remove_class("-open")
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)

    @on(Input.Changed)
    def _handle_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Changed(self.purpose, event.value))

    @on(Input.Submitted)
    def _handle_entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Entered(self.purpose, event.value))

    @on(Input.Blurred)
    def _handle_blurred(self, event: Input.Blurred) -> None:
        event.stop()
        self.close()
