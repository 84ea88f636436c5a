"""The keys that a config file gives to actions: applies the possible changes, and explains the others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from tui_trainer.errors import quoted, suggestion
from tui_trainer.settings import Config
from tui_trainer.tabs.boundary.keys import PEN_ACTIONS
from tui_trainer.tabs.runs.keys import PRECEDING_ACTIONS
from tui_trainer.ui.keymap import ARROWS, OPEN_TAB, Key, Keymap, is_character, read_key, show_key

from .keys import KEYS, keymap_with

LIST = "tui-trainer keys lists all"
RESERVED = {
    "tab": "goes to the next field",
    "shift+tab": "goes to the field before",
    "ctrl+p": "shows all commands",
    "ctrl+c": "leaves the app",
    "ctrl+q": "leaves the app",
}
FIXED = ("answer", "move_pen", "pick_value", "quit_now")  # several keys on one line of the table, and the way out
EVERYWHERE, LESSONS, PEN = "everywhere", "lessons", "Pen"
SHARED = "loss"  # the tab that counts for keys of several tabs: it has the most keys of those
PRECEDING = PEN_ACTIONS | PRECEDING_ACTIONS  # the actions of views' modes


def changed_keymap(config: Config) -> tuple[Keymap, list[str]]:
    """Return the keymap with the changes of a config file, and a complaint for each change that is left out."""
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
    """Return the keys of an entry as Textual names them, and what is wrong with it; one of the two is empty."""
    key = next((key for key in KEYS if key.name == name), None)
    if key is None:
        return "", f"there is no such name{suggestion(name, (key.name for key in KEYS)) or ';'} {LIST}"
    if key.action in FIXED:
        return "", f"{key.display} can't be changed"
    new_keys = []
    for written in text.split(","):
        new_key = read_key(written.strip() or written)
        if new_key is None:
            return "", f"there is no key {quoted(written)}; write it as x, X, f5, ctrl+x, pageup or comma"
        if reason := _unfit(key, new_key):
            return "", reason
        new_keys.append(new_key)
    return ",".join(dict.fromkeys(new_keys)), ""


def _unfit(key: Key, new_key: str) -> str:
    """Return why ``new_key`` can never do what ``key`` does; empty if it can."""
    display = show_key(new_key)
    if new_key in RESERVED:
        return f"{display} {RESERVED[new_key]}"
    if key.in_text and is_character(new_key):
        return f"it works while text is typed, and {display} is text; give it a key such as ctrl+x or f5"
    if not key.of_tab and new_key in (*ARROWS, "escape") and key.name != "leave":
        return f"fields and lists need {display} themselves"
    return ""


def _clash(changes: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the last change whose key already does something else, and what that is; None if there is none."""
    keys_by_press: dict[str, list[Key]] = {}
    for key in keymap_with(changes).all:
        for pressed in key.keys.split(","):
            keys_by_press.setdefault(pressed, []).append(key)
    order = list(changes)
    clashes: list[tuple[int, str, str]] = []  # indices of the changes, their keys, and what else these do
    for pressed, keys in keys_by_press.items():
        for pair in combinations(keys, 2):
            names = [key.name for key in pair]
            changed = [order.index(name) for name in names if name in changes]
            if changed and names[0] != names[1] and _meet(*pair):
                other = next(name for name in names if name != order[max(changed)])
                clashes.append((max(changed), pressed, other))
    if not clashes:
        return None
    index, pressed, other = max(clashes)
    return order[index], f"{show_key(pressed)} is already the key of {other}; change that one first"


def _meet(one: Key, other: Key) -> bool:
    """Return whether two keys work at the same time, and neither takes precedence."""
    places = _place(one), _place(other)
    return places[0] == places[1] or (EVERYWHERE in places and not (_comes_first(one) or _comes_first(other)))


def _place(key: Key) -> str:
    """Return where a key works: everywhere, in a lesson, in a tab, or with the pen."""
    if not key.of_tab:
        return LESSONS if key.owner == LESSONS else EVERYWHERE
    if key.group == PEN:
        return PEN
    return SHARED if key.owner == OPEN_TAB else key.owner


def _comes_first(key: Key) -> bool:
    """Return whether the key belongs to a view's mode or to an answer, which take precedence over other keys."""
    return key.action == "answer" or (key.of_tab and key.action in PRECEDING)
