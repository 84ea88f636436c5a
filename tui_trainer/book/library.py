"""Finds lessons: those that come with the app, and those in a teacher's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from tui_trainer.errors import path_in_quotes, printable
from tui_trainer.files import read_plain

from .lesson import Lesson, LessonError
from .reading import loads

MAX_BYTES = 1_000_000
MAX_FILES = 500


class Library(Struct, frozen=True):
    """Lessons in order, and the errors of files that are not valid lessons."""

    lessons: tuple[Lesson, ...] = ()
    errors: tuple[LessonError, ...] = ()

    def __add__(self, other: Library) -> Library:
        return Library(self.lessons + other.lessons, self.errors + other.errors)


@cache
def packaged() -> Library:
    """Return the lessons of the book, ordered by the numbers in their file names; they are read once."""
    paths = [path for path in (files(__package__) / "lessons").iterdir() if path.name.endswith(".toml")]
    return _read_all("book", ((path.name, path.read_bytes()) for path in sorted(paths, key=lambda path: path.name)))


def from_folder(folder: str | os.PathLike[str]) -> Library:
    """Return the lessons in a teacher's folder: its files ``*.toml`` by name, without hidden ones and subfolders.

    An invalid file only costs that lesson. So does a link that leads out of the folder: a folder of lessons from
    someone else must not show other files of this machine.
    """
    try:
        root = Path(folder).resolve(strict=True)
        names = sorted(name for name in os.listdir(root) if _may_be_lesson(name))
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        quoted_path = path_in_quotes(folder)
        return Library(errors=(LessonError("", "", f"the folder {quoted_path} can't be read: {reason}"),))
    too_many = Library()
    if len(names) > MAX_FILES:
        reason = f"there are {len(names)} files in the folder; the first {MAX_FILES} are read"
        too_many = Library(errors=(LessonError("", "", reason),))
    return too_many + _read_all("own", _contents(root, names[:MAX_FILES]))


def from_file(path: Path) -> Library:
    """Return the lesson in one file, or what is wrong with it."""
    return _read_all("own", _contents(path.parent.resolve(), [path.name]))


class LessonFolder:
    """A teacher's folder, whose lessons are read again when a file in it has changed.

    ``library`` has them as they are now. A file that has become invalid keeps its last good version beside its error,
    so that nobody loses the page that is open to a mistake in it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = folder
        self._stamps = _stamps(folder)  # before reading: what changes in between is read again
        self.library = from_folder(folder)

    def reread(self) -> tuple[str, ...]:
        """Read the folder again if a file in it has changed; return the names of files whose lesson or error differs.

        A lesson that is the same stays the same object.
        """
        stamps = _stamps(self._folder)
        if stamps == self._stamps:
            return ()
        self._stamps, before = stamps, self.library
        self.library = _with_last_good(from_folder(self._folder), before)
        old, now = _by_file(before), _by_file(self.library)
        return tuple(sorted(file for file in {*old, *now} if old.get(file) != now.get(file)))


def _by_file(library: Library) -> dict[str, Lesson | str]:
    """Return what each file is: a sentence where there is an error, else a lesson."""
    lessons: dict[str, Lesson | str] = {lesson.file: lesson for lesson in library.lessons}
    return lessons | {error.file: str(error) for error in library.errors}


def _may_be_lesson(name: str) -> bool:
    return name.endswith(".toml") and not name.startswith(".")


def _stamps(folder: str | os.PathLike[str]) -> frozenset[tuple[str, int, int, int]]:
    """Return name, inode, time and size of each file that may be a lesson; nothing of a folder that can't be read."""
    try:
        with os.scandir(folder) as entries:
            names = [entry for entry in entries if _may_be_lesson(entry.name)]
            return frozenset(_stamp(entry) for entry in names[: 2 * MAX_FILES])
    except (OSError, ValueError):
        return frozenset()


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int, int, int]:
    try:
        status = os.stat(entry.path)  # of what a link leads to
    except OSError:
        return entry.name, 0, 0, 0
    return entry.name, status.st_ino, status.st_mtime_ns, status.st_size


def _with_last_good(now: Library, before: Library) -> Library:
    """Return the lessons of ``now``, in the order of their files, with those of ``before`` whose files are broken."""
    same = {lesson.id: lesson for lesson in before.lessons}
    lessons = [same[lesson.id] if same.get(lesson.id) == lesson else lesson for lesson in now.lessons]
    ids = {lesson.id for lesson in lessons}
    is_gone = not lessons and any(not error.file for error in now.errors)  # the whole folder
    broken = {error.file for error in now.errors}
    kept = [one for one in before.lessons if (one.file in broken or is_gone) and one.id not in ids]
    files_kept = {lesson.file for lesson in kept}
    errors = (
        LessonError(error.file, error.field, f"{error.reason}; the lesson stays as it was before")
        if error.file in files_kept
        else error
        for error in now.errors
    )
    return Library(tuple(sorted([*lessons, *kept], key=lambda lesson: lesson.file)), tuple(errors))


def _contents(root: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes | LessonError]]:
    for name in names:
        try:
            yield name, _read(root, name)
        except LessonError as error:
            yield name, error
        except (OSError, RuntimeError) as error:  # the latter for a circle of links
            reason = getattr(error, "strerror", None) or "it is a loop of links"
            yield name, LessonError(printable(name), "", f"it can't be read: {reason}")


def _read(root: Path, name: str) -> bytes:
    path = (root / name).resolve(strict=True)
    if path.parent != root:
        raise LessonError(printable(name), "", "it is a link out of the folder; put the file itself there")
    return read_plain(path, MAX_BYTES)


def _read_all(source: str, contents: Iterable[tuple[str, bytes | LessonError]]) -> Library:
    lessons: list[Lesson] = []
    errors: list[LessonError] = []
    for name, content in contents:
        try:
            if isinstance(content, LessonError):
                raise content
            lesson = loads(_decoded(content, printable(name)), printable(name), f"{source}:{_stem(name)}")
            _check_id(lesson, lessons)
            lessons.append(lesson)
        except LessonError as error:
            errors.append(error)
    return Library(tuple(lessons), tuple(errors))


def _check_id(lesson: Lesson, others: list[Lesson]) -> None:
    duplicate = next((other for other in others if other.id == lesson.id), None)
    if duplicate is not None:
        raise LessonError(
            lesson.file, "", f"it has the same name as {duplicate.file}, apart from the number; rename one of them"
        )


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        raise LessonError(file, "", "it is larger than 1 MB; is it a lesson?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LessonError(file, "", f"it is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def _stem(name: str) -> str:
    """Return the name without its number and ending, so that a lesson that is moved stays the same lesson."""
    return re.sub(r"^\d+[_ -]*", "", name.removesuffix(".toml")) or name
