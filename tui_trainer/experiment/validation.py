"""Plain data in, a checked experiment out; msgspec's complaints are put into sentences here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from tui_trainer.errors import UserError, meant, quoted

from .schema import Experiment

Steps = tuple[str | int, ...]
_STEP = re.compile(r"\.(\w+)|\[(\d{1,9})\]")


def validate(experiment: Experiment) -> Experiment:
    """The same experiment, every field checked; ExperimentError names the first wrong one."""
    return from_plain(to_plain(experiment))


def to_plain(value: object) -> Any:
    """Structs as dicts, tuples as lists, every field included (msgspec would leave defaults out)."""
    if isinstance(value, msgspec.Struct):
        return {name: to_plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(data: object, *, strict: bool = True) -> Experiment:
    """An experiment from nested dicts and lists; ``strict=False`` reads numbers from text, as "0.05".

    Raises ExperimentError with the path of the field at fault.
    """
    _refuse_values(data, only_text=True)
    try:
        experiment = msgspec.convert(data, Experiment, strict=strict)
    except msgspec.ValidationError as error:
        raise _in_english(str(error), data) from None
    _refuse_values(to_plain(experiment))
    return experiment


def unknown_field(parent: Steps, name: str) -> UserError:
    """The error for a field that is not there, with the ones that are."""
    names = field_names(parent)
    if not names:
        return UserError(join_path(parent), f"has no field {quoted(name)}, it is a single value")
    return UserError(
        join_path(parent),
        f"unknown field {quoted(name)}{meant(name, names) or ';'} the fields here are: {', '.join(names)}",
    )


def wrong_value(steps: Steps, value: object) -> UserError:
    """The error for a value that the field at ``steps`` does not take."""
    kind = type_at(steps)
    wanted = expected(kind) if kind is not None else "something else"
    return UserError(join_path(steps), f"expected {wanted}, got {got(value)}")


def _in_english(message: str, data: object) -> UserError:
    """msgspec's message ends in the path; the rest is looked up in the schema and in the data."""
    place = re.search(r" - at `(\$[^`]*)`$", message)
    if place and place[1].endswith("[...]"):
        return _wrong_entry(parse_path(place[1].removesuffix("[...]")) or (), data)
    steps = parse_path(place[1]) if place else ()
    if steps is None:
        return UserError("", message)
    value: Any = data
    for step in steps:
        value = value[step]
    if "unknown field" in message and isinstance(value, dict):
        names = field_names(steps)
        return unknown_field(steps, next(str(key) for key in value if key not in names))
    return wrong_value(steps, value)


def _wrong_entry(steps: Steps, data: Any) -> UserError:
    """The error for a value of a table whose keys are free: msgspec does not say which one it is."""
    table, words = data, entry_words(steps)
    for step in steps:
        table = table[step]
    name, value = next((name, value) for name, value in table.items() if value not in words)
    wanted = f"one of: {', '.join(words)}"
    return UserError(join_path(steps), f"expected {wanted} for {quoted(str(name))}, got {got(value)}")


def _refuse_values(data: object, *, only_text: bool = False) -> None:
    """What no type can express: text must be valid Unicode, and numbers finite."""
    for steps, value in _leaves(data, ()):
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise UserError(join_path(steps), f"expected text in valid Unicode, got {quoted(value)}")
        if not only_text and isinstance(value, float) and not math.isfinite(value):
            raise wrong_value(steps, value)


def _leaves(data: object, steps: Steps) -> Iterator[tuple[Steps, object]]:
    """Every single value with its path; keys count as values of the table they are in."""
    if isinstance(data, dict):
        for key, item in data.items():
            yield steps, key
            yield from _leaves(item, (*steps, str(key)))
    elif isinstance(data, (list, tuple)):
        for index, item in enumerate(data):
            yield from _leaves(item, (*steps, index))
    else:
        yield steps, data


