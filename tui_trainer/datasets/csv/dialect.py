"""The dialect of a CSV file: how its cells are separated and how its numbers are written.

In reading order: number formats (a decimal point or comma, marks between thousands, units), delimiters and quotes, the
options that the user may set, and the dialect itself.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, NamedTuple, Protocol

from tui_trainer.experiment.schema import DatasetConfig, DelimiterName, QuoteName

DecimalMark = Literal[".", ","]
SPACES = (" ", "\u00a0", "\u2009", "\u202f", "\u2007", "\u2008")
APOSTROPHES = ("'", "’", "\u02bc", "`")
GROUP_MARKS = (",", ".", *SPACES, *APOSTROPHES)  # between thousands
TRUE_WORDS, FALSE_WORDS = ("true",), ("false",)
# What programs and people write for a missing value; MISSING_NUMBERS and SPREADSHEET_ERRORS only among numbers.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "\\N"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
# "None" is a category among texts: a house may have no garage.
MISSING_NUMBERS = (
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "*",
    "n.a.",
    "na",
    "None",
    "none",
    "NONE",
    "missing",
    "unknown",
)
SPREADSHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_MARKED = re.compile(f"[{''.join(GROUP_MARKS)}]")
_GAPS = "".join(GROUP_MARKS[2:])
_GAP = re.compile(f"(?<=[0-9])[{_GAPS}](?=[0-9]{{3}}(?![0-9]))")
_FIGURES = re.compile(rf"[+-]?[0-9.,][0-9.,eE+\-{_GAPS}]*")
_MISSING, _AMONG_NUMBERS = frozenset(MISSING), frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
_WORDS = frozenset(("inf", "infinity", *TRUE_WORDS, *FALSE_WORDS))
_NUMBER_WITH_COMMA = re.compile(
    rf"[+-]?(?:[0-9]*|[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+),[0-9]+|[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?"
)

SAMPLE_ROWS = 200  # from which the delimiter is found
NO_DELIMITER = "\x1f"  # for a file of one column: a character that is not in it
BLANKS = " "  # stands for runs of blanks and tabs between cells
DELIMITERS: dict[DelimiterName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": BLANKS}
QUOTES: dict[QuoteName, str] = {"double": '"', "single": "'", "none": ""}
BOTH_QUOTES = "\"'"
COMMENT_MARKS = ("#", "%", "//", "|")
DECIMALS: dict[str, DecimalMark] = {"point": ".", "comma": ","}
_DELIMITER_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", BLANKS: "blanks"}
_GROUP_WORDS = {",": "commas", ".": "points", **dict.fromkeys(APOSTROPHES, "apostrophes")}


_SIGN = r"[+\-\u2212\u2013]"
_CURRENCY = r"(?:[A-Z]{1,2}\$|[$€£¥₹₽₩₺₫฿₪₴₦]|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|Rs\.?|kr\.?|zł|Kč|Fr\.)"
_UNIT = (
    r"(?:[%‰°º′″\"'+][A-Za-z]?|(?![eE][+-]?[0-9])[^\W\d_][^\s\d,;()]*[23²³]?(?:[ /·*][^\s\d,;()]+[23²³]?)?"
    r"|[$€£¥₹₽₩₺₫฿₪₴₦])"
)
MULTIPLES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "g": 1e9, "t": 1e12}
_DRESSED = re.compile(
    rf"(?P<outside>{_CURRENCY})?\s?(?P<open>\()?(?P<limit>[<>≤≥~≈]=? ?)?{_SIGN}? ?(?P<before>{_CURRENCY})?\s?{_SIGN}? ?"
    rf"(?P<digits>[0-9.,][0-9.,{''.join(SPACES)}{''.join(APOSTROPHES)}]*(?:[eE]{_SIGN}?[0-9]+)?)"
    rf"\s*(?P<after>{_UNIT})?(?(open)\))"
)
CODE = re.compile(r"0[0-9]")  # 007 is the beginning of a name
MIN_DRESSED = 0.9  # of a column's cells


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: the decimal mark, and the mark between thousands ("" for none).

    The numbers of a column may have one ``unit``, before them as $ or after them as kg. If they are ``multiples``, k
    and M after them are thousands and millions.
    """

    decimal: DecimalMark = "."
    thousands: str = ""
    unit: str = ""
    multiples: bool = False

    @cached_property
    def group(self) -> str:
        """The marks between thousands as a class of characters: one kind of blank is as good as another."""
        marks = next((kind for kind in (SPACES, APOSTROPHES) if self.thousands in kind), (self.thousands,))
        return f"[{re.escape(''.join(marks))}]"

    @cached_property
    def pattern(self) -> str:
        """The regular expression of a whole cell, with the groups that ``read`` makes a number from."""
        mark, digits = re.escape(self.decimal), "[0-9]+"
        if self.thousands:
            digits = rf"(?:[0-9]{{1,3}}(?:{self.group}[0-9]{{2,3}})*{self.group}[0-9]{{3}}|[0-9]+)"
        number = rf"(?P<number>(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+){_EXPONENT})"
        before, after = rf"(?:{_CURRENCY})?\s?", ""
        if self.multiples:
            after = rf"\s*(?P<multiple>{'|'.join(sorted(MULTIPLES, key=len, reverse=True))})?"
        elif self.unit and not re.fullmatch(_CURRENCY, self.unit):
            before, after = "", rf"\s*{re.escape(self.unit.rstrip('s.'))}s?\.?"
        elif self.unit:
            after = rf"\s*(?:{_CURRENCY})?"
        else:
            before = ""
        trailing = rf"(?:(?<={mark}[0-9][0-9])(?P<trailing>[-\u2212]))?"  # an amount, as some ledgers write it
        start = rf"{before}(?P<open>\()?(?:[<>≤≥~≈]=?\s?)?(?P<sign>{_SIGN})?\s?{before}(?P<inner>{_SIGN})?"
        return f"{'(?i)' if after else ''}{start}{number}{trailing}{after}(?(open)\\))"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def read(self, cell: str) -> float:
        """Return the number in a stripped cell, or NaN: ``(1.20)`` and ``1.20-`` are -1.2, ``<0.01`` is 0.01."""
        match = self._compiled.fullmatch(cell)
        if match is None:
            return math.nan
        number = match["number"]
        if self.thousands:
            number = re.sub(self.group, "", number)
        value = float(number.replace("\u2212", "-").replace(self.decimal, "."))
        if self.multiples and match["multiple"]:
            value *= MULTIPLES[match["multiple"].lower()]
        is_negative = match["open"] or (match["sign"] or match["inner"] or match["trailing"] or "+") != "+"
        return -value if is_negative else value

    def numbers_in(self, words: Iterable[str]) -> list[float]:
        """Return those of the ``words`` that are numbers, such as the marks -999 for no value."""
        return [number for number in map(self.read, words) if not math.isnan(number)]

    def is_number(self, cell: str) -> bool:
        """Return whether a stripped cell is a number; true, false and infinity count as numbers."""
        return self._compiled.fullmatch(cell) is not None or cell.lstrip("+-").lower() in _WORDS

    def is_unit(self, cell: str) -> bool:
        """Return whether a stripped cell has the unit but no number, and so no value: ``kg``, or ``null kg``."""
        if not self.unit or not cell.casefold().endswith(self.unit.casefold()):
            return False
        return is_missing(cell[: -len(self.unit)].strip(), among_numbers=True)


