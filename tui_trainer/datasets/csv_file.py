"""A CSV file, from whoever wrote it, as a pandas table whose columns have clean, distinct names.

pandas alone would rename columns that occur twice, take the first one for an index where a row is too long,
and lose the line numbers of a file with blank lines, so the header is read here and pandas gets the rest.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from ..experiment import quoted
from .errors import DatasetError, printable

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 500_000_000
MAX_HEADER = 1_000_000
_FIELD = "dataset.path"
_SAMPLE = 65536
_CHUNK = 1 << 20


def read_table(path: str) -> pd.DataFrame:
    """The rows of a CSV file (comma, semicolon or tab), indexed by their line number in the file.

    Blank lines and a leading unnamed column of row numbers are left out. Raises DatasetError for whatever
    keeps the file from being a table of two rows and more.
    """
    shown = quoted(path, 200)
    try:
        file = Path(path).expanduser()
        _check_file(file, shown)
        sample = _check_text(file, shown)
        with open(file, encoding="utf-8-sig", newline="") as handle:
            names, delimiter, lines = _read_header(handle, shown)
            table = _read_rows(handle, names, delimiter, lines, sample)
    except OSError as error:
        raise DatasetError(_FIELD, f"{shown} can't be read: {error.strerror}") from None
    except RuntimeError:
        raise DatasetError(_FIELD, f"{shown} starts in a home folder that is not known") from None
    table = _drop_index(table.dropna(how="all"), names)
    if len(table) < 2:
        held = "only one row" if len(table) else "a header but no rows"
        raise DatasetError(_FIELD, f"{shown} has {held}; at least two rows are needed")
    return table


def _check_file(file: Path, shown: str) -> None:
    if file.is_dir():
        _refuse(f"{shown} is a folder; give the path of a CSV file")
    if not file.exists():
        _refuse(f"there is no file {shown}; check the path")
    if not file.is_file():
        _refuse(f"{shown} is not a regular file; give the path of a CSV file")
    size = file.stat().st_size
    if size > MAX_BYTES:
        _refuse(f"{shown} has {size // 1_000_000} MB, the limit is {MAX_BYTES // 1_000_000}; take a part of it")


def _check_text(file: Path, shown: str) -> str:
    """The beginning of the file, once all of it is known to be text: UTF-8 and no NUL bytes."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    sample, done = "", 0
    with open(file, "rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            if b"\0" in chunk:
                _refuse(f"{shown} has a NUL byte at {done + chunk.index(0)}; save it as a CSV file in UTF-8")
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                _refuse(f"{shown} is not UTF-8 text; save it as a CSV file in UTF-8")
            sample, done = sample or text[:_SAMPLE], done + len(chunk)
    # A character cut off at the end of the file only shows when the decoder is told of the end.
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        _refuse(f"{shown} is not UTF-8 text; save it as a CSV file in UTF-8")
    if not sample.strip():
        _refuse(f"{shown} is empty; a header line and two rows are needed")
    return sample


def _read_header(handle: TextIO, shown: str) -> tuple[list[str], str, int]:
    """The column names ("" where there is none), the delimiter, and the number of lines read."""
    skipped, line = 0, handle.readline(MAX_HEADER)
    while not line.strip():
        skipped, line = skipped + 1, handle.readline(MAX_HEADER)
    delimiter = max(",;\t", key=re.sub(r'"[^"]*"', "", line).count)
    reader = csv.reader(itertools.chain([line], handle), delimiter=delimiter)
    try:
        names = [printable(name.strip()) for name in next(reader)]
    except csv.Error as error:
        _refuse(f"the header line of {shown} can't be read: {error}")
    if len(line) >= MAX_HEADER:
        _refuse(f"the first line of {shown} is longer than {MAX_HEADER} characters; is it a CSV file?")
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        _refuse(f"{len(twice)} column names occur twice, the first is {quoted(twice[0])}; rename one of each")
    if all(_is_number(name) for name in names):
        _refuse(f"the first line of {shown} holds numbers, not names; add a header line")
    return names, delimiter, skipped + reader.line_num


def _read_rows(handle: TextIO, names: list[str], delimiter: str, lines: int, sample: str) -> pd.DataFrame:
    """What follows the header, as numbers and text; ``lines`` is how many lines went before."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # The warning is pandas's way to say that it is about to lose cells.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                handle,
                sep=delimiter,
                decimal=_decimal(sample, delimiter),
                header=None,
                names=[name or f"column {place}" for place, name in enumerate(names, 1)],
                index_col=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except pd.errors.ParserWarning:
        _refuse(f"line {lines + 1} has more cells than the header has names ({len(names)})")
    except (ValueError, OverflowError, csv.Error) as error:
        _refuse(_parser_sentence(str(error), lines))
    table.index = pd.RangeIndex(lines + 1, lines + 1 + len(table))
    return table


def _parser_sentence(message: str, lines: int) -> str:
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        wanted, line, saw = (int(number) for number in found.groups())
        return f"line {line + lines} has {saw} cells, but there are {wanted} columns"
    if found := re.search(r"EOF inside string starting at row (\d+)", message):
        return f"a quote is opened in line {int(found[1]) + lines + 1} and never closed"
    return f"the rows can't be read: {quoted(message, 120)}"


def _drop_index(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Without the row numbers that pandas and R write first, and the empty column after a last delimiter."""
    import pandas as pd

    unnamed = [column for column, name in zip(table.columns, names, strict=True) if not name]
    drop = [column for column in unnamed if table[column].isna().all()]
    if not names[0] and pd.api.types.is_integer_dtype(table.iloc[:, 0]) and table.iloc[:, 0].is_unique:
        drop.append(table.columns[0])
    return table.drop(columns=drop)


def _decimal(sample: str, delimiter: str) -> str:
    """A comma where the numbers are written with one, as spreadsheets in much of Europe do."""
    comma = delimiter == ";" and re.search(r"(?:^|;)\s*-?\d+,\d+\s*(?:;|$)", sample, re.MULTILINE)
    return "," if comma and not re.search(r"\d\.\d", sample) else "."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)
