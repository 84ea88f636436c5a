"""The dialect of a CSV file: how its cells are separated and how its numbers are written.

In reading order: number formats (a decimal point or comma, and marks between thousands), delimiters, the options
that the user may set, and the dialect itself.
"""

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
SPACES = (" ", "\u00a0", "\u2009", "\u202f")
GROUP_MARKS = (",", ".", *SPACES, "'", "’")  # between thousands
TRUE_WORDS, FALSE_WORDS = ("true",), ("false",)
# What programs and people write for a missing value; MISSING_NUMBERS and SPREADSHEET_ERRORS only among numbers.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "None"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
MISSING_NUMBERS = ("-", "--", ".", "*", "n.a.", "na", "none", "NONE", "missing", "unknown")
SPREADSHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_MARKED = re.compile(f"[{''.join(GROUP_MARKS)}]")
_GAPS = "".join(GROUP_MARKS[2:])
_GAP = re.compile(f"(?<=[0-9])[{_GAPS}](?=[0-9]{{3}}(?![0-9]))")
_FIGURES = re.compile(rf"[+-]?[0-9.,][0-9.,eE+\-{_GAPS}]*")
_MISSING, _MISSING_NUMBERS = frozenset(MISSING), frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
_WORDS = frozenset(("inf", "infinity", *TRUE_WORDS, *FALSE_WORDS))
_NUMBER_WITH_COMMA = re.compile(
    rf"[+-]?(?:[0-9]*|[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+),[0-9]+|[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?"
)

SAMPLE_ROWS = 200  # from which the delimiter is found
NO_DELIMITER = "\x1f"  # for a file of one column: a character that is not in it
DELIMITERS: dict[DelimiterName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DECIMALS: dict[str, DecimalMark] = {"point": ".", "comma": ","}
_DELIMITER_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_GROUP_WORDS = {",": "commas", ".": "points", "'": "apostrophes", "’": "apostrophes"}


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: the decimal mark, and the mark between thousands ("" for none)."""

    decimal: DecimalMark = "."
    thousands: str = ""

    @cached_property
    def pattern(self) -> str:
        """A regular expression that matches a cell with one finite number."""
        mark, digits = re.escape(self.decimal), "[0-9]+"
        if self.thousands:
            digits = rf"(?:[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        return rf"[+-]?(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+){_EXPONENT}"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def is_number(self, cell: str) -> bool:
        """Return whether a stripped cell is a number; true, false and infinity count as numbers."""
        return self._compiled.fullmatch(cell) is not None or cell.lstrip("+-").lower() in _WORDS


def is_missing(cell: str, among_numbers: bool = False) -> bool:
    """Return whether a stripped cell holds no value; ``among_numbers``, more marks count as missing."""
    return cell in _MISSING or (among_numbers and cell in _MISSING_NUMBERS)


def find_format(columns: Iterable[list[str]], semicolons: bool, decimal: DecimalMark | None = None) -> NumberFormat:
    """Return the number format of a file, found from the ``columns`` of its first rows.

    ``decimal`` is the decimal mark if it is known. Only columns that hold almost nothing but digits, marks and signs
    count. If all numbers are like 1,234, which is ambiguous, the comma is a decimal one in a file that has
    ``semicolons`` between its cells.
    """
    marked = (column for column in columns if any(map(_MARKED.search, set(column))))
    figures = [cell for column in marked if _is_figures(column) for cell in column]
    without_gaps = [_GAP.sub("", cell) for cell in figures]
    votes = {mark: _Votes.count(without_gaps, mark) for mark in (".", ",")}
    mark = decimal or _decimal_mark(votes[","], votes["."], semicolons)
    other = votes["." if mark == "," else ","]
    if other.groups or other.ambiguous:
        return NumberFormat(mark, "." if mark == "," else ",")
    return NumberFormat(mark, _other_group_mark(figures))


def _decimal_mark(comma: _Votes, point: _Votes, semicolons: bool) -> DecimalMark:
    if comma.decimal != point.decimal:
        return "," if comma.decimal > point.decimal else "."
    if bool(comma.groups) != bool(point.groups):  # two points, or two commas, in a number
        return "," if point.groups else "."
    return "," if semicolons and comma.ambiguous and not point.ambiguous else "."


@dataclass(frozen=True)
class _Votes:
    """How many cells use a mark as the decimal mark, between thousands, or ambiguously."""

    decimal: int
    groups: int
    ambiguous: int

    @classmethod
    def count(cls, cells: list[str], mark: str) -> _Votes:
        other = "." if mark == "," else ","
        m, o = re.escape(mark), re.escape(other)
        decimal = re.compile(rf"[+-]?(?:[0-9]{{1,3}}(?:{o}[0-9]{{3}})+|[0-9]*){m}[0-9]+{_EXPONENT}")
        ambiguous = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}{m}[0-9]{{3}}")
        groups = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:{m}[0-9]{{3}})(?:(?:{m}[0-9]{{3}})+(?:{o}[0-9]*)?|{o}[0-9]*)")
        ambiguous_count = sum(ambiguous.fullmatch(cell) is not None for cell in cells)
        return cls(
            decimal=sum(decimal.fullmatch(cell) is not None for cell in cells) - ambiguous_count,
            groups=sum(groups.fullmatch(cell) is not None for cell in cells),
            ambiguous=ambiguous_count,
        )


def _is_figures(column: list[str]) -> bool:
    """Return whether at least 80% of the cells with a value are made of digits, marks and signs."""
    filled = [cell for cell in column if not is_missing(cell, among_numbers=True)]
    return bool(filled) and 10 * sum(_FIGURES.fullmatch(cell) is not None for cell in filled) >= 8 * len(filled)


def _other_group_mark(cells: list[str]) -> str:
    """Return the space or apostrophe used between thousands, "" if there is none."""
    for mark in (mark for mark in GROUP_MARKS[2:] if any(mark in cell for cell in cells)):
        grouped = re.compile(rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:[.,][0-9]*)?")
        if any(grouped.fullmatch(cell) for cell in cells):
            return mark
    return ""


class Record(NamedTuple):
    """A row: its stripped cells, and the line at which it ends, counted from 1."""

    cells: list[str]
    line: int


def parse(text: str, delimiter: str) -> Iterator[Record]:
    """Yield the rows of ``text``; raises csv.Error for cells beyond 128 KB. Blank lines give rows without cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or NO_DELIMITER, skipinitialspace=True)
    for cells in reader:
        yield Record([cell.strip() for cell in cells], reader.line_num)


