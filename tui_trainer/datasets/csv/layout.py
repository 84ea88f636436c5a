"""Finds the layout of a file from its beginning and its end: dialect, header, names, and the first rows as text.

In reading order: the layout, the beginning of the text, where the table starts and ends, which rows are its header,
names that are clean, distinct and never empty, and whether rows have as many cells.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NoReturn

from tui_trainer.datasets.dataset import PLAIN, DatasetError
from tui_trainer.errors import plain, printable, quoted, unjoined

from .dialect import (
    BLANKS,
    DELIMITERS,
    NO_DELIMITER,
    CsvOptions,
    Dialect,
    Marks,
    Record,
    find_marks,
    parse,
    split_lines,
    table_width,
    unclosed_quote,
)
from .numbers import NumberFormat, find_format, find_units, is_missing
from .text import TextFile

SAMPLE = 1 << 18  # characters; doubled up to MAX_SAMPLE until it has MIN_LINES
MAX_SAMPLE = 1 << 24
MIN_LINES = 8
MAX_ROWS = 1000  # in a layout
MAX_COLUMNS = 20_000
MAX_CELLS = 400_000  # of the first rows, from which the number format is found
HEADER_SAMPLE_ROWS = 100  # compared with the first row
MAX_TITLES = 100  # rows above a table
MAX_HEADER_ROWS = 4
MAX_UNIT = 24  # characters
MAX_FOOTERS = 12  # rows below it
TAIL = 1 << 16  # bytes at the end of a large file, which are searched for rows below the table
_FIELD = "dataset.path"
_DATE_LIKE = re.compile(
    r"[0-9]{1,4}[-./][0-9A-Za-z]{1,9}[-./][0-9]{1,4}(?:[ T,].*)?|[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?(?: ?[AaPp][Mm])?"
    r"|[0-9]{4}-(?:[0-9]{2}|W[0-9]{2}|Q[1-4])|[0-9]{4}Q[1-4]"
)
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_INDEX_NAME = re.compile(r"unnamed: ?0(?:\.[0-9]+)*", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand |sub-?|overall )?(?:totals?|sum|average|avg|mean|count|sums)|summe|gesamt(?:summe)?|insgesamt|mittelwert"
    r"|total g[eé]n[eé]ral|moyenne|suma|promedio|totale|итого|всего|合计|总计|小计|合計|総計|평균|합계|總計",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"(?:source|quelle|fuente|note|notes|footnote|generated|created|downloaded|exported|last updated|copyright|end of"
    r"|report|records?|rows?|query|disclaimer|出典|来源|注)\b.*|[*†‡©(].*|\([0-9,]+ rows?\)|--+.*|==+.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the rows of a file.

    ``skipped`` lines are above the table. ``first_line`` is the line of the first row of values, counted from 1,
    ``footer_lines`` the number of lines below the table. ``index`` is the name of a first column that has none in the
    file. ``missing`` are the user's own marks. ``rows`` are the first rows of values,
    as text. ``bytes_a_row`` is their mean length.
    """

    dialect: Dialect
    names: tuple[str, ...]
    skipped: int
    first_line: int
    footer_lines: int
    index: str | None
    missing: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bytes_a_row: float
    repairs: tuple[str, ...]

    def cells(self, column: int) -> list[str]:
        """Return the cells of a column in ``rows``."""
        return [row[column] for row in self.rows if column < len(row)]


