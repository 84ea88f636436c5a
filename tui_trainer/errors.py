"""The error for everything a user got wrong, how its text is made safe to print, and the exit codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

QUOTED_LENGTH = 40
# Exit codes of the commands; 0 is success.
DIVERGED = 1  # or, of a sweep, that runs are missing
BAD_INPUT = 2
INTERRUPTED = 130  # as a shell says of a program that Ctrl+C has ended


class UserError(ValueError):
    """A sentence for a person about one field.

    ``field`` is a dotted path such as ``model.layers[0].units``, or "" where no single field is at fault;
    ``reason`` is the sentence without it.
    """

    def __init__(self, field: str, reason: str) -> None:
        # Both go to args, so that the error survives pickling on its way out of a child process.
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


ExperimentError = UserError  # its name in the Python API


def quoted(text: str, limit: int = QUOTED_LENGTH) -> str:
    """``text`` in quotes, at most ``limit`` characters of it, safe to print in a terminal.

    Whatever could move the cursor, change colours or turn the reading direction comes out as an escape.
    """
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def meant(name: str, names: Iterable[str]) -> str:
    """``, did you mean this?`` with the most alike of ``names``; empty where none is like ``name``."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return f", did you mean {near[0]}?" if near else ""


def printable(text: str) -> str:
    """``text`` with every character replaced that could act on a terminal instead of showing in it."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in text)


def escaped(text: str) -> str:
    """``text`` with such characters as escapes, so that they can be told apart."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
