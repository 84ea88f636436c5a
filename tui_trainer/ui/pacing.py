"""Frames: which parts of the screen are painted and when, so that none is lost, none piles up, and nothing pauses."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from typing import Any

from rich.console import Console
from rich.control import Control
from textual import errors, screen
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, ReflowResult
from textual.app import App
from textual.geometry import Size
from textual.map_geometry import MapGeometry
from textual.widget import Widget

CURSOR_QUERY = "\x1b[6n"  # asks for the cursor's position; every terminal answers, and Textual reads the answer
ANSWER_TIMEOUT = 10.0  # seconds
REST_FACTOR = 1.0  # the line is left free for keys for this multiple of the time that a frame took
SHORT_REST = 0.1  # the same, once frames are small: keys wait for no long one then
FRAME_TIME = 0.11  # seconds that a frame may take of a slow line
SLOW_FRAME = 0.3  # seconds from which a line is slow
MIN_CELLS, MAX_CELLS = 12, 4000  # of a frame over a slow line; from so many on it isn't slow


class PaintBudget:
    """How many cells of the pictures may be painted with a frame; on a slow line, the rest of them follows later.

    What fits is learnt from how long frames take. ``owed`` says that a picture is not painted whole.
    """

    def __init__(self) -> None:
        self.limit: int | None = None  # of a frame; None: all cells
        self.owed = False
        self._left = self._used = 0
        self._is_whole = False

    def begin(self, whole: bool = False) -> None:
        """Begin a frame; with ``whole``, one in which a picture is painted to its last cell, as nothing is waiting."""
        self._left, self._used, self.owed, self._is_whole = self.limit or 0, 0, False, whole

    def take(self, cells: int) -> int:
        """Return how many of ``cells`` a picture may paint: of a small budget, others get their part."""
        granted = cells if self.limit is None or self._is_whole else min(cells, -(-self._left // 2))
        self._left -= granted
        self._used += granted
        self.owed = self.owed or granted < cells
        return granted

    def learn(self, seconds: float) -> None:
        """Fit the budget to the ``seconds`` that the line took for the last frame."""
        if self._is_whole or (self.limit is None and seconds < SLOW_FRAME):
            return
        cells, limit = max(self._used, 1), self.limit or max(self._used, MAX_CELLS // 8)
        fitting = limit if seconds <= 0 else cells * FRAME_TIME / seconds
        if seconds < FRAME_TIME and 2 * cells < limit:
            fitting = limit  # few cells have changed, which tells little
        elif seconds < FRAME_TIME:
            fitting = 2 * limit if seconds < 0.6 * FRAME_TIME else min(max(fitting, limit), 2 * limit)
        elif self.limit is not None:
            fitting = max(fitting, limit / 2)  # a frame with a new layout tells little
        self.limit = max(int(fitting), MIN_CELLS)
        if self.limit > MAX_CELLS:
            self.limit = None


class FramePacing:
    """Tracks whether the terminal has displayed the last frame, so that no output piles up.

    On the same machine, the length of Textual's queue is enough. A remote line hides seconds of output in its buffers
    without a write ever blocking: there the terminal is queried after each frame, and its answer shows that it has
    caught up. ``min_interval`` is the minimum time between two frames in seconds, for users who want less motion.
    """

    def __init__(self) -> None:
        self._is_remote = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
        self._asked_at: float | None = None
        self._has_answered = False
        self._fastest = math.inf  # seconds of the fastest answer: the round trip of an idle line
        self._rest_until = 0.0
        self.min_interval = 0.0
        self.budget = PaintBudget()
        self._drawn_at = -math.inf

    def is_behind(self, app: App[Any]) -> bool:
        """Return whether output is still pending; False if the driver does not tell (tests, the web).

        Textual has no public API for this, so its writer's queue is read; if that disappears, nothing is held back.
        """
        now = time.monotonic()
        if now - self._drawn_at < self.min_interval:
            return True
        writer = getattr(app._driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        if queue is None:
            return False
        if self._asked_at is not None and now - self._asked_at < ANSWER_TIMEOUT:
            return True
        return queue.qsize() > 0 or now < self._rest_until

    def drawn(self, app: App[Any]) -> None:
        """Note that something was drawn; a remote terminal is queried after the frame. Call this after each change."""
        self._drawn_at = time.monotonic()
        if self._is_remote:
            app.call_after_refresh(self._query, app)

    def answered(self, app: App[Any]) -> None:
        """Note that the terminal has answered: it has displayed everything up to the query."""
        if self._asked_at is None:
            return
        now = time.monotonic()
        took, self._asked_at = now - self._asked_at, None
        if not self._has_answered:  # query once more, with nothing drawn in between, to measure the round trip alone
            self._has_answered = True
            self._query(app)
            return
        self._fastest = min(self._fastest, took)
        self._rest_until = now + (REST_FACTOR if self.budget.limit is None else SHORT_REST) * (took - self._fastest)
        self.budget.learn(took - self._fastest)

    async def settle(self, seconds: float) -> None:
        """Stop querying, and wait for the last answer: after the app has ended, it would be typed into the shell."""
        self._is_remote = False
        deadline = time.monotonic() + seconds
        while self._asked_at is not None and self._has_answered and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    def _query(self, app: App[Any]) -> None:
        now = time.monotonic()
        # A terminal that has never answered is not queried again: it would hold back frames for nothing.
        is_due = self._asked_at is None or (self._has_answered and now - self._asked_at > ANSWER_TIMEOUT)
        if self._is_remote and app._driver is not None and is_due:
            self._asked_at = now
            app._driver.write(CURSOR_QUERY)


def freeze_startup_objects() -> None:
    """Exclude all objects created so far (modules, styles, widgets) from garbage collection.

    A full collection of them takes 100 ms, again and again while training, and finds nothing. Drawing creates
    thousands of objects per frame that die without the collector, so the other collections are made rarer too.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)


