"""Whether a lesson was passed: its question, its target and its checks against what has come out so far."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from tui_trainer.experiment.schema import Experiment
from tui_trainer.run_state import RUN_STATES, RunState

from . import fields
from .lesson import Check, Lesson, Question
from .rules import INDEXED

ItemState = Literal["done", "open", "wrong"]
MAX_WEIGHTS = 64  # of a model whose weights are looked at one by one


class Results(Struct, frozen=True, kw_only=True):
    """What the user has done in a lesson and what came out.

    ``experiment`` is the resolved one of the run, ``values`` the newest of everything recorded, ``state`` the
    session's, ``layer_params`` the parameters of each layer, ``weights`` all of them, kernel and bias layer
    by layer, where there are at most 64 (None where there are more), ``answers`` the index of the choice or
    the numbers in the blanks (None in one that is empty), and ``variant`` the name of the one loaded last.
    """

    experiment: Experiment
    values: dict[str, float] = {}
    epoch: int = 0
    steps: int = 0
    state: RunState = "ready"
    params: int = 0
    layer_params: tuple[int, ...] = ()
    weights: tuple[float, ...] | None = None
    answers: int | tuple[float | None, ...] | None = None
    variant: str = ""


class Item(Struct, frozen=True):
    """One thing to do: "done", "open" or "wrong", a sentence, and the particulars, if there are any."""

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
        """The keys of what is done, to be given to the next ``check`` as ``earlier``."""
        return frozenset(item.key for item in self.items if item.state == "done")


def check(lesson: Lesson, results: Results, earlier: Collection[str] = ()) -> Verdict:
    """The question, the target and the checks of ``lesson``, in this order.

    ``earlier`` are the keys of what was done before: since a lesson has several variants, and each is a run
    of its own, what is done stays done. The checks of an exercise count for the network asked for alone.
    """
    items: list[Item] = []
    if lesson.question is not None:
        items.append(_question(lesson.question, results.answers, earlier))
    built = True
    if lesson.target:
        found = fields.differences(results.experiment, lesson.target)
        built = not found
        items.append(_target(lesson, found, earlier))
    items += [_check(one, results, earlier, built) for one in lesson.checks]
    return Verdict(tuple(items))


def _question(question: Question, answers: int | tuple[float | None, ...] | None, earlier: Collection[str]) -> Item:
    key = question.key
    if question.blanks:
        given = answers if isinstance(answers, tuple) else ()
        wrong = tuple(_wrong_blanks(question, given))
        right = len(given) == len(question.blanks) and not wrong and None not in given
    else:
        given = (answers,) if isinstance(answers, int) and not isinstance(answers, bool) else ()
        right = given == (question.answer,)
        wrong = () if right or not given else ("this is not the answer",)
    if right or (key in earlier and not wrong):
        return Item(key, "done", question.because)
    return Item(key, "wrong" if wrong else "open", question.text, wrong)


def _wrong_blanks(question: Question, given: tuple[float | None, ...]) -> Iterator[str]:
    for blank, number in zip(question.blanks, given, strict=False):
        if number is not None and not abs(number - blank.answer) <= blank.within:
            yield f"{blank.label}: {number:g} is not right"


def _target(lesson: Lesson, found: tuple[str, ...], earlier: Collection[str]) -> Item:
    key = lesson.target_key
    if found and key not in earlier:
        return Item(key, "open", "The network is not yet the one asked for.", found)
    return Item(key, "done", "The network is the one asked for.")


def _check(one: Check, results: Results, earlier: Collection[str], built: bool) -> Item:
    key = one.key
    if key in earlier:
        return Item(key, "done", one.done)
    too_large = one.most_params is not None and results.params > one.most_params
    if not built or too_large or (one.variant is not None and one.variant != results.variant):
        return Item(key, "open", one.missing)
    if one.state is not None:
        return Item(key, "done", one.done) if results.state == one.state else _lacking(one, results, None)
    if one.field is not None:
        too_early = results.epoch < (one.epoch or 0)
        found = fields.value_at(results.experiment, one.field)
        if not too_early and _holds(one, found):
            return Item(key, "done", one.done)
        return Item(key, "open", one.missing)
    number = _number(one.value or "", results)
    if number is None or results.epoch < _first_epoch(one):
        return Item(key, "open", one.missing)
    return Item(key, "done", one.done) if _holds(one, number) else _lacking(one, results, number)


def _first_epoch(one: Check) -> int:
    """The epoch from which a value is looked at; the number of parameters is there before any training."""
    before_training = (one.value or "").startswith(("params", "layer_params"))
    return one.epoch if one.epoch is not None else int(not before_training)


def _lacking(one: Check, results: Results, number: float | None) -> Item:
    """Open while there is more to come, wrong where the run has ended; with the number that came out."""
    ended = RUN_STATES[results.state].ended or results.epoch >= results.experiment.training.epochs
    details = () if number is None else (f"{one.value} is {number:.6g}",)
    return Item(one.key, "wrong" if ended else "open", one.missing, details)


def _number(name: str, results: Results) -> float | None:
    """The value of that name; None where there is none, or where it is no number."""
    indexed = INDEXED.fullmatch(name)
    found: float | None
    if indexed:
        held = results.weights if indexed[1] == "weight" else results.layer_params
        place = int(indexed[2])
        found = held[place] if held is not None and place < len(held) else None
    else:
        counts = {"epoch": results.epoch, "step": results.steps, "params": results.params}
        found = counts.get(name, results.values.get(name))
    return found if found is not None and math.isfinite(found) else None


def _holds(one: Check, found: object) -> bool:
    """Whether all conditions of the check are met."""
    if one.equals is not None and not fields.same(found, one.equals):
        return False
    if one.one_of and not any(fields.same(found, value) for value in one.one_of):
        return False
    if one.at_least is None and one.at_most is None and one.near is None:
        return True
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    near = one.near is None or one.within is None or abs(found - one.near) <= one.within
    return near and (one.at_least is None or found >= one.at_least) and (one.at_most is None or found <= one.at_most)
