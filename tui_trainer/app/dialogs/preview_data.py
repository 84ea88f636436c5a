"""A screen that previews a data file before it is opened: its dialect, columns, and the resulting dataset."""

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
from textual.widgets import DataTable, Input, Static

from tui_trainer.datasets.file_preview import FilePreview, PreviewColumn
from tui_trainer.errors import UserError, plain, printable
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig, Experiment
from tui_trainer.experiment.validation import on_screen
from tui_trainer.ui.dropdown import Option
from tui_trainer.ui.fields import ChoiceField, FieldEdited, TextButton, TextField

from .dialog import AskingScreen

DETECTED: Option = ("as found", None)
DELIMITERS: tuple[Option, ...] = (
    DETECTED,
    ("commas", "comma"),
    ("semicolons", "semicolon"),
    ("tabs", "tab"),
    ("bars |", "pipe"),
    ("blanks", "space"),
)
DECIMALS: tuple[Option, ...] = (DETECTED, ("point", "point"), ("comma", "comma"))
ENCODINGS: tuple[Option, ...] = (
    DETECTED,
    *((name, name) for name in ("utf-8", "utf-16", "cp1252", "latin-1", "utf-16-le")),
)
HEADERS: tuple[Option, ...] = (DETECTED, ("has names", "true"), ("no names", "false"))
COMMENTS: tuple[Option, ...] = (
    DETECTED,
    ("none", "none"),
    *((mark, mark) for mark in ("#", "%", "//", ";", "|", "--")),
)
QUOTES: tuple[Option, ...] = (DETECTED, ('double "', "double"), ("single '", "single"), ("none", "none"))
TASKS: tuple[Option, ...] = (DETECTED, ("regression", "regression"), ("classes", "classification"))
MISSING: tuple[Option, ...] = (("drop the rows", "drop"), ("fill the gaps", "fill"))
KINDS = {"number": "number", "category": "category", "ignore": "left out"}
HEAD_ROWS = KIND, FOUND_KIND, EMPTY = "kind", "found", "empty"  # above the values
MIN_WIDTH, MAX_WIDTH = 10, 24  # cells of a column; every kind fits the smallest
CHOSEN_MARK = " *"  # after a kind that the user has chosen
KIND_ORDER: tuple[ColumnKind, ...] = ("number", "category", "ignore")
MAX_CLASSES = 5
OF_COLUMNS = ("header", "delimiter", "skip_rows", "comment", "quote")  # fields on which the columns depend
PREFIX = "dataset."  # of fields whose text is read as in an experiment


class _Field(ChoiceField):
    """A dropdown for a field of the configuration."""

    LABEL_WIDTH = 9


class _TextField(TextField):
    """A typed field of the configuration; enter takes the text and goes back to the table."""

    LABEL_WIDTH = 9

    def __init__(self, name: str, label: str, help_text: str) -> None:
        super().__init__(f"{PREFIX}{name}", label, help_text, empty=DETECTED[0])
        self.name_of_field = name

    @on(Input.Submitted)
    def _leave_for_table(self) -> None:
        self.call_later(self.screen.query_one(PreviewTable).focus)

    def explain_auto(self, text: str) -> None:
        """Show in the empty field what was found."""
        self.query_one(Input).placeholder = text


