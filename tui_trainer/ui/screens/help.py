"""The help screen, made from the key table."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..keys import KEYS

INTRODUCTION = (
    "Choose data, layers and training on the left; watch what happens on the right.\n"
    "Enter or leaving a field makes an edit count. Changing the learning rate or the number of epochs "
    "keeps the weights, every other edit starts again from the first step."
)


class HelpScreen(ModalScreen[None]):
    """All keys, by group."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,f1", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=True) as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(help_text())


def help_text() -> Text:
    """The keys as two columns under group titles."""
    text = Text(INTRODUCTION + "\n")
    for group, keys in groupby(KEYS, key=lambda key: key.group):
        text.append(f"\n{group}\n", style="bold")
        for key in keys:
            text.append(f"  {key.display:<8}", style="bold")
            text.append(f"{key.help}\n")
    text.append(
        "\n  ctrl+p  All commands by name, and themes\n  tab     Next field; shift+tab: the one before"
    )
    return text
