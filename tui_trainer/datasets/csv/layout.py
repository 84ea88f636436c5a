"""What the beginning of a file tells of all of it: dialect, names of the columns, and what each seems to hold."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.errors import printable, quoted

from .dialect import DELIMITERS, CsvOptions, Dialect, NumberFormat, find_delimiter, find_format, is_missing, parse
from .text import TextFile

SAMPLE = 1 << 18  # characters, at first
MAX_SAMPLE = 1 << 24
FEW_ROWS = 8
ROWS_KEPT = 1000
MAX_COLUMNS = 20_000
_FIELD = "dataset.path"
_DATE_LIKE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}(?:[ T].*)?")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
ROWS_JUDGED = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the rows of a file.

    ``first_row`` is the number of the first row of values in the file, the first row of all being 1, and
    ``skipped_lines`` how many lines stand before it. ``rows`` are the first rows of values, as text.
    ``bytes_a_row`` is a mean over those.
    """

    dialect: Dialect
    names: tuple[str, ...]
    first_row: int
    skipped_lines: int
    rows: tuple[tuple[str, ...], ...]
    bytes_a_row: float
    repairs: tuple[str, ...]

    def cells(self, place: int) -> list[str]:
        """The cells of a column in ``rows``."""
        return [row[place] for row in self.rows if place < len(row)]


def find_layout(file: TextFile, asked: CsvOptions) -> Layout:
    """Read the beginning of ``file``; DatasetError where there is no table in it."""
    text, is_all = _sample(file)
    marked = _SEPARATOR_LINE.match(text)
    body = text[marked.end() :] if marked else text
    given = asked.delimiter or (marked[1] if marked and marked[1] in DELIMITERS.values() else None)
    delimiter = find_delimiter(body) if given is None else given
    records, lines = _records(file, body, delimiter, is_all)
    blank = next((place for place, record in enumerate(records) if any(record)), None)  # rows before the first
    if blank is None:
        _refuse(f"{file.shown} has no cell with a value; two rows at least are needed")
    first, below = records[blank], [record for record in records[blank + 1 :] if any(record)]
    numbers = _number_format(asked, delimiter, below)
    header = asked.header if asked.header is not None else _has_header([first, *below], numbers)
    names, repairs = clean_names(first) if header else (made_up_names(len(first)), [])
    if len(names) > MAX_COLUMNS:
        _refuse(f"{file.shown} has {len(names):,} columns, the limit is {MAX_COLUMNS:,}; take a part of them")
    rows = below if header else [first, *below]
    lead = 1 if marked else 0
    before = lines[blank] if header else (lines[blank - 1] if blank else 0)
    return Layout(
        dialect=Dialect(delimiter, numbers, file.encoding, header),
        names=tuple(names),
        first_row=lead + blank + (2 if header else 1),
        skipped_lines=lead + before,
        rows=tuple(map(tuple, rows[:ROWS_KEPT])),
        bytes_a_row=len(body.encode(file.codec, "replace")) / len(records),
        repairs=tuple(repairs),
    )


