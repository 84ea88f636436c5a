"""The app in headless Chromium: what a user sees and presses there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from served import Served, wait_for

if TYPE_CHECKING:
    import headless_browser
else:
    headless_browser = pytest.importorskip("headless_browser", reason="textual-serve is not installed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(headless_browser.chromium() is None, reason="there is no Chromium"),
]
HARMLESS = ("WebGL",)  # complaints of a browser without a graphics card


async def test_keys_train_in_a_browser(server: Served) -> None:
    """From the first key on, without a click; nothing is asked of another machine, and nothing stays behind."""
    async with headless_browser.opened(server.address) as page:
        await page.until("document.body.classList.contains('-first-byte')")
        await page.until("document.activeElement.className == 'xterm-helper-textarea'")
        assert await page.value("document.fonts.check('16px \"Roboto Mono\"')")
        await page.until_drawn("epoch 0/10,000,000")
        await page.press(" ")
        await page.until_drawn("steps/s")
        assert len(await page.picture()) > 20_000
        download = await page.value("withWord(`${location.origin}/download/key?instance=1`)")
        assert download == f"{server.address}download/key?instance=1"
        assert not [told for told in page.problems if not any(one in told for one in HARMLESS)]
        assert len(server.processes()) == 2
    await asyncio.to_thread(wait_for, lambda: not server.processes(), "the end of app and trainer")
