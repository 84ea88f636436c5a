"""The guide without a screen: what it makes of edits, runs and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_trainer.book.checking import Answer
from tui_trainer.book.lesson import Lesson
from tui_trainer.book.library import LessonFolder, Library, packaged
from tui_trainer.book.progress import FILE_NAME, LessonProgress
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.runtime import reporting
from tui_trainer.tabs.book.guide import LessonState, LessonTracker, advice
from tui_trainer.tabs.book.lesson_page import strip_lines
from tui_trainer.teaching.trial import results_of
from tui_trainer.training.session import Session

LIBRARY = packaged()


def lesson_of(name: str) -> Lesson:
    return next(lesson for lesson in LIBRARY.lessons if lesson.id == f"book:{name}")


@pytest.fixture
def guide(tmp_path: Path) -> LessonTracker:
    """A guide with nothing done yet."""
    return LessonTracker(LIBRARY, LessonProgress(tmp_path / FILE_NAME))


def load(guide: LessonTracker, experiment: Experiment) -> Session:
    """What a screen does with an experiment, and the run of it."""
    guide.forget_run()
    guide.follow(experiment)
    session = Session()
    session.load(experiment)
    guide.show_loaded(reporting.loaded(session, 1))
    guide.show_progress(reporting.progress(session, 1, counts_dead=True))
    return session


def train(guide: LessonTracker, session: Session, steps: int | None = None) -> None:
    """So many steps, or to the end."""
    for _ in range(steps or 0):
        session.step()
    if steps is None:
        session.train()
        session.advance_to_end()
    guide.show_progress(reporting.progress(session, 1, counts_dead=True))


def page_of(guide: LessonTracker) -> LessonState:
    assert guide.page is not None
    return guide.page


def states(guide: LessonTracker) -> list[str]:
    return [item.state for item in page_of(guide).items]


def begin(guide: LessonTracker, name: str) -> Session:
    return load(guide, guide.begin(lesson_of(name)))


def test_without_a_lesson_nothing_is_looked_at(guide: LessonTracker) -> None:
    train(guide, load(guide, lesson_of("gradient_descent").experiment))
    assert guide.page is None and guide.beside(1) is None and guide.next_variant() is None
    assert guide.index().passed == 0 and not any(page.on for page in guide.index().pages)


def test_a_prediction_is_told_after_the_run_it_is_about(guide: LessonTracker) -> None:
    session = begin(guide, "gradient_descent")
    guide.answer(0)
    assert page_of(guide).waits and states(guide) == ["open"] * 5
    train(guide, session)
    assert page_of(guide).waits and states(guide) == ["open", "done", "open", "open", "open"]
    third = lesson_of("gradient_descent").variants[2].experiment
    session = load(guide, third)
    train(guide, session, steps=9)
    assert page_of(guide).waits
    train(guide, session, steps=1)
    train(guide, session)
    assert not page_of(guide).waits and states(guide) == ["wrong", "done", "open", "done", "open"]
    guide.answer(1)
    assert states(guide) == ["done", "done", "open", "done", "open"]
    guide.answer(2)
    assert states(guide)[0] == "wrong", "an answer may be changed for the worse, too"


def test_numbers_are_told_at_once(guide: LessonTracker) -> None:
    begin(guide, "exercise_iris")
    for answers, state in (((1.0,), "wrong"), ((None,), "open"), ((803.0,), "done")):
        guide.answer(answers)
        assert states(guide)[0] == state


def test_what_is_done_counts_and_stays(guide: LessonTracker, tmp_path: Path) -> None:
    train(guide, begin(guide, "exclusive_or"))
    done = states(guide)
    assert "done" in done
    again = LessonTracker(LIBRARY, LessonProgress(tmp_path / FILE_NAME))
    assert again.last == "book:exclusive_or"
    begin(again, "exclusive_or")
    assert states(again) == done
    again.forget(lesson_of("exclusive_or"))
    assert set(states(again)) == {"open"}


def test_without_a_lesson_from_before_the_first_one_to_do_is_suggested(guide: LessonTracker) -> None:
    assert guide.last == LIBRARY.lessons[0].id
    first = LIBRARY.lessons[1]
    begin(guide, first.id.partition(":")[2])
    assert guide.last == first.id
    guide.leave()
    assert guide.last == LIBRARY.lessons[0].id
    assert LessonTracker(Library(), guide.progress).last == ""


def test_the_variant_is_the_one_that_is_set_up(guide: LessonTracker) -> None:
    lesson = lesson_of("gradient_descent")
    session = begin(guide, "gradient_descent")
    slow = with_field(lesson.experiment, "training.learning_rate", 1e-6)
    guide.follow(slow)
    assert (page_of(guide).variant, page_of(guide).changed) == ("ρ = 1e-6", False)
    session.tune(slow.training)
    train(guide, session)
    assert states(guide) == ["open", "open", "done", "open", "open"], "typed before the first step, it is the run's"
    guide.follow(with_field(slow, "model.seed", 7))
    assert (page_of(guide).variant, page_of(guide).changed) == ("ρ = 1e-6", True)
    guide.follow(lesson.experiment)
    assert page_of(guide).behind and advice(page_of(guide)) == "r starts over with ρ = 1e-5."
    assert states(guide) == ["open", "open", "done", "open", "open"]
    following = guide.next_variant()
    assert following is not None and following.name == "ρ = 1e-6"


def test_particulars_change_only_while_it_pauses(guide: LessonTracker) -> None:
    session = begin(guide, "universal_approximation")
    session.train()
    session.advance(0.0)
    guide.show_progress(reporting.progress(session, 1, counts_dead=True))
    assert session.state == "running" and not any(item.details for item in page_of(guide).items)


@pytest.mark.parametrize(
    ("name", "answers", "trained", "sentence"),
    [
        ("gradient_descent", None, False, "Predict first: A to C choose an answer."),
        ("gradient_descent", 1, False, "Take ten steps with ρ = 1e-5."),
        ("gradient_descent", 1, True, "V loads ρ = 1e-6."),
        ("summary", None, False, "Fill in the numbers: A goes to the first."),
        ("summary", (220.0, 63.0, 283.0), False, "Train the 10 - 20 - 3 model for at least one epoch."),
        ("exercise_boston", (6.0, 1.0, 801.0), False, "Build it in the setup; m switches between it and this page."),
    ],
)
def test_there_is_always_something_to_do_next(
    guide: LessonTracker, name: str, answers: Answer, trained: bool, sentence: str
) -> None:
    session = begin(guide, name)
    if answers is not None:
        guide.answer(answers)
    if trained:
        train(guide, session)
    assert advice(page_of(guide)) == sentence


def test_the_way_to_the_end_of_a_lesson(guide: LessonTracker) -> None:
    """Who does what is advised gets to the end of it."""
    session = begin(guide, "gradient_descent")
    said = []
    for _ in range(10):
        page = page_of(guide)
        said.append(advice(page))
        if said[-1].startswith("Predict"):
            guide.answer(1)
        elif said[-1].startswith("V"):
            following = guide.next_variant()
            assert following is not None
            session = load(guide, following.experiment)
        else:
            train(guide, session)
        if page.done:
            break
    assert said[-1] == "Lesson done; n goes to the next." and len(said) == 9


def test_checks_see_in_the_app_what_they_see_without_a_screen(guide: LessonTracker) -> None:
    """Dead units, for one: a unit that no input reaches, with a negative bias."""
    experiment = guide.begin(lesson_of("stacking_layers"))
    experiment = with_field(experiment, "model.layers", [{"units": 3, "activation": "relu"}])
    session = load(guide, with_field(experiment, "training.learning_rate", 1e-12))
    kernel, bias = session.trainer.model.parameters.kernels[0], session.trainer.model.parameters.biases[0]
    assert kernel.shape == (2, 3) and bias is not None
    kernel[:, 0], bias[0] = 0.0, -1.0
    assert reporting.progress(session, 1, counts_dead=True).dead_units == (), "before the first step"
    train(guide, session)
    assert reporting.progress(session, 1).dead_units == (), "counted only where a lesson asks for them"
    seen = guide._results()
    assert seen is not None and seen.dead_units == (1,)
    assert seen == results_of(session, seen.variant, seen.answers)


def test_a_page_with_nothing_to_do_is_done_at_once(tmp_path: Path) -> None:
    text = "title = 'Read'\nchapter = 'Mine'\nview = 'loss'\ntext = 'Only this.'\n"
    (tmp_path / "1.toml").write_text(text, encoding="utf-8")
    guide = LessonTracker(LIBRARY, LessonProgress(tmp_path / FILE_NAME), LessonFolder(tmp_path))
    load(guide, guide.begin(guide.library.lessons[-1]))
    assert page_of(guide).passed and advice(page_of(guide)) == "There is nothing to do here. That was the last one."


def test_questions_are_asked_one_after_the_other(tmp_path: Path) -> None:
    """The first that is open is asked; one that waits for a run lets others go first, and is asked again if wrong."""
    (tmp_path / "1.toml").write_text(TWO, encoding="utf-8")
    guide = LessonTracker(LIBRARY, LessonProgress(tmp_path / FILE_NAME), LessonFolder(tmp_path))
    session = load(guide, guide.begin(guide.library.lessons[-1]))
    assert page_of(guide).asked == 0 and advice(page_of(guide)) == "Predict first: A to B choose an answer."
    guide.answer(1)
    page = page_of(guide)
    assert page.asked == 1 and page.waiting == (True, False) and not page.waits
    assert advice(page) == "Fill in the numbers: A goes to the first."
    guide.answer((4.0,))
    assert states(guide) == ["open", "wrong", "open"] and page_of(guide).asked == 1
    guide.answer((3.0,))
    assert states(guide) == ["open", "done", "open"] and page_of(guide).answers == (1, (3.0,))
    assert page_of(guide).asked == 0 and page_of(guide).waits, "it may be changed until the run shows it"
    train(guide, session)
    assert states(guide) == ["wrong", "done", "done"] and page_of(guide).asked == 0
    guide.answer(0)
    assert page_of(guide).done


TWO = """
title = "Two questions"
chapter = "Mine"
text = "Answer both."
view = "loss"
[experiment.training]
epochs = 2
[[questions]]
text = "Up or down?"
choices = ["down", "up"]
answer = 0
because = "It learns."
[[questions]]
text = "How many weights has a line?"
because = "Two and a bias."
[[questions.blanks]]
label = "with the bias"
answer = 3
[[checks]]
value = "loss"
at_most = 100
done = "Trained."
missing = "Train it."
"""


def test_a_later_start_goes_on_where_one_left(guide: LessonTracker) -> None:
    session = begin(guide, "gradient_descent")
    guide.answer(1)
    train(guide, session)
    second = guide.next_variant()
    assert second is not None
    load(guide, second.experiment)
    again = LessonTracker(guide.library, LessonProgress(guide.progress._path))
    assert again.begin(lesson_of("gradient_descent")) == second.experiment
    page = page_of(again)
    assert (page.variant, page.answer, page.waits) == ("ρ = 1e-6", 1, True), "the prediction is known, and still open"
    assert states(again) == ["open", "done", "open", "open", "open"]
    again.forget(lesson_of("gradient_descent"))
    assert page_of(again).answer is None


def test_who_has_seen_the_answer_is_not_asked_to_predict_it(guide: LessonTracker) -> None:
    session = begin(guide, "perceptron")
    train(guide, session)
    assert advice(page_of(guide)).startswith("Predict first: A to C"), "this run does not tell it"
    session = load(guide, lesson_of("perceptron").variants[1].experiment)
    train(guide, session)
    assert advice(page_of(guide)) == "You have seen it by now: A to C choose the answer."
    guide.answer(1)
    assert states(guide)[0] == "done"


def test_the_newest_run_of_each_other_variant_is_known(guide: LessonTracker) -> None:
    lesson = lesson_of("gradient_descent")
    for number, variant in enumerate(lesson.variants[:3], start=7):
        session = begin(guide, "gradient_descent") if number == 7 else load(guide, variant.experiment)
        train(guide, session)
        guide.show_progress(reporting.progress(session, 1, stored=number))
    assert guide.other_runs == ((7, "ρ = 1e-5"), (8, "ρ = 1e-6"))
    changed = with_field(lesson.experiment, "training.learning_rate", 2e-5)
    session = load(guide, changed)
    train(guide, session)
    guide.show_progress(reporting.progress(session, 1, stored=10))
    assert {run for run, _ in guide.other_runs} <= {7, 8, 9}, "a run of other settings is none of a variant"


def test_below_a_picture_a_task_that_is_the_next_step_stands_once_below_what_was_right(guide: LessonTracker) -> None:
    begin(guide, "housing_data")
    question = page_of(guide).asked_question
    assert question is not None
    guide.answer(tuple(blank.answer for blank in question.blanks))
    right, task = (item.sentence for item in page_of(guide).items)
    first, second, last = (line.plain for line in strip_lines(page_of(guide), 76))
    assert f"{first} {second}" == f"✓ {right}" and last == f"▸ {task}"
