"""The first rows of a file under what each column is taken for; the cursor is on a column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tui_trainer.datasets.preview import FilePreview, PreviewColumn
from tui_trainer.ui.text import plain

KINDS = {"number": "number", "category": "category", "ignore": "left out"}
HEADS = KIND, FOUND, EMPTY = "kind", "found", "empty"  # the rows above the values
NARROWEST, WIDEST = 10, 24  # cells of a column; the narrowest holds every kind
YOURS = " *"  # beside a kind that the user has chosen


class PreviewTable(DataTable[Text]):
    """Shows a preview. Its keys are told to the screen, with the name of the column under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press_key('accept')", "Use it", show=False),
        Binding("k,space", "press_key('kind')", "Kind", show=False),
        Binding("t", "press_key('target')", "Target", show=False),
    ]

    @dataclass
    class Pressed(Message):
        """A key of the table was pressed."""

        action: str

    def __init__(self) -> None:
        super().__init__(cursor_type="column", zebra_stripes=True)
        self._seen: FilePreview | None = None
        self._corrected: frozenset[str] = frozenset()

    @property
    def chosen(self) -> PreviewColumn | None:
        """The column under the cursor; None while there is none, or the file can't be read."""
        columns = self._seen.columns if self._seen is not None and self._seen.rows else ()
        return columns[self.cursor_column] if 0 <= self.cursor_column < len(columns) else None

    def show(self, seen: FilePreview, corrected: Iterable[str]) -> None:
        """Show another preview, in which the user has ``corrected`` some columns; the cursor stays if it can."""
        before, self._seen, self._corrected = self._seen, seen, frozenset(corrected)
        names = [column.name for column in seen.columns]
        if before is None or before.cells != seen.cells or [column.name for column in before.columns] != names:
            self._fill(seen)
        else:
            self._refresh_heads(before, seen)

    def _fill(self, seen: FilePreview) -> None:
        self.fixed_rows = 0  # an empty table has none
        self.clear(columns=True)
        for place, column in enumerate(seen.columns):
            cells = (column.name, column.found, *(row[place] for row in seen.cells))
            width = min(max(NARROWEST, *(cell_len(plain(cell)) for cell in cells)), WIDEST)
            self.add_column(_fitting(column.name, "bold"), key=str(place), width=width)
        for label in HEADS if seen.columns else ():
            self.add_row(*(self._head(label, column) for column in seen.columns), key=label, label=label)
        for number, row in enumerate(seen.cells, start=1):
            self.add_row(*map(_fitting, row), label=Text(str(number), "dim"))

        self.fixed_rows = len(HEADS) if seen.columns else 0

    def _refresh_heads(self, before: FilePreview, seen: FilePreview) -> None:
        for place, (old, new) in enumerate(zip(before.columns, seen.columns, strict=True)):
            if old != new or new.name in (before.target, seen.target):
                for label in HEADS:
                    self.update_cell(label, str(place), self._head(label, new))

    def action_press_key(self, action: str) -> None:
        """Tell of a key."""
        self.post_message(self.Pressed(action))

    @on(DataTable.ColumnSelected)
    def _keep_to_itself(self, event: DataTable.ColumnSelected) -> None:
        event.stop()

    def _head(self, label: str, column: PreviewColumn) -> Text:
        if self._seen is None or not self._seen.rows:  # it could not be read
            return Text()
        is_target = column.name == self._seen.target
        dim = " dim" if column.kind == "ignore" and not is_target else ""
        if label == KIND:
            yours = YOURS if column.name in self._corrected else ""
            return Text("target" if is_target else f"{KINDS[column.kind]}{yours}", f"bold{dim}")
        if label == FOUND:
            return _fitting(column.found, dim)
        return Text(f"{column.missing:,}" if column.missing else "", dim)


def _fitting(text: str, style: str = "") -> Text:
    """A cell, cut where it is too long for any column; what is between is cut by the column."""
    shown = Text(plain(text), style, no_wrap=True, overflow="ellipsis")
    shown.truncate(WIDEST, overflow="ellipsis")
    return shown
