"""All views: what may be asked for, and what is shown."""

from __future__ import annotations

from tui_trainer.tabs.boundary.messages import Boundary, Function, WatchBoundary
from tui_trainer.tabs.landscape.messages import Landscape, WatchLandscape
from tui_trainer.tabs.network.messages import Network, WatchNetwork
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.tabs.runs.messages import RunCurves, RunList, WatchRuns

from .view import Unavailable, WatchLoss, WatchNothing

AnyRequest = WatchNothing | WatchLoss | WatchLandscape | WatchNetwork | WatchPredictions | WatchBoundary | WatchRuns
AnyContent = (
    Unavailable | Landscape | Network | ClassPredictions | NumberPredictions | Boundary | Function | RunList | RunCurves
)
