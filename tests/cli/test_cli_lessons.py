"""``tui-trainer lessons``: lists lessons, tries them, and writes one to begin with."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems import WINDOWS

from tui_trainer.book.library import from_folder, packaged
from tui_trainer.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with the template as its only lesson."""
    assert main(["lessons", "new", str(tmp_path)]) == 0
    (path,) = tmp_path.iterdir()
    assert str(path) in capsys.readouterr().out
    return tmp_path


def lesson(folder: Path) -> Path:
    (path,) = folder.glob("01_*.toml")
    return path


def test_the_lessons_of_the_book_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(packaged().lessons)
    assert lines[0].split("  ")[0] == "01_perceptron.toml" and "5 variants" in lines[0]
    assert len({line.index(one.title) for line, one in zip(lines, packaged().lessons, strict=True)}) == 1, "columns"


def test_the_template_passes_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "check", str(folder)]) == 0
    fast, slow, last = capsys.readouterr().out.splitlines()[1:]
    assert fast.split()[:3] == ["ρ", "=", "0.1"] and "holds" in fast and "finished, epoch 30" in fast
    assert fast.index("holds") == slow.index("holds")
    assert last.startswith("1 lesson as it should be; 2 runs in ")


def test_a_lesson_that_does_not_do_as_it_says_ends_in_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lesson(folder)
    path.write_text(path.read_text().replace("at_least = 0.05", "at_least = 20"))
    assert main(["lessons", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "✗ checks[1] never holds: expected loss ≥ 20, from epoch 30, got 0." in out
    assert "1 of 1 lesson does not do as it says" in out


def test_a_broken_file_is_told_and_the_others_are_tried(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ("02_broken.toml" if WINDOWS else "02_\x1b[2Jbroken.toml")).write_text("title = 3")
    for action in ("list", "check"):
        assert main(["lessons", action, str(folder)]) == 1
        out, err = capsys.readouterr()
        assert "A line between two clouds" in out
        assert err.startswith("tui-trainer: 02_") and "title" in err and "\x1b" not in err + out


def test_the_command_to_go_on_with_can_be_copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, quote = tmp_path / "my course" / "mine.toml", '"' if WINDOWS else "'"
    path.parent.mkdir()
    assert main(["lessons", "new", str(path)]) == 0
    assert f"Try it with: tui-trainer lessons check {quote}{path}{quote}\n" in capsys.readouterr().out


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lesson(folder)
    before = path.read_text()
    path.write_text(before + "# mine")
    assert main(["lessons", "new", str(path)]) == 2
    assert "exists; give the lesson another name" in capsys.readouterr().err
    assert main(["lessons", "new", str(folder)]) == 0
    assert path.read_text() == before + "# mine" and len(list(folder.iterdir())) == 2
    assert len(from_folder(folder).lessons) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["list", "nowhere"], "there is no file or folder 'nowhere'"),
        (["check", "nowhere.toml"], "there is no file or folder 'nowhere.toml'"),
        (["new"], "expected the path of the new lesson"),
        (["new", "mine.txt"], "expected a folder that exists or a name that ends in .toml"),
        (["new", "no/such/folder/mine.toml"], f"cannot write '{Path('no/such/folder/mine.toml')}'"),
    ],
)
def test_a_wrong_path_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lessons", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_an_empty_folder_has_no_lessons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "list", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "No lessons.\n"
