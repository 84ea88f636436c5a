"""The Predictions view: what the model says of samples whose answer is known."""

from __future__ import annotations

from typing import Literal

import msgspec

from tui_trainer.protocol import Content, Request

Axis = Literal["residual", "distance", "probability", "joint"]


class WatchPredictions(Request, frozen=True):
    """Look at the predictions for the validation part, or the training part where there is no other.

    Samples are ranked by their loss, the largest first: ``rows`` of them are listed from rank ``first`` on,
    and the one of rank ``chosen`` is looked at closely. Of more than ``classes`` classes, the confusion matrix
    has those with the most mistakes, or on a later ``page`` the next of them, and the others as one.
    """

    validation: bool = True
    first: int = 0
    rows: int = 20
    chosen: int = 0
    classes: int = 12
    page: int = 0


class DataPart(msgspec.Struct, frozen=True):
    """Which samples: ``samples`` of the dataset's rows. ``missing`` is the part that was asked for in vain."""

    name: Literal["training", "validation"]
    samples: int
    missing: str = ""


class SampleList(msgspec.Struct, frozen=True):
    """Samples from rank ``first`` on; arrays (k,), but ``features`` (k, shown), raw, the first few of a sample.

    ``true`` and ``predicted`` are classes by number, or the target's values. ``certainty`` is the output for
    the true class (of one unit p, it is 1 - p for the first class); of a number, the residual.
    """

    first: int
    rows: bytes
    true: bytes
    predicted: bytes
    certainty: bytes
    losses: bytes
    features: bytes


class ChosenSample(msgspec.Struct, frozen=True):
    """One sample closely: ``features`` (features,) raw, ``outputs`` (k,) of the model, and their sum.

    The outputs are one a class; of one sigmoid unit, 1 - p and p.
    """

    rank: int
    row: int
    true: float
    predicted: float
    certainty: float
    loss: float
    features: bytes
    outputs: bytes
    sum: float


class LossPoints(msgspec.Struct, frozen=True):
    """The loss of each sample as a point of the curve that the loss function is.

    ``x`` and ``y`` (shown,) are the points, those of the ``wrong`` classes first; the curve is ``curve_x``,
    ``curve_y`` (k,), empty where the points lie on none. x is the residual, its length over several outputs
    (``distance``), the probability of the right class, or that of several sigmoids being right at once (``joint``).
    ``mean`` is over all samples; ``loss`` is what is trained on, without penalty: the mean, or for a sum loss the sum.
    """

    name: str
    axis: Axis
    x: bytes
    y: bytes
    wrong: int
    curve_x: bytes
    curve_y: bytes
    mean: float
    loss: float
    penalized: bool


class Confusion(msgspec.Struct, frozen=True):
    """Counts (k, k) of all samples: a row for each true class, a column for each predicted one.

    ``shown`` are the numbers of the classes, rising; where ``others`` is not 0, one more row and column stand for
    so many classes together. ``recall`` and ``precision`` (k,) are nan without a sample, or a prediction.
    """

    shown: tuple[int, ...]
    others: int
    page: int
    pages: int
    counts: bytes
    recall: bytes
    precision: bytes


class ClassPredictions(Content, frozen=True):
    """Classes: the confusion matrix and the worst samples.

    ``probabilities`` says whether the outputs are some: those of softmax, or of one sigmoid unit.
    """

    part: DataPart
    confusion: Confusion
    accuracy: float
    right: int
    probabilities: bool
    listed: SampleList
    chosen: ChosenSample
    points: LossPoints


class NumberPredictions(Content, frozen=True):
    """Numbers: predicted against true, and the residuals.

    ``true`` and ``predicted`` (shown,) are points of the scatter. ``edges`` (bins + 1,) and ``counts`` (bins,)
    are the histogram of the residuals of all samples. ``r2`` is nan where the targets do not vary.
    """

    part: DataPart
    true: bytes
    predicted: bytes
    edges: bytes
    counts: bytes
    r2: float
    mae: float
    rmse: float
    listed: SampleList
    chosen: ChosenSample
    points: LossPoints


AnyRequest = WatchPredictions
AnyContent = ClassPredictions | NumberPredictions
