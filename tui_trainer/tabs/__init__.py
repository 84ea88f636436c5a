"""The one table of tabs, in their order. A view is imported and made when it is first opened."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .view import TabView


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its name in keys and lessons, its title, what it is for, and the class of its view.

    ``short`` is the title where not all titles have room.
    """

    name: str
    key: str
    title: str
    help: str
    kind: str  # module, relative to this package, and class
    short: str = ""

    def make(self) -> TabView:
        """The view."""
        module, name = self.kind.split(":")
        return cast("TabView", getattr(import_module(module, __package__), name)())


TABS = (
    Tab("loss", "1", "Loss", "The loss while training", ".loss.view:LossView"),
    Tab("data", "2", "Data", "The dataset as a table and a scatter", ".data.view:DataView"),
    Tab(
        "landscape",
        "3",
        "Landscape",
        "The loss over the weights, and the way down",
        ".landscape.view:LandscapeView",
        "Landsc",
    ),
    Tab("boundary", "4", "Boundary", "The output over the features", ".boundary.view:BoundaryView", "Bound"),
    Tab("network", "5", "Network", "Neurons and links at work", ".network.view:NetworkView"),
    Tab(
        "predictions",
        "6",
        "Predictions",
        "Where the model is right, and where wrong",
        ".predictions.view:PredictionsView",
        "Predict",
    ),
    Tab("summary", "7", "Summary", "The model, layer by layer", ".summary.view:SummaryView"),
    Tab("runs", "8", "Runs", "All runs that are kept: find, compare, open", ".runs.view:RunsView"),
    Tab("book", "9", "Book", "Lessons to run, change and understand", ".book.view:BookView"),
)