class PreviewTable(DataTable[Text]):
    """Shows a preview as a table, and passes its keys on to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press_key('accept')", "Use it", show=False),
        Binding("k,space", "press_key('kind')", "Kind", show=False),
        Binding("t", "press_key('target')", "Target", show=False),
        Binding("T", "press_key('also_target')", "Also a target", show=False),
    ]

    @dataclass
    class Pressed(Message):
        """A key of the table was pressed."""

        action: str

    def __init__(self) -> None:
        super().__init__(cursor_type="column", zebra_stripes=True)
        self._preview: FilePreview | None = None
        self._corrected: frozenset[str] = frozenset()

    @property
    def current_column(self) -> PreviewColumn | None:
        """The column under the cursor; None if there is none, or the file is unreadable."""
        columns = self._preview.columns if self._preview is not None and self._preview.rows else ()
        return columns[self.cursor_column] if 0 <= self.cursor_column < len(columns) else None

    def show(self, preview: FilePreview, corrected: Iterable[str]) -> None:
        """Show another preview; the user has ``corrected`` the kinds of some columns. The cursor stays if possible."""
        before, self._preview, self._corrected = self._preview, preview, frozenset(corrected)
        names = [column.name for column in preview.columns]
        if before is None or before.cells != preview.cells or [column.name for column in before.columns] != names:
            self._fill(preview)
        else:
            self._refresh_heads(before, preview)

    def _fill(self, preview: FilePreview) -> None:
        self.fixed_rows = 0  # must not exceed the rows of an empty table
        self.clear(columns=True)
        for index, column in enumerate(preview.columns):
            cells = (column.name, column.found, *(row[index] for row in preview.cells))
            width = min(max(MIN_WIDTH, *(cell_len(plain(cell)) for cell in cells)), MAX_WIDTH)
            self.add_column(_cell_text(column.name, "bold"), key=str(index), width=width)
        for label in HEAD_ROWS if preview.columns else ():
            self.add_row(*(self._head(label, column) for column in preview.columns), key=label, label=label)
        for number, row in enumerate(preview.cells, start=1):
            self.add_row(*map(_cell_text, row), label=Text(str(number), "dim"))

        self.fixed_rows = len(HEAD_ROWS) if preview.columns else 0

    def _refresh_heads(self, before: FilePreview, preview: FilePreview) -> None:
        for index, (old, new) in enumerate(zip(before.columns, preview.columns, strict=True)):
            if old != new or new.name in (*before.targets, *preview.targets):
                for label in HEAD_ROWS:
                    self.update_cell(label, str(index), self._head(label, new))

    def action_press_key(self, action: str) -> None:
        """Post that a key was pressed."""
        self.post_message(self.Pressed(action))

    @on(DataTable.ColumnSelected)
    def _handle_column_selected(self, event: DataTable.ColumnSelected) -> None:
        event.stop()

    def _head(self, label: str, column: PreviewColumn) -> Text:
        if self._preview is None or not self._preview.rows:  # the file is unreadable
            return Text()
        targets = self._preview.targets
        is_target = column.name in targets
        dim = " dim" if column.kind == "ignore" and not is_target else ""
        if label == KIND:
            mark = CHOSEN_MARK if column.name in self._corrected else ""
            number = f" {targets.index(column.name) + 1}" if is_target and len(targets) > 1 else ""
            return Text(f"target{number}" if is_target else f"{KINDS[column.kind]}{mark}", f"bold{dim}")
        if label == FOUND_KIND:
            return _cell_text(column.found, dim)
        return Text(f"{column.missing:,}" if column.missing else "", dim)


class PreviewData(AskingScreen[DatasetConfig | None]):
    """Returns the configuration for reading the file, or None.

    ``ask`` is called with each configuration to preview, and a number; the preview is passed to ``show``.
    """

    CSS_PATH = "preview_data.tcss"
    AUTO_FOCUS = "PreviewTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (70, "-narrow"), (110, "-wide")]  # noqa: RUF012 (Textual declares it so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]
    table = getters.query_one(PreviewTable)

    def __init__(self, config: DatasetConfig, ask: Callable[[DatasetConfig, int], None]) -> None:
        super().__init__()
        self._config, self._ask_for_preview = config, ask
        self._number = 0  # of the latest request
        self._preview: FilePreview | None = None  # the preview of the latest request
        self._accept_when_ready = False  # accept when the preview arrives

    def compose(self) -> ComposeResult:
        with Vertical(id="preview", classes="box") as box:
            box.border_title = Content(name_of(self._config.path or ""))  # a file's name must not be read as markup
            yield Static(classes="dialect", markup=False)
            with Container(classes="fields"):
                yield _Field("delimiter", "cells", DELIMITERS, "What separates the cells")
                yield _Field("decimal", "decimal", DECIMALS, "The decimal mark of numbers")
                yield _Field("encoding", "encoding", ENCODINGS, "How bytes encode characters")
                yield _Field("header", "header", HEADERS, "Whether the first row names the columns")
                yield _Field("target", "target", (DETECTED,), "The column to predict")
                yield _Field("task", "task", TASKS, "Predict a number or one of several classes")
                yield _Field("missing", "missing", MISSING, "What to do with empty cells")
                yield _TextField("missing_marks", "no value", "Words that mean no value, such as -999, commas between")
                yield _TextField("skip_rows", "skip", "How many lines above the table to skip")
                yield _Field("comment", "comments", COMMENTS, "How lines begin that are none of the table")
                yield _Field("quote", "quotes", QUOTES, "What stands around cells")
            yield Static("Reading the file ...", classes="status -waiting", markup=False)
            yield PreviewTable()
            with Horizontal(classes="buttons"):
                yield TextButton("enter  Use it", "accept")
                yield TextButton("k  Kind", "kind")
                yield TextButton("t  Target", "target")
                yield TextButton("T  Also", "also_target")
                yield TextButton("esc  Leave", "leave")
                yield Static("* your choice", markup=False)

    def on_mount(self) -> None:
        self._request_preview(self._config)

    def show(self, number: int, preview: FilePreview) -> None:
        """Show a preview, unless a newer one has been requested."""
        if number != self._number:
            return
        self._preview = preview
        self.query_one(".dialect", Static).update(printable(preview.sentence))
        self._show_status(describe_preview(preview), is_problem=bool(preview.problem))
        self._show_fields(preview)
        self.table.show(preview, self._config.kinds or ())
        if self._accept_when_ready:
            self._accept()

    def _show_fields(self, preview: FilePreview) -> None:
        labels = detected_labels(preview, self._config)
        names: list[Option] = [(column.name, column.name) for column in preview.columns]
        for field in self.query(ChoiceField):
            if field.path == "target":
                field.offer([DETECTED, *names])
            if field.path in labels:
                field.explain_auto(labels[field.path])
            value = getattr(self._config, field.path)
            field.show(str(value).lower() if isinstance(value, bool) else value)
        for text_field in self.query(_TextField):
            name = text_field.name_of_field
            text_field.explain_auto(labels[name])
            value = getattr(self._config, name)
            text_field.show(", ".join(value) if isinstance(value, tuple) else value)

    @on(FieldEdited)
    def _handle_edited(self, event: FieldEdited) -> None:
        event.stop()
        try:
            config = with_choice(self._config, event.path.removeprefix(PREFIX), event.value)
        except UserError as error:
            event.field.refuse()
            self._show_status(on_screen(error.field, error.reason), is_problem=True)
        else:
            self._request_preview(config)

    @on(PreviewTable.Pressed)
    async def _run_table_action(self, event: PreviewTable.Pressed) -> None:
        event.stop()
        await self.run_action(event.action)

    def _request_preview(self, config: DatasetConfig) -> None:
        """Request the preview of ``config``."""
        self._config, self._number, self._preview, self._accept_when_ready = config, self._number + 1, None, False
        self._ask_for_preview(config, self._number)

    def action_kind(self) -> None:
        """Switch the column under the cursor to the next kind."""
        column = self.table.current_column
        if column is not None:
            self._request_preview(with_next_kind(self._config, column))

    def action_target(self) -> None:
        """Predict the column under the cursor."""
        column = self.table.current_column
        if column is not None:
            self._request_preview(with_choice(self._config, "target", column.name))

    def action_also_target(self) -> None:
        """Predict the column under the cursor beside the other targets, or no more."""
        column, preview = self.table.current_column, self._preview
        if column is None or preview is None:
            return
        targets = self._config.targets or preview.targets
        others = tuple(name for name in targets if name != column.name)
        chosen = others if column.name in targets else (*targets, column.name)
        if chosen:
            self._request_preview(with_choice(self._config, "target", chosen))

    def action_accept(self) -> None:
        """Accept the file, as soon as its preview has arrived."""
        self._accept_when_ready = True
        if self._preview is not None:
            self._accept()

    def _accept(self) -> None:
        """Accept unless there is a problem; one in the first rows of a large file may not be one in the whole file."""
        preview, self._accept_when_ready = self._preview, False
        if preview is not None and (not preview.problem or preview.is_part):
            guess = preview.targets[0] if preview.targets else None  # which is kept
            self.dismiss(replace(self._config, target=self._config.target or guess))

    def action_leave(self) -> None:
        self.dismiss(None)


def _cell_text(text: str, style: str = "") -> Text:
    """Return a cell's text, shortened to the widest column; the table itself shortens it to narrower ones."""
    cell = Text(plain(text), style, no_wrap=True, overflow="ellipsis")
    cell.truncate(MAX_WIDTH, overflow="ellipsis")
    return cell


