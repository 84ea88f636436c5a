"""Computes the predictions for one part of the data, ranked by their loss, with the current weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.split import PartName
from tui_trainer.engine.metrics import THRESHOLD, Thresholds, class_scores, mae, r2
from tui_trainer.engine.sample_losses import SampleLosses, each_loss
from tui_trainer.protocol import Content, Unavailable, pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.inspection import error_histogram
from tui_trainer.training.session import Session

from .inspection import Inspection
from .messages import (
    Axis,
    ChosenSample,
    ClassPredictions,
    Confusion,
    DataPart,
    LossPoints,
    NumberPredictions,
    SampleList,
    ThresholdCurves,
    WatchDrawing,
    WatchImportance,
    WatchPredictions,
    WatchWhatIf,
)

Array = NDArray[Any]
MAX_POINTS = 2000  # drawn of a part; counts are over all samples
MAX_LISTED_FEATURES = 16  # of each listed sample; no screen has room for more columns
BIN_COUNT = 31  # of the histogram: odd, so that the middle bin is around 0
Counts = NDArray[np.intp]
MIN_CLASSES = 2  # shown individually, next to the others
CURVE_POINTS = 201
UNSEEN_TEST = "The test part has not been looked at yet where the run was started, and this terminal only follows."
MIN_LOSS = 3.0  # the curve of -log p reaches at least this high, however good the model is


class PredictionsCompute:
    """Computes predictions. Each part is prepared once; computing it again is a forward pass and some counting."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session, self._output, self._trainer = trainer.session, trainer.shown_output, trainer
        self._parts: dict[PartName, Samples] = {}
        self._shown: PartName = "training"
        self._inspection = Inspection(trainer.session, self._output)

    def compute(self, request: WatchPredictions | WatchImportance | WatchWhatIf | WatchDrawing) -> Content:
        """Compute the predictions for the part that is requested.

        A look at the test part is noted in the run; who leaves no trace there sees it only once it was looked at.
        """
        only_looks = self._trainer.only_looks
        if only_looks and request.part == "test" and not self._trainer.recorded.test_seen_at:
            return Unavailable(UNSEEN_TEST)
        if request.part not in self._parts:
            self._parts[request.part] = Samples(self._session, request.part, self._output)
        elif isinstance(request, WatchPredictions):
            self._parts[request.part].update()
        samples = self._parts[request.part]
        if samples.name == "test" != self._shown and not only_looks:
            self._session.note_test_seen()
        self._shown = samples.name
        with np.errstate(over="ignore", invalid="ignore"):
            if isinstance(request, WatchImportance):
                return self._inspection.importance(samples, request)
            if isinstance(request, WatchWhatIf):
                return self._inspection.what_if(samples, request)
            if isinstance(request, WatchDrawing):
                return self._inspection.recognition(samples, request)
            if self._session.dataset.labels is None:
                return self._numbers(samples, request)
            return self._classes(samples, request)

    def _classes(self, samples: Samples, request: WatchPredictions) -> ClassPredictions:
        counts = count(samples.true, samples.predicted, len(self._session.dataset.classes))
        right = int(counts.trace())
        output = self._session.experiment.model.output.activation
        cell = request.cell
        if cell is not None and not all(0 <= number < len(counts) for number in cell):
            cell = None
        return ClassPredictions(
            part=samples.part,
            confusion=confusion(counts, request.classes, request.page),
            accuracy=right / len(samples.rows),
            right=right,
            probabilities=output == "softmax" or (output == "sigmoid" and len(samples.outputs) == 1),
            listed=samples.listed(request.first, request.rows, cell, request.pictures),
            chosen=samples.chosen(request.chosen, cell),
            points=loss_points(self._session, samples),
            cell=cell,
            curves=None if request.cut is None else threshold_curves(samples, request.of_class, request.cut),
        )

    def _numbers(self, samples: Samples, request: WatchPredictions) -> NumberPredictions:
        residuals = samples.certainty
        edges, counts = error_histogram(residuals, BIN_COUNT)
        return NumberPredictions(
            part=samples.part,
            true=pack(samples.true[samples.drawn_indices]),
            predicted=pack(samples.predicted[samples.drawn_indices]),
            edges=pack(edges),
            counts=pack(counts),
            r2=r2(samples.outputs, samples.targets),
            mae=mae(samples.outputs, samples.targets),
            rmse=float(np.sqrt(np.mean(residuals**2))),
            listed=samples.listed(request.first, request.rows, pictures=request.pictures),
            chosen=samples.chosen(request.chosen),
            points=loss_points(self._session, samples),
        )


