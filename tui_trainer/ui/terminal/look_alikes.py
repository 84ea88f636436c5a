"""Text in ASCII alone, each character as wide as it was, so that nothing moves."""

from __future__ import annotations

import unicodedata

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
_TABLE = {ord(char): alike for alike, chars in _ALIKE.items() for char in chars}
_BRAILLE = range(0x2800, 0x2900)


def in_ascii(text: str) -> str:
    """``text`` with a look-alike for what is not ASCII; a question mark for each cell of what has none."""
    if text.isascii():
        return text
    text = text.translate(_TABLE)
    return text if text.isascii() else "".join(char if char.isascii() else _alike(char) for char in text)


def _alike(char: str) -> str:
    width = cell_len(char)
    if ord(char) in _BRAILLE:
        return " " if char == "\u2800" else "*"
    base = "".join(one for one in unicodedata.normalize("NFKD", char) if one.isascii())
    return base if base and len(base) == width else "?" * width
