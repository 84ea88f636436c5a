"""What to vary: fields of the experiment and their values, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from tui_trainer.errors import printable
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import Experiment
from tui_trainer.measures import MEASURES
from tui_trainer.sweep.fields import RATE, suggest_values, sweepable_fields
from tui_trainer.sweep.messages import NUMBER_OPTIONS, SweepPreview, SweepRequest
from tui_trainer.sweep.search import DEFAULT_TRIALS, is_installed
from tui_trainer.ui.dropdown import Dropdown, Option
from tui_trainer.ui.fields import ChoiceField, Field, FieldEdited, TextBox, TextButton

from .dialog import Dialog

TYPING_PAUSE = 0.15  # seconds without a key before a preview is requested
COUNTING = "Counting ..."
OPTIONS = (
    ("random", "random N", "Draw this many combinations; ranges such as log:1e-4..1e-1 need it", "all of them"),
    ("trials", "trials", "Try this many combinations, each chosen by the scores of those before", f"{DEFAULT_TRIALS}"),
    ("repeat", "seeds each", "Repeat each with this many seeds; the best mean wins", "1"),
    ("folds", "folds", "Cross-validate: hold each of so many parts of the rows back once; the best mean wins", "none"),
    ("jobs", "processes", "Processes of a sweep that takes long; 8 at most by default", "all cores"),
)
LABELS = {"by": "best by", "method": "method", **{name: label for name, label, *_ in OPTIONS}}
AUTO: Option = ("auto", None)
GRID, HALVING = ("grid: all combinations", "grid"), ("halving: the best go on", "halving")
SEARCH, NO_SEARCH = ("search: by their scores", "search"), ("search: not installed", "search")
NONE: Option = ("another field", None)
HINT = "values, separated by commas"


class _By(ChoiceField):
    LABEL_WIDTH = 11


class _Method(ChoiceField):
    LABEL_WIDTH = 11


class SweepRow(Vertical):
    """A field and its values, which ``suggest`` fills in when a field is selected."""

    DEFAULT_CSS = """
    SweepRow {
        height: auto;
        .line { height: 1; }
        Dropdown { width: 26; margin-right: 1; }
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        .wrong { display: none; height: auto; margin-left: 27; color: $text-error; }
        &.-empty Input { display: none; }
        &.-invalid .wrong { display: block; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """
    choice = getters.query_one(Dropdown)
    input = getters.query_one(Input)

    @dataclass
    class Chosen(Message):
        """The user selected another field, or none."""

        row: SweepRow

    def __init__(self, options: Iterable[Option], path: str | None, values: str, suggest: Callable[[str], str]) -> None:
        super().__init__(classes="" if path else "-empty")
        self._options, self._path, self._values, self._suggest = (NONE, *options), path, values, suggest

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            choice = Dropdown(self._options)
            choice.set_reactive(Dropdown.value, self._path)
            yield choice
            yield TextBox(self._values, placeholder=HINT, select_on_focus=False)
        yield Static(classes="wrong", markup=False)

    @property
    def path(self) -> str | None:
        """The path of the field; None if none is selected."""
        return self.choice.value

    @property
    def values(self) -> str:
        """The values as typed."""
        return self.input.value

    def show_problem(self, reason: str) -> None:
        """Show what is wrong with the values; an empty ``reason`` removes the message."""
        self.set_class(bool(reason), "-invalid")
        self.query_one(".wrong", Static).update(printable(reason))

    @on(Dropdown.Changed)
    def _handle_changed(self, event: Dropdown.Changed) -> None:
        event.stop()
        self.set_class(event.value is None, "-empty")
        with self.input.prevent(Input.Changed):
            self.input.value = printable(self._suggest(event.value)) if event.value else ""
        self.post_message(self.Chosen(self))


class SweepFormDialog(Dialog[SweepRequest | None]):
    """Returns the sweep to start, or None; ``typed`` is what was typed, in either case.

    ``ask`` is called with each request, and a number; its preview is passed to ``show``.
    """

    CSS_PATH = "sweep_form.tcss"
    AUTO_FOCUS = "SweepRow Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]
    rows = getters.query_one("#rows", VerticalScroll)

    def __init__(self, request: SweepRequest, task: str, ask: Callable[[SweepRequest, int], None]) -> None:
        super().__init__()
        self._request, self._ask_for_preview = request, ask
        kind = "numbers" if task == "regression" else "classes"
        self._measures = [name for name, one in MEASURES.items() if one.of in (kind, "both") and not one.by_class]
        self._options: list[Option] = [
            (field.label, field.path)
            for field in sweepable_fields(request.experiment)
            if not is_hidden(request.experiment, field.path)
        ]
        self._number = 0  # of the latest request
        self._preview: SweepPreview | None = None  # the preview of the latest request
        self._timer: Timer | None = None
        self._start_when_ready = False  # start when the preview arrives
        self._is_lost = False  # the process that previews and runs has ended

    def compose(self) -> ComposeResult:
        request = self._request
        with Vertical(id="sweep", classes="box") as box:
            box.border_title = "Sweep: many runs of this experiment, with different values"
            with VerticalScroll(id="rows", can_focus=False):
                for path, values in request.fields:
                    yield self._row(path, values)
                yield self._row()
            with Container(classes="options"):
                for name, label, help_text, placeholder in OPTIONS:
                    yield SweepOption(name, label, help_text, placeholder, getattr(request, name))
                methods = [GRID, HALVING, SEARCH if is_installed() else NO_SEARCH]
                what = "Train all, or cut the worse half by the first epochs, or choose trials by the scores before"
                yield _Method("method", "method", methods, what)
                yield _By("by", "best by", self._measure_options(), "The metric that ranks the runs")
            yield Static(COUNTING, classes="status -waiting", markup=False)
            with Horizontal(classes="buttons"):
                yield TextButton("enter  Start", "start")
                yield TextButton("esc  Leave", "leave")
                yield Static("tab next field", markup=False)

    def on_mount(self) -> None:
        self.query_one(_By).show(self._request.by or None)
        self.query_one(_Method).show(self._request.method)
        self._show_options()
        self._request_preview()

    @property
    def typed(self) -> SweepRequest:
        """The sweep as typed so far."""
        return self._request

    def show(self, preview: SweepPreview) -> None:
        """Show the preview of a sweep, or what is wrong with it, unless a newer one has been requested."""
        if preview.number != self._number or not self.is_attached:
            return
        self._preview = preview
        rows = [row for row in self._rows() if row.path == preview.field][-1:] if preview.reason else []
        for row in self._rows():
            row.show_problem(preview.reason if row in rows else "")
        for field in self.query(Field):
            field.invalid = bool(preview.reason) and field.path == preview.field
        if preview.by:
            self.query_one(_By).explain_auto(f"auto: {preview.by}" if not self._request.by else "auto")
        if rows:
            rows[0].scroll_visible(animate=False)
            self._show_status("One value is invalid." if preview.field else "", is_problem=True)
        elif preview.reason:
            label = LABELS.get(preview.field, preview.field)
            self._show_status(f"{label}: {preview.reason}" if label else preview.reason, is_problem=True)
        else:
            self._show_status(preview.said)
        if self._start_when_ready:
            self._start()

    def show_lost(self, sentence: str) -> None:
        """Show that the sweep's process has ended."""
        self._is_lost = True
        self._show_status(sentence, is_problem=True)

    def _rows(self) -> Iterator[SweepRow]:
        """Yield the rows; one that is just being added has nothing to read or to mark yet."""
        return (row for row in self.rows.query(SweepRow) if row.is_mounted)

    def _row(self, path: str | None = None, values: str = "") -> SweepRow:
        return SweepRow(
            self._options, path, printable(values), lambda path: suggest_values(self._request.experiment, path)
        )

    def _measure_options(self) -> list[Option]:
        has_validation = self._request.experiment.dataset.has_validation or bool(self._request.folds.strip())
        names = [f"val_{name}" for name in self._measures if has_validation] + list(self._measures)
        return [AUTO, *((name, name) for name in names)]

    @on(SweepRow.Chosen)
    async def _follow_rows(self, event: SweepRow.Chosen) -> None:
        """Keep exactly one row without a field, at the end."""
        event.stop()
        rows = list(self._rows())
        if event.row.path is not None:
            event.row.input.focus()  # before anything else, since the user may be typing values already
        if event.row.path is None and event.row is not rows[-1]:
            self.set_focus(None)
            await event.row.remove()
            rows[-1].choice.focus()
        elif event.row.path is not None and event.row is rows[-1]:
            await self.rows.mount(self._row())
            self.rows.scroll_end(animate=False)
        self._request_preview()

    @on(Input.Changed)
    def _follow_typing(self, event: Input.Changed) -> None:
        event.stop()
        self._start_when_ready = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE, self._request_preview)

    @on(FieldEdited)
    def _follow_choice(self, event: FieldEdited) -> None:
        event.stop()
        if event.path == "method":
            self._request = replace(self._request, method=event.value)
            self._show_options()
        else:
            self._request = replace(self._request, by=event.value or "")
        self._request_preview()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_start()

    def _request_preview(self) -> None:
        """Request the preview of what is typed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._read()
        self._number += 1
        self._preview = None
        if not self._is_lost:
            self.query_one(".status").add_class("-waiting")
            self._ask_for_preview(self._request, self._number)

    def _show_options(self) -> None:
        """Show the number of trials of a search in place of that of random draws."""
        is_search = self._request.method == "search"
        for option in self.query(SweepOption):
            if option.path in ("random", "trials"):
                option.display = is_search == (option.path == "trials")

    def _read(self) -> None:
        """Read the request from the rows and options."""
        fields = tuple((row.path, row.values) for row in self._rows() if row.path is not None)
        numbers = {option.path: option.input.value for option in self.query(SweepOption)}
        measures = self._measure_options()
        self._request = replace(self._request, fields=fields, **{name: numbers[name] for name in NUMBER_OPTIONS})
        if self._measure_options() != measures:
            self.query_one(_By).offer(self._measure_options())

    def action_start(self) -> None:
        """Start the sweep, as soon as its preview shows that it is valid."""
        self._start_when_ready = True
        if self._timer is not None:
            self._request_preview()
        elif self._preview is not None:
            self._start()

    def _start(self) -> None:
        preview, self._start_when_ready = self._preview, False
        if preview is not None and not preview.reason and not self._is_lost:
            self.dismiss(self._request)

    def action_leave(self) -> None:
        self._read()
        self.dismiss(None)


def initial_request(experiment: Experiment, before: SweepRequest | None) -> SweepRequest:
    """Return the initial request of the form: what was typed ``before``, as far as it fits, or a few learning rates.

    Values that were unchanged suggestions are replaced by suggestions for the current experiment.
    """
    paths = {field.path for field in sweepable_fields(experiment) if not is_hidden(experiment, field.path)}
    if before is None or not any(path in paths for path, _ in before.fields):
        default_paths = (RATE,) if RATE in paths else ()
        return SweepRequest(experiment, tuple((path, suggest_values(experiment, path)) for path in default_paths))
    fields = tuple(
        (path, suggest_values(experiment, path) if values == suggest_values(before.experiment, path) else values)
        for path, values in before.fields
        if path in paths
    )
    return replace(before, experiment=experiment, fields=fields)


class SweepOption(Field):
    """A text input for a number; the form reacts to each character."""

    LABEL_WIDTH = 11
    DEFAULT_CSS = """
    SweepOption {
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """
    input = getters.query_one(Input)

    def __init__(self, name: str, label: str, help_text: str, placeholder: str, value: str) -> None:
        super().__init__(TextBox(value, placeholder=placeholder, select_on_focus=False), name, label, help_text)

    def show(self, value: object) -> None:
        with self.prevent(Input.Changed):
            self.input.value = str(value)
