"""Checks plain data and converts it to an experiment; turns msgspec's errors into sentences.

In reading order: conversion and its errors, paths of fields (``model.layers[0].units``), what a field expects, in
words, and the same as the app says it. All words are derived from the types of the structs, so that a new field needs
no new ones; a new number needs an example.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import asdict

from tui_trainer.errors import UserError, quoted, suggestion

from .schema import MAX_FOLDS, Experiment

TABLES = {
    "dataset": "data",
    "output": "output",
    "early_stopping": "early stopping",
    "schedule": "schedule",
}  # part of a field's label
WHOLE_LABELS = {
    "training.optimizer.name": "optimizer",
    "training.schedule.name": "schedule",
    "model.layers": "hidden layers",
    "model.input_dropout": "dropout of the inputs",
    "dataset.fold": "fold",
}
SHORT_PATHS = {  # of names that say less than they stand for, or that several tables have
    "optimizer": ("training.optimizer.name",),
    "schedule": ("training.schedule.name",),
    "patience": ("training.early_stopping.patience",),
    "l1": ("training.l1",),
    "l2": ("training.l2",),
}
PENALTIES = {"l1": "penalty L1", "l2": "penalty L2"}
EXAMPLES = {  # a sensible value of each number, by the last part of its path
    "validation_split": "0.2",
    "test_split": "0.2",
    "seed": "1",
    "samples": "200",
    "noise": "10",
    "classes": "4",
    "skip_rows": "2",
    "x1": "0.5",
    "x2": "0.5",
    "value": "1",
    "units": "8",
    "dropout": "0.2",
    "input_dropout": "0.2",
    "initializer_scale": "2",
    "momentum": "0.9",
    "rho": "0.9",
    "beta_1": "0.9",
    "beta_2": "0.999",
    "epsilon": "1e-08",
    "weight_decay": "0.004",
    "history_size": "10",
    "max_eval": "25",
    "warmup_epochs": "5",
    "decay_epochs": "50",
    "factor": "0.1",
    "alpha": "0.01",
    "clip_norm": "1",
    "clip_value": "0.5",
    "min_delta": "0.001",
    "patience": "10",
    "baseline": "0.5",
    "start_from_epoch": "10",
    "learning_rate": "0.05",
    "batch_size": "32",
    "epochs": "200",
    "l1": "0.001",
    "l2": "0.001",
    "stop_at_loss": "0.01",
    "stop_at_accuracy": "0.95",
    "stop_after": "60",
    "stop_at_step": "1e-6",
    "stop_at_gradient": "1e-4",
}
SCREEN_LABELS = {  # where a field stands beside others of its table
    "dataset.name": "dataset",
    "dataset.path": "file",
    "dataset.features": "features",
    "dataset.target": "target",
    "dataset.validation_split": "validation",
    "dataset.test_split": "test part",
    "dataset.test_path": "test file",
    "dataset.split_column": "part column",
    "dataset.group_column": "groups",
    "dataset.weight_column": "row weights",
    "dataset.samples": "samples",
    "dataset.noise": "noise",
    "dataset.classes": "classes",
    "dataset.points": "points",
}
NAMED_TABLES = ("optimizer", "schedule")  # of the training, for which a name may stand
LARGE = 1e6  # limits from here on are named only where they matter

Steps = tuple[str | int, ...]
NumberType = inspect.IntType | inspect.FloatType
_STEP = re.compile(r"\.(\w+)|\[(\d{1,9})\]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)


def validate(experiment: Experiment) -> Experiment:
    """Return the same experiment with every field checked; UserError names the first wrong one."""
    return from_plain(to_plain(experiment))


def to_plain(value: object) -> Any:
    """Convert structs to dicts and tuples to lists, with every field (msgspec would leave out defaults)."""
    if isinstance(value, msgspec.Struct):
        return {name: to_plain(item) for name, item in asdict(value).items()}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(data: object, *, strict: bool = True) -> Experiment:
    """Return an experiment from nested dicts and lists; ``strict=False`` accepts numbers as text, as "0.05".

    Raises UserError with the path of the field at fault.
    """
    _refuse_values(data, only_text=True)
    data = _with_tables(_with_plain_target(data))
    try:
        experiment = msgspec.convert(data, Experiment, strict=strict)
    except msgspec.ValidationError as error:
        raise _in_english(str(error), data) from None
    _refuse_values(to_plain(experiment))
    _check_fold(experiment)
    return experiment


def _with_tables(data: object) -> object:
    """Return ``data`` with an optimizer or a schedule that is only named, as ``optimizer = "adam"``, as a table."""
    training = data.get("training") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(training, dict):
        return data
    tables = {name: {"name": training[name]} for name in NAMED_TABLES if isinstance(training.get(name), str)}
    return {**data, "training": {**training, **tables}} if tables else data


def _with_plain_target(data: object) -> object:
    """Return ``data`` with a list of one target as that target, so that one experiment is written in one way."""
    dataset = data.get("dataset") if isinstance(data, dict) else None
    target = dataset.get("target") if isinstance(dataset, dict) else None
    if not isinstance(data, dict) or not isinstance(dataset, dict) or not isinstance(target, list) or len(target) != 1:
        return data
    return {**data, "dataset": {**dataset, "target": target[0]}}


def unknown_field(parent: Steps, name: str) -> UserError:
    """Return the error for an unknown field; it lists the fields there are."""
    names = field_names(parent)
    if not names:
        return UserError(join_path(parent), f"has no field {quoted(name)}, it is a single value")
    return UserError(
        join_path(parent),
        f"unknown field {quoted(name)}{suggestion(name, names) or ';'} the fields here are: {', '.join(names)}",
    )


def wrong_value(steps: Steps, value: object) -> UserError:
    """Return the error for a value that the field at ``steps`` does not accept."""
    kind = type_at(steps)
    expectation = expected(kind) if kind is not None else "something else"
    return UserError(join_path(steps), f"expected {expectation}, got {got(value)}")


def _in_english(message: str, data: object) -> UserError:
    """Translate msgspec's message, which ends in the path, with the schema and the data."""
    location = re.search(r" - at `(\$[^`]*)`$", message)
    if location and location[1].endswith("[...]"):
        return _wrong_entry(parse_path(location[1].removesuffix("[...]")) or (), data)
    steps = parse_path(location[1]) if location else ()
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
    """Return the error for an entry of a table with free keys, which msgspec does not name."""
    table, words = data, entry_words(steps)
    for step in steps:
        table = table[step]
    if not words:
        name, value = next((name, value) for name, value in table.items() if not _is_weight(value))
        expectation = "a finite number of at least 0"
        return UserError(join_path(steps), f"expected {expectation} for {quoted(str(name))}, got {got(value)}")
    name, value = next((name, value) for name, value in table.items() if value not in words)
    expectation = f"one of: {', '.join(words)}"
    return UserError(join_path(steps), f"expected {expectation} for {quoted(str(name))}, got {got(value)}")


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _refuse_values(data: object, *, only_text: bool = False) -> None:
    """Raise UserError for what types cannot express: text that is not valid Unicode, numbers not finite."""
    if _is_text_valid(data) if only_text else _is_finite(data):  # paths are put together only to name one
        return
    for steps, value in _leaves(data, ()):
        if isinstance(value, str) and not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise UserError(join_path(steps), f"expected text in valid Unicode, got {quoted(value)}")
        if not only_text and isinstance(value, float) and not math.isfinite(value):
            raise wrong_value(steps, value)


