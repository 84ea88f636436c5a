"""Every packaged lesson: it loads, each variant runs, its checks pass when they should and not before."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from book_runs import LESSONS, wrong_answers
from msgspec.structs import replace

from tui_trainer.book.checking import Verdict, check
from tui_trainer.book.lesson import Lesson
from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.teaching.trial import Trial, results_of, right_answers, try_lesson
from tui_trainer.training.session import Session

WIDTH = 48  # columns beside the view
ASKED_FOR = """
    perceptron housing_data loss_curve gradient_descent two_parameters stacking_layers universal_approximation
    iris_data architecture activations identity output_prices output_two_classes output_softmax summary
    exercise_iris exercise_boston squared_error logistic_loss chain_rule mini_batches momentum adam two_valleys
    overfitting l2_penalty dropout exclusive_or spiral
"""
LONG = {"lab_digits"}  # seconds of training; its like are the others
# The tests of a lesson follow each other (that is the scope), so that the worker that has tried it tries all.
lessons = pytest.mark.parametrize(
    "lesson",
    [pytest.param(lesson, id=name, marks=[pytest.mark.slow] * (name in LONG)) for name, lesson in LESSONS.items()],
    scope="module",
)


@cache
def tried(name: str) -> Trial:
    """A lesson with all of its runs."""
    return try_lesson(LESSONS[name])


def verdict(lesson: Lesson, answers: Any, **changes: Any) -> Verdict:
    """What is said after all runs, one after the other."""
    done: frozenset[str] = frozenset()
    for run in tried(lesson.id.partition(":")[2]).runs:
        latest = check(lesson, replace(run.results, answers=answers, **changes), done)
        done |= latest.done
    return latest


def test_all_packaged_files_are_lessons_and_none_is_missing() -> None:
    library = packaged()
    assert library.errors == ()
    assert set(ASKED_FOR.split()) <= set(LESSONS) and len(LESSONS) == len(library.lessons)
    numbers = [int(lesson.file[:2]) for lesson in library.lessons]
    assert numbers == list(range(1, len(numbers) + 1))


@lessons
def test_it_passes_when_all_is_done(lesson: Lesson) -> None:
    final = verdict(lesson, right_answers(lesson))
    assert final.passed, [item for item in final.items if item.state != "done"]


@lessons
def test_its_checks_hold_for_their_variants_and_for_no_other_run(lesson: Lesson) -> None:
    assert tried(lesson.id.partition(":")[2]).faults == ()


@lessons
def test_nothing_passes_before_the_run(lesson: Lesson) -> None:
    session = Session()
    session.load(lesson.experiment)
    early = check(lesson, results_of(session, lesson.variants[0].name))
    assert not early.passed and all(item.state == "open" for item in early.items), early


@lessons
def test_wrong_answers_do_not_pass(lesson: Lesson) -> None:
    for answers in wrong_answers(lesson):
        said = verdict(lesson, answers)
        assert not said.passed
        for item, question, answer, right in zip(
            said.items, lesson.questions, answers, right_answers(lesson), strict=False
        ):
            is_open = answer is None or (isinstance(answer, tuple) and None in answer)
            assert item.state == ("done" if answer == right else "open" if is_open else "wrong")
            assert item.sentence == (question.because if answer == right else question.text)
            assert bool(item.details) == (item.state == "wrong")


@lessons
def test_the_runs_of_no_variant_do_nothing_for_a_variant(lesson: Lesson) -> None:
    if not any(one.variant for one in lesson.checks):
        assert len(lesson.variants) == 1, "a lesson with variants has checks of them"
        return
    said = verdict(lesson, right_answers(lesson), variant="")
    of_variants = {one.key for one in lesson.checks if one.variant}
    assert not said.passed and not of_variants & said.done


@lessons
def test_it_can_be_read_beside_the_view(lesson: Lesson) -> None:
    assert len(lesson.text) <= 900
    for paragraph in lesson.paragraphs:
        formula = paragraph.startswith("  ")
        assert formula or "\n" not in paragraph
        assert not formula or max(map(len, paragraph.split("\n"))) <= WIDTH
    assert lesson.experiment.name == lesson.id.partition(":")[2]
    assert re.fullmatch(
        r"(1 Perceptron|2 Multi-layer perceptrons|3 Losses|4 Optimization|5 Regularization|6 Labs|7 Onward)",
        lesson.chapter,
    )
    assert all(variant.name == "as loaded" or len(variant.name) <= 24 for variant in lesson.variants)


@lessons
def test_each_variant_is_recognized(lesson: Lesson) -> None:
    for variant in lesson.variants:
        assert lesson.variant(variant.name) == variant
        assert lesson.variant_of(replace(variant.experiment, name="another")) == variant
    assert lesson.variant_of(with_field(lesson.experiment, "model.seed", 4711)) is None
    assert lesson.variant("no such name") is None
