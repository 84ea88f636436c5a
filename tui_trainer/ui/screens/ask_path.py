"""A question for the path of a file."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label

from ..plain_text import clean
from .dialog import Dialog


class AskPath(Dialog[str | None]):
    """Gives the path typed, or None."""

    CSS_PATH = "ask_path.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, question: str, path: str) -> None:
        super().__init__()
        self._question, self._path = question, clean(path)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_subtitle = "enter: go on, esc: cancel"
            yield Label(self._question, markup=False)
            yield Input(self._path, select_on_focus=False)

    @on(Input.Submitted)
    def _finish(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
