"""Which feature stands on which axis: two lists, where there are features to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, Select

from ..plain_text import plain

LEAST = 3  # features, from which there is a choice


class Axes(Horizontal):
    """Shows the two features and lets others be picked; not there for fewer than three."""

    DEFAULT_CSS = """
    Axes {
        height: 1;
        display: none;
        &.-choice { display: block; }
        Label { width: auto; margin-right: 1; color: $text-muted; }
        Select { width: 26; margin-right: 2; }
    }
    """

    @dataclass
    class Picked(Message):
        """Other features were picked."""

        x: str
        y: str

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Label("x")
        yield Select[str]([], compact=True, id="boundary-x")
        yield Label("y")
        yield Select[str]([], compact=True, id="boundary-y")

    def show(self, names: tuple[str, ...], x: str, y: str) -> None:
        """Offer ``names``, with ``x`` and ``y`` of them chosen."""
        self.set_class(len(names) >= LEAST, "-choice")
        if len(names) < LEAST:
            return
        with self.prevent(Select.Changed):
            for select, value in zip(self.query(Select), (x, y), strict=True):
                if names != self._names:
                    select.set_options([(Text(plain(name)), name) for name in names])
                if select.value != value:
                    select.value = value
        self._names = names

    @on(Select.Changed)
    def _pick(self, event: Select.Changed) -> None:
        event.stop()
        x, y = (str(select.value) for select in self.query(Select))
        self.post_message(self.Picked(x, y))
