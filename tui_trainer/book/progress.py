"""Which parts of which lessons were done, in a small JSON file in the user's data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import msgspec

from tui_trainer.files import read_plain, replace_file

from .checking import Verdict
from .lesson import Lesson

MAX_BYTES = 1_000_000
FILE_NAME = "book.json"


class _Record(msgspec.Struct, omit_defaults=True):
    """What is known of one lesson; ``done`` are keys of its question, target and checks."""

    passed: bool = False
    done: list[str] = []


class _File(msgspec.Struct):
    version: int = 1
    lessons: dict[str, _Record] = {}
    opened: str = ""


class LessonProgress:
    """The file at ``path``. It is no error if it is missing, damaged or can't be written.

    ``complaint`` is a sentence for the user where something is wrong with it, "" elsewhere; ``opened`` is the id
    of the lesson that was gone through last, "" where it was left.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.complaint = ""
        file = self._read()
        self._lessons, self.opened = file.lessons, file.opened

    def passed(self, lesson: Lesson) -> bool:
        """Whether all of it was done once, even if the lesson has changed since."""
        return self._lessons.get(lesson.id, _Record()).passed

    def done(self, lesson: Lesson) -> frozenset[str]:
        """Keys of what was done in it, for ``checking.check``."""
        return frozenset(self._lessons.get(lesson.id, _Record()).done)

    def record(self, lesson: Lesson, verdict: Verdict) -> bool:
        """Take down what ``verdict`` says was done, and write it where it is new; returns whether it was."""
        known = self._lessons.get(lesson.id, _Record())
        if verdict.done <= set(known.done) and (known.passed or not verdict.passed):
            return False
        # Another window may have written since: what it has done counts too.
        self._lessons = _merged(self._read().lessons, self._lessons)
        new = _Record(verdict.passed, sorted(verdict.done))
        self._lessons = _merged(self._lessons, {lesson.id: new})
        self._write()
        return True

    def forget(self, lesson: Lesson) -> None:
        """Have nothing done in ``lesson``, so that it can be gone through again."""
        self._lessons = _merged(self._read().lessons, self._lessons)
        if self._lessons.pop(lesson.id, None) is not None:
            self._write()

    def open(self, lesson: Lesson | None) -> None:
        """Remember that ``lesson`` is gone through now, or none."""
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
            self.complaint = f"What was done in the book can't be read: {error.strerror}."
            return _File()
        try:
            if len(content) > MAX_BYTES:
                raise ValueError
            return msgspec.json.decode(content, type=_File)
        except (ValueError, RecursionError):
            self._keep_damaged()
            return _File()

    def _keep_damaged(self) -> None:
        """Move the file aside, under a name that is not taken."""
        kept = self._path.with_name(f"{self._path.stem}.damaged-{secrets.token_hex(3)}{self._path.suffix}")
        self.complaint = f"What was done in the book could not be understood; the file is kept as {kept.name}."
        with contextlib.suppress(OSError):
            os.replace(self._path, kept)

    def _write(self) -> None:
        """Whole or not at all."""
        content = msgspec.json.format(msgspec.json.encode(_File(lessons=self._lessons, opened=self.opened)), indent=1)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, content)
        except OSError as error:
            self.complaint = f"What was done in the book can't be saved: {error.strerror}."


def _merged(first: dict[str, _Record], second: dict[str, _Record]) -> dict[str, _Record]:
    """What is done in either."""
    merged = {}
    for name in {**first, **second}:
        one, other = first.get(name, _Record()), second.get(name, _Record())
        merged[name] = _Record(one.passed or other.passed, sorted({*one.done, *other.done}))
    return merged
