"""Chromium without a screen, driven through its DevTools protocol: a page, keys into it, a picture of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20.0  # seconds
CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no page may need another machine
    "--remote-debugging-port=0",
)


def chromium() -> str | None:
    """The browser's path; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One page; ``problems`` are what its console and its network complained of."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())
        self._received = ""
        self.problems: list[str] = []

    async def ask(self, method: str, **params: Any) -> Any:
        """A command of the protocol, and its result."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._line.send_json({"id": self._number, "method": method, "params": params})
        return await asyncio.wait_for(answer, PATIENCE)

    async def press(self, key: str) -> None:
        """One key that writes a character."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            await self.ask("Input.dispatchKeyEvent", type=kind, key=key, **text)

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to."""
        found = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(PATIENCE):
            while not await self.value(expression):
                await asyncio.sleep(0.05)

    async def until_drawn(self, text: str) -> None:
        """Wait until ``text`` has come through a websocket since the last call."""
        async with asyncio.timeout(PATIENCE):
            while text not in CODES.sub("", self._received):
                await asyncio.sleep(0.05)
        self._received = ""

    async def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode((await self.ask("Page.captureScreenshot", format="png"))["data"])

    async def _read(self) -> None:
        async for message in self._line:
            said = message.json()
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said.get("result", said.get("error")))
            elif said["method"] == "Log.entryAdded":
                self.problems.append(said["params"]["entry"]["text"])
            elif said["method"] == "Network.webSocketFrameReceived" and said["params"]["response"]["opcode"] == 2:
                self._received += base64.b64decode(said["params"]["response"]["payloadData"]).decode()
            elif said["method"] == "Runtime.exceptionThrown":
                self.problems.append(said["params"]["exceptionDetails"]["text"])


@contextlib.asynccontextmanager
async def opened(address: str, width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
    """The page at ``address`` in a browser of its own, which is closed in the end."""
    command = chromium()
    assert command is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        size = f"--window-size={width},{height}"
        process = subprocess.Popen(
            [command, *OPTIONS, size, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    targets = await answer.json()
                debugger = next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page")
                async with session.ws_connect(debugger, max_msg_size=0) as line:
                    page = Page(line)
                    for domain in ("Page", "Runtime", "Log", "Network"):
                        await page.ask(f"{domain}.enable")
                    await page.ask("Page.navigate", url=address)
                    yield page
        finally:
            process.terminate()
            process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int(file.read_text().splitlines()[0])
            await asyncio.sleep(0.05)
