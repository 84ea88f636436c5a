"""The trainer's end of one connection: commands are read by a thread of its own, reports sent by another."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable

from tui_trainer.protocol.commands import AnyCommand
from tui_trainer.protocol.framing import NO_MESSAGE, command_decoder, read_frame
from tui_trainer.protocol.reports import AnyReport

from .outbox import Outbox


class Line:
    """Puts what a client sends into ``inbox`` as pairs (line, command), and (line, None) when it has gone.

    ``ended`` is called from the reading thread just before that.
    """

    def __init__(
        self,
        connection: socket.socket,
        inbox: queue.SimpleQueue[tuple[Line, AnyCommand | None]],
        ended: Callable[[Line], None],
    ) -> None:
        self._connection, self._inbox, self._ended = connection, inbox, ended
        self._outbox = Outbox(connection.makefile("wb"))
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, report: AnyReport) -> None:
        """Send a report, without waiting for a client that is slow."""
        self._outbox.put(report)

    def flush(self, seconds: float) -> None:
        """Wait until all has been sent, or for so long."""
        self._outbox.flush(seconds)

    def hang_up(self, seconds: float = 0.0) -> None:
        """End the connection, after ``seconds`` at most for the last reports."""
        self._outbox.flush(seconds)
        self._outbox.close()
        with contextlib.suppress(OSError):  # the other end was faster
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _read(self) -> None:
        # What can't be decoded ends the line as a reset does: it is no client of ours.
        with contextlib.suppress(OSError, *NO_MESSAGE), self._connection.makefile("rb") as stream:
            while (body := read_frame(stream)) is not None:
                self._inbox.put((self, command_decoder.decode(body)))
        self._ended(self)
        self._inbox.put((self, None))
