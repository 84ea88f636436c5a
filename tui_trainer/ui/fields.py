"""Form fields, each of which edits one field of the experiment as text, a choice or a switch; and buttons.

A field posts ``FieldEdited``; ``LazyFields`` creates a group of fields only when it is first needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.inspect import IntType
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Checkbox, Input

from tui_trainer.errors import printable
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import (
    EXAMPLES,
    NumberType,
    Steps,
    number_text,
    number_type,
    number_words,
    parse_path,
    to_plain,
)
from tui_trainer.formats import format_exact

from .dropdown import Dropdown, Option

FILLED, HOLLOW = "■", "□"
ARROWS = " ‹ ›"
_START_OF_INTEGER = re.compile(r"\d*", re.ASCII)
_START_OF_NUMBER = re.compile(r"\d*[.,]?\d*|(\d+[.,]?\d*|[.,]\d+)e[+-]?\d*", re.IGNORECASE | re.ASCII)
LADDER = tuple(float(f"{digit}e{exponent}") for exponent in range(-6, 8) for digit in (1, 2, 5))
POWERS = tuple(2.0**exponent for exponent in range(21))
SHARES = tuple(step / 20 for step in range(21))
NEAR_ONE = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
SENSIBLE = {  # the numbers through which fields are stepped, by the last part of their path; others count
    "learning_rate": LADDER,
    "epochs": LADDER,
    "samples": LADDER,
    "stop_after": LADDER,
    "stop_at_loss": (0.0, *LADDER),
    "stop_at_step": LADDER,
    "stop_at_gradient": LADDER,
    "l1": (0.0, *LADDER),
    "l2": (0.0, *LADDER),
    "initializer_scale": LADDER,
    "weight_decay": (0.0, *LADDER),
    "clip_norm": LADDER,
    "clip_value": LADDER,
    "decay_epochs": LADDER,
    "warmup_epochs": (0.0, *LADDER),
    "units": POWERS,
    "batch_size": POWERS,
    "dropout": SHARES,
    "input_dropout": SHARES,
    "validation_split": SHARES,
    "test_split": SHARES,
    "stop_at_accuracy": SHARES,
    "momentum": NEAR_ONE,
    "rho": NEAR_ONE,
    "beta_1": NEAR_ONE,
    "beta_2": NEAR_ONE,
    "noise": tuple(5.0 * step for step in range(11)),
}


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
        self.path, self.label, self.help_text = path, label, help_text
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

    def refuse(self) -> None:
        """Mark the value as wrong."""
        self.invalid = True


class TextBox(Input):
    """The input of every field.

    It can be garbage-collected; otherwise the signal of its screen would keep a reference to it. Its size depends on
    nothing that is typed, so a character is no new layout of the whole screen, as in an Input. Keys that come in one
    burst keep their order: in an Input, backspace or an arrow makes the way up to the app before it has its effect, and
    characters that follow overtake it (Textual's issue 6605, of all versions up to 8.2.8).
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def on_mount(self) -> None:
        self._start_of_selections = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        self._start_of_selections.unsubscribe(self)

    async def _on_key(self, event: events.Key) -> None:
        """Run the key's action at once; characters are left to the Input."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not event.is_printable and await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()


class NumberBox(TextBox):
    """The input of a number: what can't be part of one is a command, and ``+``, ``-``, the wheel and ‹ › step it.

    The numbers that it steps through are sensible for the field at ``path``: see ``next_number``.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"number-box--arrows"}
    DEFAULT_CSS = "NumberBox { .number-box--arrows { color: $text-accent; } }"

    @dataclass
    class Stepped(Message):
        """The number was stepped."""

        box: NumberBox

    @dataclass
    class Refused(Message):
        """A key was pressed that can't be part of a number."""

        key: str

    def __init__(self, path: str, empty: str = "") -> None:
        super().__init__(placeholder=empty, select_on_focus=True, validate_on=())
        self._steps = parse_path(path) or ()

    def can_type(self, character: str) -> bool:
        """Return whether the text is, with ``character`` typed, the start of a number, or of a word allowed here."""
        start, end = sorted(self.selection)
        text = f"{self.value[:start]}{character}{self.value[end:]}"
        pattern = _START_OF_INTEGER if isinstance(number_type(self._steps), IntType) else _START_OF_NUMBER
        words = number_words(self._steps)
        return pattern.fullmatch(text) is not None or any(word.startswith(text) for word in words)

    def step(self, direction: int) -> None:
        """Take the next sensible number up (1) or down (-1)."""
        self.value = next_number(self._steps, self.value or self.placeholder, direction)
        self.cursor_position = len(self.value)
        self.post_message(self.Stepped(self))

    async def _on_key(self, event: events.Key) -> None:
        if event.character is None or not event.is_printable or self.can_type(event.character):
            return
        event.stop()
        event.prevent_default()
        if event.character in "+-":
            self.step(1 if event.character == "+" else -1)
        else:
            self.post_message(self.Refused(event.key))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn(event, -1)

    def _turn(self, event: events.MouseEvent, direction: int) -> None:
        """Step the number that has the focus; elsewhere the wheel scrolls, and must not change numbers on the way."""
        if self.has_focus:
            event.stop()
            event.prevent_default()
            self.step(direction)

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        """Step by a click on an arrow, without a move of the cursor."""
        direction = self._arrow_at(event.x)
        if direction:
            event.stop()
            event.prevent_default()
            self.step(direction)

    @property
    def _has_arrows(self) -> bool:
        """Whether there is room for the arrows right of the number."""
        return cell_len(self.value or self.placeholder) + len(ARROWS) < self.size.width

    def _arrow_at(self, x: int) -> int:
        """Return the direction of the arrow at a column, 0 beside them."""
        place = x - (self.size.width - len(ARROWS))
        return 0 if place < 1 or not self._has_arrows else -1 if place < 3 else 1

    def watch_mouse_hover(self, value: bool) -> None:
        self.refresh()  # the arrows

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        if y > 0 or not self._has_arrows or not (self.has_focus or self.mouse_hover):
            return line
        arrows = Segment(ARROWS, self.get_component_rich_style("number-box--arrows"))
        return Strip([*line.crop(0, self.size.width - len(ARROWS)), arrows])


