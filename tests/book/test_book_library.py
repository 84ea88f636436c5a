"""A teacher's folder: its files by name, wrong ones told of, and nothing from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomli_w
from lesson_texts import whole
from systems import LINKS, NAMES, PIPES, WINDOWS, not_on_windows

from tui_trainer.book.library import LessonFolder, Library, from_folder, packaged


def write(folder: Path, name: str, **changes: object) -> Path:
    path = folder / name
    path.write_text(tomli_w.dumps({**whole(), **changes}), encoding="utf-8")
    return path


def only_error(library: Library) -> str:
    (error,) = library.errors
    return str(error)


def test_lessons_come_by_name_and_keep_their_id_when_renumbered(tmp_path: Path) -> None:
    for name in ("20_second.toml", "03-first.toml", "third.toml"):
        write(tmp_path, name, title=name)
    library = from_folder(tmp_path)
    assert library.errors == ()
    assert [lesson.id for lesson in library.lessons] == ["own:first", "own:second", "own:third"]
    both = packaged() + library
    assert len(both.lessons) == len(packaged().lessons) + 3
    assert len({lesson.id for lesson in both.lessons}) == len(both.lessons)


def test_a_wrong_file_costs_only_itself(tmp_path: Path) -> None:
    write(tmp_path, "1.toml")
    write(tmp_path, "2.toml", view="plot")
    (tmp_path / "3.toml").write_bytes(b"title = '\xff'")
    (tmp_path / "4.toml").write_bytes(b"x" * 1_000_001)
    write(tmp_path, "5.toml")
    library = from_folder(tmp_path)
    assert [lesson.file for lesson in library.lessons] == ["1.toml", "5.toml"]
    assert [(error.file, error.field) for error in library.errors] == [
        ("2.toml", "view"),
        ("3.toml", ""),
        ("4.toml", ""),
    ]
    assert "UTF-8" in library.errors[1].reason and "larger than 1 MB" in library.errors[2].reason


def test_other_files_hidden_ones_and_folders_below_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "a.toml")
    (tmp_path / "notes.txt").write_text("no lesson")
    write(tmp_path, ".hidden.toml")
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", "b.toml")
    library = from_folder(str(tmp_path))
    assert [lesson.file for lesson in library.lessons] == ["a.toml"] and library.errors == ()


@not_on_windows(LINKS)
def test_links_stay_inside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    outside = write(tmp_path, "secret.toml", title="A secret")
    inside = write(folder, "a.toml")
    (folder / "b.toml").symlink_to(outside)
    (folder / "c.toml").symlink_to(inside)
    (folder / "d.toml").symlink_to(tmp_path / "nowhere.toml")
    library = from_folder(folder)
    assert [lesson.file for lesson in library.lessons] == ["a.toml", "c.toml"]
    assert [error.file for error in library.errors] == ["b.toml", "d.toml"]
    assert "out of the folder" in library.errors[0].reason and "secret" not in str(library.errors)


@not_on_windows(LINKS)
def test_a_folder_reached_by_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "lessons").mkdir()
    write(tmp_path / "lessons", "a.toml")
    (tmp_path / "link").symlink_to(tmp_path / "lessons")
    assert [lesson.file for lesson in from_folder(tmp_path / "link").lessons] == ["a.toml"]


@not_on_windows(PIPES)
def test_pipes_and_folders_of_that_name_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.toml")
    (tmp_path / "b.toml").mkdir()
    library = from_folder(tmp_path)
    assert library.lessons == () and [error.file for error in library.errors] == ["a.toml", "b.toml"]


@pytest.mark.parametrize("folder", ["no/such/folder", "", "a\x00b"])
def test_no_folder_is_one_sentence(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    library = from_folder(folder)
    if folder == "":
        assert library == Library(), "the present folder, which is empty"
    else:
        assert "can't be read" in only_error(library) and only_error(library).isprintable()


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    assert "can't be read: " + ("" if WINDOWS else "Not a directory") in only_error(
        from_folder(write(tmp_path, "a.toml"))
    )


@not_on_windows(NAMES)
def test_names_are_made_fit_to_print_and_twins_refused(tmp_path: Path) -> None:
    write(tmp_path, "a\x1b[2J.toml")
    write(tmp_path, "1_same.toml")
    write(tmp_path, "2_same.toml")
    with open(os.fsencode(tmp_path) + b"/\xff.toml", "w") as file:
        file.write("title = 1")
    library = from_folder(tmp_path)
    assert [lesson.file for lesson in library.lessons] == ["1_same.toml", "a\ufffd[2J.toml"]
    assert [error.file for error in library.errors] == ["2_same.toml", "\ufffd.toml"]
    assert "the same name as 1_same.toml" in library.errors[0].reason


def test_there_is_an_end_to_the_files_that_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.book.library.MAX_FILES", 2)
    for name in ("a.toml", "b.toml", "c.toml"):
        write(tmp_path, name)
    library = from_folder(tmp_path)
    assert len(library.lessons) == 2 and "the first 2 are read" in only_error(library)


def test_a_folder_is_read_again_when_a_file_changes(tmp_path: Path) -> None:
    write(tmp_path, "2.toml", title="Second")
    folder = LessonFolder(tmp_path)
    (second,) = folder.library.lessons
    assert folder.reread() == ()
    write(tmp_path, "1.toml", title="First, and a longer one")
    assert folder.reread() == ("1.toml",)
    assert [lesson.file for lesson in folder.library.lessons] == ["1.toml", "2.toml"]
    assert folder.library.lessons[1] is second, "what is the same stays the same"
    write(tmp_path, "2.toml", title="Second, changed")
    (tmp_path / "1.toml").unlink()
    assert folder.reread() == ("1.toml", "2.toml")
    assert [lesson.title for lesson in folder.library.lessons] == ["Second, changed"]


def test_a_broken_file_keeps_its_last_good_version(tmp_path: Path) -> None:
    write(tmp_path, "1.toml", title="First")
    write(tmp_path, "2.toml", title="Second")
    folder = LessonFolder(tmp_path)
    write(tmp_path, "1.toml", title="First", view="plot")
    assert folder.reread() == ("1.toml",)
    assert [lesson.title for lesson in folder.library.lessons] == ["First", "Second"]
    error = only_error(folder.library)
    assert error.startswith("1.toml: view: ") and error.endswith("; the lesson stays as it was before")
    write(tmp_path, "1.toml", title="First, mended")
    assert folder.reread() == ("1.toml",) and folder.library.errors == ()
    assert [lesson.title for lesson in folder.library.lessons] == ["First, mended", "Second"]


def test_a_folder_that_is_gone_keeps_its_lessons(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    path = write(tmp_path / "course", "1.toml", title="First")
    folder = LessonFolder(tmp_path / "course")
    path.unlink()
    path.parent.rmdir()
    folder.reread()
    assert [lesson.title for lesson in folder.library.lessons] == ["First"]
    assert "can't be read" in only_error(folder.library)
