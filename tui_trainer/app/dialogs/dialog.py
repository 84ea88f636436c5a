"""The base classes of dialogs, what opens them one at a time, and a dialog that asks for a path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from textual.worker import Worker

from tui_trainer.errors import printable
from tui_trainer.ui.dropdown import DropdownList
from tui_trainer.ui.fields import TextBox, TextButton


class Dialogs:
    """Opens dialogs over a screen, at most one at a time.

    While one is open, or about to open, a request for another has no effect.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._conversation: Worker[None] | None = None
        self._has_asked = asyncio.Event()  # within the conversation
        self.is_closed = False  # whether none is opened any more, since the app is being left

    @property
    def is_free(self) -> bool:
        """Whether a dialog can be opened now."""
        is_talking = self._conversation is not None and not self._conversation.is_finished
        return not (is_talking or self.is_closed) and self._screen.is_active

    def open(
        self, dialog: Screen[ScreenResultType], on_closed: Callable[[ScreenResultType | None], Any] | None = None
    ) -> bool:
        """Open a dialog, and call ``on_closed`` with its answer; returns False where none can be opened now."""
        is_free = self.is_free
        if is_free:
            self._screen.app.push_screen(dialog, on_closed)
        return is_free

    def converse(self, work: Callable[[], Coroutine[None, None, None]]) -> bool:
        """Run ``work`` in the background, which may ``ask`` several dialogs one after another.

        Returns False, and does nothing, where no dialog can be opened now.
        """
        is_free = self.is_free
        if is_free:
            self._has_asked.clear()
            self._conversation = self._screen.run_worker(partial(self._talk, work), group="conversation")
        return is_free

    async def _talk(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        try:
            await work()
        finally:
            self._has_asked.set()

    async def opening(self) -> None:
        """Wait until a conversation that has begun opens its first dialog, or ends without one."""
        if self._conversation is not None:
            await self._has_asked.wait()

    async def ask(self, dialog: Screen[ScreenResultType | None]) -> ScreenResultType | None:
        """Open a dialog within a conversation; returns its answer, or None if it was left, as the app may be."""
        if self.is_closed:
            return None
        dialog.call_later(self._has_asked.set)  # handled once it is mounted, and has the focus
        return await self._screen.app.push_screen_wait(dialog)


class AskingScreen(Screen[ScreenResultType]):
    """A screen that closes itself alone, and once.

    It ignores an answer while another screen is above it, or after it has closed; Textual would close the top screen.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # as on the main screen

    @on(TextButton.Pressed)
    async def _run_button_action(self, event: TextButton.Pressed) -> None:
        event.stop()
        await self.run_action(event.button.action)

    def _show_status(self, sentence: str, is_problem: bool = False) -> None:
        """Show what the dialog has found out; until then, its status line says what it waits for."""
        line = self.query_one(".status", Static)
        line.set_class(is_problem, "-problem")
        line.remove_class("-waiting")
        line.update(printable(sentence))

    def on_mouse_down(self) -> None:
        """Close an open list on a click outside it."""
        if isinstance(self.focused, DropdownList):
            self.focused.action_close()

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(ModalScreen[ScreenResultType], AskingScreen[ScreenResultType]):
    """A modal screen with a framed box: the one below stays visible.

    Textual takes only the first base's styles, so order matters.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        .box {
            height: auto;
            max-width: 100%;
            max-height: 100%;
            padding: 0 1;
            border: round $border;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $foreground-muted;
            background: $surface;
        }
    }
    """


def clickable(*keys: tuple[str, str]) -> str:
    """Return what keys do, for a border: of each, a text and the action that a click on it runs."""
    return ", ".join(f"[@click=screen.{action}]{text}[/]" for text, action in keys)


class AskPath(Dialog[str | None]):
    """Asks for a path; returns None if cancelled."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, question: str, path: str) -> None:
        super().__init__()
        self._question, self._path = question, printable(path)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_subtitle = clickable(("enter: OK", "accept"), ("esc: cancel", "dismiss"))
            yield Label(self._question, markup=False)
            yield TextBox(self._path, select_on_focus=False)

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Answer with the path."""
        self.dismiss(self.query_one(Input).value.strip() or None)


class Confirm(Dialog[bool | None]):
    """Asks whether to go on; returns whether the user has agreed."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("enter", "answer(True)", "Yes"), ("escape", "answer(False)", "No")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label(self._question, markup=False)
            with Horizontal(classes="buttons"):
                yield TextButton("enter  Yes", "answer(True)")
                yield TextButton("esc  No", "answer(False)")

    def action_answer(self, agreed: bool) -> None:
        """Close with the answer."""
        self.dismiss(agreed)
