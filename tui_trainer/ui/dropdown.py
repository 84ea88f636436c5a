"""A value chosen from a list: one widget, with a list that is there only while it is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget
from textual.widgets import OptionList

from .text import plain

Option = tuple[str, str | None]  # what is shown, and the value it stands for
ARROW = " ▼"
FORGETS = 1.0  # seconds after which a letter starts another search


class SafeOptionList(OptionList):
    """Turns no pages where it has no room: it knows no lines then."""

    def action_page_up(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_down()  # type: ignore[no-untyped-call]


class DropdownList(SafeOptionList):
    """The open list. Letters go to the option that starts so; it closes when something else gets the focus.

    A press of the mouse that reaches the screen was beside the list: the screen then calls ``action_close``.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    DropdownList {
        overlay: screen;
        constrain: inside inflect;
        offset: 0 1;
        margin: 1 0;
        width: auto;
        min-width: 100%;
        max-width: 60;
        height: auto;
        max-height: 12;
        padding: 0;
        border: none;
        background: $surface-lighten-2;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option { padding: 0 1 0 0; }
    }
    """

    class Left(Message):
        """Something else has the focus now."""

    def __init__(self, texts: Iterable[str], highlighted: int | None, owner: Widget) -> None:
        super().__init__(*(Text(text) for text in texts))
        self.highlighted = highlighted
        self._owner = owner  # has the focus before and after
        self._typed, self._typed_at = "", 0.0

    def on_key(self, event: events.Key) -> None:
        """Search for what is typed; a letter that leads nowhere starts another search, past the present option."""
        if event.key == "escape":
            event.stop()  # a binding would act only when the key has been all the way up to the app
            event.prevent_default()
            self.action_close()
        if event.character is None or not event.is_printable:
            self._typed = ""
            return
        event.stop()
        event.prevent_default()
        if event.time - self._typed_at > FORGETS:
            self._typed = ""
        self._typed_at = event.time
        found = self._find(self._typed + event.character, past=not self._typed)
        if found is None:
            self._typed = ""
            found = self._find(event.character, past=True)
        if found is not None:
            self._typed += event.character
            self.highlighted = found

    def _find(self, typed: str, past: bool) -> int | None:
        """The next option that starts with ``typed``, or else holds it, from the present one or past it; all round."""
        texts = [str(option.prompt).lower() for option in self.options]
        first = (self.highlighted or 0) + past
        order = [*range(first, len(texts)), *range(min(first, len(texts)))]
        starts = [index for index in order if texts[index].startswith(typed.lower())]
        return next(iter(starts or [index for index in order if typed.lower() in texts[index]]), None)

    def action_select(self) -> None:
        super().action_select()
        self.action_close()

    def action_close(self) -> None:
        """Give the focus back, at once: the next key is no letter to search for."""
        if not self.is_attached:  # closed already, and the screen has not heard of it
            return
        self.screen.set_focus(self._owner, scroll_visible=False)

    def on_blur(self) -> None:
        self.post_message(self.Left())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()  # what is done to the list is not done to the choice

    def on_click(self, event: events.Click) -> None:
        event.stop()


class Dropdown(Widget, can_focus=True):
    """Shows the chosen one of its options; enter, down or a click opens the list, left and right step through it.

    ``Changed`` tells of what the user chose. What is set from outside is shown, and told to nobody.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "open", "Open the list", show=False),
        Binding("left", "step(-1)", "The option before", show=False),
        Binding("right", "step(1)", "The next option", show=False),
    ]
    DEFAULT_CSS = """
    Dropdown {
        width: 1fr;
        height: 1;
        color: $foreground;
        background: $surface-lighten-1;
        pointer: pointer;
        &:focus, &.-expanded { background: $primary-muted; }
    }
    """
    value: reactive[str | None] = reactive[str | None](None)
    expanded: var[bool] = var(False, toggle_class="-expanded")

    @dataclass
    class Changed(Message):
        """The user chose another value."""

        choice: Dropdown
        value: str | None

        @property
        def control(self) -> Dropdown:
            """The choice itself, for ``on`` with a selector."""
            return self.choice

    def __init__(self, options: Iterable[Option] = (), id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._options = tuple(options)
        self._click_closes = False
        if self._options:
            self.set_reactive(Dropdown.value, self._options[0][1])

    @property
    def options(self) -> tuple[Option, ...]:
        """What is offered."""
        return self._options

    def offer(self, options: Iterable[Option]) -> None:
        """Offer other options; a list that is open closes, for it shows those from before."""
        offered = tuple(options)
        if offered != self._options:
            self._options = offered
            self._close()
            self.refresh()

    @property
    def label(self) -> str:
        """What is shown for the value; the value itself where it is not among the options."""
        index = self._index
        return plain((self.value or "") if index is None else self._options[index][0])

    @property
    def _index(self) -> int | None:
        return next((index for index, (_, value) in enumerate(self._options) if value == self.value), None)

    def render(self) -> Text:
        text = Text(self.label, no_wrap=True, end="")
        text.truncate(max(0, self.size.width - len(ARROW)), overflow="ellipsis", pad=True)
        return text.append(ARROW, "dim")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self._click_closes = self.expanded  # the list loses the focus, and by the time of the click it has closed

    def on_click(self) -> None:
        if not self._click_closes:
            self.action_open()

    def action_open(self) -> None:
        """Open the list, at the value."""
        if self.expanded or not self._options:
            return
        self.expanded = True
        opened = DropdownList((plain(text) for text, _ in self._options), self._index, self)
        self.mount(opened)
        self.screen.set_focus(opened, scroll_visible=False)

    def action_step(self, offset: int) -> None:
        """Choose the option ``offset`` further on, if there is one."""
        index = self._index
        wanted = 0 if index is None else index + offset
        if 0 <= wanted < len(self._options):
            self._choose(wanted)

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.expanded:
            self._choose(event.option_index)

    @on(OptionList.OptionHighlighted)
    def _keep_to_itself(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    @on(DropdownList.Left)
    def _leave(self, event: DropdownList.Left) -> None:
        event.stop()
        self._close()

    def _close(self) -> None:
        if self.expanded:
            self.expanded = False
            for opened in self.query(DropdownList):
                if opened.has_focus:
                    opened.action_close()
                opened.remove()

    def _choose(self, index: int) -> None:
        value = self._options[index][1]
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))
