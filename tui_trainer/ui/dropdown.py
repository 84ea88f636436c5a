"""A dropdown: a widget that shows one value, and a list of options that exists only while it is open."""

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

from tui_trainer.errors import plain

Option = tuple[str, str | None]  # the text, and the value it stands for
ARROW = " ▼"
SEARCH_TIMEOUT = 1.0  # seconds after which a typed letter starts a new search


class SafeOptionList(OptionList):
    """An option list that ignores page keys while it has no room, and clicks on options that have gone."""

    def on_click(self, event: events.Click) -> None:
        clicked = event.style.meta.get("option")
        if clicked is not None and clicked >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_down()  # type: ignore[no-untyped-call]


class DropdownList(SafeOptionList):
    """The open list. Typed letters select a matching option; it closes when it loses the focus.

    The screen receives a mouse press only if it is outside the list, and then calls ``action_close``.
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
        self._owner = owner  # gets the focus back
        self._typed, self._typed_at = "", 0.0

    def on_key(self, event: events.Key) -> None:
        """Search for the typed text; a letter without a match starts a new search after the current option."""
        if event.key == "escape":
            event.stop()  # a binding would act only after the key has bubbled up to the app
            event.prevent_default()
            self.action_close()
        if event.character is None or not event.is_printable:
            self._typed = ""
            return
        event.stop()
        event.prevent_default()
        if event.time - self._typed_at > SEARCH_TIMEOUT:
            self._typed = ""
        self._typed_at = event.time
        match = self._find(self._typed + event.character, past=not self._typed)
        if match is None:
            self._typed = ""
            match = self._find(event.character, past=True)
        if match is not None:
            self._typed += event.character
            self.highlighted = match

    def _find(self, typed: str, past: bool) -> int | None:
        """Find the next option that starts with ``typed``, or else contains it.

        The search starts at the current option, or after it if ``past``, and wraps around.
        """
        texts = [str(option.prompt).lower() for option in self.options]
        first = (self.highlighted or 0) + past
        order = [*range(first, len(texts)), *range(min(first, len(texts)))]
        starts = [index for index in order if texts[index].startswith(typed.lower())]
        return next(iter(starts or [index for index in order if typed.lower() in texts[index]]), None)

    def action_select(self) -> None:
        super().action_select()
        self.action_close()

    def action_close(self) -> None:
        """Return the focus to the dropdown at once, so that the next key is not searched for."""
        if not self.is_attached:  # closed already, but the screen does not know yet
            return
        self.screen.set_focus(self._owner, scroll_visible=False)

    def on_blur(self) -> None:
        self.post_message(self.Left())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()  # a press on the list must not reach the dropdown

    def on_click(self, event: events.Click) -> None:
        event.stop()


class Dropdown(Widget, can_focus=True):
    """Shows the selected option; Enter, Down or a click opens the list, Left and Right step through the options.

    ``Changed`` is posted when the user selects another value, but not when a program sets ``value``.
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
        """The user selected another value."""

        choice: Dropdown
        value: str | None

        @property
        def control(self) -> Dropdown:
            """The dropdown itself, for ``on`` with a selector."""
            return self.choice

    def __init__(self, options: Iterable[Option] = (), id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._options = tuple(options)
        self._click_closes = False
        if self._options:
            self.set_reactive(Dropdown.value, self._options[0][1])

    @property
    def options(self) -> tuple[Option, ...]:
        """The options of the list."""
        return self._options

    def offer(self, options: Iterable[Option]) -> None:
        """Replace the options, and close the list if it is open, since it shows the old ones."""
        new_options = tuple(options)
        if new_options != self._options:
            self._options = new_options
            self._close()
            self.refresh()

    @property
    def label(self) -> str:
        """The text of the value; the value itself if it is not among the options."""
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
        self._click_closes = self.expanded  # the list loses the focus, and has closed before the click arrives

    def on_click(self) -> None:
        if not self._click_closes:
            self.action_open()

    def action_open(self) -> None:
        """Open the list at the current value."""
        if self.expanded or not self._options:
            return
        self.expanded = True
        open_list = DropdownList((plain(text) for text, _ in self._options), self._index, self)
        self.mount(open_list)
        self.screen.set_focus(open_list, scroll_visible=False)

    def action_step(self, offset: int) -> None:
        """Select the option ``offset`` places further on, if there is one."""
        index = self._index
        new_index = 0 if index is None else index + offset
        if 0 <= new_index < len(self._options):
            self._choose(new_index)

    @on(OptionList.OptionSelected)
    def _handle_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.expanded:
            self._choose(event.option_index)

    @on(OptionList.OptionHighlighted)
    def _handle_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    @on(DropdownList.Left)
    def _handle_left(self, event: DropdownList.Left) -> None:
        event.stop()
        self._close()

    def _close(self) -> None:
        if self.expanded:
            self.expanded = False
            for open_list in self.query(DropdownList):
                if open_list.has_focus:
                    open_list.action_close()
                open_list.remove()

    def _choose(self, index: int) -> None:
        value = self._options[index][1]
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))
