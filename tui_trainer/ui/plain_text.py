"""Text from files, made fit for the screen."""

from __future__ import annotations

LONGEST = 60


def clean(text: str) -> str:
    """``text`` without anything a terminal would obey: what does not print becomes �."""
    return "".join(char if char.isprintable() else "�" for char in text)


def plain(text: str) -> str:
    """``text`` as ``clean`` gives it, cut where long."""
    shown = clean(text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
