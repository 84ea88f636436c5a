"""The Predictions view."""

from __future__ import annotations

from ..protocol import AnyContent, Unseen
from ..protocol.predictions import WatchPredictions
from ..session import Session


class PredictionsLook:
    """Looks at a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def see(self, request: WatchPredictions) -> AnyContent:
        """What is asked for."""
        return Unseen("This view is not there yet.")
