"""A neuron, or the whole output, over the only feature."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.synthetic.generate import CURVES
from tui_trainer.protocol.framing import pack
from tui_trainer.runtime.views.boundary.plane import side
from tui_trainer.runtime.views.boundary.reader import Reader
from tui_trainer.runtime.views.boundary.samples import on_line, rug_height
from tui_trainer.runtime.views.boundary.scales import Limits, extremes

from .messages import Chosen, Function, Line, WatchBoundary

Array = NDArray[Any]
MARGIN = 0.1  # of the range of the target, on both sides
JUMP = 0.25  # of that range: limits that follow a curve do so in steps, or the axis would never rest
ROOM = 0.05  # around probabilities


class FunctionLook:
    """Curves over the only feature of one run."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._samples, self._hidden = on_line(reader.session, reader.ground)

    def see(self, request: WatchBoundary) -> Function:
        """The curve or curves, with the samples where it is the output that is looked at."""
        reader = self._reader
        axes, count, thumb = reader.ground.axes, side(2 * request.columns), side(request.thumb)
        low, high = reader.ground.limits(axes[0])
        x = np.linspace(low, high, count)
        chosen, values = reader.read(request, axes, (count,))
        dataset = reader.session.dataset
        is_output = chosen.layer == len(chosen.layers) - 1
        truth = self._truth(x) if is_output else np.zeros(0)
        return Function(
            chosen=chosen,
            x=axes[0],
            y=dataset.target if is_output else "output",
            x_limits=(low, high),
            y_limits=self._y_limits(values, (chosen.low, chosen.high), is_output),
            places=pack(x),
            lines=_lines(chosen, values, len(dataset.classes)),
            classes=dataset.classes,
            truth=pack(truth),
            samples=self._samples if is_output else (),
            hidden=self._hidden if is_output else 0,
            thumb=thumb,
            thumbs=reader.thumbs(request, axes, (thumb,)),
        )

    def _truth(self, x: Array) -> Array:
        """What a toy curve is without its noise (n,); nothing for other data."""
        config = self._reader.session.experiment.dataset
        known = CURVES.get(config.name) if config.path is None else None
        return np.zeros(0) if known is None else known(x)

    def _y_limits(self, values: Array, scale: Limits, is_output: bool) -> Limits:
        """Limits that hold the samples and the curve."""
        dataset = self._reader.session.dataset
        if not is_output:
            margin = MARGIN * (scale[1] - scale[0])
            return scale[0] - margin, scale[1] + margin
        if dataset.classes:
            classes = len(dataset.classes)
            return min(0.0, rug_height(classes - 1, classes)) - ROOM, 1.0 + ROOM
        low, high = float(dataset.y.min()), float(dataset.y.max())
        span = (high - low) or abs(high) or 1.0
        lowest, highest = extremes(values)
        low, high = low - MARGIN * span, high + MARGIN * span
        below = math.ceil(max(0.0, low - lowest) / (JUMP * span))
        above = math.ceil(max(0.0, highest - high) / (JUMP * span))
        return low - below * JUMP * span, high + above * JUMP * span


def _lines(chosen: Chosen, values: Array, classes: int) -> tuple[Line, ...]:
    """One line for values (1, n); of a whole output (classes, n) one for each class, or for the second of two."""
    if chosen.layer < len(chosen.layers) - 1 or not classes:
        return (Line(-1, pack(values[0])),)
    if len(values) == 1:
        return (Line(chosen.neuron if chosen.layers[-1].units > 1 else 1, pack(values[0])),)
    return tuple(Line(kind, pack(values[kind])) for kind in ((1,) if classes == 2 else range(classes)))
