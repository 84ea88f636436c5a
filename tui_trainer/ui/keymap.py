"""The keys in force: those of the key table, but for what the user has changed.

Like the language of a program they are one for the whole process; the app puts them in force when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_trainer.app.keys import ARROWS, KEYS, Key

from .key_names import is_character, name_of, show_key
from .more_keys import HIDDEN, giving_way


class Keymap:
    """All keys, with ``changes`` of some: by name (of ``key_names``), keys as Textual names them, commas between."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        self.changes = dict(changes or {})
        self.shown = tuple(map(self._changed, KEYS))
        self.all = (*self.shown, *HIDDEN)
        self.actions = frozenset(key.action.split("(")[0] for key in self.shown)
        self.in_text = frozenset(key.action.split("(")[0] for key in self.shown if key.in_text)
        training = next(key for key in self.shown if key.action == "toggle_training")
        searched_for = any(is_character(name) for name in training.keys.split(",") if name != "space")
        # Esc closes a list alone, and a space is searched for by nobody.
        self.in_list = self.in_text - {"leave"} | (set() if searched_for else {"toggle_training"})
        with_arrows = (key for key in self.shown if not set(ARROWS).isdisjoint(key.keys.split(",")))
        self.of_arrows = frozenset(key.view_action for key in with_arrows)
        self._displays = {key.action: key.display for key in reversed(self.shown)}
        self._giving_way: dict[frozenset[str], frozenset[tuple[str, tuple[object, ...]]]] = {}

    def display(self, action: str) -> str:
        """The key of an action, as people write it."""
        return self._displays[action]

    def giving_way(self, mode: frozenset[str]) -> frozenset[tuple[str, tuple[object, ...]]]:
        """What gives way to a view that is in a mode with these actions."""
        if mode not in self._giving_way:
            self._giving_way[mode] = giving_way(mode, self.all)
        return self._giving_way[mode]

    def _changed(self, key: Key) -> Key:
        keys = self.changes.get(name_of(key.action))
        return key if keys is None else replace(key, keys=keys, shown_as=show_key(keys.split(",")[0]))


_in_force = Keymap()


def use(keymap: Keymap) -> None:
    """Put other keys in force."""
    global _in_force
    _in_force = keymap


def keymap() -> Keymap:
    """The keys in force."""
    return _in_force


def key_of(action: str) -> str:
    """The key of an action, for a sentence."""
    return _in_force.display(action)
