"""The commands that have come, with a look ahead: a long reading is stopped by what was not known when it began."""

from __future__ import annotations

import queue
from collections import deque

from tui_trainer.protocol.commands import AnyCommand, Close, Load, Pause, Resume

from .connection import Audience

STOPPING = (Load, Resume, Pause, Close)  # and a client that has gone, which is None


class Inbox:
    """Hands out the commands of an audience in their order."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._ahead: deque[AnyCommand | None] = deque()  # taken, but not handed out

    def empty(self) -> bool:
        """Whether nothing has come."""
        return not self._ahead and self._audience.empty()

    def next(self, seconds: float | None) -> AnyCommand | None:
        """The next command, None where the client has gone; queue.Empty after ``seconds``."""
        return self._ahead.popleft() if self._ahead else self._audience.next(seconds)

    def stops_reading(self) -> bool:
        """Whether a command has come that makes a reading under way useless, or stops it."""
        while not self._audience.empty():
            try:
                self._ahead.append(self._audience.next(0.0))
            except queue.Empty:  # only a line that is of no account any more
                break
        return any(command is None or isinstance(command, STOPPING) for command in self._ahead)

    def replaces_run(self) -> bool:
        """Whether the next run is asked for already."""
        return any(isinstance(command, Load | Resume) for command in self._ahead)
