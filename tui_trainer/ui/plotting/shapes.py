"""Shapes of single points: classes differ by them as well as by colour, for whoever sees few colours, or none."""

from __future__ import annotations

SOLID = "●▲■◆▼★◀▶✚◉"
HOLLOW = "○△□◇▽☆◁▷✛◎"  # of samples that are not trained on
RIGHT, WRONG = "●", "✗"


def shape(number: int, hollow: bool = False) -> str:
    """The shape of a class by its number."""
    return (HOLLOW if hollow else SOLID)[number % len(SOLID)]