class Samples:
    """A part of the data of a session; ``update`` computes everything for the current weights.

    Shapes: ``x`` (n, features) and ``y`` (n, outputs) as they are trained on; ``outputs`` (units, n), ``losses`` (n,);
    ``rows`` (n,) are rows of the dataset; ``drawn_indices`` are those of the samples to draw, chosen once with the seed
    of the split; ``true`` and ``predicted`` (n,) are class numbers, or values, and ``certainty`` (n,) is the output for
    the true class, or the residual. Numbers are in the target's own unit; only ``losses`` are of the target as it is
    trained on. Of several targets all but ``x`` and ``y`` are of ``output`` alone, as if there were no other.
    """

    def __init__(self, session: Session, part: PartName, output: int | None = None) -> None:
        split = session.split
        parts: dict[PartName, tuple[Array | None, Array | None, Array]] = {
            "training": (split.x_train, split.y_train, split.train_rows),
            "validation": (split.x_val, split.y_val, split.val_rows),
            "test": (split.x_test, split.y_test, split.test_rows),
        }
        self.name: PartName = part if len(parts[part][2]) else "training"
        self._session, self._missing = session, part if self.name != part else ""
        x, y, self.rows = parts[self.name]
        assert x is not None and y is not None
        self.x, self.y = x, y
        self._dataset = session.dataset
        self._engine = SampleLosses(session.trainer.model, x, y, session.trainer.loss)
        self.drawn_indices = np.arange(len(x))
        if len(x) > MAX_POINTS:
            rng = np.random.default_rng(session.experiment.dataset.seed)
            self.drawn_indices = np.sort(rng.choice(len(x), MAX_POINTS, replace=False))
        self._target, self._output = split.target, slice(None) if output is None else slice(output, output + 1)
        self.target_scale = float(split.target.scale[output or 0])
        self._loss = session.trainer.loss.name
        self._sigmoid = session.experiment.model.output.activation == "sigmoid"
        labels = session.dataset.labels
        targets: Array = self._engine.targets if self._target.is_none else self._target.restore(y).T
        self.targets = targets[self._output]
        self.true: Array = self._target.restore(y)[:, output or 0] if labels is None else labels[self.rows]
        self.update()

    def update(self) -> None:
        """Run one batched forward pass over all samples with the current weights."""
        self._engine.update()
        self.outputs, self.losses = self._target.restore(self._engine.outputs.T).T[self._output], self._engine.losses
        if self._output != slice(None):
            self.losses = each_loss(self._loss, self._engine.outputs[self._output], self._engine.targets[self._output])
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
        """The name and size of the part."""
        seen = len(self._session.test_seen_at) if self.name == "test" else 0
        return DataPart(self.name, len(self.rows), self._missing, seen)

    def by_class(self, outputs: Array) -> Array:
        """Return outputs (k,) as one for each class: those of a single sigmoid unit are 1 - p and p."""
        if len(outputs) == 1 and self._dataset.labels is not None and self._sigmoid:
            return np.array([1.0 - outputs[0], outputs[0]])
        return outputs

    def ranked(self, cell: tuple[int, int] | None = None) -> NDArray[np.intp]:
        """Return the indices of the samples of a cell of the confusion matrix, or of all, by their loss."""
        if cell is None:
            return self._order
        is_in_cell = (self.true == cell[0]) & (self.predicted == cell[1])
        ranked: NDArray[np.intp] = self._order[is_in_cell[self._order]]
        return ranked

    def listed(self, first: int, count: int, cell: tuple[int, int] | None = None, pictures: bool = False) -> SampleList:
        """Return ``count`` samples, of a cell or of all, from rank ``first`` on; near the end, the last ones."""
        features = slice(None if pictures else MAX_LISTED_FEATURES)
        ranked = self.ranked(cell)
        count = min(max(count, 0), len(ranked))
        first = min(max(first, 0), len(ranked) - count)
        indices = ranked[first : first + count]
        named, rows = self._dataset.rows, self.rows[indices].tolist()
        return SampleList(
            first=first,
            total=len(ranked),
            rows=pack(np.array([named.number(row) for row in rows])),
            names=tuple(map(named.name, rows)) if named.column else (),
            true=pack(self.true[indices]),
            predicted=pack(self.predicted[indices]),
            certainty=pack(self.certainty[indices]),
            losses=pack(self.losses[indices]),
            features=pack(self._dataset.x[self.rows[indices], features].ravel()),
        )

    def chosen(self, rank: int, cell: tuple[int, int] | None = None) -> ChosenSample | None:
        """Return the sample of a rank, or the last one; None if a cell has none."""
        ranked = self.ranked(cell)
        if not len(ranked):
            return None
        rank = min(max(rank, 0), len(ranked) - 1)
        index = int(ranked[rank])
        outputs = self.by_class(self.outputs[:, index].astype(np.float64))
        return ChosenSample(
            rank=rank,
            index=index,
            row=self._dataset.rows.number(int(self.rows[index])),
            name=self._dataset.rows.name(int(self.rows[index])),
            true=float(self.true[index]),
            predicted=float(self.predicted[index]),
            certainty=float(self.certainty[index]),
            loss=float(self.losses[index]),
            features=pack(self._dataset.x[self.rows[index]]),
            outputs=pack(outputs),
            sum=float(outputs.sum()),
        )