def _sample(file: TextFile) -> tuple[str, bool]:
    """The beginning of the text, long enough for a few rows if there are, and whether it is all of it."""
    wanted = SAMPLE
    with file.open() as stream:
        text = stream.read(wanted)
        while len(text) == wanted < MAX_SAMPLE and text.count("\n") + text.count("\r") < FEW_ROWS:
            text += stream.read(wanted)
            wanted *= 2
        is_all = len(text) < wanted
    if not text.strip(' \t\r\n,;|"'):
        _refuse(f"{file.shown} has no cell with a value; two rows at least are needed")
    odd = sum((char < " " and char not in "\t\r\n\x1b\x1f") or "\x7f" <= char < "\xa0" for char in text[:4096])
    if odd > max(4, len(text[:4096]) // 20):
        _refuse(f"{file.shown} is no text, but something for programs; is it a CSV file?")
    return text, is_all


def _records(file: TextFile, text: str, delimiter: str, is_all: bool) -> tuple[list[list[str]], list[int]]:
    """The rows of the sample, and the lines that each ends at; without the last where it may be cut off."""
    records: list[list[str]] = []
    lines: list[int] = []
    try:
        reader = parse(text, delimiter)
        for record in reader:
            records.append(record.cells)
            lines.append(record.line)
    except csv.Error as error:
        _refuse(f"row {len(records) + 1} of {file.shown} can't be read: {error}; is it a CSV file?")
    if is_all and len(records) == 1 and text.count('"') % 2:
        _refuse(f"a quote is opened in row 1 of {file.shown} and never closed; close it or double it")
    if not is_all and len(records) > 1:
        del records[-1], lines[-1]
    elif not is_all:
        _refuse(f"the first row of {file.shown} is longer than {MAX_SAMPLE:,} characters; is it a CSV file?")
    return records, lines


def _number_format(asked: CsvOptions, delimiter: str, rows: list[list[str]]) -> NumberFormat:
    width = max(map(len, rows), default=0)
    columns = ([row[place] for row in rows[:ROWS_KEPT] if place < len(row)] for place in range(width))
    return find_format(columns, delimiter == ";", asked.decimal)


def _has_header(rows: list[list[str]], numbers: NumberFormat) -> bool:
    def is_value(cell: str) -> bool:
        return numbers.is_number(cell) or _DATE_LIKE.fullmatch(cell) is not None

    return has_header(rows, is_value, lambda cell: is_missing(cell, among_numbers=True))


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)


def has_header(rows: list[list[str]], is_number: Callable[[str], bool], is_missing: Callable[[str], bool]) -> bool:
    """Whether the first row differs from those below as names differ from values.

    A column of numbers votes for a header where its first cell is none, against it where it is one; a column of
    text against it where its first cell comes again below. Years above columns of numbers are names.
    """
    first, below = rows[0], rows[1 : ROWS_JUDGED + 1]
    if not any(first):
        return False
    if not below:
        return not any(map(is_number, first))
    if _counts_up(first) and not _counts_up(below[0]):
        return True
    votes = 0
    for place, name in enumerate(first):
        cells = [row[place] for row in below if place < len(row) and not is_missing(row[place])]
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
    """Whether the whole numbers in the row are two or more, each one above the last: years, or 0, 1, 2 ..."""
    numbers = [int(cell) for cell in row if cell.isascii() and cell.isdigit() and len(cell) < 10]
    return len(numbers) >= max(2, len(row) - 2) and all(b - a == 1 for a, b in itertools.pairwise(numbers))


def made_up_names(count: int) -> list[str]:
    """Names for the columns of a file without a header."""
    return [f"column_{place}" for place in range(1, count + 1)]


def clean_names(row: list[str]) -> tuple[list[str], list[str]]:
    """The names in a header row, repaired, and a sentence for each kind of repair.

    White space inside is one space, what does not print becomes �, an empty name is made up from its place, and
    a name that comes again gets a number: ``x``, ``x.2``.
    """
    tidy = [printable(" ".join(cell.split())) for cell in row]
    taken = {name for name in tidy if name}
    names: list[str] = []
    doubled: list[tuple[str, str]] = []
    empty = 0
    seen: set[str] = set()
    following: dict[str, int] = {}
    for place, name in enumerate(tidy, start=1):
        empty += not name
        base = name or f"column_{place}"
        if base in seen or (not name and base in taken):
            number = following.get(base, 2)
            while f"{base}.{number}" in taken or f"{base}.{number}" in seen:
                number += 1
            following[base] = number + 1
            doubled += [(base, f"{base}.{number}")] if name else []
            base = f"{base}.{number}"
        seen.add(base)
        names.append(base)
    return names, _repairs(doubled, empty)


def _repairs(doubled: list[tuple[str, str]], empty: int) -> list[str]:
    said = []
    if doubled:
        name, new = doubled[0]
        others = f", and {len(doubled) - 1} more like it" if len(doubled) > 1 else ""
        said.append(f"The name {quoted(name)} is there twice: the second is called {quoted(new)}{others}.")
    if empty:
        columns = "1 column has" if empty == 1 else f"{empty} columns have"
        said.append(f"{columns} no name, and one made up from the place.")
    return said
