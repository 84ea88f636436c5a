"""What helps to find things: all keys, from their table, and letters on all fields and controls to jump to them."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.ui.keymap import keymap

from .dialog import Dialog, clickable

COLUMNS = (
    ("Training", "Network", "Settings", "Landscape", "Predictions", "Runs"),
    ("Tabs", "View", "Live", "Loss", "Book", "Boundary", "Pen", "Network view", "App"),
)
KEY_WIDTH = 9
JUMP_CHARACTERS = f"{ascii_lowercase}{ascii_uppercase}{digits}"  # more than there are fields
TEXTUAL_KEYS = (
    ("ctrl+p", "All commands by name, and themes"),
    ("tab", "Next field; shift+tab: previous field"),
)
INTRODUCTION = (
    "Choose data, layers and training on the left; watch what happens on the right.\n"
    "An edit takes effect on enter, or when you leave the field. Changing the learning rate or the number of epochs "
    "keeps the weights; every other edit starts over from the first step."
)


class HelpScreen(Dialog[None]):
    """Shows all keys by group."""

    CSS_PATH = "help.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,f1", "dismiss", "Close")]

    def on_click(self, event: events.Click) -> None:
        """Close on a click beside the box."""
        if self.get_widget_at(*event.screen_offset)[0] is self:
            self.dismiss()

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=True, classes="box") as box:
            box.border_title = "Help"
            box.border_subtitle = clickable(("esc closes", "dismiss"))
            yield Static(INTRODUCTION, markup=False)
            with Container(classes="columns"):
                for groups in COLUMNS:
                    yield Static(keys_text(groups))


class JumpScreen(Dialog[Widget | None]):
    """Puts a character on each of ``targets``, and answers with the one whose character is pressed or clicked."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, targets: Sequence[Widget]) -> None:
        super().__init__()
        self._targets = dict(zip(JUMP_CHARACTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        for character, target in self._targets.items():
            letter = Static(character, classes="letter", markup=False)
            letter.styles.offset = target.region.offset
            yield letter

    def on_key(self, event: events.Key) -> None:
        """Answer with the target of a character; others are ignored."""
        if event.is_printable:
            event.stop()
            if event.character in self._targets:
                self.dismiss(self._targets[event.character])

    def on_click(self, event: events.Click) -> None:
        """Answer with the target of a clicked character; cancel on a click anywhere else."""
        clicked, _ = self.get_widget_at(*event.screen_offset)
        self.dismiss(self._targets.get(str(clicked.content)) if isinstance(clicked, Static) else None)


def keys_text(groups: Sequence[str]) -> Group:
    """Return the keys of some groups, each group under its title."""
    parts: list[Text | Table] = []
    for group in groups:
        rows = [(key.display, key.help) for key in keymap().listed if key.group == group]
        # The title is not a cell of the table: it may be wider than the keys
        parts += [Text(f"\n{group}", style="bold"), _table([*rows, *(TEXTUAL_KEYS if group == "App" else ())])]
    return Group(*parts)


def _table(rows: Sequence[tuple[str, str]]) -> Table:
    """Return a table of keys and what they do; long texts continue in their own column."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=KEY_WIDTH)
    table.add_column(ratio=1)
    for name, help_text in rows:
        table.add_row(Text(f"  {name}", style="bold"), Text(help_text))
    return table
