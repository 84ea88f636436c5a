"""Text in fewer characters, each as wide as it was, so that nothing moves."""

from __future__ import annotations

import unicodedata
from functools import cache

from rich.cells import cell_len

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
