"""A file of one's own, looked at before it is taken: how it is read, what its columns are, what it comes to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from tui_trainer.datasets.preview import FilePreview, PreviewColumn
from tui_trainer.errors import printable
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig
from tui_trainer.ui.button import TextButton
from tui_trainer.ui.dropdown import Option
from tui_trainer.ui.fields import ChoiceField, FieldEdited
from tui_trainer.ui.text import plain

from .dialog import AskingScreen

AS_FOUND: Option = ("as found", None)
DELIMITERS: tuple[Option, ...] = (
    AS_FOUND,
    ("commas", "comma"),
    ("semicolons", "semicolon"),
    ("tabs", "tab"),
    ("bars |", "pipe"),
)
DECIMALS: tuple[Option, ...] = (AS_FOUND, ("point", "point"), ("comma", "comma"))
ENCODINGS: tuple[Option, ...] = (
    AS_FOUND,
    *((name, name) for name in ("utf-8", "utf-16", "cp1252", "latin-1", "utf-16-le")),
)
HEADERS: tuple[Option, ...] = (AS_FOUND, ("has names", "true"), ("no names", "false"))
TASKS: tuple[Option, ...] = (AS_FOUND, ("regression", "regression"), ("classes", "classification"))
MISSING: tuple[Option, ...] = (("drop the rows", "drop"), ("fill the gaps", "fill"))
KINDS = {"number": "number", "category": "category", "ignore": "left out"}
HEADS = KIND, FOUND_KIND, EMPTY = "kind", "found", "empty"  # the rows above the values
NARROWEST, WIDEST = 10, 24  # cells of a column; the narrowest holds every kind
YOURS = " *"  # beside a kind that the user has chosen
ORDER: tuple[ColumnKind, ...] = ("number", "category", "ignore")
CLASSES_TOLD = 5


class _Field(ChoiceField):
    """A choice of the configuration, by its name there."""

    LABEL_WIDTH = 9


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
        if label == FOUND_KIND:
            return _fitting(column.found, dim)
        return Text(f"{column.missing:,}" if column.missing else "", dim)


class PreviewData(AskingScreen[DatasetConfig | None]):
    """Gives the configuration that the file is to be read with, or None.

    ``ask`` is called with each configuration to look at, and a number; its preview comes back through ``show``.
    """

    CSS_PATH = "preview_data.tcss"
    AUTO_FOCUS = "PreviewTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (70, "-narrow"), (110, "-wide")]  # noqa: RUF012 (Textual declares it so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]
    table = getters.query_one(PreviewTable)

    def __init__(self, config: DatasetConfig, ask: Callable[[DatasetConfig, int], None]) -> None:
        super().__init__()
        self._config, self._ask = config, ask
        self._number = 0  # of the newest question
        self._seen: FilePreview | None = None  # the answer to it
        self._accepts = False  # as soon as there is an answer

    def compose(self) -> ComposeResult:
        with Vertical(id="preview") as box:
            box.border_title = Content(name_of(self._config.path or ""))  # no markup, whatever its name
            yield Static(classes="dialect", markup=False)
            with Container(classes="fields"):
                yield _Field("delimiter", "cells", DELIMITERS, "What stands between the cells")
                yield _Field("decimal", "decimal", DECIMALS, "The decimal mark of numbers")
                yield _Field("encoding", "encoding", ENCODINGS, "How bytes are characters")
                yield _Field("header", "header", HEADERS, "Whether the first row names the columns")
                yield _Field("target", "target", (AS_FOUND,), "The column to predict")
                yield _Field("task", "task", TASKS, "Predict a number, or one of several classes")
                yield _Field("missing", "missing", MISSING, "What is done with cells without a value")
            yield Static("Looking at the file ...", classes="told -waiting", markup=False)
            yield PreviewTable()
            with Horizontal(classes="buttons"):
                yield TextButton("enter  Use it", "accept")
                yield TextButton("k  Kind", "kind")
                yield TextButton("t  Target", "target")
                yield TextButton("esc  Leave", "leave")
                yield Static("* your choice", markup=False)

    def on_mount(self) -> None:
        self._question(self._config)

    def show(self, number: int, seen: FilePreview) -> None:
        """Show what the file comes to, if that is still the question."""
        if number != self._number:
            return
        self._seen = seen
        self.query_one(".dialect", Static).update(printable(seen.sentence))
        self._say(told(seen), "-problem" if seen.problem else "")
        self._show_fields(seen)
        self.table.show(seen, self._config.kinds or ())
        if self._accepts:
            self._accept()

    def _say(self, sentence: str, kind: str) -> None:
        line = self.query_one(".told", Static)
        line.set_class(kind == "-problem", "-problem")
        line.set_class(kind == "-waiting", "-waiting")
        line.update(printable(sentence))

    def _show_fields(self, seen: FilePreview) -> None:
        come_to = found(seen, self._config)
        names: list[Option] = [(column.name, column.name) for column in seen.columns]
        for field in self.query(ChoiceField):
            if field.path == "target":
                field.offer([AS_FOUND, *names])
            if field.path in come_to:
                field.explain_auto(come_to[field.path])
            value = getattr(self._config, field.path)
            field.show(str(value).lower() if isinstance(value, bool) else value)

    @on(FieldEdited)
    def _choose(self, event: FieldEdited) -> None:
        event.stop()
        self._question(with_choice(self._config, event.path, event.value))

    @on(PreviewTable.Pressed)
    async def _obey_table(self, event: PreviewTable.Pressed) -> None:
        event.stop()
        await self.run_action(event.action)

    def _question(self, config: DatasetConfig) -> None:
        """Ask what the file comes to with ``config``."""
        self._config, self._number, self._seen, self._accepts = config, self._number + 1, None, False
        self._ask(config, self._number)

    def action_kind(self) -> None:
        """The next kind for the column under the cursor."""
        column = self.table.chosen
        if column is not None:
            self._question(with_next_kind(self._config, column))

    def action_target(self) -> None:
        """Predict the column under the cursor."""
        column = self.table.chosen
        if column is not None:
            self._question(with_choice(self._config, "target", column.name))

    def action_accept(self) -> None:
        """Take the file, once it is known what it comes to."""
        self._accepts = True
        if self._seen is not None:
            self._accept()

    def _accept(self) -> None:
        """What is wrong in the first rows of a large file may be right in all of it."""
        seen, self._accepts = self._seen, False
        if seen is not None and (not seen.problem or seen.is_part):
            self.dismiss(self._config)

    def action_leave(self) -> None:
        self.dismiss(None)


def _fitting(text: str, style: str = "") -> Text:
    """A cell, cut where it is too long for any column; what is between is cut by the column."""
    shown = Text(plain(text), style, no_wrap=True, overflow="ellipsis")
    shown.truncate(WIDEST, overflow="ellipsis")
    return shown


def with_next_kind(config: DatasetConfig, column: PreviewColumn) -> DatasetConfig:
    """``config`` with the next kind for the column; the kind that is guessed anyway is not noted."""
    now = (config.kinds or {}).get(column.name, column.guessed)
    kind = ORDER[(ORDER.index(now) + 1) % len(ORDER)]
    kinds = {name: known for name, known in (config.kinds or {}).items() if name != column.name}
    if kind != column.guessed:
        kinds[column.name] = kind
    return replace(config, kinds=kinds or None)


def with_choice(config: DatasetConfig, name: str, value: object) -> DatasetConfig:
    """``config`` with another value of a field; another header or delimiter makes other columns of the file."""
    if name == "header" and value is not None:
        value = value == "true"
    changed = replace(config, **{name: value})
    return replace(changed, kinds=None, target=None, features=()) if name in ("header", "delimiter") else changed


def name_of(path: str) -> str:
    """The name of a file, fit for the screen."""
    return plain(os.path.basename(path))


def told(seen: FilePreview) -> str:
    """What the file comes to: rows, features, target, and what was done with it."""
    judged = f"The first {seen.rows:,} rows" if seen.is_part else f"{seen.rows:,} rows"
    if seen.problem:
        where = f"{judged}: " if seen.is_part else ""
        return where + seen.problem.removeprefix("dataset.path: ")  # which file it is, is plain
    columns = len(seen.columns) + seen.hidden_columns
    of_columns = "1 feature" if seen.features == 1 else f"{seen.features:,} features"
    parts = [f"{judged}, {columns:,} columns; {of_columns}. {plain(seen.target)}: {_task(seen)}.", *seen.notes]
    if seen.hidden_columns:
        parts.append(f"{seen.hidden_columns:,} more columns are not shown here.")
    return " ".join(parts)


def found(seen: FilePreview, config: DatasetConfig) -> dict[str, str]:
    """What the fields that are left open come to, in parentheses, as elsewhere in the setup.

    A field that is chosen hides what would have been found, and without a target there is no task.
    """
    delimiters = {"comma": "commas", "semicolon": "semicolons", "tab": "tabs", "pipe": "bars |", None: "one column"}
    come_to = {
        "delimiter": delimiters[seen.delimiter],
        "decimal": seen.decimal,
        "encoding": seen.encoding.partition(" (")[0],
        "header": "has names" if seen.header else "no names",
        "target": seen.target if seen.rows else "",
        "task": "" if seen.problem else "classes" if seen.classes else "regression",
    }
    known = {field: text for field, text in come_to.items() if text and getattr(config, field) is None}
    return {field: f"({known[field]})" if field in known and seen.columns else "as found" for field in come_to}


def _task(seen: FilePreview) -> str:
    if not seen.classes:
        return "a number, regression"
    names = ", ".join(map(plain, seen.classes[:CLASSES_TOLD]))
    return f"{len(seen.classes)} classes ({names}{', …' if len(seen.classes) > CLASSES_TOLD else ''})"