def find_delimiter(text: str) -> str:
    """Return the delimiter that gives the most regular table; "" if none gives two columns.

    In a regular table, rows have the same number of cells, and no cell holds another delimiter, except as a comma in a
    number.
    The rows up to one that can't be read count; if that is the first row, and no other delimiter gives two columns,
    the delimiter is the one with which it can't be read.
    """
    highest, best, unreadable = 0.0, "", ""
    for delimiter in DELIMITERS.values():
        rows: list[list[str]] = []
        try:
            for record in itertools.islice(parse(text, delimiter), SAMPLE_ROWS):
                if any(record.cells):
                    rows.append(record.cells)
        except csv.Error:
            unreadable = unreadable or ("" if rows else delimiter)
        regularity = _regularity(rows, delimiter)
        if regularity > highest:
            highest, best = regularity, delimiter
    return best or unreadable


def unclosed_quote(text: str, delimiter: str) -> int | None:
    """Return the line, counted from 1, of the first quote that opens a cell and is never closed; None if all are."""
    opening = re.compile(rf'(?:\A|[\r\n{re.escape(delimiter or NO_DELIMITER)}]) *"')
    rest_of_cell = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
    position = 0
    while match := opening.search(text, position):
        cell = rest_of_cell.match(text, match.end())
        if cell is None:
            return len(re.findall(r"\r\n|\r|\n", text[: match.end()])) + 1
        position = cell.end()
    return None


def _regularity(rows: list[list[str]], delimiter: str) -> float:
    """Return a score from 0 (one column) to 1: the share of rows of the usual width, times that of clean cells."""
    if not rows:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width == 1:
        return 0.0
    cells = [cell for row in rows for cell in row[:500]]
    others = [other for other in DELIMITERS.values() if other != delimiter]
    unclean = sum(any(other in cell for other in others) and not _NUMBER_WITH_COMMA.fullmatch(cell) for cell in cells)
    return count / len(rows) * (1 - unclean / len(cells))


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What the user has set for reading a file; None is to be found from the file."""

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None
    header: bool | None = None

    @classmethod
    def from_config(cls, config: DatasetConfig) -> CsvOptions:
        """Return the options of a dataset's configuration that say how its file is read."""
        delimiter = None if config.delimiter is None else DELIMITERS[config.delimiter]
        decimal = None if config.decimal is None else DECIMALS[config.decimal]
        return cls(delimiter, decimal, config.encoding, config.header)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. ``delimiter`` is "" for one column; ``encoding`` is its name for people."""

    delimiter: str
    numbers: NumberFormat
    encoding: str
    header: bool

    @property
    def sentence(self) -> str:
        """The dialect in words."""
        separator = f"{_DELIMITER_WORDS[self.delimiter].capitalize()} between cells" if self.delimiter else "One column"
        parts = [separator, f"decimal {'comma' if self.numbers.decimal == ',' else 'point'}"]
        if self.numbers.thousands:
            parts.append(f"{_GROUP_WORDS.get(self.numbers.thousands, 'spaces')} between thousands")
        names = "names in the first row" if self.header else "no header, so columns are called column_1, column_2 …"
        return f"{', '.join(parts)}, {self.encoding}, {names}."

    @property
    def delimiter_name(self) -> DelimiterName | None:
        """The delimiter under its name in the configuration."""
        return next((name for name, mark in DELIMITERS.items() if mark == self.delimiter), None)
