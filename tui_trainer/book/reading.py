"""A lesson file's text to a checked lesson; whatever is wrong with it comes out as one sentence."""

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

from .lesson import Check, Lesson, LessonError, Line, Page, Question, Variant, View
from .rules import Broken, check_rules

TOP_TABLES = ("dataset", "model", "training")
AS_LOADED = "as loaded"


class _VariantTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Line
    set: dict[str, Any] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    title: Line
    chapter: Line
    text: Page
    view: View
    view_options: dict[str, Any] = {}
    experiment: dict[str, Any] = {}
    question: Question | None = None
    variants: Annotated[tuple[_VariantTable, ...], Meta(max_length=16)] = ()
    checks: Annotated[tuple[Check, ...], Meta(max_length=32)] = ()
    target: dict[str, Any] = {}


def loads(text: str, file: str, lesson_id: str) -> Lesson:
    """The lesson in a TOML text; ``file`` is named in the LessonError that says what is wrong with it."""
    try:
        return _lesson(_converted(_parsed(text)), file, lesson_id)
    except Broken as broken:
        raise LessonError(file, broken.field, broken.reason) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = parse_toml(text)
    except TooDeep:
        raise Broken("", "the TOML is nested too deeply to be a lesson") from None
    except tomllib.TOMLDecodeError as error:
        shown = escaped(str(error)[:200])
        raise Broken("", f"this is not valid TOML: {shown[:1].lower()}{shown[1:]}") from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise Broken("", "this is not valid TOML: a number has too many digits") from None
    for steps, value in _leaves(data, ()):
        if isinstance(value, float) and not math.isfinite(value):
            raise Broken(join_path(steps), f"expected a finite number, got {value!r}")
    return data


def _leaves(data: object, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every single value with its path."""
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
    except OverflowError:
        raise Broken("", "a whole number has too many digits; write it as 1e10, or make it smaller") from None


def _in_english(message: str, data: Any) -> Broken:
    """msgspec's message ends in the path; what was expected there is read off the structs."""
    place = re.search(r" - at `(\$[^`]*)`$", message)
    steps = (parse_path(place[1]) or ()) if place else ()
    field, kind, value = join_path(steps), _type_at(steps), data
    for step in steps:
        value = value[step]
    inner = _tables(kind)
    if inner and isinstance(value, dict):
        names = [one.name for one in inner.fields]
        unknown = next((str(key) for key in value if key not in names), None)
        if unknown is not None:
            return Broken(field, f"unknown field {quoted(unknown)}; the fields here are: {', '.join(names)}")
        lacking = [one.name for one in inner.fields if one.required and one.name not in value]
        if lacking:
            return Broken(field, f"expected a field {lacking[0]!r}, which is not there; add it")
    return Broken(field, f"expected {_expected(kind)}, got {got(value)}")


def _expected(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return " or ".join(map(_expected, kinds))
    if isinstance(kind, inspect.StrType) and kind.max_length:
        return f"a text of 1 to {kind.max_length} characters"
    return expected(kind)


def _type_at(steps: tuple[str | int, ...]) -> inspect.Type:
    found: inspect.Type = inspect.type_info(_File)
    for step in steps:
        inner = _tables(found)
        if inner is not None:
            found = next(one.type for one in inner.fields if one.name == step)
        elif isinstance(found, inspect.VarTupleType):
            found = found.item_type
    return found


def _tables(kind: inspect.Type) -> inspect.StructType | None:
    """The table that a field holds, also where it may be left out."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((one for one in kinds if isinstance(one, inspect.StructType)), None)


def _lesson(raw: _File, file: str, lesson_id: str) -> Lesson:
    base = _experiment({"name": lesson_id.rpartition(":")[2] or "lesson", **raw.experiment})
    tables = raw.variants or (_VariantTable(AS_LOADED),)
    variants = tuple(_variant(base, table, f"variants[{index}]") for index, table in enumerate(tables))
    lesson = Lesson(
        id=lesson_id,
        file=file,
        title=raw.title,
        chapter=raw.chapter,
        text=raw.text,
        view=raw.view,
        view_options=raw.view_options,
        variants=variants,
        question=raw.question,
        checks=raw.checks,
        target=raw.target,
    )
    check_rules(lesson)
    return lesson


def _experiment(data: dict[str, Any]) -> Experiment:
    try:
        return experiment_from_plain(data)
    except UserError as error:
        raise Broken(f"experiment.{error.field}".rstrip("."), error.reason) from None
    except OverflowError:
        raise Broken("experiment", "a whole number has too many digits") from None


def _variant(base: Experiment, table: _VariantTable, field: str) -> Variant:
    experiment = base
    for path, value in table.set.items():
        if path in TOP_TABLES:
            raise Broken(
                f"{field}.set.{path}",
                f'would replace the whole table; write the path in quotes, as "{path}.…" = …',
            )
        try:
            experiment = with_field(experiment, path, value)
        except UserError as error:
            raise Broken(f"{field}.set", str(error)) from None
        except OverflowError:
            raise Broken(f"{field}.set", "a whole number has too many digits") from None
    return Variant(table.name, table.set, experiment)
