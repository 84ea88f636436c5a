"""The last line: the keys that are used most, in one widget, so that it is there with the first frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.actions import parse
from textual.screen import Screen
from textual.widget import Widget

from tui_trainer.app.keys import Key

ALWAYS = 3  # keys at the end that stay however narrow it gets: setup, help and quit


class KeyLine(Widget):
    """Shows keys and what they do. A key without effect now is dim, and stays where it is; all can be clicked."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        pointer: pointer;
        .key-line--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._keys = keys

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._show_changes)

    def _show_changes(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        line = Text(no_wrap=True, end="")
        style = self.get_component_rich_style("key-line--key", partial=True)
        for _, key in self._placed():
            start = len(line)
            line.append(key.display, style).append(f" {key.label} ")
            if not self._state(key):
                line.stylize("dim", start)
        return line

    def on_click(self, event: events.Click) -> None:
        """Do what the key does that was clicked."""
        for start, key in reversed(self._placed()):
            if event.x >= start:
                if event.x < start + _width(key) - 1:
                    self.call_later(self.screen.run_action, key.action)
                return

    def _placed(self) -> list[tuple[int, Key]]:
        """The keys that fit, each with its first column."""
        keys = [key for key in self._keys if self._state(key) is not False]
        while len(keys) > ALWAYS and sum(map(_width, keys)) - 1 > self.size.width:
            del keys[-ALWAYS - 1]
        starts = [sum(map(_width, keys[:index])) for index in range(len(keys))]
        return list(zip(starts, keys, strict=True))

    def _state(self, key: Key) -> bool | None:
        """True where the key works, None where it has no effect now, False where it means nothing now."""
        _, name, parameters = parse(key.action)
        return self.screen.check_action(name, parameters)


def _width(key: Key) -> int:
    return cell_len(f"{key.display} {key.label} ")
