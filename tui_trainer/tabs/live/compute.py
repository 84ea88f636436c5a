"""Computes the Live tab from what other tabs compute: the pictures of the Boundary tab, and the curves of the loss."""

from __future__ import annotations

from itertools import pairwise

from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import Boundary, Function
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.loss.compute import LossCompute
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.network.shades import signed_shades
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions

from .messages import Links, Live, WatchLive


class LiveCompute:
    """Computes all parts for one moment of a run."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session
        self._boundary, self._loss = BoundaryCompute(trainer), LossCompute(trainer)
        self._watch_loss = WatchLoss()
        self._trainer = trainer
        self._predictions: PredictionsCompute | None = None  # made when they are first looked at

    def compute(self, request: WatchLive) -> Live:
        """Compute what ``request`` asks for; numbers outside the network or the data are clipped."""
        picture = self._boundary.compute(request.boundary)
        loss = self._loss.compute(self._watch_loss)
        params = self._session.trainer.model.count_params()
        return Live(picture, self._links(picture), loss, params, self._tally(request) if request.tally else None)

    def _tally(self, request: WatchLive) -> ClassPredictions | NumberPredictions | None:
        """The predictions beside what is true; None for a target of several numbers."""
        if self._predictions is None:
            self._predictions = PredictionsCompute(self._trainer)
        tally = self._predictions.compute(WatchPredictions(rows=0, classes=request.classes))
        return tally if isinstance(tally, ClassPredictions | NumberPredictions) else None

    def _links(self, picture: Boundary | Function) -> tuple[Links, ...]:
        """The weights between each two layers that are drawn side by side."""
        axes = (picture.x,) if isinstance(picture, Function) else (picture.x, picture.y)
        inputs = self._boundary.grid.ground.varying(axes)
        kernels = self._session.trainer.model.parameters.kernels
        links = []
        windows = [thumbs.window for thumbs in picture.thumbs]
        for before, window in pairwise(windows):
            if window.layer != before.layer + 1:
                continue
            kernel = kernels[before.layer]
            rows = list(range(before.first, before.first + before.count))
            sources = [inputs[row] for row in rows] if before.layer == 0 else rows
            first = window.first
            if window.layer == len(kernels) and self._trainer.shown_output is not None:
                first = self._trainer.shown_output  # the only one that is drawn
            drawn = kernel[sources, first : first + window.count]
            links.append(Links(window.layer, signed_shades(drawn, kernel)))
        return tuple(links)
