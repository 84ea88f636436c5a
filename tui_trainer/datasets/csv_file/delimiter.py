"""Which character stands between the cells of a file."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .dialect import DELIMITERS

ROWS_JUDGED = 200
NONE = "\x1f"  # for a file of one column: a character that is not in it
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]*,[0-9]+\s*")


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
