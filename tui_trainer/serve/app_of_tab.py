"""One tab's app as a process: started without a shell, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from typing import Any

from textual_serve.app_service import AppService

from tui_trainer.errors import printable
from tui_trainer.runtime.child import with_package

PATIENCE = 5.0  # seconds that the app may take to save its run and end
DRIVER = "tui_trainer.serve.driver:TabDriver"
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_DRIVER": DRIVER}  # what the page draws with
OF_THE_SERVER = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "TMUX", "STY", "LINES")  # terminal, which is no tab's
MOST_TOLD = 5  # lines of what an app says when it fails


class AppOfTab(AppService):
    """Textual's service with the ``words`` of a command line in the place of a text for the shell."""

    def __init__(self, words: Sequence[str], **line: Any) -> None:
        super().__init__("tui-trainer", **line)
        self._words = words
        self._errors: asyncio.Task[None] | None = None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = with_package(super()._build_environment(width, height))
        return {name: value for name, value in environment.items() if name not in OF_THE_SERVER} | TERMINAL

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        command = [sys.executable, "-P", "-m", "tui_trainer.cli.browser_tab", *self._words]
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,  # so that Ctrl+C is the server's to handle
        )
        assert process.stdin is not None and process.stderr is not None
        self._stdin = process.stdin
        self._errors = asyncio.create_task(_tell(process.stderr))
        process.stderr = asyncio.StreamReader()  # the service would print it as it comes, control codes and all
        process.stderr.feed_eof()
        return process

    async def stop(self) -> None:
        """Let the app save its run and end, and end it where it does not."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            async with asyncio.timeout(PATIENCE):
                await super().stop()
                assert process.stdin is not None
                process.stdin.close()  # also where the service has given up reading: the driver sees the end
                await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._errors is not None:
            await self._errors


async def _tell(stream: asyncio.StreamReader) -> None:
    """Print the last lines of what comes, as text, once there is no more."""
    last: deque[bytes] = deque(maxlen=MOST_TOLD)
    with contextlib.suppress(ValueError):  # a line without end
        async for line in stream:
            last.append(line)
    for line in last:
        if told := printable(line.decode(errors="replace").strip()):
            print(f"  {told}", flush=True)