def parse_path(path: str) -> Steps | None:
    """The steps of ``model.layers[0].units``: names and indices; None where it is not such a path."""
    dotted = "." + path.removeprefix("$").removeprefix(".")
    if path in ("", "$"):
        return ()
    if re.fullmatch(f"(?:{_STEP.pattern})+", dotted, re.ASCII) is None:
        return None
    return tuple(name or int(index) for name, index in _STEP.findall(dotted))


def join_path(steps: Steps) -> str:
    """The reverse of ``parse_path``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


@cache
def type_at(steps: Steps) -> inspect.Type | None:
    """The type of the field that ``steps`` leads to, None where there is no such field."""
    found = _experiment()
    for step in steps:
        inner = _container(found)
        if isinstance(step, int) and isinstance(inner, inspect.VarTupleType):
            found = inner.item_type
            continue
        fields = {f.name: f.type for f in inner.fields} if isinstance(inner, inspect.StructType) else {}
        if step not in fields:
            return None
        found = fields[str(step)]
    return found


@cache
def _experiment() -> inspect.Type:
    """The type of the whole, which takes a millisecond to describe."""
    return inspect.type_info(Experiment)


def field_names(steps: Steps) -> tuple[str, ...]:
    """The fields of the table at ``steps``; none where it is no table."""
    found = type_at(steps)
    inner = _container(found) if found is not None else None
    return tuple(f.name for f in inner.fields) if isinstance(inner, inspect.StructType) else ()


def is_text_list(steps: Steps) -> bool:
    """Whether the field holds a list of names, such as ``dataset.features``."""
    found = type_at(steps)
    return isinstance(found, inspect.VarTupleType) and isinstance(found.item_type, inspect.StrType)


def entry_words(steps: Steps) -> tuple[str, ...]:
    """The words that the values of a table with free keys are chosen from, such as ``dataset.kinds``."""
    found = type_at(steps)
    kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
    values = next(kind.value_type for kind in kinds if isinstance(kind, inspect.DictType))
    return tuple(map(str, values.values)) if isinstance(values, inspect.LiteralType) else ()


def expected(kind: inspect.Type) -> str:
    """What a field of this type takes: "an integer from 1 to 65536"."""
    match kind:
        case inspect.UnionType():
            words = [expected(t) for t in kind.types if not isinstance(t, inspect.NoneType)]
            return " or ".join([*words, "nothing"] if kind.includes_none else words)
        case inspect.IntType():
            return "an integer" + _limits(kind)
        case inspect.FloatType():
            return "a finite number" + _limits(kind)
        case inspect.StrType():
            return "a text of at least one character" if kind.min_length else "a text"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            names = ", ".join(str(value) for value in kind.values)
            return f"one of: {names}" if len(kind.values) > 1 else quoted(names)
        case inspect.VarTupleType():
            return "a list" + (f" of at most {kind.max_length}" if kind.max_length else "")
        case _:
            return "a table"


def got(value: object) -> str:
    """A wrong value in few words, safe to print."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case float():
            return repr(value)
        case int():
            # str() refuses integers of thousands of digits.
            return str(value) if abs(value) < 10**40 else "an integer of more than 40 digits"
        case dict():
            return "a table"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return f"a value of type {type(value).__name__}"


def _container(kind: inspect.Type) -> inspect.Type:
    """The table or list inside an optional field, the type itself elsewhere."""
    if isinstance(kind, inspect.UnionType):
        held = (inspect.StructType, inspect.VarTupleType)
        return next((t for t in kind.types if isinstance(t, held)), kind)
    return kind


def _limits(kind: Any) -> str:
    """The bounds of a number, in words."""
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:.16g} to {kind.le:.16g}" if kind.le < 2**53 else f" of at least {kind.ge}"
    if kind.ge is not None and kind.lt is not None:
        return f" from {kind.ge:g} up to but not including {kind.lt:g}"
    if kind.gt is not None:
        return f" greater than {kind.gt:g}" + (f" and at most {kind.le:.16g}" if kind.le is not None else "")
    return f" of at least {kind.ge:g}" if kind.ge is not None else ""
