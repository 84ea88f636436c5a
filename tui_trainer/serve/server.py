"""The server: a page, and for each tab that opens it a websocket connected to a process of the app.

A process is started without a shell, and always ends with its tab.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui_trainer.errors import printable
from tui_trainer.runtime.client import with_package
from tui_trainer.system.processes import APART
from tui_trainer.system.terminal import ENDING, call_on_signals

from .access import HEADERS, POLICY, access_control, authority, new_token

MAX_TABS = 16  # each has two processes
MAX_CELLS = 1000  # columns or rows of a tab
MAX_BYTES = 1 << 20  # of one message from a page; pasted text is the longest
HEARTBEAT = 15.0  # seconds of silence before a tab is pinged
FONT_SIZES = range(6, 49)
DEFAULT_SIZE = 16
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")  # of downloaded files
STATICS = Path(textual_serve.__file__).with_name("static")
PAGE, SCRIPT = Path(__file__).with_name("page.html"), Path(__file__).with_name("page.js")
PATIENCE = 5.0  # seconds for the app to save its run and end
DRIVER = "tui_trainer.serve.driver:TabDriver"
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_DRIVER": DRIVER}  # the page's terminal
SERVER_VARIABLES = (
    "SSH_CONNECTION",
    "SSH_TTY",
    "SSH_CLIENT",
    "TMUX",
    "STY",
    "LINES",
)  # that describe the server's own terminal, not a tab
MAX_ERROR_LINES = 5  # printed when an app fails


def serve(listener: socket.socket, words: Sequence[str]) -> int:
    """Serve the app with the arguments ``words`` on ``listener`` until a signal; return the exit code."""
    return asyncio.run(TabServer(words).run(listener))


class TabServer:
    """Starts a process of the app for each websocket, and ends it when the websocket closes."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._token = new_token()
        self._downloads = DownloadManager()
        self._tabs: set[web.WebSocketResponse] = set()
        self._page = Template(PAGE.read_text(encoding="utf-8"))

    async def run(self, listener: socket.socket) -> int:
        """Serve until Ctrl+C or another signal to end; then close every tab and wait for its app to end."""
        ended = asyncio.Event()
        call_on_signals(asyncio.get_running_loop(), ENDING, ended.set)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=2 * PATIENCE)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        print(f"The app is at http://{authority(listener)}/{self._token}/", flush=True)
        print(
            "Anyone who has this address can use the app as you.",
            "Ctrl+C stops the server, and the apps of all tabs.",
            flush=True,
        )
        await ended.wait()
        await runner.cleanup()
        return 0

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[access_control(self._token)])
        application.add_routes(
            [
                web.get("/{word}/", self._serve_page),
                web.get("/{word}/page.js", self._serve_script),
                web.get("/{word}/ws", self._open_tab),
                web.get("/{word}/download/{key}", self._download),
                web.get("/{word}/static/{name:.+}", self._give_static),
            ]
        )
        application.on_shutdown.append(self._close_tabs)
        return application

    async def _serve_page(self, request: web.Request) -> web.Response:
        if len(self._tabs) >= MAX_TABS:
            return web.Response(status=503, text=f"{MAX_TABS} tabs are open already; close one, and load this again.")
        socket = f"{'wss' if request.secure else 'ws'}://{request.host}"
        size = parse_number(request.query.get("fontsize"), FONT_SIZES, DEFAULT_SIZE)
        text = self._page.substitute(socket=html.escape(f"{socket}/{self._token}/ws"), size=size)
        policy = {"Content-Security-Policy": POLICY.format(socket=socket)}
        return web.Response(text=text, content_type="text/html", headers=policy)

    async def _serve_script(self, _: web.Request) -> web.Response:
        return web.Response(text=SCRIPT.read_text(encoding="utf-8"), content_type="text/javascript")

    async def _give_static(self, request: web.Request) -> web.StreamResponse:
        """Send a file of textual-serve's page: its script, styles and fonts."""
        path = (STATICS / request.match_info["name"]).resolve()
        if not path.is_relative_to(STATICS.resolve()) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _open_tab(self, request: web.Request) -> web.StreamResponse:
        if len(self._tabs) >= MAX_TABS:
            raise web.HTTPServiceUnavailable
        tab = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_BYTES)
        self._tabs.add(tab)
        try:
            await tab.prepare(request)
            app = AppProcess(
                self._words,
                write_bytes=tab.send_bytes,
                write_str=tab.send_str,
                close=tab.close,
                download_manager=self._downloads,
            )
            cells = range(1, MAX_CELLS + 1)
            sizes = (("width", 80), ("height", 24))
            await app.start(*(parse_number(request.query.get(name), cells, default) for name, default in sizes))
            try:
                await self._forward(tab, app)
            finally:
                await app.stop()
        finally:
            self._tabs.discard(tab)
        return tab

    async def _forward(self, tab: web.WebSocketResponse, app: AppProcess) -> None:
        """Forward the messages of a page to its app until the page closes; ignore invalid ones."""
        async for message in tab:
            try:
                content = json.loads(message.data) if message.type is WSMsgType.TEXT else None
            except (ValueError, RecursionError):
                continue
            match content:
                case ["stdin", str(text)]:
                    await app.send_bytes(text.encode("utf-8", "replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await app.set_terminal_size(*(min(max(1, cells), MAX_CELLS) for cells in (width, height)))
                case ["ping", str(moment)]:
                    await tab.send_json(["pong", moment[:100]])
                case ["blur"]:
                    await app.blur()
                case ["focus"]:
                    await app.focus()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Send a file, such as a screenshot, that the app offers to the page's browser."""
        key = request.match_info["key"]
        try:
            metadata = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        answer = web.StreamResponse()
        answer.headers.update(HEADERS)
        answer.headers["Content-Type"] = (
            "application/octet-stream"  # never displayed, since the file could contain scripts
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{NOT_IN_NAMES.sub("_", metadata.file_name)}"'
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        await answer.write_eof()
        return answer

    async def _close_tabs(self, _: web.Application) -> None:
        await asyncio.gather(*(tab.close() for tab in self._tabs))


def parse_number(text: Any, allowed: range, default: int) -> int:
    """Return the number in ``text``; ``default`` if it is not a number or not allowed."""
    number = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 6 else default
    return number if number in allowed else default


class AppProcess(AppService):
    """Textual's app service, started with the arguments ``words`` instead of a shell command."""

    def __init__(self, words: Sequence[str], **connection: Any) -> None:
        super().__init__("tui-trainer", **connection)
        self._words = words
        self._errors: asyncio.Task[None] | None = None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = with_package(super()._build_environment(width, height))
        return {name: value for name, value in environment.items() if name not in SERVER_VARIABLES} | TERMINAL

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        command = [sys.executable, "-P", "-m", "tui_trainer.cli.main", *self._words]
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            **APART,  # only the server receives Ctrl+C
        )
        assert process.stdin is not None and process.stderr is not None
        self._stdin = process.stdin
        self._errors = asyncio.create_task(_print_errors(process.stderr))
        process.stderr = asyncio.StreamReader()  # the service would print it unfiltered, with control codes
        process.stderr.feed_eof()
        return process

    async def stop(self) -> None:
        """Let the app save its run and end; kill it if it does not."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            async with asyncio.timeout(PATIENCE):
                await super().stop()
                assert process.stdin is not None
                process.stdin.close()  # so that the driver sees the end even if the service no longer reads
                await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._errors is not None:
            await self._errors


async def _print_errors(stream: asyncio.StreamReader) -> None:
    """Print the last lines of the stream as text when it ends."""
    last: deque[bytes] = deque(maxlen=MAX_ERROR_LINES)
    with contextlib.suppress(ValueError):  # a line is too long
        async for line in stream:
            last.append(line)
    for line in last:
        if text := printable(line.decode(errors="replace").strip()):
            print(f"  {text}", flush=True)
