"""Textual's driver for terminals that can do less: what they can't take is not sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from rich.cells import cell_len
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from .terminal import detect_terminal

# Modes, questions and titles that old terminals print rather than ignore; the cursor and line wrap are not of these.
PRIVATE = re.compile(
    r"\x1b\[(?!\?(?:25|7)[hl])[<=>?][0-9;]*[ -/]*[@-~]"
    r"|\x1b\[[0-9;]*[ -/]*t"
    r"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"
)
CLEAR = "\x1b[0m\x1b[H\x1b[2J"
_ALIKE = {
    "-": "─╌┄┈╴╶−–—‐‑‒",
    "=": "━═‖≈",
    "|": "│┃║╎┆┊▏▎▍▕",
    "+": "┌┐└┘├┤┬┴┼╭╮╰╯╒╓╔╗╚╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬",
    " ": "╸╺╹╻\u00a0",
    "#": "█▀▄▆▇▓▒░▊▋▉■▖▗▘▙▚▛▜▝▞▟",
    "[": "▐",
    "]": "▌",
    "_": "▁▂▃▅⎯",
    "*": "●✔✓★•",
    "o": "○◯°",
    "x": "✖✗×✕",
    ">": "▶▸→›»",
    "<": "◀◂←‹«",
    "^": "▲▴↑",
    "v": "▼▾↓",
    ".": "·",
    "~": "…",
    "'": "′‘’",
    '"': "″“”",
    "L": "ℒ",
    "S": "Σ",
    "d": "∂δ",
    "f": "φ",
    "r": "ρ",
    "m": "μ",
    "s": "σ",
    "b": "β",
    "t": "θ",
    "e": "ε",
    "n": "η",
    "j": "ⱼ",
    "i": "ᵢ",
}
_MARKS = frozenset(map(chr, (*range(0x2596, 0x25A0), *range(0x2800, 0x2900))))  # there only where somebody chose them


class LimitedDriver(LinuxDriver):
    """Leaves out private sequences, or characters, or both. Without a second screen it leaves an empty one behind."""

    terminal = detect_terminal({})

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
    terminal = detect_terminal(environment)
    if "TEXTUAL_DRIVER" in environment or not (terminal.plain or terminal.charset):
        return None
    return type("FittedDriver", (LimitedDriver,), {"terminal": terminal})


def within(text: str, charset: str) -> str:
    """``text`` with a look-alike, or a question mark for each cell, in place of what ``charset``, a codec, lacks.

    Where that is not ASCII, the marks of plots stay: somebody who chooses them has a font with more.
    """
    if text.isascii():
        return text
    table = _table(charset)
    for char in set(text):
        if ord(char) not in table:
            table[ord(char)] = char if _has(charset, char) else _alike(char)
    return text.translate(table)


@cache
def _table(charset: str) -> dict[int, str]:
    """What is known of a codec so far."""
    return {ord(char): alike for alike, chars in _ALIKE.items() for char in chars if not _has(charset, char)}


def _has(charset: str, char: str) -> bool:
    if charset != "ascii" and char in _MARKS:
        return True
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _alike(char: str) -> str:
    if "\u2800" <= char <= "\u28ff":
        return " " if char == "\u2800" else "*"
    width = cell_len(char)
    base = "".join(one for one in unicodedata.normalize("NFKD", char) if one.isascii())
    return base if base and len(base) == width else "?" * width
