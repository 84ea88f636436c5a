"""How numbers are written in a file: with a point or a comma, and what stands between thousands."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from tui_trainer.experiment.schema import DatasetConfig, DelimiterName

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
ROWS_JUDGED = 200
NONE = "\x1f"  # for a file of one column: a character that is not in it
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]*,[0-9]+\s*")
DELIMITERS: dict[DelimiterName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DECIMALS: dict[str, DecimalMark] = {"point": ".", "comma": ","}
_SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_GROUPS = {",": "commas", ".": "points", "'": "apostrophes", "’": "apostrophes"}


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


class Record(NamedTuple):
    """A row: its cells, stripped, and the line it ends at, the first line being 1."""

    cells: list[str]
    line: int


def parse(text: str, delimiter: str) -> Iterator[Record]:
    """The rows of ``text``; csv.Error for cells beyond 128 KB. Blank lines give rows without cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or NONE, skipinitialspace=True)
    for cells in reader:
        yield Record([cell.strip() for cell in cells], reader.line_num)


def find_delimiter(text: str) -> str:
    """The delimiter that gives the most regular table; "" where none gives two columns.

    Rows should have the same number of cells, and no cell should hold another delimiter, but for a decimal comma.
    """
    best, winner = 0.0, ""
    for delimiter in DELIMITERS.values():
        try:
            first = itertools.islice(parse(text, delimiter), ROWS_JUDGED)
            rows = [record.cells for record in first if any(record.cells)]
        except csv.Error:
            continue
        regularity = _regularity(rows, delimiter)
        if regularity > best:
            best, winner = regularity, delimiter
    return winner


def _regularity(rows: list[list[str]], delimiter: str) -> float:
    """From 0 (one column) to 1: the share of rows of the usual width, times that of clean cells."""
    if not rows:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width == 1:
        return 0.0
    cells = [cell for row in rows for cell in row[:500]]
    others = [other for other in DELIMITERS.values() if other != delimiter]
    unclean = sum(any(other in cell for other in others) and not _DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return count / len(rows) * (1 - unclean / len(cells))


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What the user says of a file; None is to be found out."""

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None
    header: bool | None = None

    @classmethod
    def of(cls, config: DatasetConfig) -> CsvOptions:
        """The part of a dataset's configuration that says how its file is read."""
        delimiter = None if config.delimiter is None else DELIMITERS[config.delimiter]
        decimal = None if config.decimal is None else DECIMALS[config.decimal]
        return cls(delimiter, decimal, config.encoding, config.header)


@dataclass(frozen=True, slots=True)
class Dialect:
    """``delimiter`` is "" where there is one column; ``encoding`` as people call it."""

    delimiter: str
    numbers: NumberFormat
    encoding: str
    header: bool

    @property
    def sentence(self) -> str:
        """The dialect in words."""
        between = f"{_SAID[self.delimiter].capitalize()} between cells" if self.delimiter else "One column"
        parts = [between, f"decimal {'comma' if self.numbers.decimal == ',' else 'point'}"]
        if self.numbers.thousands:
            parts.append(f"{_GROUPS.get(self.numbers.thousands, 'spaces')} between thousands")
        names = "names in the first row" if self.header else "no header, so columns are called column_1, column_2 …"
        return f"{', '.join(parts)}, {self.encoding}, {names}."

    @property
    def delimiter_name(self) -> DelimiterName | None:
        """The delimiter as the configuration calls it."""
        return next((name for name, mark in DELIMITERS.items() if mark == self.delimiter), None)
