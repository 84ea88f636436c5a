"""Checks whether a lesson was passed: its question, its target and its checks, against the results so far."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_parameter
from tui_trainer.run_state import RUN_STATES, RunState

from . import fields
from .lesson import Check, Lesson, Question
from .rules import INDEXED, MINUS

ItemState = Literal["done", "open", "wrong"]
Answer = int | tuple[float | None, ...] | None  # the index of a choice, or the number in each blank, None if empty
MAX_WEIGHTS = 64  # of a model whose weights a lesson may check


class Results(Struct, frozen=True, kw_only=True):
    """What the user has done in a lesson, and the results.

    ``experiment`` is the resolved one of the run, ``inputs`` how many it has,
    ``values`` the newest of all recorded values, ``state`` that of the
    session, ``layer_params`` the parameters of each layer, ``weights`` all of them, kernel and bias layer
    by layer, if there are at most 64 (None if there are more), ``dead_units`` those of each hidden layer once it is
    not training, ``answers`` one for each question, and ``variant`` the name of the one loaded last.
    """

    experiment: Experiment
    values: dict[str, float] = {}
    inputs: int = 0
    epoch: int = 0
    steps: int = 0
    state: RunState = "ready"
    params: int = 0
    layer_params: tuple[int, ...] = ()
    weights: tuple[float, ...] | None = None
    dead_units: tuple[int, ...] = ()
    answers: tuple[Answer, ...] = ()
    variant: str = ""


class Item(Struct, frozen=True):
    """One thing to do: its state, a sentence, and details, if there are any."""

    key: str
    state: ItemState
    sentence: str
    details: tuple[str, ...] = ()


class Verdict(Struct, frozen=True):
    """All things to do in a lesson; it is passed when all of them are done."""

    items: tuple[Item, ...]

    @property
    def passed(self) -> bool:
        return all(item.state == "done" for item in self.items)

    @property
    def done(self) -> frozenset[str]:
        """The keys of what is done, to be passed to the next ``check`` as ``earlier``."""
        return frozenset(item.key for item in self.items if item.state == "done")


def check(lesson: Lesson, results: Results, earlier: Collection[str] = ()) -> Verdict:
    """Check the questions, the target and the checks of ``lesson``, in this order.

    ``earlier`` are the keys of what was done before: since a lesson has several variants, and each is a run
    of its own, what is done stays done. The checks of an exercise count only for the network it asks for.
    """
    items: list[Item] = []
    for place, question in enumerate(lesson.questions):
        items.append(_question(question, results.answers[place] if place < len(results.answers) else None, earlier))
    has_target = True
    if lesson.target:
        differences = fields.differences(results.experiment, lesson.target)
        has_target = not differences
        items.append(_target(lesson, differences, earlier))
    items += [_check(condition, results, earlier, has_target) for condition in lesson.checks]
    return Verdict(tuple(items))


def _question(question: Question, answer: Answer, earlier: Collection[str]) -> Item:
    key = question.key
    if question.blanks:
        numbers = answer if isinstance(answer, tuple) else ()
        wrong = tuple(_wrong_blanks(question, numbers))
        right = len(numbers) == len(question.blanks) and not wrong and None not in numbers
    else:
        is_choice = isinstance(answer, int) and not isinstance(answer, bool)
        right = is_choice and answer == question.answer
        wrong = () if right or not is_choice else ("this is not the right answer",)
    if right or (key in earlier and not wrong):
        return Item(key, "done", question.because)
    return Item(key, "wrong" if wrong else "open", question.text, wrong)


def _wrong_blanks(question: Question, numbers: tuple[float | None, ...]) -> Iterator[str]:
    for blank, number in zip(question.blanks, numbers, strict=False):
        if number is not None and not abs(number - blank.answer) <= blank.within:
            yield f"{blank.label}: {number:g} is not right"


def _target(lesson: Lesson, differences: tuple[str, ...], earlier: Collection[str]) -> Item:
    key = lesson.target_key
    if differences and key not in earlier:
        return Item(key, "open", "The network doesn't match the target yet.", differences)
    return Item(key, "done", "The network matches the target.")


def _check(condition: Check, results: Results, earlier: Collection[str], has_target: bool) -> Item:
    key = condition.key
    if key in earlier:
        return Item(key, "done", condition.done)
    too_large = condition.most_params is not None and results.params > condition.most_params
    if not has_target or too_large or (condition.variant is not None and condition.variant != results.variant):
        return Item(key, "open", condition.missing)
    value = observed(condition, results)
    if condition.state is not None:
        is_met = value == condition.state
        return Item(key, "done", condition.done) if is_met else _unmet(condition, results, None)
    is_early = results.epoch < _first_epoch(condition)
    if condition.field is not None:
        is_met = not is_early and _holds(condition, value)
        return Item(key, "done", condition.done) if is_met else Item(key, "open", condition.missing)
    if not isinstance(value, float) or is_early:
        return Item(key, "open", condition.missing)
    return Item(key, "done", condition.done) if _holds(condition, value) else _unmet(condition, results, value)


def observed(condition: Check, results: Results) -> object:
    """Return what a check looks at: a state, the value of a field (``fields.MISSING`` if there is none), or a number.

    None where there is no number of that name yet, or it is not finite.
    """
    if condition.state is not None:
        return results.state
    if condition.field is not None:
        return fields.value_at(results.experiment, condition.field)
    return _number(condition.value or "", results)


def _first_epoch(condition: Check) -> int:
    """Return the epoch from which a check counts; fields and parameter counts exist before any training."""
    before_training = condition.field is not None or (condition.value or "").startswith(("params", "layer_params"))
    return condition.epoch if condition.epoch is not None else int(not before_training)


def _unmet(condition: Check, results: Results, number: float | None) -> Item:
    """Return an open item, or a wrong one if the run has ended, with the number reached."""
    ended = RUN_STATES[results.state].ended or results.epoch >= results.experiment.training.epochs
    details = () if number is None else (f"{_name_of_value(condition.value or '', results)} is {number:.6g}",)
    return Item(condition.key, "wrong" if ended else "open", condition.missing, details)


def _name_of_value(value: str, results: Results) -> str:
    """Return what a reader knows a value as: a weight by its name in the book, everything else as it is recorded."""
    indexed, model = INDEXED.fullmatch(value), results.experiment.model
    if indexed is None or indexed[1] != "weight":
        return value
    units = [*(layer.units for layer in model.layers), model.output.units or 1]
    has_bias = [*(layer.use_bias for layer in model.layers), model.output.use_bias]
    shapes = list(zip((results.inputs, *units), units, has_bias, strict=False))
    return format_parameter(int(indexed[2]), shapes) or value


def _number(value: str, results: Results) -> float | None:
    """Return the value of that name, or the difference of two; None if one is not there, or no finite number."""
    numbers = [_number_of_name(name, results) for name in value.split(MINUS)]
    known = [number for number in numbers if number is not None and math.isfinite(number)]
    return known[0] - sum(known[1:]) if known and len(known) == len(numbers) else None


def _number_of_name(name: str, results: Results) -> float | None:
    indexed = INDEXED.fullmatch(name)
    if indexed is None:
        counts = {"epoch": results.epoch, "step": results.steps, "params": results.params}
        number = counts.get(name, results.values.get(name))
    else:
        lists = {"weight": results.weights, "layer_params": results.layer_params, "dead_units": results.dead_units}
        values, index = lists[indexed[1]] or (), int(indexed[2])
        number = values[index] if index < len(values) else None
    return None if number is None else float(number)


def _holds(condition: Check, value: object) -> bool:
    """Return whether all conditions of the check are met."""
    if condition.equals is not None and not fields.same(value, condition.equals):
        return False
    if condition.one_of and not any(fields.same(value, choice) for choice in condition.one_of):
        return False
    if condition.at_least is None and condition.at_most is None and condition.near is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    is_near = condition.near is None or condition.within is None or abs(value - condition.near) <= condition.within
    return (
        is_near
        and (condition.at_least is None or value >= condition.at_least)
        and (condition.at_most is None or value <= condition.at_most)
    )