def with_next_kind(config: DatasetConfig, column: PreviewColumn) -> DatasetConfig:
    """Return ``config`` with the next kind for the column; a kind equal to the guessed one is not stored."""
    current_kind = (config.kinds or {}).get(column.name, column.guessed)
    kind = KIND_ORDER[(KIND_ORDER.index(current_kind) + 1) % len(KIND_ORDER)]
    kinds = {name: kind_of_name for name, kind_of_name in (config.kinds or {}).items() if name != column.name}
    if kind != column.guessed:
        kinds[column.name] = kind
    return replace(config, kinds=kinds or None)


def with_choice(config: DatasetConfig, name: str, value: object) -> DatasetConfig:
    """Return ``config`` with another value of a field; a new way to find the columns discards the choices of columns.

    Raises UserError for text that the field can't hold.
    """
    if name == "header" and value is not None:
        value = value == "true"
    if name == "missing_marks":
        text = str(value or "")
        marks = map(str.strip, text.split(";" if ";" in text else ","))
        value = tuple(dict.fromkeys(mark for mark in marks if mark))
    value = value or None if name == "skip_rows" else value
    changed = with_field(Experiment(dataset=config), f"{PREFIX}{name}", value).dataset
    return replace(changed, kinds=None, target=None, features=()) if name in OF_COLUMNS else changed


