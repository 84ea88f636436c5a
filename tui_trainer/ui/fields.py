"""One field of the experiment, with its label: text, a choice, or a switch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Checkbox, Input

from tui_trainer.errors import printable
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.formats import format_exact

from .dropdown import Dropdown, Option


class Field(Widget):
    """Shows the value it is given, tells of edits with ``FieldEdited``, keeps what was typed when refused.

    The label is drawn by the field itself, left of the one widget that is edited: a widget less for each field
    is a quicker start.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        width: 1fr;
        color: $text-muted;
        &.-invalid { color: $text-error; }
    }
    """
    LABEL_WIDTH = 12  # of all labels but the short ones, so that what is edited stands in one column
    invalid: reactive[bool] = reactive(False, toggle_class="-invalid")

    def __init__(self, box: Widget, path: str, label: str = "", help_text: str = "", classes: str = "") -> None:
        super().__init__(box, classes=classes)
        self.path, self.label = path, label
        self.tooltip = help_text or None
        if label:
            least = 0 if self.has_class("-short") else self.LABEL_WIDTH
            box.styles.margin = (0, 0, 0, max(least, cell_len(label) + 1))

    def render(self) -> Text:
        return Text(self.label, no_wrap=True, overflow="ellipsis")

    def show(self, value: object) -> None:
        """Show ``value`` without telling of an edit."""
        raise NotImplementedError

    def edited(self, value: object) -> None:
        """Tell of an edit."""
        self.post_message(FieldEdited(self.path, value, self))


class TextField(Field):
    """A field that is typed. An edit counts on Enter, and when the field is left."""

    DEFAULT_CSS = """
    TextField {
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """

    def __init__(
        self, path: str, label: str = "", help_text: str = "", empty: str = "", classes: str = "", missing: object = ""
    ) -> None:
        self._box = TextBox(placeholder=empty, select_on_focus=True, validate_on=())
        super().__init__(self._box, path, label, help_text, classes)
        self._missing = missing  # the value that an empty field stands for
        self._shown = ""

    def show(self, value: object) -> None:
        text = "" if value is None else printable(value if isinstance(value, str) else _plain(value))
        changed, self._shown, self.invalid = text != self._shown, text, False
        if changed and self._box.value != text:  # where nothing changed, what is being typed stays
            with self.prevent(Input.Changed):
                self._box.value = text

    @on(Input.Submitted)
    @on(Input.Blurred)
    def _finish(self, event: Input.Submitted | Input.Blurred) -> None:
        event.stop()
        if event.value != self._shown:
            self._shown = event.value
            self.edited(event.value.strip() or self._missing)


class ChoiceField(Field):
    """A field chosen from a list. The value None stands for what is found out by itself."""

    DEFAULT_CSS = """
    ChoiceField.-invalid Dropdown { background: $error-muted; }
    """

    def __init__(
        self, path: str, label: str, choices: Iterable[Option], help_text: str = "", classes: str = ""
    ) -> None:
        self._choice = Dropdown(choices)
        super().__init__(self._choice, path, label, help_text, classes)

    def offer(self, choices: Iterable[Option]) -> None:
        """Offer other choices; what is shown stays, and is offered too."""
        self._choice.offer(choices)
        self.show(self._choice.value)

    def explain_auto(self, text: str) -> None:
        """Say what the first choice, what is found out by itself, comes to."""
        _, *others = self._choice.options
        self._choice.offer([(text, None), *others])

    def show(self, value: object) -> None:
        offered = [choice for _, choice in self._choice.options]
        wanted = str(value) if value is not None else None if None in offered else offered[0]
        if wanted not in offered:
            self._choice.offer([*self._choice.options, (str(wanted), wanted)])
        self._choice.value, self.invalid = wanted, False

    @on(Dropdown.Changed)
    def _finish(self, event: Dropdown.Changed) -> None:
        event.stop()
        self.edited(event.value)


class CheckMark(Checkbox):
    """A check box whose mark is not there, rather than dark, when it is off: colours may be missing."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class SwitchField(Field):
    """A field that is on or off."""

    DEFAULT_CSS = """
    SwitchField Checkbox {
        width: 1fr;
        height: 1;
        padding: 0;
        border: none;
        color: $foreground;
        background: transparent;
        &:focus { border: none; }
    }
    """

    def __init__(self, path: str, text: str, help_text: str = "", classes: str = "") -> None:
        self._tick = CheckMark(text)
        super().__init__(self._tick, path, "", help_text, classes)

    def show(self, value: object) -> None:
        self.invalid = False
        with self.prevent(Checkbox.Changed):
            self._tick.value = bool(value)

    @on(Checkbox.Changed)
    def _finish(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.edited(event.value)


def _plain(value: object) -> str:
    """A value as a person would type it: 0.05, 1e-05, 200; names with commas between them."""
    if isinstance(value, tuple):
        return ", ".join(map(_name, value))
    if isinstance(value, float):
        return format_exact(value)
    return str(value)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name


class TextBox(Input):
    """Can be forgotten once it has gone; else its screen would keep it, waiting for a selection to begin."""

    def on_mount(self) -> None:
        self._start_of_selections = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        self._start_of_selections.unsubscribe(self)


class LazyFields(Vertical):
    """Holds what is made when it is first wanted, so that the first frame does not wait for it."""

    DEFAULT_CSS = "LazyFields { height: auto; display: none; }"

    def __init__(self, make: Callable[[], Iterable[Widget]], classes: str = "") -> None:
        super().__init__(classes=classes)
        self._make = make

    async def want(self, wanted: bool) -> None:
        """Show it, or hide it."""
        if wanted and not self.children:
            await self.mount_all(self._make())
        if self.display != wanted:
            self.display = wanted


class ByHandField(SwitchField):
    """There while a point was added or removed; switched off, the points are those of the toy set again."""

    DEFAULT_CSS = """
    ByHandField { display: none; }
    ByHandField.-any { display: block; }
    """

    def __init__(self, classes: str = "") -> None:
        help_text = "Points added and removed in the Boundary tab; switch it off to have none"
        super().__init__("dataset.points", "", help_text, classes)
        self._config = DatasetConfig()

    def keep(self, config: DatasetConfig) -> None:
        """Show what was done by hand."""
        self._config = config
        parts = [f"{len(config.points)} added"] if config.points else []
        parts += [f"{len(config.removed)} removed"] if config.removed else []
        self.set_class(bool(parts), "-any")
        self.query_one(Checkbox).label = f"by hand: {', '.join(parts)}"
        super().show(bool(parts))

    def show(self, value: object) -> None:
        """The points alone do not tell; see ``keep``."""

    def edited(self, value: object) -> None:
        if value is False:
            config = replace(self._config, points=(), removed=())
            self.post_message(FieldEdited("dataset", to_plain(config), self))


@dataclass
class FieldEdited(Message):
    """The user gave a field of the experiment another value; ``value`` is as typed or chosen."""

    path: str
    value: object
    field: Field
