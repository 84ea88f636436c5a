"""Whether the first row names the columns, and names that are clean, distinct and never empty."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tui_trainer.errors import printable, quoted

ROWS_JUDGED = 100


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
