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
from tui_trainer.sweep.fields import RATE, suggest_values, sweepable_fields
from tui_trainer.sweep.messages import NUMBER_OPTIONS, SweepPreview, SweepRequest
from tui_trainer.ui.button import TextButton
from tui_trainer.ui.dropdown import Dropdown, Option
from tui_trainer.ui.fields import ChoiceField, Field, FieldEdited

from .dialog import Dialog

PAUSE = 0.15  # seconds without a key until it is asked what is typed comes to
COUNTING = "Counting ..."
OPTIONS = (
    ("random", "random N", "Draw so many combinations; ranges as log:1e-4..1e-1 and 1..100 need it", "all of them"),
    ("repeat", "seeds each", "Do each with so many seeds; the best mean decides", "1"),
    ("jobs", "at a time", "Runs side by side, each in a process of its own; usually 8 at most", "all cores"),
)
LABELS = {"by": "best by", **{name: label for name, label, *_ in OPTIONS}}
AUTO: Option = ("auto", None)
MEASURES = {"classification": ("loss", "accuracy"), "regression": ("loss", "r2", "mae")}
NONE: Option = ("another field", None)
HINT = "values, with commas between them"


class _By(ChoiceField):
    LABEL_WIDTH = 11


class SweepRow(Vertical):
    """Another field is offered with values of its own, which ``suggest`` knows; what is typed after that stays."""

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
        """The user chose another field, or none any more."""

        row: SweepRow

    def __init__(self, options: Iterable[Option], path: str | None, values: str, suggest: Callable[[str], str]) -> None:
        super().__init__(classes="" if path else "-empty")
        self._options, self._path, self._values, self._suggest = (NONE, *options), path, values, suggest

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            choice = Dropdown(self._options)
            choice.set_reactive(Dropdown.value, self._path)
            yield choice
            yield Input(self._values, placeholder=HINT, select_on_focus=False)
        yield Static(classes="wrong", markup=False)

    @property
    def path(self) -> str | None:
        """The field; None where none is chosen."""
        return self.choice.value

    @property
    def values(self) -> str:
        """The values as they are typed."""
        return self.input.value

    def complain(self, reason: str) -> None:
        """Say what is wrong with the values; nothing is where ``reason`` is empty."""
        self.set_class(bool(reason), "-invalid")
        self.query_one(".wrong", Static).update(printable(reason))

    @on(Dropdown.Changed)
    def _offer_values(self, event: Dropdown.Changed) -> None:
        event.stop()
        self.set_class(event.value is None, "-empty")
        with self.input.prevent(Input.Changed):
            self.input.value = printable(self._suggest(event.value)) if event.value else ""
        self.post_message(self.Chosen(self))


