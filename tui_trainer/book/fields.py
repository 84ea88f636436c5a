"""Reads fields of an experiment by their path, and describes how they differ from what a lesson asks for."""

from __future__ import annotations

import re
from typing import Any

from msgspec import inspect

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import EarlyStoppingConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.validation import parse_path, type_at

MISSING = object()
_LAYER = re.compile(r"model\.layers\[(\d+)\]\.(\w+)")
_MAX_LAYERS = 32  # that a path of a lesson may refer to
# An experiment with every field that a path can refer to
_SCRATCH = Experiment(
    model=ModelConfig(layers=(LayerConfig(),) * _MAX_LAYERS),
    training=TrainingConfig(early_stopping=EarlyStoppingConfig()),
)


def is_list(path: str) -> bool:
    """Return whether the field holds a list; lessons compare its length."""
    steps = parse_path(path)
    return bool(steps) and isinstance(type_at(steps or ()), inspect.VarTupleType)


def refusal(path: str, value: object = None) -> str | None:
    """Return why ``path`` cannot be compared with ``value`` (None: with any value); None if it can."""
    steps = parse_path(path)
    kind = type_at(steps) if steps else None
    if steps is None or kind is None or isinstance(kind, inspect.StructType):
        return f"{path!r} is not the path of a field, such as model.layers[0].units"
    if isinstance(kind, inspect.VarTupleType):
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if value is None or is_count else f"{path} is a list; give the number of its entries"
    if any(isinstance(step, int) and step >= _MAX_LAYERS for step in steps):
        return f"expected an index below {_MAX_LAYERS} in {path}"
    try:
        if value is not None:
            with_field(_SCRATCH, path, value)
    except UserError as error:
        return str(error)
    return None


def value_at(experiment: Experiment, path: str) -> object:
    """Return the value at ``path``, a list as its length; MISSING if there is no such field."""
    value: Any = experiment
    for step in parse_path(path) or ():
        if isinstance(step, int):
            if not isinstance(value, tuple) or step >= len(value):
                return MISSING
            value = value[step]
        elif not hasattr(value, step):
            return MISSING
        else:
            value = getattr(value, step)
    return len(value) if isinstance(value, tuple) else value


def same(value: object, expected: object) -> bool:
    """Return whether the values are equal; true is not 1, but 1 is 1.0."""
    return isinstance(value, bool) == isinstance(expected, bool) and value == expected


def differences(experiment: Experiment, target: dict[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each field of a resolved ``experiment`` that differs from ``target``."""
    values = {path: value_at(experiment, path) for path in target}
    wrong_length = any(is_list(path) and not same(values[path], expected) for path, expected in target.items())
    sentences = []
    for path, expected in target.items():
        if same(values[path], expected) or (values[path] is MISSING and wrong_length):
            continue
        sentences.append(_difference(path, values[path], expected))
    return tuple(dict.fromkeys(sentences))


def _difference(path: str, value: object, expected: object) -> str:
    layer = _LAYER.fullmatch(path)
    if layer:
        name, field = f"hidden layer {int(layer[1]) + 1}", layer[2]
    elif path.startswith("model.output."):
        name, field = "the output layer", path.removeprefix("model.output.")
    elif path == "model.layers":
        return f"there {'is' if value == 1 else 'are'} {_count(value, 'hidden layer')}, expected {_text(expected)}"
    elif path == "dataset.name":
        return f"the dataset is {_text(value)}, expected {_text(expected)}"
    else:
        return f"{path} is {_text(value)}, expected {_text(expected)}"
    if value is MISSING:
        return f"{name} is missing"
    if field == "units":
        return f"{name} has {_count(value, 'unit')}, expected {_text(expected)}"
    return f"{name} has {field} {_text(value)}, expected {_text(expected)}"


def _count(number: object, what: str) -> str:
    return f"{number or 'no'} {what}" + ("" if number == 1 else "s")


def _text(value: object) -> str:
    if value is None or value is MISSING:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
