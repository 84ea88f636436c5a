"""The front end's side of the runtime: starts the trainer or calls one, sends commands, hands out reports."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable
from typing import IO

from tui_trainer.protocol.commands import AnyCommand, Close
from tui_trainer.protocol.framing import frame, report_decoder
from tui_trainer.protocol.reports import AnyReport, Attached, Crashed, TakenOver, queue_newest
from tui_trainer.store.live_trainers import call, folder_beside

from .child import MessageReader, last_words, start_child
from .launch import Launch

PATIENCE = 1.0  # seconds the trainer may take to save its run and end


class Client:
    """One trainer: a child for as long as the app lives, or a session that was there before."""

    def __init__(self, launch: Launch | None = None) -> None:
        self._launch = launch or Launch()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._incoming: MessageReader[AnyReport] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._unreachable = "The trainer was not started"
        self._early = b""  # commands from before there was a trainer
        self._closing = self._displaced = False
        self._read_by: asyncio.Event | None = None  # set when ``reports`` has ended
        self.stays = self._launch.stays  # whether it trains on when this client goes

    async def start(self) -> None:
        """Start the child, which ends with this process unless it stays, or call the session."""
        if self._launch.attach:
            from tui_trainer.store.store import default_path  # with SQLite: not before the first frame

            try:
                connection = call(folder_beside(default_path()), self._launch.attach)
            except OSError as error:
                self._unreachable = f"The session can't be called: {error.strerror or error}"
                return
        else:
            connection, theirs = socket.socketpair()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (read when the child has ended)
            with theirs:
                self._process = start_child(self._launch, theirs.fileno(), self._errors)
        reader, self._writer = await asyncio.open_unix_connection(sock=connection)
        self._incoming = MessageReader(reader, report_decoder)
        self._writer.write(self._early)

    @property
    def pid(self) -> int | None:
        """The child's process id, once started."""
        return None if self._process is None else self._process.pid

    def send(self, command: AnyCommand) -> None:
        """Send a command, at once or when the trainer is there; dropped where it has gone, as ``reports`` tells."""
        if self._writer is None:
            self._early += frame(command)
        elif not self._writer.is_closing():
            self._writer.write(frame(command))

    async def reports(self) -> AsyncIterator[AnyReport]:
        """Reports as they come. The last one, if the trainer ends unasked, is ``Crashed``."""
        if self._incoming is None:
            yield Crashed(0, self._unreachable)
            return
        self._read_by = asyncio.Event()
        try:
            async for reports in self._incoming.batches():
                for report in _without_stale(reports):
                    if isinstance(report, Attached):
                        self.stays = report.stays
                    self._displaced = self._displaced or isinstance(report, TakenOver)
                    yield report
        finally:
            self._read_by.set()
        if not self._closing and not self._displaced:
            yield Crashed(0, await self._last_words(self._incoming.garbled))

    async def close(self) -> None:
        """Let the trainer save its run and end, or go on alone where it stays, and wait for that."""
        self._closing = True
        if self._writer is None or self._incoming is None:
            return
        if not self._displaced:
            self.send(Close())
        own = self._process is not None and not self.stays and not self._displaced
        try:
            async with asyncio.timeout(PATIENCE):
                if self._read_by is not None:
                    await self._read_by.wait()
                await self._incoming.drain()
        except TimeoutError:
            if own and self._process is not None:
                self._process.kill()
        self._writer.close()
        if own and self._process is not None:
            await asyncio.to_thread(self._process.wait)

    async def _last_words(self, garbled: bool) -> str:
        if garbled:
            if self._process is not None:
                self._process.kill()
                await asyncio.to_thread(self._process.wait)
            return "What the trainer said makes no sense"
        if self._process is None or self._errors is None:
            return "The session has ended"
        return await last_words(self._process, self._errors, "The trainer")


def _without_stale(reports: Iterable[AnyReport]) -> list[AnyReport]:
    """Of several alike in a row only the newest: whoever reads late is not kept in the past."""
    waiting: list[AnyReport] = []
    for report in reports:
        queue_newest(waiting, report)
    return waiting
