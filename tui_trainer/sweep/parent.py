"""A process that ends with the one that started it, however that one ends."""

from __future__ import annotations

import os
import threading
import time

LOOK_EVERY = 1.0  # seconds


def end_with(parent: int) -> None:
    """Watch the process ``parent`` from now on: one that was killed can't tell its children to end."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)
