"""Every packaged lesson: it loads, each variant runs, its checks pass when they should and not before."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from book_runs import LESSONS, built, results_of, right_answers, trained, wrong_answers
from msgspec.structs import replace

from tui_trainer.book.checking import Results, Verdict, check
from tui_trainer.book.lesson import Lesson
from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.session import Session

WIDTH = 48  # columns beside the view
ASKED_FOR = """
    perceptron housing_data loss_curve gradient_descent two_parameters stacking_layers universal_approximation
    iris_data architecture activations identity output_prices output_two_classes output_softmax summary
    exercise_iris exercise_boston squared_error logistic_loss chain_rule mini_batches momentum adam two_valleys
    overfitting l2_penalty dropout exclusive_or spiral
"""
# A network that does what the lesson leaves to the user. Sums in float32 differ between machines, and with them the
# accuracy of a given epoch: this one reaches the goal from any first weights, and stops as soon as it is passed.
OWN_WORK = {
    "spiral": {
        "model.layers": [{"units": 8, "activation": "tanh"}, {"units": 7, "activation": "tanh"}],
        "training.batch_size": 8,
        "training.epochs": 1000,
        "training.stop_at_accuracy": 0.96,
    }
}

lessons = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


def experiments(lesson: Lesson) -> dict[str, Experiment]:
    """What a user trains, by variant, to have everything done."""
    if lesson.target:
        return {"": built(lesson)}
    name = lesson.id.partition(":")[2]
    if name in OWN_WORK:
        experiment = lesson.experiment
        for path, value in OWN_WORK[name].items():
            experiment = with_field(experiment, path, value)
        return {"": experiment}
    return {variant.name: variant.experiment for variant in lesson.variants}


@cache
def runs(name: str) -> dict[str, Results]:
    """The results of every run of a lesson, each trained once."""
    return {
        variant: results_of(trained(experiment), variant) for variant, experiment in experiments(LESSONS[name]).items()
    }


def verdict(lesson: Lesson, answers: Any, **changes: Any) -> Verdict:
    """What is said after all runs, one after the other."""
    done: frozenset[str] = frozenset()
    for results in runs(lesson.id.partition(":")[2]).values():
        latest = check(lesson, replace(results, answers=answers, **changes), done)
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
def test_nothing_passes_before_the_run(lesson: Lesson) -> None:
    session = Session()
    session.load(lesson.experiment)
    early = check(lesson, results_of(session, lesson.variants[0].name))
    assert not early.passed and all(item.state == "open" for item in early.items), early


@lessons
def test_wrong_answers_do_not_pass(lesson: Lesson) -> None:
    for wrong in wrong_answers(lesson):
        said = verdict(lesson, wrong)
        assert not said.passed
        first = said.items[0]
        assert first.state == ("open" if wrong is None or (isinstance(wrong, tuple) and None in wrong) else "wrong")
        assert first.sentence == (lesson.question.text if lesson.question else "")
        assert bool(first.details) == (first.state == "wrong")


@lessons
def test_the_runs_of_no_variant_do_nothing_for_a_variant(lesson: Lesson) -> None:
    if not any(one.variant for one in lesson.checks):
        assert len(lesson.variants) == 1, "a lesson with variants has checks of them"
        return
    said = verdict(lesson, right_answers(lesson), variant="")
    of_variants = {one.key for one in lesson.checks if one.variant}
    assert not said.passed and not of_variants & said.done


@lessons
def test_one_run_under_every_name_is_not_enough(lesson: Lesson) -> None:
    """The checks of a variant look at what came out: another one's numbers do not do."""
    named = {one.variant for one in lesson.checks if one.variant}
    if len(named) < 2:
        return
    for source in runs(lesson.id.partition(":")[2]).values():
        done: frozenset[str] = frozenset()
        for variant in lesson.variants:
            latest = check(lesson, replace(source, variant=variant.name, answers=right_answers(lesson)), done)
            done |= latest.done
        assert not latest.passed, f"the results of {source.variant!r} pass for all"


@lessons
def test_it_can_be_read_beside_the_view(lesson: Lesson) -> None:
    assert len(lesson.text) <= 900
    for paragraph in lesson.paragraphs:
        formula = paragraph.startswith("  ")
        assert formula or "\n" not in paragraph
        assert not formula or max(map(len, paragraph.split("\n"))) <= WIDTH
    assert lesson.experiment.name == lesson.id.partition(":")[2]
    assert re.fullmatch(r"(1 Perceptron|2 Multi-layer perceptrons|3 Losses|4 Onward)", lesson.chapter)
    assert all(variant.name == "as loaded" or len(variant.name) <= 24 for variant in lesson.variants)


@lessons
def test_each_variant_is_recognized(lesson: Lesson) -> None:
    for variant in lesson.variants:
        assert lesson.variant(variant.name) == variant
        assert lesson.variant_of(replace(variant.experiment, name="another")) == variant
    assert lesson.variant_of(with_field(lesson.experiment, "model.seed", 4711)) is None
    assert lesson.variant("no such name") is None
