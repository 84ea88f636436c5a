"""The question which file of data to open."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.files import confined
from tui_trainer.formats import format_file_size
from tui_trainer.ui.dropdown import SafeOptionList
from tui_trainer.ui.text import plain

from .dialog import Dialog

MAX_SHOWN = 500
NAME_WIDTH = 58
SUFFIXES = (".csv", ".tsv", ".tab")
MAX_ENTRIES = 20_000  # entries of a folder that are looked at


class PickFile(Dialog[str | None]):
    """Gives a path, or None. What is typed narrows the list; the list fills in what is typed."""

    CSS_PATH = "pick_file.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("up", "move(-1)", priority=True),
        Binding("down", "move(1)", priority=True),
        Binding("pageup", "move(-10)", priority=True),
        Binding("pagedown", "move(10)", priority=True),
        Binding("tab", "complete", priority=True),
    ]
    input = getters.query_one(Input)
    list = getters.query_one(OptionList)

    def __init__(self, path: str) -> None:
        super().__init__()
        folder, self._wanted = os.path.split(path)  # the file from last time, which is highlighted at first
        self._folder = folder if folder == "" or folder.endswith("/") else f"{folder}/"  # as it is, shown or not
        self._listing = Listing("\0")  # of no folder yet
        self._matching: list[Entry] = []
        self._submitted = False  # before the list of the folder was there

    def compose(self) -> ComposeResult:
        with Vertical(id="picker") as box:
            box.border_title = "Open data of your own: a CSV or TSV file"
            box.border_subtitle = "enter: open, tab: complete, esc: cancel"
            yield Input(printable(self._folder), placeholder="path of a file", select_on_focus=False)
            options = SafeOptionList()
            options.can_focus = False  # the keys go to the text, and the arrows from there to the list
            yield options
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.input.focus()
        self._read(self._folder)

    @work(exclusive=True, group="listing")
    async def _read(self, folder: str) -> None:
        listing = await asyncio.to_thread(list_folder, folder)
        self._listing = listing
        self._show()
        self._highlight_wanted()
        if self._submitted:
            self._take_typed()

    def _show(self) -> None:
        """The entries that what is typed leaves."""
        self._matching = self._listing.matching(self._start)[:MAX_SHOWN]
        self.list.set_options([_line(entry) for entry in self._matching])
        self.list.highlighted = 0 if self._matching else None
        left = len(self._listing.matching(self._start)) - len(self._matching)
        told = f"and {left:,} more; type to narrow the list" if left else ""
        none = "" if self._matching else "No folder, and no CSV or TSV file that begins so."
        self.query_one(Static).update(self._listing.problem or told or none)

    def _highlight_wanted(self) -> None:
        wanted, self._wanted = self._wanted, ""
        names = [entry.name for entry in self._matching]
        if wanted in names:
            self.list.highlighted = names.index(wanted)

    @property
    def _start(self) -> str:
        return split_path(self.input.value)[1]

    @on(Input.Changed)
    def _follow(self, event: Input.Changed) -> None:
        event.stop()
        self._submitted = False
        folder = split_path(event.value)[0]
        if folder == printable(self._folder):
            self._show()
        else:
            self._folder = folder
            self._read(folder)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._submitted = self._listing.folder != self._folder
        if not self._submitted:
            self._take_typed()

    def _take_typed(self) -> None:
        """Take the file that was typed in full, or the chosen entry."""
        self._submitted = False
        if self._start in self._listing.others or not self._matching:
            if self._start:
                self.dismiss(os.path.join(self._folder, self._start))
        else:
            self._take(self._matching[self.list.highlighted or 0])

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._matching[event.option_index])

    def _take(self, entry: Entry) -> None:
        path = os.path.join(self._folder, entry.name)
        if not entry.is_folder:
            self.dismiss(path)
            return
        self._folder = f"{path}/"
        self._type(self._folder)
        self._read(self._folder)

    def _type(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self.input.value = printable(text)
        self.input.cursor_position = len(self.input.value)

    def action_move(self, offset: int) -> None:
        """The entry ``offset`` further down."""
        if self._matching:
            place = (self.list.highlighted or 0) + offset
            self.list.highlighted = min(max(place, 0), len(self._matching) - 1)

    def action_complete(self) -> None:
        """Type what all entries begin with; go into the folder, where there is one."""
        if len(self._matching) == 1 and self._matching[0].is_folder:
            self._take(self._matching[0])
        elif self._matching:
            start = common_start([entry.name for entry in self._matching])
            if len(start) > len(self._start):
                self._type(self._folder + start)
                self._show()


def _line(entry: Entry) -> Text:
    if entry.is_folder:
        return Text(f"{plain(entry.name)}/", "bold")
    return Text(f"{plain(entry.name):<{NAME_WIDTH}} {entry.told:>9}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder, or a file of data with its size in bytes."""

    name: str
    is_folder: bool
    size: int = 0

    @property
    def told(self) -> str:
        """The size in few characters; nothing for a folder."""
        return "" if self.is_folder else format_file_size(self.size)


@dataclass(frozen=True, slots=True)
class Listing:
    """Folders first, each by the alphabet; ``others`` are the names of other files, ``problem`` says what failed."""

    folder: str
    entries: tuple[Entry, ...] = ()
    others: frozenset[str] = frozenset()
    problem: str = ""

    def matching(self, start: str) -> list[Entry]:
        """The entries whose names begin with ``start``, or else hold it; capitals do not matter."""
        wanted = start.lower()
        names = [(entry.name.lower(), entry) for entry in self.entries]
        begin = [entry for name, entry in names if name.startswith(wanted)]
        return begin or [entry for name, entry in names if wanted in name]


def list_folder(folder: str) -> Listing:
    """The folders and files of data in ``folder``, without hidden ones; it may take a while."""
    try:
        found = confined(folder or ".")
        with os.scandir(found) as scan:
            seen = [entry for entry in islice(scan, MAX_ENTRIES) if not entry.name.startswith(".")]
        entries = [entry for entry in map(_entry, seen) if entry is not None]
    except UserError as error:
        return Listing(folder, problem=error.reason)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        return Listing(folder, problem=f"{quoted(folder, 60)} can't be listed: {reason}")
    shown = sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower(), entry.name))
    names = {entry.name for entry in shown}
    return Listing(folder, tuple(shown), frozenset(entry.name for entry in seen) - names)


def split_path(text: str) -> tuple[str, str]:
    """The folder in what was typed, and the beginning of a name in it: ``data/bo`` is ``data/`` and ``bo``."""
    folder, _, start = text.rpartition("/")
    return (f"{folder}/" if folder or text.startswith("/") else "", start)


def common_start(names: list[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    alike = (place for place, char in enumerate(first) if place >= len(last) or char != last[place])
    return first[: next(alike, len(first))]


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """A folder or a file of data; None for what is neither, and for what can't be looked at."""
    try:
        if found.is_dir():
            return Entry(found.name, True)
        if found.name.lower().endswith(SUFFIXES) and found.is_file():
            return Entry(found.name, False, found.stat().st_size)
    except OSError:
        pass
    return None
