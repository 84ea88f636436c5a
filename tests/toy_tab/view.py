"""The toy tab on the screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from toy_tab.messages import ToyContent, WatchToy
from tui_trainer.tabs.view import TabView


class ToyView(TabView):
    """Shows the product."""

    factor = 2
    content: ToyContent | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="product")

    @property
    def request(self) -> WatchToy:
        return WatchToy(self.factor)

    def show_content(self, content: ToyContent) -> None:
        self.content = content
        self.query_one(".product", Static).update(f"product {content.product}")

    def action_factor(self, factor: int) -> None:
        """Use another factor."""
        self.factor = factor
        self.ask()