def find_layout(file: TextFile, options: CsvOptions) -> Layout:
    """Read the beginning of ``file`` and return its layout; raise DatasetError if it holds no table."""
    text, is_all = _sample(file)
    skipped = list(itertools.islice(_line_ends(text), options.skip_rows or 0))
    body = text[skipped[-1] :] if skipped else text
    separator_line = None if skipped else _SEPARATOR_LINE.match(body)
    if separator_line:
        body = body[separator_line.end() :]
        if options.delimiter is None and separator_line[1] in DELIMITERS.values():
            options = replace(options, delimiter=separator_line[1])
    lead = len(skipped) + bool(separator_line)
    if not is_all and options.comment is None:
        body = body[:MAX_SAMPLE]
    marks = find_marks(body, options)
    records = _records(file, body, marks, is_all)
    filled = [index for index, record in enumerate(records) if any(record.cells)]
    if not filled:
        _refuse(f"{file.shown} has no cell with a value; at least two rows are needed")
    rows = [records[index].cells for index in filled]
    start = 0 if options.skip_rows is not None else _table_start(rows)
    numbers = _number_format(options, marks.delimiter, rows[start + 1 :])
    header_rows = int(options.header) if options.header is not None else _header_rows(rows[start:], numbers)
    if options.header and _header_rows(rows[start:], numbers) > 1:
        header_rows = _header_rows(rows[start:], numbers)
    values = rows[start + header_rows :]
    head = join_names(rows[start : start + header_rows])
    if not header_rows and options.header is None:
        first_line = records[filled[start]].line
        head = _names_in_comment(body, marks, first_line, table_width(values)[0], numbers)
    elif header_rows == 1 and marks.delimiter == BLANKS and marks.comment == "--":
        head = _names_above_rule(body, records[filled[start]].line) or head
    repeats = _repeated_header(rows[start:]) if header_rows == 1 else 0
    if repeats:
        marks = replace(marks, header=_line(body, records[filled[start]].line).lstrip())
        values = [row for row in values if row != head]
    header = Header.fit(head, values) if head else None
    names = header.names if header else default_names(max(table_width(values)[0], len(values[0])))
    if len(names) > MAX_COLUMNS:
        _refuse(f"{file.shown} has {len(names):,} columns, but the limit is {MAX_COLUMNS:,}; use a part of them")
    before = filled[start + header_rows] - 1 if values else len(records) - 1
    footers, footer_lines = _footers(body if is_all else _tail(file), records, is_all, marks, len(names), values)
    repairs = [] if header is None else list(header.repairs)
    if repeats:
        count = ("1 more row" if repeats == 1 else f"{repeats} more rows") if is_all else "more rows"
        repairs.append(f"The names stand in {count}, left out.")
    if header_rows > 2 and head == rows[start]:
        repairs.append(_left_out("below the names", header_rows - 1, rows[start + 1]))
    if start:
        repairs.append(_left_out("above the table", start, rows[0]))
    if footers:
        repairs.append(_left_out("below the table", len(footers), footers[0]))
        values = values[: len(values) - len(footers)] if is_all else values
    return Layout(
        dialect=Dialect(marks, numbers, file.encoding, header is not None),
        names=tuple(names),
        skipped=lead + (records[filled[start] - 1].line if filled[start] else 0),
        first_line=lead + (records[before].line if before >= 0 else 0) + 1,
        footer_lines=footer_lines,
        index=header.index if header else None,
        missing=options.missing,
        rows=tuple(map(tuple, values[:MAX_ROWS])),
        bytes_a_row=len(body.encode(file.codec, "replace")) / len(records),
        repairs=tuple(repairs),
    )


def _left_out(where: str, count: int, row: list[str]) -> str:
    cells = " ".join(filter(None, row))
    return f"{'1 row' if count == 1 else f'{count} rows'} {where} left out: {quoted(plain(cells))}."


def _line_ends(text: str) -> Iterator[int]:
    """Yield the position after each end of a line."""
    return (match.end() for match in re.finditer(r"\r\n|\r|\n", text))


