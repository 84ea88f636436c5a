"""Tabs as a browser opens them, without a browser: the page, its websocket, and the processes behind it."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from served import Served, wait_for
from systems import KILL, KILLED

if TYPE_CHECKING:
    import aiohttp
else:
    aiohttp = pytest.importorskip("aiohttp", reason="textual-serve is not installed")

PATIENCE = 20.0
GARBAGE = (
    "",
    "[",
    "{}",
    "[]",
    '["stdin"]',
    '["stdin", 5]',
    '["resize", {"width": "x"}]',
    '["nosuch", 1]',
    "[" * 50_000,
)


class Tab:
    """What a page does with its websocket."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self.line = line
        self.seen = ""

    async def until(self, text: str) -> None:
        """Wait until ``text`` is drawn."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.seen:
                message = await self.line.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), (message, self.seen[-2000:])
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.seen += re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", message.data.decode())

    async def press(self, keys: str) -> None:
        """Keys into the app."""
        self.seen = ""
        await self.line.send_json(["stdin", keys])


@pytest.mark.slow
async def test_a_tab_from_its_page_to_its_end(server: Served) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(server.address) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        (socket,) = re.findall(r'data-session-websocket-url="([^"]+)"', page)
        assert socket == server.address.replace("http:", "ws:") + "ws" and "default-src 'none'" in policy
        needed = re.findall(r'(?:src|href)="([^"]+)"|url\("([^"]+)"\)', page)
        for address in (one or other for one, other in needed if not (one or other).startswith(("data:", "./"))):
            assert "//" not in address, "nothing comes from the net"
            async with session.get(server.address + address) as found:
                assert found.status == 200, address
        async with session.ws_connect(f"{socket}?width=120&height=40") as line:
            tab = Tab(line)
            await tab.until("epoch 0/10,000,000")
            for nonsense in GARBAGE:
                await line.send_str(nonsense)
            await line.send_json(["resize", {"width": 10**9, "height": -5}])
            await line.send_json(["resize", {"width": 100, "height": 30}])
            await tab.press(" ")
            await tab.until("▶ epoch")
            assert len(server.processes()) == 2, "the app and its trainer, and no shell"
        wait_for(lambda: not server.processes(), "the end of app and trainer")
    assert "Anyone who has this address can use the app as you." in server.advice
    assert server.end() == "" and server.process.returncode == 0


def host(server: Served) -> str:
    """The address without path."""
    return re.match(r"http://[^/]+", server.address)[0]  # type: ignore[index]


async def test_who_is_let_in(server: Served) -> None:
    other = re.sub(r"/[\w-]{32}/", f"/{'x' * 32}/", server.address)
    async with aiohttp.ClientSession() as session:
        for address, headers, status in (
            (server.address, {}, 200),
            (server.address, {"Origin": host(server)}, 200),
            (other, {}, 404),
            (other + "ws", {}, 404),
            (host(server) + "/", {}, 404),
            (host(server) + "/ws", {}, 404),
            (host(server) + "/download/1", {}, 404),
            (host(server) + "/static/js/textual.js", {}, 404),
            (other + "static/js/textual.js", {}, 404),
            (server.address + "static/js/textual.js", {}, 200),
            (server.address + "static/%2e%2e/app_service.py", {}, 404),
            (server.address + "static/js", {}, 404),
            (server.address, {"Origin": "http://elsewhere.example"}, 403),
            (server.address + "ws", {"Origin": "http://elsewhere.example"}, 403),
            (server.address + "ws", {"Origin": "null"}, 403),
            (server.address, {"Host": 'x"><script>'}, 403),
        ):
            async with session.get(address, headers=headers) as answer:
                assert answer.status == status, (address, headers)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(server.address + "ws", headers={"Origin": "http://elsewhere.example"})
    assert not server.processes(), "nobody has started an app"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, KILL])
async def test_no_app_outlives_the_server(server: Served, number: signal.Signals) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.address + "ws") as line:
        tab = Tab(line)
        await tab.until("epoch 0/10,000,000")
        server.processes()
        await asyncio.to_thread(server.end, number)
    assert server.process.returncode == (KILLED if number is KILL else 0)
    assert len(server.started) == 2
    wait_for(lambda: not server.left(), "the end of app and trainer")


@pytest.mark.slow
async def test_a_page_that_reads_nothing_and_is_gone(server: Served) -> None:
    """The app may wait for its output to be taken: it is ended all the same."""
    async with aiohttp.ClientSession() as session:
        line = await session.ws_connect(f"{server.address}ws?width=300&height=100")
        tab = Tab(line)
        await tab.until("epoch 0/10,000,000")
        await tab.press(" ")
        transport = line.get_extra_info("transport") or line._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()
        await asyncio.to_thread(wait_for, lambda: len(server.processes()) == 2, "app and trainer")
        transport.abort()
        await asyncio.to_thread(wait_for, lambda: not server.processes(), "the end of app and trainer")


@pytest.mark.slow
async def test_words_are_no_text_for_a_shell_and_a_jail_holds(folder: Path) -> None:
    name = "a; touch hit; $(touch hit2) `touch hit3` 'b' & c.toml"
    anna = folder / "anna"
    anna.mkdir()
    (anna / name).write_text((folder / "long.toml").read_text())
    server = Served(folder, "--jail", "anna", name)
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.address + "ws?width=100") as line:
            tab = Tab(line)
            await tab.until("epoch 0/10,000,000")
            await tab.press("\x0f")
            await tab.until("Open the experiment")
            await tab.press("\x15")
            await tab.until(" " * 60)
            await tab.press("../long.toml\r")
            await tab.until("is outside of")
    finally:
        server.end()
    assert sorted(path.name for path in anna.iterdir()) == [".tui-trainer", name]
    assert sorted(path.name for path in folder.iterdir()) == ["anna", "long.toml"]
