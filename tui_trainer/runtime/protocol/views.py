"""All views: what may be asked for, and what is shown."""

from __future__ import annotations

from .boundary import Boundary, Function, WatchBoundary
from .landscape import Landscape, WatchLandscape
from .network import Network, WatchNetwork
from .predictions import ClassPredictions, NumberPredictions, WatchPredictions
from .runs import RunCurves, RunList, WatchRuns
from .view import Unseen, WatchLoss, WatchNothing

AnyRequest = WatchNothing | WatchLoss | WatchLandscape | WatchNetwork | WatchPredictions | WatchBoundary | WatchRuns
AnyContent = (
    Unseen | Landscape | Network | ClassPredictions | NumberPredictions | Boundary | Function | RunList | RunCurves
)