def name_of(path: str) -> str:
    """Return the name of a file, safe for the screen."""
    return plain(os.path.basename(path))


def describe_preview(preview: FilePreview) -> str:
    """Describe the resulting dataset: rows, features, target, and notes."""
    rows_text = f"The first {preview.rows:,} rows" if preview.is_part else f"{preview.rows:,} rows"
    if preview.problem:
        prefix = f"{rows_text}: " if preview.is_part else ""
        return prefix + preview.problem.removeprefix("dataset.path: ")  # the file's name is in the title
    columns = len(preview.columns) + preview.hidden_columns
    features_text = "1 feature" if preview.features == 1 else f"{preview.features:,} features"
    parts = [
        f"{rows_text}, {columns:,} columns; {features_text}. {plain(preview.target)}: {_task(preview)}.",
        *preview.notes,
    ]
    if preview.hidden_columns:
        parts.append(f"{preview.hidden_columns:,} more columns are not shown here.")
    return " ".join(parts)


def detected_labels(preview: FilePreview, config: DatasetConfig) -> dict[str, str]:
    """Return what was detected for the open fields, in parentheses, as elsewhere in the setup.

    A field with a chosen value hides what would be detected, and without a target there is no task.
    """
    delimiters = {
        "comma": "commas",
        "semicolon": "semicolons",
        "tab": "tabs",
        "pipe": "bars |",
        "space": "blanks",
        None: "one column",
    }
    detected = {
        "delimiter": delimiters[preview.delimiter],
        "decimal": preview.decimal,
        "encoding": preview.encoding.partition(" (")[0],
        "header": "has names" if preview.header else "no names",
        "target": preview.target if preview.rows else "",
        "comment": preview.comment or "none",
        "quote": preview.quote,
        "skip_rows": f"{preview.skipped}",
        "missing_marks": ", ".join(preview.marks) or "empty cells",
        "task": "" if preview.problem else "classes" if preview.classes else "regression",
    }
    shown_fields = {field: text for field, text in detected.items() if text and getattr(config, field) in (None, ())}
    return {
        field: f"({shown_fields[field]})" if field in shown_fields and preview.columns else "as found"
        for field in detected
    }


def _task(preview: FilePreview) -> str:
    if not preview.classes:
        return "a number, regression" if len(preview.targets) == 1 else f"{len(preview.targets)} numbers, regression"
    names = ", ".join(map(plain, preview.classes[:MAX_CLASSES]))
    return f"{len(preview.classes)} classes ({names}{', …' if len(preview.classes) > MAX_CLASSES else ''})"
