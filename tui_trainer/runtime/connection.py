"""The end of a connection in a process that the app has started.

Of a trainer there is one client at a time, its commands come in order, and reports are sent without waiting; others
may follow, see ``followers``. The
processes of a sweep and of the wall have one connection, and need the first functions alone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import msgspec

from tui_trainer.protocol import (
    NO_MESSAGE,
    AnyCommand,
    AnyReport,
    Attach,
    Close,
    CountDead,
    EditRuns,
    Follow,
    Load,
    LookAt,
    Pause,
    Preview,
    Resume,
    SetPace,
    TakenOver,
    Watch,
    command_decoder,
    frame,
    queue_newest,
    read_frame,
)
from tui_trainer.system.processes import given_connection
from tui_trainer.system.sockets import is_own

RETRY = 0.1  # seconds until connections are accepted again after the system refused one
LAST_WORDS = 0.5  # seconds that the last report may take to be sent
LAST_STEP = 2.0  # seconds that the step of a trainer whose client has gone, and the saving of its run, may take
ABOUT_VIEWS = (Watch, SetPace, CountDead, Preview, EditRuns, LookAt)  # not about the run itself
STOPPING = (Load, Resume, Pause, Close)  # commands that stop the loading of a file; so does a client that has gone
Received = Callable[["Connection", AnyCommand | None], None]
Command = TypeVar("Command", bound=msgspec.Struct)


def start_thread(run: Callable[..., None], *arguments: Any) -> None:
    """Run a function in a daemon thread. If it raises, the process ends: without the thread it might wait for ever.

    Never called in a constructor: the thread would meet an object that is not whole yet.
    """

    def run_or_end() -> None:
        try:
            run(*arguments)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    threading.Thread(target=run_or_end, daemon=True).start()


def reserved_connection() -> socket.socket:
    """Return the socket that this process was given, hidden from child processes and from anything printed."""
    connection = given_connection()
    with open(os.devnull, "rb") as null:
        os.dup2(null.fileno(), 0)
    os.dup2(2, 1)
    return connection


def read_commands(
    connection: socket.socket, decoder: msgspec.msgpack.Decoder[Command], receive: Callable[[Command], None]
) -> None:
    """Call ``receive`` with each command of the app, until it has gone; then the process ends, whatever it does.

    This is for a thread of its own: no command, and not the end of the app, waits for anything.
    """
    try:
        with connection.makefile("rb") as stream:
            while (body := read_frame(stream)) is not None:
                receive(decoder.decode(body))
    except (OSError, *NO_MESSAGE):
        pass  # it is not our app any more
    os._exit(0)


def send_event(connection: socket.socket, event: msgspec.Struct) -> None:
    """Send ``event`` to the app; if that has gone, the thread that reads its commands ends the process."""
    with contextlib.suppress(OSError):
        connection.sendall(frame(event))


class ClientConnections:
    """The connected client, or none. A new one that attaches replaces the old one.

    Unless the trainer ``stays``, the process ends with the client: as soon as it has saved its run, and in any case
    after ``LAST_STEP``, however long a step takes.
    """

    def __init__(self, first: socket.socket, stays: bool) -> None:
        self._stays = stays
        self.received: queue.SimpleQueue[tuple[Connection, AnyCommand | None]] = queue.SimpleQueue()
        self.current: Connection | None = Connection(first)
        self.followers: set[Connection] = set()  # which never become the client

    def start(self) -> None:
        """Start reading from the first client."""
        if self.current is not None:
            self.current.start(self._receive)

    def admit(self, listener: socket.socket) -> None:
        """Accept connections on ``listener`` from now on."""
        start_thread(self._accept, listener)

    def replace(self, newer: Connection) -> None:
        """Make ``newer`` the connected client, and send the old one away."""
        older, self.current = self.current, newer
        if older is not None:
            older.reports.put(TakenOver(0))
            older.close(LAST_WORDS)

    def disconnect(self, seconds: float = 0.0) -> None:
        """Close the client's connection, after at most ``seconds`` for its last reports."""
        connection, self.current = self.current, None
        if connection is not None:
            connection.close(seconds)

    def _receive(self, connection: Connection, command: AnyCommand | None) -> None:
        """Take a command, or the end of a connection, from the thread that reads it."""
        if command is None and connection is self.current and not self._stays:
            start_thread(_end_after, LAST_STEP)
        self.received.put((connection, command))

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # no file left to open, perhaps: the connected client stays
                time.sleep(RETRY)
                continue
            try:
                own = is_own(client)
            except OSError:  # it has gone already
                own = False
            if own:
                Connection(client).start(self._receive)
            else:
                client.close()


