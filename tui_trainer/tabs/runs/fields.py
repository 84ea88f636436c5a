"""In which fields the experiments of runs differ, and how much of the variance of a measure each field explains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import NO_LAYERS, UNTITLED, Experiment, LayerConfig
from tui_trainer.experiment.toml_file import loads
from tui_trainer.experiment.validation import label_of, to_plain
from tui_trainer.formats import format_exact
from tui_trainer.measures import measure_of
from tui_trainer.protocol import pack
from tui_trainer.training.series import Array

from .messages import ChartField, Difference

LAYERS = "model.layers"
MAX_READ = 2000  # runs that are grouped or charted: to read the experiments of so many takes less than a second
MAX_VALUE = 60  # characters of a value
MAX_FIELDS = 12  # of a chart: those that explain most
MAX_LEVELS = 12  # values that are not numbers on an even or a log scale, and still are not too many to be told apart
MIN_RATIO = 4.0  # of the largest to the smallest of values that are log-spaced
TWO_RATIO = 10.0  # the same where there are only two of them
MIN_PER_VALUE = 1.5  # runs for each value of a number, on average; with fewer, neighbouring values are taken together
LOG_MEASURE = 10.0  # a loss is charted on a log scale if its largest value is that many times its smallest
NAMELESS = ("units", "activation")  # of a layer: their values are shown without names
NOT_COMPARED = ("name", "hide")  # no part of what is trained
REPLICATING = ("model.seed", "dataset.seed", "dataset.fold")  # they repeat a setting rather than change it
UNITS = re.compile(r"model\.layers\[\d+\]\.units")
Plain = Mapping[str, object]


def differences(experiments: Sequence[tuple[int, Experiment | None]]) -> tuple[Difference, ...]:
    """Return the fields whose values differ, in the order of the schema; none for fewer than two experiments.

    An experiment that can't be read has no fields. A layer that only some experiments have is one field.
    """
    layers = min((len(one.model.layers) for _, one in experiments if one is not None), default=0)
    tables = [
        {path: value_text(value) for path, value in _leaves(to_plain(one), layers)} if one is not None else {}
        for _, one in experiments
    ]
    paths = dict.fromkeys(path for table in tables for path in table)
    found = []
    for path in paths:
        values = tuple(table.get(path, "") for table in tables)
        if len(set(values)) > 1 and path not in NOT_COMPARED:
            found.append(Difference(path, values))
    return tuple(sorted(found, key=lambda one: _order(one.path)))


def _order(path: str) -> tuple[int, int]:
    """Return a sort key: tables in the order of the file, layers by their number."""
    table, _, rest = path.partition(".")
    number = rest.partition("[")[2].partition("]")[0]
    return ("dataset", "model", "training").index(table), int(number) if number.isdigit() else -1


def _leaves(value: object, layers: int, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every field of a plain experiment by its path, with its value; layers from ``layers`` on as one field."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, layers, f"{path}.{name}".removeprefix("."))
    elif path == LAYERS and isinstance(value, list):
        for index, layer in enumerate(value):
            if index < layers:
                yield from _leaves(layer, layers, f"{path}[{index}]")
            else:
                yield f"{path}[{index}]", _layer(layer)
    else:
        yield path, value


def _layer(layer: dict[str, object]) -> str:
    """Describe a whole layer in a few words: units, activation, and what differs from the default."""
    usual = to_plain(LayerConfig())
    others = [
        f"{name} {value_text(value)}" for name, value in layer.items() if name not in NAMELESS and value != usual[name]
    ]
    return value_text(", ".join([f"{layer['units']} {layer['activation']}", *others]))


@lru_cache(maxsize=2 * MAX_READ)
def setting_of(text: str) -> bytes:
    """Return what experiments, as they are stored, share if they differ in seed of the weights, fold and name alone."""
    try:
        one = loads(text)
    except UserError:
        return text.encode("utf-8", "replace")
    one = replace(one, name=UNTITLED, hide=(), model=replace(one.model, seed=0))
    return msgspec.json.encode(replace(one, dataset=replace(one.dataset, fold=None)))


def value_text(value: object) -> str:
    """Return the value of a field as text, cut if it is long."""
    text = _whole_text(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def _whole_text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return format_exact(value)
        case list():
            return ", ".join(map(value_text, value)) or "none"
        case None:
            return "default"
        case _:
            return str(value)


@lru_cache(maxsize=2 * MAX_READ)
def plain_fields_of(text: str) -> Plain | None:
    """Return what ``plain_fields`` does of an experiment as it is stored; None if it can't be read."""
    try:
        return plain_fields(loads(text))
    except UserError:
        return None