def _is_text_valid(data: object) -> bool:
    """Return whether all text in ``data`` is known to be valid Unicode."""
    try:
        msgspec.msgpack.encode(data)  # much quicker than a look at each value
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


def _is_finite(data: object) -> bool:
    """Return whether no number in ``data`` is infinite or not a number."""
    if isinstance(data, float):
        return math.isfinite(data)
    if isinstance(data, dict):
        return all(map(_is_finite, data.values()))
    return not isinstance(data, (list, tuple)) or all(map(_is_finite, data))


def _check_fold(experiment: Experiment) -> None:
    """Raise UserError for a fold that is none of its folds."""
    fold, folds = experiment.dataset.fold_of or (1, 2)
    if not fold <= folds or not 2 <= folds <= MAX_FOLDS:
        what = f"expected a fold and the number of folds, from 2 to {MAX_FOLDS:,}, such as 2/5"
        raise UserError("dataset.fold", f"{what}; got {quoted(f'{fold}/{folds}')}")


def _leaves(data: object, steps: Steps) -> Iterator[tuple[Steps, object]]:
    """Yield every single value with its path; keys count as values of their table."""
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
    """Return the steps of a path such as ``model.layers[0].units``: names and indices; None if it is not one."""
    dotted = "." + path.removeprefix("$").removeprefix(".")
    if path in ("", "$"):
        return ()
    if re.fullmatch(f"(?:{_STEP.pattern})+", dotted, re.ASCII) is None:
        return None
    return tuple(name or int(index) for name, index in _STEP.findall(dotted))


