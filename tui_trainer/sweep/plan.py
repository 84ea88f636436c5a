"""Which runs a sweep consists of: all of them checked before the first one starts."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import inspect

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import got, join_path, parse_path, to_plain, type_at

MAX_RUNS = 10_000
SEED = "model.seed"
LOG = "log:"
BETWEEN = ".."
DIGITS = 6  # of a number that is drawn, so that what a table shows can be typed in again


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep is done; the names are those of the options of ``tui-trainer sweep``.

    ``random``: so many combinations are drawn, from ``seed``; None for all of them. ``repeat``: seeds of the model for
    each. ``by``: the measure that decides; None for the usual one. ``jobs``: processes; None for as many as there are
    cores. ``dask``: the address of the scheduler whose workers do the runs in place of processes.
    """

    random: int | None = None
    seed: int = 0
    repeat: int = 1
    by: str | None = None
    jobs: int | None = None
    dask: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A run to do: its number from 1, what differs from the experiment of the sweep, and its own experiment."""

    number: int
    settings: dict[str, object]
    experiment: Experiment


def plan(experiment: Experiment, axes: Sequence[Axis], options: SweepOptions) -> list[Planned]:
    """The runs: all combinations of ``axes``, or ``random`` drawn ones, each with ``repeat`` seeds of the model.

    Raises ExperimentError for fields given twice, too many runs, or a combination that is no experiment.
    """
    paths = [axis.path for axis in axes]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise UserError(twice, "is given twice; give all its values at once, with commas between them")
    random, repeat = options.random, options.repeat
    if repeat > 1 and SEED in paths:
        raise UserError("repeat", f"gives every run seeds of its own, so {SEED} can't be varied as well")
    _check_count(_combinations(axes) if random is None else random, repeat)
    chosen = _grid(axes) if random is None else _draws(axes, random, options.seed)
    planned: list[Planned] = []
    for settings in chosen:
        base = experiment
        for path, value in settings.items():
            base = with_field(base, path, value)
        for extra in range(repeat):
            planned.append(_repeated(len(planned) + 1, settings, base, extra, repeat))
    return planned


def _repeated(number: int, settings: dict[str, object], base: Experiment, extra: int, repeat: int) -> Planned:
    """The run with the seed that lies ``extra`` beyond that of ``base``, which is told where there are several."""
    if repeat == 1:
        return Planned(number, settings, base)
    seed = base.model.seed + extra
    return Planned(number, {**settings, SEED: seed}, with_field(base, SEED, seed) if extra else base)


def _check_count(combinations: int, repeat: int) -> None:
    runs = combinations * repeat
    if runs > MAX_RUNS:
        told = f"{runs:,}" if runs < 10**15 else "more than can be counted"
        hint = "give fewer values, or draw some of the runs with --random N"
        raise UserError("", f"expected at most {MAX_RUNS:,} runs, got {told}; {hint}")


def _combinations(axes: Sequence[Axis]) -> int:
    return math.prod(len(axis.values) for axis in axes if isinstance(axis, Choices))


def _grid(axes: Sequence[Axis]) -> Iterator[dict[str, object]]:
    """All combinations, those of the last axis first."""
    columns = []
    for axis in axes:
        if isinstance(axis, Range):
            raise UserError(axis.path, "a range needs --random N, the number of runs to draw; or give its values")
        columns.append(axis.values)
    paths = [axis.path for axis in axes]
    for values in itertools.product(*columns):
        yield dict(zip(paths, values, strict=True))


def _draws(axes: Sequence[Axis], count: int, seed: int) -> Iterator[dict[str, object]]:
    """``count`` draws; where all axes are lists, no combination comes twice."""
    rng = np.random.default_rng(seed)
    if any(isinstance(axis, Range) for axis in axes):
        for _ in range(count):
            yield {axis.path: axis.draw(rng) for axis in axes}
        return
    there = _combinations(axes)
    if count > there:
        hint = "ask for fewer, or leave --random away for all of them"
        raise UserError("random", f"expected at most {there:,} runs, which are all combinations; {hint}")
    lists = [axis.values for axis in axes if isinstance(axis, Choices)]
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        places = tuple(int(rng.integers(len(values))) for values in lists)
        if places not in seen:
            seen.add(places)
            yield {axis.path: values[place] for axis, values, place in zip(axes, lists, places, strict=True)}


@dataclass(frozen=True, slots=True)
class Choices:
    """Different values of the field at ``path``, at least one, each as the experiment holds it."""

    path: str
    values: tuple[object, ...]

    def draw(self, rng: np.random.Generator) -> object:
        """One of the values."""
        return self.values[rng.integers(len(self.values))]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, both included, all as likely, or all their orders of magnitude (``log``)."""

    path: str
    low: float
    high: float
    log: bool
    whole: bool

    def draw(self, rng: np.random.Generator) -> float:
        """A number of the range."""
        if not self.whole:
            value = math.exp(rng.uniform(math.log(self.low), math.log(self.high))) if self.log else self._even(rng)
            return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)
        if not self.log:
            return int(rng.integers(int(self.low), int(self.high), endpoint=True))
        # half a step more at both ends, so that these come as often as their neighbours
        value = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return int(min(max(round(value), self.low), self.high))

    def _even(self, rng: np.random.Generator) -> float:
        part = rng.random()
        return self.low * (1.0 - part) + self.high * part  # high - low may be more than a float holds


