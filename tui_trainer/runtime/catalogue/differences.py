"""In which fields experiments differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.tabs.runs.messages import Difference

LONGEST = 60  # characters of a value
SAID = ("units", "activation")  # of a layer, without their names
LEFT_OUT = ("name", "hide")  # no part of what is trained


def differences(experiments: Sequence[tuple[int, Experiment | None]]) -> tuple[Difference, ...]:
    """The fields whose values are not all the same, in the order of the schema; none of fewer than two.

    An experiment that can't be read has no fields. A layer that some experiments have, and others not, is one field.
    """
    layers = min((len(one.model.layers) for _, one in experiments if one is not None), default=0)
    tables = [dict(_fields(to_plain(one), layers)) if one is not None else {} for _, one in experiments]
    paths = dict.fromkeys(path for table in tables for path in table)
    found = []
    for path in paths:
        values = tuple(table.get(path, "") for table in tables)
        if len(set(values)) > 1 and path not in LEFT_OUT:
            found.append(Difference(path, values))
    return tuple(sorted(found, key=lambda one: _order(one.path)))


def _order(path: str) -> tuple[int, int]:
    """Tables in the order of the file, and layers by their number, whichever experiment has the most."""
    table, _, rest = path.partition(".")
    number = rest.partition("[")[2].partition("]")[0]
    return ("dataset", "model", "training").index(table), int(number) if number.isdigit() else -1


def _fields(value: object, layers: int, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a plain experiment by its path, with its value as text; layers from ``layers`` on as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, layers, f"{path}.{name}".removeprefix("."))
    elif path == "model.layers" and isinstance(value, list):
        for index, layer in enumerate(value):
            if index < layers:
                yield from _fields(layer, layers, f"{path}[{index}]")
            else:
                yield f"{path}[{index}]", _layer(layer)
    else:
        yield path, _text(value)


def _layer(layer: dict[str, object]) -> str:
    """A whole layer in a few words: units, activation, and what is not as usual."""
    usual = to_plain(LayerConfig())
    others = [f"{name} {_text(value)}" for name, value in layer.items() if name not in SAID and value != usual[name]]
    return _text(", ".join([f"{layer['units']} {layer['activation']}", *others]))


def _text(value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case float():
            text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
        case list():
            text = ", ".join(map(_text, value)) or "none"
        case None:
            text = "usual"
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
