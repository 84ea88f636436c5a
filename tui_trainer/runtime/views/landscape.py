"""The Landscape view."""

from __future__ import annotations

from ..protocol import AnyContent, Unseen
from ..protocol.landscape import WatchLandscape
from ..session import Session


class LandscapeLook:
    """Looks at a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def see(self, request: WatchLandscape) -> AnyContent:
        """What is asked for."""
        return Unseen("This view is not there yet.")
