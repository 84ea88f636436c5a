"""The picture of docs/serve.md: the app in headless Chromium, training. Needs the extra ``serve`` and Chromium.

python screenshots/make_serve.py
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from headless_browser import opened  # noqa: E402

PICTURE = ROOT / "screenshots" / "serve.png"
EXPERIMENT = """\
name = "two spirals"
[dataset]
name = "spiral"
[[model.layers]]
units = 24
activation = "tanh"
[[model.layers]]
units = 12
activation = "tanh"
[training]
learning_rate = 0.02
epochs = 600
[training.optimizer]
name = "adam"
"""


async def picture(address: str) -> bytes:
    """The Boundary tab when the run has ended."""
    async with opened(f"{address}?fontsize=14", 1160, 760) as page:
        await page.until_drawn("epoch 0/600")
        await page.press("4")
        await page.press(" ")
        await page.until_drawn("Finished 600 epochs")
        await asyncio.sleep(0.5)  # until the letters are painted, of which the browser does not tell
        return await page.picture()


def main() -> None:
    """Serve the app, and take its picture."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "spirals.toml").write_text(EXPERIMENT, encoding="utf-8")
        environment = {**os.environ, "TUI_TRAINER_DATA": folder, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tui_trainer", "serve", "--port", "0", "spirals.toml"]
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None, "the server did not start"
            PICTURE.write_bytes(asyncio.run(picture(found[0])))
        finally:
            server.terminate()
            server.wait()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
