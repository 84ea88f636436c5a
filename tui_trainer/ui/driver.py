"""Textual's driver for limited terminals: it leaves out what they cannot handle."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from rich.cells import cell_len
from textual.driver import Driver

from tui_trainer.system.terminal import driver

from .terminal import detect_terminal
from .terminal_input import PasteParser

TerminalDriver, parsing = driver()
parsing.XTermParser = PasteParser  # type: ignore[attr-defined]  # the name by which the driver makes its parser

# Modes, queries and titles that old terminals print instead of ignoring. The cursor and line wrap are not among them.
PRIVATE = re.compile(
    r"\x1b\[(?!\?(?:25|7)[hl])[<=>?][0-9;]*[ -/]*[@-~]"
    r"|\x1b\[[0-9;]*[ -/]*t"
    r"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"
)
CLEAR = "\x1b[0m\x1b[H\x1b[2J"
_LOOK_ALIKES = {
    "-": "─╌┄┈╴╶−–—‐‑‒",
    "=": "━═‖≈",
    "|": "│┃║╎┆┊▏▎▍▕",
    "+": "┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋┡┩╇╭╮╰╯╒╓╔╗╚╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬",
    " ": "╸╺╹╻\u00a0",
    "#": "█▀▄▆▇▓▒░▊▋▉■▖▗▘▙▚▛▜▝▞▟",
    "[": "▐",
    "]": "▌",
    "_": "▁▂▃▅⎯",
    "*": "●✔✓★•◆",
    "o": "○◯°",
    "x": "✖✗×✕",
    ">": "▶▸→›»",
    "<": "◀◂←‹«",
    "^": "▲▴↑",
    "v": "▼▾↓",
    ".": "·□",
    "~": "…",
    "'": "′‘’",
    '"': "″“”",
    "L": "ℒ",
    "S": "Σ",
    "d": "∂δ",
    "D": "Δ",
    "g": "γ",
    "l": "λ",
    "V": "√",
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
# Used only where the user chose such markers
_PLOT_MARKS = frozenset(map(chr, (*range(0x2596, 0x25A0), *range(0x2800, 0x2900))))


class LimitedDriver(TerminalDriver):  # type: ignore[misc,valid-type]
    """Removes private sequences, replaces characters that the terminal lacks, or both.

    A terminal without an alternate screen is cleared at the end.
    """

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
    """Return the driver for the terminal; None if the default one does, or the user has set another."""
    terminal = detect_terminal(environment)
    if "TEXTUAL_DRIVER" in environment or not (terminal.plain or terminal.charset):
        return None
    return type("FittedDriver", (LimitedDriver,), {"terminal": terminal})


def within(text: str, charset: str) -> str:
    """Replace the characters that the codec ``charset`` lacks: by a look-alike, or by a question mark for each cell.

    Unless the codec is ASCII, the marks of plots stay: a user who chooses them has a font that contains them.
    """
    if text.isascii():
        return text
    table = _replacements(charset)
    for char in set(text):
        if ord(char) not in table:
            table[ord(char)] = char if _can_show(charset, char) else _look_alike(char)
    return text.translate(table)


@cache
def _replacements(charset: str) -> dict[int, str]:
    """Return the replacements of a codec by code point; ``within`` adds to them."""
    return {ord(char): alike for alike, chars in _LOOK_ALIKES.items() for char in chars if not _can_show(charset, char)}


def _can_show(charset: str, char: str) -> bool:
    if charset != "ascii" and char in _PLOT_MARKS:
        return True
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _look_alike(char: str) -> str:
    if "\u2800" <= char <= "\u28ff":
        return " " if char == "\u2800" else "*"
    width = cell_len(char)
    base = "".join(letter for letter in unicodedata.normalize("NFKD", char) if letter.isascii())
    return base if base and len(base) == width else "?" * width
