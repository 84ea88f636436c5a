"""What a terminal sends, where Textual would stumble: escape sequences in pasted text, and ones that make no sense.

Textual takes those in pasted text for keys, mouse and answers of the terminal; the others would end the app.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser
from textual.keys import Keys
from textual.message import Message

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
