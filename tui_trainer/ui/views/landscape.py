"""The Landscape tab."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from .view import View


class LandscapeView(View):
    """Not there yet."""

    def compose(self) -> ComposeResult:
        yield Static("This view is not there yet.")
