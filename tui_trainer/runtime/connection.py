"""Who sees a session: one client at a time. A newer one takes the session over; the older is told and let go."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from tui_trainer.protocol.commands import AnyCommand, Attach, Close, Load, Pause, Resume
from tui_trainer.protocol.framing import NO_MESSAGE, command_decoder, frame, read_frame
from tui_trainer.protocol.reports import AnyReport, TakenOver, queue_newest
from tui_trainer.store.live_trainers import is_own

RETRY = 0.1  # seconds until calls are answered again where the system refuses
LAST_WORDS = 0.5  # seconds that the last report may take on its way
STOPPING = (Load, Resume, Pause, Close)  # and a client that has gone, which is None


class ClientConnections:
    """The client that is there now, or nobody. ``stays`` says that the trainer outlives its clients."""

    def __init__(self, first: socket.socket, stays: bool) -> None:
        self._stays = stays
        self._inbox: queue.SimpleQueue[tuple[Connection, AnyCommand | None]] = queue.SimpleQueue()
        self._line: Connection | None = Connection(first, self._inbox, self._end)

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

    def _welcome(self, line: Connection) -> None:
        older, self._line = self._line, line
        if older is not None:
            older.send(TakenOver(0))
            older.hang_up(LAST_WORDS)

    def _end(self, line: Connection) -> None:
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
                Connection(connection, self._inbox, self._end)
            else:
                with contextlib.suppress(OSError):
                    connection.close()


class CommandQueue:
    """Hands out the commands of an audience in their order."""

    def __init__(self, audience: ClientConnections) -> None:
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


class Connection:
    """Puts what a client sends into ``inbox`` as pairs (line, command), and (line, None) when it has gone.

    ``ended`` is called from the reading thread just before that.
    """

    def __init__(
        self,
        connection: socket.socket,
        inbox: queue.SimpleQueue[tuple[Connection, AnyCommand | None]],
        ended: Callable[[Connection], None],
    ) -> None:
        self._connection, self._inbox, self._ended = connection, inbox, ended
        self._outbox = SendQueue(connection.makefile("wb"))
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


class SendQueue:
    """Sends from a thread of its own. While the line is full, what is newer takes the place of what is stale.

    Where nobody reads any more, reports are dropped.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[AnyReport] = deque()
        self._sending = self._broken = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, report: AnyReport) -> None:
        """Send ``report`` when the line takes it; the order is kept."""
        with self._changed:
            if not self._broken:
                queue_newest(self._waiting, report)
                self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all has been sent, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._sending, seconds)

    def close(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._broken = True
            self._waiting.clear()
            self._changed.notify_all()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._broken)
                if self._broken:
                    return
                report = self._waiting.popleft()
                self._sending = True
            try:
                self._stream.write(frame(report))
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads any more, or the line was hung up
                self.close()