def join_path(steps: Steps) -> str:
    """Return the path of ``steps``, the reverse of ``parse_path``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def full_path(path: str) -> str:
    """Return the path of the field that ``path`` names: its last part, such as ``batch_size``, may stand for it alone.

    ``optimizer`` and ``schedule`` are those by their names. A path of several parts, or of no field, is returned as it
    is. Raises UserError for the name of several fields.
    """
    steps = parse_path(path)
    if not steps or len(steps) > 1 or steps[0] in field_names(()):
        return path
    named = _paths_by_name().get(str(steps[0]), ())
    if len(named) > 1:
        listed = f"{', '.join(named[:-1])} or {named[-1]}"
        raise UserError(path, f"is the name of several fields; give one of them with its table: {listed}")
    return named[0] if named else path


@cache
def _paths_by_name() -> dict[str, tuple[str, ...]]:
    """Return the paths of all fields by their last part; those of the first hidden layer stand for all layers."""
    paths: dict[str, tuple[str, ...]] = {}

    def walk(steps: Steps) -> None:
        kind = type_at(steps)
        inner = _container(kind) if kind is not None else None
        is_list = isinstance(inner, inspect.VarTupleType) and isinstance(inner.item_type, inspect.StructType)
        if is_list:
            walk((*steps, 0))
        if steps and isinstance(steps[-1], str) and not isinstance(inner, inspect.StructType):
            paths[steps[-1]] = (*paths.get(steps[-1], ()), join_path(steps))
        for name in field_names(steps):
            walk((*steps, name))

    walk(())
    return {**paths, **SHORT_PATHS}


@cache
def type_at(steps: Steps) -> inspect.Type | None:
    """Return the type of the field at ``steps``; None if there is no such field."""
    kind = _experiment()
    for step in steps:
        inner = _container(kind)
        if isinstance(step, int) and isinstance(inner, inspect.VarTupleType):
            kind = inner.item_type
            continue
        fields = {f.name: f.type for f in inner.fields} if isinstance(inner, inspect.StructType) else {}
        if step not in fields:
            return None
        kind = fields[str(step)]
    return kind


@cache
def _experiment() -> inspect.Type:
    """Return the type of an experiment; cached, since describing it takes a millisecond."""
    return inspect.type_info(Experiment)


def field_names(steps: Steps) -> tuple[str, ...]:
    """Return the fields of the table at ``steps``; none if it is not a table."""
    kind = type_at(steps)
    inner = _container(kind) if kind is not None else None
    return tuple(f.name for f in inner.fields) if isinstance(inner, inspect.StructType) else ()


def is_text_list(steps: Steps) -> bool:
    """Return whether the field holds a list of names, such as ``dataset.features``."""
    kind = type_at(steps)
    return isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StrType | inspect.LiteralType)


def holds_several(steps: Steps) -> bool:
    """Return whether the field may hold a list or a table, such as ``dataset.kinds`` or ``training.class_weight``."""
    kind = type_at(steps)
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(one, inspect.VarTupleType | inspect.DictType | inspect.StructType) for one in options)


def number_type(steps: Steps) -> NumberType | None:
    """Return the type of the number that the field at ``steps`` holds; None if it holds none."""
    kind = type_at(steps)
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((option for option in options if isinstance(option, NumberType)), None)


def number_words(steps: Steps) -> tuple[str, ...]:
    """Return the words that the field at ``steps`` accepts instead of a number, such as full."""
    kind = type_at(steps)
    options = kind.types if isinstance(kind, inspect.UnionType) else ()
    return tuple(str(word) for option in options if isinstance(option, inspect.LiteralType) for word in option.values)


def number_text(text: str) -> str:
    """Return a number as people write it the way Python does: 0,005 is 0.005, and .01 is 0.01; other text unchanged.

    A comma before three digits stays where it may separate thousands, as in 1,000: no one can tell.
    """
    text = text.strip()
    if _GROUPED.fullmatch(text) is None and _NUMBER.fullmatch(text) is not None:
        whole, *rest = re.split("[.,]", text, maxsplit=1)
        text = ".".join([whole or "0", *(part if part[:1].isdigit() else f"0{part}" for part in rest)])
    return text


def entry_words(steps: Steps) -> tuple[str, ...]:
    """Return the words allowed as values of a table with free keys, such as ``dataset.kinds``."""
    kind = type_at(steps)
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    values = next(option.value_type for option in options if isinstance(option, inspect.DictType))
    return tuple(map(str, values.values)) if isinstance(values, inspect.LiteralType) else ()


def expected(kind: inspect.Type) -> str:
    """Describe what a field of this type accepts: "an integer from 1 to 65536"."""
    match kind:
        case inspect.UnionType():
            words = [expected(t) for t in kind.types if not isinstance(t, inspect.NoneType)]
            return " or ".join([*words, "nothing"] if kind.includes_none else words)
        case inspect.IntType():
            return "an integer" + _limits(kind)
        case inspect.FloatType():
            return "a finite number" + _limits(kind)
        case inspect.StrType(pattern=str()):
            return "a fold and the number of folds, such as 2/5"
        case inspect.StrType():
            return "a text of at least one character" if kind.min_length else "a text"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            names = ", ".join(str(value) for value in kind.values)
            return f"one of: {names}" if len(kind.values) > 1 else quoted(names)
        case inspect.VarTupleType():
            least = f"{kind.min_length} to " if kind.min_length else "at most "
            return "a list" + (f" of {least}{kind.max_length}" if kind.max_length else "")
        case _:
            return "a table"


def got(value: object) -> str:
    """Describe a wrong value in few words, safe to print."""
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
            # str() rejects integers of thousands of digits.
            return str(value) if abs(value) < 10**40 else "an integer of more than 40 digits"
        case dict():
            return "a table"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return f"a value of type {type(value).__name__}"


def _container(kind: inspect.Type) -> inspect.Type:
    """Return the table or list inside an optional field, other types unchanged."""
    if isinstance(kind, inspect.UnionType):
        containers = (inspect.StructType, inspect.VarTupleType)
        return next((t for t in kind.types if isinstance(t, containers)), kind)
    return kind


def _limits(kind: Any) -> str:
    """Describe the bounds of a number."""
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:.16g} to {kind.le:.16g}" if kind.le < 2**53 else f" of at least {kind.ge}"
    if kind.ge is not None and kind.lt is not None:
        return f" from {kind.ge:g} up to but not including {kind.lt:g}"
    if kind.gt is not None:
        return f" greater than {kind.gt:g}" + (f" and at most {kind.le:.16g}" if kind.le is not None else "")
    return f" of at least {kind.ge:g}" if kind.ge is not None else ""


def label_of(path: str) -> str:
    """Return the label of a field: ``learning rate``, ``layer 1 units``."""
    steps = path.replace("]", "").replace("[", ".").split(".")
    if path in WHOLE_LABELS:
        return WHOLE_LABELS[path]
    name = PENALTIES.get(steps[-1]) or steps[-1].replace("_", " ")
    if "layers" in steps and len(steps) > 3:
        return f"layer {int(steps[2]) + 1} {name}"
    table = next((TABLES[step] for step in steps[:-1] if step in TABLES), "")
    return f"{table} {name}".strip()


def screen_name(path: str) -> str:
    """Return the name of a field at the start of a sentence: ``Learning rate``."""
    label = SCREEN_LABELS.get(path) or label_of(path)
    return label[0].upper() + label[1:]


def on_screen(path: str, reason: str) -> str:
    """Return what is wrong with a field as the app says it: the field by its label, and an example of a number."""
    steps = parse_path(path) or ()
    kind, number = type_at(steps), number_type(steps)
    if not steps or kind is None:
        return f"{path}: {reason}" if path else reason
    label = screen_name(path)
    expectation, _, value = reason.partition(", got ")
    if expectation != f"expected {expected(kind)}":
        return f"{label}: {reason}"
    if number is None:
        return f"{label}: {expected(kind)}; got {value}."
    words = "".join(f", or {word}" for word in number_words(steps))
    return f"{label}: {_plain_number(number, value)}, such as {EXAMPLES[str(steps[-1])]}{words}; got {value}."


def _plain_number(kind: Any, value: str) -> str:
    """Describe a number in everyday words; a large limit only if ``value`` is beyond it."""
    try:
        is_beyond = kind.le is not None and float(value.strip("'")) > kind.le
    except ValueError:
        is_beyond = False
    limit = f"{kind.le:,.16g}" if kind.le is not None and (kind.le < LARGE or is_beyond) else ""
    if kind.ge is None and kind.gt is None:
        limits = ""
    elif kind.lt is not None:
        limits = f" from {kind.ge:g} to below {kind.lt:g}"
    elif kind.gt is not None:
        limits = f" above {kind.gt:g}" + (f", up to {limit}" if limit else "")
    else:
        limits = f" from {kind.ge:g} to {limit}" if limit else f" of {kind.ge:g} or more"
    return f"a {'whole ' if isinstance(kind, inspect.IntType) else ''}number{limits}"
