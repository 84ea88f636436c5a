"""Reads a lesson file: from TOML to a checked lesson, with one sentence for whatever is wrong with it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, inspect

from tui_trainer.errors import UserError, escaped, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import TooDeep, parse_toml
from tui_trainer.experiment.validation import expected, got, join_path, parse_path
from tui_trainer.experiment.validation import from_plain as experiment_from_plain
from tui_trainer.pace import PaceName

from .lesson import Check, Lesson, LessonError, LessonRace, Line, Page, Question, Variant, View
from .rules import InvalidLesson, check_rules

TOP_TABLES = ("dataset", "model", "training")
AS_LOADED = "as loaded"


class _VariantTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Line
    set: dict[str, Any] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of a lesson file."""

    title: Line
    chapter: Line
    text: Page
    view: View
    view_options: dict[str, Any] = {}
    experiment: dict[str, Any] = {}
    question: Question | None = None
    questions: Annotated[tuple[Question, ...], Meta(max_length=9)] = ()
    variants: Annotated[tuple[_VariantTable, ...], Meta(max_length=16)] = ()
    checks: Annotated[tuple[Check, ...], Meta(max_length=32)] = ()
    target: dict[str, Any] = {}
    pace: PaceName | None = None
    race: LessonRace | None = None
    hides_counts: bool = False
    declaration: Annotated[str, Meta(max_length=1000)] = ""
    solution: dict[str, Any] = {}


def loads(text: str, file: str, lesson_id: str) -> Lesson:
    """Return the lesson in a TOML text; LessonError names ``file`` and says what is wrong with it."""
    try:
        return _lesson(_converted(_parsed(text)), file, lesson_id)
    except InvalidLesson as error:
        raise LessonError(file, error.field, error.reason) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = parse_toml(text)
    except TooDeep:
        raise InvalidLesson("", "the TOML is nested too deeply to be a lesson") from None
    except tomllib.TOMLDecodeError as error:
        message = escaped(str(error)[:200])
        raise InvalidLesson("", f"this is not valid TOML: {message[:1].lower()}{message[1:]}") from None
    except ValueError:
        # Python rejects integers of thousands of digits.
        raise InvalidLesson("", "this is not valid TOML: a number has too many digits") from None
    for steps, value in _leaves(data, ()):
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidLesson(join_path(steps), f"expected a finite number, got {value!r}")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:  # TOML's integers have 64 bits
            reason = (
                f"expected a whole number of at most 64 bits, got {got(value)}; write it as 1e20, or make it smaller"
            )
            raise InvalidLesson(join_path(steps), reason)
    return data


def _leaves(data: object, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield every single value with its path."""
    if isinstance(data, dict):
        for key, item in data.items():
            yield from _leaves(item, (*steps, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _leaves(item, (*steps, index))
    else:
        yield steps, data


def _converted(data: dict[str, Any]) -> _File:
    try:
        return msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise _in_english(str(error), data) from None


def _in_english(message: str, data: Any) -> InvalidLesson:
    """Translate msgspec's message, which ends in the path, with the types of the structs."""
    location = re.search(r" - at `(\$[^`]*)`$", message)
    steps = (parse_path(location[1]) or ()) if location else ()
    field, kind, value = join_path(steps), _type_at(steps), data
    for step in steps:
        value = value[step]
    inner = _table_type(kind)
    if inner and isinstance(value, dict):
        names = [field_info.name for field_info in inner.fields]
        unknown = next((str(key) for key in value if key not in names), None)
        if unknown is not None:
            return InvalidLesson(field, f"unknown field {quoted(unknown)}; the fields here are: {', '.join(names)}")
        missing = [
            field_info.name for field_info in inner.fields if field_info.required and field_info.name not in value
        ]
        if missing:
            return InvalidLesson(field, f"expected a field {missing[0]!r}, which is not there; add it")
    return InvalidLesson(field, f"expected {_expected(kind)}, got {got(value)}")


def _expected(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        kinds = [option for option in kind.types if not isinstance(option, inspect.NoneType)]
        return " or ".join(map(_expected, kinds))
    if isinstance(kind, inspect.StrType) and kind.max_length:
        return f"a text of 1 to {kind.max_length} characters"
    return expected(kind)


def _type_at(steps: tuple[str | int, ...]) -> inspect.Type:
    kind: inspect.Type = inspect.type_info(_File)
    for step in steps:
        inner = _table_type(kind)
        if inner is not None:
            kind = next(field.type for field in inner.fields if field.name == step)
        elif isinstance(kind, inspect.VarTupleType):
            kind = kind.item_type
    return kind


def _table_type(kind: inspect.Type) -> inspect.StructType | None:
    """Return the table type of a field, also of an optional one; None if it is not a table."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((option for option in kinds if isinstance(option, inspect.StructType)), None)


def _lesson(raw: _File, file: str, lesson_id: str) -> Lesson:
    base = _experiment({"name": lesson_id.rpartition(":")[2] or "lesson", **raw.experiment})
    tables = raw.variants or (_VariantTable(AS_LOADED),)
    variants = tuple(
        _variant(base, table.name, table.set, f"variants[{index}].set") for index, table in enumerate(tables)
    )
    lesson = Lesson(
        id=lesson_id,
        file=file,
        title=raw.title,
        chapter=raw.chapter,
        text=raw.text,
        view=raw.view,
        view_options=raw.view_options,
        variants=variants,
        questions=raw.questions if raw.question is None else (raw.question,),
        checks=raw.checks,
        target=raw.target,
        pace=raw.pace,
        race=raw.race,
        hides_counts=raw.hides_counts,
        declaration=raw.declaration.strip("\n"),
        solution=_variant(base, "solution", raw.solution, "solution") if raw.solution else None,
    )
    if raw.question is not None and raw.questions:
        raise InvalidLesson("question", "there are questions, too; write it as one of them, under [[questions]]")
    if raw.race is not None:
        _check_race(base, raw.race)
    check_rules(lesson)
    return lesson


def _check_race(experiment: Experiment, race: LessonRace) -> None:
    if len(race.values) < 2:
        raise InvalidLesson("race.values", f"expected 2 values at least, got {len(race.values)}")
    for value in race.values:
        try:
            with_field(experiment, race.field, value)
        except UserError as error:
            raise InvalidLesson("race", str(error)) from None


def _experiment(data: dict[str, Any]) -> Experiment:
    try:
        return experiment_from_plain(data)
    except UserError as error:
        raise InvalidLesson(f"experiment.{error.field}".rstrip("."), error.reason) from None


def _variant(base: Experiment, name: str, changes: dict[str, Any], field: str) -> Variant:
    experiment = base
    for path, value in changes.items():
        if path in TOP_TABLES:
            raise InvalidLesson(
                f"{field}.{path}", f'would replace the whole table; write the path in quotes, as "{path}.…" = …'
            )
        try:
            experiment = with_field(experiment, path, value)
        except UserError as error:
            raise InvalidLesson(field, str(error)) from None
    return Variant(name, changes, experiment)
