"""A dialog to open a data file, and the listing of a folder that it shows."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_trainer.errors import UserError, plain, printable, quoted
from tui_trainer.files import as_meant, confined, read_plain
from tui_trainer.formats import format_file_size
from tui_trainer.system.files import SEPARATORS, last_absolute
from tui_trainer.ui.dropdown import SafeOptionList
from tui_trainer.ui.fields import TextBox

from .dialog import Dialog, clickable

MAX_LISTED = 500
NAME_WIDTH = 58
SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".gz", ".bz2", ".xz", ".zip", ".parquet", ".xlsx")
MAX_OPENED = 300  # files of other names that are looked into, whether they are text
MAX_SCANNED = 20_000  # entries of a folder; others are ignored


class PickFile(Dialog[str | None]):
    """Returns a path, or None. Typed text filters the list, and selecting an entry completes the text."""

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

    def __init__(self, path: str, title: str = "Open your own data: CSV, TSV or other text, packed or not") -> None:
        super().__init__()
        self._title = title
        folder, self._initial_name = os.path.split(path)  # the file that was opened last, highlighted at first
        self._folder = folder if folder == "" or folder.endswith(SEPARATORS) else f"{folder}/"  # unescaped
        self._listing = Listing("\0")  # no folder yet
        self._matching: list[Entry] = []
        self._submitted = False  # Enter was pressed before the folder was listed

    def compose(self) -> ComposeResult:
        with Vertical(id="picker", classes="box") as box:
            box.border_title = self._title
            box.border_subtitle = clickable(
                ("enter: open", "open"), ("tab: complete", "complete"), ("esc: cancel", "dismiss")
            )
            yield TextBox(printable(self._folder), placeholder="path of a file", select_on_focus=False)
            options = FileList()
            options.can_focus = False  # the text input keeps the focus, and passes the arrow keys on to the list
            yield options
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.input.focus()
        self._read(self._folder)

    @work(exclusive=True, group="listing")
    async def _read(self, folder: str) -> None:
        listing = await asyncio.to_thread(list_folder, folder)
        if not self.query(OptionList):
            return  # the dialog was closed meanwhile
        self._listing = listing
        self._show()
        self._highlight_initial()
        if self._submitted:
            self._open_typed()

    def _show(self) -> None:
        """Show the entries that match the typed text."""
        self._matching = self._listing.matching(self._name_start)[:MAX_LISTED]
        self.list.set_options([EntryOption(entry) for entry in self._matching])
        self.list.highlighted = 0 if self._matching else None
        not_shown = len(self._listing.matching(self._name_start)) - len(self._matching)
        rest_hint = f"and {not_shown:,} more; type to narrow the list" if not_shown else ""
        empty_hint = "" if self._matching else self._why_empty()
        self.query_one(Static).update(self._listing.problem or rest_hint or empty_hint)

    def _why_empty(self) -> str:
        if self._listing.entries:
            return "No folder and no text file has this in its name."
        return "This folder is empty." if not self._listing.others else "There is no text file in this folder."

    def _highlight_initial(self) -> None:
        name, self._initial_name = self._initial_name, ""
        names = [entry.name for entry in self._matching]
        if name in names:
            self.list.highlighted = names.index(name)

    @property
    def _name_start(self) -> str:
        return split_path(self.input.value)[1]

    @on(Input.Changed)
    def _handle_changed(self, event: Input.Changed) -> None:
        event.stop()
        meant = last_absolute(as_meant(event.value))
        if meant != event.value and os.path.lexists(os.path.expanduser(meant)):  # pasted, or dropped on the terminal
            self.input.value = meant
            self.input.cursor_position = len(meant)
            return
        self._submitted = False
        folder = split_path(event.value)[0]
        if folder == printable(self._folder):
            self._show()
        else:
            self._folder = folder
            self._read(folder)

    @on(Input.Submitted)
    def action_open(self) -> None:
        """Open what was typed, or is highlighted; if its folder is still being listed, then."""
        self._submitted = self._listing.folder != self._folder
        if not self._submitted:
            self._open_typed()

    def _open_typed(self) -> None:
        """Open the file whose full name was typed, or the highlighted entry."""
        self._submitted = False
        if self._name_start in self._listing.others or not self._matching:
            if self._name_start:
                self.dismiss(os.path.join(self._folder, self._name_start))
        else:
            self._open(self._matching[self.list.highlighted or 0])

    @on(OptionList.OptionSelected)
    def _handle_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        assert isinstance(event.option, EntryOption)
        self._open(event.option.entry)  # the list may have changed since the click

    def _open(self, entry: Entry) -> None:
        path = os.path.join(self._folder, entry.name)
        if not entry.is_folder:
            self.dismiss(path)
            return
        self._folder = f"{path}/"
        self._set_text(self._folder)
        self._read(self._folder)

    def _set_text(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self.input.value = printable(text)
        self.input.cursor_position = len(self.input.value)

    def action_move(self, offset: int) -> None:
        """Move the highlight by ``offset`` entries."""
        if self._matching:
            index = (self.list.highlighted or 0) + offset
            self.list.highlighted = min(max(index, 0), len(self._matching) - 1)

    def action_complete(self) -> None:
        """Complete the text to the common start of all entries; a single folder is opened."""
        if len(self._matching) == 1 and self._matching[0].is_folder:
            self._open(self._matching[0])
        elif self._matching:
            start = common_start([entry.name for entry in self._matching])
            if len(start) > len(self._name_start):
                self._set_text(self._folder + start)
                self._show()


class FileList(SafeOptionList):
    """A list in which a click highlights, and a double click opens: the second one must not meet another folder."""

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        clicked = event.style.meta.get("option")
        event.prevent_default()
        if clicked is not None and clicked < self.option_count:
            self.highlighted = clicked
            if event.chain == 2:
                self.action_select()


class EntryOption(Option):
    """An entry as an option of the list."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(_option_text(entry))
        self.entry = entry


