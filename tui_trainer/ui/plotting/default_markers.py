"""The markers of plots where nobody has chosen any: the finest that the terminal can show."""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.settings.schema import Markers
from tui_trainer.ui.terminal.kind import kind_of


def default_markers(environment: Mapping[str, str]) -> Markers | None:
    """ASCII where other characters may not be shown; else None: each plot has its own, Braille for curves.

    The fonts of the Linux console have no Braille, and few have the quarters that blocks are made of. Without colours
    ASCII too: there each series has a character of its own, and otherwise they can't be told apart.
    """
    return "ascii" if kind_of(environment).charset or "NO_COLOR" in environment else None
