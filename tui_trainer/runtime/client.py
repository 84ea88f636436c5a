"""The app's side of the processes that it starts: sends them commands, yields their messages, and ends them.

``Client`` is that of a trainer, which may also be one that is running already.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, Generic, TypeVar

import msgspec

from tui_trainer.protocol import (
    HEADER,
    MAX_BYTES,
    NO_MESSAGE,
    AnyCommand,
    AnyReport,
    Attached,
    Close,
    Crashed,
    Follow,
    TakenOver,
    Watch,
    frame,
    queue_newest,
    report_decoder,
)
from tui_trainer.store.live_trainers import call, folder_beside, process_of
from tui_trainer.system.files import reason_of
from tui_trainer.system.processes import call_at_end, how_it_ended, start
from tui_trainer.system.sockets import pair

from . import Launch

Command = TypeVar("Command", bound=msgspec.Struct)
Message = TypeVar("Message")
Append = Callable[[list[Message], Message], None]
CHUNK = 1 << 16  # bytes
MODULE = "tui_trainer.runtime.worker"
PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
LAST_READ = 1.0  # seconds in which what an ended process has sent is still read, if its connection seems open
ERRORS_KEPT = 2000  # bytes of a child's standard error that are looked at


class MessageReader(Generic[Message]):
    """Decodes whole messages from ``reader``. ``garbled`` is set after an invalid message; reading stops there."""

    def __init__(self, reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[Message]) -> None:
        self._reader, self._decoder = reader, decoder
        self._received = bytearray()
        self.garbled = False

    async def batches(self) -> AsyncIterator[list[Message]]:
        """Yield the messages that arrive together, until the connection ends."""
        while not self.garbled and (chunk := await self._read()):
            self._received += chunk
            yield list(self._decoded())

    async def drain(self) -> None:
        """Read and discard until the connection ends."""
        while await self._read():
            pass

    async def _read(self) -> bytes:
        """Read the next bytes; none at the end of the connection."""
        try:
            return await self._reader.read(CHUNK)
        except ConnectionError:
            return b""

    def _decoded(self) -> Iterator[Message]:
        """Pop the complete messages, stopping at an invalid one."""
        while len(self._received) >= HEADER.size:
            size = HEADER.unpack_from(self._received)[0]
            if size > MAX_BYTES:
                self.garbled = True
                return
            end = HEADER.size + size
            if len(self._received) < end:
                return
            try:
                yield self._decoder.decode(self._received[HEADER.size : end])
            except NO_MESSAGE:
                self.garbled = True
                return
            del self._received[:end]


class ChildProcess(Generic[Command, Message]):
    """A child process of the app, connected by a socket.

    ``append`` puts a message at the end of a list, and drops the older message that it makes stale: a slow reader
    gets the newest state, not the past. Commands sent before the process is up wait for it.
    """

    name: ClassVar[str]  # in sentences for the user: "the trainer"
    patience: ClassVar[float]  # seconds that it may take to end

    def __init__(self, decoder: msgspec.msgpack.Decoder[Message], append: Append[Message]) -> None:
        self._decoder, self._append = decoder, append
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._reader: MessageReader[Message] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._early = b""  # commands from before the connection
        self._fully_read: asyncio.Event | None = None  # set once ``_messages`` has ended
        self._closing = False
        self.heard = 0  # how often messages have arrived

    @property
    def pid(self) -> int | None:
        """The child's process id, once started."""
        return None if self._process is None else self._process.pid

    def send(self, command: Command) -> None:
        """Send a command, or keep it until the process is there; it is dropped if the process has ended."""
        if self._writer is None:
            self._early += frame(command)
        elif not self._writer.is_closing():
            self._writer.write(frame(command))

    def reject(self) -> None:
        """Give up a process whose last message was invalid in a part that is decoded later."""
        if self._reader is not None:
            self._reader.garbled = True
            self._hang_up()

    async def _start(self, module: str, argument: str) -> None:
        ours, theirs = pair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (read when the child has ended)
        with theirs:
            self._process = start_module(module, argument, theirs, self._errors)
        await self._connect(ours, self._process.pid)

    async def _connect(self, connection: socket.socket, pid: int) -> None:
        reader, self._writer = await asyncio.open_connection(sock=connection)
        self._reader = MessageReader(reader, self._decoder)
        self._writer.write(self._early)
        loop, abort = asyncio.get_running_loop(), self._writer.transport.abort

        def end_connection() -> None:
            with contextlib.suppress(RuntimeError):  # the app has ended, and its loop
                loop.call_soon_threadsafe(loop.call_later, LAST_READ, abort)

        call_at_end(pid, end_connection)

    async def _messages(self) -> AsyncIterator[Message]:
        """Yield messages as they arrive, without the stale ones, until the connection ends."""
        assert self._reader is not None
        self._fully_read = asyncio.Event()
        try:
            async for batch in self._reader.batches():
                self.heard += 1
                newest: list[Message] = []
                for message in batch:
                    self._append(newest, message)
                for message in newest:
                    yield message
        finally:
            self._fully_read.set()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _last_words(self) -> str:
        """Wait for the process, and say how it ended, with the last line of its standard error.

        One that has sent an invalid message is killed.
        """
        assert self._reader is not None
        if self._reader.garbled:
            if self._process is not None:
                self._process.kill()
                await asyncio.to_thread(self._process.wait)
            return f"{self.name.capitalize()} sent an invalid message"
        assert self._process is not None and self._errors is not None
        code = await asyncio.to_thread(self._process.wait)
        self._errors.seek(max(0, self._errors.seek(0, 2) - ERRORS_KEPT))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"{self.name.capitalize()} {how_it_ended(code)}" + (f": {lines[-1]}" if lines else "")

    async def _close(self, last: Command | None, outlives: bool = False) -> None:
        """Send ``last``, read to the end of the connection, and wait for the process unless it ``outlives`` this one.

        Without ``last``, hang up at once. A process that takes longer than ``patience`` is killed.
        """
        self._closing = True
        if self._reader is None:
            return
        process = None if outlives else self._process
        if last is not None:
            self.send(last)
            try:
                async with asyncio.timeout(self.patience):
                    if self._fully_read is not None:
                        await self._fully_read.wait()
                    await self._reader.drain()
            except TimeoutError:
                if process is not None:
                    process.kill()
        self._hang_up()
        if process is not None:
            await asyncio.to_thread(_wait_or_kill, process, self.patience)


