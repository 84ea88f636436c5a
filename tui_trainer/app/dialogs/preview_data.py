"""A file of one's own, looked at before it is taken: how it is read, what its columns are, what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui_trainer.datasets.preview import FilePreview
from tui_trainer.errors import printable
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.ui.button import Press
from tui_trainer.ui.dropdown import Option
from tui_trainer.ui.fields import ChoiceField
from tui_trainer.ui.messages import FieldEdited
from tui_trainer.ui.own_data import found, name_of, told, with_choice, with_next_kind
from tui_trainer.ui.screens.dialog import AskingScreen
from tui_trainer.ui.widgets.choice_list import ChoiceList
from tui_trainer.ui.widgets.preview_table import PreviewTable

FOUND: Option = ("as found", None)
DELIMITERS: tuple[Option, ...] = (
    FOUND,
    ("commas", "comma"),
    ("semicolons", "semicolon"),
    ("tabs", "tab"),
    ("bars |", "pipe"),
)
DECIMALS: tuple[Option, ...] = (FOUND, ("point", "point"), ("comma", "comma"))
ENCODINGS: tuple[Option, ...] = (
    FOUND,
    *((name, name) for name in ("utf-8", "utf-16", "cp1252", "latin-1", "utf-16-le")),
)
HEADERS: tuple[Option, ...] = (FOUND, ("has names", "true"), ("no names", "false"))
TASKS: tuple[Option, ...] = (FOUND, ("regression", "regression"), ("classes", "classification"))
MISSING: tuple[Option, ...] = (("drop the rows", "drop"), ("fill the gaps", "fill"))


class _Field(ChoiceField):
    """A choice of the configuration, by its name there."""

    LABEL_WIDTH = 9


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
                yield _Field("target", "target", (FOUND,), "The column to predict")
                yield _Field("task", "task", TASKS, "Predict a number, or one of several classes")
                yield _Field("missing", "missing", MISSING, "What is done with cells without a value")
            yield Static("Looking at the file ...", classes="told -waiting", markup=False)
            yield PreviewTable()
            with Horizontal(classes="buttons"):
                yield Press("enter  Use it", "accept")
                yield Press("k  Kind", "kind")
                yield Press("t  Target", "target")
                yield Press("esc  Leave", "leave")
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
                field.offer([FOUND, *names])
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

    @on(Press.Pressed)
    async def _obey_button(self, event: Press.Pressed) -> None:
        event.stop()
        await self.run_action(event.press.action)

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

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click beside an open list closes it."""
        if isinstance(self.focused, ChoiceList):
            self.focused.action_close()
