"""The server: a page, and for each tab that opens it a websocket with an app at its other end."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import signal
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
from tui_trainer.runtime.child import with_package

from .access import HEADERS, POLICY, guard, new_token, place_of

MAX_TABS = 16  # each has two processes
MAX_CELLS = 1000  # columns or rows of a tab
MAX_BYTES = 1 << 20  # of one message from a page: a paste is the longest
HEARTBEAT = 15.0  # seconds until a tab that says nothing is asked whether it is there
FONT_SIZES = range(6, 49)
USUAL_SIZE = 16
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")  # of files that are downloaded
STATICS = Path(textual_serve.__file__).with_name("static")
PAGE, SCRIPT = Path(__file__).with_name("page.html"), Path(__file__).with_name("page.js")
PATIENCE = 5.0  # seconds that the app may take to save its run and end
DRIVER = "tui_trainer.serve.driver:TabDriver"
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_DRIVER": DRIVER}  # what the page draws with
OF_THE_SERVER = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "TMUX", "STY", "LINES")  # terminal, which is no tab's
MAX_TOLD = 5  # lines of what an app says when it fails


def serve(listener: socket.socket, words: Sequence[str]) -> int:
    """Serve apps for ``words`` on ``listener`` until a signal; returns the exit code."""
    return asyncio.run(TabServer(words).run(listener))


class TabServer:
    """Starts an app for each websocket, and ends it with that."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._word = new_token()
        self._downloads = DownloadManager()
        self._tabs: set[web.WebSocketResponse] = set()
        self._page = Template(PAGE.read_text(encoding="utf-8"))

    async def run(self, listener: socket.socket) -> int:
        """Until SIGINT, SIGTERM or SIGHUP; every tab is closed then, and its app has ended."""
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=2 * PATIENCE)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        print(f"The app is at http://{place_of(listener)}/{self._word}/", flush=True)
        print("Whoever has this address can use it as you. Ctrl+C ends it, and the apps of all tabs.", flush=True)
        await ended.wait()
        await runner.cleanup()
        return 0

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[guard(self._word)])
        application.add_routes(
            [
                web.get("/{word}/", self._show_page),
                web.get("/{word}/page.js", self._give_script),
                web.get("/{word}/ws", self._open_tab),
                web.get("/download/{key}", self._download),  # where the page's script looks; keys are random
                web.static("/static", STATICS),
            ]
        )
        application.on_shutdown.append(self._close_tabs)
        return application

    async def _show_page(self, request: web.Request) -> web.Response:
        if len(self._tabs) >= MAX_TABS:
            return web.Response(status=503, text=f"{MAX_TABS} tabs are open already; close one, and load this again.")
        line = f"{'wss' if request.secure else 'ws'}://{request.host}"
        size = number_in(request.query.get("fontsize"), FONT_SIZES, USUAL_SIZE)
        text = self._page.substitute(socket=html.escape(f"{line}/{self._word}/ws"), size=size)
        policy = {"Content-Security-Policy": POLICY.format(socket=line)}
        return web.Response(text=text, content_type="text/html", headers=policy)

    async def _give_script(self, _: web.Request) -> web.Response:
        return web.Response(text=SCRIPT.read_text(encoding="utf-8"), content_type="text/javascript")

    async def _open_tab(self, request: web.Request) -> web.StreamResponse:
        if len(self._tabs) >= MAX_TABS:
            raise web.HTTPServiceUnavailable
        tab = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_BYTES)
        self._tabs.add(tab)
        try:
            await tab.prepare(request)
            app = AppOfTab(
                self._words,
                write_bytes=tab.send_bytes,
                write_str=tab.send_str,
                close=tab.close,
                download_manager=self._downloads,
            )
            cells = range(1, MAX_CELLS + 1)
            sizes = (("width", 80), ("height", 24))
            await app.start(*(number_in(request.query.get(name), cells, usual) for name, usual in sizes))
            try:
                await self._pass_on(tab, app)
            finally:
                await app.stop()
        finally:
            self._tabs.discard(tab)
        return tab

    async def _pass_on(self, tab: web.WebSocketResponse, app: AppOfTab) -> None:
        """Give the app what its page says, until that has gone; what makes no sense is left out."""
        async for message in tab:
            try:
                said = json.loads(message.data) if message.type is WSMsgType.TEXT else None
            except (ValueError, RecursionError):
                continue
            match said:
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
        """A picture of the screen, which the app hands to the page's browser."""
        key = request.match_info["key"]
        try:
            about = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        answer = web.StreamResponse()
        answer.headers.update(HEADERS)
        answer.headers["Content-Type"] = "application/octet-stream"  # never shown beside our page: scripts are in it
        answer.headers["Content-Disposition"] = f'attachment; filename="{NOT_IN_NAMES.sub("_", about.file_name)}"'
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        await answer.write_eof()
        return answer

    async def _close_tabs(self, _: web.Application) -> None:
        await asyncio.gather(*(tab.close() for tab in self._tabs))


def number_in(text: Any, allowed: range, usual: int) -> int:
    """The number in ``text``; ``usual`` where it is none, or not allowed."""
    found = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 6 else usual
    return found if found in allowed else usual


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
    last: deque[bytes] = deque(maxlen=MAX_TOLD)
    with contextlib.suppress(ValueError):  # a line without end
        async for line in stream:
            last.append(line)
    for line in last:
        if told := printable(line.decode(errors="replace").strip()):
            print(f"  {told}", flush=True)
