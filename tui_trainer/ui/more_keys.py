"""Keys that the table tells of with another one, and what gives way to a view that is in a mode of its own."""

from __future__ import annotations

from collections.abc import Sequence

from textual.actions import parse

from tui_trainer.app.keys import KEYS, Key

_MOVES = (("right", "1, 0"), ("up", "0, -1"), ("down", "0, 1"), ("shift+right", "5, 0"), ("shift+up", "0, -5"))
_ACTIONS = (
    *((letter, f"answer({place})") for place, letter in enumerate("BCDEFGHI", start=1)),  # as many as a lesson may have
    *((key, f"in_view('move_pen', ({step}))") for key, step in (*_MOVES, ("shift+down", "0, 5"))),
    *((str(digit % 10), f"in_view('pick_value', {digit})") for digit in range(2, 11)),
)
HIDDEN = tuple(Key(key, action, "", "", "") for key, action in _ACTIONS)
ALL_KEYS = (*KEYS, *HIDDEN)


def giving_way(mode: frozenset[str], keys: Sequence[Key] = ALL_KEYS) -> frozenset[tuple[str, tuple[object, ...]]]:
    """Actions, with their parameters, that share a key with the view's actions ``mode`` and are none of them."""
    taken = {name for key in keys if key.view_action in mode for name in key.keys.split(",")}
    others = (key for key in keys if key.view_action not in mode and not taken.isdisjoint(key.keys.split(",")))
    return frozenset(parse(key.action)[1:] for key in others)
