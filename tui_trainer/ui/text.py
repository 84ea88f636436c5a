"""Makes text from files safe and short for the screen."""

from __future__ import annotations

from tui_trainer.errors import printable as clean

MAX_LENGTH = 60


def plain(text: str, max_length: int = MAX_LENGTH) -> str:
    """Make ``text`` one printable line, without control sequences, and cut it to ``max_length`` characters."""
    safe = clean(text)
    return safe if len(safe) <= max_length else safe[: max_length - 1] + "…"
