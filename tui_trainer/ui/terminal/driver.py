"""Textual's driver for terminals that can do less: what they can't take is not sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from .kind import kind_of
from .look_alikes import within

# Modes, questions and titles that old terminals print rather than ignore; the cursor and line wrap are not of these.
PRIVATE = re.compile(
    r"\x1b\[(?!\?(?:25|7)[hl])[<=>?][0-9;]*[ -/]*[@-~]"
    r"|\x1b\[[0-9;]*[ -/]*t"
    r"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"
)
CLEAR = "\x1b[0m\x1b[H\x1b[2J"


class PoorDriver(LinuxDriver):
    """Leaves out private sequences, or characters, or both. Without a second screen it leaves an empty one behind."""

    terminal = kind_of({})

    def write(self, data: str) -> None:
        if self.terminal.plain:
            data = PRIVATE.sub("", data)
        if self.terminal.charset:
            data = within(data, self.terminal.charset)
        if data:
            super().write(data)

    def stop_application_mode(self) -> None:
        if self.terminal.plain:
            self.write(CLEAR)
        super().stop_application_mode()


def driver_for(environment: Mapping[str, str]) -> type[Driver] | None:
    """The driver that the terminal needs; None where it is the usual one, or another was asked for."""
    terminal = kind_of(environment)
    if "TEXTUAL_DRIVER" in environment or not (terminal.plain or terminal.charset):
        return None
    return type("FittedDriver", (PoorDriver,), {"terminal": terminal})
