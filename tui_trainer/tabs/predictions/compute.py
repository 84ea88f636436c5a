"""The samples of one part of the data, with what the model says of them now, ranked by their loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.metrics import mae, r2
from tui_trainer.engine.sample_losses import SampleLosses, each_loss
from tui_trainer.protocol import Content, Unavailable, pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session

from .messages import (
    Axis,
    ChosenSample,
    ClassPredictions,
    Confusion,
    DataPart,
    LossPoints,
    NumberPredictions,
    SampleList,
    WatchPredictions,
)

Array = NDArray[Any]
MAX_POINTS = 2000  # drawn of a part; whatever is counted is counted over all
FEATURES_LISTED = 16  # of each listed sample; no screen has room for more columns
THRESHOLD = 0.5  # of one output unit: above it is the second class
BINS = 31  # of the histogram: odd, so that the middle one is around 0
Counts = NDArray[np.intp]
MIN_CLASSES = 2  # shown, beside the others
CURVE_POINTS = 201
MIN_LOSS = 3.0  # how high the curve of -log p goes at least, however good the model is


class Samples:
    """The training or the validation part of a session; ``update`` brings all to the present weights.

    Shapes: ``outputs`` (units, n), ``losses`` (n,); ``rows`` (n,) are rows of the dataset; ``drawn`` are the
    indices of the samples to draw, chosen once by the seed of the split; ``true`` and ``predicted`` (n,) are
    classes by number, or values, and ``certainty`` (n,) the output for the true class, or the residual.
    """

    def __init__(self, session: Session, validation: bool) -> None:
        parts = session.split
        self.validation = validation and parts.x_val is not None and parts.y_val is not None
        self._missing = "validation" if validation and not self.validation else ""
        x, y = (parts.x_val, parts.y_val) if self.validation else (parts.x_train, parts.y_train)
        assert x is not None and y is not None
        self.rows = parts.val_rows if self.validation else parts.train_rows
        self._dataset = session.dataset
        self._engine = SampleLosses(session.trainer.model, x, y, session.trainer.loss)
        self.drawn = np.arange(len(x))
        if len(x) > MAX_POINTS:
            rng = np.random.default_rng(session.experiment.dataset.seed)
            self.drawn = np.sort(rng.choice(len(x), MAX_POINTS, replace=False))
        self._sigmoid = session.experiment.model.output.activation == "sigmoid"
        labels = session.dataset.labels
        self.true: Array = y[:, 0] if labels is None else labels[self.rows]
        self.update()

    def update(self) -> None:
        """One batched pass of all samples at the present weights."""
        self._engine.update()
        self.outputs, self.losses, self.targets = self._engine.outputs, self._engine.losses, self._engine.targets
        if self._dataset.labels is None:
            self.predicted: Array = self.outputs[0].astype(np.float64)
            self.certainty: Array = self.predicted - self.true
        elif len(self.outputs) == 1:
            self.predicted = (self.outputs[0] > THRESHOLD).astype(np.intp)
            self.certainty = np.where(self.true == 1, self.outputs[0], 1.0 - self.outputs[0])
        else:
            self.predicted = self.outputs.argmax(axis=0)
            self.certainty = self.outputs[self.true, np.arange(len(self.true))]
        self._order = np.argsort(-self.losses, kind="stable")

    @property
    def part(self) -> DataPart:
        """Which samples these are."""
        return DataPart("validation" if self.validation else "training", len(self.rows), self._missing)

    def listed(self, first: int, count: int) -> SampleList:
        """``count`` samples from rank ``first`` on, or as many of the last ones."""
        count = min(max(count, 0), len(self._order))
        first = min(max(first, 0), len(self._order) - count)
        these = self._order[first : first + count]
        return SampleList(
            first=first,
            rows=pack(self.rows[these]),
            true=pack(self.true[these]),
            predicted=pack(self.predicted[these]),
            certainty=pack(self.certainty[these]),
            losses=pack(self.losses[these]),
            features=pack(self._dataset.x[self.rows[these], :FEATURES_LISTED].ravel()),
        )

    def chosen(self, rank: int) -> ChosenSample:
        """The sample of a rank, or the last one."""
        rank = min(max(rank, 0), len(self._order) - 1)
        this = int(self._order[rank])
        outputs = self.outputs[:, this].astype(np.float64)
        if len(outputs) == 1 and self._dataset.labels is not None and self._sigmoid:
            outputs = np.array([1.0 - outputs[0], outputs[0]])
        return ChosenSample(
            rank=rank,
            row=int(self.rows[this]),
            true=float(self.true[this]),
            predicted=float(self.predicted[this]),
            certainty=float(self.certainty[this]),
            loss=float(self.losses[this]),
            features=pack(self._dataset.x[self.rows[this]]),
            outputs=pack(outputs),
            sum=float(outputs.sum()),
        )


class PredictionsCompute:
    """Computes predictions. Each part is prepared once; computing it again is a forward pass and some counting."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session
        self._parts: dict[bool, Samples] = {}

    def compute(self, request: WatchPredictions) -> Content:
        """Compute the predictions for the part that is requested."""
        if self._session.dataset.y.shape[1] > 1 and self._session.dataset.labels is None:
            outputs = self._session.dataset.y.shape[1]
            return Unavailable(f"This view compares one number a sample; the target has {outputs}.")
        if request.validation in self._parts:
            self._parts[request.validation].update()
        else:
            self._parts[request.validation] = Samples(self._session, request.validation)
        samples = self._parts[request.validation]
        with np.errstate(over="ignore", invalid="ignore"):
            if self._session.dataset.labels is None:
                return self._numbers(samples, request)
            return self._classes(samples, request)

    def _classes(self, samples: Samples, request: WatchPredictions) -> ClassPredictions:
        counts = count(samples.true, samples.predicted, len(self._session.dataset.classes))
        right = int(counts.trace())
        output = self._session.experiment.model.output.activation
        return ClassPredictions(
            part=samples.part,
            confusion=confusion(counts, request.classes, request.page),
            accuracy=right / len(samples.rows),
            right=right,
            probabilities=output == "softmax" or (output == "sigmoid" and len(samples.outputs) == 1),
            listed=samples.listed(request.first, request.rows),
            chosen=samples.chosen(request.chosen),
            points=loss_points(self._session, samples),
        )

    def _numbers(self, samples: Samples, request: WatchPredictions) -> NumberPredictions:
        residuals = samples.certainty
        edges, counts = histogram(residuals)
        return NumberPredictions(
            part=samples.part,
            true=pack(samples.true[samples.drawn]),
            predicted=pack(samples.predicted[samples.drawn]),
            edges=pack(edges),
            counts=pack(counts),
            r2=r2(samples.outputs, samples.targets),
            mae=mae(samples.outputs, samples.targets),
            rmse=float(np.sqrt(np.mean(residuals**2))),
            listed=samples.listed(request.first, request.rows),
            chosen=samples.chosen(request.chosen),
            points=loss_points(self._session, samples),
        )


