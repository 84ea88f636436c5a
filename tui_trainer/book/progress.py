"""Saves which parts of which lessons were done, in a small JSON file in the user's data folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tui_trainer.files import read_plain, replace_file, set_aside

from .checking import Verdict
from .lesson import Lesson

MAX_BYTES = 1_000_000
FILE_NAME = "book.json"


class Place(msgspec.Struct, omit_defaults=True, frozen=True):
    """Where somebody is in a lesson: the ``variant`` that is set up, and those whose run has ``ended``.

    ``answers`` are by the keys of the questions. ``runs`` are the numbers in the store of the newest run of each
    variant.
    """

    variant: str = ""
    ended: tuple[str, ...] = ()
    answers: dict[str, int | tuple[float | None, ...]] = {}
    runs: dict[str, int] = {}


class _Record(msgspec.Struct, omit_defaults=True):
    """The progress in one lesson; ``done`` are keys of its question, target and checks."""

    passed: bool = False
    done: list[str] = []
    place: Place = Place()


class _File(msgspec.Struct):
    version: int = 1
    lessons: dict[str, _Record] = {}
    opened: str = ""


class LessonProgress:
    """The progress saved in the file at ``path``; it may be missing, damaged or not writable.

    ``complaint`` is a sentence for the user if something is wrong with the file, "" otherwise; ``opened`` is the id
    of the current lesson, "" if it was left.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.complaint = ""
        file = self._read()
        self._lessons, self.opened = file.lessons, file.opened

    def passed(self, lesson: Lesson) -> bool:
        """Return whether all of the lesson was done once, even if it has changed since."""
        return self._lessons.get(lesson.id, _Record()).passed

    def done(self, lesson: Lesson) -> frozenset[str]:
        """Return the keys of what was done in the lesson, for ``checking.check``."""
        return frozenset(self._lessons.get(lesson.id, _Record()).done)

    def place(self, lesson: Lesson) -> Place:
        """Return where the user was in the lesson."""
        return self._lessons.get(lesson.id, _Record()).place

    def remember(self, lesson: Lesson, place: Place) -> None:
        """Save where the user is in the lesson."""
        record = self._lessons.get(lesson.id, _Record())
        if place != record.place:
            self._lessons = _merged(self._read().lessons, self._lessons)
            merged = self._lessons.get(lesson.id, _Record())
            self._lessons[lesson.id] = _Record(merged.passed, merged.done, place)
            self._write()

    def record(self, lesson: Lesson, verdict: Verdict) -> bool:
        """Save what ``verdict`` says was done; return whether any of it is new."""
        saved = self._lessons.get(lesson.id, _Record())
        if verdict.done <= set(saved.done) and (saved.passed or not verdict.passed):
            return False
        # Another window may have written in the meantime: what was done there counts, too.
        self._lessons = _merged(self._read().lessons, self._lessons)
        new = _Record(verdict.passed, sorted(verdict.done), saved.place)
        self._lessons = _merged(self._lessons, {lesson.id: new})
        self._write()
        return True

    def forget(self, lesson: Lesson) -> None:
        """Delete the progress in ``lesson``, so that it can be done again."""
        self._lessons = _merged(self._read().lessons, self._lessons)
        if self._lessons.pop(lesson.id, None) is not None:
            self._write()

    def open(self, lesson: Lesson | None) -> None:
        """Save that ``lesson`` is the current one, or none."""
        before, self.opened = self.opened, "" if lesson is None else lesson.id
        if self.opened != before:
            self._lessons = _merged(self._read().lessons, self._lessons)
            self._write()

    def _read(self) -> _File:
        try:
            content = read_plain(self._path, MAX_BYTES)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            self.complaint = f"The progress in the book can't be read: {error.strerror}."
            return _File()
        try:
            if len(content) > MAX_BYTES:
                raise ValueError
            return msgspec.json.decode(content, type=_File)
        except (ValueError, RecursionError):
            backup = set_aside(self._path)
            self.complaint = f"The progress in the book could not be read; the file is kept as {backup}."
            return _File()

    def _write(self) -> None:
        """Write the file atomically."""
        content = msgspec.json.format(msgspec.json.encode(_File(lessons=self._lessons, opened=self.opened)), indent=1)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, content)
        except OSError as error:
            self.complaint = f"The progress in the book can't be saved: {error.strerror}."


def _merged(first: dict[str, _Record], second: dict[str, _Record]) -> dict[str, _Record]:
    """Return what is done in either; the place is that of the second."""
    merged = {}
    for name in {**first, **second}:
        left, right = first.get(name, _Record()), second.get(name, _Record())
        place = right.place if name in second else left.place
        merged[name] = _Record(left.passed or right.passed, sorted({*left.done, *right.done}), place)
    return merged
