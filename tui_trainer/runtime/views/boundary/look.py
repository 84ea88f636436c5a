"""Looks at a run over its features."""

from __future__ import annotations

from tui_trainer.protocol.views import AnyContent
from tui_trainer.tabs.boundary.compute import FunctionLook
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.training.session import Session

from .plane import PlaneLook
from .reader import Reader


class BoundaryLook:
    """A picture where there are two features or more, a curve where there is one."""

    def __init__(self, session: Session) -> None:
        reader = Reader(session)
        self._look = FunctionLook(reader) if len(reader.ground.axes) == 1 else PlaneLook(reader)

    def see(self, request: WatchBoundary) -> AnyContent:
        """What ``request`` asks for; what lies outside the network or the data is brought inside."""
        return self._look.see(request)