class SweepFormDialog(Dialog[SweepRequest | None]):
    """Gives the sweep that is to be done, or None; ``typed`` is what was typed, in either case.

    ``ask`` is called with each wish, and a number; its answer comes back through ``show``.
    """

    CSS_PATH = "sweep_form.tcss"
    AUTO_FOCUS = "SweepRow Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]
    rows = getters.query_one("#rows", VerticalScroll)

    def __init__(self, wish: SweepRequest, task: str, ask: Callable[[SweepRequest, int], None]) -> None:
        super().__init__()
        self._wish, self._ask = wish, ask
        self._measures = MEASURES.get(task, ("loss",))
        self._options: list[Option] = [
            (offer.label, offer.path)
            for offer in sweepable_fields(wish.experiment)
            if not is_hidden(wish.experiment, offer.path)
        ]
        self._number = 0  # of the newest question
        self._answer: SweepPreview | None = None  # to it
        self._timer: Timer | None = None
        self._starts = False  # as soon as there is an answer
        self._gone = False  # whether nobody answers any more

    def compose(self) -> ComposeResult:
        wish = self._wish
        with Vertical(id="sweep") as box:
            box.border_title = "Sweep: many runs of this experiment, with other values"
            with VerticalScroll(id="rows", can_focus=False):
                for path, values in wish.fields:
                    yield self._row(path, values)
                yield self._row()
            with Container(classes="options"):
                for name, label, help_text, usual in OPTIONS:
                    yield SweepOption(name, label, help_text, usual, getattr(wish, name))
                yield _By("by", "best by", self._measured(), "The measure that decides")
            yield Static(COUNTING, classes="said -waiting", markup=False)
            with Horizontal(classes="buttons"):
                yield TextButton("enter  Start", "start")
                yield TextButton("esc  Leave", "leave")
                yield Static("tab next field", markup=False)

    def on_mount(self) -> None:
        self.query_one(_By).show(self._wish.by or None)
        self._question()

    @property
    def typed(self) -> SweepRequest:
        """The sweep as it is typed now."""
        return self._wish

    def show(self, answer: SweepPreview) -> None:
        """Show what the wish comes to, or what is wrong with it, if that is still the question."""
        if answer.number != self._number or not self.is_attached:
            return
        self._answer = answer
        rows = [row for row in self._rows() if row.path == answer.field][-1:] if answer.reason else []
        for row in self._rows():
            row.complain(answer.reason if row in rows else "")
        for field in self.query(Field):
            field.invalid = bool(answer.reason) and field.path == answer.field
        if answer.by:
            self.query_one(_By).explain_auto(f"auto: {answer.by}" if not self._wish.by else "auto")
        if rows:
            rows[0].scroll_visible(animate=False)
            self._say("One value is wrong." if answer.field else "", "-problem")
        elif answer.reason:
            label = LABELS.get(answer.field, answer.field)
            self._say(f"{label}: {answer.reason}" if label else answer.reason, "-problem")
        else:
            self._say(answer.said)
        if self._starts:
            self._start()

    def show_lost(self, sentence: str) -> None:
        """Say that nothing can be asked or done any more."""
        self._gone = True
        self._say(sentence, "-problem")

    def _say(self, sentence: str, kind: str = "") -> None:
        line = self.query_one(".said", Static)
        line.set_class(kind == "-problem", "-problem")
        line.set_class(kind == "-waiting", "-waiting")
        line.update(printable(sentence))

    def _rows(self) -> Iterator[SweepRow]:
        return iter(self.rows.query(SweepRow))

    def _row(self, path: str | None = None, values: str = "") -> SweepRow:
        return SweepRow(
            self._options, path, printable(values), lambda path: suggest_values(self._wish.experiment, path)
        )

    def _measured(self) -> list[Option]:
        held = self._wish.experiment.dataset.validation_split > 0
        names = [f"val_{name}" for name in self._measures if held] + list(self._measures)
        return [AUTO, *((name, name) for name in names)]

    @on(SweepRow.Chosen)
    async def _follow_rows(self, event: SweepRow.Chosen) -> None:
        """Keep one row without a field, at the end."""
        event.stop()
        rows = list(self._rows())
        if event.row.path is not None:
            event.row.input.focus()  # first of all: values may be typed already
        if event.row.path is None and event.row is not rows[-1]:
            self.set_focus(None)
            await event.row.remove()
            rows[-1].choice.focus()
        elif event.row.path is not None and event.row is rows[-1]:
            await self.rows.mount(self._row())
            self.rows.scroll_end(animate=False)
        self._question()

    @on(Input.Changed)
    def _follow_typing(self, event: Input.Changed) -> None:
        event.stop()
        self._starts = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._question)

    @on(FieldEdited)
    def _follow_measure(self, event: FieldEdited) -> None:
        event.stop()
        self._wish = replace(self._wish, by=event.value or "")
        self._question()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_start()

    def _question(self) -> None:
        """Ask what is typed comes to."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._read()
        self._number += 1
        self._answer = None
        if not self._gone:
            self.query_one(".said").add_class("-waiting")
            self._ask(self._wish, self._number)

    def _read(self) -> None:
        """Take down what is typed."""
        fields = tuple((row.path, row.values) for row in self._rows() if row.path is not None)
        numbers = {option.path: option.input.value for option in self.query(SweepOption)}
        self._wish = replace(self._wish, fields=fields, **{name: numbers[name] for name in NUMBER_OPTIONS})

    def action_start(self) -> None:
        """Start, once it is known that nothing is wrong."""
        self._starts = True
        if self._timer is not None:
            self._question()
        elif self._answer is not None:
            self._start()

    def _start(self) -> None:
        answer, self._starts = self._answer, False
        if answer is not None and not answer.reason and not self._gone:
            self.dismiss(self._wish)

    def action_leave(self) -> None:
        self._read()
        self.dismiss(None)


def first_wish(experiment: Experiment, before: SweepRequest | None) -> SweepRequest:
    """What the form begins with: what was typed ``before``, as far as it fits, or a few learning rates.

    Values that were only suggested are suggested anew, for the experiment as it is now.
    """
    paths = {offer.path for offer in sweepable_fields(experiment) if not is_hidden(experiment, offer.path)}
    if before is None or not any(path in paths for path, _ in before.fields):
        first = (RATE,) if RATE in paths else ()
        return SweepRequest(experiment, tuple((path, suggest_values(experiment, path)) for path in first))
    fields = tuple(
        (path, suggest_values(experiment, path) if values == suggest_values(before.experiment, path) else values)
        for path, values in before.fields
        if path in paths
    )
    return replace(before, experiment=experiment, fields=fields)


class SweepOption(Field):
    """A number that is typed; the form follows each of its characters."""

    LABEL_WIDTH = 11
    DEFAULT_CSS = """
    SweepOption {
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """
    input = getters.query_one(Input)

    def __init__(self, name: str, label: str, help_text: str, usual: str, value: str) -> None:
        super().__init__(Input(value, placeholder=usual, select_on_focus=False), name, label, help_text)

    def show(self, value: object) -> None:
        with self.prevent(Input.Changed):
            self.input.value = str(value)
