"""A file is read in blocks, several at once: where they end makes no difference."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tui_trainer.datasets.csv import rows
from tui_trainer.datasets.csv.columns import NumberColumn, Table
from tui_trainer.datasets.csv.dialect import CsvOptions, Marks
from tui_trainer.datasets.csv.reader import NO_OPTIONS, read_table
from tui_trainer.datasets.csv.rows import MANY_COLUMNS
from tui_trainer.datasets.csv.text import row_end
from tui_trainer.datasets.dataset import DatasetError

ROWS = 400
WIDE_ROWS = 60  # of the file with many columns: each of them is a block of its own, but for the largest
SIZES = (60, 333, 2000)  # bytes; rows have about 30
Row = Callable[[int, random.Random], str]


def _text(number: int, rng: random.Random) -> str:
    words = ["red, green", 'a ""quoted"" word', "two\nlines", "and\r\ntwo more", "x"]
    return '"' + " ".join(rng.choice(words) for _ in range(rng.randrange(1, 5))) + '"'


FILES: dict[str, tuple[str, Row]] = {
    "plain": ("a,b,y", lambda n, rng: f"{rng.gauss(0, 9):.4f},{rng.choice('uvw')},{n % 3}"),
    "ends of lines in cells": ("a,b,y", lambda n, rng: f"{n},{_text(n, rng)},{n % 3}"),
    "and gaps at the end": ("a,b,y", lambda n, rng: f"{n},{_text(n, rng)},{rng.choice(['', 1, 2])}"),
    "inches": ("a,b,c,y", lambda n, rng: f'{n},{n % 9}" pipe,{_text(n, rng) if n % 7 == 0 else "x"},{n % 3}'),
    "single quotes": ("a,b,y", lambda n, rng: f"{n},'it''s, {n % 9}',{n % 3}"),
    "backslashes": ("a,b,c,y", lambda n, rng: f'{n},"a \\" b, {n % 9}",\\N,{n % 3}'),
    "blank lines": ("a,b,y", lambda n, rng: "" if n % 7 == 0 else f"{n},{rng.choice('uv')},{n % 3}"),
    "blanks": ("a b y", lambda n, rng: f"  {rng.gauss(0, 9):.3f}   {n % 9}\t{n % 3}"),
    "comments": ("a,b,y", lambda n, rng: f"{n},{n % 11},{n % 3}" if n % 50 else "# a remark"),
    "words among numbers": ("a,b,y", lambda n, rng: f"{n if n % 90 else 'oops'},{n % 9 if n % 99 else 'n.a.'},{n % 3}"),
    "text from the middle on": ("a,b,y", lambda n, rng: f"{n if n < 20 else 'abc'},{n % 9},{n % 3}"),
    "some commas at the end": ("a,b,y", lambda n, rng: f"{n},{n % 9},{n % 3}{',' * (n % 50 == 1)}"),
    "large and small": ("a,b,c,y", lambda n, rng: f"{rng.randrange(2**62)},{-rng.randrange(2**17)},{n % 200},{n % 3}"),
    "many columns of whole numbers": (
        ",".join([*(f"x{place}" for place in range(MANY_COLUMNS)), "y"]),
        lambda n, rng: ",".join([*(str(rng.randrange(-3, 4 + 10 * n)) for _ in range(MANY_COLUMNS)), str(n % 3)]),
    ),
    "a number and gaps": ("a,b,y", lambda n, rng: f"{rng.choice(['', 3, -128])},{rng.choice(['NA', 5])},{n % 3}"),
    "a few blanks": (
        "a,b,y",
        lambda n, rng: f"{' ' * (n % 50 == 9)}{n},{' ' * (n % 60 == 7)}{rng.choice('uv')}, {n % 3}",
    ),
    "tabs before cells": ("a,b,y", lambda n, rng: f"{n},{chr(9) * (n % 70 == 5)}{rng.choice('uv')},{n % 3}"),
    "a Mac's lines among gaps": (
        "a,b,y",
        lambda n, rng: f"{n},{n % 9},{n % 3 or ''}" + ("\r7,7,7" if n % 90 == 8 else ""),
    ),
    "dates": ("a,b,y", lambda n, rng: f"2024-{1 + n % 12:02d}-{1 + n % 28:02d},{n % 24:02d}:15,{n % 3}"),
}


def _write(file: Path, head: str, row: Row, end: str = "\n", encoding: str = "utf-8") -> int:
    """Write a file and return how many rows it has."""
    rng, count = random.Random(0), WIDE_ROWS if head.count(",") >= MANY_COLUMNS else ROWS
    file.write_bytes(
        "".join(line + end for line in (head, *(row(number, rng) for number in range(count)))).encode(encoding)
    )
    return count


def _assert_same(table: Table, other: Table) -> None:
    assert table.names == other.names
    np.testing.assert_array_equal(table.lines, other.lines)
    for name, column in table.columns.items():
        twin = other.columns[name]
        if isinstance(column, NumberColumn):
            assert isinstance(twin, NumberColumn)
            np.testing.assert_array_equal(column.values, twin.values)
            assert (column.form, column.date_format) == (twin.form, twin.date_format)
            if column.wrong is not None:
                assert twin.wrong is not None
                assert (column.wrong.line, column.wrong.text) == (twin.wrong.line, twin.wrong.text)
        else:
            assert not isinstance(twin, NumberColumn)
            np.testing.assert_array_equal(column.codes, twin.codes)
            assert column.levels == twin.levels


def _in_blocks(file: Path, size: int, monkeypatch: pytest.MonkeyPatch, options: CsvOptions = NO_OPTIONS) -> Table:
    with monkeypatch.context() as patch:
        patch.setattr(rows, "MIN_BLOCK", size)
        patch.setattr(rows, "MAX_BLOCK", size)
        return read_table(str(file), options)


@pytest.mark.parametrize(("head", "row"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_blocks_make_no_difference(
    tmp_path: Path, head: str, row: Row, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.csv"
    count = _write(file, head, row, end)
    whole = read_table(str(file))
    assert len(whole) > count // 2
    for size in SIZES:
        _assert_same(whole, _in_blocks(file, size, monkeypatch))


@pytest.mark.parametrize(
    ("end", "encoding"), [("\r", "utf-8"), ("\n", "utf-8-sig"), ("\r\n", "utf-16"), ("\n", "cp1252")]
)
def test_blocks_of_other_files(tmp_path: Path, end: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    _write(file, "größe;b;y", lambda n, rng: f"{rng.gauss(0, 9):.4f};{rng.choice('äöü')};{n % 3}", end, encoding)
    options = CsvOptions(encoding=encoding)
    whole = read_table(str(file), options)
    assert whole.names == ("größe", "b", "y")
    assert whole.lines.tolist() == list(range(2, ROWS + 2))
    for size in SIZES:
        _assert_same(whole, _in_blocks(file, size, monkeypatch, options))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2", "line 202 has 2 cells, but there are 3 columns"),
        ("1,2,3,4", "line 202 has 4 cells, but there are 3 columns"),
        ('1,"2,3"', "line 202 has 2 cells, but there are 3 columns"),
    ],
)
@pytest.mark.parametrize("plain", ["{n},2,3", '{n},"2, or",3', '{n},2,"3"'])
@pytest.mark.parametrize("size", SIZES)
def test_the_line_of_a_row_of_another_width(
    tmp_path: Path, row: str, reason: str, plain: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.csv"
    _write(file, "a,b,c", lambda n, rng: row if n == 200 else plain.format(n=n))
    with pytest.raises(DatasetError) as error:
        _in_blocks(file, size, monkeypatch)
    assert reason in error.value.reason


@pytest.mark.parametrize("size", SIZES)
def test_a_quote_that_is_never_closed(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    _write(file, "a,b,c", lambda n, rng: f'{n},"2,3' if n == 300 else f"{n},2,3")
    with pytest.raises(DatasetError) as error:
        _in_blocks(file, size, monkeypatch)
    assert "a quote is opened in line 302 and never closed" in error.value.reason


def test_empty_cells_beyond_the_last_column_in_some_rows(tmp_path: Path) -> None:
    """pandas expects as many cells as the first row has."""
    file = tmp_path / "own.csv"
    file.write_text('a,b\n1,"x, y"\n3,z,\n5,"two\nlines",,\n7,w\n')
    table = read_table(str(file))
    assert table.columns["a"].missing().sum() == 0
    assert table.lines.tolist() == [2, 3, 4, 6]


@pytest.mark.parametrize(
    ("content", "marks", "end"),
    [
        (b"1,2\n3,4\n5,", Marks(), 8),
        (b"1,2\r3,4\r", Marks(), 4),  # the other half of an end may follow
        (b'1,2\n3,"4\n5,', Marks(), 4),
        (b'1,2\n3,"4\n5,', Marks(quote=""), 9),
        (b'1,2\n3,"4\n5"\n6,', Marks(), 12),
        (b"1,2\n3,4\\\n5,", Marks(escape="\\"), 4),
        (b'1,"2\n3,4\n', Marks(), 0),
        (b"1,2", Marks(), 0),
    ],
)
def test_where_the_last_row_ends(content: bytes, marks: Marks, end: int) -> None:
    assert row_end(content, marks) == end


def test_whole_numbers_are_stored_in_few_bytes(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    _write(file, "a,b,c,y", lambda n, rng: f"{n % 256},{n - 200},{n / 2},{n % 2}")
    columns = read_table(str(file)).columns
    stored = [column.stored.dtype for column in columns.values() if isinstance(column, NumberColumn)]
    assert stored == ["uint8", "int16", "float64", "uint8"]
    first = columns["a"]
    assert isinstance(first, NumberColumn)
    assert first.values.dtype == np.float64
    assert first.values.tolist() == [n % 256 for n in range(ROWS)]
