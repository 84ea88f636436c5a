"""Frames: which parts of the screen are painted and when, so that none is lost, none piles up, and nothing pauses."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual import errors, screen
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, LayoutUpdate, ReflowResult
from textual.app import App
from textual.geometry import Region, Size
from textual.map_geometry import MapGeometry
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.plotting.plot import STEPS

CURSOR_QUERY = "\x1b[6n"  # asks for the cursor's position; every terminal answers, and Textual reads the answer
ANSWER_TIMEOUT = 10.0  # seconds
REST_FACTOR = 1.0  # the line is left free for keys for this multiple of the time that a frame took
FRAME_TIME = 0.11  # seconds that a frame may take of a slow line
SLOW_FRAME = 0.3  # seconds from which a line is slow
SEEN = 1.5 / STEPS  # of a scale of colours; while training, a change of a single shade is not painted
MOMENT = 1.0  # seconds for which what was written is taken to stand there still
MIN_PIECE = 6  # cells of a piece that is remembered; small ones are changes of a picture
MIN_CELLS, MAX_CELLS = 12, 4000  # of a frame over a slow line; from so many on it isn't slow


class PaintBudget:
    """How many cells of the pictures may be painted with a frame; on a slow line, the rest of them follows later.

    What fits is learnt from how long frames take. ``least`` is how much a cell has to change (0 to 1) for being
    painted: while training, or over a slow line, changes that nobody sees are left out, and most of those of a picture
    that is nearly still are. ``owed`` says that a part of a picture is still to be painted.
    """

    def __init__(self) -> None:
        self.limit: int | None = None  # of a frame; None: all cells
        self.least = 0.0
        self.owed = False
        self._left = self._used = 0

    def begin(self, is_training: bool = False) -> None:
        """Begin a frame."""
        self._left, self._used, self.owed = self.limit or 0, 0, False
        self.least = SEEN if is_training or self.limit is not None else 0.0

    def take(self, cells: int) -> int:
        """Return how many of ``cells`` a picture may paint: of a small budget, others get their part."""
        granted = cells if self.limit is None else min(cells, -(-self._left // 2))
        self._left -= granted
        self._used += granted
        self.owed = self.owed or granted < cells
        return granted

    def learn(self, seconds: float) -> None:
        """Fit the budget to the ``seconds`` that the line took for the last frame."""
        if self.limit is None and seconds < SLOW_FRAME:
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
    """Tracks whether the terminal has displayed the last frames, so that no output piles up.

    On the same machine, the length of Textual's queue is enough. A remote line hides seconds of output in its buffers
    without a write ever blocking: there the terminal is queried after each frame, and its answer shows that it has
    caught up. Over a slow line, frames are small, and the next one is on its way while the one before is displayed, so
    that the line is never idle. ``min_interval`` is the minimum time between two frames in seconds, for users who want
    less motion.
    """

    def __init__(self) -> None:
        self._is_remote = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
        self._queried: deque[float] = deque()  # when, for each query without an answer
        self._answered_at = -math.inf
        self._fastest = math.inf  # seconds of the fastest answer: the round trip of an idle line
        self._rest_until = 0.0
        self.min_interval = 0.0
        self.paints_all = False  # also what nobody sees while a run trains, for pictures that are kept
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
        if self._queried and now - self._queried[0] < ANSWER_TIMEOUT:
            return len(self._queried) >= self._max_queried
        return queue.qsize() > 0 or now < self._rest_until

    def drawn(self, app: App[Any]) -> None:
        """Note that something was drawn; a remote terminal is queried after the frame. Call this after each change."""
        self._drawn_at = time.monotonic()
        if self._is_remote:
            app.call_after_refresh(self._query, app)

    def answered(self, app: App[Any]) -> None:
        """Note that the terminal has answered: it has displayed everything up to the query."""
        if not self._queried:
            return
        now, queried = time.monotonic(), self._queried.popleft()
        is_first, before, self._answered_at = not self._has_answered, self._answered_at, now
        if is_first:  # query once more, with nothing drawn in between, to measure the round trip alone
            self._query(app)
            return
        self._fastest = min(self._fastest, now - queried)
        # What was sent behind another frame had the line for itself from that one's answer on.
        took = now - max(queried + self._fastest, before)
        if self.budget.limit is None:
            self._rest_until = now + REST_FACTOR * took
        self.budget.learn(took)

    async def settle(self, seconds: float) -> None:
        """Stop querying, and wait for the last answer: after the app has ended, it would be typed into the shell."""
        self._is_remote = False
        deadline = time.monotonic() + seconds
        while self._queried and self._has_answered and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    @property
    def _has_answered(self) -> bool:
        return self._answered_at > -math.inf

    @property
    def _max_queried(self) -> int:
        """How many frames may be on their way."""
        return 1 if self.budget.limit is None else 2

    def _query(self, app: App[Any]) -> None:
        now = time.monotonic()
        # A terminal that has never answered is not queried again: it would hold back frames for nothing.
        if self._queried and self._has_answered and now - self._queried[0] > ANSWER_TIMEOUT:
            self._queried.clear()
        if self._is_remote and app._driver is not None and len(self._queried) < self._max_queried:
            self._queried.append(now)
            app._driver.write(CURSOR_QUERY)


def freeze_startup_objects() -> None:
    """Exclude all objects created so far (modules, styles, widgets) from garbage collection.

    A full collection of them takes 100 ms, again and again while training, and finds nothing. Drawing creates
    thousands of objects per frame that die without the collector, so the other collections are made rarer too, but
    often enough that one of them ends within a frame (8 ms).
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 5, 20)


