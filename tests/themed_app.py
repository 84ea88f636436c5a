"""An app around a few widgets under test, with the colours of data that the real one has."""

from __future__ import annotations

from textual.app import App

from tui_trainer.ui.themes import theme_defaults


class ThemedApp(App[None]):
    """Textual's app with the variables that plots are coloured by."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_defaults(self.current_theme)
