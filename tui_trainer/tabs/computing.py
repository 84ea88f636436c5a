"""Computes the view that is on the screen, and nothing else."""

from __future__ import annotations

from typing import Any, Protocol

from tui_trainer.protocol.views import AnyContent, AnyRequest
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.messages import WatchLandscape
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.messages import WatchNetwork
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import WatchPredictions
from tui_trainer.training.session import Session


class Compute(Protocol):
    """One view of one loaded run; it may keep what stays the same while that run is trained."""

    def __init__(self, session: Session) -> None: ...

    def see(self, request: Any) -> AnyContent:
        """What ``request`` asks for, as it is now."""


LOOKS: dict[type[object], type[Compute]] = {
    WatchLandscape: LandscapeCompute,
    WatchBoundary: BoundaryCompute,
    WatchNetwork: NetworkCompute,
    WatchPredictions: PredictionsCompute,
}


class TabComputing:
    """The looks at one session; ``forget`` when another run has been loaded."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looks: dict[type[object], Compute] = {}

    def forget(self) -> None:
        """Drop what was kept for the run before."""
        self._looks.clear()

    def see(self, request: AnyRequest) -> AnyContent | None:
        """What ``request`` asks for; None where it is nothing that is computed here."""
        kind = LOOKS.get(type(request))
        if kind is None or self._session.state == "empty":
            return None
        if type(request) not in self._looks:
            self._looks[type(request)] = kind(self._session)
        return self._looks[type(request)].see(request)
