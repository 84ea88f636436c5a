"""What a terminal sends, where Textual would stumble: escape sequences, in pasted text too, and keys in one burst.

Textual takes those in pasted text for keys, mouse and answers of the terminal, and those that make no sense would end
the app. A burst is what is typed ahead on a slow line, or played back by a keyboard: Textual looks at a key where the
focus is when it arrives, though a key before it may be about to move the focus, or to open a dialog.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.keys import Keys
from textual.message import Message
from textual.message_pump import MessagePump

START, END = "\x1b[200~", "\x1b[201~"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # all but tab and the ends of lines


class PasteParser(XTermParser):
    """Parses what a terminal sends.

    Pasted text loses its control characters before it is looked at. A key whose numbers make no sense, or that is
    reported as released, is ignored. Where the terminal does not know its size in pixels, the mouse is where it says.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._tail = ""  # the last characters outside of a paste: its start may be cut in two
        self._pasted: str | None = None  # so far, within a paste

    def feed(self, data: str) -> Iterable[Message]:
        if not data:  # the end of the input
            yield from super().feed(data)
        while data:
            if self._pasted is None:
                before = len(self._tail)
                window = self._tail + data
                start = window.find(START)
                end = len(window) if start < 0 else start + len(START)
                self._tail = window[1 - len(START) :] if start < 0 else ""
                self._pasted = None if start < 0 else ""
                yield from super().feed(window[before:end])
                data = window[end:]
            else:
                searched = max(len(self._pasted) - len(END), 0)
                self._pasted += data
                end = self._pasted.find(END, searched)
                if end < 0:
                    return
                text, data = CONTROL.sub("", self._pasted[:end]), self._pasted[end + len(END) :]
                self._pasted = None
                yield from super().feed(text + END)

    def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:  # type: ignore[override]  # a cached one
        try:
            return super()._parse_extended_key(sequence)
        except (ValueError, OverflowError):
            return [events.Key(Keys.Ignore, sequence)]

    def parse_mouse_code(self, code: str) -> Message | None:
        sizes = (self.terminal_size, self.terminal_pixel_size)
        if not all(length for size in sizes if size is not None for length in size):
            self.mouse_pixels = False  # places in pixels would be divided by it
        return super().parse_mouse_code(code)


MAX_WAIT = 2.0  # seconds after which a key no longer waits for the one before: the way out must stay open
MAX_ROUNDS = 4  # messages that a key sets off may set off further ones


class KeyQueue:
    """Handles keys and pasted text one by one: each once the one before has had its effect.

    ``handle`` is how the app handles one, ``opening`` waits for a dialog that is about to open.
    """

    def __init__(
        self, app: App[Any], handle: Callable[[events.Event], Awaitable[None]], opening: Callable[[], Awaitable[None]]
    ) -> None:
        self._app, self._handle, self._opening = app, handle, opening
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._follower: asyncio.Task[None] | None = None
        self.is_idle = True  # whether all keys that have come have had their effect

    async def receive(self, event: events.Key | events.Paste) -> None:
        """Handle a key that has come, or keep it until those before are done; called in the app's message loop."""
        self._waiting.append(event)
        if self.is_idle:
            await self._handle_next()

    async def _handle_next(self) -> None:
        self.is_idle = not self._waiting
        if self._waiting:
            path = self._path()
            try:
                await self._handle(self._waiting.popleft())
            finally:
                self._follower = asyncio.create_task(self._follow(path))

    async def _follow(self, path: list[MessagePump]) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_WAIT):
                    await self._until_quiet(path)
        finally:  # whatever went wrong, the next key is handled
            self._app.call_later(self._handle_next)

    async def _until_quiet(self, path: list[MessagePump]) -> None:
        """Wait until the nodes from the one in focus up to the app have handled the messages that a key set off."""
        for _ in range(MAX_ROUNDS):
            for node in path:
                await _until_handled(node)
            await self._opening()
            before, path = path, self._path()
            if path == before and not any(node.message_queue_size for node in path):
                return

    def _path(self) -> list[MessagePump]:
        """The nodes that a key passes; none once the app has ended, as the key itself may have done."""
        if not self._app.screen_stack:
            return []
        target = self._app.focused or self._app.screen
        return list(target.ancestors_with_self)


async def _until_handled(node: MessagePump) -> None:
    """Wait until a node has handled all messages that wait for it now, or is gone."""
    handled = asyncio.Event()
    if node.call_later(handled.set):
        waiting = asyncio.create_task(handled.wait())
        own = {node._task} if node._task is not None else set()  # an app has none, except in Textual's tests
        try:
            await asyncio.wait({waiting, *own}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
