"""What keeps the screen quick: no frame for a terminal that is behind, no long pause of the collector."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from typing import Any

from textual.app import App

ASK = "\x1b[6n"  # where the cursor is: every terminal answers that, and Textual reads the answer
LOST = 10.0  # seconds after which an answer is not waited for any more
REST = 1.0  # times as long as a frame took on its way, the line is left free for keys


class FramePacing:
    """Says when the terminal has seen what was drawn, so that nothing piles up on the way.

    On the same machine Textual's queue tells. A line to another one hides seconds of output in its buffers, and no
    write ever waits: there the terminal is asked after each frame, and answers when it has come so far.
    ``least`` are the seconds from one frame to the next at least, for those who want less motion.
    """

    def __init__(self) -> None:
        self._is_far = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
        self._asked: float | None = None
        self._answers = False  # whether this terminal ever does
        self._quickest = math.inf  # answer: what the line takes without a load
        self._rest_until = 0.0
        self.least = 0.0
        self._drawn_at = -math.inf

    def is_behind(self, app: App[Any]) -> bool:
        """Whether output is still on its way; False where the driver does not tell (tests, the web).

        Textual offers no such question, so its writer's queue is looked at; should it go, nothing is held back.
        """
        now = time.monotonic()
        if now - self._drawn_at < self.least:
            return True
        writer = getattr(app._driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        if queue is None:
            return False
        if self._asked is not None and now - self._asked < LOST:
            return True
        return queue.qsize() > 0 or now < self._rest_until

    def drawn(self, app: App[Any]) -> None:
        """Call this after a change: the terminal is asked behind its frame."""
        self._drawn_at = time.monotonic()
        if self._is_far:
            app.call_after_refresh(self._ask, app)

    def answered(self, app: App[Any]) -> None:
        """The terminal has come so far."""
        if self._asked is None:
            return
        now = time.monotonic()
        took, self._asked = now - self._asked, None
        if not self._answers:  # asked again, with nothing drawn in between: that is the way there and back alone
            self._answers = True
            self._ask(app)
            return
        self._quickest = min(self._quickest, took)
        self._rest_until = now + REST * (took - self._quickest)

    async def settle(self, seconds: float) -> None:
        """Ask no more, and wait for the last answer: one that comes after the app would be typed into the shell."""
        self._is_far = False
        deadline = time.monotonic() + seconds
        while self._asked is not None and self._answers and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    def _ask(self, app: App[Any]) -> None:
        now = time.monotonic()
        # One that has never answered is not asked again: it would hold frames back for nothing.
        is_due = self._asked is None or (self._answers and now - self._asked > LOST)
        if self._is_far and app._driver is not None and is_due:
            self._asked = now
            app._driver.write(ASK)


def freeze_startup_objects() -> None:
    """Take all that was made so far, modules, styles and widgets, out of the garbage collector's rounds.

    A full round over them takes 100 ms, again and again while training, and finds nothing. What is drawn makes
    thousands of objects a frame that die without the collector, so its other rounds are made rarer too.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)
