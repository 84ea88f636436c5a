"""Who sees a session: one client at a time. A newer one takes the session over; the older is told and let go."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time

from tui_trainer.protocol.commands import AnyCommand, Attach
from tui_trainer.protocol.reports import AnyReport, TakenOver
from tui_trainer.store.live_trainers import is_own

from .line import Line

RETRY = 0.1  # seconds until calls are answered again where the system refuses
LAST_WORDS = 0.5  # seconds that the last report may take on its way


class Audience:
    """The client that is there now, or nobody. ``stays`` says that the trainer outlives its clients."""

    def __init__(self, first: socket.socket, stays: bool) -> None:
        self._stays = stays
        self._inbox: queue.SimpleQueue[tuple[Line, AnyCommand | None]] = queue.SimpleQueue()
        self._line: Line | None = Line(first, self._inbox, self._end)

    def admit(self, listener: socket.socket) -> None:
        """Answer calls on ``listener`` from now on."""
        threading.Thread(target=self._answer, args=(listener,), daemon=True).start()

    @property
    def is_there(self) -> bool:
        """Whether anybody looks."""
        return self._line is not None

    def empty(self) -> bool:
        """Whether nothing has come."""
        return self._inbox.empty()

    def next(self, seconds: float | None) -> AnyCommand | None:
        """The next command of whoever is there, None where they have just gone; queue.Empty after ``seconds``."""
        while True:
            line, command = self._inbox.get(timeout=seconds)
            if line is self._line:
                if command is None:
                    self.let_go()
                return command
            if isinstance(command, Attach):
                self._welcome(line)
                return command

    def send(self, report: AnyReport) -> None:
        """Tell whoever is there."""
        if self._line is not None:
            self._line.send(report)

    def flush(self) -> None:
        """Wait, not for long, until all was told."""
        if self._line is not None:
            self._line.flush(LAST_WORDS)

    def let_go(self) -> None:
        """End the connection that is there."""
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()

    def _welcome(self, line: Line) -> None:
        older, self._line = self._line, line
        if older is not None:
            older.send(TakenOver(0))
            older.hang_up(LAST_WORDS)

    def _end(self, line: Line) -> None:
        """Called when a line ends, by its thread: so the process is over at once, however long a step takes."""
        if line is self._line and not self._stays:
            os._exit(0)

    def _answer(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # no file left to open, perhaps: who is there stays
                time.sleep(RETRY)
                continue
            if is_own(connection):
                Line(connection, self._inbox, self._end)
            else:
                with contextlib.suppress(OSError):
                    connection.close()
