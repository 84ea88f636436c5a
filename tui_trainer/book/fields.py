"""Fields of an experiment by their path: their values, and how they are told of in a sentence."""

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
_MAX_LAYERS = 32  # that a path of a lesson may count to
# Has all that a path can lead to.
_SCRATCH = Experiment(
    model=ModelConfig(layers=(LayerConfig(),) * _MAX_LAYERS),
    training=TrainingConfig(early_stopping=EarlyStoppingConfig()),
)


def is_list(path: str) -> bool:
    """Whether the field holds a list, of which a lesson counts the entries."""
    steps = parse_path(path)
    return bool(steps) and isinstance(type_at(steps or ()), inspect.VarTupleType)


def refusal(path: str, value: object = None) -> str | None:
    """Why ``path`` can't be compared with ``value`` (None: whatever its value); None where it can."""
    steps = parse_path(path)
    kind = type_at(steps) if steps else None
    if steps is None or kind is None or isinstance(kind, inspect.StructType):
        return f"{path!r} is not the path of a field, such as model.layers[0].units"
    if isinstance(kind, inspect.VarTupleType):
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if value is None or whole else f"{path} is a list; give the number of its entries"
    if any(isinstance(step, int) and step >= _MAX_LAYERS for step in steps):
        return f"expected an index below {_MAX_LAYERS} in {path}"
    try:
        if value is not None:
            with_field(_SCRATCH, path, value)
    except UserError as error:
        return str(error)
    return None


def value_at(experiment: Experiment, path: str) -> object:
    """The value at ``path``, a list as the number of its entries; MISSING where the path leads nowhere."""
    found: Any = experiment
    for step in parse_path(path) or ():
        if isinstance(step, int):
            if not isinstance(found, tuple) or step >= len(found):
                return MISSING
            found = found[step]
        elif not hasattr(found, step):
            return MISSING
        else:
            found = getattr(found, step)
    return len(found) if isinstance(found, tuple) else found


def same(found: object, wanted: object) -> bool:
    """Equal, where true is no 1 and 1 is 1.0."""
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted


def differences(experiment: Experiment, target: dict[str, Any]) -> tuple[str, ...]:
    """A sentence for each field of a resolved ``experiment`` that is not as ``target`` has it."""
    found = {path: value_at(experiment, path) for path in target}
    counted = any(is_list(path) and not same(found[path], wanted) for path, wanted in target.items())
    sentences = []
    for path, wanted in target.items():
        if same(found[path], wanted) or (found[path] is MISSING and counted):
            continue
        sentences.append(_difference(path, found[path], wanted))
    return tuple(dict.fromkeys(sentences))


def _difference(path: str, found: object, wanted: object) -> str:
    layer = _LAYER.fullmatch(path)
    if layer:
        name, field = f"hidden layer {int(layer[1]) + 1}", layer[2]
    elif path.startswith("model.output."):
        name, field = "the output layer", path.removeprefix("model.output.")
    elif path == "model.layers":
        return f"there {'is' if found == 1 else 'are'} {_count(found, 'hidden layer')}, expected {_shown(wanted)}"
    elif path == "dataset.name":
        return f"the dataset is {_shown(found)}, expected {_shown(wanted)}"
    else:
        return f"{path} is {_shown(found)}, expected {_shown(wanted)}"
    if found is MISSING:
        return f"{name} is missing"
    if field == "units":
        return f"{name} has {_count(found, 'unit')}, expected {_shown(wanted)}"
    return f"{name} has {field} {_shown(found)}, expected {_shown(wanted)}"


def _count(number: object, what: str) -> str:
    return f"{number or 'no'} {what}" + ("" if number == 1 else "s")


def _shown(value: object) -> str:
    if value is None or value is MISSING:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
