"""Textual's command palette, for hands quicker than it is."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette

from .dialog import AskingScreen


class Palette(CommandPalette, AskingScreen[None]):
    """Goes once, as a dialog does; keys for its list are of no effect where that has no room."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)
