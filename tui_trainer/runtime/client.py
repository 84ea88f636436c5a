"""The front end's side of the runtime: starts the child, sends commands, hands out reports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from .protocol import HEADER, AnyCommand, AnyReport, Close, Crashed, frame, queue_newest, report_decoder

PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
ERRORS_KEPT = 2000  # characters of the child's standard error


class Client:
    """One child process, for as long as the app lives."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._errors = ""
        self._early = b""  # commands from before the child was there
        self._closing = False

    async def start(self) -> None:
        """Start the child; it ends with this process, or with ``close``."""
        environment = dict(os.environ)
        paths = [PACKAGE_PARENT, environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the user's folder may hold a module named like one of ours
            "-m",
            "tui_trainer.runtime.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # so that Ctrl+C in the terminal is the app's to handle
        )
        assert self._process.stdin is not None
        self._process.stdin.write(self._early)

    @property
    def pid(self) -> int | None:
        """The child's process id, once started."""
        return None if self._process is None else self._process.pid

    def send(self, command: AnyCommand) -> None:
        """Send a command, at once or when the child is there; dropped where it has gone, as ``reports`` tells."""
        if self._process is None:
            self._early += frame(command)
        elif self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(frame(command))

    async def reports(self) -> AsyncIterator[AnyReport]:
        """Reports as they come. The last one, if the child ends unasked, is ``Crashed``."""
        assert self._process is not None and self._process.stdout is not None
        errors = asyncio.create_task(self._keep_errors())
        received = bytearray()
        while chunk := await self._process.stdout.read(1 << 16):
            received += chunk
            for report in _without_stale(_decoded(received)):
                yield report
        code = await self._process.wait()
        await errors
        if not self._closing:
            yield Crashed(0, self._last_words(code))

    async def close(self) -> None:
        """Let the child save its run and end, and wait until it has ended."""
        self._closing = True
        process = self._process
        if process is None:
            return
        self.send(Close())
        try:
            await asyncio.wait_for(process.wait(), timeout=1.0)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_errors(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._errors = (self._errors + chunk.decode(errors="replace"))[-ERRORS_KEPT:]

    def _last_words(self, code: int) -> str:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        lines = self._errors.strip().splitlines()
        return f"The trainer {how}" + (f": {lines[-1]}" if lines else "")


def _decoded(received: bytearray) -> Iterator[AnyReport]:
    """All whole reports at the start of ``received``, taken out of it."""
    while len(received) >= HEADER.size:
        end = HEADER.size + HEADER.unpack_from(received)[0]
        if len(received) < end:
            return
        yield report_decoder.decode(received[HEADER.size : end])
        del received[:end]


def _without_stale(reports: Iterable[AnyReport]) -> list[AnyReport]:
    """Of several alike in a row only the newest: whoever reads late is not kept in the past."""
    waiting: list[AnyReport] = []
    for report in reports:
        queue_newest(waiting, report)
    return waiting