class Pen:
    """Writes pieces of rows, each with only what differs from the piece before: its place and parts of its style.

    Textual writes all of a style, and resets it, around each piece; on the pictures, that is four bytes of five.
    """

    def __init__(self, console: Console) -> None:
        self._color_system = console._color_system or ColorSystem.TRUECOLOR
        self._written = written_to(console)
        self._pieces: list[str] = []
        self._place = (-1, -1)  # row and column after the piece before
        self._codes = PLAIN

    def write(self, row: int, column: int, strip: Strip) -> None:
        """Write a strip at a place of the screen."""
        if not self._written.is_news(row, column, strip):
            return
        pieces, codes = self._pieces, self._codes
        if (row, column) != self._place:
            pieces.append(f"\x1b[{row + 1};{column + 1}H")
        for text, style, _ in strip:
            if not text:
                continue
            wanted = PLAIN if style is None else codes_of(style, self._color_system)
            if wanted is not codes:
                if not wanted.attributes and not text.strip(" "):  # the colour of blanks is not seen
                    wanted = wanted._replace(front=codes.front)
                if wanted != codes:
                    pieces.append(f"\x1b[{';'.join(_switch(codes, wanted))}m")
                    codes = wanted
            link = None if style is None else style.link
            pieces.append(f"\x1b]8;;{link}\x1b\\{text}\x1b]8;;\x1b\\" if link else text)
        self._place, self._codes = (row, column + strip.cell_length), codes

    @property
    def written(self) -> str:
        """All pieces; after them, the terminal's style is as it was before them."""
        return "".join(self._pieces) + ("" if self._codes == PLAIN else "\x1b[0m")


class Written:
    """The pieces of rows that were written to a terminal in the last moment, so that none is written twice.

    A screen that is opened or closed is painted by Textual up to three times, all of it. Longer than a moment nothing
    is taken to be there still: other programs may have written over it.
    """

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, tuple[int, float, Strip]]] = {}  # by row and column: end, time and piece

    def is_news(self, row: int, column: int, strip: Strip) -> bool:
        """Return whether a piece differs from what stands at its place; if so, it is taken to be written now."""
        pieces, now = self._rows.setdefault(row, {}), time.monotonic()
        end = column + strip.cell_length
        before = pieces.get(column)
        if before is not None and before[0] == end and now - before[1] < MOMENT and before[2] == strip:
            return False
        for start in [start for start, (stop, *_) in pieces.items() if start < end and column < stop]:
            del pieces[start]
        if strip.cell_length >= MIN_PIECE:
            pieces[column] = end, now, strip
        return True

    def forget(self) -> None:
        """Take nothing to be there still, as after another size."""
        self._rows.clear()


_WRITTEN: WeakKeyDictionary[Console, Written] = WeakKeyDictionary()


def written_to(console: Console) -> Written:
    """Return what was written to the terminal of a console."""
    return _WRITTEN.setdefault(console, Written())


class Codes(NamedTuple):
    """The numbers that set the parts of a style on a terminal; empty where it has none."""

    attributes: str = ""  # bold, underlined, reversed, ...
    front: str = ""
    behind: str = ""


PLAIN = Codes()


