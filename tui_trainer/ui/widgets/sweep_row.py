"""A field to vary, with its values, and what is wrong with them; and a number or word that goes with a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from tui_trainer.errors import printable
from tui_trainer.ui.dropdown import Choice, Option
from tui_trainer.ui.fields import Field

NONE: Option = ("another field", None)
HINT = "values, with commas between them"


class SweepRow(Vertical):
    """Another field is offered with values of its own, which ``suggest`` knows; what is typed after that stays."""

    DEFAULT_CSS = """
    SweepRow {
        height: auto;
        .line { height: 1; }
        Choice { width: 26; margin-right: 1; }
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        .wrong { display: none; height: auto; margin-left: 27; color: $text-error; }
        &.-empty Input { display: none; }
        &.-invalid .wrong { display: block; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """
    choice = getters.query_one(Choice)
    input = getters.query_one(Input)

    @dataclass
    class Chosen(Message):
        """The user chose another field, or none any more."""

        row: SweepRow

    def __init__(self, options: Iterable[Option], path: str | None, values: str, suggest: Callable[[str], str]) -> None:
        super().__init__(classes="" if path else "-empty")
        self._options, self._path, self._values, self._suggest = (NONE, *options), path, values, suggest

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            choice = Choice(self._options)
            choice.set_reactive(Choice.value, self._path)
            yield choice
            yield Input(self._values, placeholder=HINT, select_on_focus=False)
        yield Static(classes="wrong", markup=False)

    @property
    def path(self) -> str | None:
        """The field; None where none is chosen."""
        return self.choice.value

    @property
    def values(self) -> str:
        """The values as they are typed."""
        return self.input.value

    def complain(self, reason: str) -> None:
        """Say what is wrong with the values; nothing is where ``reason`` is empty."""
        self.set_class(bool(reason), "-invalid")
        self.query_one(".wrong", Static).update(printable(reason))

    @on(Choice.Changed)
    def _offer_values(self, event: Choice.Changed) -> None:
        event.stop()
        self.set_class(event.value is None, "-empty")
        with self.input.prevent(Input.Changed):
            self.input.value = printable(self._suggest(event.value)) if event.value else ""
        self.post_message(self.Chosen(self))


class SweepOption(Field):
    """A number that is typed; the form follows each of its characters."""

    LABEL_WIDTH = 11
    DEFAULT_CSS = """
    SweepOption {
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """
    input = getters.query_one(Input)

    def __init__(self, name: str, label: str, help_text: str, usual: str, value: str) -> None:
        super().__init__(Input(value, placeholder=usual, select_on_focus=False), name, label, help_text)

    def show(self, value: object) -> None:
        with self.prevent(Input.Changed):
            self.input.value = str(value)