class TextField(Field):
    """A text field. An edit takes effect on Enter, and when the field loses the focus."""

    DEFAULT_CSS = """
    TextField {
        Input { width: 1fr; height: 1; padding: 0; border: none; background: $surface-lighten-1; }
        Input:focus { border: none; background: $primary-muted; }
        &.-invalid Input { color: $text-error; background: $error-muted; }
    }
    """

    @dataclass
    class CommandTyped(Message):
        """A key was pressed that is no text here, but may be a command."""

        key: str

    def __init__(
        self, path: str, label: str = "", help_text: str = "", empty: str = "", classes: str = "", missing: object = ""
    ) -> None:
        is_number = number_type(parse_path(path) or ()) is not None
        self._box = (
            NumberBox(path, empty) if is_number else TextBox(placeholder=empty, select_on_focus=True, validate_on=())
        )
        super().__init__(self._box, path, label, help_text, classes)
        self._missing = missing  # the value of an empty field
        self._last_text = ""
        self._was_entered = False

    def show(self, value: object) -> None:
        text = "" if value is None else printable(value if isinstance(value, str) else as_typed(value))
        changed, self._last_text, self.invalid = text != self._last_text, text, False
        if changed and self._box.value != text:  # text being typed is kept while the value stays the same
            with self.prevent(Input.Changed):
                self._box.value = text

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Take the text; a number is then left, so that all keys work again."""
        event.stop()
        self._was_entered = self._take(event.value)
        if isinstance(self._box, NumberBox):
            self.screen.set_focus(None)

    @on(Input.Blurred)
    def _leave(self, event: Input.Blurred) -> None:
        event.stop()
        if self._take(event.value):
            self._was_entered = False

    @on(NumberBox.Stepped)
    def _take_step(self, event: NumberBox.Stepped) -> None:
        event.stop()
        self._take(self._box.value)

    @on(NumberBox.Refused)
    def _pass_on_command(self, event: NumberBox.Refused) -> None:
        """Take the number before the command, which goes the same way."""
        event.stop()
        self._take(self._box.value)
        self.post_message(self.CommandTyped(event.key))

    def _take(self, text: str) -> bool:
        """Post an edit if the text is another one than before; return whether it is."""
        is_new = text != self._last_text
        if is_new:
            self._last_text = text
            self.edited(text.strip() or self._missing)
        return is_new

    def refuse(self) -> None:
        """Mark the text as wrong; where it was entered, the focus comes back, so that it can be mended."""
        super().refuse()
        if self._was_entered and self.screen.focused is None:
            self._was_entered = False
            self._box.focus()


class ChoiceField(Field):
    """A dropdown field. The value None means that the value is chosen automatically.

    Several values at once, which no list offers, are one more choice: a text that ``with_field`` reads as a list.
    """

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
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else str(value)
        new_value = text if value is not None else None if None in values else values[0]
        if new_value not in values:
            self._choice.offer([*self._choice.options, (_label_of(str(new_value)), new_value)])
        self._choice.value, self.invalid = new_value, False

    @on(Dropdown.Changed)
    def _finish(self, event: Dropdown.Changed) -> None:
        event.stop()
        self.edited(event.value)


def _label_of(value: str) -> str:
    """Return a value as a list shows it, several ones with commas between them."""
    try:
        return ", ".join(json.loads(value)) if value.startswith("[") else value
    except (ValueError, TypeError):
        return value


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


def next_number(steps: Steps, text: str, direction: int) -> str:
    """Return the next sensible number of a field up (1) or down (-1), as text; the same text where there is none."""
    kind, name = number_type(steps), steps[-1]
    assert kind is not None
    try:
        number = float(number_text(text))
    except ValueError:
        return EXAMPLES[str(name)]
    candidates = SENSIBLE.get(str(name), (number + direction,))
    further = [one for one in candidates if (one - number) * direction > 0 and _is_within(one, kind)]
    if not further:
        return text
    nearest = min(further, key=lambda one: abs(one - number))
    return str(int(nearest)) if isinstance(kind, IntType) else format_exact(nearest)


def _is_within(number: float, kind: NumberType) -> bool:
    """Return whether a number is one of a field's kind, and within its limits."""
    return (
        (number == int(number) or not isinstance(kind, IntType))
        and (kind.ge is None or number >= kind.ge)
        and (kind.gt is None or number > kind.gt)
        and (kind.le is None or number <= kind.le)
        and (kind.lt is None or number < kind.lt)
    )


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


class TextButton(Widget, can_focus=True):
    """A button that posts ``Pressed`` on a click or on Enter; ``key`` is the key that does the same, shown before it.

    Textual's button has sixty style rules, which would delay the first frame.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"text-button--key"}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", "Press", show=False)]
    DEFAULT_CSS = """
    TextButton {
        width: auto;
        height: 1;
        padding: 0 2;
        color: $button-foreground;
        background: $surface-lighten-2;
        pointer: pointer;
        &:focus { background: $primary-muted; text-style: bold; }
        &:hover { background: $surface-lighten-3; }
        .text-button--key { color: $text-accent; text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The button was pressed."""

        button: TextButton

    def __init__(self, label: str, action: str, key: str = "") -> None:
        super().__init__()
        self._label, self.action, self._key = label, action, key

    def render(self) -> Text:
        if not self._key:
            return Text(self._label)
        style = self.get_component_rich_style("text-button--key", partial=True)
        return Text.assemble((self._key, style), f" {self._label}", no_wrap=True, overflow="ellipsis")

    def show(self, label: str) -> None:
        """Show another label."""
        if label != self._label:
            self._label = label
            self.refresh(layout=True)

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        """Post ``Pressed``."""
        self.post_message(self.Pressed(self))
