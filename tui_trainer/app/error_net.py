"""Catches unexpected errors in handlers: they are recorded in a file and reported, and the app goes on."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic

from textual.message import Message
from textual.message_pump import MessagePump

from tui_trainer.files import read_plain, replace_file
from tui_trainer.version import __version__

FILE_NAME = "errors.txt"
MAX_BYTES = 100_000  # of the file; older errors are dropped
AT_ONCE = 0.25  # seconds: errors so soon after another one have the same cause
IN_A_ROW = 5.0  # seconds after an error in which another one ends the app


class ErrorNet:
    """Records errors in a private file in ``folder``, and says when there are too many.

    Only the traceback is written, not the values of variables, which may be somebody's data.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = monotonic) -> None:
        self.path = folder / FILE_NAME
        self.is_written = False  # whether the file holds the newest error
        self._clock = clock
        self._first: float | None = None  # time of the error that began the newest moment with errors
        self._last = 0.0

    def catch(self, error: BaseException) -> bool:
        """Record an error; return whether the app can go on, because it is not the second one in a row."""
        self.is_written = self._write(error)
        now = self._clock()
        in_a_row = self._first is not None and now - self._first > AT_ONCE and now - self._last <= IN_A_ROW
        if self._first is None or now - self._first > AT_ONCE:
            self._first = now
        self._last = now
        return not in_a_row

    @property
    def where(self) -> str:
        """Return a sentence that says where the newest error can be read."""
        return f"The error is in {self.path}." if self.is_written else f"It could not be written to {self.path}."

    def _write(self, error: BaseException) -> bool:
        lines = "".join(traceback.format_exception(error))
        entry = f"{datetime.now():%Y-%m-%d %H:%M:%S}  tui-trainer {__version__}\n{lines}\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            before = read_plain(self.path, 2 * MAX_BYTES) if self.path.exists() else b""
            replace_file(self.path, (before + entry.encode(errors="backslashreplace"))[-MAX_BYTES:])
        except (OSError, ValueError):
            return False
        return True


_dispatch = MessagePump._dispatch_message


async def _dispatch_in_net(self: MessagePump, message: Message) -> None:
    """Handle a message; the app handles an error, and the widget continues with its next message."""
    try:
        await _dispatch(self, message)
    except Exception as error:
        self.app._handle_exception(error)


def keep_widgets_alive() -> None:
    """Let widgets continue after an error in one of their handlers; Textual would end them, and then the app.

    This applies to all of Textual in this process.
    """
    MessagePump._dispatch_message = _dispatch_in_net  # type: ignore[method-assign]
