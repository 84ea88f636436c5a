"""CSV files as people have them: read, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_trainer.datasets import DatasetError, csv_file, load, read_table
from tui_trainer.experiment import DatasetConfig


def saved(folder: Path, content: bytes | str) -> str:
    file = folder / "table.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2.5\n3,4.5\n",
        "a;b\n1;2.5\n3;4.5\n",
        "a;b\n1;2,5\n3;4,5\n",
        "a\tb\n1\t2.5\n3\t4.5",
        "\ufeffa,b\r\n1,2.5\r\n3,4.5\r\n",
        "\n\n a , b \n1, 2.5\n\n3, 4.5\n\n",
        ",a,b\n0,1,2.5\n1,3,4.5\n",
        "a,b,\n1,2.5,\n3,4.5,\n",
        '"a","b"\n"1","2.5"\n"3","4.5"\n',
    ],
)
def test_the_same_table_in_many_hands(tmp_path: Path, text: str) -> None:
    table = read_table(saved(tmp_path, text))
    assert table.to_dict("list") == {"a": [1, 3], "b": [2.5, 4.5]}


def test_rows_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    assert list(read_table(saved(tmp_path, "\na,b\n1,2\n\n3,4\n")).index) == [3, 5]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n1,2\n", "only one row"),
        ("1,2\n3,4\n5,6\n", "holds numbers, not names"),
        ("a,b,a\n1,2,3\n4,5,6\n", "1 column names occur twice, the first is 'a'"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, but there are 2 columns"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2 has more cells than the header has names"),
        ('a,b\n1,2\n"3,4\n', "a quote is opened in line 3 and never closed"),
        (b"a,b\n1,\0\n", "has a NUL byte at 6"),
        ("a,b\n1,2\n".encode("utf-16"), "has a NUL byte"),
        (b"a,b\n1,\xff\n", "is not UTF-8 text"),
        (b"a,b\n1,2\n3,\xc3", "is not UTF-8 text"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, content: bytes | str, reason: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_table(saved(tmp_path, content))
    assert caught.value.field == "dataset.path"
    assert reason in caught.value.reason


def test_paths_that_are_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, reason in [
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "none.csv"), "there is no file"),
        ("\0", "there is no file"),
        ("~no-such-user/x.csv", "home folder"),
        ("/dev/null", "not a regular file"),
    ]:
        with pytest.raises(DatasetError, match=reason):
            read_table(path)
    monkeypatch.setattr(csv_file, "MAX_BYTES", 5)
    with pytest.raises(DatasetError, match="take a part of it"):
        read_table(saved(tmp_path, "a,b\n1,2\n3,4\n"))


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "\x1b[2J,b\n1,2\n3,4\n"))
    assert list(table.columns) == ["\ufffd[2J", "b"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(str.encode)
    | st.text(alphabet='ab,;\t\n\r"01.-e', max_size=100).map(lambda text: f"x,y\n{text}".encode())
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        dataset = load(DatasetConfig(path=saved(tmp_path, content)))
    except DatasetError as error:
        assert str(error).isprintable()
    else:
        assert dataset.x.shape == (len(dataset.y), len(dataset.features))
