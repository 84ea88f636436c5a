"""The Boundary view."""

from __future__ import annotations

from ..protocol import AnyContent, Unseen
from ..protocol.boundary import WatchBoundary
from ..session import Session


class BoundaryLook:
    """Looks at a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def see(self, request: WatchBoundary) -> AnyContent:
        """What is asked for."""
        return Unseen("This view is not there yet.")
