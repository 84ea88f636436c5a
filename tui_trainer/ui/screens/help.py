"""The help screen, made from the key table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..keys import KEYS

COLUMNS = (
    ("Training", "Network", "Settings", "Landscape", "Predictions", "Runs"),
    ("Tabs", "View", "Loss", "Book", "Boundary", "Pen", "Network view", "App"),
)
INTRODUCTION = (
    "Choose data, layers and training on the left; watch what happens on the right.\n"
    "Enter or leaving a field makes an edit count. Changing the learning rate or the number of epochs "
    "keeps the weights, every other edit starts again from the first step."
)


class HelpScreen(ModalScreen[None]):
    """All keys, by group."""

    CSS_PATH = "help.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,f1", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=True) as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(INTRODUCTION, markup=False)
            with Container(classes="columns"):
                for groups in COLUMNS:
                    yield Static(keys_text(groups))


def keys_text(groups: Sequence[str]) -> Text:
    """The keys of some groups, each group under its title."""
    text = Text()
    for group, keys in groupby(KEYS, key=lambda key: key.group):
        if group in groups:
            text.append(f"\n{group}\n", style="bold")
            for key in keys:
                text.append(f"  {key.display:<8}", style="bold")
                text.append(f"{key.help}\n")
    if "App" in groups:
        text.append("  ctrl+p  All commands by name, and themes\n  tab     Next field; shift+tab: the one before")
    return text
