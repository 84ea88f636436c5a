"""How good a model is: metrics of its predictions, and loss and metrics on a fixed set of samples.

Predictions of a stack of models are (models, outputs, samples), and a metric of them is (models,). The definitions are
those of scikit-learn, with averages over classes that have samples (``macro``). A metric that is not defined is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_trainer.measures import BY_CLASS, USUAL

from .layers import Parameters
from .losses import Array, Loss
from .model import PREDICTION_ROWS, Sequential
from .objective import Objective
from .propagation import Propagation, with_ones

THRESHOLD = 0.5  # an output above it is class 1
CALIBRATION_BINS = 10
RELATIVE = ("mape",)  # to the size of the target, so that it matters where that is 0
Metric = Callable[[Array, Array], Any]


def accuracy(predicted: Array, y: Array) -> Any:
    """Fraction of samples whose class is right; both (outputs, samples).

    One output above 0.5 is class 1, at 0.5 and below class 0, as in Keras's ``binary_accuracy``.
    """
    return _plain(np.mean(_classes(predicted) == _classes(y), axis=-1))


def r2(predicted: Array, y: Array) -> Any:
    """1 - residual / total sum of squares, the mean over the outputs whose targets vary; nan where none does.

    Both are (outputs, samples).
    """
    spread = np.sum((y - y.mean(axis=1, keepdims=True)) ** 2, axis=-1).astype(np.float64)
    residual = np.sum((predicted - y) ** 2, axis=-1).astype(np.float64)
    return _plain(np.asarray(_mean_of_known(1.0 - _ratio(residual, np.broadcast_to(spread, residual.shape)))))


def mae(predicted: Array, y: Array) -> Any:
    """Mean absolute error over samples and outputs, both (outputs, samples)."""
    return _plain(np.mean(np.abs(predicted - y), axis=(-2, -1)))


def rmse(predicted: Array, y: Array) -> Any:
    """Root of the mean squared error, the mean over outputs; both (outputs, samples)."""
    return _plain(np.sqrt(np.mean((predicted - y) ** 2, axis=-1)).mean(axis=-1))


def mape(predicted: Array, y: Array) -> Any:
    """Mean of the absolute errors by the targets' sizes, both (outputs, samples); nan where a target is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.mean(np.abs(predicted - y) / np.abs(y), axis=(-2, -1))
    return _plain(shares if y.all() else np.full_like(shares, np.nan))


def recall(predicted: Array, y: Array) -> Array:
    """Of each class, the fraction of its samples that is right, (classes,); nan for a class without samples.

    Both are (outputs, samples); one output cut at 0.5 has the classes 0 and 1.
    """
    counts = _counts(predicted, y)
    return _ratio(counts.right, counts.actual)


def f1_of_class(predicted: Array, y: Array) -> Array:
    """Of each class, the harmonic mean of precision and recall, (classes,); both are (outputs, samples).

    nan for a class that neither is there nor is predicted.
    """
    counts = _counts(predicted, y)
    return _ratio(2 * counts.right, counts.actual + counts.predicted)


def balanced_accuracy(predicted: Array, y: Array) -> Any:
    """Mean recall over the classes that have samples; both (outputs, samples)."""
    return _plain(_mean_of_known(recall(predicted, y)))


def f1(predicted: Array, y: Array) -> Any:
    """Mean F1 over the classes that are there or are predicted; both (outputs, samples)."""
    return _plain(_mean_of_known(f1_of_class(predicted, y)))


class Thresholds(NamedTuple):
    """For each distinct score, the highest first: how many samples with at least that score are of the class, or not.

    All are (thresholds,): those of the class are ``right``, the others ``wrong``.
    """

    scores: Array
    right: NDArray[Any]
    wrong: NDArray[Any]

    @classmethod
    def of(cls, scores: Array, members: NDArray[np.bool_]) -> Thresholds:
        """Count over ``scores`` (samples,), and whether each sample is of the class (samples,)."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        right = np.cumsum(members[order])[last]
        return cls(ranked[last], right, last + 1 - right)

    @property
    def rates(self) -> tuple[Array, Array]:
        """The ROC curve: the shares of the other samples, and of those of the class, (thresholds + 1,) from 0 to 1."""
        shares = (np.append(0, counts) / max(counts[-1], 1) for counts in (self.wrong, self.right))
        false_positive, true_positive = shares
        return false_positive, true_positive

    @property
    def precision_and_recall(self) -> tuple[Array, Array]:
        """The precision and the recall at each threshold, (thresholds,)."""
        return self.right / (self.right + self.wrong), self.right / max(self.right[-1], 1)

    @property
    def area(self) -> float:
        """The area under the ROC curve; nan if all samples are of the class, or none."""
        if not (self.right[-1] and self.wrong[-1]):
            return float("nan")
        false_positive, true_positive = self.rates
        return float(np.trapezoid(true_positive, false_positive))

    @property
    def average_precision(self) -> float:
        """The precision at each threshold, weighted by the recall that it adds; nan if no sample is of the class."""
        if not self.right[-1]:
            return float("nan")
        precision, recalled = self.precision_and_recall
        return float(np.diff(recalled, prepend=0.0) @ precision)


def _of_each_model(metric: Metric) -> Metric:
    """Apply the metric of one model's outputs to those of a stack, one after the other; nan for outputs that are."""

    @wraps(metric)
    def applied(predicted: Array, y: Array) -> Any:
        if predicted.ndim == 2:
            return float(metric(predicted, y)) if np.isfinite(predicted).all() else float("nan")
        return np.array([applied(one, y) for one in predicted])

    return applied


