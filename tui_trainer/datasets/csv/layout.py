"""Finds the layout of a file from its beginning: dialect, header, column names, and the first rows as text.

``clean_names`` makes the names clean, distinct and never empty.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.errors import printable, quoted

from .dialect import (
    DELIMITERS,
    CsvOptions,
    Dialect,
    NumberFormat,
    find_delimiter,
    find_format,
    is_missing,
    parse,
    unclosed_quote,
)
from .text import TextFile

SAMPLE = 1 << 18  # characters; doubled up to MAX_SAMPLE until it has MIN_LINES
MAX_SAMPLE = 1 << 24
MIN_LINES = 8
MAX_ROWS = 1000  # in a layout
MAX_COLUMNS = 20_000
HEADER_SAMPLE_ROWS = 100  # compared with the first row
_FIELD = "dataset.path"
_DATE_LIKE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}(?:[ T].*)?")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the rows of a file.

    ``first_row`` is the number of the first row of values, counted from 1 in the whole file, and ``skipped_lines`` the
    number of lines before it. ``rows`` are the first rows of values, as text. ``bytes_a_row`` is their mean length.
    """

    dialect: Dialect
    names: tuple[str, ...]
    first_row: int
    skipped_lines: int
    rows: tuple[tuple[str, ...], ...]
    bytes_a_row: float
    repairs: tuple[str, ...]

    def cells(self, column: int) -> list[str]:
        """Return the cells of a column in ``rows``."""
        return [row[column] for row in self.rows if column < len(row)]


def find_layout(file: TextFile, options: CsvOptions) -> Layout:
    """Read the beginning of ``file`` and return its layout; raise DatasetError if it holds no table."""
    text, is_all = _sample(file)
    separator_line = _SEPARATOR_LINE.match(text)
    body = text[separator_line.end() :] if separator_line else text
    known_delimiter = options.delimiter or (
        separator_line[1] if separator_line and separator_line[1] in DELIMITERS.values() else None
    )
    delimiter = find_delimiter(body) if known_delimiter is None else known_delimiter
    records, lines = _records(file, body, delimiter, is_all)
    # The number of blank rows before the first one
    blank = next((index for index, record in enumerate(records) if any(record)), None)
    if blank is None:
        _refuse(f"{file.shown} has no cell with a value; at least two rows are needed")
    first, below = records[blank], [record for record in records[blank + 1 :] if any(record)]
    numbers = _number_format(options, delimiter, below)
    header = options.header if options.header is not None else _has_header([first, *below], numbers)
    names, repairs = clean_names(first) if header else (default_names(len(first)), [])
    if len(names) > MAX_COLUMNS:
        _refuse(f"{file.shown} has {len(names):,} columns, but the limit is {MAX_COLUMNS:,}; use a part of them")
    rows = below if header else [first, *below]
    lead = 1 if separator_line else 0
    lines_before = lines[blank] if header else (lines[blank - 1] if blank else 0)
    return Layout(
        dialect=Dialect(delimiter, numbers, file.encoding, header),
        names=tuple(names),
        first_row=lead + blank + (2 if header else 1),
        skipped_lines=lead + lines_before,
        rows=tuple(map(tuple, rows[:MAX_ROWS])),
        bytes_a_row=len(body.encode(file.codec, "replace")) / len(records),
        repairs=tuple(repairs),
    )


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


def _records(file: TextFile, text: str, delimiter: str, is_all: bool) -> tuple[list[list[str]], list[int]]:
    """Return the rows of the sample, without a last one that may be cut off, and the line at which each ends."""
    records: list[list[str]] = []
    lines: list[int] = []
    try:
        reader = parse(text, delimiter)
        for record in reader:
            records.append(record.cells)
            lines.append(record.line)
    except csv.Error as error:
        line = unclosed_quote(text, delimiter)
        if line is not None:
            limit = f"within {csv.field_size_limit():,} characters"
            _refuse(f"a quote is opened in line {line} of {file.shown} and not closed {limit}; close it or double it")
        _refuse(f"row {len(records) + 1} of {file.shown} can't be read: {error}; is it a CSV file?")
    if is_all and len(records) == 1 and text.count('"') % 2:
        _refuse(f"a quote is opened in row 1 of {file.shown} and never closed; close it or double it")
    if not is_all and len(records) > 1:
        del records[-1], lines[-1]
    elif not is_all:
        _refuse(f"the first row of {file.shown} is longer than {MAX_SAMPLE:,} characters; is it a CSV file?")
    return records, lines


def _number_format(options: CsvOptions, delimiter: str, rows: list[list[str]]) -> NumberFormat:
    width = max(map(len, rows), default=0)
    columns = ([row[column] for row in rows[:MAX_ROWS] if column < len(row)] for column in range(width))
    return find_format(columns, delimiter == ";", options.decimal)


def _has_header(rows: list[list[str]], numbers: NumberFormat) -> bool:
    def is_value(cell: str) -> bool:
        return numbers.is_number(cell) or _DATE_LIKE.fullmatch(cell) is not None

    return has_header(rows, is_value, lambda cell: is_missing(cell, among_numbers=True))


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)


def has_header(rows: list[list[str]], is_number: Callable[[str], bool], is_missing: Callable[[str], bool]) -> bool:
    """Return whether the first row differs from those below as names differ from values.

    A column of numbers votes for a header if its first cell is not a number, against it if it is one; a column of
    text votes against it if its first cell occurs again below. Years above columns of numbers are names.
    """
    first, below = rows[0], rows[1 : HEADER_SAMPLE_ROWS + 1]
    if not any(first):
        return False
    if not below:
        return not any(map(is_number, first))
    if _counts_up(first) and not _counts_up(below[0]):
        return True
    votes = 0
    for column, name in enumerate(first):
        cells = [row[column] for row in below if column < len(row) and not is_missing(row[column])]
        if not cells or is_missing(name):
            continue
        if all(map(is_number, cells)):
            votes += -1 if is_number(name) else 1
        elif name in cells:
            votes -= 1
    if votes:
        return votes > 0
    return not any(map(is_number, first)) and len(set(first)) == len(first)


def _counts_up(row: list[str]) -> bool:
    """Return whether the row has two or more whole numbers that count up by one: years, or 0, 1, 2 ..."""
    numbers = [int(cell) for cell in row if cell.isascii() and cell.isdigit() and len(cell) < 10]
    return len(numbers) >= max(2, len(row) - 2) and all(b - a == 1 for a, b in itertools.pairwise(numbers))


def default_names(count: int) -> list[str]:
    """Return names for the columns of a file without a header."""
    return [f"column_{number}" for number in range(1, count + 1)]


def clean_names(row: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of a header row, cleaned, and a sentence for each kind of repair.

    White space inside is reduced to one space, unprintable characters become �, an empty name is replaced by its
    column's default name, and a repeated name gets a number: ``x``, ``x.2``.
    """
    tidy = [printable(" ".join(cell.split())) for cell in row]
    original = {name for name in tidy if name}
    names: list[str] = []
    renamed: list[tuple[str, str]] = []
    empty = 0
    used: set[str] = set()
    next_number: dict[str, int] = {}
    for position, name in enumerate(tidy, start=1):
        empty += not name
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
        sentences.append(f"{columns} no name, so one is made up from the position.")
    return sentences
