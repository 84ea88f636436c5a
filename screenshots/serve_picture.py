"""The picture of docs/serve.md: the app in headless Chromium. Without the extra ``serve`` or Chromium there is none."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Sequence

from taking import ROOT, NotTaken, Pictures  # beside this file, and puts this checkout first

sys.path.insert(0, str(ROOT / "tests" / "serve"))

from headless_browser import chromium, opened

COMMAND = ("-m", "tui_trainer", "serve", "--port", "0", "--pace", "full", "examples/spiral.toml")


async def take() -> Sequence[bytes]:
    """Serve the app, and take its picture as PNG."""
    if chromium() is None:
        raise NotTaken("no Chromium here")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, *COMMAND], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        if found is None:
            raise NotTaken("the server did not start")
        return (await _page(found[0]),)
    finally:
        server.terminate()
        server.wait()


async def _page(address: str) -> bytes:
    """The Boundary tab when the run has ended."""
    async with opened(f"{address}?fontsize=14", 1160, 760) as page:
        await page.until_drawn("epoch 0/700")
        await page.press("4")
        await page.press(" ")
        await page.until_drawn("Finished 700 epochs")
        await asyncio.sleep(0.5)  # until the letters are painted, of which the browser does not tell
        return await page.picture()


ALL = (Pictures(("serve.png",), take),)
