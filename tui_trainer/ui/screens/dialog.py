"""What screens that are asked for an answer have in common: they give one."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType


class AskingScreen(Screen[ScreenResultType]):
    """A second answer, which comes before the screen has gone, would put away the one below; it is none."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()


class Dialog(ModalScreen[ScreenResultType], AskingScreen[ScreenResultType]):
    """One that lies over another screen, which stays in sight: Textual takes its styles from the first base alone."""
