"""The base of all dialogs, the question for a path, and the command palette."""

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
    """A second answer, which comes before the screen has gone, would put away the one below; it is none."""

    @on(TextButton.Pressed)
    async def _run_action_of_button(self, event: TextButton.Pressed) -> None:
        event.stop()
        await self.run_action(event.press.action)

    def on_mouse_down(self) -> None:
        """A click beside an open list closes it."""
        if isinstance(self.focused, DropdownList):
            self.focused.action_close()

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()


class Dialog(ModalScreen[ScreenResultType], AskingScreen[ScreenResultType]):
    """One that lies over another screen, which stays in sight: Textual takes its styles from the first base alone."""


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


class Palette(CommandPalette, AskingScreen[None]):
    """Goes once, as a dialog does; keys for its list are of no effect where that has no room."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)
