"""Which feature stands on which axis: two lists, where there are features to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label

from tui_trainer.ui.dropdown import Choice

LEAST = 3  # features, from which there is a choice


class Axes(Horizontal):
    """Shows the two features and lets others be picked; not there for fewer than three."""

    DEFAULT_CSS = """
    Axes {
        height: 1;
        display: none;
        &.-choice { display: block; }
        Label { width: auto; margin-right: 1; color: $text-muted; }
        Choice { width: 1fr; max-width: 26; margin-right: 2; }
    }
    """

    @dataclass
    class Picked(Message):
        """Other features were picked."""

        x: str
        y: str

    def compose(self) -> ComposeResult:
        yield Label("x")
        yield Choice(id="boundary-x")
        yield Label("y")
        yield Choice(id="boundary-y")

    def show(self, names: tuple[str, ...], x: str, y: str) -> None:
        """Offer ``names``, with ``x`` and ``y`` of them chosen."""
        self.set_class(len(names) >= LEAST, "-choice")
        if len(names) < LEAST:
            return
        for choice, value in zip(self.query(Choice), (x, y), strict=True):
            choice.offer((name, name) for name in names)
            choice.value = value

    @on(Choice.Changed)
    def _pick(self, event: Choice.Changed) -> None:
        event.stop()
        x, y = (str(choice.value) for choice in self.query(Choice))
        self.post_message(self.Picked(x, y))
