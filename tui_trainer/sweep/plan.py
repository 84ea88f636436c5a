"""Which runs a sweep consists of: all of them checked before the first one starts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tui_trainer.errors import ExperimentError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment

from .axes import Axis, Choices, Range

MAX_RUNS = 10_000
SEED = "model.seed"


@dataclass(frozen=True, slots=True)
class Planned:
    """A run to do: its number from 1, what differs from the experiment of the sweep, and its own experiment."""

    number: int
    settings: dict[str, object]
    experiment: Experiment


def plan(
    experiment: Experiment, axes: Sequence[Axis], random: int | None = None, seed: int = 0, repeat: int = 1
) -> list[Planned]:
    """The runs: all combinations of ``axes``, or ``random`` drawn ones, each with ``repeat`` seeds of the model.

    Raises ExperimentError for fields given twice, too many runs, or a combination that is no experiment.
    """
    paths = [axis.path for axis in axes]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise ExperimentError(twice, "is given twice; give all its values at once, with commas between them")
    if repeat > 1 and SEED in paths:
        raise ExperimentError("repeat", f"gives every run seeds of its own, so {SEED} can't be varied as well")
    _check_count(_combinations(axes) if random is None else random, repeat)
    chosen = _grid(axes) if random is None else _draws(axes, random, seed)
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
        raise ExperimentError("", f"expected at most {MAX_RUNS:,} runs, got {told}; {hint}")


def _combinations(axes: Sequence[Axis]) -> int:
    return math.prod(len(axis.values) for axis in axes if isinstance(axis, Choices))


def _grid(axes: Sequence[Axis]) -> Iterator[dict[str, object]]:
    """All combinations, those of the last axis first."""
    columns = []
    for axis in axes:
        if isinstance(axis, Range):
            raise ExperimentError(axis.path, "a range needs --random N, the number of runs to draw; or give its values")
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
        raise ExperimentError("random", f"expected at most {there:,} runs, which are all combinations; {hint}")
    lists = [axis.values for axis in axes if isinstance(axis, Choices)]
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        places = tuple(int(rng.integers(len(values))) for values in lists)
        if places not in seen:
            seen.add(places)
            yield {axis.path: values[place] for axis, values, place in zip(axes, lists, places, strict=True)}
