"""The line at the bottom of a tab: it tells the keys, or takes what is typed, such as a filter or a weight."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Static

from tui_trainer.errors import printable


class Prompt(Vertical):
    """Shows hints; while something is typed, the question and the box, and over them what is wrong, and where.

    Leaving the box is leaving what it was for as it was.
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
        """The text is another one now."""

        purpose: str
        text: str

    @dataclass
    class Entered(Message):
        """Enter was pressed on ``text``."""

        purpose: str
        text: str

    def __init__(self) -> None:
        super().__init__()
        self.purpose = ""  # what is typed now: empty while nothing is
        self._question = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="wrong", markup=False)
        yield Static(classes="hints", markup=False)
        with Horizontal(classes="line"):
            yield Label("", markup=False)
            yield Input(compact=True, select_on_focus=True)

    def tell(self, hints: str) -> None:
        """Show which keys there are."""
        self.query_one(".hints", Static).update(hints)

    def ask(self, purpose: str, question: str, text: str) -> None:
        """Put the cursor behind ``question``, on ``text``."""
        self.purpose, self._question = purpose, printable(question)
        self.add_class("-open")
        self.query_one(Label).update(self._question)
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = text
        box.focus()

    def complain(self, reason: str, place: tuple[int, int] | None = None) -> None:
        """Say what is wrong with the text, under signs at its ``place``; nothing is wrong with an empty reason."""
        self.set_class(bool(reason), "-wrong")
        if not reason:
            return
        marks = ""
        if place is not None and self.has_class("-open"):
            start, end = place
            indent = min(len(self._question) + 1 + start, max(self.size.width - 2, 0))
            marks = " " * indent + "~" * max(1, min(end - start, self.size.width - indent)) + "\n"
        self.query_one(".wrong", Static).update(Text(f"{marks}{printable(reason)}"))

    def close(self) -> None:
        """Back to the hints; the keys work again."""
        if not self.purpose:
            return
        self.purpose = ""
        self.remove_class("-open")
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)

    @on(Input.Changed)
    def _tell_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Changed(self.purpose, event.value))

    @on(Input.Submitted)
    def _tell_entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Entered(self.purpose, event.value))

    @on(Input.Blurred)
    def _leave(self, event: Input.Blurred) -> None:
        event.stop()
        self.close()
