"""The markers of plots where nobody has chosen any: the finest that the terminal can show."""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.ui.plotting.plot import Markers
from tui_trainer.ui.terminal.kind import kind_of


def default_markers(environment: Mapping[str, str]) -> Markers | None:
    """None: each plot has its own, Braille for curves. Blocks without Braille, ASCII where there is nothing else.

    Without colours ASCII too: there each series has a character of its own, and otherwise they can't be told apart.
    """
    terminal = kind_of(environment)
    if terminal.ascii_only or "NO_COLOR" in environment:
        return "ascii"
    return "block" if terminal.console else None
