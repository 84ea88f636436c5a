"""Tries a lesson without a screen: runs each of its variants, and tells which checks hold and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from tui_trainer.book import fields
from tui_trainer.book.checking import MAX_WEIGHTS, Answer, Results, check, observed
from tui_trainer.book.lesson import Check, Lesson
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import add_layer, with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.doctor import dead_units
from tui_trainer.training.session import Session

SOLUTION = ""  # instead of a variant's name: the experiment that passes what is left to the reader


class CheckedRun(NamedTuple):
    """A run of a lesson: the variant it began as, its results, and how long it took in seconds."""

    variant: str
    results: Results
    seconds: float


class CheckOutcome(NamedTuple):
    """What a check says of a run: its ``number`` in the lesson, from 0; what it ``expected``, and saw, in words."""

    run: CheckedRun
    number: int
    expected: str
    seen: str
    holds: bool


class Trial(NamedTuple):
    """All runs of a lesson, what each check says of them, and a sentence for each fault of the lesson."""

    lesson: Lesson
    runs: tuple[CheckedRun, ...]
    outcomes: tuple[CheckOutcome, ...]
    faults: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long all runs took."""
        return sum(run.seconds for run in self.runs)


def try_lesson(lesson: Lesson) -> Trial:
    """Train every variant of ``lesson`` and its solution, one after the other, each to its end.

    A lesson does as it says if all of it is done after these runs with the right answers, nothing is before them, and
    no run alone does for all variants that have checks.
    """
    runs: list[CheckedRun] = []
    faults = []
    for name, experiment in experiments(lesson).items():
        try:
            runs.append(trained_run(name, experiment))
        except UserError as error:
            faults.append(f"{_run_name(name)} can't be trained: {error}")
    outcomes = tuple(_outcomes(lesson, runs))
    if not faults:
        faults += _faults(lesson, runs, outcomes)
    return Trial(lesson, tuple(runs), outcomes, tuple(faults))


def experiments(lesson: Lesson) -> dict[str, Experiment]:
    """Return what is trained to have everything done: the variants by name, and what is left to the reader."""
    named = {variant.name: variant.experiment for variant in lesson.variants}
    return {**named, SOLUTION: solution(lesson)} if lesson.target or lesson.solution else named


def solution(lesson: Lesson) -> Experiment:
    """Return the lesson's solution, or its experiment, with the network that its target asks for."""
    experiment = lesson.experiment if lesson.solution is None else lesson.solution.experiment
    if "model.layers" in lesson.target:
        count = int(lesson.target["model.layers"])
        model = replace(experiment.model, layers=experiment.model.layers[:count])
        experiment = replace(experiment, model=model)
        while len(experiment.model.layers) < count:
            experiment = add_layer(experiment)
    for path, value in lesson.target.items():
        if not fields.is_list(path):
            experiment = with_field(experiment, path, value)
    return experiment


def trained_run(variant: str, experiment: Experiment) -> CheckedRun:
    """Train ``experiment`` to its end; raise UserError if it can't be loaded."""
    started = time.perf_counter()
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return CheckedRun(variant, results_of(session, variant), time.perf_counter() - started)


def results_of(session: Session, variant: str = "", answers: tuple[Answer, ...] = ()) -> Results:
    """Return what the checks of a lesson look at, as the app hands it to them."""
    model = session.trainer.model
    count = model.count_params()
    return Results(
        experiment=session.experiment,
        values=session.values,
        epoch=session.trainer.epochs,
        steps=session.trainer.steps,
        state=session.state,
        params=count,
        inputs=len(session.dataset.features),
        layer_params=tuple(params for *_, params in session.summary()),
        weights=tuple(model.parameters.flat.tolist()) if count <= MAX_WEIGHTS else None,
        dead_units=dead_units(session),
        answers=answers,
        variant=variant,
    )


