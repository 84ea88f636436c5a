"""The app on a pseudo-terminal with a terminal emulator behind it: bytes in, what a person would see out."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte
from pty_app import PtyApp

PATIENCE = 15.0  # seconds until something is seen
APP = (sys.executable, "-m", "tui_trainer", "--pace", "full")
# Not of the emulator's own parser: it would print the end of a sequence whose beginning it does not know.
UNKNOWN = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p")


class EmulatedApp(PtyApp):
    """Keeps every byte, and the screen they make."""

    def __init__(
        self,
        words: Sequence[str],
        size: tuple[int, int],
        folder: Path,
        variables: Mapping[str, str | None],
        command: Sequence[str] = APP,
    ) -> None:
        self.bytes = b""
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        super().__init__([*command, *words], *size, data_folder=folder, variables=variables)

    def _chunk(self) -> bytes:
        chunk = super()._chunk()
        self.bytes += chunk
        self._stream.feed(UNKNOWN.sub(b"", chunk))
        return chunk

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        super().resize(columns, rows)

    @property
    def text(self) -> str:
        """The rows of the screen, without the blanks at their ends."""
        columns, buffer = range(self.screen.columns), self.screen.buffer
        lines = [
            "".join([row[x].data for x in columns]).rstrip()
            for row in map(buffer.__getitem__, range(self.screen.lines))
        ]
        return "\n".join(lines) + "\n"

    def until(self, condition: Callable[[str], object], what: str, seconds: float = PATIENCE) -> str:
        """Read until ``condition`` holds for the text of the screen; returns that."""
        end = time.monotonic() + seconds
        while not condition(text := self.text):
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}; the screen:\n{text}"
            self.read_some(0.05)
            while self.read_some(0.0):  # all that is there: looking at a text costs more than reading
                pass
        return text

    def until_quiet(self, seconds: float = 1.0) -> str:
        """Read until nothing has been written for a while; for making captures, not for tests."""
        while self.read_some(seconds):
            pass
        return self.text

    def quit(self) -> int:
        """Press q; returns the exit code."""
        self.press(b"q")
        return self.wait(PATIENCE)
