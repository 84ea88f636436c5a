"""Text from files, made safe and short for the screen."""

from __future__ import annotations

from tui_trainer.errors import printable as clean

LONGEST = 60


def plain(text: str, max_length: int = LONGEST) -> str:
    """``text`` on one line, without anything that a terminal would obey, cut where long."""
    safe = clean(text)
    return safe if len(safe) <= max_length else safe[: max_length - 1] + "…"
