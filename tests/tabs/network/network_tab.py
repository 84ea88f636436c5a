"""The Network tab of a running app, as tests look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tui_trainer.tabs.network.view import NetworkView
from tui_trainer.ui.plot_widgets import TextLines

if TYPE_CHECKING:
    from running_app import Flow


class NetworkTab:
    """The tab, once it is open."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    @property
    def view(self) -> NetworkView:
        return self.flow.screen.query_one(NetworkView)

    @property
    def text(self) -> str:
        """What is said of the chosen neuron."""
        return self.view.query_one(".neuron", TextLines).text

    async def open(self) -> Self:
        await self.flow.press("5")
        await self.flow.until(lambda: self.flow.screen.query(NetworkView) and self.view.content, "the network")
        return self
