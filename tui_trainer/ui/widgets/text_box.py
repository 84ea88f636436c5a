"""Textual's box for text, for fields that come and go."""

from __future__ import annotations

from textual.widgets import Input


class TextBox(Input):
    """Can be forgotten once it has gone; else its screen would keep it, waiting for a selection to begin."""

    def on_mount(self) -> None:
        self._start_of_selections = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        self._start_of_selections.unsubscribe(self)