def _option_text(entry: Entry) -> Text:
    if entry.is_folder:
        return Text(f"{plain(entry.name)}/", "bold")
    return Text(f"{plain(entry.name):<{NAME_WIDTH}} {entry.size_text:>9}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder, or a data file with its size in bytes."""

    name: str
    is_folder: bool
    size: int = 0

    @property
    def size_text(self) -> str:
        """The size in a few characters; empty for a folder."""
        return "" if self.is_folder else format_file_size(self.size)


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder's entries, folders first, sorted by name; ``others`` are other files, ``problem`` is an error."""

    folder: str
    entries: tuple[Entry, ...] = ()
    others: frozenset[str] = frozenset()
    problem: str = ""

    def matching(self, start: str) -> list[Entry]:
        """Return the entries whose names start with ``start``, or else contain it, ignoring case."""
        lower_start = start.lower()
        names = [(entry.name.lower(), entry) for entry in self.entries]
        starting = [entry for name, entry in names if name.startswith(lower_start)]
        return starting or [entry for name, entry in names if lower_start in name]


def list_folder(folder: str) -> Listing:
    """List the folders and data files in ``folder``, without hidden ones; this may take a while."""
    try:
        path = confined(folder or ".")
        with os.scandir(path) as scan:
            dir_entries = [entry for entry in islice(scan, MAX_SCANNED) if not entry.name.startswith(".")]
        unknown = itertools.count()
        entries = [entry for entry in (_entry(one, unknown) for one in dir_entries) if entry is not None]
    except UserError as error:
        return Listing(folder, problem=error.reason)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        return Listing(folder, problem=f"{quoted(folder, 60)} can't be listed: {reason}")
    sorted_entries = sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower(), entry.name))
    names = {entry.name for entry in sorted_entries}
    return Listing(folder, tuple(sorted_entries), frozenset(entry.name for entry in dir_entries) - names)


def split_path(text: str) -> tuple[str, str]:
    """Split the typed text into a folder and the start of a name: ``data/bo`` is ``data/`` and ``bo``."""
    start = 1 + max(text.rfind(separator) for separator in SEPARATORS)
    return text[:start], text[start:]


def common_start(names: list[str]) -> str:
    """Return the longest common start of all names."""
    first, last = min(names), max(names)
    differences = (index for index, char in enumerate(first) if index >= len(last) or char != last[index])
    return first[: next(differences, len(first))]


def _entry(dir_entry: os.DirEntry[str], unknown: Iterator[int]) -> Entry | None:
    """Return a folder, or a file of data or text; None for other files, and for unreadable ones.

    ``unknown`` counts the files whose names do not tell.
    """
    try:
        if dir_entry.is_dir():
            return Entry(dir_entry.name, True)
        is_data = dir_entry.name.lower().endswith(SUFFIXES)
        if dir_entry.is_file() and (is_data or (next(unknown) < MAX_OPENED and _is_text(dir_entry.path))):
            return Entry(dir_entry.name, False, dir_entry.stat().st_size)
    except OSError:
        pass
    return None


def _is_text(path: str) -> bool:
    start = read_plain(path, 512)
    return bool(start) and b"\0" not in start
