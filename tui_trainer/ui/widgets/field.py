"""One field of the experiment, with its label: text, a choice, or a switch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Checkbox, Input, Label, Select

from ..messages import FieldEdited
from ..plain_text import clean, plain


class Field(Horizontal):
    """Shows the value it is given, tells of edits with ``FieldEdited``, keeps what was typed when refused."""

    DEFAULT_CSS = """
    Field {
        height: 1;
        width: 1fr;
        Label { width: 12; color: $text-muted; }
        &.-short Label { width: auto; margin-right: 1; }
        &.-invalid Label { color: $text-error; }
    }
    """
    invalid: reactive[bool] = reactive(False, toggle_class="-invalid")

    def __init__(self, path: str, label: str = "", help_text: str = "", classes: str = "") -> None:
        super().__init__(classes=classes)
        self.path, self.label = path, label
        self.tooltip = help_text or None

    def show(self, value: object) -> None:
        """Show ``value`` without telling of an edit."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        if self.label:
            yield Label(self.label)

    def edited(self, value: object) -> None:
        """Tell of an edit."""
        self.post_message(FieldEdited(self.path, value, self))


class TextField(Field):
    """A field that is typed. An edit counts on Enter, and when the field is left."""

    DEFAULT_CSS = """
    TextField {
        Input { width: 1fr; background: $surface-lighten-1; padding: 0; }
        Input:focus { background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """

    def __init__(
        self,
        path: str,
        label: str = "",
        help_text: str = "",
        empty: str = "",
        classes: str = "",
        missing: object = "",
    ) -> None:
        super().__init__(path, label, help_text, classes)
        self._empty = empty
        self._missing = missing  # the value that an empty field stands for
        self._shown = ""

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Input(compact=True, placeholder=self._empty, select_on_focus=True)

    def show(self, value: object) -> None:
        text = "" if value is None else clean(value if isinstance(value, str) else _plain(value))
        field = self.query_one(Input)
        changed, self._shown, self.invalid = text != self._shown, text, False
        if changed and field.value != text:  # where nothing changed, what is being typed stays
            with self.prevent(Input.Changed):
                field.value = text

    @on(Input.Submitted)
    @on(Input.Blurred)
    def _finish(self, event: Input.Submitted | Input.Blurred) -> None:
        event.stop()
        if event.value != self._shown:
            self._shown = event.value
            self.edited(event.value.strip() or self._missing)


class ChoiceField(Field):
    """A field chosen from a list. The first choice may stand for None, what is found out by itself."""

    DEFAULT_CSS = """
    ChoiceField {
        Select { width: 1fr; }
        Select > SelectCurrent { background: $surface-lighten-1; }
        Select:focus > SelectCurrent { background: $primary-muted; }
        &.-invalid SelectCurrent { background: $error-muted; }
    }
    """
    AUTO: ClassVar[str] = "\0"  # then its label: a Select shows another label only for another value

    def __init__(
        self,
        path: str,
        label: str,
        choices: Iterable[tuple[str, str | None]],
        help_text: str = "",
        classes: str = "",
    ) -> None:
        super().__init__(path, label, help_text, classes)
        self._choices = self._with_auto(choices)
        self._shown = self._choices[0][1]

    def _with_auto(self, choices: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
        return [(text, self.AUTO + text if value is None else value) for text, value in choices]

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Select(self._options(), allow_blank=False, compact=True)

    def _options(self) -> list[tuple[Text, str]]:
        """The choices as text: names of columns come from files, and brackets are no markup."""
        return [(Text(plain(text)), value) for text, value in self._choices]

    def offer(self, choices: Iterable[tuple[str, str | None]]) -> None:
        """Offer other choices; what is shown stays if it is among them."""
        self._choices = self._with_auto(choices)
        with self.prevent(Select.Changed):
            self.query_one(Select).set_options(self._options())
            self.show(None if self._shown.startswith(self.AUTO) else self._shown)

    def explain_auto(self, text: str) -> None:
        """Say what the first choice, what is found out by itself, comes to."""
        if self._choices[0][0] != text:
            self.offer([(text, None), *self._choices[1:]])

    def show(self, value: object) -> None:
        wanted = self._choices[0][1] if value is None else str(value)
        if wanted not in {choice for _, choice in self._choices}:
            self._choices.append((wanted, wanted))
            self.query_one(Select).set_options(self._options())
        self._shown, self.invalid = wanted, False
        with self.prevent(Select.Changed):
            self.query_one(Select).value = wanted

    @on(Select.Changed)
    def _finish(self, event: Select.Changed) -> None:
        event.stop()
        if event.value != self._shown:
            self._shown = str(event.value)
            self.edited(None if self._shown.startswith(self.AUTO) else event.value)


class Tick(Checkbox):
    """A check box whose mark is not there, rather than dark, when it is off: colours may be missing."""

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class SwitchField(Field):
    """A field that is on or off."""

    DEFAULT_CSS = """
    SwitchField Checkbox { width: 1fr; background: transparent; padding: 0; }
    """

    def __init__(self, path: str, text: str, help_text: str = "", classes: str = "") -> None:
        super().__init__(path, "", help_text, classes)
        self._text = text

    def compose(self) -> ComposeResult:
        yield Tick(self._text, compact=True)

    def show(self, value: object) -> None:
        self.invalid = False
        with self.prevent(Checkbox.Changed):
            self.query_one(Checkbox).value = bool(value)

    @on(Checkbox.Changed)
    def _finish(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.edited(event.value)


def _plain(value: object) -> str:
    """A value as a person would type it: 0.05, 1e-05, 200; names with commas between them."""
    if isinstance(value, tuple):
        return ", ".join(map(_name, value))
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
