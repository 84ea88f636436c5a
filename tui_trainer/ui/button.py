"""A button of one line, lighter than Textual's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget


class TextButton(Widget, can_focus=True):
    """A button that posts ``Pressed`` on a click or on Enter; ``key`` is the key that does the same, shown before it.

    Textual's button has sixty style rules, which would delay the first frame.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"text-button--key"}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", "Press", show=False)]
    DEFAULT_CSS = """
    TextButton {
        width: auto;
        height: 1;
        padding: 0 2;
        color: $button-foreground;
        background: $surface-lighten-2;
        pointer: pointer;
        &:focus { background: $primary-muted; text-style: bold; }
        &:hover { background: $surface-lighten-3; }
        .text-button--key { color: $text-accent; text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The button was pressed."""

        button: TextButton

    def __init__(self, label: str, action: str, key: str = "") -> None:
        super().__init__()
        self._label, self.action, self._key = label, action, key

    def render(self) -> Text:
        if not self._key:
            return Text(self._label)
        style = self.get_component_rich_style("text-button--key", partial=True)
        return Text.assemble((self._key, style), f" {self._label}", no_wrap=True, overflow="ellipsis")

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        """Post ``Pressed``."""
        self.post_message(self.Pressed(self))
