"""What a class has handed in: who is at which lesson, the answers, and boards of runs. It reads, and changes nothing.

Of each student's folder one file is opened, the one that the student's app hands in. What is in it is a student's text.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tui_trainer.book.handed_in import FILE_NAME, HandedIn, HandedInAnswer, HandedInLesson, HandedInRun, read
from tui_trainer.errors import UserError, path_in_quotes, printable, quoted
from tui_trainer.formats import MISSING, format_age, format_number
from tui_trainer.measures import MEASURES, is_rising, name_of
from tui_trainer.system.files import reason_of

MAX_STUDENTS = 1000
LATEST = 4e9  # seconds since 1970 that a date is shown of
COUNTS = ("params", "epoch")  # of a run, beside its values
VALUE = re.compile(r"\w+(\[\d+\])?", re.ASCII)  # the name of a value
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes a text for that begins so
COLUMNS = (
    *("student", "row", "lesson", "title", "passed", "done", "of", "runs", "question", "answer", "right", "attempts"),
    *("data", "layers", "params", "epoch", "at"),
)


class Student(NamedTuple):
    """A student's folder, and what was handed in; ``trouble`` says why it can't be read."""

    name: str
    handed_in: HandedIn | None = None
    trouble: str = ""

    @property
    def open_lesson(self) -> HandedInLesson | None:
        """The lesson that was open last."""
        return None if self.handed_in is None else self.handed_in.lessons.get(self.handed_in.opened)


class Goal(NamedTuple):
    """What a run has to reach: a measure, and the number that it must be as good as."""

    measure: str
    number: float

    def is_reached(self, run: HandedInRun) -> bool:
        """Return whether a run has reached it."""
        value = value_of(run, self.measure)
        if value is None:
            return False
        return value >= self.number if is_rising(self.measure) else value <= self.number


def class_in(folder: Path) -> list[Student]:
    """Return the students of a class by name: a folder each; raise UserError if ``folder`` can't be read.

    Links and hidden folders are no students'. A file counts only if it belongs to the owner of its folder: what others
    have put there was not handed in.
    """
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if not one.name.startswith(".") and one.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise UserError("", f"the folder {path_in_quotes(folder)} can't be read: {reason_of(error)}") from None
    return [_student(folder / name) for name in sorted(names)[:MAX_STUDENTS]]


def _student(folder: Path) -> Student:
    path = folder / FILE_NAME
    try:
        if path.lstat().st_uid != folder.lstat().st_uid:
            return Student(folder.name, trouble="the file belongs to somebody else")
        return Student(folder.name, read(path))
    except FileNotFoundError:
        return Student(folder.name)
    except OSError as error:
        return Student(folder.name, trouble=f"the file can't be read: {reason_of(error)}")
    except ValueError as error:
        return Student(folder.name, trouble=str(error))


def overview(students: Sequence[Student]) -> list[tuple[str, ...]]:
    """Return a row for each student, below one of headings: the open lesson, its answers, what is passed, and when."""
    rows: list[tuple[str, ...]] = [("student", "lesson", "done", "answers", "attempts", "runs", "passed", "seen")]
    now = time.time()
    for student in students:
        name, given, lesson = printable(student.name), student.handed_in, student.open_lesson
        if given is None:
            rows.append((name, printable(student.trouble) or "nothing handed in", *[""] * 6))
            continue
        age = f"{format_age(now - min(max(given.at, 0.0), now))} ago"
        passed = str(sum(one.passed for one in given.lessons.values()))
        if lesson is None:
            rows.append((name, MISSING, *[""] * 4, passed, age))
            continue
        marks = " ".join(_mark(one.is_right, one.answer) for one in lesson.answers)
        attempts = str(sum(one.attempts for one in lesson.answers)) if lesson.answers else ""
        done = f"{lesson.done} of {lesson.count}"
        rows.append((name, printable(lesson.title), done, marks, attempts, str(lesson.runs), passed, age))
    return rows


def answers(students: Sequence[Student], lesson: str) -> list[tuple[str, ...]]:
    """Return a row for each student's answer to each question of a lesson, below one of headings.

    Raises UserError if nobody has handed in anything of a lesson of that name.
    """
    rows: list[tuple[str, ...]] = [("student", "question", "answer", "right", "attempts")]
    for student in students:
        for lesson_id, given in (student.handed_in or HandedIn()).lessons.items():
            if lesson in (lesson_id, lesson_id.partition(":")[2]):
                asked = [_answer_row(one) for one in given.answers] or [(MISSING, "", "", "")]
                rows += [(printable(student.name), *row) for row in asked]
    if len(rows) == 1:
        names = sorted({key.partition(":")[2] for one in students if one.handed_in for key in one.handed_in.lessons})
        there = ", ".join(map(printable, names)) or "none"
        raise UserError("--lesson", f"nobody has handed in anything of {quoted(lesson)}; there is: {there}")
    return rows


def _answer_row(one: HandedInAnswer) -> tuple[str, ...]:
    return printable(one.question), printable(one.answer), _mark(one.is_right, one.answer), str(one.attempts)


def _mark(is_right: bool | None, answer: str) -> str:
    """Return a sign for an answer: right, wrong, not told yet, or none."""
    return {True: "✓", False: "✗", None: "?" if answer else MISSING}[is_right]


def board(students: Sequence[Student], task: str, goal: Goal | None, by: str) -> list[tuple[str, ...]]:
    """Return the best run of each student for a task, the best first, below a row of headings.

    The ``task`` is the name of the data, or of a lesson. Runs that don't reach the ``goal`` don't count. ``by`` is a
    measure, or params or epoch, of which fewer are better. Equal ones are in the order in which they came.
    """
    best = []
    for student in students:
        runs = [
            run
            for run in (student.handed_in or HandedIn()).runs
            if task in (run.data, run.lesson, run.lesson.partition(":")[2])
            and (goal is None or goal.is_reached(run))
            and value_of(run, by) is not None
        ]
        if runs:
            best.append((student.name, min(runs, key=lambda run: _rank(run, by))))
    best.sort(key=lambda pair: _rank(pair[1], by))
    shown = list(dict.fromkeys(filter(None, (by, goal and goal.measure, *COUNTS))))
    rows: list[tuple[str, ...]] = [("", "student", "layers", *shown, "when")]
    for place, (name, run) in enumerate(best, start=1):
        numbers = [MISSING if (value := value_of(run, one)) is None else format_number(value) for one in shown]
        rows.append((str(place), printable(name), printable(run.layers), *numbers, _date(run.at)))
    return rows


def _date(seconds: float) -> str:
    """Return when that many seconds since 1970 were over, here."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(min(max(seconds, 0.0), LATEST)))