Axis = Choices | Range


def read_axis(experiment: Experiment, path: str, given: str | Iterable[object]) -> Axis:
    """The axis of the field at ``path``: from text such as ``1e-3,1e-2``, ``log:1e-4..1e-1`` or ``1..100``, or values.

    In a text, double quotes keep a value with a comma together. Raises ExperimentError, with the path and the
    value, for what ``experiment`` does not take there.
    """
    steps = parse_path(path)
    path = join_path(steps) if steps else path
    if isinstance(given, str):
        kind = _number_kind(path)
        if kind is not None and (given.strip().startswith(LOG) or BETWEEN in given):
            return _read_range(experiment, path, given.strip(), kind)
        given = _split(given)
    values: dict[str, object] = {}
    for item in given:
        value = _taken(experiment, path, item.item() if isinstance(item, np.generic) else item)
        if repr(value) in values:
            raise UserError(path, f"the value {got(value)} is there twice; give each once")
        values[repr(value)] = value
    if not values:
        raise UserError(path, "expected at least one value, got none")
    return Choices(path, tuple(values.values()))


def _read_range(experiment: Experiment, path: str, text: str, kind: Literal["whole", "real"]) -> Range:
    log = text.startswith(LOG)
    first, between, last = text.removeprefix(LOG).partition(BETWEEN)
    if not between:
        raise UserError(path, f"expected a range after {LOG}, such as {LOG}1e-4..1e-1, got {quoted(text)}")
    low, high = _taken(experiment, path, first), _taken(experiment, path, last)
    if not (isinstance(low, int | float) and isinstance(high, int | float)):  # full, for a batch size
        raise UserError(path, f"expected a range of numbers, such as 1..100, got {quoted(text)}")
    if low >= high:
        raise UserError(path, f"expected a range from a smaller to a larger number, got {quoted(text)}")
    if log and low <= 0:
        raise UserError(path, f"expected a range that begins above 0 for {LOG}, got {quoted(text)}")
    return Range(path, low, high, log, kind == "whole")


def _taken(experiment: Experiment, path: str, value: object) -> object:
    """``value`` as the experiment holds it at ``path``."""
    return value_at(with_field(experiment, path, value), path)


def value_at(experiment: Experiment, path: str) -> object:
    """The plain value of the field at a ``path`` that is known to be one."""
    found = to_plain(experiment)
    for step in parse_path(path) or ():
        found = found[step]
    return found


def _number_kind(path: str) -> Literal["whole", "real"] | None:
    """Which numbers the field takes, None for no numbers; so that ``../a.csv`` is no range."""
    found = type_at(parse_path(path) or ())
    kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
    if any(isinstance(kind, inspect.FloatType) for kind in kinds):
        return "real"
    return "whole" if any(isinstance(kind, inspect.IntType) for kind in kinds) else None


def _split(text: str) -> list[str]:
    try:
        rows = list(csv.reader([text], skipinitialspace=True))
    except csv.Error:  # a line break in it: for the field to refuse
        return [text]
    return rows[0] if rows and rows[0] else [text]
