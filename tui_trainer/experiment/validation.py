"""Plain data in, a checked experiment out; msgspec's complaints are put into sentences here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tui_trainer.errors import ExperimentError, meant, quoted

from .describe import Steps, entry_words, expected, field_names, got, join_path, parse_path, type_at
from .schema import Experiment


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


def unknown_field(parent: Steps, name: str) -> ExperimentError:
    """The error for a field that is not there, with the ones that are."""
    names = field_names(parent)
    if not names:
        return ExperimentError(join_path(parent), f"has no field {quoted(name)}, it is a single value")
    return ExperimentError(
        join_path(parent),
        f"unknown field {quoted(name)}{meant(name, names) or ';'} the fields here are: {', '.join(names)}",
    )


def wrong_value(steps: Steps, value: object) -> ExperimentError:
    """The error for a value that the field at ``steps`` does not take."""
    kind = type_at(steps)
    wanted = expected(kind) if kind is not None else "something else"
    return ExperimentError(join_path(steps), f"expected {wanted}, got {got(value)}")


def _in_english(message: str, data: object) -> ExperimentError:
    """msgspec's message ends in the path; the rest is looked up in the schema and in the data."""
    place = re.search(r" - at `(\$[^`]*)`$", message)
    if place and place[1].endswith("[...]"):
        return _wrong_entry(parse_path(place[1].removesuffix("[...]")) or (), data)
    steps = parse_path(place[1]) if place else ()
    if steps is None:
        return ExperimentError("", message)
    value: Any = data
    for step in steps:
        value = value[step]
    if "unknown field" in message and isinstance(value, dict):
        names = field_names(steps)
        return unknown_field(steps, next(str(key) for key in value if key not in names))
    return wrong_value(steps, value)


def _wrong_entry(steps: Steps, data: Any) -> ExperimentError:
    """The error for a value of a table whose keys are free: msgspec does not say which one it is."""
    table, words = data, entry_words(steps)
    for step in steps:
        table = table[step]
    name, value = next((name, value) for name, value in table.items() if value not in words)
    wanted = f"one of: {', '.join(words)}"
    return ExperimentError(join_path(steps), f"expected {wanted} for {quoted(str(name))}, got {got(value)}")


def _refuse_values(data: object, *, only_text: bool = False) -> None:
    """What no type can express: text must be valid Unicode, and numbers finite."""
    for steps, value in _leaves(data, ()):
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise ExperimentError(join_path(steps), f"expected text in valid Unicode, got {quoted(value)}")
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