def _rank(run: HandedInRun, by: str) -> tuple[float, float]:
    value = value_of(run, by) or 0.0
    return (-value if is_rising(by) else value), run.at


def value_of(run: HandedInRun, name: str) -> float | None:
    """Return a value of a run, or how many parameters or epochs it has; None if it has no such value."""
    if name in COUNTS:
        return float(getattr(run, name))
    return run.values.get(name)


def check_value(name: str, option: str) -> str:
    """Return the name of a value of a run; raise UserError if there is none."""
    if name not in COUNTS and name_of(name) not in MEASURES:
        names = ", ".join((*COUNTS, *MEASURES))
        raise UserError(option, f"expected one of {names}, or a measure with val_ before it; got {quoted(name)}")
    return name


def as_csv(students: Sequence[Student]) -> str:
    """Return all that was handed in as CSV: a row for each lesson, answer and run, as its column ``row`` says."""
    runs = [run for one in students if one.handed_in is not None for run in one.handed_in.runs]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [*COLUMNS, *sorted({name for run in runs for name in _measures(run)})], lineterminator="\n"
    )
    writer.writeheader()
    for student in students:
        for row in _records(student):
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _records(student: Student) -> Iterator[dict[str, object]]:
    given = student.handed_in
    if given is None:
        return
    for lesson_id, lesson in given.lessons.items():
        of_lesson = {"student": student.name, "lesson": lesson_id, "title": lesson.title}
        is_open = {"at": _date(given.at)} if lesson_id == given.opened else {}
        state = {"passed": lesson.passed, "done": lesson.done, "of": lesson.count, "runs": lesson.runs}
        yield {**of_lesson, "row": "lesson", **state, **is_open}
        for one in lesson.answers:
            told = {"question": one.question, "answer": one.answer, "right": one.is_right, "attempts": one.attempts}
            yield {**of_lesson, "row": "answer", **told}
    for run in given.runs:
        described = {
            "data": run.data,
            "layers": run.layers,
            "params": run.params,
            "epoch": run.epoch,
            "at": _date(run.at),
        }
        yield {**_measures(run), "student": student.name, "row": "run", "lesson": run.lesson, **described}


def _measures(run: HandedInRun) -> dict[str, float]:
    """Return the values of a run whose names are those of measures, and nobody's own text."""
    return {name: value for name, value in run.values.items() if name_of(name) in MEASURES and VALUE.fullmatch(name)}


def _cell(value: object) -> object:
    """Return a cell that a spreadsheet takes for nothing but the text or number it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return value
