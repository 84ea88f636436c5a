"""Lessons run without a screen: what a front end does with them, and the results it hands to the checks."""

from __future__ import annotations

from tui_trainer.book.checking import MAX_WEIGHTS, Results
from tui_trainer.book.lesson import Lesson
from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import add_layer, with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.session import Session

LESSONS = {lesson.id.partition(":")[2]: lesson for lesson in packaged().lessons}


def trained(experiment: Experiment) -> Session:
    """A session that has gone to the end of ``experiment``."""
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def results_of(session: Session, variant: str = "", answers: int | tuple[float | None, ...] | None = None) -> Results:
    """What a front end knows of the run."""
    model = session.trainer.model
    count = model.count_params()
    return Results(
        experiment=session.experiment,
        values=session.values,
        epoch=session.trainer.epochs,
        steps=session.trainer.steps,
        state=session.state,
        params=count,
        layer_params=tuple(params for *_, params in session.summary()),
        weights=tuple(model.parameters.flat.tolist()) if count <= MAX_WEIGHTS else None,
        answers=answers,
        variant=variant,
    )


def right_answers(lesson: Lesson) -> int | tuple[float, ...] | None:
    """What the question wants to hear."""
    question = lesson.question
    if question is None:
        return None
    return tuple(blank.answer for blank in question.blanks) or question.answer


def wrong_answers(lesson: Lesson) -> list[int | tuple[float | None, ...] | None]:
    """No answer, every other choice, and the right numbers with one of them changed or left out."""
    question = lesson.question
    if question is None:
        return [None]
    right = tuple(blank.answer for blank in question.blanks)
    others = [index for index in range(len(question.choices)) if index != question.answer]
    changed = [
        (*right[:place], wrong, *right[place + 1 :])
        for place in range(len(right))
        for wrong in (right[place] + 1, None)
    ]
    return [None, *others, *changed]


def built(lesson: Lesson) -> Experiment:
    """The lesson's experiment with the network that its target asks for."""
    experiment = lesson.experiment
    for path, value in lesson.target.items():
        if path == "model.layers":
            for _ in range(int(value)):
                experiment = add_layer(experiment)
        else:
            experiment = with_field(experiment, path, value)
    return experiment
