"""The error for mistakes of the user, functions that make its text safe to print, and the exit codes."""

from __future__ import annotations

import os
from collections.abc import Iterable

QUOTED_LENGTH = 40
PATH_LENGTH = 200  # characters of a path in a message
LINE_LENGTH = 60
BLANKS = frozenset("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
# What joins emoji to one picture, or makes one of a sign: terminals do not agree on its width
JOINERS = dict.fromkeys(map(ord, "\u200c\u200d\ufe0e\ufe0f"))
# Exit codes of the commands; 0 is success.
DIVERGED = 1  # or a sweep has missing runs
BAD_INPUT = 2
PROGRAM_ERROR = 70  # the number of sysexits.h
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl+C


class UserError(ValueError):
    """A mistake of the user: a field, and a sentence about it.

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
    r"""Return ``text`` in quotes, at most ``limit`` characters of it, safe to print in a terminal.

    Characters that could move the cursor, change colours or turn the reading direction become escapes. A ``\``
    stays one, for paths of Windows are to be read as they are typed.
    """
    return repr(text if len(text) <= limit else text[: limit - 1] + "…").replace(r"\\", "\\")


def path_in_quotes(path: str | os.PathLike[str]) -> str:
    """Return a path, or what was given for one, as ``quoted`` does, with more of it."""
    return quoted(os.fspath(path), PATH_LENGTH)


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return ``, did you mean this?`` with the most similar of ``names``; empty if none is similar."""
    import difflib  # not before something is misspelt

    similar = difflib.get_close_matches(name, list(names), n=1)
    return f", did you mean {similar[0]}?" if similar else ""


def printable(text: str) -> str:
    """Return ``text`` with unprintable characters, which a terminal could act on, replaced by U+FFFD.

    Blanks of other widths, as they stand between thousands, become plain ones.
    """
    if text.isprintable():
        return text
    plain_blanks = (" " if char in BLANKS else char for char in text)
    return "".join(char if char.isprintable() else "\ufffd" for char in plain_blanks)


def unjoined(text: str) -> str:
    """Return ``text`` with emoji side by side that are joined to one, so that each terminal draws it equally wide."""
    return text if text.isascii() else text.translate(JOINERS)


def plain(text: str, max_length: int = LINE_LENGTH) -> str:
    """Return ``text`` as one printable line, cut to ``max_length`` characters."""
    safe = printable(unjoined(text))
    return safe if len(safe) <= max_length else safe[: max_length - 1] + "…"


def escaped(text: str) -> str:
    """Return ``text`` with unprintable characters as escapes, so that they remain distinguishable."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
