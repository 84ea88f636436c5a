"""The dialect of a file: how its cells are separated.

In reading order: rows and the marks that set their cells apart, how those marks are found, the options that the user
may set, and the dialect itself.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple, Protocol

from tui_trainer.experiment.schema import DatasetConfig, DelimiterName, QuoteName

from .numbers import APOSTROPHES, GAP, NUMBER_WITH_COMMA, DecimalMark, NumberFormat

SAMPLE_ROWS = 200  # from which the delimiter is found
NO_DELIMITER = "\x1f"  # for a file of one column: a character that is not in it
BLANKS = " "  # stands for runs of blanks and tabs between cells
DELIMITERS: dict[DelimiterName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": BLANKS}
QUOTES: dict[QuoteName, str] = {"double": '"', "single": "'", "none": ""}
BOTH_QUOTES = "\"'"
COMMENT_MARKS = ("#", "%", "//", "|", "--")
DECIMALS: dict[str, DecimalMark] = {"point": ".", "comma": ","}
DELIMITER_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", BLANKS: "blanks"}
_GROUP_WORDS = {",": "commas", ".": "points", **dict.fromkeys(APOSTROPHES, "apostrophes")}


class Record(NamedTuple):
    """A row: its stripped cells, and the line at which it ends, counted from 1."""

    cells: list[str]
    line: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that give a file its cells.

    ``delimiter`` is "" for one column, ``BLANKS`` for runs of blanks and tabs; ``runs`` says that several delimiters
    count as one. ``quote`` is "" if quotes mean nothing, ``BOTH_QUOTES`` if cells are in either; ``escape`` is "" or a
    backslash. Lines that begin with ``comment`` are none of the table, nor are those that repeat its ``header``.
    ``quoted_rows`` says that whole rows stand in double quotes.
    """

    delimiter: str = ","
    runs: bool = False
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    header: str = ""
    quoted_rows: bool = False

    @property
    def are_plain(self) -> bool:
        """Whether pandas and Python's csv module read such lines as they are."""
        is_rewritten = self.runs or self.comment or self.escape or self.header or self.quoted_rows
        return not is_rewritten and self.quote != BOTH_QUOTES

    @property
    def when_rewritten(self) -> Marks:
        """The marks of lines that ``plain`` has rewritten."""
        return Marks(self.delimiter, quote='"' if self.quote == BOTH_QUOTES else self.quote, escape=self.escape)

    def plain(self, line: str) -> str:
        """Return a line as it is written with single delimiters and double quotes, and without comments."""
        if self.quoted_rows:
            line = _opened(line)
        is_comment = self.comment and line.lstrip(" ").startswith(self.comment)
        if is_comment or (self.header and line.strip() == self.header):
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


# A row that is one cell in double quotes, behind which a spreadsheet may have written its empty cells
_QUOTED_ROW = re.compile(r'\A[ ]*"((?:[^"\r\n]|"")*+)"[;,\t ]*(?=[\r\n]|\Z)')


def _opened(line: str) -> str:
    """Return a row without the quotes around it; another line is left as it is."""
    return _QUOTED_ROW.sub(lambda row: row[1].replace('""', '"'), line)


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
    if options.quote is None and (without := _without_quotes_around_rows(text)) is not None:
        return replace(find_marks(without, replace(options, quote='"')), quoted_rows=True)
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


def _without_quotes_around_rows(text: str) -> str | None:
    """Return ``text`` without the quotes around whole rows; None if fewer than half of them stand in quotes.

    A spreadsheet that has taken a table for text in one column writes it so: each row that holds its delimiter or a
    quote is a cell. None is also returned for a column of prose in quotes, whose commas make no table.
    """
    first = list(itertools.islice(filter(str.strip, io.StringIO(text, newline="")), SAMPLE_ROWS))
    rows = list(map(_opened, first))
    if len(rows) < 2 or 2 * sum(row != line for row, line in zip(rows, first, strict=True)) < len(rows):
        return None
    for delimiter in DELIMITERS.values():
        with contextlib.suppress(csv.Error):
            widths = {len(cells) for cells in csv.reader(rows, delimiter=delimiter, skipinitialspace=True)}
            if delimiter != BLANKS and widths != {1} and len(widths) == 1:
                return "".join(map(_opened, io.StringIO(text, newline="")))
    return None


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
    lines = max(text.count("\n"), text.count("\r"))  # a line of Windows ends with both
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
        if mark == "--":  # for no value, too
            is_comment = all(map(_RULE.fullmatch, marked))
        elif mark == "|":
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
_RULE = re.compile(r"\s*-{2,}(?:[-+ \t|]*-{2,})?\s*")  # a line below the names, as databases print it


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
    cells = Counter(cell for row in table for cell in row[:500])  # of which many are alike
    others = [other for other in DELIMITERS.values() if other not in (delimiter, BLANKS)]
    unclean = 0
    for cell, count_of_cell in cells.items():
        if any(other in cell for other in others):
            unclean += count_of_cell * (NUMBER_WITH_COMMA.fullmatch(cell) is None)
        if " " in cell or "\t" in cell:
            unclean += count_of_cell * (_TWO_NUMBERS.fullmatch(cell) is not None and GAP.search(cell) is None)
    # Rows above the table speak a little against it, so that a whole file is preferred to a part of it.
    return count / len(table) * (1 - unclean / cells.total()) * (0.9 + 0.1 * len(table) / len(rows))


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
            words = f"{runs}{DELIMITER_WORDS[self.delimiter]}"
            separator = f"{words[0].upper()}{words[1:]} between cells"
        parts = [separator, f"decimal {'comma' if self.numbers.decimal == ',' else 'point'}"]
        if self.numbers.thousands:
            parts.append(f"{_GROUP_WORDS.get(self.numbers.thousands, 'spaces')} between thousands")
        if self.marks.quote in ("'", BOTH_QUOTES):
            parts.append("single quotes around cells" if self.marks.quote == "'" else "single and double quotes")
        if self.marks.quoted_rows:
            parts.append("quotes around rows")
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