def right_answers(lesson: Lesson) -> tuple[Answer, ...]:
    """Return the right answer to each of the lesson's questions."""
    return tuple(tuple(blank.answer for blank in one.blanks) or one.answer for one in lesson.questions)


def _outcomes(lesson: Lesson, runs: list[CheckedRun]) -> Iterator[CheckOutcome]:
    for run in runs:
        done = check(lesson, run.results).done
        for index, condition in enumerate(lesson.checks):
            if condition.variant in (None, run.variant):
                seen = _seen(condition, run.results)
                yield CheckOutcome(run, index, describe(condition), seen, condition.key in done)


def _faults(lesson: Lesson, runs: list[CheckedRun], outcomes: tuple[CheckOutcome, ...]) -> Iterator[str]:
    holding = {outcome.number for outcome in outcomes if outcome.holds}
    for index, condition in enumerate(lesson.checks):
        if index not in holding:
            seen = [f"{one.seen} of {_run_name(one.run.variant)}" for one in outcomes if one.number == index]
            got = ", ".join(seen) or "no run of it"
            yield f"checks[{index}] never holds: expected {describe(condition)}, got {got}"
    differences = [fields.differences(run.results.experiment, lesson.target) for run in runs if lesson.target]
    if differences and all(differences):
        yield f"target: the network that it asks for is never reached: {differences[-1][0]}"
    yield from _early(lesson)
    yield from _alike(lesson, runs)


def _early(lesson: Lesson) -> Iterator[str]:
    """Yield what is done as soon as the lesson is loaded."""
    session = Session()
    session.load(lesson.experiment)
    done = check(lesson, results_of(session, lesson.variants[0].name)).done
    for index, condition in enumerate(lesson.checks):
        if condition.key in done:
            yield f"checks[{index}] holds before anything was done: {describe(condition)}"
    if lesson.target and lesson.target_key in done:
        yield "target: the lesson loads the network that it asks for; load another"


def _alike(lesson: Lesson, runs: list[CheckedRun]) -> Iterator[str]:
    """Yield a run whose results pass under the name of every variant: then the checks don't tell variants apart."""
    named = {condition.variant for condition in lesson.checks if condition.variant}
    if len(named) < 2:
        return
    for run in runs:
        done: frozenset[str] = frozenset()
        for variant in lesson.variants:
            results = replace(run.results, variant=variant.name, answers=right_answers(lesson))
            verdict = check(lesson, results, done)
            done |= verdict.done
        if verdict.passed:
            yield f"the results of {_run_name(run.variant)} pass the checks of all variants; make them tell these apart"


def describe(condition: Check) -> str:
    """Return what a check expects, in words: ``weight[0] 3.6329 ± 5e-05, from epoch 10``."""
    if condition.state is not None:
        return condition.state
    parts = []
    if condition.near is not None:
        parts.append(f"{condition.near:g} ± {condition.within:g}")
    if condition.at_least is not None and condition.at_most is not None:
        parts.append(f"{condition.at_least:g} to {condition.at_most:g}")
    elif condition.at_least is not None:
        parts.append(f"≥ {condition.at_least:g}")
    elif condition.at_most is not None:
        parts.append(f"≤ {condition.at_most:g}")
    if condition.equals is not None:
        parts.append(f"= {_text(condition.equals)}")
    if condition.one_of:
        parts.append(f"one of {', '.join(map(_text, condition.one_of))}")
    limits = [f"from epoch {condition.epoch}"] if condition.epoch else []
    if condition.most_params is not None:
        limits.append(f"≤ {condition.most_params:,} parameters")
    return ", ".join([f"{condition.value or condition.field} {' '.join(parts)}", *limits])


def _seen(condition: Check, results: Results) -> str:
    value = observed(condition, results)
    return "nothing" if value is None or value is fields.MISSING else _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _run_name(variant: str) -> str:
    return "the solution" if variant == SOLUTION else f"the variant {variant!r}"