@_of_each_model
def roc_auc(predicted: Array, y: Array) -> Any:
    """Area under the ROC curve: of class 1 of two, else the mean over classes, each against the rest."""
    return _mean_of_known(np.array([one.area for one in thresholds_by_class(predicted, y)]))


@_of_each_model
def average_precision(predicted: Array, y: Array) -> Any:
    """Average precision: of class 1 of two, else the mean over classes, each against the rest."""
    return _mean_of_known(np.array([one.average_precision for one in thresholds_by_class(predicted, y)]))


@_of_each_model
def log_loss(predicted: Array, y: Array) -> Any:
    """Mean of -ln of the probability of the true class, at least the dtype's epsilon away from 0 and 1."""
    scores, members = class_scores(predicted, y)
    if len(scores) == 1:
        scores, members = np.vstack([1.0 - scores, scores]), np.vstack([~members, members])
    epsilon = np.finfo(predicted.dtype).eps
    return -np.log(np.clip(scores.T[members.T], epsilon, 1.0 - epsilon)).mean(dtype=np.float64)


@_of_each_model
def brier(predicted: Array, y: Array) -> Any:
    """Mean squared error of the probabilities (Brier 1950): of class 1 of two, else summed over the classes."""
    scores, members = class_scores(predicted, y)
    return ((scores - members) ** 2).sum(axis=0).mean(dtype=np.float64)


@_of_each_model
def calibration_error(predicted: Array, y: Array) -> Any:
    """How far probabilities are from what happens, weighted over ten bins (Naeini et al. 2015).

    The probability is that of class 1 of two, else that of the predicted class.
    """
    _, mean_probabilities, frequencies, counts = calibration_curve(predicted, y)
    return float(np.abs(mean_probabilities - frequencies) @ counts / counts.sum())


