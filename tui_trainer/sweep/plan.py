"""The runs of a sweep: all of them are planned and checked before the first one starts."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

import numpy as np
from msgspec import inspect
from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.edit import LAYERS, with_field
from tui_trainer.experiment.schema import MAX_FOLDS, Experiment
from tui_trainer.experiment.validation import full_path, got, join_path, parse_path, to_plain, type_at

MAX_RUNS = 10_000
MAX_HALVINGS = 4  # so that the first look at a run is not at less than a sixteenth of its epochs
EPOCHS = "training.epochs"
SEED, FOLD, SHARE = "model.seed", "dataset.fold", "dataset.validation_split"
LOG = "log:"
RANGE_SEPARATOR = ".."
DIGITS = 6  # of a drawn number, so that a value copied from a table is exactly the same


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """The options of a sweep; the names are those of the options of ``tui-trainer sweep``.

    ``random``: the number of combinations to draw, from ``seed``; None for all of them. ``repeat``: seeds of the model
    per combination. ``folds``: parts of the rows, each held back in one run per combination and seed; None for the
    experiment's own validation part. ``halving``: train all for a few epochs, and the better half twice as long, again
    and again. ``search``: the sampler that proposes ``trials`` combinations, each batch by the scores of those before;
    it begins from ``seed``, too. ``by``: the measure to rank by; None for the default. ``jobs``: processes; None
    for one per core. ``dask``: the address of the scheduler whose workers do the runs instead of processes.
    ``resume``: the tag of a sweep in the store, of which the runs that are done are not trained again.
    """

    random: int | None = None
    seed: int = 0
    repeat: int = 1
    folds: int | None = None
    halving: bool = False
    search: str | None = None
    trials: int | None = None
    by: str | None = None
    jobs: int | None = None
    dask: str | None = None
    resume: str | None = None

    @property
    def replicates(self) -> int:
        """How many runs each combination has: one for each seed and fold."""
        return self.repeat * (self.folds or 1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned run: its number from 1, its settings (those that the sweep varies), and its experiment."""

    number: int
    settings: dict[str, object]
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of successive halving: so many ``settings`` are trained for ``epochs``, and the best ``kept`` go on."""

    epochs: int
    settings: int
    kept: int


@dataclass(frozen=True, slots=True)
class Choices:
    """Distinct values of the field at ``path``, at least one, each as the experiment stores it."""

    path: str
    values: tuple[object, ...]

    def draw(self, rng: np.random.Generator) -> object:
        """Draw one of the values."""
        return self.values[rng.integers(len(self.values))]

    @property
    def count(self) -> int:
        """The number of values."""
        return len(self.values)

    def contains(self, value: object) -> bool:
        """Return whether it is one of the values."""
        return repr(value) in map(repr, self.values)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, inclusive, uniformly distributed, or log-uniformly (``log``)."""

    path: str
    low: float
    high: float
    log: bool
    whole: bool

    def draw(self, rng: np.random.Generator) -> float:
        """Draw a number of the range."""
        if not self.whole:
            value = (
                math.exp(rng.uniform(math.log(self.low), math.log(self.high))) if self.log else self._draw_evenly(rng)
            )
            return self.rounded(value)
        if not self.log:
            return int(rng.integers(int(self.low), int(self.high), endpoint=True))
        # Half a step more at both ends, so that these are as likely as their neighbours
        value = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return int(min(max(round(value), self.low), self.high))

    def rounded(self, value: float) -> float:
        """Return a real number of the range with as many digits as tables show."""
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)

    @property
    def count(self) -> float:
        """The number of values: whole numbers, or infinity for real ones."""
        return int(self.high) - int(self.low) + 1 if self.whole else math.inf

    def contains(self, value: object) -> bool:
        """Return whether it is a number of the range."""
        if not isinstance(value, int if self.whole else int | float) or isinstance(value, bool):
            return False
        return self.low <= value <= self.high

    def _draw_evenly(self, rng: np.random.Generator) -> float:
        fraction = rng.random()
        return self.low * (1.0 - fraction) + self.high * fraction  # high - low might overflow a float


Axis = Choices | Range


def plan(experiment: Experiment, axes: Sequence[Axis], options: SweepOptions) -> list[Planned]:
    """Plan the runs: all combinations of ``axes``, or ``random`` drawn ones, each with all ``repeat`` seeds and folds.

    Raises UserError for fields given twice, too many runs, or a combination that is not a valid experiment.
    """
    check_axes(axes, options)
    random = options.random
    _check_count(_combinations(axes) if random is None else random, options.replicates)
    combinations = _grid(axes) if random is None else _draws(axes, random, options.seed)
    return plan_combinations(experiment, combinations, options)


def check_axes(axes: Sequence[Axis], options: SweepOptions) -> None:
    """Raise UserError for fields that are given twice, or that are not to be varied beside others or the options."""
    paths = [axis.path for axis in axes]
    duplicate = next((path for path in paths if paths.count(path) > 1), None)
    if duplicate is not None:
        raise UserError(duplicate, "is given twice; give all its values at once, separated by commas")
    if options.repeat > 1 and SEED in paths:
        raise UserError("repeat", f"gives every run seeds of its own, so {SEED} can't be varied as well")
    if options.folds is not None:
        _check_folds(options.folds, paths)
    _check_layers(paths)


