"""``tui-trainer class``: who is at which lesson, the answers, boards, and a table of it all; nothing else is opened."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from systems import LINKS, not_on_windows

from tui_trainer.book.handed_in import FILE_NAME, HandedInAnswer, HandedInLesson, HandedInRun, HandInFile
from tui_trainer.cli.main import main
from tui_trainer.teaching.classroom import class_in, overview

SPIRAL = "book:spiral"
RED = "\x1b[31m"


def hand_in(
    folder: Path, name: str, runs: list[tuple[int, float]], title: str = "Your turn", answer: str = "n 81"
) -> None:
    """What a student's app hands in: a lesson with an answer, and runs of so many parameters with such an accuracy."""
    (folder / name).mkdir(mode=0o700)
    file = HandInFile(folder / name / FILE_NAME)
    given = HandedInAnswer("How many?", answer, answer == "n 81", len(runs))
    file.note_lesson(SPIRAL, HandedInLesson(title, False, 1, 2, (given,), len(runs)))
    for place, (params, score) in enumerate(runs):
        file.note_run(HandedInRun("spiral", "8-1", params, 300, {"val_accuracy": score}, SPIRAL, 1e9 + place))


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A class of four, one of whom has handed in nothing."""
    hand_in(tmp_path, "ben", [(33, 0.97), (20, 0.90)], answer="n 80")
    hand_in(tmp_path, "anna", [(95, 0.99), (41, 0.95)])
    hand_in(tmp_path, "chloe", [(25, 0.80)])
    (tmp_path / "dora").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("no student")
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[list[str]]:
    """The cells of each line that the command prints."""
    assert main(["class", *words]) == 0
    out = capsys.readouterr().out.splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out]


def test_who_is_at_which_lesson(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heading, anna, ben, _, dora = lines(capsys, str(room))
    assert heading == ["student", "lesson", "done", "answers", "attempts", "runs", "passed", "seen"]
    assert anna[:7] == ["anna", "Your turn", "1 of 2", "✓", "2", "2", "0"] and anna[7].endswith(" ago")
    assert ben[3] == "✗"
    assert dora == ["dora", "nothing handed in"]


def test_the_answers_of_a_lesson(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, anna, ben, _ = lines(capsys, str(room), "--lesson", "spiral")
    assert anna == ["anna", "How many?", "n 81", "✓", "2"] and ben == ["ben", "How many?", "n 80", "✗", "2"]
    assert main(["class", str(room), "--lesson", "xor"]) == 2
    assert "nobody has handed in anything of 'xor'; there is: spiral" in capsys.readouterr().err


def test_a_board_of_the_smallest_networks_that_reach_a_goal(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heading, first, second = lines(capsys, str(room), "--board", "spiral", "--reach", "val_accuracy=0.95")
    assert heading == ["student", "layers", "params", "val_accuracy", "epoch", "when"]
    assert first[:5] == ["1", "ben", "8-1", "33", "0.97"] and second[:5] == ["2", "anna", "8-1", "41", "0.95"]
    by_score = lines(capsys, str(room), "--board", "spiral", "--by", "val_accuracy")
    assert [row[1] for row in by_score[1:]] == ["anna", "ben", "chloe"]
    assert lines(capsys, str(room), "--board", "moons") == [["Nobody has handed in such a run."]]


def test_all_of_it_as_csv(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = room / "class.csv"
    lines(capsys, str(room), "--csv", str(path))
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [row["row"] for row in rows if row["student"] == "anna"] == ["lesson", "answer", "run", "run"]
    assert [row["val_accuracy"] for row in rows if row["row"] == "run"] == ["0.99", "0.95", "0.97", "0.9", "0.8"]
    assert main(["class", str(room), "--csv", str(path)]) == 2, "it is there already"
    assert main(["class", str(room), "--csv", str(path), "--force"]) == 0
    path.write_text("mine")
    assert main(["class", str(room), "--csv", str(path), "--force"]) == 2 and path.read_text() == "mine"


def test_what_students_write_is_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No terminal acts on it, and no spreadsheet calculates with it."""
    hand_in(tmp_path, "eve", [(9, 1.0)], title=f"{RED}Me", answer="=HYPERLINK(1)")
    path = tmp_path / "class.csv"
    for words in ((), ("--lesson", "spiral"), ("--board", "spiral"), ("--csv", str(path))):
        assert main(["class", str(tmp_path), *words]) == 0
        assert "\x1b" not in capsys.readouterr().out
    assert "'=HYPERLINK(1)" in path.read_text(encoding="utf-8") and "\x1b" not in path.read_text(encoding="utf-8")


@not_on_windows(LINKS)
def test_nothing_is_opened_that_was_not_handed_in(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of each folder, no link instead of it or of the folder, and none of somebody else."""
    secret = room.parent / "secret"
    hand_in(room.parent, "secret", [(1, 1.0)])
    (room / "dora" / FILE_NAME).symlink_to(secret / FILE_NAME)
    (room / "fred").symlink_to(secret)
    opened: list[str] = []
    open_file = os.open

    def noted(path: object, *arguments: int, **options: int) -> int:
        opened.append(str(path))
        return open_file(path, *arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(os, "open", noted)
    students = class_in(room)
    assert [student.name for student in students] == ["anna", "ben", "chloe", "dora"]
    assert "can't be read" in students[3].trouble
    assert {path for path in opened if str(room) in path} == {str(room / name.name / FILE_NAME) for name in students}


def test_a_file_of_somebody_else_does_not_count(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = Path.lstat

    def of_another(path: Path) -> os.stat_result:
        found = status(path)
        return os.stat_result((*found[:4], found[4] + (path.name == FILE_NAME), *found[5:10]))

    monkeypatch.setattr(Path, "lstat", of_another)
    assert {row[1] for row in overview(class_in(room))[1:]} == {
        "the file belongs to somebody else",
        "nothing handed in",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "there is no folder 'nowhere'"),
        ([".", "--board", "spiral", "--reach", "val_accuracy"], "--reach: expected a measure and a number"),
        ([".", "--board", "spiral", "--reach", "speed=3"], "--reach: expected one of params, epoch, loss"),
        ([".", "--board", "spiral", "--by", "luck"], "--by: expected one of params, epoch, loss"),
        ([".", "--by", "params"], "--by: it is for a board; name its data with --board"),
    ],
)
def test_wrong_words_are_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["class", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_an_empty_folder_has_no_students(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, str(tmp_path)) == [["No students."]]