@dataclass(frozen=True, slots=True)
class Units:
    """The units after, or before, the numbers of a column, as they are written, the most frequent first."""

    names: tuple[str, ...]
    are_multiples: bool = False


def find_units(counts: Mapping[str, int]) -> Units | None:
    """Return the units in the cells of a column, given with their ``counts``; None unless they hold such numbers."""
    spellings: dict[str, Counter[str]] = {}
    dressed = total = 0
    currency = False
    for cell, count in counts.items():
        match = _DRESSED.fullmatch(cell)
        total += count
        if match is None or not any(map(str.isdigit, match["digits"])) or CODE.match(match["digits"]):
            continue
        dressed += count
        before = match["outside"] or match["before"]
        currency = currency or before is not None
        unit = match["after"] or before or ""
        if unit:
            spellings.setdefault(unit.casefold().rstrip("s."), Counter())[unit] += count
    if dressed < MIN_DRESSED * total or not spellings:
        return None
    shares = sorted(spellings.values(), key=lambda counter: -counter.total())
    others = {unit for unit in spellings if not re.fullmatch(_CURRENCY, unit, re.IGNORECASE)}
    are_multiples = bool(others) and others <= MULTIPLES.keys() and (currency or len(others) > 1)
    return Units(tuple(spelling.most_common(1)[0][0] for spelling in shares), are_multiples)


