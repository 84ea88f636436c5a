"""The samples of one part of the data, with what the model says of them now, ranked by their loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.sample_losses import SampleLosses
from tui_trainer.protocol.framing import pack
from tui_trainer.training.session import Session

from .messages import ChosenSample, PartSeen, SampleList

Array = NDArray[Any]
MOST_POINTS = 2000  # drawn of a part; whatever is counted is counted over all
FEATURES_LISTED = 16  # of each listed sample; no screen has room for more columns
THRESHOLD = 0.5  # of one output unit: from here on it is the second class


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
        if len(x) > MOST_POINTS:
            rng = np.random.default_rng(session.experiment.dataset.seed)
            self.drawn = np.sort(rng.choice(len(x), MOST_POINTS, replace=False))
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
            self.predicted = (self.outputs[0] >= THRESHOLD).astype(np.intp)
            self.certainty = np.where(self.true == 1, self.outputs[0], 1.0 - self.outputs[0])
        else:
            self.predicted = self.outputs.argmax(axis=0)
            self.certainty = self.outputs[self.true, np.arange(len(self.true))]
        self._order = np.argsort(-self.losses, kind="stable")

    @property
    def part(self) -> PartSeen:
        """Which samples these are."""
        return PartSeen("validation" if self.validation else "training", len(self.rows), self._missing)

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
