"""The app's side of a sweep: starts the process that does it, sends commands, hands out the news."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable
from typing import IO

from tui_trainer.protocol.framing import frame
from tui_trainer.runtime.child import MessageReader, last_words, start_module

from .messages import AnyCommand, AnyNews, Cancel, Start, SweepCrashed, SweepFinished, SweepProgress, news_decoder

PATIENCE = 3.0  # seconds that a sweep may take to end
MODULE = "tui_trainer.sweep.service"
LOWEST = 19  # niceness


class SweepClient:
    """One process for one sweep, at most; it never outlives this one."""

    def __init__(self, niceness: int) -> None:
        self._niceness = min(niceness, LOWEST)
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (read when the child has ended)
        self._incoming: MessageReader[AnyNews] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._early = b""  # commands from before there was a process
        self._ended = asyncio.Event()  # set when the sweep has, or nothing more will come
        self._closing = False
        self.started = False  # whether the sweep was

    @property
    def pid(self) -> int | None:
        """The child's process id, once started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start_module(MODULE, str(self._niceness), theirs.fileno(), self._errors)
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._incoming = MessageReader(reader, news_decoder)
        self._writer.write(self._early)

    def send(self, command: AnyCommand) -> None:
        """Send a command, at once or when the process is there; dropped where it has gone, as ``news`` tells."""
        self.started = self.started or isinstance(command, Start)
        if self._writer is None:
            self._early += frame(command)
        elif not self._writer.is_closing():
            self._writer.write(frame(command))

    async def news(self) -> AsyncIterator[AnyNews]:
        """News as they come, of several standings the newest. The last one is ``Swept``, or ``Lost``."""
        assert self._incoming is not None and self._process is not None
        try:
            async for batch in self._incoming.batches():
                for one in _without_stale(batch):
                    if isinstance(one, SweepFinished):
                        self._ended.set()
                        yield one
                        return
                    yield one
        finally:
            self._ended.set()
        if self._closing:
            return
        if self._incoming.garbled:
            self._process.kill()
            yield SweepCrashed("What the sweep's process said makes no sense")
        else:
            yield SweepCrashed(await last_words(self._process, self._errors, "The sweep's process"))

    async def close(self) -> None:
        """End the sweep, if there is one under way, and its process, and wait for that."""
        self._closing = True
        if self._writer is None or self._process is None:
            return
        if self.started and not self._ended.is_set():
            self.send(Cancel())
            try:
                await asyncio.wait_for(self._ended.wait(), PATIENCE)
            except TimeoutError:
                self._process.kill()  # its own processes notice
        self._writer.close()  # one that does not sweep ends by that
        await asyncio.to_thread(self._process.wait)
        self._errors.close()


def _without_stale(news: Iterable[AnyNews]) -> list[AnyNews]:
    """Without standings that another one follows."""
    found: list[AnyNews] = []
    for one in news:
        if found and isinstance(one, SweepProgress) and isinstance(found[-1], SweepProgress):
            found.pop()
        found.append(one)
    return found
