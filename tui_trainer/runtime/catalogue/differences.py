"""In which fields experiments differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_trainer.experiment import Experiment, to_plain

from ..protocol.runs import Difference

LONGEST = 60  # characters of a value
LEFT_OUT = ("name", "hide")  # no part of what is trained


def differences(experiments: Sequence[tuple[int, Experiment | None]]) -> tuple[Difference, ...]:
    """The fields whose values are not all the same, in the order of the schema; none of fewer than two.

    An experiment that can't be read has no fields.
    """
    tables = [dict(_fields(to_plain(one))) if one is not None else {} for _, one in experiments]
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


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a plain experiment by its path, with its value as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, inner in enumerate(value):
            yield from _fields(inner, f"{path}[{index}]")
    elif not (path.startswith("model.layers") and value == []):  # no layer at all is seen by its fields missing
        yield path, _text(value)


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
