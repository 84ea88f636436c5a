"""Form fields: each edits one field of the experiment as text, a choice or a switch.

A field posts ``FieldEdited``; ``LazyFields`` creates a group of fields only when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text
from textual import events, on
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.widget import Widget
from textual.widgets import Checkbox, Input

from tui_trainer.errors import printable
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.formats import format_exact

from .dropdown import Dropdown, Option

FILLED, HOLLOW = "■", "□"


@dataclass
class FieldEdited(Message):
    """The user gave a field of the experiment another value; ``value`` is as typed or selected."""

    path: str
    value: object
    field: Field


class Field(Widget):
    """Shows a value, posts ``FieldEdited`` on edits, and keeps the typed text if it is refused.

    The field draws its label itself, left of the one widget that is edited: one widget fewer per field makes
    the app start faster.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        width: 1fr;
        color: $text-muted;
        &.-invalid { color: $text-error; }
    }
    """
    LABEL_WIDTH = 12  # of all but the short labels, so that the edited parts form one column
    invalid: reactive[bool] = reactive(False, toggle_class="-invalid")

    def __init__(self, box: Widget, path: str, label: str = "", help_text: str = "", classes: str = "") -> None:
        super().__init__(box, classes=classes)
        self.path, self.label = path, label
        self.tooltip = help_text or None
        if label:
            min_width = 0 if self.has_class("-short") else self.LABEL_WIDTH
            box.styles.margin = (0, 0, 0, max(min_width, cell_len(label) + 1))

    def render(self) -> Text:
        return Text(self.label, no_wrap=True, overflow="ellipsis")

    def show(self, value: object) -> None:
        """Show ``value`` without posting an edit."""
        raise NotImplementedError

    def edited(self, value: object) -> None:
        """Post an edit."""
        self.post_message(FieldEdited(self.path, value, self))


class TextField(Field):
    """A text field. An edit takes effect on Enter, and when the field loses the focus."""

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
        self._missing = missing  # the value of an empty field
        self._last_text = ""

    def show(self, value: object) -> None:
        text = "" if value is None else printable(value if isinstance(value, str) else as_typed(value))
        changed, self._last_text, self.invalid = text != self._last_text, text, False
        if changed and self._box.value != text:  # text being typed is kept while the value stays the same
            with self.prevent(Input.Changed):
                self._box.value = text

    @on(Input.Submitted)
    @on(Input.Blurred)
    def _finish(self, event: Input.Submitted | Input.Blurred) -> None:
        event.stop()
        if event.value != self._last_text:
            self._last_text = event.value
            self.edited(event.value.strip() or self._missing)


class ChoiceField(Field):
    """A dropdown field. The value None means that the value is chosen automatically."""

    DEFAULT_CSS = """
    ChoiceField.-invalid Dropdown { background: $error-muted; }
    """

    def __init__(
        self, path: str, label: str, choices: Iterable[Option], help_text: str = "", classes: str = ""
    ) -> None:
        self._choice = Dropdown(choices)
        super().__init__(self._choice, path, label, help_text, classes)

    def offer(self, choices: Iterable[Option]) -> None:
        """Replace the choices; the current value stays, and is added to them if necessary."""
        self._choice.offer(choices)
        self.show(self._choice.value)

    def explain_auto(self, text: str) -> None:
        """Label the first choice, the automatic one, with ``text``, which names what it resolves to."""
        _, *others = self._choice.options
        self._choice.offer([(text, None), *others])

    def show(self, value: object) -> None:
        values = [choice for _, choice in self._choice.options]
        new_value = str(value) if value is not None else None if None in values else values[0]
        if new_value not in values:
            self._choice.offer([*self._choice.options, (str(new_value), new_value)])
        self._choice.value, self.invalid = new_value, False

    @on(Dropdown.Changed)
    def _finish(self, event: Dropdown.Changed) -> None:
        event.stop()
        self.edited(event.value)


class CheckMark(Checkbox):
    """A check box that is filled or hollow, rather than bright or dim, since the terminal may lack colours."""

    BUTTON_LEFT = BUTTON_RIGHT = ""
    BUTTON_INNER = HOLLOW

    def watch_value(self) -> None:
        self.BUTTON_INNER = FILLED if self.value else HOLLOW
        super().watch_value()

    def render(self) -> Content:
        return super().render() if self.label.plain else self._button


class SwitchField(Field):
    """A field that is on or off: its label at the left, as of any field, or ``text`` behind the box."""

    DEFAULT_CSS = """
    SwitchField Checkbox {
        width: 1fr;
        height: 1;
        padding: 0;
        border: none;
        color: $foreground;
        background: transparent;
        &:focus { border: none; background: $primary-muted; background-tint: transparent; }
        & > .toggle--button { color: $text-muted; background: transparent; }
        &.-on > .toggle--button { color: $text-accent; background: transparent; }
    }
    """

    def __init__(self, path: str, label: str, help_text: str = "", text: str = "", classes: str = "") -> None:
        self._check_mark = CheckMark(text)
        super().__init__(self._check_mark, path, label, help_text, classes)

    def on_click(self, event: events.Click) -> None:
        """Switch it on a click on the label, too."""
        if event.widget is self:
            self._check_mark.focus()
            self._check_mark.toggle()

    def show(self, value: object) -> None:
        self.invalid = False
        with self.prevent(Checkbox.Changed):
            self._check_mark.value = bool(value)

    @on(Checkbox.Changed)
    def _finish(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.edited(event.value)


class TextBox(Input):
    """An input that can be garbage-collected; otherwise the signal of its screen would keep a reference to it.

    Its size depends on nothing that is typed, so a character is no new layout of the whole screen, as in an Input.
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def on_mount(self) -> None:
        self._start_of_selections = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        self._start_of_selections.unsubscribe(self)


