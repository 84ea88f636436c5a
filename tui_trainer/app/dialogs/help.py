"""What helps to find things: all keys, from their table, and letters on all fields and controls to jump to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.ui.keymap import key_of, keymap

from .dialog import Dialog, clickable

COLUMNS = (
    ("Training", "Network", "Settings", "Data", "Landscape", "Predictions", "Drawing", "Summary", "Runs"),
    ("Tabs", "View", "Time", "Live", "Loss", "Book", "Boundary", "Pen", "Network view", "Microscope", "App"),
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
FOLLOWING = (
    "This terminal follows a session: it shows what is trained and looked at there, and changes nothing.\n"
    "A key of another tab lets you look around; {key} goes along with the session again."
)


class HelpScreen(Dialog[None]):
    """Shows all keys by group; where the app is only ``following`` a session, those that work there."""

    CSS_PATH = "help.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,f1", "dismiss", "Close")]

    def __init__(self, following: bool = False) -> None:
        super().__init__()
        self._following = following

    def on_click(self, event: events.Click) -> None:
        """Close on a click beside the box."""
        if self.get_widget_at(*event.screen_offset)[0] is self:
            self.dismiss()

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=True, classes="box") as box:
            box.border_title = "Help"
            box.border_subtitle = clickable(("esc closes", "dismiss"))
            introduction = FOLLOWING.format(key=key_of("resume")) if self._following else INTRODUCTION
            yield Static(introduction, markup=False)
            with Container(classes="columns"):
                for groups in COLUMNS:
                    yield KeyColumn(groups, self._following)


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


class KeyColumn(Static):
    """The keys of some groups, each group under its title; those for who is ``following`` alone, if so."""

    DEFAULT_CSS = "KeyColumn { height: auto; }"

    def __init__(self, groups: Sequence[str], following: bool) -> None:
        super().__init__()
        self._groups, self._following = groups, following
        self._lines: list[Content] = []
        self._width = 0  # of the lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines; a rich table would take four times as long. Each layout asks several times."""
        if width != self._width:
            self._lines, self._width = list(key_lines(self._groups, width, self._following)), width
        return len(self._lines)

    def render(self) -> Content:
        return Content("\n").join(self._lines)


def key_lines(groups: Sequence[str], width: int, following: bool = False) -> Iterator[Content]:
    """Yield the keys of some groups in lines of ``width`` cells; long texts continue in their own column.

    For who is ``following`` a session, those that work there.
    """
    for group in groups:
        keys = [key for key in keymap().listed if key.group == group and (key.when_following or not following)]
        rows = [(key.display, key.help) for key in keys]
        if not rows:
            continue
        yield Content("")
        yield Content.styled(group, "bold")
        for name, help_text in (*rows, *(TEXTUAL_KEYS if group == "App" else ())):
            key = f"  {name}".ljust(KEY_WIDTH)
            texts = wrap(help_text, max(width - KEY_WIDTH - 1, 1))
            beside = texts.pop(0) if len(key) == KEY_WIDTH else ""  # a longer key has the line for itself
            yield Content.assemble((key, "bold"), f" {beside}")
            yield from (Content(f"{'':{KEY_WIDTH + 1}}{text}") for text in texts)
