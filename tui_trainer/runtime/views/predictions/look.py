"""The Predictions view: one pass over a part, and what it comes to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.metrics import mae, r2
from tui_trainer.protocol.framing import pack
from tui_trainer.protocol.view import Unseen
from tui_trainer.protocol.views import AnyContent
from tui_trainer.tabs.predictions.compute import Array, Samples
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.training.session import Session

from .confusion import confusion, count
from .loss_points import loss_points

BINS = 31  # of the histogram: odd, so that the middle one is around 0


class PredictionsLook:
    """Looks at a session. The parts are laid out once; looking again is a pass and some counting."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._parts: dict[bool, Samples] = {}

    def see(self, request: WatchPredictions) -> AnyContent:
        """What is asked for."""
        if self._session.dataset.y.shape[1] > 1 and self._session.dataset.labels is None:
            outputs = self._session.dataset.y.shape[1]
            return Unseen(f"This view compares one number a sample; the target has {outputs}.")
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
