"""A question for the path of a file."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label

from tui_trainer.errors import printable
from tui_trainer.ui.screens.dialog import Dialog


class AskPath(Dialog[str | None]):
    """Gives the path typed, or None."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, question: str, path: str) -> None:
        super().__init__()
        self._question, self._path = question, printable(path)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_subtitle = "enter: go on, esc: cancel"
            yield Label(self._question, markup=False)
            yield Input(self._path, select_on_focus=False)

    @on(Input.Submitted)
    def _finish(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
