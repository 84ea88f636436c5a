"""Files that are damaged, change while they are read, or are written in an unusual way."""

from __future__ import annotations

import codecs
import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from tui_trainer.datasets.csv import rows, text
from tui_trainer.datasets.csv.columns import NumberColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import read_table
from tui_trainer.datasets.dataset import DatasetError

LINES = "".join(f"{number},{number % 7},{number % 2}\n" for number in range(60_000))


def refused(path: Path, **options: Any) -> str:
    """Why a file can't be read."""
    with pytest.raises(DatasetError) as error:
        read_table(str(path), CsvOptions(**options))
    return error.value.reason


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b,"c\n' + LINES, 1),
        ('"a,b,c\n' + LINES, 1),
        ('a;b;"c\n' + LINES.replace(",", ";"), 1),
        ('a,b,c\n1,2,"x\ny"\n1,"2,0\n' + LINES, 4),
        ("a,b,c\n" + LINES[:4000] + '1,"2,0\n' + LINES, 2 + LINES[:4000].count("\n")),
    ],
    ids=["last name", "first name", "semicolons", "after a cell of two lines", "in the middle"],
)
def test_an_unclosed_quote_in_a_large_file(tmp_path: Path, content: str, line: int) -> None:
    file = tmp_path / "own.csv"
    file.write_text(content)
    assert len(content) > 256_000
    assert f"a quote is opened in line {line} of '{file}' and not closed" in refused(file)


def test_a_quote_that_is_opened_late_in_a_large_file(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,b,c\n" + LINES + '1,"2,0\n' + LINES)
    assert "a quote is opened in line 60002 and never closed" in refused(file)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_wide_characters_without_a_mark(tmp_path: Path, encoding: str, order: str) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes("größe,y\n1,2\n3,4\n".encode(f"{encoding}-{order}"))
    assert read_table(str(file), CsvOptions(encoding=encoding)).names == ("größe", "y")
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16" else codecs.BOM_UTF32_LE
    file.write_bytes(mark + "größe,y\n1,2\n3,4\n".encode(f"{encoding}-le"))
    assert read_table(str(file), CsvOptions(encoding=encoding)).names == ("größe", "y")


def test_a_byte_file_is_no_wide_text(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(b"a,b\n1,2\n3,4\n5")
    assert "is not UTF-16" in refused(file, encoding="utf-16")


CHANGED: dict[str, bytes] = {
    "no text": b"a,b,c\n" + b"\xff\xfe\xfd" * 50_000,
    "empty": b"",
    "other columns": b"a\n1\n2\n",
    "shorter rows": b"a,b,c\n" + b"1,2\n" * 50_000 + b"\xe4\n",
}


@pytest.mark.parametrize("content", CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("moment", ["layout", "rows"])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, content: bytes, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in a table or in a sentence."""
    file = tmp_path / "own.csv"
    file.write_text("a,b,c\n" + LINES)
    owner, name = (text, "find_encoding") if moment == "layout" else (rows, "table_blocks")
    original = getattr(owner, name)

    def change(*arguments: Any) -> Any:
        result = original(*arguments)
        file.write_bytes(content)
        return result

    monkeypatch.setattr(owner, name, change)
    try:
        read_table(str(file))
    except DatasetError as error:
        assert error.reason.isprintable()


def test_rows_that_are_read_twice_while_the_file_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,b\n" + "1,2\n" * 1500 + "x,2\n" * 3000)
    original = rows.table_blocks

    def grow(*arguments: Any) -> Any:
        with file.open("a") as stream:
            stream.write("z,3\n" * 10)
        return original(*arguments)

    monkeypatch.setattr(rows, "table_blocks", grow)
    try:
        read_table(str(file))
    except DatasetError as error:
        assert "has changed while it was read" in error.reason


def test_an_interrupt_while_rows_are_read_is_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,b,c\n" + LINES)
    monkeypatch.setattr(rows, "table_blocks", _interrupted(rows.table_blocks))
    with pytest.raises(KeyboardInterrupt):
        read_table(str(file))


def _interrupted(original: Any) -> Any:
    def blocks(*arguments: Any) -> Any:
        yield next(original(*arguments))
        raise KeyboardInterrupt

    return blocks


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", ","])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("places", [0, 2])
@pytest.mark.parametrize(
    ("thousands", "decimal"),
    [(".", ","), (",", "."), *((mark, decimal) for mark in " \u00a0\u2009\u202f'’" for decimal in ",.")],
)
def test_marks_between_thousands(
    tmp_path: Path, thousands: str, decimal: str, places: int, sign: str, delimiter: str
) -> None:
    rng = random.Random(0)
    numbers = [round(rng.uniform(1000, 3e6), places) for _ in range(30)]
    written = [f"{sign}{number:,.{places}f}".translate({44: thousands, 46: decimal}) for number in numbers]
    cells = [f'"{cell}"' if delimiter in cell else cell for cell in written]
    file = tmp_path / "own.csv"
    file.write_text(f"a{delimiter}b\n" + "".join(f"{cell}{delimiter}{cell}\n" for cell in cells), encoding="utf-8")
    table = read_table(str(file), CsvOptions())
    for column in table.columns.values():
        assert isinstance(column, NumberColumn)
        assert column.values.tolist() == pytest.approx([float(f"{sign}{number}") for number in numbers])


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "start", ["\n", " ", " \n", "\t\r\n", "%\n", "| |\n", "[", "{", '{"}', "1 1:2 ", "+-", "|", "@"]
)
def test_no_start_of_a_file_takes_for_ever(tmp_path: Path, start: str) -> None:
    """It is compared with those of other formats: a file of blank lines was once looked at for hours."""
    path = tmp_path / "own.csv"
    path.write_text(start * (8000 // len(start)) + "\na,b\n1,2\n3,4\n", newline="")
    with contextlib.suppress(DatasetError):
        read_table(str(path))
