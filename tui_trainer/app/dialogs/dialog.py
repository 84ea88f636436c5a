"""The base classes of dialogs, a dialog that asks for a path, and the command palette."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.command import CommandList, CommandPalette
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Input, Label

from tui_trainer.errors import printable
from tui_trainer.ui.button import TextButton
from tui_trainer.ui.dropdown import DropdownList


class AskingScreen(Screen[ScreenResultType]):
    """A screen that ignores a second answer while it is closing; Textual would close the screen below as well."""

    @on(TextButton.Pressed)
    async def _run_button_action(self, event: TextButton.Pressed) -> None:
        event.stop()
        await self.run_action(event.button.action)

    def on_mouse_down(self) -> None:
        """Close an open list on a click outside it."""
        if isinstance(self.focused, DropdownList):
            self.focused.action_close()

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()


class Dialog(ModalScreen[ScreenResultType], AskingScreen[ScreenResultType]):
    """A modal screen: the one below stays visible. Textual takes only the first base's styles, so order matters."""


class AskPath(Dialog[str | None]):
    """Asks for a path; returns None if cancelled."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, question: str, path: str) -> None:
        super().__init__()
        self._question, self._path = question, printable(path)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_subtitle = "enter: OK, esc: cancel"
            yield Label(self._question, markup=False)
            yield Input(self._path, select_on_focus=False)

    @on(Input.Submitted)
    def _finish(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class Palette(CommandPalette, AskingScreen[None]):
    """A command palette that closes only once, and ignores keys of its list while that has no room."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)
