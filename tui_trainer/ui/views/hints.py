"""A line that tells the keys of a view, made from the key table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..keymap import keymap

GAP = "   "


def hints(actions: Collection[str], taken: Collection[str] = ()) -> str:
    """Each key of these actions, of a view or the screen, with its label; keys with one label stand together.

    Keys ``taken`` by something else at the time are left out.
    """
    found: dict[str, list[str]] = {}
    for key in keymap().shown:
        named = key.view_action or key.action.partition("(")[0]
        if named in actions and not set(key.keys.split(",")) & set(taken):
            found.setdefault(key.label, []).append(key.display)
    return GAP.join(f"{' '.join(keys)} {label.lower()}" for label, keys in found.items())


def hints_within(width: int, actions: Sequence[str]) -> str:
    """As many of these actions, the first ones, as fit into ``width`` cells, and the key that tells of all."""
    told = [hints((name,)) for name in actions]
    more = hints(("help",))
    while told and len(GAP.join((*told, more))) > width:
        del told[-1]
    return GAP.join((*told, more))