def plan_combinations(
    experiment: Experiment, combinations: Iterable[Mapping[str, object]], options: SweepOptions, first: int = 1
) -> list[Planned]:
    """Plan the runs of some combinations, each with all seeds and folds, with numbers from ``first`` on.

    Raises UserError for a combination that is not a valid experiment.
    """
    planned: list[Planned] = []
    steps: list[tuple[tuple[str, object], Experiment]] = []  # what was set for the combination before, one by one
    for settings in combinations:
        # The hidden layers last, since they are like the first one.
        ordered = sorted(settings.items(), key=lambda setting: parse_path(setting[0]) == LAYERS)
        del steps[_common(ordered, [setting for setting, _ in steps]) :]
        for path, value in ordered[len(steps) :]:
            steps.append(((path, value), with_field(steps[-1][1] if steps else experiment, path, value)))
        base = steps[-1][1] if steps else experiment
        for replicate, run in _replicates(base, options):
            planned.append(Planned(first + len(planned), {**settings, **replicate}, run))
    return planned


def _common(settings: Sequence[tuple[str, object]], others: Sequence[tuple[str, object]]) -> int:
    """Return how many settings at the beginning of both are the same fields with the very same values."""
    pairs = zip(settings, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0][0] == pair[1][0] and pair[0][1] is pair[1][1], pairs))


