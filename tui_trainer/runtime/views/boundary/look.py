"""Looks at a run over its features."""

from __future__ import annotations

from ...protocol import AnyContent
from ...protocol.boundary import WatchBoundary
from ...session import Session
from .function import FunctionLook
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
