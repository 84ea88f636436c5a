"""The names that settings know keys by, made from what the keys do; and keys as users write them."""

from __future__ import annotations

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