class ExactUpdate(ChopsUpdate):
    """An update of spans of cells. Textual's own paints each from the left edge of its widget on."""

    def render_segments(self, console: Console) -> str:
        """Return what is written to the terminal."""
        sequences: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, first), min(end, last)
                if strip is not None and start < stop:
                    sequences.append(Control.move_to(start, y).segment.text)
                    sequences.append(strip.crop(start - x, stop - x).render(console))
        return "".join(sequences)


class ExactCompositor(Compositor):
    """Compares each layout with what is on the screen.

    Textual's own compares it with where the widgets were when somebody last asked. A widget whose place was asked for
    before it was laid out was taken for one that is on the screen: it got no event of its size, and was not painted.
    So was a list that was scrolled away and back, if the second time came with a new layout.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: CompositorMap = {}  # where the widgets were when somebody last asked

    @property
    def full_map(self) -> CompositorMap:
        """Where all widgets belong now, which may differ from where they were laid out and painted."""
        if self.root is None:
            return {}
        if self._full_map_invalidated:
            self._full_map_invalidated = False
            self._asked, _ = self._arrange_root(self.root, self.size, visible_only=False)
        return self._asked

    def find_widget(self, widget: Widget) -> MapGeometry:
        """Return where a widget belongs; raises NoWidget if it has no place."""
        visible = self._visible_map or {}
        if self._full_map_invalidated and widget in visible:
            return visible[widget]
        found = self.full_map.get(widget) or visible.get(widget)
        if found is None:
            raise errors.NoWidget("Widget is not in layout")
        return found

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out all widgets below ``parent``; returns those that are shown, hidden and resized by it."""
        scrolled = self._visible_map
        result = super().reflow(parent, size)
        self._asked = self._full_map
        if scrolled is not None:  # since the last layout, so that the screen shows this
            moved = (place.clip.intersection(place.region) for _, place in scrolled.items() ^ self._full_map.items())
            self._dirty_regions.update(region for region in moved if region)
        return result

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what has changed, each span from where it begins."""
        update = super().render_partial_update()
        return None if update is None else ExactUpdate(update.chops, update.spans, update.chop_ends)

    def clear(self) -> None:
        """Forget all widgets."""
        super().clear()
        self._asked = {}


def use_exact_compositor() -> None:
    """Give it to all screens that are made from now on."""
    screen.Compositor = ExactCompositor  # type: ignore[attr-defined]  # the name by which a screen makes its own