def _end_after(seconds: float) -> None:
    """End the process in a while, whatever it does then."""
    time.sleep(seconds)
    os._exit(0)


class CommandQueue:
    """The commands of the connected client in their order.

    Those of followers are put aside, in ``of_followers``, and those of other connections are dropped.
    """

    def __init__(self, clients: ClientConnections) -> None:
        self._clients = clients
        self.of_followers: deque[tuple[Connection, AnyCommand | None]] = deque()
        self._ahead: deque[AnyCommand | None] = deque()  # looked at, but not handed out

    def empty(self) -> bool:
        """Whether no command is waiting."""
        return not self._ahead and self._clients.received.empty()

    def next(self, seconds: float | None) -> AnyCommand | None:
        """Return the next command, None once the client has gone.

        Raises queue.Empty after ``seconds``, and where a command of a follower comes first.
        """
        return self._ahead.popleft() if self._ahead else self._take(seconds)

    def stops_loading(self) -> bool:
        """Whether a command has come that stops the loading of a file, or makes it useless."""
        self._look_ahead()
        return any(command is None or isinstance(command, STOPPING) for command in self._ahead)

    def concerns_run(self) -> bool:
        """Whether a command has come that is about the current run, and not about what is shown of it."""
        self._look_ahead()
        return any(not isinstance(command, ABOUT_VIEWS) for command in self._ahead)

    def looks_elsewhere(self) -> bool:
        """Whether a command has come that shows another moment of the run."""
        self._look_ahead()
        return any(isinstance(command, LookAt) for command in self._ahead)

    def replaces_run(self) -> bool:
        """Whether a command has come that loads another run."""
        return any(isinstance(command, Load | Resume) for command in self._ahead)

    def _look_ahead(self) -> None:
        while not self._clients.received.empty():
            with contextlib.suppress(queue.Empty):
                self._ahead.append(self._take(0.0))

    def _take(self, seconds: float | None) -> AnyCommand | None:
        clients = self._clients
        while True:
            connection, command = clients.received.get(timeout=seconds)
            if isinstance(command, Follow) and connection is not clients.current:
                clients.followers.add(connection)
            if connection in clients.followers:
                self.of_followers.append((connection, command))
                raise queue.Empty
            if isinstance(command, Attach) and connection is not clients.current:
                clients.replace(connection)
            if connection is clients.current:
                if command is None:
                    clients.disconnect()
                return command
            if command is None:  # it has gone without having attached, or was replaced
                connection.close()


class Connection:
    """A client. One thread reads its commands, another one sends it ``reports``."""

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self.reports = SendQueue(client.makefile("wb"))

    def start(self, receive: Received) -> None:
        """Call ``receive``, from another thread, with this and each command; with None once the client has gone."""
        start_thread(self.reports.run)
        start_thread(self._read, receive)

    def close(self, seconds: float = 0.0) -> None:
        """Close the connection, after at most ``seconds`` for the last reports."""
        self.reports.flush(seconds)
        self.reports.close()
        with contextlib.suppress(OSError):  # the client was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self, receive: Received) -> None:
        # An invalid message ends the connection as a reset does: that is no client of ours.
        with contextlib.suppress(OSError, *NO_MESSAGE), self._socket.makefile("rb") as stream:
            while (body := read_frame(stream)) is not None:
                receive(self, command_decoder.decode(body))
        receive(self, None)


class SendQueue:
    """Reports to send. While the connection is full, newer ones replace those that are stale.

    Once nobody reads any more, reports are dropped.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[AnyReport] = deque()
        self._sending = self._closed = False
        self._changed = threading.Condition()

    def put(self, report: AnyReport) -> None:
        """Send ``report`` as soon as the connection takes it, without waiting for that; the order is kept."""
        with self._changed:
            if not self._closed:
                queue_newest(self._waiting, report)
                self._changed.notify_all()

    def __len__(self) -> int:
        """How many reports are waiting."""
        return len(self._waiting)

    def put_instead(self, reports: Sequence[AnyReport]) -> None:
        """Send ``reports`` in place of all that are still waiting."""
        with self._changed:
            if not self._closed:
                self._waiting.clear()
                self._waiting.extend(reports)
                self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all reports have been sent, but at most ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._sending, seconds)

    def close(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def run(self) -> None:
        """Send reports until the queue is closed."""
        while (report := self._next()) is not None:
            data = frame(report)
            try:
                self._stream.write(data)
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads any more, or the connection was closed
                self.close()

    def _next(self) -> AnyReport | None:
        """Wait for the next report; None once the queue is closed."""
        with self._changed:
            self._sending = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            self._sending = True
            return self._waiting.popleft()