def histogram(residuals: Array) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Edges (BINS + 1,) as far to the left of 0 as to the right, and how many finite residuals lie between them."""
    finite = residuals[np.isfinite(residuals)]
    largest = float(np.abs(finite).max()) if len(finite) else 0.0
    counts, edges = np.histogram(finite, BINS, range=(-(largest or 1.0), largest or 1.0))
    return edges, counts


def count(true: Counts, predicted: Counts, classes: int) -> Counts:
    """How many samples of each class are taken for which: (classes, classes), rows true, columns predicted."""
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion(counts: Counts, most: int, page: int) -> Confusion:
    """``counts`` (classes, classes) with at most ``most`` rows; the classes with the most mistakes come first."""
    classes = len(counts)
    shown, pages = np.arange(classes), 1
    if classes > max(most, MIN_CLASSES + 1):
        together = max(most - 1, MIN_CLASSES)
        pages = -(-classes // together)
        page = min(max(page, 0), pages - 1)
        mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
        shown = np.sort(np.argsort(-mistakes, kind="stable")[page * together : (page + 1) * together])
    others = np.setdiff1d(np.arange(classes), shown)
    groups = [*shown[:, None], *([others] if len(others) else [])]
    right = np.array([counts.diagonal()[group].sum() for group in groups])
    true = np.array([counts[group].sum() for group in groups])
    predicted = np.array([counts[:, group].sum() for group in groups])
    folded = np.array([[counts[np.ix_(row, column)].sum() for column in groups] for row in groups])
    return Confusion(
        shown=tuple(shown.tolist()),
        others=len(others),
        page=page if pages > 1 else 0,
        pages=pages,
        counts=pack(folded.ravel()),
        recall=pack(_share(right, true)),
        precision=pack(_share(right, predicted)),
    )


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """part / whole (k,), nan where whole is 0."""
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def loss_points(session: Session, samples: Samples) -> LossPoints:
    """The points of ``samples``, the curve they lie on, and their mean."""
    loss = session.trainer.loss
    x, axis = _positions(loss.name, samples)
    curve_x, curve_y = _curve(loss.name, axis, x, samples)
    drawn = samples.drawn
    wrong = np.zeros(len(drawn), bool)
    if session.dataset.labels is not None:
        wrong = samples.predicted[drawn] != samples.true[drawn]
    order = np.concatenate([drawn[wrong], drawn[~wrong]])
    total = float(samples.losses.sum(dtype=np.float64))
    mean = total / len(samples.losses)
    return LossPoints(
        name=loss.name,
        axis=axis,
        x=pack(x[order]),
        y=pack(samples.losses[order]),
        wrong=int(wrong.sum()),
        curve_x=pack(curve_x),
        curve_y=pack(curve_y),
        mean=mean,
        loss=mean if loss.per_sample else total,
        penalized=session.experiment.training.l1 > 0 or session.experiment.training.l2 > 0,
    )


def _positions(name: str, samples: Samples) -> tuple[Array, Axis]:
    """Where the samples stand, (n,), and what that is.

    Over several outputs a squared error is one of the length of the residuals, and an absolute one of their sum;
    the cross-entropy of several sigmoids is that of their probabilities multiplied.
    """
    if name == "binary_crossentropy" and len(samples.outputs) > 1:
        return np.where(samples.targets >= 0.5, samples.outputs, 1.0 - samples.outputs).prod(axis=0), "joint"
    if name.endswith("crossentropy"):
        return samples.certainty, "probability"
    residuals = samples.outputs.astype(np.float64) - samples.targets
    if len(residuals) == 1:
        return residuals[0], "residual"
    if name.endswith("squared_error"):
        return np.sqrt((residuals**2).sum(axis=0)), "distance"
    return np.abs(residuals).sum(axis=0), "distance"


def _curve(name: str, axis: Axis, x: Array, samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve over all of ``x`` (n,), x and y (k,); none for huber over several outputs."""
    if axis in ("probability", "joint"):
        # Evenly in the loss: evenly in p, the steep part would have no points.
        y = np.linspace(max(_largest(samples.losses), MIN_LOSS), 0.0, CURVE_POINTS)
        return np.exp(-y), y
    largest = _largest(x) or 1.0
    along = np.linspace(-largest if axis == "residual" else 0.0, largest, CURVE_POINTS)
    if axis == "distance" and name == "huber":
        return along[:0], along[:0]
    return along, each_loss(name, along[None], np.zeros((1, CURVE_POINTS)))


def _largest(values: Array) -> float:
    """The largest size in ``values`` (n,) that is finite, 0 if there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0
