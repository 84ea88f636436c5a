"""What was done is kept, whatever happens to the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesson_texts import lesson_of, whole

from tui_trainer.book.checking import Item, Verdict
from tui_trainer.book.progress import FILE_NAME, LessonProgress

LESSON = lesson_of(whole())
HALF = Verdict((Item("one", "done", "Done."), Item("two", "open", "Open.")))
ALL = Verdict((Item("one", "done", "Done."), Item("two", "done", "Done.")))


def test_done_and_passed_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / FILE_NAME
    progress = LessonProgress(path)
    assert not progress.passed(LESSON) and progress.done(LESSON) == frozenset() and progress.complaint == ""
    assert progress.record(LESSON, HALF) and not progress.record(LESSON, HALF), "nothing new the second time"
    assert LessonProgress(path).done(LESSON) == {"one"} and not LessonProgress(path).passed(LESSON)
    assert progress.record(LESSON, ALL)
    again = LessonProgress(path)
    assert again.passed(LESSON) and again.done(LESSON) == {"one", "two"} and again.complaint == ""
    assert not again.record(LESSON, HALF) and LessonProgress(path).passed(LESSON)
    assert json.loads(path.read_text())["lessons"]["own:mine"]["passed"] is True
    assert [file.name for file in path.parent.iterdir()] == [FILE_NAME], "no temporary file is left"


def test_a_lesson_can_be_gone_through_again(tmp_path: Path) -> None:
    progress = LessonProgress(tmp_path / FILE_NAME)
    progress.record(LESSON, ALL)
    progress.forget(LESSON)
    assert not progress.passed(LESSON) and not LessonProgress(tmp_path / FILE_NAME).passed(LESSON)


def test_the_lesson_that_is_gone_through_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    progress = LessonProgress(path)
    assert progress.opened == ""
    progress.record(LESSON, HALF)
    progress.open(LESSON)
    again = LessonProgress(path)
    assert again.opened == LESSON.id and again.done(LESSON) == {"one"}
    again.record(LESSON, ALL)
    assert LessonProgress(path).opened == LESSON.id
    again.open(None)
    assert LessonProgress(path).opened == "" and LessonProgress(path).passed(LESSON)


def test_two_windows_do_not_take_from_each_other(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    first, second = LessonProgress(path), LessonProgress(path)
    first.record(LESSON, Verdict((Item("one", "done", ""), Item("two", "open", ""))))
    second.record(LESSON, Verdict((Item("one", "open", ""), Item("two", "done", ""))))
    assert LessonProgress(path).done(LESSON) == {"one", "two"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.binary(max_size=40)
    | st.sampled_from(
        [
            b"",
            b"{",
            b"[]",
            b'{"lessons": 3}',
            b'{"lessons": {"own:mine": {"done": 1}}}',
            b"[" * 99_999,
            b" " * 2_000_000,
        ]
    )
)
def test_a_damaged_file_is_kept_beside_and_no_error(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    path = folder / FILE_NAME
    path.write_bytes(content)
    progress = LessonProgress(path)
    assert progress.done(LESSON) == frozenset()
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == content and kept.name.startswith("book.damaged-") and kept.name in progress.complaint
    assert progress.record(LESSON, ALL) and LessonProgress(path).passed(LESSON)


def test_where_nothing_can_be_written_it_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    progress = LessonProgress(tmp_path / "file" / FILE_NAME)
    assert progress.record(LESSON, ALL) and progress.passed(LESSON)
    assert "can't be saved" in progress.complaint


@pytest.mark.parametrize("name", ["folder"])
def test_a_folder_in_its_place(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    progress = LessonProgress(tmp_path / name)
    assert "can't be read" in progress.complaint and not progress.passed(LESSON)
