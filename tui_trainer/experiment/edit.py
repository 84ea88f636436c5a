"""A changed experiment from an experiment: single fields by their path, and the list of hidden layers."""

from __future__ import annotations

import csv
from typing import Any

from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted

from .schema import MAX_LAYERS, Experiment, LayerConfig
from .validation import (
    Steps,
    field_names,
    from_plain,
    is_text_list,
    join_path,
    parse_path,
    to_plain,
    unknown_field,
    wrong_value,
)

POINTS = {"points", "removed", "seed"}  # other points for the same features and classes
DRAWING = {"name", "seed", "samples", "classes"}  # of a dataset: whatever gives its points other numbers


def with_field(experiment: Experiment, path: str, value: object) -> Experiment:
    """A new experiment with the field at ``path`` (``model.layers[0].units``) set to ``value``.

    Text is converted to what the field holds: "0.05" to a number, "RM, TAX" to two names. None empties an
    optional field. First weights given one by one are dropped where they may not fit the network any more, and
    where a seed is to draw others; so are the numbers of removed points where others are drawn, and those added
    where another dataset is named.
    Raises ExperimentError for a path that leads nowhere or a wrong value.
    """
    steps = parse_path(path)
    if not steps:
        raise UserError("", f"{quoted(path)} is not the path of a field, such as model.layers[0].units")
    data = to_plain(experiment)
    _holder(data, steps)[steps[-1]] = _from_input(steps, value)
    if steps[0] == "dataset":
        _follow_dataset(data, experiment, steps)
    elif steps[:2] in (("model", "layers"), ("model", "output"), ("model", "seed")):
        data["model"]["weights"] = []
    return from_plain(data, strict=False)


def add_layer(experiment: Experiment, index: int | None = None, layer: LayerConfig | None = None) -> Experiment:
    """A new experiment with a hidden layer put before the one at ``index``, or after the last.

    The new layer is a copy of its predecessor where none is given. Raises ExperimentError for a wrong index.
    """
    layers = list(experiment.model.layers)
    if len(layers) >= MAX_LAYERS:
        raise UserError("model.layers", f"expected at most {MAX_LAYERS} hidden layers; remove one first")
    place = len(layers) if index is None else index
    if not 0 <= place <= len(layers):
        raise UserError("model.layers", f"expected a place from 0 to {len(layers)}, got {place}")
    if layer is None:
        layer = layers[max(place - 1, 0)] if layers else LayerConfig()
    layers.insert(place, layer)
    return _with_layers(experiment, layers)


def remove_layer(experiment: Experiment, index: int) -> Experiment:
    """A new experiment without the hidden layer at ``index``; ExperimentError where there is none."""
    _check_index(experiment, index)
    layers = list(experiment.model.layers)
    del layers[index]
    return _with_layers(experiment, layers)


def move_layer(experiment: Experiment, index: int, offset: int) -> Experiment:
    """A new experiment with a hidden layer ``offset`` places further on; it stops at either end.

    Raises ExperimentError where there is no layer at ``index``.
    """
    _check_index(experiment, index)
    layers = list(experiment.model.layers)
    place = min(max(index + offset, 0), len(layers) - 1)
    layers.insert(place, layers.pop(index))
    return _with_layers(experiment, layers)


def _follow_dataset(data: Any, before: Experiment, steps: Steps) -> None:
    """Drop from ``data`` what went with the dataset as it was ``before`` its field at ``steps`` was set."""
    dataset, was = data["dataset"], to_plain(before.dataset)
    if not isinstance(dataset, dict):
        return  # refused in a moment
    if {name for name in was if dataset.get(name) != was[name]} - POINTS:
        data["model"]["weights"] = []
    field = steps[1] if len(steps) > 1 else ""
    if field in DRAWING and str(dataset[field]) != str(was[field]):
        dataset["removed"] = []
        dataset["points"] = [] if field == "name" else dataset["points"]


def _with_layers(experiment: Experiment, layers: list[LayerConfig]) -> Experiment:
    changed = replace(experiment, model=replace(experiment.model, layers=tuple(layers), weights=()))
    return from_plain(to_plain(changed))


def _check_index(experiment: Experiment, index: int) -> None:
    if not 0 <= index < len(experiment.model.layers):
        raise _no_layer(("model", "layers"), index, len(experiment.model.layers))


def _no_layer(steps: Steps, index: int, count: int) -> UserError:
    held = "it is empty" if count == 0 else f"its entries are 0 to {count - 1}"
    return UserError(join_path(steps), f"there is no entry {index}, {held}")


def _holder(data: Any, steps: Steps) -> Any:
    """The dict or list that holds the field at ``steps``; ExperimentError where the path leads nowhere."""
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


def _from_input(steps: Steps, value: object) -> object:
    """Plain data from what a widget or a command line gives."""
    if not isinstance(value, str):
        return to_plain(value)
    if not is_text_list(steps):
        return value.strip()
    try:
        # The csv reader lets a name hold a comma, in double quotes.
        rows = list(csv.reader([value], skipinitialspace=True))
    except csv.Error:
        raise wrong_value(steps, value) from None
    return [name.strip() for row in rows for name in row if name.strip()]


def is_hidden(experiment: Experiment, path: str) -> bool:
    """Whether the experiment hides the field at ``path``, or a table that it is in."""
    return any(path == hidden or path.startswith((f"{hidden}.", f"{hidden}[")) for hidden in experiment.hide)