def plain_fields(experiment: Experiment) -> dict[str, object]:
    """Return the fields of an experiment that can be charted, by their paths; the hidden layers also as one text."""
    fields = dict(_leaves(to_plain(experiment), len(experiment.model.layers)))
    fields[LAYERS] = experiment.model.hidden_units
    return {path: value for path, value in fields.items() if path not in NOT_COMPARED}


def chart_fields(runs: Sequence[Plain], values: Array) -> tuple[ChartField, ...]:
    """Return the fields that vary between ``runs``, first those that explain most of the variance of ``values`` (n,).

    Runs without a value, which is NaN, are no part of the variance. Of fields that vary together, the first one stands
    for all, and the others are tied to it.
    """
    varied: dict[tuple[int, ...], list[str]] = {}
    for path in _varied_paths(runs):
        numbers: dict[str, int] = {}
        partition = tuple(numbers.setdefault(_whole_text(run[path]), len(numbers)) for run in runs)
        varied.setdefault(partition, []).append(path)
    known = np.isfinite(values)
    fields = []
    for path, *tied in varied.values():
        column = [run[path] for run in runs]
        scale, levels, places = axis(column)
        groups = places[known] if scale == "levels" else _ranges(places[known])
        share = explained_share(values[known], groups) if len(varied) > 1 else None
        fields.append(ChartField(path, label_of(path), scale, levels, pack(places), share, tuple(map(label_of, tied))))
    return tuple(sorted(fields, key=lambda one: -1.0 if one.share is None else one.share, reverse=True)[:MAX_FIELDS])


def joint_share(runs: Sequence[Plain], values: Array) -> float | None:
    """Return the share of the variance of ``values`` (runs,) that all fields explain but seeds and folds.

    None where it can't be told: no two runs have the same settings, or all do.
    """
    paths = [path for path in _varied_paths(runs) if path not in REPLICATING]
    numbers: dict[tuple[str, ...], int] = {}
    settings = [tuple(_whole_text(run[path]) for path in paths) for run in runs]
    groups = np.array([numbers.setdefault(setting, len(numbers)) for setting in settings], np.float64)
    known = np.isfinite(values)
    return explained_share(values[known], groups[known])


def _varied_paths(runs: Sequence[Plain]) -> list[str]:
    """Return the fields that all runs have, and not all with the same value.

    The units of the layers are one field if the runs differ in the number of layers, or in the units of several.
    """
    first = runs[0] if runs else {}
    shared = [path for path in first if all(path in run for run in runs)]
    varied = [path for path in shared if any(run[path] != first[path] for run in runs)]
    units = [path for path in varied if UNITS.fullmatch(path)]
    is_deep = len(units) != 1 or len({sum(map(bool, map(UNITS.fullmatch, run))) for run in runs}) > 1
    left_out = units if is_deep else [LAYERS]
    order = {path: place for place, path in enumerate(varied)}
    return sorted((path for path in varied if path not in left_out), key=lambda path: (path != LAYERS, order[path]))


