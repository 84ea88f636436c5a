"""The keys that a config file gives to actions: what can be done of it, and a sentence for what can't."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from tui_trainer.errors import meant, quoted
from tui_trainer.settings import Config
from tui_trainer.ui.keymap import ARROWS, Key, Keymap, is_character, name_of, read_key, show_key

from .keys import KEYS, LESSON_ACTIONS, keymap_with

LIST = "tui-trainer keys lists all"
RESERVED = {
    "tab": "goes to the next field",
    "shift+tab": "goes to the field before",
    "ctrl+p": "shows all commands",
    "ctrl+c": "leaves the app",
    "ctrl+q": "leaves the app",
}
FIXED = ("answer", "move_pen", "pick_value", "quit_now")  # several keys on one line of the table, and the way out
GROUPS = {"View": "Loss"}  # whose keys of views are those of another one's
EVERYWHERE, LESSON, PEN = "everywhere", "lesson", "Pen"
FIRST = ("bring_back", "delete_runs")  # of the mode that the Runs tab is always in


def changed_keymap(config: Config) -> tuple[Keymap, list[str]]:
    """The key table with the changes of a config file, and what is wrong with those that are left out."""
    changes: dict[str, str] = {}
    complaints = []
    for name, text in config.values.get("keys", {}).items():
        keys, reason = _read(name, text)
        if reason:
            complaints.append(config.complaint(f"keys.{name}", reason))
        else:
            changes[name] = keys
    while clash := _clash(changes):
        name, reason = clash
        complaints.append(config.complaint(f"keys.{name}", reason))
        del changes[name]
    return keymap_with(changes), complaints


def _read(name: str, text: str) -> tuple[str, str]:
    """The keys of one entry as Textual names them, and what is wrong with it; one of both is empty."""
    key = next((key for key in KEYS if name_of(key.action) == name), None)
    if key is None:
        names = (name_of(key.action) for key in KEYS)
        return "", f"there is no such name{meant(name, names) or ';'} {LIST}"
    if base(key) in FIXED:
        return "", f"{key.display} stays as it is"
    found = []
    for written in text.split(","):
        one = read_key(written.strip() or written)
        if one is None:
            return "", f"there is no key {quoted(written)}; write it as x, X, f5, ctrl+x, pageup or comma"
        if reason := _unfit(key, one):
            return "", reason
        found.append(one)
    return ",".join(dict.fromkeys(found)), ""


def _unfit(key: Key, wanted: str) -> str:
    """Why a key can't do that, whatever else it does; empty where it can."""
    shown = show_key(wanted)
    if wanted in RESERVED:
        return f"{shown} {RESERVED[wanted]}"
    if key.in_text and is_character(wanted):
        return f"it works while text is typed, and {shown} is text; give it a key such as ctrl+x or f5"
    if not key.view_action and wanted in (*ARROWS, "escape") and base(key) != "leave":
        return f"fields and lists need {shown} themselves"
    return ""


def _clash(changes: Mapping[str, str]) -> tuple[str, str] | None:
    """The last change whose key does something else already, and what; None where there is none."""
    taken: dict[str, list[Key]] = {}
    for key in keymap_with(changes).all:
        for one in key.keys.split(","):
            taken.setdefault(one, []).append(key)
    order = list(changes)
    clashes: list[tuple[int, str, str]] = []  # places of the changes, their keys, and what else these do
    for one, keys in taken.items():
        for pair in combinations(keys, 2):
            names = [name_of(key.action) for key in pair]
            changed = [order.index(name) for name in names if name in changes]
            if changed and names[0] != names[1] and _meet(*pair):
                other = next(name for name in names if name != order[max(changed)])
                clashes.append((max(changed), one, other))
    if not clashes:
        return None
    place, one, other = max(clashes)
    return order[place], f"{show_key(one)} is the key of {other}; give that another one first"


def _meet(one: Key, other: Key) -> bool:
    """Whether two keys work at the same time, and neither is meant to come before the other."""
    places = _place(one), _place(other)
    return places[0] == places[1] or (EVERYWHERE in places and not (_comes_first(one) or _comes_first(other)))


def _place(key: Key) -> str:
    """Where a key works: everywhere, in a lesson, or in a view, by the group of its keys."""
    if not key.view_action:
        return LESSON if base(key) in LESSON_ACTIONS else EVERYWHERE
    return PEN if base(key) in FIXED else GROUPS.get(key.group, key.group)


def _comes_first(key: Key) -> bool:
    """Whether it is one of a view's mode: there, what else has the same key gives way."""
    return _place(key) == PEN or key.view_action in FIRST


def base(key: Key) -> str:
    """What it does, whichever way it goes."""
    return key.view_action or key.action.partition("(")[0]
