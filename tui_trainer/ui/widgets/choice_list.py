"""The list of a choice, there only while it is open."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from .options import Options

FORGETS = 1.0  # seconds after which a letter starts another search


class ChoiceList(Options):
    """The open list. Letters go to the option that starts so; it closes when something else gets the focus.

    A press of the mouse that reaches the screen was beside the list: the screen then calls ``action_close``.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ChoiceList {
        overlay: screen;
        constrain: inside inflect;
        offset: 0 1;
        margin: 1 0;
        width: auto;
        min-width: 100%;
        max-width: 60;
        height: auto;
        max-height: 12;
        padding: 0;
        border: none;
        background: $surface-lighten-2;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option { padding: 0 1 0 0; }
    }
    """

    class Left(Message):
        """Something else has the focus now."""

    def __init__(self, texts: Iterable[str], highlighted: int | None, owner: Widget) -> None:
        super().__init__(*(Text(text) for text in texts))
        self.highlighted = highlighted
        self._owner = owner  # has the focus before and after
        self._typed, self._typed_at = "", 0.0

    def on_key(self, event: events.Key) -> None:
        """Search for what is typed; a letter that leads nowhere starts another search, past the present option."""
        if event.key == "escape":
            event.stop()  # a binding would act only when the key has been all the way up to the app
            event.prevent_default()
            self.action_close()
        if event.character is None or not event.is_printable:
            self._typed = ""
            return
        event.stop()
        event.prevent_default()
        if event.time - self._typed_at > FORGETS:
            self._typed = ""
        self._typed_at = event.time
        found = self._find(self._typed + event.character, past=not self._typed)
        if found is None:
            self._typed = ""
            found = self._find(event.character, past=True)
        if found is not None:
            self._typed += event.character
            self.highlighted = found

    def _find(self, typed: str, past: bool) -> int | None:
        """The next option that starts with ``typed``, or else holds it, from the present one or past it; all round."""
        texts = [str(option.prompt).lower() for option in self.options]
        first = (self.highlighted or 0) + past
        order = [*range(first, len(texts)), *range(min(first, len(texts)))]
        starts = [index for index in order if texts[index].startswith(typed.lower())]
        return next(iter(starts or [index for index in order if typed.lower() in texts[index]]), None)

    def action_select(self) -> None:
        super().action_select()
        self.action_close()

    def action_close(self) -> None:
        """Give the focus back, at once: the next key is no letter to search for."""
        if not self.is_attached:  # closed already, and the screen has not heard of it
            return
        self.screen.set_focus(self._owner, scroll_visible=False)

    def on_blur(self) -> None:
        self.post_message(self.Left())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()  # what is done to the list is not done to the choice

    def on_click(self, event: events.Click) -> None:
        event.stop()
