"""A line that tells the keys of a view, made from the key table."""

from __future__ import annotations

from collections.abc import Collection

from ..keys import KEYS


def hints(actions: Collection[str], taken: Collection[str] = ()) -> str:
    """Each key of these actions, of a view or the screen, with its label; keys with one label stand together.

    Keys ``taken`` by something else at the time are left out.
    """
    found: dict[str, list[str]] = {}
    for key in KEYS:
        if (key.view_action or key.action.partition("(")[0]) in actions and key.keys not in taken:
            found.setdefault(key.label, []).append(key.display)
    return "   ".join(f"{' '.join(keys)} {label.lower()}" for label, keys in found.items())