def _sample(file: TextFile) -> tuple[str, bool]:
    """Return the beginning of the text, long enough for a few rows if there are any, and whether it is all of it."""
    length = SAMPLE
    with file.open() as stream:
        text = stream.read(length)
        while len(text) == length < MAX_SAMPLE and text.count("\n") + text.count("\r") < MIN_LINES:
            text += stream.read(length)
            length *= 2
        is_all = len(text) < length
    if not text.strip(' \t\r\n,;|"'):
        _refuse(f"{file.shown} has no cell with a value; at least two rows are needed")
    controls = sum((char < " " and char not in "\t\r\n\x1b\x1f") or "\x7f" <= char < "\xa0" for char in text[:4096])
    if controls > max(4, len(text[:4096]) // 20):
        _refuse(f"{file.shown} is not text but binary data; is it a CSV file?")
    return text, is_all


def _records(file: TextFile, text: str, marks: Marks, is_all: bool) -> list[Record]:
    """Return the rows of the sample, without a last one that may be cut off."""
    records: list[Record] = []
    try:
        records.extend(parse(text, marks))
    except csv.Error as error:
        line = unclosed_quote(text, marks)
        if line is not None:
            limit = f"within {csv.field_size_limit():,} characters"
            _refuse(f"a quote is opened in line {line} of {file.shown} and not closed {limit}; close it or double it")
        _refuse(f"line {_next_line(records)} of {file.shown} can't be read: {error}; is it a CSV file?")
    if is_all and len(records) == 1 and text.count('"') % 2:
        _refuse(f"a quote is opened in line 1 of {file.shown} and never closed; close it or double it")
    if not is_all and len(records) > 1:
        del records[-1]
    elif not is_all:
        _refuse(f"the first row of {file.shown} is longer than {MAX_SAMPLE:,} characters; is it a CSV file?")
    return records


def _next_line(records: list[Record]) -> int:
    return records[-1].line + 1 if records else 1


def _number_format(options: CsvOptions, delimiter: str, rows: list[list[str]]) -> NumberFormat:
    width = max(map(len, rows), default=0)
    count = min(MAX_ROWS, max(MAX_CELLS // max(width, 1), MIN_LINES))
    columns = ([row[column] for row in rows[:count] if column < len(row)] for column in range(width))
    return find_format(columns, delimiter == ";", options.decimal)


def _table_start(rows: list[list[str]]) -> int:
    """Return the index of the first row that is not above the table, as titles, dates and remarks are."""
    width, _ = table_width(rows)
    if width < 2:
        return 0
    for index, row in enumerate(rows[:MAX_TITLES]):
        following = rows[index + 1] if index + 1 < len(rows) else []
        if _begins_table(row, following, width):
            return index
    return 0


def _begins_table(row: list[str], following: list[str], width: int) -> bool:
    filled = sum(map(bool, row))
    if len(row) == width or (len(row) > width and not any(row[width:])):
        if filled == 1 and width > 2:
            return False
        return not (filled <= 2 and row[0].endswith(":"))
    if len(row) > width and _names_columns(following, width):  # what a logger says of itself
        return False
    if len(row) == width - 1 and len(following) == width:  # names without one for the names of the rows
        return filled == width - 1 and any(map(_is_plain_value, following)) and not any(map(_is_plain_value, row))
    if len(row) < width:  # too few names, which is told, rather than a title of several cells
        is_header = (
            len(following) == width
            and any(map(_is_plain_value, following))
            and not any(" " in cell or _is_plain_value(cell) for cell in row)
        )
        return filled > 1 and 2 * filled >= width and is_header
    return True


def _names_columns(row: list[str], width: int) -> bool:
    """Return whether a row may be the names of a table of this width: all different, and none of them a value."""
    return len(row) == width == len(set(row)) and all(row) and not any(map(_is_plain_value, row))


def _is_plain_value(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and (PLAIN.is_number(cell) or find_units({cell: 1}) is not None)


def _footers(
    text: str, records: list[Record], is_all: bool, marks: Marks, width: int, values: list[list[str]]
) -> tuple[list[list[str]], int]:
    """Return the rows below the table, such as totals and sources, and how many lines there are from the first one.

    ``text`` is that of ``records`` if they are all, or else the last lines of the file. Behind a quote that is never
    closed there are none: the rows after it look like one cell.
    """
    if not is_all:
        try:
            records = list(parse(text, marks))
        except csv.Error:
            return [], 0
    if width < 2 or len(values) < MIN_LINES:
        return [], 0
    begins_with_values = [_is_plain_value(row[0]) or not row[0] for row in values[:HEADER_SAMPLE_ROWS] if row]
    numbered = 10 * sum(begins_with_values) > 9 * len(begins_with_values)
    footers: list[list[str]] = []
    first = len(records)
    for index in range(len(records) - 1, max(len(records) - 3 * MAX_FOOTERS, 0), -1):
        cells = records[index].cells
        if not any(cells):
            continue
        if len(footers) == MAX_FOOTERS or not _is_footer(cells, width, numbered):
            break
        footers.insert(0, cells)
        first = index
    if not footers or unclosed_quote(text, marks) is not None:
        return [], 0
    return footers, records[-1].line - (records[first - 1].line if first else 0)


def _is_footer(cells: list[str], width: int, numbered: bool) -> bool:
    """Return whether a row at the end is none of the table; ``numbered`` tables have numbers in their first column."""
    filled = [cell for cell in cells if cell]
    first = filled[0]
    if not any(map(str.isalpha, first)) and not first.startswith(("(", "-", "=", "*")):
        return False
    if _TOTAL.fullmatch(first.rstrip(" :.")) and (len(filled) < width or cells[0] == first):
        return True
    if len(filled) > 1 and not (len(cells) < width and _FOOTNOTE.fullmatch(first)):
        return False
    return len(filled) < width and (_FOOTNOTE.fullmatch(first) is not None or (numbered and " " in first))


def _tail(file: TextFile) -> str:
    """Return the last lines of a large file; "" in an encoding that can't be read from the middle."""
    if file.codec.startswith(("utf-16", "utf-32")):
        return ""
    with file.bytes() as stream:
        stream.seek(max(file.size - TAIL, 0))
        text = stream.read().decode(file.codec, "replace")
    _, _, whole_lines = text.partition("\n")
    return whole_lines


def _names_in_comment(text: str, marks: Marks, line: int, width: int, numbers: NumberFormat) -> list[str]:
    """Return the names in the comment right above the table, as NumPy writes them; none if it has other ones."""
    if marks.comment in ("", "|") or line < 2:
        return []
    comments = [above for above in text.splitlines()[: line - 1] if above.strip()]
    if not comments or not comments[-1].lstrip().startswith(marks.comment):
        return []
    names = comments[-1].strip().lstrip(marks.comment).strip()
    for delimiter in dict.fromkeys((marks.delimiter, ",", "\t", BLANKS)):
        cells = next(parse(names, replace(marks, delimiter=delimiter, comment="")), Record([], 0)).cells
        if len(cells) == width > 1 and all(cells) and not any(map(numbers.is_number, cells)):
            return cells
    return []


def _header_rows(rows: list[list[str]], numbers: NumberFormat) -> int:
    """Return how many rows name the columns: 0, 1, or more where the names have a second line, or units below them."""

    @cache
    def is_value(cell: str) -> bool:
        return numbers.is_number(cell) or _DATE_LIKE.fullmatch(cell) is not None or _is_plain_value(cell)

    @cache
    def is_gap(cell: str) -> bool:
        return is_missing(cell, among_numbers=True)

    wordy = [not any(map(is_value, rows[0][1:])), *(not any(map(is_value, row)) for row in rows[1:MAX_HEADER_ROWS])]
    for count in range(min(MAX_HEADER_ROWS, len(rows) - 2), 1, -1):
        if all(wordy[:count]) and header_votes(rows[count - 1 :], is_value, is_gap) > 1:
            names_of_rows = [cell for cell in rows[2] if cell]
            return 3 if len(names_of_rows) == 1 and rows[2][0] and len(rows[2]) > 2 else count
    return int(has_header([rows[0], *(row for row in rows[1:] if row != rows[0])], is_value, is_gap))


def _repeated_header(rows: list[list[str]]) -> int:
    """Return how often the first row, which names the columns, stands among the others, as in files put together."""
    first = rows[0]
    if len(first) < 2 or not all(first) or len(set(first)) < len(first) or any(map(_is_plain_value, first)):
        return 0
    return rows[1:].count(first)


def _line(text: str, number: int) -> str:
    """Return a line, counted from 1, without blanks at its end."""
    return next(itertools.islice(io.StringIO(text, newline=""), number - 1, None), "").rstrip()


def _names_above_rule(text: str, number: int) -> list[str]:
    """Return the names in a line, counted from 1, as far as the dashes below it go; none if they are no such rule."""
    line, rule = _line(text, number), _line(text, number + 1)
    names = [line[dashes.start() : dashes.end()].strip() for dashes in re.finditer("-+", rule)]
    return names if "".join("".join(names).split()) == "".join(line.split()) else []


def join_names(rows: list[list[str]]) -> list[str]:
    """Return the names of the columns from the rows of a header.

    A second row below names that are complete holds units: ``Time (s)``, unless it is wordy, as questions of a survey
    are. Otherwise names continue in it.
    """
    if len(rows) < 2:
        return rows[0] if rows else []
    width = max(map(len, rows))
    nameless = next((count for count in range(width) if any("".join(row[width - count - 1 :]) for row in rows)), 0)
    if nameless:  # rows end with delimiters
        return [*join_names([row[: width - nameless] for row in rows]), *[""] * nameless]
    first, *others = ([*row, *[""] * (width - len(row))] for row in rows)
    is_telling = (
        all(first) and len(set(first)) == width and (len(others) == 1 or len(list(filter(None, others[1]))) > 1)
    )
    if is_telling and len(others) > 1 and any(len(cell) > MAX_UNIT for cell in others[0]):
        return first
    if is_telling:
        units = (unit.strip("()[] ") for unit in others[0])
        return [f"{name} ({unit})" if unit else name for name, unit in zip(first, units, strict=True)]
    filled: list[str] = []
    for name in first:  # a name above several columns stands above the first of them
        filled.append(name or (filled[-1] if filled else ""))
    levels = [filled, *others]
    telling = [level for level in levels if not _says_the_same(level[1:])] or levels
    joined = []
    for column in range(width):
        parts = dict.fromkeys(
            level[column] for level in (telling if column or len(rows) < 3 else levels[-1:]) if level[column]
        )
        joined.append(" ".join(parts) or filled[column])
    return joined


def _says_the_same(names: list[str]) -> bool:
    filled = [name for name in names if name]
    return len(filled) > 1 and len(set(filled)) == 1


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, that of a first one without a name, and sentences on what was corrected."""

    names: list[str]
    index: str | None
    repairs: list[str]

    @classmethod
    def fit(cls, row: list[str], values: list[list[str]]) -> Header:
        """Return the header of a table with such ``values``, where a name may be missing, or be one too many."""
        width, _ = table_width(values)
        sample = [cells for cells in values[:MAX_ROWS] if len(cells) >= width]
        has_row_names = (
            len(row) == width - 1 and len(sample) == len(values[:MAX_ROWS]) and any(cells[-1] for cells in sample)
        )
        cells = ["", *row] if has_row_names else list(row)
        while len(cells) > max(width, 1) and not cells[-1]:
            cells.pop()  # the header alone ends with a delimiter
        is_index = not cells[0] or _INDEX_NAME.fullmatch(cells[0]) is not None
        unused = {
            column
            for column, name in enumerate(cells)
            if not name and not any(row[column : column + 1] != [""] for row in sample)
        }
        names, repairs = clean_names(cells, unused | ({0} if is_index else set()))
        return cls(names, names[0] if is_index and len(names) > 1 else None, repairs)


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)


def has_header(rows: list[list[str]], is_number: Callable[[str], bool], is_missing: Callable[[str], bool]) -> bool:
    """Return whether the first row differs from those below as names differ from values.

    Years above columns of numbers are names.
    """
    first, below = rows[0], rows[1 : HEADER_SAMPLE_ROWS + 1]
    if not any(first):
        return False
    if not below:
        return not any(map(is_number, first))
    if _counts_up(first) and not _counts_up(below[0]):
        return True
    votes = header_votes(rows, is_number, is_missing)
    if votes:
        return votes > 0
    return not any(map(is_number, first)) and len(set(first)) == len(first)


def header_votes(rows: list[list[str]], is_number: Callable[[str], bool], is_missing: Callable[[str], bool]) -> int:
    """Return how many more columns speak for a header in the first row than against it.

    A column of numbers votes for a header if its first cell is not a number, against it if it is one; a column of
    text votes against it if its first cell occurs again below.
    """
    below = rows[1 : HEADER_SAMPLE_ROWS + 1]
    votes = 0
    for column, name in enumerate(rows[0]):
        cells = [row[column] for row in below if column < len(row) and not is_missing(row[column])]
        if not cells or is_missing(name):
            continue
        if all(map(is_number, cells)):
            votes += -1 if is_number(name) else 1
        elif name in cells:
            votes -= 1
    return votes


def _counts_up(row: list[str]) -> bool:
    """Return whether the row has two or more whole numbers that count up by one: years, or 0, 1, 2 ..."""
    numbers = [int(cell) for cell in row if cell.isascii() and cell.isdigit() and len(cell) < 10]
    return len(numbers) >= max(2, len(row) - 2) and all(b - a == 1 for a, b in itertools.pairwise(numbers))


def default_names(count: int) -> list[str]:
    """Return names for the columns of a file without a header."""
    return [f"column_{number}" for number in range(1, count + 1)]


def clean_names(row: list[str], nameless: Collection[int] = ()) -> tuple[list[str], list[str]]:
    """Return the names of a header row, cleaned, and a sentence for each kind of repair.

    The columns in positions of ``nameless`` need no name: an index, and empty ones.

    White space inside is reduced to one space, unprintable characters become �, an empty name is replaced by its
    column's default name, and a repeated name gets a number: ``x``, ``x.2``.
    """
    tidy = [printable(unjoined(" ".join(cell.split()))) for cell in row]
    original = {name for name in tidy if name}
    names: list[str] = []
    renamed: list[tuple[str, str]] = []
    empty = 0
    used: set[str] = set()
    next_number: dict[str, int] = {}
    for position, name in enumerate(tidy, start=1):
        empty += not name and position - 1 not in nameless
        unique = name or f"column_{position}"
        if unique in used or (not name and unique in original):
            number = next_number.get(unique, 2)
            while f"{unique}.{number}" in original or f"{unique}.{number}" in used:
                number += 1
            next_number[unique] = number + 1
            renamed += [(unique, f"{unique}.{number}")] if name else []
            unique = f"{unique}.{number}"
        used.add(unique)
        names.append(unique)
    return names, _repairs(renamed, empty)


def _repairs(renamed: list[tuple[str, str]], empty: int) -> list[str]:
    sentences = []
    if renamed:
        name, new = renamed[0]
        others = f", and {len(renamed) - 1} more like it" if len(renamed) > 1 else ""
        sentences.append(f"The name {quoted(name)} occurs twice: the second is called {quoted(new)}{others}.")
    if empty:
        columns = "1 column has" if empty == 1 else f"{empty} columns have"
        sentences.append(f"{columns} no name in the file and {'is' if empty == 1 else 'are'} called by position.")
    return sentences


def check_widths(content: bytes, layout: Layout, first_line: int, max_rows: int | None = None) -> None:
    """Raise DatasetError for the first of ``max_rows`` rows in ``content`` that has too many or too few cells.

    Blank rows are ignored, and empty cells beyond the last column are accepted. It takes three times as long as pandas.
    """
    width, line = len(layout.names), first_line
    rows = split_lines(io.StringIO(content.decode(), newline=""), layout.dialect.marks.when_rewritten)
    try:
        for row in itertools.islice(rows, max_rows):
            if len(row) != width and not _is_acceptable(row, width):
                _refuse_row(line, row, layout)
            line = first_line + rows.line_num
    except csv.Error as error:
        raise DatasetError("dataset.path", f"line {line} can't be read: {error}") from None


def _is_acceptable(row: list[str], width: int) -> bool:
    """Return whether a row of another width is blank, or has only empty cells beyond the last column."""
    return not any(map(str.strip, row)) or (len(row) > width and not any(map(str.strip, row[width:])))


def _refuse_row(line: int, row: list[str], layout: Layout) -> NoReturn:
    width = len(layout.names)
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    columns = f"there {'are' if width != 1 else 'is'} {width} column{'s' * (width != 1)}"
    reason = f"line {line} has {cells}, but {columns}; correct it"
    if layout.dialect.marks.quote and sum(cell.count(layout.dialect.marks.quote[0]) for cell in row) % 2:
        reason += ", and see whether a quote is missing in it"
    raise DatasetError("dataset.path", reason)


def without_extra_cells(content: bytes, layout: Layout) -> bytes:
    """Return the rows in ``content`` without empty cells beyond the last column, which pandas refuses in some rows.

    It is ``content`` itself where they can't be written again.
    """
    marks, width = layout.dialect.marks.when_rewritten, len(layout.names)
    cut = io.StringIO(newline="")
    writer = csv.writer(
        cut,
        delimiter=marks.delimiter or NO_DELIMITER,
        quotechar=marks.quote or None,
        quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
        escapechar=marks.escape or None,
        lineterminator="\n",
    )
    try:
        writer.writerows(row[:width] for row in split_lines(io.StringIO(content.decode(), newline=""), marks))
    except csv.Error:
        return content
    return cut.getvalue().encode()
