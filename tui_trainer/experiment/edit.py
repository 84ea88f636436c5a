"""Changes an experiment: sets single fields by their path, and adds, removes and moves hidden layers."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted

from .schema import MAX_LAYERS, NO_LAYERS, Experiment, LayerConfig
from .validation import (
    Steps,
    field_names,
    from_plain,
    holds_several,
    is_text_list,
    join_path,
    number_text,
    number_type,
    parse_path,
    to_plain,
    unknown_field,
    wrong_value,
)

ROW_FIELDS = {"points", "removed", "seed", "fold"}  # changes of these keep features and classes
MAX_NAMED = 3  # settings in a sentence
LAYERS, FOLD, TARGET = ("model", "layers"), ("dataset", "fold"), ("dataset", "target")
RENUMBERING = {"name", "seed", "samples", "classes"}  # changes of these renumber the points of a dataset


def with_field(experiment: Experiment, path: str, value: object) -> Experiment:
    """Return a new experiment with the field at ``path`` (``model.layers[0].units``) set to ``value``.

    Text is converted to the type of the field: "0.05" to a number, "RM, TAX" to two names; a list or a table may be
    as in a TOML file, too: ["RM", "TAX"], {RM = "number"}; so several targets are, since a name may hold a comma.
    Units alone, as "64-32", make hidden layers that are like the first one in everything else, "none" a perceptron.
    None empties an optional field. Initial weights listed in the experiment are dropped if they may no longer fit
    the network, or if the seed changes. The numbers of removed points are dropped if other points are generated,
    and added points if another dataset is named. Raises UserError for a path to no field or a wrong value.
    """
    steps = parse_path(path)
    if not steps:
        raise UserError("", f"{quoted(path)} is not the path of a field, such as model.layers[0].units")
    value = value.tolist() if hasattr(value, "tolist") else value  # a number or an array of NumPy
    if isinstance(value, set | frozenset):
        raise wrong_value(steps, value)  # it has no order
    data = to_plain(experiment)
    try:
        value = _from_toml(steps, value) if isinstance(value, str) and holds_several(steps) else value
        layers = _layers_of_units(experiment, value) if steps == LAYERS else None
        _parent(data, steps)[steps[-1]] = _from_input(steps, value) if layers is None else layers
        if steps[0] == "dataset":
            _drop_outdated(data, experiment, steps)
        elif steps[:2] in (("model", "layers"), ("model", "output"), ("model", "seed")):
            data["model"]["weights"] = []
        return from_plain(data, strict=False)
    except RecursionError:
        raise UserError(path, "is nested too deeply") from None


def add_layer(experiment: Experiment, index: int | None = None, layer: LayerConfig | None = None) -> Experiment:
    """Return a new experiment with a hidden layer inserted before the one at ``index``, or after the last.

    Without ``layer``, the new one is a copy of its predecessor. Raises UserError for a wrong index.
    """
    layers = list(experiment.model.layers)
    if len(layers) >= MAX_LAYERS:
        raise UserError("model.layers", f"expected at most {MAX_LAYERS} hidden layers; remove one first")
    position = len(layers) if index is None else index
    if not 0 <= position <= len(layers):
        raise UserError("model.layers", f"expected a position from 0 to {len(layers)}, got {position}")
    if layer is None:
        layer = layers[max(position - 1, 0)] if layers else LayerConfig()
    layers.insert(position, layer)
    return _with_layers(experiment, layers)


def remove_layer(experiment: Experiment, index: int) -> Experiment:
    """Return a new experiment without the hidden layer at ``index``; raise UserError if there is none."""
    _check_index(experiment, index)
    layers = list(experiment.model.layers)
    del layers[index]
    return _with_layers(experiment, layers)


def move_layer(experiment: Experiment, index: int, offset: int) -> Experiment:
    """Return a new experiment with a hidden layer moved by ``offset``, but not beyond either end.

    Raises UserError if there is no layer at ``index``.
    """
    _check_index(experiment, index)
    layers = list(experiment.model.layers)
    position = min(max(index + offset, 0), len(layers) - 1)
    layers.insert(position, layers.pop(index))
    return _with_layers(experiment, layers)


def _drop_outdated(data: Any, before: Experiment, steps: Steps) -> None:
    """Drop from ``data`` what a change of the dataset field at ``steps`` has made invalid."""
    dataset, was = data["dataset"], to_plain(before.dataset)
    if not isinstance(dataset, dict):
        return  # will be rejected by the validation
    if {name for name in was if dataset.get(name) != was[name]} - ROW_FIELDS:
        data["model"]["weights"] = []
    field = steps[1] if len(steps) > 1 else ""
    if field in RENUMBERING and str(dataset[field]) != str(was[field]):
        dataset["removed"] = []
        dataset["points"] = [] if field == "name" else dataset["points"]


def _with_layers(experiment: Experiment, layers: list[LayerConfig]) -> Experiment:
    changed = replace(experiment, model=replace(experiment.model, layers=tuple(layers), weights=()))
    return from_plain(to_plain(changed))


def _check_index(experiment: Experiment, index: int) -> None:
    if not 0 <= index < len(experiment.model.layers):
        raise _no_layer(("model", "layers"), index, len(experiment.model.layers))


def _no_layer(steps: Steps, index: int, count: int) -> UserError:
    entries = "it is empty" if count == 0 else f"its entries are 0 to {count - 1}"
    return UserError(join_path(steps), f"there is no entry {index}, {entries}")


def _parent(data: Any, steps: Steps) -> Any:
    """Return the dict or list that contains the field at ``steps``; raise UserError for a path to no field."""
    for depth, step in enumerate(steps):
        parent = steps[:depth]
        if isinstance(data, list) and isinstance(step, int):
            if step >= len(data):
                raise _no_layer(parent, step, len(data))
        elif data is None and field_names(parent):
            raise UserError(join_path(parent), f"is not set, so {step} can't be changed; turn it on first")
        elif not isinstance(data, dict) or step not in data:
            raise unknown_field(parent, str(step))
        if depth < len(steps) - 1:
            data = data[step]
    return data


def _from_toml(steps: Steps, text: str) -> object:
    """Return the list or table that ``text`` is in TOML's notation, other text as it is; UserError for a broken one."""
    bare = text.strip()
    is_list = bare.startswith(('["', "['")) or (bare[:1] + bare[-1:] == "[]" and (steps != TARGET or bare == "[]"))
    if not is_list and (steps == TARGET or not bare.startswith("{")):
        return text  # names, the first of which may begin so: [cm] length, width
    try:
        parsed = tomllib.loads(f"value = {bare}")
    except ValueError:
        parsed = {}
    if list(parsed) != ["value"]:
        example = '["a", "b"]' if bare.startswith("[") else '{a = 1, "b c" = 2}'
        reason = f"expected a list or a table as in a TOML file, such as {example}, got {quoted(text)}"
        raise UserError(join_path(steps), reason)
    return parsed["value"]


