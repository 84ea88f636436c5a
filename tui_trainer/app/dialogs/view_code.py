"""The Python for the open view, to be read and copied."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from .dialog import Dialog, clickable


class ViewCode(Dialog[bool | None]):
    """Shows a program; returns whether it is to be copied, None to leave it."""

    CSS_PATH = "view_code.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("c", "copy", "Copy"), ("escape,K,q", "dismiss", "Close")]

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=True, classes="box") as box:
            box.border_title = "In Python"
            box.border_subtitle = clickable(("c copies", "copy"), ("esc closes", "dismiss"))
            yield Static(self._code, markup=False)

    def action_copy(self) -> None:
        """Answer that the program is to be copied."""
        self.dismiss(True)