def is_missing(cell: str, among_numbers: bool = False) -> bool:
    """Return whether a stripped cell holds no value; ``among_numbers``, more marks count as missing."""
    return cell in _MISSING or (among_numbers and cell in _AMONG_NUMBERS)


def _bare(column: list[str]) -> list[str]:
    """Return the figures of a column, without signs, currencies and units; none if it holds something else."""
    filled = [cell for cell in column if not is_missing(cell, among_numbers=True)]
    if not filled:
        return []
    if 10 * sum(_FIGURES.fullmatch(cell) is not None for cell in filled) >= 8 * len(filled):
        return [cell.replace("\u2212", "-") for cell in filled]
    bare = [match["digits"].strip() for match in map(_DRESSED.fullmatch, filled) if match is not None]
    return bare if 10 * len(bare) >= 8 * len(filled) else []


def find_format(columns: Iterable[list[str]], semicolons: bool, decimal: DecimalMark | None = None) -> NumberFormat:
    """Return the number format of a file, found from the ``columns`` of its first rows.

    ``decimal`` is the decimal mark if it is known. Only columns that hold almost nothing but digits, marks and signs
    count. If all numbers are like 1,234, which is ambiguous, the comma is a decimal one in a file that has
    ``semicolons`` between its cells.
    """
    marked = (column for column in columns if any(map(_MARKED.search, set(column))))
    figures = [cell for column in marked for cell in _bare(column)]
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
        groups = re.compile(
            rf"[+-]?[1-9][0-9]{{0,2}}(?:{m}[0-9]{{3}})(?:(?:{m}[0-9]{{3}})+(?:{o}[0-9]*)?|{o}[0-9]*)"
            rf"|[+-]?[1-9][0-9]?(?:{m}[0-9]{{2}})+{m}[0-9]{{3}}(?:{o}[0-9]*)?"  # as in India
        )
        marked = [cell for cell in cells if mark in cell]
        decimals = [cell for cell in marked if decimal.fullmatch(cell)]  # those that are ambiguous among them
        ambiguous_count = sum(ambiguous.fullmatch(cell) is not None for cell in decimals)
        is_grouped = len(decimals) < len(marked)  # no cell is both
        return cls(
            decimal=len(decimals) - ambiguous_count,
            groups=sum(groups.fullmatch(cell) is not None for cell in marked) if is_grouped else 0,
            ambiguous=ambiguous_count,
        )


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


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that give a file its cells.

    ``delimiter`` is "" for one column, ``BLANKS`` for runs of blanks and tabs; ``runs`` says that several delimiters
    count as one. ``quote`` is "" if quotes mean nothing, ``BOTH_QUOTES`` if cells are in either; ``escape`` is "" or a
    backslash. Lines that begin with ``comment`` are none of the table.
    """

    delimiter: str = ","
    runs: bool = False
    quote: str = '"'
    escape: str = ""
    comment: str = ""

    @property
    def are_plain(self) -> bool:
        """Whether pandas and Python's csv module read such lines as they are."""
        return not self.runs and self.quote != BOTH_QUOTES and not self.comment and not self.escape

    @property
    def when_rewritten(self) -> Marks:
        """The marks of lines that ``plain`` has rewritten."""
        return Marks(self.delimiter, quote='"' if self.quote == BOTH_QUOTES else self.quote, escape=self.escape)

    def plain(self, line: str) -> str:
        """Return a line as it is written with single delimiters and double quotes, and without comments."""
        if self.comment and line.lstrip(" ").startswith(self.comment):
            return line[len(line.rstrip("\r\n")) :]
        if self.runs:
            body = line.rstrip("\r\n")
            mark = re.escape(self.delimiter)
            line = re.sub(f"{mark}(?: *{mark})+", self.delimiter, body.strip(self.delimiter)) + line[len(body) :]
        if self.escape and "\\N" in line:
            mark = re.escape(self.delimiter or NO_DELIMITER)
            line = re.sub(rf"(?<![^{mark}\r\n])\\N(?![^{mark}\r\n])", "", line)
        if self.quote == BOTH_QUOTES and "'" in line:
            line = _single_quoted(self.delimiter).sub(_in_double_quotes, line)
        return line


