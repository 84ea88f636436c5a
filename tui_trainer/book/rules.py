"""Checks what the types of a lesson's fields cannot express: which fields go together."""

from __future__ import annotations

import difflib
import re
from typing import Any

from tui_trainer.errors import quoted
from tui_trainer.experiment.validation import got
from tui_trainer.measures import MEASURES

from . import fields
from .lesson import VIEW_OPTIONS, Check, Lesson, Question

VALUES = (
    *(f"{part}{name}" for name, measure in MEASURES.items() if not measure.by_class for part in ("", "val_")),
    "batch_loss",
    "epoch",
    "step",
    "params",
)
INDEXED = re.compile(r"(weight|layer_params|dead_units)\[(\d{1,2})\]", re.ASCII)
OF_CLASS = re.compile(
    rf"(val_)?({'|'.join(name for name, one in MEASURES.items() if one.by_class)})\[\d{{1,3}}\]", re.ASCII
)
MINUS = " - "  # between two values of which the difference is checked
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
MAX_TARGETS = 32


class InvalidLesson(Exception):
    """A mistake in a lesson: a field and a sentence; becomes a LessonError with the name of the file."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def check_rules(lesson: Lesson) -> None:
    """Raise InvalidLesson for the first mistake."""
    names = [variant.name for variant in lesson.variants]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidLesson(f"variants[{index}].name", f"there are two variants {quoted(name)}; rename one")
    _check_options(lesson.view, lesson.view_options)
    for index, question in enumerate(lesson.questions):
        field = "question" if len(lesson.questions) == 1 else f"questions[{index}]"
        _check_question(question, field)
        if question in lesson.questions[:index]:
            raise InvalidLesson(field, "the same question is there twice; remove one")
        _check_variant(question.variant, field, names)
    for index, check in enumerate(lesson.checks):
        _check_check(check, f"checks[{index}]", names)
    _check_target(lesson.target)
    if lesson.hides_counts and not any(question.blanks for question in lesson.questions):
        raise InvalidLesson("hides_counts", "counts come back with the right numbers; add a question with blanks")


def _check_options(view: str, options: dict[str, Any]) -> None:
    options_of_view = VIEW_OPTIONS[view]
    for name, value in options.items():
        field = f"view_options.{name}"
        if name not in options_of_view:
            choices = f"its options are: {', '.join(options_of_view)}" if options_of_view else "it has none"
            raise InvalidLesson("view_options", f"the view {view} has no option {quoted(name)}; {choices}")
        expected = options_of_view[name]
        if isinstance(expected, tuple):
            if value not in expected:
                raise InvalidLesson(field, f"expected one of: {', '.join(expected)}; got {got(value)}")
        elif not isinstance(value, (int, float) if expected is float else expected) or (
            isinstance(value, bool) and expected is not bool
        ):
            raise InvalidLesson(field, f"expected {KINDS[expected]}, got {got(value)}")
    for low, high in (("low", "high"), ("low_2", "high_2")):
        if low in options and high in options and not options[low] < options[high]:
            raise InvalidLesson(
                f"view_options.{high}", f"expected more than {low}, {got(options[low])}, got {got(options[high])}"
            )


def _check_question(question: Question, field: str) -> None:
    if question.choices and question.blanks:
        raise InvalidLesson(field, "it has choices and blanks; keep one of them")
    if question.blanks:
        if question.answer is not None:
            raise InvalidLesson(f"{field}.answer", "each blank has its own answer; remove this one")
        if question.variant is not None:
            raise InvalidLesson(f"{field}.variant", "numbers are judged at once, before any run; remove it")
        return
    if len(question.choices) < 2:
        raise InvalidLesson(f"{field}.choices", "expected at least two choices, or blanks")
    if question.answer is None:
        raise InvalidLesson(f"{field}.answer", "it is not there; give the index of the right choice, from 0")
    if not 0 <= question.answer < len(question.choices):
        raise InvalidLesson(f"{field}.answer", f"expected 0 to {len(question.choices) - 1}, got {got(question.answer)}")


def _check_variant(name: str | None, field: str, variants: list[str]) -> None:
    if name is not None and name not in variants:
        similar = difflib.get_close_matches(name, variants, n=1, cutoff=0.4)
        hint = f", did you mean {quoted(similar[0])}?" if similar else "; name one of the lesson's"
        raise InvalidLesson(f"{field}.variant", f"there is no variant {quoted(name)}{hint}")


def _check_check(check: Check, field: str, variants: list[str]) -> None:
    _check_variant(check.variant, field, variants)
    subjects = [name for name in ("value", "field", "state") if getattr(check, name) is not None]
    if len(subjects) != 1:
        which = " and ".join(subjects) or "none of them"
        raise InvalidLesson(field, f"expected exactly one of value, field and state, got {which}")
    conditions = _conditions(check)
    if check.state is not None and conditions:
        raise InvalidLesson(f"{field}.{conditions[0]}", "a check of the state needs no condition; remove it")
    if check.state is None and not conditions:
        raise InvalidLesson(field, "there is no condition; add at_least, at_most, or near and within")
    if (check.near is None) != (check.within is None):
        raise InvalidLesson(field, "near and within belong together; give both")
    if check.value is not None:
        _check_value(check, field)
    if check.field is not None:
        _check_field(check, field)


def _conditions(check: Check) -> list[str]:
    numbers = [name for name in ("at_least", "at_most", "near", "equals") if getattr(check, name) is not None]
    return [*numbers, *(["one_of"] if check.one_of else [])]


def _check_value(check: Check, field: str) -> None:
    names = (check.value or "").split(MINUS)
    for name in names:
        if name not in VALUES and not INDEXED.fullmatch(name) and not OF_CLASS.fullmatch(name):
            raise InvalidLesson(
                f"{field}.value",
                f"there is no value {quoted(name)}; the values are: {', '.join(VALUES)}, weight[0], layer_params[0], "
                "dead_units[0], and recall[0] and f1_of_class[0] of a class",
            )
    if len(names) > 2:
        raise InvalidLesson(f"{field}.value", f"expected one value or the difference of two, got {len(names)} values")
    if check.equals is not None or check.one_of:
        raise InvalidLesson(field, "equals and one_of are for fields; use near and within for a value")


def _check_field(check: Check, field: str) -> None:
    path = check.field or ""
    values = [value for value in (check.equals, *check.one_of) if value is not None]
    for value in values or (None,):
        reason = fields.refusal(path, value)
        if reason is not None:
            raise InvalidLesson(f"{field}.field", reason)


def _check_target(target: dict[str, Any]) -> None:
    if len(target) > MAX_TARGETS:
        raise InvalidLesson("target", f"expected at most {MAX_TARGETS} fields, got {len(target)}")
    for path, value in target.items():
        if not isinstance(value, bool | int | float | str):
            raise InvalidLesson(
                "target", f"expected a single value for {quoted(path)}, got {got(value)}; put paths in quotes"
            )
        reason = fields.refusal(path, value)
        if reason is not None:
            raise InvalidLesson("target", reason)
