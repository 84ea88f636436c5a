"""Hands in the student's progress, where the app was started so for a class: lessons, answers, and runs that ended."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.protocol import AnyReport, Ended, Loaded

if TYPE_CHECKING:
    from tui_trainer.book.handed_in import HandInFile
    from tui_trainer.book.lesson import Lesson
    from tui_trainer.tabs.book.guide import LessonState


IS_RIGHT = {"done": True, "wrong": False, "open": None}  # by the state of an item


class HandIn:
    """Owns the file that is handed in; without a path it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self.file: HandInFile | None = None
        self._attempts: Counter[tuple[str, int]] = Counter()  # since the start, by lesson and number of the question
        self._runs: Counter[str] = Counter()  # that have ended since the start, by lesson
        self._before: dict[str, tuple[tuple[int, ...], int]] = {}  # attempts and runs from before the start
        self._loaded: Loaded | None = None
        if path is not None:
            from tui_trainer.book.handed_in import HandInFile  # only a class needs it

            self.file = HandInFile(path)

    def on_report(self, report: AnyReport, page: LessonState | None) -> None:
        """Follow the run, and hand it in when it ends; ``page`` is that of the open lesson."""
        match report:
            case Loaded():
                self._loaded = report
            case Ended():
                self._note_run(report, page)

    def take_complaint(self) -> str:
        """Return a sentence for the student if the file couldn't be written, the first time that this is asked."""
        if self.file is None:
            return ""
        told, self.file.complaint = self.file.complaint, ""
        return told

    def count_attempt(self, lesson: Lesson, number: int) -> None:
        """Count an answer to a question of a lesson."""
        self._attempts[lesson.id, number] += 1

    def show_page(self, page: LessonState) -> None:
        """Hand in how far the open lesson is."""
        if self.file is None:
            return
        from tui_trainer.book.handed_in import HandedInAnswer, HandedInLesson, answer_text

        lesson = page.lesson
        before = self.file.lesson(lesson.id)
        if lesson.id not in self._before:
            earlier = () if before is None else tuple(one.attempts for one in before.answers)
            self._before[lesson.id] = earlier, 0 if before is None else before.runs
        earlier, runs = self._before[lesson.id]
        answers = []
        for number, question in enumerate(lesson.questions):
            text = answer_text(question, page.answers[number])
            is_right = IS_RIGHT[page.items[number].state]
            if not text and before is not None and number < len(before.answers):  # the lesson was opened again
                text = before.answers[number].answer
                is_right = before.answers[number].is_right if is_right is None else is_right
            attempts = self._attempts[lesson.id, number] + (earlier[number] if number < len(earlier) else 0)
            answers.append(HandedInAnswer(question.text, text, is_right, attempts))
        done = sum(item.state == "done" for item in page.items)
        of_lesson = HandedInLesson(
            lesson.title, page.passed, done, len(page.items), tuple(answers), runs + self._runs[lesson.id]
        )
        self.file.note_lesson(lesson.id, of_lesson)

    def _note_run(self, ended: Ended, page: LessonState | None) -> None:
        loaded, file = self._loaded, self.file
        if file is None or loaded is None or ended.progress is None:
            return
        from tui_trainer.book.handed_in import HandedInRun

        units = [layer.units for layer in loaded.experiment.model.all_layers]
        run = HandedInRun(
            data=loaded.dataset.name[:120],
            layers="-".join(map(str, units))[:120],
            params=loaded.params,
            epoch=ended.progress.epoch,
            values=ended.progress.values,
            lesson="" if page is None else page.lesson.id[:120],
            at=time.time(),
        )
        if file.note_run(run) and page is not None:
            self._runs[page.lesson.id] += 1
            self.show_page(page)
