"""The Network view."""

from __future__ import annotations

from ..protocol import AnyContent, Unseen
from ..protocol.network import WatchNetwork
from ..session import Session


class NetworkLook:
    """Looks at a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def see(self, request: WatchNetwork) -> AnyContent:
        """What is asked for."""
        return Unseen("This view is not there yet.")
