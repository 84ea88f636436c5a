"""What the predictions of a trained network depend on: permutation importance, response curves, where decisions flip.

In reading order: a network from raw features to the target's own unit, the importance of each column of the data, the
response to one column, where a decision flips, and how errors are spread. The protocols of the importance and the
response are those of scikit-learn's ``sklearn.inspection``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import Feature
from tui_trainer.datasets.preparation import Inputs, most_likely
from tui_trainer.datasets.split import TargetScale
from tui_trainer.engine import Sequential
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.metrics import measure
from tui_trainer.engine.sample_losses import each_loss
from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.resolve import Task, suitable_measures
from tui_trainer.experiment.schema import Experiment
from tui_trainer.measures import is_rising, name_of, target_of

Array = NDArray[Any]
Score = Callable[[Array], float]
REPEATS = 5
MAX_REPEATS = 1000
GRID = 41  # values of a response curve
TAILS = 0.01  # of the values of a column, at either end, over which no response is drawn
ROUNDS = 4  # in which the place of a flip becomes finer, by the values of a grid each
USUAL = {"classes": "accuracy", "numbers": "r2"}


@dataclass(frozen=True, slots=True, eq=False)
class RawModel:
    """A network for raw features, whose outputs are in the target's own unit; ``classes`` is false for a number.

    With ``output``, one of several targets, it has that output alone.
    """

    model: Sequential
    inputs: Inputs
    target: TargetScale
    classes: bool
    output: int | None = None

    def predict(self, raw: Array) -> Array:
        """Return outputs (n, k), float64, for raw features (n, features)."""
        outputs = self.model.predict(self.inputs.standardize(raw)).astype(np.float64)
        restored = self.target.restore(outputs)
        return restored if self.output is None else restored[:, self.output : self.output + 1]


def columns_of(features: Sequence[Feature]) -> dict[str, slice]:
    """Return the features that each column of the data became, which stand side by side."""
    columns: dict[str, slice] = {}
    for position, feature in enumerate(features):
        start = columns[feature.column].start if feature.column in columns else position
        columns[feature.column] = slice(start, position + 1)
    return columns


def measure_of_importance(by: str | None, experiment: Experiment, task: Task, field: str = "by") -> str:
    """Return ``by``, or the usual measure of a target; that of one of several targets has its number, as ``r2[1]``.

    Raises UserError, for the ``field`` it comes from, for one that a resolved run does not have.
    """
    if by is None:
        return USUAL["numbers" if task == "regression" else "classes"]
    suitable = suitable_measures(experiment, task)
    if task == "regression" and experiment.model.output.units != 1:
        each = range(experiment.model.output.units or 0)
        suitable += tuple(f"{name}[{index}]" for name in suitable if name != "loss" for index in each)
    if by not in suitable:
        raise UserError(field, f"expected one of {', '.join(suitable)}; got {quoted(by)}")
    return by


def check_repeats(repeats: int, field: str = "repeats") -> int:
    """Return ``repeats``; raise UserError, for the ``field`` they come from, if they are not a number of repeats."""
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer) or not 1 <= repeats <= MAX_REPEATS:
        raise UserError(field, f"expected a whole number from 1 to {MAX_REPEATS:,}; got {quoted(str(repeats))}")
    return int(repeats)


def score_by(by: str, model: Sequential, experiment: Experiment, y: Array, target: TargetScale) -> Score:
    """Return the function from standardized features (n, features) to the measure ``by`` against ``y`` (n, outputs).

    ``y`` is as it is trained on. The loss is of that, without penalty; other measures are in the target's own unit.
    """
    loss = get_loss(str(experiment.training.loss), model.dense[-1][0].activation)
    trained_on = y.T.astype(model.dtype)
    own = target.restore(y).T.astype(np.float64) if not target.is_none else trained_on
    name, index = name_of(by), target_of(by)
    part = slice(None) if index is None else slice(index, index + 1)

    def score(x: Array) -> float:
        outputs = model.predict(x)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if by == "loss":
                losses = each_loss(loss.name, outputs.T, trained_on)
                return float(losses.mean(dtype=np.float64) if loss.per_sample else losses.sum(dtype=np.float64))
            return float(measure((name,), target.restore(outputs).T[part], own[part])[name])

    return score


def importance_of(
    model: Sequential,
    experiment: Experiment,
    data: tuple[Array, Array, TargetScale],
    features: Sequence[Feature],
    by: str,
    repeats: int = REPEATS,
    seed: int = 0,
) -> PermutationImportance:
    """Return the importance by a measure of the columns of ``features``, of which nothing is computed yet.

    ``data`` are standardized x (n, features), y (n, outputs) as it is trained on, and its scale.
    """
    x, y, target = data
    score = score_by(by, model, experiment, y, target)
    return PermutationImportance(score, x.astype(model.dtype), columns_of(features), by, check_repeats(repeats), seed)


class ColumnImportance(NamedTuple):
    """How much a measure gets worse where a column is permuted: the mean and the deviation over the repeats."""

    column: str
    mean: float
    deviation: float


class ImportanceOfRun(NamedTuple):
    """The importances that were computed last of a run: by which measure, after which epoch, and of each column."""

    by: str
    epoch: int
    columns: Mapping[str, ColumnImportance]

    def shares(self, columns: Sequence[str]) -> list[float]:
        """Return how important each of ``columns`` is beside the most important one, from 0 to 1."""
        largest = max((one.mean for one in self.columns.values() if one.mean > 0.0), default=0.0)
        means = [self.columns[column].mean for column in columns]
        return [mean / largest if mean > 0.0 else 0.0 for mean in means]


class PermutationImportance:
    """Permutation importance of each column on ``x`` (n, features), computed one permutation after the other.

    Those of ``sklearn.inspection.permutation_importance`` with ``n_repeats`` and ``random_state``: in each repeat the
    rows of a column are permuted, with the same permutations for all columns, and what ``score`` loses is its
    importance. The features that were made of one column are permuted together. Of a measure ``by`` of which less is
    better it is what that gains. ``losses`` (columns, repeats) are nan where not computed yet.
    """

    def __init__(
        self, score: Score, x: Array, columns: Mapping[str, slice], by: str, repeats: int = REPEATS, seed: int = 0
    ) -> None:
        self.by = by
        self._score, self._x = score, x.copy()
        self._original, self._columns = x, list(columns.values())
        self.names = tuple(columns)
        self._sign = 1.0 if is_rising(by) else -1.0
        self._orders = permutations(len(x), seed)
        self._order = np.arange(len(x))  # of the current repeat
        self.baseline = score(x)
        self.losses = np.full((len(columns), repeats), np.nan)
        self._done = 0

    @property
    def repeats(self) -> int:
        """How many repeats are done for all columns."""
        return self._done // len(self.names)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to compute."""
        return self._done == self.losses.size

    def advance(self) -> None:
        """Compute the next permutation: of all columns in turn, then their next repeat."""
        repeat, number = divmod(self._done, len(self.names))
        if number == 0:
            self._order = next(self._orders)
        column = self._columns[number]
        self._x[:, column] = self._original[self._order, column]
        self.losses[number, repeat] = self._sign * (self.baseline - self._score(self._x))
        self._x[:, column] = self._original[:, column]
        self._done += 1

    def finish(self) -> list[ColumnImportance]:
        """Compute everything; return the importances, the largest first, those that are not defined last."""
        while not self.is_done:
            self.advance()
        columns = self.columns()
        order = np.argsort([-one.mean for one in columns], kind="stable")  # which puts nan last
        return [columns[k] for k in order]

    def columns(self) -> list[ColumnImportance]:
        """Return the importance of each column so far, in the order of the columns."""
        return [
            ColumnImportance(*one) for one in zip(self.names, *(part.tolist() for part in self.summary()), strict=True)
        ]

    def summary(self) -> tuple[Array, Array]:
        """Return mean and deviation (columns,) over the repeats so far; nan for a column without one."""
        counts = np.full(len(self.names), self.repeats)
        counts[: self._done % len(self.names)] += 1
        is_done = np.arange(self.losses.shape[1]) < counts[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(is_done, self.losses, 0.0).sum(axis=1) / counts
            squares = np.where(is_done, (self.losses - means[:, None]) ** 2, 0.0).sum(axis=1) / counts
        return means, np.sqrt(squares)


def permutations(rows: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield the orders (rows,) that scikit-learn brings a column into with ``random_state=seed``, without end.

    Each repeat permutes what the one before it has left.
    """
    rng = np.random.RandomState(np.random.RandomState(seed % 2**32).randint(2**31))
    order, shuffled = np.arange(rows), np.arange(rows)
    while True:
        rng.shuffle(shuffled)
        order = order[shuffled]
        yield order


def grid_of(raw: Array, column: slice, features: Sequence[Feature]) -> Array:
    """Return values (k, width) of a column, in its own unit, over which a response is computed.

    Those of a category are its categories; of numbers each that there is, or where there are many, evenly spaced ones
    without the outermost hundredth of the rows ``raw`` (n, features) at either end.
    """
    if features[column.start].category is not None:
        return np.eye(column.stop - column.start)
    values = np.unique(raw[:, column])
    if len(values) > GRID:
        low, high = np.quantile(raw[:, column], [TAILS, 1.0 - TAILS]).tolist()
        values = np.linspace(low, high, GRID)
    return values[:, None]


def responses(model: RawModel, raw: Array, column: slice, values: Array) -> Array:
    """Return the outputs (k, n, outputs) of rows ``raw`` (n, features) with each of ``values`` (k, width) in a column.

    Each row's own curve is an individual conditional expectation (Goldstein et al. 2015); their mean over the rows is
    the partial dependence (Friedman 2001), as ``sklearn.inspection.partial_dependence`` computes it by brute force.
    """
    moved = raw.copy()
    results = []
    for value in values:
        moved[:, column] = value
        results.append(model.predict(moved))
    return np.array(results)


def flips(model: RawModel, row: Array, column: int, limits: tuple[float, float], level: float) -> list[float]:
    """Return where the decision on ``row`` (features,) flips if one column of numbers moves within ``limits``.

    At most two values, ascending: the nearest flips below and above the present one. The decision on classes is which
    is the most likely one; of a number it is whether it is above ``level``.
    """
    now = float(row[column])
    found = []
    for end in limits:
        inside, outside = now, end
        for _ in range(ROUNDS):
            values = np.linspace(inside, outside, GRID)
            decisions = _decisions(model, row, column, values, level)
            changed = np.flatnonzero(decisions != decisions[0])
            if not len(changed):
                break
            inside, outside = values[changed[0] - 1 : changed[0] + 1].tolist()
        else:
            found.append(outside)
    return sorted(found)


def error_histogram(errors: Array, bins: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return edges (bins + 1,), symmetric around 0, and the numbers of the finite ``errors`` (n,) between them."""
    finite = errors[np.isfinite(errors)]
    largest = float(np.abs(finite).max(initial=0.0)) or 1.0
    counts, edges = np.histogram(finite, bins, range=(-largest, largest))
    return edges, counts


def _decisions(model: RawModel, row: Array, column: int, values: Array, level: float) -> Array:
    """Return the decision (k,) on ``row`` with each of ``values`` (k,) in a column."""
    rows = np.repeat(row[None], len(values), axis=0)
    rows[:, column] = values
    outputs = model.predict(rows)
    return most_likely(outputs) if model.classes else outputs[:, 0] > level
