"""Keys as data, and the active keymap: the default keys with the user's changes.

There is one keymap per process; the app activates it when it is created.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from textual.binding import Binding
from textual.keys import REPLACED_KEYS, Keys, format_key, key_to_character

DO = "do"  # the one action of the main screen that all keys run, with the name of the key
SCREEN_PARTS = (
    "editor",
    "trainer",
    "lessons",
    "own_data",
    "sweeps",
    "wall",
    "coach",
    "moments",
    "following",
    "screen",
)  # all owners of keys but the tabs
OPEN_TAB = "tab"  # owner of a key that works in each tab that has such an action
MODIFIERS = ("ctrl", "alt", "shift")
NAMED = frozenset(key.value for key in Keys if key.value.isalnum() and len(key.value) > 1)  # left, f5, ...
SHORT = {"enter": "enter", "delete": "delete", "backspace": "backspace"}  # instead of a sign that some fonts lack
SAME = {  # other spellings, by terminals or by people
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
ARROWS = (  # keys that the focused widget needs itself
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "pageup",
    "pagedown",
    "enter",
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name in the config file, what it does, its label, its help text.

    It runs the method ``action_<action>`` of its ``owner`` with ``arguments``. The owner is a part of the main screen,
    or a tab by its name, while that tab is open; ``OPEN_TAB`` is any tab that has the method.
    """

    name: str
    keys: str  # Textual's names, separated by commas
    action: str
    arguments: tuple[object, ...]
    label: str
    help: str
    owner: str
    group: str
    shown_as: str | None = None
    in_text: bool = False  # works while a text field has the focus too
    when_following: bool = True  # works for who only follows a session: it changes nothing of it

    @property
    def of_tab(self) -> bool:
        """Whether the open tab owns the action, rather than a part of the main screen."""
        return self.owner not in SCREEN_PARTS

    @property
    def display(self) -> str:
        """The key as people write it."""
        return self.shown_as or self.keys.split(",")[0]

    def binding(self) -> Binding:
        """Return the binding; a plain letter comes before whatever has the focus, unless that is a text field."""
        return Binding(
            self.keys,
            action_of(self.name),
            self.label,
            tooltip=self.help,
            show=False,
            key_display=self.display,
            id=self.name,
            priority=True,
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """What the line of keys shows: one or two keys by their names, and a word.

    ``action`` and ``shown_as`` are those of a key that is not in the table.
    """

    label: str
    names: tuple[str, ...] = ()
    action: str = ""
    shown_as: str = ""


class Keymap:
    """A table of keys, with ``changes`` of some: for each name, Textual's names of the keys, separated by commas.

    ``hidden`` keys work too, but are not listed: the help text of another key covers them.
    """

    def __init__(
        self, keys: tuple[Key, ...] = (), hidden: tuple[Key, ...] = (), changes: Mapping[str, str] | None = None
    ) -> None:
        self.changes = dict(changes or {})
        self.listed = tuple(map(self._with_changes, keys))
        self.all = (*self.listed, *hidden)
        self._by_name = {key.name: key for key in reversed(self.all)}
        self.in_text = frozenset(key.name for key in self.listed if key.in_text)
        training = [key for key in self.listed if key.name == "toggle_training"]
        searches_list = any(is_character(name) for key in training for name in key.keys.split(",") if name != "space")
        # Escape only closes a list, and nobody searches a list for a space.
        self.in_list = self.in_text - {"leave"} | (set() if searches_list else {"toggle_training"})
        with_arrows = (key for key in self.listed if not set(ARROWS).isdisjoint(key.keys.split(",")))
        self.of_arrows = frozenset(key.action for key in with_arrows if key.of_tab)
        self._shadowed: dict[frozenset[str], frozenset[str]] = {}

    def __getitem__(self, name: str) -> Key:
        """Return the key of that name, the first if there are several."""
        return self._by_name[name]

    def display(self, name: str) -> str:
        """Return the key of that name as people write it."""
        return self[name].display

    def shadowed_by(self, mode: frozenset[str]) -> frozenset[str]:
        """Return the names of the keys that have no effect while a view is in a mode with these actions."""
        if mode not in self._shadowed:
            self._shadowed[mode] = shadowed_keys(mode, self.all)
        return self._shadowed[mode]

    def _with_changes(self, key: Key) -> Key:
        keys = self.changes.get(key.name)
        return key if keys is None else replace(key, keys=keys, shown_as=show_key(keys.split(",")[0]))


_active = Keymap()


def use(keymap: Keymap) -> None:
    """Make another keymap the active one."""
    global _active
    _active = keymap


def keymap() -> Keymap:
    """Return the active keymap."""
    return _active


def key_of(name: str) -> str:
    """Return the key of that name as people write it, for a sentence."""
    return _active.display(name)


def action_of(name: str) -> str:
    """Return the action by which Textual runs the key of that name, on the main screen."""
    return f"{DO}('{name}')"


def shadowed_keys(mode: Collection[str], keys: Sequence[Key]) -> frozenset[str]:
    """Return the names of keys that share a key with the actions ``mode`` of a view, and are none of them."""
    in_mode = {key.name for key in keys if key.of_tab and key.action in mode}
    keys_of_mode = {pressed for key in keys if key.name in in_mode for pressed in key.keys.split(",")}
    return frozenset(
        key.name for key in keys if key.name not in in_mode and not keys_of_mode.isdisjoint(key.keys.split(","))
    )


def read_key(text: str) -> str | None:
    """Return Textual's name of a key written as a character or by name; None if there is no such key."""
    *modifiers, base = _split(text)
    # Terminals send the same for ctrl+s and ctrl+S.
    base = base if len(base) == 1 and "ctrl" not in modifiers else base.lower()
    base = SAME.get(base, base)
    if len(base) == 1 and base.isprintable():
        base = next(iter(Binding.make_bindings([Binding(base, "")]))).key  # Textual's name of a character
    is_key = base in NAMED or is_character(base)
    if not is_key or not set(modifiers) <= set(MODIFIERS) or ("shift" in modifiers and is_character(base)):
        return None
    key = "+".join([*(modifier for modifier in MODIFIERS if modifier in modifiers), base])
    return SAME.get(key, key)


def is_character(key: str) -> bool:
    """Return whether the key types a character."""
    character = key_to_character(REPLACED_KEYS.get(key, key))
    return character is not None and character.isprintable()


def show_key(key: str) -> str:
    """Return the key as people write it."""
    *modifiers, base = key.split("+")
    return "+".join([*modifiers, SHORT.get(base) or format_key(base)])


def _split(text: str) -> list[str]:
    """Split a key into its modifiers and the base key, which may be a plus."""
    return [*text[:-2].split("+"), "+"] if text.endswith("++") else [text] if text == "+" else text.split("+")