def plan_stages(planned: Sequence[Planned], replicates: int) -> tuple[Stage, ...]:
    """Plan successive halving of runs with ``replicates`` for each setting; the last stage is that of all epochs.

    Each stage has twice the epochs of the one before and half its settings; the first one at least an epoch, and a
    share of them all that is worth looking at. Raises UserError where there is nothing to halve.
    """
    settings, lengths = len(planned) // replicates, {run.experiment.training.epochs for run in planned}
    if len(lengths) > 1:
        raise UserError("halving", f"decides how long each run is trained, so {EPOCHS} can't be varied as well")
    if settings < 2:
        raise UserError("halving", "needs at least two settings to compare; vary a field, or leave it out")
    (epochs,) = lengths
    if epochs < 2:
        raise UserError(
            "halving", f"needs at least 2 epochs, one to look at and one to go on, got {epochs}; train longer"
        )
    halvings = min(MAX_HALVINGS, settings.bit_length() - 1, epochs.bit_length() - 1)
    counts = [-(-settings // 2**index) for index in range(halvings + 1)]
    lengths_in_order = [round(epochs / 2 ** (halvings - index)) for index in range(halvings + 1)]
    return tuple(map(Stage, lengths_in_order, counts, [*counts[1:], counts[-1]]))


def read_axis(experiment: Experiment, path: str, values: str | Iterable[object]) -> Axis:
    """Read the axis of the field at ``path``: text such as ``1e-3,1e-2``, ``log:1e-4..1e-1`` or ``1..100``, or values.

    In a text, double quotes enclose a value that contains a comma. The name of a field is enough where no other has
    it. Raises UserError, with the path and the value, for a value that ``experiment`` does not accept there.
    """
    path = full_path(path)
    steps = parse_path(path)
    path = join_path(steps) if steps else path
    if isinstance(values, str):
        kind = _number_kind(path)
        if kind is not None and (values.strip().startswith(LOG) or RANGE_SEPARATOR in values):
            return _read_range(experiment, path, values.strip(), kind)
        values = _split_values(values)
    distinct: dict[str, object] = {}
    for item in values:
        value = _validated(experiment, path, item)
        if repr(value) in distinct:
            raise UserError(path, f"the value {got(value)} is given twice; give each once")
        distinct[repr(value)] = value
    if not distinct:
        raise UserError(path, "expected at least one value, got none")
    return Choices(path, tuple(distinct.values()))


def value_at(experiment: Experiment, path: str) -> object:
    """Return the plain value of the field at ``path``, which must exist; of hidden layers their units, as ``64-32``."""
    if parse_path(path) == LAYERS:
        return experiment.model.hidden_units
    value = to_plain(experiment)
    for step in parse_path(path) or ():
        value = value[step]
    return value


def _replicates(base: Experiment, options: SweepOptions) -> Iterator[tuple[dict[str, object], Experiment]]:
    """Yield each run of one combination, with its seed and its fold as settings; the folds vary fastest."""
    for extra in range(options.repeat):
        seed = base.model.seed + extra
        seeded: dict[str, object] = {SEED: seed} if options.repeat > 1 else {}
        run = with_field(base, SEED, seed) if extra else base  # initial weights that are listed stay for the first seed
        if options.folds is None:
            yield seeded, run
            continue
        for number in range(1, options.folds + 1):
            fold = f"{number}/{options.folds}"
            yield {**seeded, FOLD: fold}, replace(run, dataset=replace(run.dataset, fold=fold))


def _check_folds(folds: int, paths: Sequence[str]) -> None:
    """Raise UserError for folds that there can't be, or fields that tell as well which rows are held back."""
    if not 2 <= folds <= MAX_FOLDS:
        raise UserError(
            "folds", f"expected a whole number from 2 to {MAX_FOLDS:,}, got {folds}; one part can't be trained on"
        )
    for path in (FOLD, SHARE):
        if path in paths:
            raise UserError(
                "folds", f"hold back every row once, so {path} can't be varied as well; leave one of them out"
            )


def _check_layers(paths: Sequence[str]) -> None:
    """Raise UserError for a field of one hidden layer beside the hidden layers themselves, which are all alike."""
    if join_path(LAYERS) not in paths:
        return
    for path in paths:
        steps = parse_path(path) or ()
        if steps[:2] != LAYERS or len(steps) < 4:
            continue
        if steps[-1] == "units":
            raise UserError(path, "is part of the hidden layers, which are varied as well; leave one of the two out")
        if steps[2] != 0:
            hint = f"vary model.layers[0].{steps[-1]}, which they all follow"
            raise UserError(path, f"can't be varied beside the hidden layers, which are all alike; {hint}")


def _check_count(combinations: int, runs_each: int) -> None:
    runs = combinations * runs_each
    if runs > MAX_RUNS:
        count = f"{runs:,}" if runs < 10**15 else "more than can be counted"
        hint = "give fewer values, or draw some of the runs with --random N"
        raise UserError("", f"expected at most {MAX_RUNS:,} runs, got {count}; {hint}")


def _combinations(axes: Sequence[Axis]) -> int:
    return math.prod(len(axis.values) for axis in axes if isinstance(axis, Choices))


def _grid(axes: Sequence[Axis]) -> Iterator[dict[str, object]]:
    """Yield all combinations; the last axis varies fastest."""
    columns = []
    for axis in axes:
        if isinstance(axis, Range):
            hint = "to draw N runs from it, or --search tpe to look for good ones; or list its values"
            raise UserError(axis.path, f"a range needs --random N {hint}")
        columns.append(axis.values)
    paths = [axis.path for axis in axes]
    for values in itertools.product(*columns):
        yield dict(zip(paths, values, strict=True))


def _draws(axes: Sequence[Axis], count: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield ``count`` random combinations; if all axes are lists, no combination is repeated."""
    rng = np.random.default_rng(seed)
    if any(isinstance(axis, Range) for axis in axes):
        for _ in range(count):
            yield {axis.path: axis.draw(rng) for axis in axes}
        return
    available = _combinations(axes)
    if count > available:
        hint = "ask for fewer, or leave --random out for all of them"
        raise UserError("random", f"expected at most {available:,} runs, which are all combinations; {hint}")
    lists = [axis.values for axis in axes if isinstance(axis, Choices)]
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < count:
        indices = tuple(int(rng.integers(len(values))) for values in lists)
        if indices not in drawn:
            drawn.add(indices)
            yield {axis.path: values[index] for axis, values, index in zip(axes, lists, indices, strict=True)}


def _read_range(experiment: Experiment, path: str, text: str, kind: Literal["whole", "real"]) -> Range:
    log = text.startswith(LOG)
    first, separator, last = text.removeprefix(LOG).partition(RANGE_SEPARATOR)
    if not separator:
        raise UserError(path, f"expected a range after {LOG}, such as {LOG}1e-4..1e-1, got {quoted(text)}")
    if not (first.strip() and last.strip()):
        raise UserError(path, f"expected a number at both ends of a range, such as 1..100, got {quoted(text)}")
    low, high = _validated(experiment, path, first), _validated(experiment, path, last)
    if not (isinstance(low, int | float) and isinstance(high, int | float)):  # full, for a batch size
        raise UserError(path, f"expected a range of numbers, such as 1..100, got {quoted(text)}")
    if low >= high:
        raise UserError(path, f"expected a range from a smaller to a larger number, got {quoted(text)}")
    if log and low <= 0:
        raise UserError(path, f"expected a range that begins above 0 for {LOG}, got {quoted(text)}")
    return Range(path, low, high, log, kind == "whole")


def _validated(experiment: Experiment, path: str, value: object) -> object:
    """Return ``value`` as the experiment stores it at ``path``; raises UserError for an invalid one."""
    return value_at(with_field(experiment, path, value), path)


def _number_kind(path: str) -> Literal["whole", "real"] | None:
    """Return which numbers the field takes; None for no numbers, so that ``../a.csv`` is not read as a range."""
    field_type = type_at(parse_path(path) or ())
    kinds = field_type.types if isinstance(field_type, inspect.UnionType) else (field_type,)
    if any(isinstance(kind, inspect.FloatType) for kind in kinds):
        return "real"
    return "whole" if any(isinstance(kind, inspect.IntType) for kind in kinds) else None


def _split_values(text: str) -> list[str]:
    try:
        rows = list(csv.reader([text], skipinitialspace=True))
    except csv.Error:  # a line break in it: the field will refuse that
        return [text]
    return rows[0] if rows and rows[0] else [text]
