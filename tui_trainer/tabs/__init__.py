"""The single table of tabs, in their order. No module of a tab is imported before it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its name in keys and lessons, its key, its title, its purpose, and its modules.

    ``view``, ``compute`` and ``messages`` are modules, relative to this package, the first two with a class. The
    messages module has the types ``AnyRequest`` and ``AnyContent``; a tab that shows nothing computed has neither
    compute nor messages. ``short`` is the title if there is no room for all titles.
    """

    name: str
    key: str
    title: str
    help: str
    view: str
    compute: str = ""
    messages: str = ""
    short: str = ""
    about_run: bool = True  # False: computed without a current run, and shown whichever it is
    is_live: bool = True  # False: computed when requested, not again while training goes on

    def load_view(self) -> Any:
        """Import the class of the view; for the screen."""
        return _load(self.view)

    def load_compute(self) -> Any:
        """Import the class that computes the content; for the trainer."""
        return _load(self.compute)

    def load_messages(self) -> Any:
        """Import the module of the messages; for both."""
        return import_module(self.messages, __package__)

    @property
    def request_type(self) -> Any:
        """What the request of a ``Watch`` for this tab is decoded as."""
        return self.load_messages().AnyRequest | None if self.messages else None


def _load(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module, __package__), name)


TABS: tuple[Tab, ...] = (
    Tab(
        "live",
        "1",
        "Live",
        "Network, output and loss at once",
        ".live.view:LiveView",
        ".live.compute:LiveCompute",
        ".live.messages",
    ),
    Tab(
        "data",
        "2",
        "Data",
        "The columns in numbers, the rows, and a scatter plot",
        ".data.view:DataView",
        ".data.compute:DataCompute",
        ".data.messages",
        is_live=False,
    ),
    Tab(
        "landscape",
        "3",
        "Landscape",
        "The loss over the weights, and the path down",
        ".landscape.view:LandscapeView",
        ".landscape.compute:LandscapeCompute",
        ".landscape.messages",
        short="Land",
    ),
    Tab(
        "boundary",
        "4",
        "Boundary",
        "The output over the features",
        ".boundary.view:BoundaryView",
        ".boundary.compute:BoundaryCompute",
        ".boundary.messages",
        short="Bound",
    ),
    Tab(
        "network",
        "5",
        "Network",
        "Neurons and links at work",
        ".network.view:NetworkView",
        ".network.compute:NetworkCompute",
        ".network.messages",
        short="Net",
    ),
    Tab(
        "predictions",
        "6",
        "Predictions",
        "What the model gets right, and wrong",
        ".predictions.view:PredictionsView",
        ".predictions.compute:PredictionsCompute",
        ".predictions.messages",
        short="Pred",
    ),
    Tab(
        "summary",
        "7",
        "Summary",
        "The model, layer by layer, in numbers and in Keras",
        ".summary.view:SummaryView",
        ".summary.compute:SummaryCompute",
        ".summary.messages",
        short="Summ",
    ),
    Tab(
        "runs",
        "8",
        "Runs",
        "All saved runs: find, compare, open",
        ".runs.view:RunsView",
        ".runs.compute:RunsCompute",
        ".runs.messages",
        about_run=False,
        is_live=False,
    ),
    Tab("book", "9", "Book", "Lessons to run, change and understand", ".book.view:BookView"),
    Tab(
        "loss",
        "0",
        "Loss",
        "The loss during training",
        ".loss.view:LossView",
        ".loss.compute:LossCompute",
        ".loss.messages",
        about_run=False,
    ),
)


def tab_named(name: str) -> Tab:
    """Return the tab of that name; KeyError where there is none."""
    for tab in TABS:
        if tab.name == name:
            return tab
    raise KeyError(name)