class LazyFields(Vertical):
    """Holds widgets that are created when they are first shown, so that the first frame does not wait for them."""

    DEFAULT_CSS = "LazyFields { height: auto; display: none; }"

    def __init__(self, make: Callable[[], Iterable[Widget]], classes: str = "") -> None:
        super().__init__(classes=classes)
        self._make = make

    async def set_visible(self, visible: bool) -> None:
        """Show or hide the fields."""
        if visible and not self.children:
            await self.mount_all(self._make())
        if self.display != visible:
            self.display = visible


class ByHandField(SwitchField):
    """Shown while there are points added or removed by hand; switching it off restores the points of the toy set."""

    DEFAULT_CSS = """
    ByHandField { display: none; }
    ByHandField.-any { display: block; }
    """

    def __init__(self, classes: str = "") -> None:
        help_text = "Points added and removed in the Boundary tab; switch it off to have none"
        super().__init__("dataset.points", "", help_text, classes=classes)
        self._config = DatasetConfig()

    def keep(self, config: DatasetConfig) -> None:
        """Show how many points were added and removed by hand."""
        self._config = config
        parts = [f"{len(config.points)} added"] if config.points else []
        parts += [f"{len(config.removed)} removed"] if config.removed else []
        self.set_class(bool(parts), "-any")
        check_mark, label = self.query_one(Checkbox), f"by hand: {', '.join(parts)}".rstrip()
        if check_mark.label.plain != label:  # another one is a new layout of the whole screen
            check_mark.label = label
        super().show(bool(parts))

    def show(self, value: object) -> None:
        """Do nothing: the points alone are not enough, see ``keep``."""

    def edited(self, value: object) -> None:
        if value is False:
            config = replace(self._config, points=(), removed=())
            self.post_message(FieldEdited("dataset", to_plain(config), self))


def as_typed(value: object) -> str:
    """Format a value as a person would type it: 0.05, 1e-05, 200; names separated by commas."""
    if isinstance(value, tuple):
        return ", ".join(map(_quoted_name, value))
    if isinstance(value, float):
        return format_exact(value)
    return str(value)


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
