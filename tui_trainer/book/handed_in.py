"""What a student hands in to the teacher of a class: a small JSON file of lessons, answers and runs.

The student's app writes it, where the class was set up so; ``teaching.classroom`` reads it. What is in it came from
files of lessons and data: a screen has to make it printable.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from tui_trainer.files import read_plain, replace_file, set_aside

from .checking import Answer
from .lesson import Question

FILE_NAME = "handed-in.json"  # in a student's folder
MAX_BYTES = 2_000_000
MAX_RUNS = 500  # the newest ones
MAX_VALUES = 60  # of a run: so many of so many runs fit into the file
READABLE = 0o640  # for the student, and for the group of the folder: teachers
MAX_TEXT = 400
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Short = Annotated[str, Meta(max_length=120)]
Count = Annotated[int, Meta(ge=0, le=2**53)]  # no more than a float can count


class HandedInAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest answer to a question, in words; whether it is right is None until that is told."""

    question: Text
    answer: Text = ""
    is_right: bool | None = None
    attempts: Count = 0


class HandedInLesson(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a lesson is: ``done`` of ``count`` things to do, its answers, and how many of its runs have ended."""

    title: Short
    passed: bool = False
    done: Count = 0
    count: Count = 0
    answers: tuple[HandedInAnswer, ...] = ()
    runs: Count = 0


class HandedInRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run that has ended: its data and lesson, the units of its layers, and its last values by name."""

    data: Short
    layers: Short
    params: Count
    epoch: Count
    values: Annotated[dict[str, float], Meta(max_length=MAX_VALUES)]
    lesson: Short = ""
    at: float = 0.0  # seconds since 1970


class HandedIn(msgspec.Struct, frozen=True):
    """All that is handed in: lessons by id, the id of the open one, the runs, and when it was written."""

    version: int = 1
    at: float = 0.0  # seconds since 1970
    opened: str = ""
    lessons: dict[str, HandedInLesson] = {}
    runs: tuple[HandedInRun, ...] = ()


class HandInFile:
    """The file of one student, as the student's app keeps it.

    ``complaint`` is a sentence for the student if the file can't be read or written, "" otherwise. One that can't be
    read stays as it is, and one that is damaged or of a newer version is kept under another name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_readable = True
        self.complaint = ""
        self._content = HandedIn()
        try:
            self._content = read(path)
        except FileNotFoundError:  # nothing is handed in yet
            pass
        except OSError as error:
            self._is_readable = False
            self.complaint = f"What you have handed in can't be read: {error.strerror}."
        except ValueError:
            self.complaint = f"What you have handed in can't be read; the file is kept as {set_aside(path)}."

    def lesson(self, lesson_id: str) -> HandedInLesson | None:
        """Return what was handed in of a lesson; None if nothing was."""
        return self._content.lessons.get(lesson_id)

    def note_lesson(self, lesson_id: str, lesson: HandedInLesson) -> None:
        """Hand in how far a lesson is, which is the open one."""
        if self._content.lessons.get(lesson_id) != lesson or self._content.opened != lesson_id:
            lessons = {**self._content.lessons, lesson_id: lesson}
            self._write(replace(self._content, lessons=lessons, opened=lesson_id))

    def note_run(self, run: HandedInRun) -> bool:
        """Hand in a run that has ended; return False if it is there already, as one that is looked at again.

        Values that are not finite are left out; so are those of single classes and targets if there are very many.
        """
        finite = {name: value for name, value in run.values.items() if abs(value) < float("inf")}
        if len(finite) > MAX_VALUES:
            finite = {name: value for name, value in finite.items() if "[" not in name}
        run = replace(run, values=finite)
        if any(replace(other, at=run.at) == run for other in self._content.runs):
            return False
        self._write(replace(self._content, runs=(*self._content.runs, run)[-MAX_RUNS:]))
        return True

    def _write(self, content: HandedIn) -> None:
        self._content = replace(content, at=time.time())
        if not self._is_readable:
            return
        try:
            replace_file(self._path, msgspec.json.encode(self._content), keeps=READABLE)
        except OSError as error:
            self.complaint = f"Your progress can't be handed in: {error.strerror}."


def read(path: Path) -> HandedIn:
    """Return what is in a file; OSError if it can't be read, ValueError with a sentence if it is none."""
    content = read_plain(path, MAX_BYTES, follow_links=False)
    if len(content) > MAX_BYTES:
        raise ValueError("it is larger than 2 MB")
    try:
        handed_in = msgspec.json.decode(content, type=HandedIn)
    except (ValueError, RecursionError):
        raise ValueError("it is not what the app hands in") from None
    if handed_in.version != 1:
        raise ValueError("it was written by a newer version; update tui-trainer")
    return handed_in


def answer_text(question: Question, answer: Answer) -> str:
    """Return an answer in words: a choice, or the numbers in the blanks; "" if there is none."""
    if isinstance(answer, tuple):
        pairs = zip(question.blanks, answer, strict=False)
        return ", ".join(f"{blank.label} {number:g}" for blank, number in pairs if number is not None)[:MAX_TEXT]
    return question.choices[answer] if answer is not None and answer < len(question.choices) else ""