def count(true: Counts, predicted: Counts, classes: int) -> Counts:
    """Count the samples of each class by prediction: (classes, classes), rows are true, columns predicted classes."""
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion(counts: Counts, max_rows: int, page: int) -> Confusion:
    """Fold ``counts`` (classes, classes) to at most ``max_rows`` rows, the classes with the most mistakes first."""
    classes = len(counts)
    shown, pages = np.arange(classes), 1
    if classes > max(max_rows, MIN_CLASSES + 1):
        classes_per_page = max(max_rows - 1, MIN_CLASSES)
        pages = -(-classes // classes_per_page)
        page = min(max(page, 0), pages - 1)
        mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
        shown = np.sort(np.argsort(-mistakes, kind="stable")[page * classes_per_page : (page + 1) * classes_per_page])
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
        recall=pack(_ratio(right, true)),
        precision=pack(_ratio(right, predicted)),
    )


def threshold_curves(samples: Samples, of_class: int, cut: float) -> ThresholdCurves | None:
    """Return the curves of a class against the rest, and the counts at a cut; None while outputs are not finite."""
    all_scores, all_members = class_scores(samples.outputs, samples.targets)
    place = min(max(of_class, 0), len(all_scores) - 1)
    scores, members = all_scores[place].astype(np.float64), all_members[place]
    low, high = min(float(scores.min()), 0.0), max(float(scores.max()), 1.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        return None
    cut = low + cut * (high - low)
    thresholds = Thresholds.of(scores, members)
    precision, recall = thresholds.precision_and_recall
    is_above = scores > cut
    groups = (members & is_above, members & ~is_above, ~members & is_above, ~members & ~is_above)
    right, missed, wrong, left = (int(np.count_nonzero(group)) for group in groups)
    false_positive, true_positive = map(_thinned, thresholds.rates)
    return ThresholdCurves(
        of_class=place if len(all_scores) > 1 else 1,  # of two classes there are the scores of the second
        cut=cut,
        false_positive=pack(false_positive),
        true_positive=pack(true_positive),
        recall=pack(_thinned(recall)),
        precision=pack(_thinned(precision)),
        area=thresholds.area,
        average_precision=thresholds.average_precision,
        counts=(right, missed, wrong, left),
    )


def _thinned(values: Array) -> Array:
    """Return at most ``CURVE_POINTS`` of ``values`` (n,), evenly spaced, with both ends."""
    places = np.unique(np.linspace(0, len(values) - 1, CURVE_POINTS).astype(int))
    return np.asarray(values[places])


def loss_points(session: Session, samples: Samples) -> LossPoints:
    """Return the points of ``samples``, the curve of the loss function, and the mean."""
    loss = session.trainer.loss
    x, axis = _positions(loss.name, samples)
    curve_x, curve_y = _curve(loss.name, axis, x, samples, session.split.target.is_none)
    indices = samples.drawn_indices
    wrong = np.zeros(len(indices), bool)
    if session.dataset.labels is not None:
        wrong = samples.predicted[indices] != samples.true[indices]
    order = np.concatenate([indices[wrong], indices[~wrong]])
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
        penalized=session.experiment.is_penalized,
    )


def _positions(name: str, samples: Samples) -> tuple[Array, Axis]:
    """Return the samples' positions (n,) along the axis of the loss, and what that axis is.

    For several outputs, a squared error depends on the length of the residuals, and an absolute one on their sum;
    the cross-entropy of several sigmoids depends on the product of their probabilities.
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


def _curve(
    name: str, axis: Axis, x: Array, samples: Samples, in_own_unit: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the curve over all of ``x`` (n,) as x and y (k,); empty for huber with several outputs.

    x is in the target's own unit, the loss of the target as it is trained on, which is the same with ``in_own_unit``.
    """
    if axis in ("probability", "joint"):
        # Evenly spaced in the loss: evenly spaced in p, the steep part would have too few points
        y = np.linspace(max(_largest(samples.losses), MIN_LOSS), 0.0, CURVE_POINTS)
        return np.exp(-y), y
    largest = _largest(x) or 1.0
    residual_axis = np.linspace(-largest if axis == "residual" else 0.0, largest, CURVE_POINTS)
    if axis == "distance" and (name == "huber" or not in_own_unit):
        return residual_axis[:0], residual_axis[:0]
    return residual_axis, each_loss(name, residual_axis[None] / samples.target_scale, np.zeros((1, CURVE_POINTS)))


def _largest(values: Array) -> float:
    """Return the largest finite magnitude in ``values`` (n,), 0 if there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return part / whole (k,), nan where whole is 0."""
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares
