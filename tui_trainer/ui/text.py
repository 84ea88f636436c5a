"""Text from files, made fit for the screen."""

from __future__ import annotations

from tui_trainer.errors import printable as clean

LONGEST = 60


def plain(text: str) -> str:
    """``text`` as ``clean`` gives it, cut where long."""
    shown = clean(text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
