"""The keys in force: those of the key table, but for what the user has changed.

Like the language of a program they are one for the whole process; the app puts them in force when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from textual.actions import parse
from textual.binding import Binding
from textual.keys import REPLACED_KEYS, Keys, format_key, key_to_character

SUFFIXES = {1: "plus", -1: "minus", 10**9: "last", -(10**9): "first"}  # of what goes both ways
MODIFIERS = ("ctrl", "alt", "shift")
NAMED = frozenset(key.value for key in Keys if key.value.isalnum() and len(key.value) > 1)  # left, f5 ...
SHORT = {"enter": "enter", "delete": "delete", "backspace": "backspace"}  # rather than a sign that fonts lack
SAME = {  # as terminals send them, or people write them
    " ": "space",
    ",": "comma",
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
}
ARROWS = (
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "pageup",
    "pagedown",
    "enter",
)  # keys that a widget in focus needs itself


class Keymap:
    """A table of keys, with ``changes`` of some: by name (``name_of``), keys as Textual names them, commas between.

    ``hidden`` keys work, too, but are not listed: they are told of with another one.
    """

    def __init__(
        self, keys: tuple[Key, ...] = (), hidden: tuple[Key, ...] = (), changes: Mapping[str, str] | None = None
    ) -> None:
        self.changes = dict(changes or {})
        self.shown = tuple(map(self._changed, keys))
        self.all = (*self.shown, *hidden)
        self.actions = frozenset(key.action.split("(")[0] for key in self.shown)
        self.in_text = frozenset(key.action.split("(")[0] for key in self.shown if key.in_text)
        training = [key for key in self.shown if key.action == "toggle_training"]
        searched_for = any(is_character(name) for key in training for name in key.keys.split(",") if name != "space")
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


@lru_cache
def name_of(action: str) -> str:
    """The name of an action in settings: log_scale, rate_plus, tab_loss."""
    _, name, parameters = parse(action)
    parts = parameters if name == "in_view" else (name, *parameters)
    return "_".join(map(_suffix, parts))


def _suffix(parameter: object) -> str:
    if isinstance(parameter, tuple):
        return "_".join(map(_suffix, parameter))
    return SUFFIXES.get(parameter, str(parameter)) if isinstance(parameter, int) else str(parameter)


def read_key(text: str) -> str | None:
    """A key as Textual names it, from one written as a character or a name; None where there is no such key."""
    *modifiers, base = _parts(text)
    base = base if len(base) == 1 else base.lower()
    base = SAME.get(base, base)
    if len(base) == 1 and base.isprintable():
        base = next(iter(Binding.make_bindings([Binding(base, "")]))).key  # Textual's name of a character
    known = base in NAMED or is_character(base)
    if not known or not set(modifiers) <= set(MODIFIERS) or ("shift" in modifiers and is_character(base)):
        return None
    found = "+".join([*(one for one in MODIFIERS if one in modifiers), base])
    return SAME.get(found, found)


def _parts(text: str) -> list[str]:
    """Modifiers and what they modify, which may be a plus."""
    return [*text[:-2].split("+"), "+"] if text.endswith("++") else [text] if text == "+" else text.split("+")


def is_character(key: str) -> bool:
    """Whether the key puts a character into a text."""
    character = key_to_character(REPLACED_KEYS.get(key, key))
    return character is not None and character.isprintable()


def show_key(key: str) -> str:
    """A key as people write it."""
    *modifiers, base = key.split("+")
    return "+".join([*modifiers, SHORT.get(base) or format_key(base)])


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it does (an action of the training screen), its label in the footer, its help."""

    keys: str
    action: str
    label: str
    help: str
    group: str
    footer: bool = False
    shown_as: str | None = None
    in_text: bool = False  # works while a text field has the focus too

    @property
    def view_action(self) -> str:
        """The action of the open view that this key does; empty where it is one of the screen's."""
        return self.action.split("'")[1] if self.action.startswith("in_view(") else ""

    @property
    def display(self) -> str:
        """The key as people write it."""
        return self.shown_as or self.keys.split(",")[0]

    def binding(self) -> Binding:
        """The binding; a plain letter comes before whatever has the focus, unless that is a text field."""
        return Binding(
            self.keys,
            self.action,
            self.label,
            tooltip=self.help,
            show=self.footer,
            key_display=self.display,
            id=self.action,
            priority=True,
        )


def giving_way(mode: frozenset[str], keys: Sequence[Key]) -> frozenset[tuple[str, tuple[object, ...]]]:
    """Actions, with their parameters, that share a key with the view's actions ``mode`` and are none of them."""
    taken = {name for key in keys if key.view_action in mode for name in key.keys.split(",")}
    others = (key for key in keys if key.view_action not in mode and not taken.isdisjoint(key.keys.split(",")))
    return frozenset(parse(key.action)[1:] for key in others)