def axis(column: Sequence[object]) -> tuple[Literal["linear", "log", "levels"], tuple[str, ...], Array]:
    """Return how the values of a field are laid out on an axis: the scale, the distinct values, and the places (runs,).

    The places are the values themselves, or with ``levels`` the index of each value among the distinct ones. Numbers
    that are spaced evenly in their logarithms have a log scale; zero beside such numbers makes them levels.
    """
    distinct = sorted({_whole_text(value): value for value in column}.values(), key=_level_order)
    levels = tuple(map(value_text, distinct))
    numbers = [float(value) for value in distinct if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(set(numbers)) == len(distinct) and bool(np.isfinite(numbers).all()):
        positive = [number for number in numbers if number > 0]
        spaced = len(positive) > 1 and is_log_spaced(positive)
        if spaced and len(positive) == len(numbers):
            return "log", levels, np.array(column, np.float64)
        if not (spaced and numbers[0] == 0 and len(positive) > 2 and len(numbers) <= MAX_LEVELS):
            return "linear", levels, np.array(column, np.float64)
    index = {_whole_text(value): place for place, value in enumerate(distinct)}
    return "levels", levels, np.array([index[_whole_text(value)] for value in column], np.float64)


def is_log_spaced(positive: Sequence[float]) -> bool:
    """Return whether positive numbers in rising order are spaced more evenly in their logarithms."""
    ratio = positive[-1] / positive[0]
    if len(positive) == 2:
        return ratio >= TWO_RATIO
    return ratio >= MIN_RATIO and _unevenness(np.log(positive)) < _unevenness(np.array(positive))


def _unevenness(rising: Array) -> float:
    gaps = np.diff(rising / 2)  # halves, as the distance between two finite numbers can be infinite
    gaps = gaps / max(float(gaps.max()), 1e-300)
    return float(gaps.std() / gaps.mean())


def is_log_measure(measure: str, values: Array) -> bool:
    """Return whether a measure is charted on a log scale: one that is best at 0, with ``values`` (runs,) far apart."""
    known, kind = values[np.isfinite(values)], measure_of(measure)
    falls_to_zero = kind is not None and not (kind.rising or kind.share)
    return falls_to_zero and len(known) > 1 and bool(known.min() > 0 and known.max() >= LOG_MEASURE * known.min())


def _ranges(places: Array) -> Array:
    """Return the group of each run (n,) by its place on an axis: the place itself, or if few runs share one, a range.

    There are about as many ranges as each has runs.
    """
    distinct, index = np.unique(places, return_inverse=True)
    if len(places) >= MIN_PER_VALUE * len(distinct):
        return places
    ranges = max(2, round(len(places) ** 0.5))
    return np.asarray(index * ranges // max(len(distinct), 1), np.float64)


def ranks(values: Array, lost: NDArray[np.bool_], rising: bool) -> Array:
    """Return the rank of each of ``values`` (n,) from 1 up, the mean one of those that are equal; NaN has none.

    Runs that are ``lost`` share the rank of the worst: the last, or the first where ``rising`` values are better. Ranks
    keep a run that has nearly diverged from outweighing all others.
    """
    filled = np.where(lost, -np.inf if rising else np.inf, values)
    known = ~np.isnan(filled)
    _, index, counts = np.unique(filled[known], return_inverse=True, return_counts=True)
    result = np.full(len(values), np.nan)
    result[known] = (np.cumsum(counts) - (counts - 1) / 2)[index]
    return result


def explained_share(values: Array, groups: Array) -> float | None:
    """Return the share of the variance of ``values`` (n,) that lies between ``groups`` (n,), corrected for chance.

    It is the effect size epsilon squared: eta squared, the sum of squares between the groups by the total, less what
    as many groups drawn at random would have on average, and at least 0. None where it can't be told: all values are
    equal, or no group has two.
    """
    _, index, counts = np.unique(groups, return_inverse=True, return_counts=True)
    spare = len(values) - len(counts)
    if spare < 1 or len(counts) < 2:
        return None
    centered = values / max(float(np.abs(values).max()), 1e-300)  # squares of huge values would overflow
    centered = centered - centered.mean()
    total = float(centered @ centered)
    if total <= 1e-24 * len(values):
        return None
    means = np.bincount(index, centered) / counts
    within = float(((centered - means[index]) ** 2).sum())
    return max(0.0, 1.0 - within / total * (len(values) - 1) / spare)


def _level_order(value: object) -> tuple[bool, float, list[tuple[bool, int, str]]]:
    """Return a sort key: numbers by size, then texts by their letters and the numbers in them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return False, float(value), []
    text = _whole_text(value)
    pieces = re.split(r"(\d{1,9})", "0" if text == NO_LAYERS else text)
    return (
        True,
        0.0,
        [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece) for piece in pieces if piece],
    )