def _single_quoted(delimiter: str) -> re.Pattern[str]:
    """Return a pattern for a cell in single quotes, in which two of them stand for one."""
    mark = re.escape(delimiter or NO_DELIMITER)
    return re.compile(rf"(?<![^{mark}\r\n])[ ]*'((?:[^'\r\n]|'')*)'[ ]*(?![^{mark}\r\n])")


def _in_double_quotes(cell: re.Match[str]) -> str:
    return '"{}"'.format(cell[1].replace("''", "'").replace('"', '""'))


def parse(text: str, marks: Marks) -> Iterator[Record]:
    """Yield the rows of ``text``; raises csv.Error for cells beyond 128 KB. Blank lines give rows without cells."""
    lines: Iterable[str] = io.StringIO(text, newline="")
    rows = split_lines(lines if marks.are_plain else map(marks.plain, lines), marks.when_rewritten)
    for cells in rows:
        yield Record([cell.strip() for cell in cells], rows.line_num)


class _BlankSplitter:
    """Splits lines at runs of blanks and tabs; ``line_num`` is as Python's csv reader has it."""

    def __init__(self, lines: Iterable[str], quote: str) -> None:
        self._lines, self._cells, self.line_num = iter(lines), _blank_cells(quote), 0

    def __iter__(self) -> Iterator[list[str]]:
        for line in self._lines:
            self.line_num += 1
            yield [quoted or word for quoted, word in self._cells.findall(line)]


def split_lines(lines: Iterable[str], marks: Marks) -> Splitter:
    """Return the rows of lines that are written plainly, as Python's csv reader does; raises csv.Error as ``parse``."""
    if marks.delimiter == BLANKS:
        return _BlankSplitter(lines, marks.quote)
    return csv.reader(
        lines,
        delimiter=marks.delimiter or NO_DELIMITER,
        quotechar=marks.quote or None,
        quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
        escapechar=marks.escape or None,
        skipinitialspace=True,
    )


