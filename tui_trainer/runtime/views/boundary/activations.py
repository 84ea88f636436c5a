"""What neurons put out over a fixed set of points, one batched pass forward after another as the weights change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Sequential
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.tabs.network.messages import Window

Array = NDArray[Any]
MOST_NUMBERS = 4_000_000  # of one layer in a pass, so that a wide layer needs little memory
LEAST_POINTS = 64


class Activations:
    """The layers of ``model`` over points x (n, features), which are standardized as its samples are.

    ``shown`` (n, k) is what stands for the inputs, in whatever unit they are shown. The buffers are its own: the
    trainer's are not touched. Dropout is off, as when predicting.
    """

    def __init__(self, model: Sequential, x: Array, shown: Array) -> None:
        self._model = model
        self._columns = with_ones(x, model.dense[0][0].use_bias, model.dtype).T
        self._shown, self._points = shown.T, len(x)
        widest = max(layer.units for layer, _ in model.dense)
        self._chunk = min(len(x), max(LEAST_POINTS, MOST_NUMBERS // widest))
        self._passes: dict[int, Propagation] = {}

    def read(self, windows: Sequence[Window]) -> list[Array]:
        """The outputs (count, n) of each window's neurons. Layer 0 are the inputs as shown, the last is the output."""
        results = [np.empty((window.count, self._points), self._model.dtype) for window in windows]
        deepest = max((window.layer for window in windows), default=0)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, self._points, self._chunk):
                self._read_chunk(windows, results, slice(start, min(start + self._chunk, self._points)), deepest)
        return results

    def _read_chunk(self, windows: Sequence[Window], results: list[Array], points: slice, deepest: int) -> None:
        x = self._columns[:, points]
        layers = [self._shown[:, points]]
        for stage in self._pass_for(points.stop - points.start).stages[:deepest]:
            x = stage.forward(x, self._model.parameters, True)
            layers.append(stage.a)
        for window, result in zip(windows, results, strict=True):
            result[:, points] = layers[window.layer][window.first : window.first + window.count]

    def _pass_for(self, points: int) -> Propagation:
        if points not in self._passes:
            self._passes[points] = Propagation(self._model.layers, points, self._model.dtype)
        return self._passes[points]
