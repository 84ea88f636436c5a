"""Text from files, made safe and short for the screen."""

from __future__ import annotations

from tui_trainer.errors import printable as clean

LONGEST = 60


def plain(text: str) -> str:
    """``text`` as ``clean`` gives it, cut where long."""
    safe = clean(text)
    return safe if len(safe) <= LONGEST else safe[: LONGEST - 1] + "…"