def keeps_newest(kind: type[Any]) -> Append[Any]:
    """Return what appends a message to a list; of two of this ``kind`` in a row, the older is stale and dropped."""

    def append(messages: list[Any], message: Any) -> None:
        if messages and isinstance(message, kind) and isinstance(messages[-1], kind):
            messages.pop()
        messages.append(message)

    return append


class Client(ChildProcess[AnyCommand, AnyReport]):
    """One trainer: a child process that ends with the app unless it stays, or a live session.

    The client is attached to that, or ``follows`` it: then it sends nothing but which tab to compute for it.
    """

    name = "the trainer"
    patience = 1.0  # it saves its run

    def __init__(self, launch: Launch | None = None) -> None:
        super().__init__(report_decoder, queue_newest)
        self._launch = launch or Launch()
        self._unreachable = "The trainer was not started"
        self._displaced = False
        self.follows = bool(self._launch.follow)
        self.stays = self._launch.stays  # whether it trains on when this client goes

    def send(self, command: AnyCommand) -> None:
        """Send a command as ``ChildProcess`` does; one that a follower may not send is dropped."""
        if not self.follows or isinstance(command, Follow | Watch):
            super().send(command)

    async def start(self) -> None:
        """Start the child, or connect to the session."""
        session = self._launch.attach or self._launch.follow
        if not session:
            await self._start(MODULE, self._launch.as_argument())
            return
        from tui_trainer.store.store import default_path  # with SQLite: not before the first frame

        try:
            connection = call(folder_beside(default_path()), session)
        except OSError as error:
            self._unreachable = f"The session can't be reached: {reason_of(error)}"
            return
        await self._connect(connection, process_of(session))

    async def reports(self) -> AsyncIterator[AnyReport]:
        """Yield reports as they arrive. If the trainer ends unexpectedly, the last one is ``Crashed``."""
        if self._reader is None:
            yield Crashed(0, self._unreachable)
            return
        async for report in self._messages():
            if isinstance(report, Attached):
                self.stays = report.stays
            self._displaced = self._displaced or isinstance(report, TakenOver)
            yield report
        if self._closing or self._displaced:
            return
        attached = self._process is None and not self._reader.garbled
        yield Crashed(0, "The session has ended" if attached else await self._last_words())

    async def close(self) -> None:
        """Let the trainer save its run and end, or train on alone if it stays, and wait for that."""
        if self._displaced or self.follows:
            await self._close(None, outlives=True)
        else:
            await self._close(Close(), outlives=self.stays)


def _wait_or_kill(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_module(module: str, argument: str, connection: socket.socket, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a Python process of ours that runs ``module`` with ``connection``, and writes to the file ``errors``."""
    command = [sys.executable, "-P", "-m", module, argument]  # -P: the user's folder may hold a module named like ours
    return start(command, connection, errors, with_package(os.environ))


def with_package(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables, with this package found before any other of its name, and no warnings of Python's."""
    paths = [PACKAGE_PARENT, environment.get("PYTHONPATH", "")]
    path = os.pathsep.join(path for path in paths if path)
    return {"PYTHONWARNINGS": "ignore", **environment, "PYTHONPATH": path}
