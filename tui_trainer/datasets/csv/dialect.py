"""How numbers are written in a file: with a point or a comma, and what stands between thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

DecimalMark = Literal[".", ","]
GROUP_MARKS = (",", ".", " ", "\u00a0", "\u202f", "'", "’")  # that people put between thousands
TRUE_WORDS, FALSE_WORDS = ("true",), ("false",)
# What programs and people write for "no value"; the second tuple and the third only among numbers.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "None"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
MISSING_NUMBERS = ("-", "--", ".", "*", "n.a.", "na", "none", "NONE", "missing", "unknown")
SPREADSHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_MARKED = re.compile(f"[{''.join(GROUP_MARKS)}]")
_FIGURES = re.compile(r"[+-]?[0-9.,][0-9.,eE+\- \u00a0\u202f'’]*")
_MISSING, _MISSING_NUMBERS = frozenset(MISSING), frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
_WORDS = frozenset(("inf", "infinity", *TRUE_WORDS, *FALSE_WORDS))


@dataclass(frozen=True)
class NumberFormat:
    """The decimal mark, and the mark between thousands ("" for none)."""

    decimal: DecimalMark = "."
    thousands: str = ""

    @cached_property
    def pattern(self) -> str:
        """A regular expression for a whole cell that holds one finite number."""
        mark, digits = re.escape(self.decimal), "[0-9]+"
        if self.thousands:
            digits = rf"(?:[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        return rf"[+-]?(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+){_EXPONENT}"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @property
    def is_usual(self) -> bool:
        """Whether Python and C read such numbers as they stand."""
        return self == NumberFormat()

    def is_number(self, cell: str) -> bool:
        """Whether a cell, stripped, is a number; true and false are, and infinity."""
        return self._compiled.fullmatch(cell) is not None or cell.lstrip("+-").lower() in _WORDS


def is_missing(cell: str, among_numbers: bool = False) -> bool:
    """Whether a cell, stripped, holds no value; more marks count as none ``among_numbers``."""
    return cell in _MISSING or (among_numbers and cell in _MISSING_NUMBERS)


def find_format(columns: Iterable[list[str]], semicolons: bool, decimal: DecimalMark | None = None) -> NumberFormat:
    """The format that the cells of a file are written in, from the ``columns`` of its beginning.

    ``decimal`` is the mark where it is known.

    Only columns that hold next to nothing but figures have a vote. Where all that is seen is like 1,234, which
    may be either, the comma is a decimal one in a file that has ``semicolons`` between its cells.
    """
    marked = (column for column in columns if any(map(_MARKED.search, set(column))))
    figures = [cell for column in marked if _is_figures(column) for cell in column]
    votes = {mark: _Votes.of(figures, mark) for mark in (".", ",")}
    mark = decimal or _decimal_mark(votes[","], votes["."], semicolons)
    other = votes["." if mark == "," else ","]
    if other.groups or other.either:
        return NumberFormat(mark, "." if mark == "," else ",")
    return NumberFormat(mark, _other_group_mark(figures))


def _decimal_mark(comma: _Votes, point: _Votes, semicolons: bool) -> DecimalMark:
    if comma.decimal != point.decimal:
        return "," if comma.decimal > point.decimal else "."
    return "," if semicolons and comma.either and not point.either else "."


@dataclass(frozen=True)
class _Votes:
    """How many cells show a mark as the decimal one, between thousands, or as one of the two."""

    decimal: int
    groups: int
    either: int

    @classmethod
    def of(cls, cells: list[str], mark: str) -> _Votes:
        other = "." if mark == "," else ","
        m, o = re.escape(mark), re.escape(other)
        decimal = re.compile(rf"[+-]?(?:[0-9]{{1,3}}(?:{o}[0-9]{{3}})+|[0-9]*){m}[0-9]+{_EXPONENT}")
        either = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}{m}[0-9]{{3}}")
        groups = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:{m}[0-9]{{3}})(?:(?:{m}[0-9]{{3}})+(?:{o}[0-9]*)?|{o}[0-9]*)")
        unclear = sum(either.fullmatch(cell) is not None for cell in cells)
        return cls(
            decimal=sum(decimal.fullmatch(cell) is not None for cell in cells) - unclear,
            groups=sum(groups.fullmatch(cell) is not None for cell in cells),
            either=unclear,
        )


def _is_figures(column: list[str]) -> bool:
    """Whether nearly all cells with a value are made of digits, marks and signs."""
    held = [cell for cell in column if not is_missing(cell, among_numbers=True)]
    return bool(held) and 10 * sum(_FIGURES.fullmatch(cell) is not None for cell in held) >= 8 * len(held)


def _other_group_mark(cells: list[str]) -> str:
    """A space or an apostrophe between thousands, if cells have one."""
    for mark in (mark for mark in GROUP_MARKS[2:] if any(mark in cell for cell in cells)):
        grouped = re.compile(rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:[.,][0-9]*)?")
        if any(grouped.fullmatch(cell) for cell in cells):
            return mark
    return ""
