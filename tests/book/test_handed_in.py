"""What is handed in: written as it is done, read again whole, and refused where it is something else."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest
from systems import LINKS, WINDOWS, not_on_windows

from tui_trainer.book import handed_in
from tui_trainer.book.handed_in import (
    MAX_BYTES,
    MAX_RUNS,
    HandedIn,
    HandedInAnswer,
    HandedInLesson,
    HandedInRun,
    HandInFile,
    read,
)

LESSON = HandedInLesson("Spirals", False, 1, 3, (HandedInAnswer("How many?", "n 81", True, 2),), 4)
RUN = HandedInRun("spiral", "8-7-1", 95, 300, {"loss": 0.1, "val_accuracy": 0.96}, "book:spiral", 1.0)


def test_what_is_noted_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "handed-in.json"
    file = HandInFile(path)
    assert file.lesson("book:spiral") is None and not path.exists(), "nothing is handed in before something was done"
    file.note_lesson("book:spiral", LESSON)
    assert file.note_run(RUN) and not file.complaint
    content = read(path)
    assert content.lessons == {"book:spiral": LESSON} and content.opened == "book:spiral" and content.runs == (RUN,)
    assert content.at > 0
    assert WINDOWS or path.stat().st_mode & 0o777 == 0o640
    again = HandInFile(path)
    assert again.lesson("book:spiral") == LESSON
    again.note_lesson("book:xor", LESSON)
    assert set(read(path).lessons) == {"book:spiral", "book:xor"} and read(path).opened == "book:xor"


def test_a_run_that_is_looked_at_again_is_the_same_run(tmp_path: Path) -> None:
    file = HandInFile(tmp_path / "handed-in.json")
    assert file.note_run(RUN)
    assert not file.note_run(HandedInRun(**{name: getattr(RUN, name) for name in RUN.__struct_fields__} | {"at": 9.0}))
    assert len(read(tmp_path / "handed-in.json").runs) == 1


def test_numbers_that_are_none_and_old_runs_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.book.handed_in.MAX_RUNS", 2)
    file = HandInFile(tmp_path / "handed-in.json")
    for epoch in (1, 2, 3):
        file.note_run(HandedInRun("xor", "1", 3, epoch, {"loss": float("nan"), "mae": float("inf"), "r2": 0.5}))
    runs = read(tmp_path / "handed-in.json").runs
    assert [run.epoch for run in runs] == [2, 3] and all(run.values == {"r2": 0.5} for run in runs)


def test_as_many_runs_as_are_kept_can_be_read_again(tmp_path: Path) -> None:
    """Values of each class of a hundred would fill the file long before; those of all classes together remain."""
    values = {f"val_recall[{number}]": 0.123456789012345 for number in range(100)} | {"val_accuracy": 0.5}
    few = {f"{part}precision[{number}]": 0.123456789012345 for number in range(30) for part in ("", "val_")}
    file = HandInFile(tmp_path / "handed-in.json")
    file.note_run(HandedInRun("digits", "8-100", 1, 0, values))
    assert read(tmp_path / "handed-in.json").runs[0].values == {"val_accuracy": 0.5}
    runs = tuple(HandedInRun("d" * 120, "8-" * 60, 2**53, epoch, few, "l" * 120) for epoch in range(MAX_RUNS))
    assert len(msgspec.json.encode(HandedIn(runs=runs))) < MAX_BYTES


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not what the app hands in"),
        (b"[1, 2]", "is not what the app hands in"),
        (b'{"lessons": {"a": {"title": 3}}}', "is not what the app hands in"),
        (b'{"runs": [{"data": "' + b"x" * 500 + b'", "layers": "", "params": 1, "epoch": 1, "values": {}}]}', "is not"),
        (b'{"runs": [{"data": "", "layers": "", "params": 1%s, "epoch": 1, "values": {}}]}' % (b"0" * 400), "is not"),
        (b'{"runs": [{"data": "", "layers": "", "params": -1, "epoch": 1, "values": {}}]}', "is not"),
        pytest.param(
            b'{"runs": [{"data": "", "layers": "", "params": 1, "epoch": 1, "values": {%s}}]}'
            % b",".join(b'"mae[%d]": 0' % number for number in range(10_000)),
            "is not what the app hands in",
            id="ten thousand values",
        ),
        pytest.param(b"[" * 100_000, "is not what the app hands in", id="too deep"),
        (b'{"version": 2}', "written by a newer version"),
        pytest.param(b" " * 2_000_001, "larger than 2 MB", id="too large"),
    ],
)
def test_what_is_damaged_is_refused_and_kept_beside_a_new_file(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "handed-in.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read(path)
    file = HandInFile(path)
    file.note_lesson("book:spiral", LESSON)
    assert read(path).opened == "book:spiral"
    (kept,) = path.parent.glob("handed-in.damaged-*.json")
    assert kept.read_bytes() == content and kept.name in file.complaint


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "handed-in.json"
    HandInFile(path).note_lesson("book:spiral", LESSON)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(handed_in, "read_plain", Mock(side_effect=PermissionError(13, "Permission denied")))
        file = HandInFile(path)
    file.note_run(RUN)
    assert path.read_bytes() == before and file.complaint == "What you have handed in can't be read: Permission denied."


@not_on_windows(LINKS)
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    HandInFile(tmp_path / "other.json").note_run(RUN)
    (tmp_path / "handed-in.json").symlink_to(tmp_path / "other.json")
    with pytest.raises(OSError):
        read(tmp_path / "handed-in.json")
    assert len(read(tmp_path / "other.json").runs) == 1


def test_where_it_cannot_be_written_the_student_is_told(tmp_path: Path) -> None:
    file = HandInFile(tmp_path / "gone" / "handed-in.json")
    file.note_run(RUN)
    assert file.complaint.startswith("Your progress can't be handed in: ")
