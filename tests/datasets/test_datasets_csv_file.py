"""CSV files as people have them: read, or refused in one sentence."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from systems import WINDOWS

from tui_trainer.datasets.csv import columns as memory
from tui_trainer.datasets.csv import text
from tui_trainer.datasets.csv.columns import NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import read_table
from tui_trainer.datasets.dataset import DatasetError, ReadingStopped
from tui_trainer.datasets.loading import FileCache, load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ("first", "second", "third", "fourth")


def saved(folder: Path, content: bytes | str) -> str:
    file = folder / "table.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def cells(table: Table, name: str) -> list[object]:
    """A column as Python values, None where a cell is missing."""
    column = table.columns[name]
    if isinstance(column, NumberColumn):
        return [None if np.isnan(value) else value for value in column.values.tolist()]
    assert isinstance(column, TextColumn)
    return [None if code < 0 else column.levels[code] for code in column.codes]


def test_rows_are_called_by_their_lines(tmp_path: Path) -> None:
    assert read_table(saved(tmp_path, "\na,b\n1,2\n\n3,4\n")).lines.tolist() == [3, 5]
    assert read_table(saved(tmp_path, "sep=;\na;b\n1;2\n3;4\n")).lines.tolist() == [3, 4]
    assert read_table(saved(tmp_path, "\n1,2\n\n3,4\n")).lines.tolist() == [2, 4]
    assert read_table(saved(tmp_path, 'a,"b\nc"\n1,"2\nx"\n3,y\n')).lines.tolist() == [3, 5]
    assert read_table(saved(tmp_path, "# a comment\na,b\n1,2\n# another\n3,4\n5,6\n")).lines.tolist() == [3, 5, 6]


def test_paths_that_are_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, reason in [
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "none.csv"), "there is no file"),
        ("\0", "there is no file"),
        ("~no-such-user/x.csv", "there is no file" if WINDOWS else "home folder"),
        ("there is no file" if WINDOWS else "/dev/null", "there is no file" if WINDOWS else "not a regular file"),
    ]:
        with pytest.raises(DatasetError, match=reason):
            read_table(path)
    monkeypatch.setattr(text, "MAX_BYTES", 5)
    with pytest.raises(DatasetError, match="use a part of it"):
        read_table(saved(tmp_path, "a,b\n1,2\n3,4\n"))


def test_what_does_not_fit_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 100)
    with pytest.raises(DatasetError, match=r"about \d rows x 2 columns x 8 bytes are 0.0 GB, .* 0.0 GB are free"):
        read_table(saved(tmp_path, "a,b\n" + "1,2\n" * 5))


def test_memory_is_known() -> None:
    free = memory.free_bytes()
    assert free is None or 2**20 < free < 2**50


def test_reading_reports_progress_and_can_be_stopped(tmp_path: Path) -> None:
    path = saved(tmp_path, "a,b\n" + "1,2.5\n2,3.5\n" * 300_000)
    told: list[float] = []
    table = read_table(path, on_progress=lambda fraction: told.append(fraction) is None)
    assert len(table) == 600_000
    assert told == sorted(told) and len(told) > 4 and told[0] <= 0.1 and 0.5 < told[-1] <= 1.0
    several = len(told) // 2
    with pytest.raises(ReadingStopped):
        read_table(path, on_progress=lambda fraction: fraction < told[several])


@pytest.mark.slow
def test_a_large_file_takes_no_time_to_speak_of(tmp_path: Path) -> None:
    """30 MB, read in 15 s on whatever runs the tests; a second or so, on two cores that do nothing else."""
    block = "".join(f"{n}.5;{n % 7},25;{('red', 'blue')[n % 2]};{n % 3}\n" for n in range(1000, 21_000))
    path = saved(tmp_path, "n;v;colour;y\n" + block * 85)
    size = (tmp_path / "table.csv").stat().st_size
    started = time.perf_counter()
    dataset = load(DatasetConfig(path=path, decimal="comma", kinds={"n": "ignore"}))
    assert size > 30_000_000 and time.perf_counter() - started < 15.0
    assert (dataset.x.shape, dataset.task) == ((1_700_000, 3), "multiclass")
    assert dataset.features == ("v", "colour=blue", "colour=red")


def test_the_same_file_is_read_once(tmp_path: Path) -> None:
    config = DatasetConfig(path=saved(tmp_path, "a,b,c\n1,2.5,3\n2,3.5,4.5\n3,5,1\n"))
    cache = FileCache()
    table = cache.table(config)
    assert cache.table(DatasetConfig(path=config.path, target="a", seed=3)) is table
    assert cache.table(DatasetConfig(path=config.path, kinds={"a": "ignore"})) is table
    assert cache.table(DatasetConfig(path=config.path, kinds={"a": "category"})) is not table
    table = cache.table(config)
    saved(tmp_path, "a,b,c\n1,2.5,3\n2,3.5,4.5\n")
    assert len(cache.table(config)) == 2
    (tmp_path / "table.csv").unlink()
    with pytest.raises(DatasetError, match="there is no file"):
        cache.table(config)


@FUZZ
@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(str.encode)
    | st.text(max_size=50).map(lambda text: text.encode("utf-16", "replace"))
    | st.text(alphabet='ab,;\t\n\r"01.-e', max_size=100).map(lambda text: f"x,y\n{text}".encode())
    | st.text(alphabet="x1,;|\n\r'. é\x1b[]=", max_size=60).map(lambda text: text.encode("latin-1")),
    st.fixed_dictionaries(
        {"missing": st.sampled_from(["drop", "fill"])},
        optional={
            "delimiter": st.sampled_from(["comma", "semicolon", "tab", "pipe"]),
            "decimal": st.sampled_from(["point", "comma"]),
            "header": st.booleans(),
            "task": st.sampled_from(["regression", "classification"]),
            "kinds": st.dictionaries(st.sampled_from(["x", "y", "column_1"]), st.sampled_from(["number", "category"])),
        },
    ),
)
@example(b"a,b\n1,\x81\n", {})
@example(b'"', {})
@example(b"\r", {})
@example(b"\x01,\x01\n\x02,", {"missing": "drop"})
@example(b"0;0\n1;1\n1;1", {"missing": "fill"})
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, fields: dict[str, Any]) -> None:
    config = DatasetConfig(path=saved(tmp_path, content), **fields)
    preview = Previewer().preview(config)
    problem = preview.problem
    assert problem.isprintable()
    try:
        dataset = load(replace(config, target=preview.target or None))  # as the preview hands it over
    except DatasetError as error:
        assert str(error) == problem
    else:
        assert problem == "" or "too few for training" in problem
        assert dataset.x.shape == (len(dataset.y), len(dataset.features))
        assert np.isfinite(dataset.x).all() and np.isfinite(dataset.y).all()
        assert all(map(str.isprintable, (*dataset.features, *dataset.classes, *dataset.notes)))


WORDS = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "P", "S")), min_size=1, max_size=8)
NUMBERS = st.floats(-1e9, 1e9).map(lambda value: round(value, 4)) | st.integers(-(10**6), 10**6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[object]], str, str, str, bool]:
    """Columns of numbers or of words, some cells missing, and a dialect to write them in."""
    rows = draw(st.integers(3, 12))
    columns: list[list[object]] = []
    for _ in NAMES[: draw(st.integers(2, 4))]:
        words = draw(st.lists(WORDS.map(lambda word: f"w{word}"), min_size=1, max_size=3))
        values = draw(
            st.lists(NUMBERS if draw(st.booleans()) else st.sampled_from(words), min_size=rows, max_size=rows)
        )
        gaps = draw(st.lists(st.integers(0, rows - 1), max_size=1))
        columns.append([None if place in gaps else value for place, value in enumerate(values)])
    delimiter, decimal = draw(
        st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", ".")])
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return columns, delimiter, decimal, encoding, draw(st.booleans())


def written(columns: list[list[object]], delimiter: str, decimal: str, all_quoted: bool) -> str:
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting)
    writer.writerow(NAMES[: len(columns)])
    for row in zip(*columns, strict=True):
        shown = ["" if value is None else str(value) for value in row]
        numbers = [isinstance(value, float) for value in row]
        writer.writerow([s.replace(".", decimal) if n else s for s, n in zip(shown, numbers, strict=True)])
    return stream.getvalue()


@FUZZ
@given(tables())
def test_a_table_comes_back_as_it_was_written(
    tmp_path: Path, made: tuple[list[list[object]], str, str, str, bool]
) -> None:
    columns, delimiter, decimal, encoding, all_quoted = made
    path = saved(tmp_path, written(columns, delimiter, decimal, all_quoted).encode(encoding))
    table = read_table(path, CsvOptions(delimiter, "," if decimal == "," else ".", header=True))
    held = [row for row in zip(*columns, strict=True) if any(cell is not None for cell in row)]  # a blank row is none
    for name, column in zip(NAMES, zip(*held, strict=True), strict=False):
        for value, expected in zip(cells(table, name), column, strict=True):
            if isinstance(expected, float | int):
                assert value == pytest.approx(expected, rel=1e-14, abs=1e-300)
            else:
                assert value == expected


@FUZZ
@given(tables())
def test_the_dialect_of_a_plain_table_is_found(
    tmp_path: Path, made: tuple[list[list[object]], str, str, str, bool]
) -> None:
    """Where words hold no mark of any dialect, and numbers have decimals, nothing has to be said."""
    columns, delimiter, decimal, encoding, all_quoted = made
    numbers: list[object] = [0.5 + place for place in range(len(columns[0]))]
    words: list[object] = [f"word {place % 2}" for place in range(len(numbers))]
    plain = [*([words] * (len(columns) - 1)), numbers]
    path = saved(tmp_path, written(plain, delimiter, decimal, all_quoted).encode(encoding))
    table = read_table(path)
    assert table.dialect.delimiter == delimiter and table.dialect.header
    assert table.dialect.numbers.decimal == decimal
    assert [cells(table, name) for name in table.names] == plain