class Splitter(Protocol):
    """The rows of a text, and the line at which the last one ends."""

    @property
    def line_num(self) -> int:
        """The number of lines that are read."""

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the cells of each row."""


@cache
def _blank_cells(quote: str) -> re.Pattern[str]:
    if not quote:
        return re.compile(r"()(\S+)")
    mark = quote[0]
    return re.compile(rf"{mark}((?:[^{mark}]|{mark}{mark})*){mark}(?=\s|$)|(\S+)")


def find_marks(text: str, options: CsvOptions) -> Marks:
    """Return the marks that give the most regular table; the delimiter is "" if none gives two columns.

    In a regular table, rows have the same number of cells, and no cell holds another delimiter, except as a comma in a
    number. Titles above the table do not count. The rows up to one that can't be read count; if that is the first row,
    and no other delimiter gives two columns, the delimiter is the one with which it can't be read.
    """
    comment = _find_comment(text) if options.comment is None else options.comment
    if options.delimiter is not None:
        return replace(_complete(text, options.delimiter, comment, options), comment=comment)
    highest, best, is_whole, unreadable = 0.0, None, False, None
    for delimiter in DELIMITERS.values():
        if delimiter not in text and not (delimiter == BLANKS and "\t" in text):
            continue
        marks = _complete(text, delimiter, comment, options)
        rows: list[list[str]] = []
        try:
            for record in itertools.islice(parse(text, marks), SAMPLE_ROWS):
                if any(record.cells):
                    rows.append(record.cells)
        except csv.Error:
            unreadable = unreadable or (None if rows else marks)
        score = regularity(rows, delimiter)
        if delimiter == BLANKS and (score < MIN_BLANK_REGULARITY or is_whole):
            continue
        if score > highest:
            highest, best = score, marks
            # Blanks in the cells of a table that is whole without them belong to their cells.
            is_whole = score >= MIN_BLANK_REGULARITY and len(set(map(len, rows))) == 1
    return best or unreadable or _complete(text, "", comment, options)


MIN_BLANK_REGULARITY = 0.95  # words of prose are set apart by blanks, too


def _complete(text: str, delimiter: str, comment: str, options: CsvOptions) -> Marks:
    """Return the marks of a file with this delimiter: its quotes and escapes, and whether runs count as one."""
    mark = re.escape(delimiter or NO_DELIMITER)
    quote = _find_quote(text, delimiter) if options.quote is None else options.quote
    escape = "\\" if quote and "\\" in text and re.search(rf"[^\\{mark}\r\n]\\{quote[0]}(?![{mark}\r\n])", text) else ""
    runs = delimiter == "\t" and _has_runs(text)
    return Marks(delimiter, runs, quote, escape, comment)


def _find_quote(text: str, delimiter: str) -> str:
    if "'" not in text:
        return '"'
    mark = re.escape(delimiter or NO_DELIMITER) if delimiter != BLANKS else r"\s"
    double, single = (
        len(re.findall(rf"(?<![^{mark}\r\n]) ?{quote}[^{quote}\r\n]*{quote} ?(?![^{mark}\r\n])", text))
        for quote in ('"', "'")
    )
    lines = text.count("\n") + text.count("\r", 0, 4096)
    if 2 * single < max(lines, 2):
        return '"'
    return BOTH_QUOTES if double else "'"


def _has_runs(text: str) -> bool:
    """Return whether tabs come in runs that only align columns: lines have the same number of cells without them."""
    lines = [line for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    with_runs = sum("\t\t" in line for line in lines)
    if not lines or 2 * with_runs < len(lines):
        return False
    once = Counter(len(re.sub("\t+", "\t", line.strip("\t")).split("\t")) for line in lines)
    singly = Counter(line.count("\t") for line in lines)
    return once.most_common(1)[0][1] > singly.most_common(1)[0][1] or (len(once) == 1 and with_runs == len(lines))


def _find_comment(text: str) -> str:
    """Return the mark at the beginning of comment lines, "" if there are none.

    A comment is at the top, or it does not have the delimiters of the lines around it; a table is not made of comments.
    """
    lines = [line for line in text.splitlines()[:MAX_COMMENT_LINES] if line.strip()]
    for mark in COMMENT_MARKS:
        marked = [line for line in lines if line.lstrip().startswith(mark)]
        if not marked or len(marked) == len(lines):
            continue
        others = [line for line in lines if not line.lstrip().startswith(mark)]
        if mark == "|":
            is_comment = len(marked) <= 2 and lines[0].startswith(mark) and not any(mark in line for line in others)
        else:
            usual = Counter(map(_delimiters_in, others)).most_common(1)[0][0]
            unlike = sum(_delimiters_in(line) != usual for line in marked)
            starts = {line.lstrip()[0].isdigit() for line in others[1:]}
            is_comment = lines[0] in marked or 2 * unlike > len(marked) or (starts == {True} and len(others) > 2)
        if is_comment:
            return mark
    return ""


MAX_COMMENT_LINES = 5000


def _delimiters_in(line: str) -> tuple[int, ...]:
    return tuple(line.count(delimiter) for delimiter in ",;\t|")


def unclosed_quote(text: str, marks: Marks) -> int | None:
    """Return the line, counted from 1, of the first quote that opens a cell and is never closed; None if all are."""
    quote = marks.quote[:1]
    if not quote or marks.escape:
        return None
    opening = re.compile(rf"(?:\A|[\r\n{re.escape(marks.delimiter or NO_DELIMITER)}]) *{quote}")
    rest_of_cell = re.compile(rf"[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}")
    position = 0
    while match := opening.search(text, position):
        cell = rest_of_cell.match(text, match.end())
        if cell is None:
            return len(re.findall(r"\r\n|\r|\n", text[: match.end()])) + 1
        position = cell.end()
    return None


def table_width(rows: Sequence[list[str]]) -> tuple[int, int]:
    """Return the number of cells that most rows have, among those with two or more, and the first such row.

    Titles above a table are often longer than a short table: they count only where they have its width.
    """
    widths = [len(row) for row in rows]
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 1, 0
    longest = max(counts.values())
    width = max(width for width, count in counts.items() if count == longest)
    return width, widths.index(width)


def regularity(rows: list[list[str]], delimiter: str) -> float:
    """Return a score from 0 (one column) to 1: the share of rows of the usual width, times that of clean cells."""
    width, first = table_width(rows)
    if not rows or width == 1:
        return 0.0
    table = rows[max(first - 1, 0) :]
    count = sum(len(row) == width for row in table)
    count += delimiter == BLANKS and len(table[0]) == width - 1 and len(table) > 2  # names, but for those of the rows
    if 2 * count < len(table) or (count < 2 and len(rows) > 2):
        return 0.0
    cells = [cell for row in table for cell in row[:500]]
    others = [other for other in DELIMITERS.values() if other not in (delimiter, BLANKS)]
    unclean = sum(any(other in cell for other in others) and not _NUMBER_WITH_COMMA.fullmatch(cell) for cell in cells)
    spaced = (cell for cell in cells if " " in cell or "\t" in cell)
    unclean += sum(_TWO_NUMBERS.fullmatch(cell) is not None and _GAP.search(cell) is None for cell in spaced)
    # Rows above the table speak a little against it, so that a whole file is preferred to a part of it.
    return count / len(table) * (1 - unclean / len(cells)) * (0.9 + 0.1 * len(table) / len(rows))


_TWO_NUMBERS = re.compile(r"[+-]?[0-9.]+(?:[ \t]+[+-]?[0-9.]+)+")


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What the user has set for reading a file; None is to be found from the file.

    ``skip_rows`` lines are above the table. ``comment`` is "" for no comments, ``quote`` is "" for no quotes. Cells
    that are one of ``missing`` have no value.
    """

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None
    header: bool | None = None
    skip_rows: int | None = None
    comment: str | None = None
    quote: str | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: DatasetConfig) -> CsvOptions:
        """Return the options of a dataset's configuration that say how its file is read."""
        delimiter = None if config.delimiter is None else DELIMITERS[config.delimiter]
        decimal = None if config.decimal is None else DECIMALS[config.decimal]
        quote = None if config.quote is None else QUOTES[config.quote]
        comment = "" if config.comment == "none" else config.comment
        return cls(
            delimiter,
            decimal,
            config.encoding,
            config.header,
            config.skip_rows,
            comment,
            quote,
            tuple(mark.strip() for mark in config.missing_marks),
        )


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. ``encoding`` is its name for people."""

    marks: Marks
    numbers: NumberFormat
    encoding: str
    header: bool

    @property
    def delimiter(self) -> str:
        """The delimiter: "" for one column, ``BLANKS`` for runs of blanks and tabs."""
        return self.marks.delimiter

    @property
    def sentence(self) -> str:
        """The dialect in words."""
        separator = "One column"
        if self.delimiter:
            runs = "Runs of " if self.marks.runs or self.delimiter == BLANKS else ""
            words = f"{runs}{_DELIMITER_WORDS[self.delimiter]}"
            separator = f"{words[0].upper()}{words[1:]} between cells"
        parts = [separator, f"decimal {'comma' if self.numbers.decimal == ',' else 'point'}"]
        if self.numbers.thousands:
            parts.append(f"{_GROUP_WORDS.get(self.numbers.thousands, 'spaces')} between thousands")
        if self.marks.quote in ("'", BOTH_QUOTES):
            parts.append("single quotes around cells" if self.marks.quote == "'" else "single and double quotes")
        if self.marks.escape:
            parts.append("backslashes before quotes")
        if self.marks.comment:
            parts.append(f"comments after {self.marks.comment}")
        names = "names in the first row" if self.header else "no header, so columns are called column_1, column_2 …"
        return f"{', '.join(parts)}, {self.encoding}, {names}."

    @property
    def delimiter_name(self) -> DelimiterName | None:
        """The delimiter under its name in the configuration."""
        return next((name for name, mark in DELIMITERS.items() if mark == self.delimiter), None)
