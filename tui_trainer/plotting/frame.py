"""A board of characters to draw on, the finished frame, and the difference between two frames."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from rich.cells import cell_len

from tui_trainer.formats import cut_alike

REST = "\ue000"  # stands in the second cell of a character that takes two; no text has it, as it is not printable
TEXT, AXIS = 0, 255  # roles of a cell; 1 to 254 are series 0 to 253


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A finished plot: ``rows`` with a character for each cell, see ``one_cell``, and ``roles`` (height, width)."""

    rows: list[str]
    roles: NDArray[np.integer[Any]]


class Board:
    """Characters and roles (height, width) to draw on, initially blank."""

    def __init__(self, width: int, height: int, roles: DTypeLike = np.uint8) -> None:
        self.width, self.height = max(width, 0), max(height, 0)
        self.characters = np.full((self.height, self.width), " ", dtype="<U1")
        self.roles: NDArray[np.integer[Any]] = np.zeros((self.height, self.width), roles)

    def write(self, row: int, column: int, text: str, role: int) -> None:
        """Write text at a position; what is off the board is cut."""
        text = one_cell(text)
        if column < 0:
            text, column = text[-column:], 0
        text = _whole(text[: max(self.width - column, 0)])
        if text and 0 <= row < self.height:
            line, end = self.characters[row], column + len(text)
            if line[column] == REST:  # the other half of what is overwritten
                line[column - 1] = " "
            if end < self.width and line[end] == REST:
                line[end] = " "
            line[column:end] = list(text)
            self.roles[row, column:end] = role

    def write_centered(self, text: str, role: int) -> None:
        """Write a sentence in the middle, wrapped; what does not fit is cut, with an ellipsis."""
        lines = wrap(one_cell(text), max(self.width, 1), max_lines=max(self.height, 1), placeholder="…")
        for row, line in enumerate(lines, (self.height - len(lines) + 1) // 2):
            text_line = shorten(line, self.width)
            self.write(row, (self.width - len(text_line)) // 2, text_line, role)

    def paste(self, row: int, column: int, characters: NDArray[np.str_], roles: NDArray[np.uint8]) -> None:
        """Copy a drawn canvas, both (rows, columns), to a position where it fits."""
        target = slice(row, row + roles.shape[0]), slice(column, column + roles.shape[1])
        self.characters[target], self.roles[target] = characters, roles

    def frame(self) -> Frame:
        """Return what was written, each cell with its own role."""
        return Frame(_rows(self.characters), self.roles)

    def merged_frame(self) -> Frame:
        """Return the same, with the role of the cell before for blank cells, to send fewer colour changes."""
        columns = np.arange(self.width)
        drawn = np.where(self.characters == " ", 0, columns)
        before = np.maximum.accumulate(drawn, axis=1) if self.width else drawn
        return Frame(self.frame().rows, np.take_along_axis(self.roles, before, axis=1))


def changes(old: Frame, new: Frame, gap: int = 8) -> list[tuple[int, int, int]]:
    """Return where two frames of one size differ: (row, first column, columns) of each run of changed cells.

    Runs with at most ``gap`` unchanged cells between them are merged, since moving the cursor costs bytes, too.
    """
    before, after = _characters(old), _characters(new)
    differs = (before != after) | (old.roles != new.roles)
    runs = []
    for row in np.flatnonzero(differs.any(axis=1)).tolist():
        columns = np.flatnonzero(_with_partners(differs[row], before[row], after[row]))
        breaks = np.flatnonzero(np.diff(columns) > gap + 1) + 1
        for run in np.split(columns, breaks):
            runs.append((row, int(run[0]), int(run[-1] - run[0]) + 1))
    return runs


def partly(old: Frame, new: Frame, worth: NDArray[np.float64], most: int | None = None, least: float = 0.0) -> Frame:
    """Return ``old`` with the cells of ``new`` that differ and are worth at least ``least``, at most ``most`` of them.

    ``worth`` (height, width) says how much it matters that a cell is new.
    """
    before, after = _characters(old), _characters(new)
    differs = np.flatnonzero((before != after) | (old.roles != new.roles))
    values = worth.ravel()[differs]
    best = differs[values >= least]
    if most is not None and len(best) > most:
        best = differs[np.argsort(-values, kind="stable")[:most]]
    if len(best) == len(differs):
        return new
    chosen = np.zeros(before.size, bool)
    chosen[best] = True
    chosen = _with_partners(chosen.reshape(before.shape), before, after)
    rows = _rows(np.where(chosen, after, before))
    return Frame(rows, np.where(chosen, new.roles, old.roles))


def _characters(frame: Frame) -> NDArray[np.str_]:
    """Return the characters (height, width) of a frame."""
    width = max(frame.roles.shape[1], 1)
    return np.array(frame.rows, f"<U{width}").reshape(-1, 1).view("<U1")[:, : frame.roles.shape[1]]


def _rows(characters: NDArray[np.str_]) -> list[str]:
    """Return the rows of an array of characters (height, width)."""
    height, width = characters.shape
    return np.ascontiguousarray(characters).view(f"<U{width}")[:, 0].tolist() if width else [""] * height


def _with_partners(cells: NDArray[np.bool_], *characters: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return ``cells`` (..., width) and those with which they share a character of two cells, before or after."""
    pairs = [second[..., 1:] == REST for second in characters]
    if not any(pair.any() for pair in pairs):
        return cells
    result, count = cells.copy(), -1
    while count != (count := int(result.sum())):
        for pair in pairs:
            both = pair & (result[..., 1:] | result[..., :-1])
            result[..., 1:] |= both
            result[..., :-1] |= both
    return result


def one_cell(text: str) -> str:
    """Return ``text`` with one character for each cell; labels can come from any CSV file.

    After a character of two cells comes ``REST``, which ``visible`` takes out again. Marks that are drawn over a
    character before them are left out, and what is not printable becomes a question mark.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_cells(char) for char in unicodedata.normalize("NFC", text))


def _cells(char: str) -> str:
    cells = cell_len(char)
    if char == REST or (cells == 0 and unicodedata.category(char) in ("Mn", "Me", "Cf", "Sk")):
        return ""
    if not char.isprintable() or cells not in (1, 2):
        return "?"
    return char if cells == 1 else char + REST


def visible(text: str) -> str:
    """Return text of one character for each cell as a terminal takes it."""
    return text.replace(REST, "")


def _whole(text: str) -> str:
    """Return a cut-out of text with blanks for halves of characters at its ends."""
    if not text or text.isascii():
        return text
    text = " " + text[1:] if text.startswith(REST) else text
    return text[:-1] + " " if cell_len(text[-1]) == 2 else text


def shorten_alike(names: Sequence[str], width: int, ellipsis: str = "…") -> list[str]:
    """Cut each name to ``width`` cells, see ``cut_alike``, with an ellipsis."""
    return [ellipsis.join(map(_whole, pieces)) for pieces in cut_alike(names, width)]


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut text to ``width`` cells, with an ellipsis."""
    if len(text) <= width:
        return text
    return _whole(text[: width - 1]) + ellipsis if width > 1 else ""
