"""The messages of the Predictions tab: the model's predictions for samples whose target is known."""

from __future__ import annotations

from typing import Literal

import msgspec

from tui_trainer.datasets.pixels import Ink
from tui_trainer.datasets.split import PartName
from tui_trainer.protocol import Content, Request

Axis = Literal["residual", "distance", "probability", "joint"]
ListingPanel = Literal["overview", "samples", "loss", "thresholds"]


class WatchPredictions(Request, frozen=True):
    """Send the predictions for a part of the data, or for the training part if there is no such part.

    That the test part was looked at is noted with the run. Samples are ranked by their loss, the largest first:
    ``rows`` of them are listed from rank ``first`` on, and the one of rank ``chosen`` is sent in detail. If there are
    more than ``classes`` classes, the confusion matrix has those with the most mistakes, or on a later ``page`` the
    next ones, and combines the others.
    A ``cell`` of the matrix, the numbers of a true and a predicted class, leaves only its samples to be listed.
    With ``pictures`` all features of the listed samples are sent, to draw them. With a ``cut`` there are also the
    curves of the class ``of_class`` against the rest; it is a threshold of probabilities, or where outputs are none a
    share of their range. The content is the same for each ``panel``, which is for those who follow the session.
    """

    part: PartName = "validation"
    first: int = 0
    rows: int = 20
    chosen: int = 0
    classes: int = 12
    page: int = 0
    cut: float | None = None
    of_class: int = 1
    cell: tuple[int, int] | None = None
    pictures: bool = False
    panel: ListingPanel = "overview"


class WatchImportance(Request, frozen=True):
    """Send the importance of each column of the data for a part of it, by the measure ``by``, the usual one if empty.

    With the number of a ``column`` there is also the response to it: the output of the class ``of_class``, or the
    number.
    """

    part: PartName = "validation"
    by: str = ""
    column: int | None = None
    of_class: int = 1


class WatchWhatIf(Request, frozen=True):
    """Send what the model makes of a sample, number ``sample`` of a part, with some of its inputs ``moved``.

    These are the number of a column and its value, for a category the number of that. ``rows`` columns are listed from
    column ``first`` on, each with the values at which the decision flips.
    """

    part: PartName = "validation"
    sample: int = 0
    moved: tuple[tuple[int, float], ...] = ()
    first: int = 0
    rows: int = 20


class WatchDrawing(Request, frozen=True):
    """Send what the model makes of a picture drawn by hand, raw ``features`` (features,); without them, of none."""

    part: PartName = "validation"
    features: bytes = b""


class DataPart(msgspec.Struct, frozen=True):
    """A part of the data with ``samples`` rows. ``missing`` names the part that was requested but does not exist.

    ``seen`` is how often the test part was looked at, now included.
    """

    name: PartName
    samples: int
    missing: str = ""
    seen: int = 0


class SampleList(msgspec.Struct, frozen=True):
    """Samples from rank ``first`` on, of ``total``; arrays (k,).

    ``features`` (k, listed) are the first few raw ones of each sample, or all of them where they are drawn.
    ``rows`` are their lines in the file, or else their rows in the data, ``names`` (k,) what tells them apart, if a
    column does. ``true`` and ``predicted`` are class numbers, or values of the target. ``certainty`` is the output for
    the true class (for a single unit with output p, 1 - p for the first class); for numbers, the residual.
    """

    first: int
    total: int
    rows: bytes
    true: bytes
    predicted: bytes
    certainty: bytes
    losses: bytes
    features: bytes
    names: tuple[str, ...] = ()


class ChosenSample(msgspec.Struct, frozen=True):
    """One sample in detail: raw ``features`` (features,), ``outputs`` (k,) of the model, and their sum.

    ``index`` is its number in the part.
    ``row`` and ``name`` are as in ``SampleList``. There is one output per class; for a single sigmoid
    unit, 1 - p and p.
    """

    rank: int
    index: int
    row: int
    true: float
    predicted: float
    certainty: float
    loss: float
    features: bytes
    outputs: bytes
    sum: float
    name: str = ""


class LossPoints(msgspec.Struct, frozen=True):
    """The loss of each sample as a point on the curve of the loss function.

    ``x`` and ``y`` (drawn,) are the points, the ``wrong`` predictions of classes first; the curve is ``curve_x``,
    ``curve_y`` (k,), empty if the points are not on one. x is the residual, its length over several outputs
    (``distance``), the probability of the true class, or that of all sigmoids being right (``joint``).
    ``mean`` is over all samples; ``loss`` is the training loss without penalty: the mean, or the sum for a sum loss.
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

    ``shown`` are the class numbers, ascending; if ``others`` is not 0, one more row and column combine that many
    other classes. ``recall`` and ``precision`` (k,) are nan without a sample, or a prediction.
    """

    shown: tuple[int, ...]
    others: int
    page: int
    pages: int
    counts: bytes
    recall: bytes
    precision: bytes