def _from_input(steps: Steps, value: object) -> object:
    """Convert input from a widget or the command line to plain data."""
    if not isinstance(value, str):
        return to_plain(value)
    if number_type(steps) is not None:
        return number_text(value)
    if not is_text_list(steps):
        text = value.strip()
        return None if steps == FOLD and text == "null" else text  # msgspec would take it for a fold
    try:
        # The csv reader lets a name hold a comma, in double quotes.
        rows = list(csv.reader([value], skipinitialspace=True))
    except csv.Error:
        raise wrong_value(steps, value) from None
    return [name.strip() for row in rows for name in row if name.strip()]


def _layers_of_units(experiment: Experiment, value: object) -> list[Any] | None:
    """Return hidden layers, as plain data, with the units in ``value``; None if it gives more than units.

    Raises UserError for a text that does not give units.
    """
    units: list[Any]
    if isinstance(value, str):
        units = [] if value.strip().lower() == NO_LAYERS else value.strip().split("-")
        if not all(item.strip().isdecimal() for item in units):
            expectation = f"the units of each hidden layer, such as 16 or 64-32, or {NO_LAYERS} for no hidden layers"
            raise UserError(join_path(LAYERS), f"expected {expectation}, got {quoted(value)}")
    elif isinstance(value, int):
        units = [value]
    elif isinstance(value, list | tuple) and value and all(isinstance(item, int) for item in value):
        units = list(value)
    else:
        return None
    like = to_plain(experiment.model.layers[0] if experiment.model.layers else LayerConfig())
    return [{**like, "units": item} for item in units]


def changed_settings(before: Experiment, after: Experiment) -> list[tuple[str, str]]:
    """Return name and new value of what differs, in words: ``learning rate``, ``0.05``; of many, only how many."""
    if before.dataset.name != after.dataset.name or before.dataset.path != after.dataset.path:
        return [("dataset", after.data_name)]
    old, new = before.model.layers, after.model.layers
    if len(old) != len(new):
        return [("layers", after.model.hidden_units)]
    found = list(_differences(to_plain(before), to_plain(after), ()))
    if len(found) > MAX_NAMED:
        return [(f"{len(found)} settings", "as they were before")]
    return [(_spoken(steps), _value(value)) for steps, value in found]


def _differences(before: Any, after: Any, steps: Steps) -> Iterator[tuple[Steps, object]]:
    """Yield the path of each value that differs, and the new one."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in after:
            yield from _differences(before.get(name), after[name], (*steps, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after) and _holds_tables(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, (*steps, place))
    elif before != after:
        yield steps, after


def _holds_tables(values: list[Any]) -> bool:
    return any(isinstance(value, dict) for value in values)


def _spoken(steps: Steps) -> str:
    """Return the name of a field in words: ``units of layer 2``."""
    name = str(steps[-1]).replace("_", " ")
    if steps[:2] == ("model", "layers") and len(steps) > 3 and isinstance(steps[2], int):
        return f"{name} of layer {steps[2] + 1}"
    return str(steps[-2]) if name == "name" and len(steps) > 1 else name


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return f"{len(value):,}"
    return "off" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def is_hidden(experiment: Experiment, path: str) -> bool:
    """Return whether the experiment hides the field at ``path``, or a table that contains it."""
    return any(path == hidden or path.startswith((f"{hidden}.", f"{hidden}[")) for hidden in experiment.hide)