def calibration_curve(predicted: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """Return of each of ten bins with samples: its number, the mean probability, how often it came true, and its size.

    All are (bins,). ``predicted`` and ``y`` are (outputs, samples); see ``calibration_error``.
    """
    scores, members = class_scores(predicted, y)
    if len(scores) > 1:
        scores, members = scores.max(axis=0, keepdims=True), _classes(predicted)[None] == _classes(y)
    edges = np.linspace(0.0, 1.0, CALIBRATION_BINS + 1)[1:-1]
    bins = np.searchsorted(edges, scores[0])
    counts = np.bincount(bins)
    used = np.flatnonzero(counts)
    counts = counts[used]
    means, frequencies = (np.bincount(bins, values)[used] / counts for values in (scores[0], members[0]))
    return used, means, frequencies, counts


def thresholds_by_class(predicted: Array, y: Array) -> list[Thresholds]:
    """Return the thresholds of each class against the rest, or of class 1 alone of two; both (outputs, samples)."""
    return [Thresholds.of(*pair) for pair in zip(*class_scores(predicted, y), strict=True)]


def class_scores(predicted: Array, y: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The scores of each class, and which samples are of it, both (classes, samples); of two classes only class 1."""
    members = y > THRESHOLD
    return (predicted[1:], members[1:]) if len(y) == 2 else (predicted, members)


class _Counts(NamedTuple):
    """Samples of each class, (classes,) or (models, classes): right ones, those of the class, those predicted as it."""

    right: Array
    actual: Array
    predicted: Array


def _counts(predicted: Array, y: Array) -> _Counts:
    true, classes = _classes(y), np.arange(max(2, y.shape[0]))[:, None]
    members, chosen = true == classes, _classes(predicted)[..., None, :] == classes  # (classes, samples)
    right, actual, said = (np.count_nonzero(one, axis=-1) for one in (members & chosen, members, chosen))
    return _Counts(right, actual, said)


def _ratio(part: Array, whole: Array) -> Array:
    ratios: Array = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratios


def _mean_of_known(values: Array) -> Array:
    """The mean over the last axis of the values that are not nan; nan where all are."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def _classes(values: Array) -> Array:
    """The class of each sample, (samples,), by outputs or targets (outputs, samples)."""
    return values[..., 0, :] > THRESHOLD if values.shape[-2] == 1 else values.argmax(axis=-2)


def _plain(values: Array) -> Any:
    """One model's value as a float; those of a stack as they are."""
    return values if values.ndim else float(values)


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier": brier,
    "calibration_error": calibration_error,
    "recall": recall,
    "f1_of_class": f1_of_class,
    "r2": r2,
    "rmse": rmse,
    "mae": mae,
    "mape": mape,
}


def measure(
    names: Iterable[str], predicted: Array, y: Array, mean: Array | float = 0.0, each_output: bool = False
) -> dict[str, Any]:
    """The metrics called ``names``; one of each class is a value for each, ``recall[0]``, ``recall[1]`` ...

    ``mean`` (outputs, 1) is what was taken away from both; most metrics don't depend on it. With ``each_output``, a
    target of its own, those of numbers are followed by the values of the outputs, as ``mae[0]``, ``mae[1]`` ...
    """
    values: dict[str, Any] = {}
    outputs = [slice(index, index + 1) for index in range(len(y) if each_output else 0)]
    for name in names:
        if name in BY_CLASS:
            rates = np.moveaxis(METRICS[BY_CLASS[name]](predicted, y), -1, 0)
            values |= {f"{BY_CLASS[name]}[{k}]": _plain(rate) for k, rate in enumerate(rates)}
        elif name in RELATIVE:
            values |= _with_outputs(name, predicted + mean, y + mean, outputs)
        else:
            values |= _with_outputs(name, predicted, y, outputs)
    return values


def _with_outputs(name: str, predicted: Array, y: Array, outputs: Sequence[slice]) -> dict[str, Any]:
    """The metric ``name``, and after it that of each of the ``outputs``."""
    each = {f"{name}[{one.start}]": METRICS[name](predicted[..., one, :], y[one]) for one in outputs}
    return {name: METRICS[name](predicted, y), **each}


class Evaluation:
    """Repeated evaluation on ``x`` (n, features) and ``y`` (n, outputs), of the usual metrics and of ``metrics``.

    ``target_scale`` (outputs,) is what y was divided by, after ``target_mean`` was taken away: metrics are in the unit
    before that, the loss is not. ``sample_weight`` (n,) multiplies the loss of each sample, and no metric.
    With ``each_output`` every output is a target of its own, see ``measure``.
    With a ``stack`` of models of the architecture of ``model``, all values are one a model, (models,).
    """

    def __init__(
        self,
        model: Sequential,
        x: Array,
        y: Array,
        loss: Loss,
        metrics: Sequence[str] = (),
        target_scale: Array | None = None,
        target_mean: Array | None = None,
        stack: tuple[int, ...] = (),
        sample_weight: Array | None = None,
        each_output: bool = False,
    ) -> None:
        self._each_output = each_output
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        self._loss = loss
        usual = USUAL["classes" if loss.name.endswith("crossentropy") else "numbers"]
        self._metrics = tuple(dict.fromkeys((*usual, *metrics)))
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._outputs = np.empty((*stack, *self._targets.shape), model.dtype)
        self._unit = None if target_scale is None else np.asarray(target_scale, np.float64)[:, None]
        self._mean: Array | float = 0.0 if target_mean is None else np.asarray(target_mean, np.float64)[:, None]
        objectives: dict[int, Objective] = {}
        self._chunks: list[tuple[slice, Array, Array, Array | None, Objective]] = []
        for start in range(0, len(rows), PREDICTION_ROWS):
            part = slice(start, min(start + PREDICTION_ROWS, len(rows)))
            size = part.stop - part.start
            if size not in objectives:
                objectives[size] = Objective(Propagation(model.layers, size, model.dtype, stack=stack), loss)
            chunk_targets = np.ascontiguousarray(self._targets[:, part])
            weights = None if sample_weight is None else sample_weight[None, part].astype(model.dtype)
            if stack:  # the same for all models
                chunk_targets, weights = chunk_targets[None], None if weights is None else weights[None]
            self._chunks.append((part, rows[part].T, chunk_targets, weights, objectives[size]))

    def loss(self, parameters: Parameters) -> Any:
        """The loss at ``parameters``, without penalty; the outputs are kept for ``metrics``."""
        total: Any = 0.0
        for part, x, y, weights, objective in self._chunks:
            value = objective.value(x, y, parameters, weights)
            total = total + (value * (part.stop - part.start) if self._loss.per_sample else value)
            self._outputs[..., part] = objective.propagation.last.a
        return total / self._targets.shape[1] if self._loss.per_sample else total

    def metrics(self) -> dict[str, Any]:
        """The metrics of the outputs of the last call of ``loss``."""
        if self._unit is None:
            return measure(self._metrics, self._outputs, self._targets, each_output=self._each_output)
        outputs, targets = self._outputs * self._unit, self._targets * self._unit
        return measure(self._metrics, outputs, targets, self._mean, self._each_output)