class ThresholdCurves(msgspec.Struct, frozen=True):
    """What comes of each threshold for the output of the class ``of_class``, and at the threshold ``cut``.

    ``false_positive`` and ``true_positive`` (k,) are the ROC curve, ``recall`` and ``precision`` (m,) the other one.
    ``counts`` at the cut: samples of the class above it and below, then the others above it and below. The areas are
    nan where the samples are all of the class, or none.
    """

    of_class: int
    cut: float
    false_positive: bytes
    true_positive: bytes
    recall: bytes
    precision: bytes
    area: float
    average_precision: float
    counts: tuple[int, int, int, int]


class ClassPredictions(Content, frozen=True):
    """Predictions of classes: the confusion matrix and the worst samples, and the ``curves`` if they were asked for.

    ``probabilities`` tells whether the outputs are probabilities: those of softmax, or of one sigmoid unit. Only the
    samples of a ``cell`` are listed, if one was requested; of an empty one, none is ``chosen``.
    """

    part: DataPart
    confusion: Confusion
    accuracy: float
    right: int
    probabilities: bool
    listed: SampleList
    chosen: ChosenSample | None
    points: LossPoints
    cell: tuple[int, int] | None = None
    curves: ThresholdCurves | None = None


class NumberPredictions(Content, frozen=True):
    """Predictions of numbers: predicted against true values, and the residuals.

    ``true`` and ``predicted`` (drawn,) are the points of the scatter plot. ``edges`` (bins + 1,) and ``counts`` (bins,)
    are the histogram of the residuals of all samples. ``r2`` is nan if the targets do not vary.
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
    chosen: ChosenSample | None
    points: LossPoints


class Response(msgspec.Struct, frozen=True):
    """How the output depends on one column: ``values`` (k,) in its unit, or its ``categories``.

    ``mean`` (k,) is over ``count`` rows, ``rows`` (r, k) are curves of single rows. ``of_class`` is the class of the
    output, None for a number.
    """

    column: int
    categories: tuple[str, ...]
    values: bytes
    mean: bytes
    rows: bytes
    count: int
    of_class: int | None


class Importance(Content, frozen=True):
    """How much the measure ``by`` gets worse where a column is permuted.

    It is of ``rows`` rows, with the weights of ``epoch``. ``means`` and ``deviations`` (columns,) are over the
    ``repeats`` that are done, of ``all_repeats``; nan where none is. ``value`` is the measure of the rows as they are,
    ``measures`` are all that there are for the target.
    """

    part: DataPart
    by: str
    measures: tuple[str, ...]
    rows: int
    epoch: int
    columns: tuple[str, ...]
    means: bytes
    deviations: bytes
    value: float
    repeats: int
    all_repeats: int
    response: Response | None = None
    unfinished: bool = False  # also where a newer one is under way

    @property
    def is_partial(self) -> bool:
        return self.unfinished


class Input(msgspec.Struct, frozen=True):
    """A column of a sample: its ``value``, what it is in the data, and the range of the training rows and that.

    ``flips`` are the values at which the decision flips: the nearest ones below and above; of a category, all that
    change it. Values of a column with ``categories`` are their numbers. ``step`` is by how much it is moved.
    """

    name: str
    value: float
    original: float
    low: float
    high: float
    step: float
    flips: tuple[float, ...]
    categories: tuple[str, ...] = ()


class WhatIf(Content, frozen=True):
    """A sample with some of its inputs moved: ``inputs`` from column ``first`` on, of ``columns``.

    ``outputs`` (k,) are those now, ``before`` (k,) those of the sample as it is in the data, as in ``ChosenSample``.
    ``predicted`` is a class number or a value, ``row`` and ``name`` are as in ``SampleList``.
    """

    part: DataPart
    row: int
    name: str
    true: float
    predicted: float
    predicted_before: float
    outputs: bytes
    before: bytes
    first: int
    columns: int
    inputs: tuple[Input, ...]


class Recognition(Content, frozen=True):
    """What the model makes of a drawing, and the ``ink`` of the training pictures, which it should have, too.

    ``outputs`` (k,) are as in ``ChosenSample``, ``predicted`` is a class number or a value.
    """

    outputs: bytes
    predicted: float
    ink: Ink


AnyRequest = WatchPredictions | WatchImportance | WatchWhatIf | WatchDrawing
AnyContent = ClassPredictions | NumberPredictions | Importance | WhatIf | Recognition
