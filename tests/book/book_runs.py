"""The lessons of the book, runs of them, and answers that are wrong."""

from __future__ import annotations

from tui_trainer.book.checking import Answer
from tui_trainer.book.lesson import Lesson, Question
from tui_trainer.book.library import packaged
from tui_trainer.experiment.schema import Experiment
from tui_trainer.teaching.trial import right_answers
from tui_trainer.training.session import Session

LESSONS = {lesson.id.partition(":")[2]: lesson for lesson in packaged().lessons}


def trained(experiment: Experiment) -> Session:
    """A session that has gone to the end of ``experiment``."""
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def wrong_answers(lesson: Lesson) -> list[tuple[Answer, ...]]:
    """Right answers to all questions but one."""
    right = right_answers(lesson)
    answers = [
        (*right[:number], wrong, *right[number + 1 :])
        for number, question in enumerate(lesson.questions)
        for wrong in wrong_ones(question)
    ]
    return answers or [()]


def wrong_ones(question: Question) -> list[Answer]:
    """No answer, every other choice, and the right numbers with one of them changed or left out."""
    right = tuple(blank.answer for blank in question.blanks)
    others = [index for index in range(len(question.choices)) if index != question.answer]
    changed = [
        (*right[:place], wrong, *right[place + 1 :])
        for place in range(len(right))
        for wrong in (right[place] + 1, None)
    ]
    return [None, *others, *changed]