@lru_cache(maxsize=4096)
def codes_of(style: Style, color_system: ColorSystem) -> Codes:
    """Return the codes of a style, with the nearest of the colours that there are."""
    shown = style.without_color.update_link(None).render("x", color_system=color_system)
    front, behind = (
        ";".join(color.downgrade(color_system).get_ansi_codes(is_front)) if color is not None else ""
        for color, is_front in ((style.color, True), (style.bgcolor, False))
    )
    return Codes(shown[2:].partition("m")[0] if shown != "x" else "", front, behind)


def _switch(before: Codes, after: Codes) -> list[str]:
    """Return the numbers that lead from one style to another."""
    numbers = []
    if after.attributes != before.attributes:
        if before.attributes:  # there is no code that every terminal knows for taking one of them back
            numbers.append("0")
            before = PLAIN
        if after.attributes:
            numbers.append(after.attributes)
    if after.front != before.front:
        numbers.append(after.front or "39")
    if after.behind != before.behind:
        numbers.append(after.behind or "49")
    return numbers


class ExactUpdate(ChopsUpdate):
    """An update of spans of cells. Textual's own paints each from the left edge of its widget on."""

    def render_segments(self, console: Console) -> str:
        """Return what is written to the terminal."""
        pen = Pen(console)
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, first), min(end, last)
                if strip is not None and start < stop:
                    pen.write(y, start, strip.crop(start - x, stop - x))
        return pen.written


class WholeUpdate(LayoutUpdate):
    """An update of the whole screen."""

    def render_segments(self, console: Console) -> str:
        """Return what is written to the terminal."""
        pen = Pen(console)
        for y, strips in enumerate(self.strips, self.region.y):
            x = self.region.x
            for strip in strips:
                pen.write(y, x, strip)
                x += strip.cell_length
        return pen.written


class ExactCompositor(Compositor):
    """Compares each layout with what is on the screen.

    Textual's own compares it with where the widgets were when somebody last asked. A widget whose place was asked for
    before it was laid out was taken for one that is on the screen: it got no event of its size, and was not painted.
    So was a list that was scrolled away and back, if the second time came with a new layout.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: CompositorMap = {}  # where the widgets were when somebody last asked
        self._changed: dict[int, tuple[int, int]] | None = None  # first and last column by row, in a partial update

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
        if self._changed is not None and widget in self._full_map:  # what is painted is where it was laid out
            return self._full_map[widget]
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
        self._changed = {}
        for left, top, width, height in self._dirty_regions:
            for row in range(top, top + height):
                first, last = self._changed.get(row, (left, left))
                self._changed[row] = min(first, left), max(last, left + width)
        try:
            update = super().render_partial_update()
        finally:
            self._changed = None
        return None if update is None else ExactUpdate(update.chops, update.spans, update.chop_ends)

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """Yield place, clip and rows of the widgets to paint: for a partial update, only rows that have changed.

        Textual renders all widgets within the smallest rectangle around all changes, which are often a line at the top
        and one at the bottom.
        """
        if self._changed is None:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            x, _, width, height = shown = region.intersection(clip)
            if not (width and height):
                continue
            rows = [
                row
                for row in shown.line_range
                if row in self._changed and self._changed[row][0] < x + width and x < self._changed[row][1]
            ]
            if rows:
                part = Region(x, rows[0], width, rows[-1] - rows[0] + 1)
                yield part, clip, widget.render_lines(part.translate(-region.offset))

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return the whole screen."""
        update = super().render_full_update(simplify)
        return WholeUpdate(update.strips, update.region)

    def update_widgets(self, widgets: set[Widget]) -> None:
        """Repaint what has changed of these widgets, with the next frame.

        Textual's own works out the places of all widgets anew if one of them is not on the screen. Those of hidden tabs
        are updated with each report, and get a place when their tab is laid out.
        """
        shown = self.visible_widgets.keys()
        super().update_widgets({widget for widget in widgets if widget in shown or is_displayed(widget)})

    def clear(self) -> None:
        """Forget all widgets."""
        super().clear()
        self._asked = {}


def is_displayed(widget: Widget) -> bool:
    """Return whether neither a widget nor one that it is in is hidden; it may be scrolled away."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def use_exact_compositor() -> None:
    """Give it to all screens that are made from now on."""
    screen.Compositor = ExactCompositor  # type: ignore[attr-defined]  # the name by which a screen makes its own
