"""A neuron, or the whole output, over two features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.levels import to_levels
from tui_trainer.tabs.boundary.messages import WHOLE, Boundary, Chosen, Samples, WatchBoundary

from .reader import Reader
from .samples import on_plane

Array = NDArray[Any]
LEAST_SIDE, MOST_SIDE = 2, 512  # of the grid


class PlaneLook:
    """Pictures over any two features of one run."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._samples: dict[tuple[str, str], tuple[tuple[Samples, ...], int]] = {}

    def see(self, request: WatchBoundary) -> Boundary:
        """The picture, with its samples and small pictures."""
        reader = self._reader
        ground, axes = reader.ground, reader.ground.choose(request.x, request.y)
        columns, rows, thumb = (side(size) for size in (request.columns, request.rows, request.thumb))
        chosen, values = reader.read(request, axes, (columns, rows))
        levels, kinds = picture(chosen, values)
        if axes not in self._samples:
            self._samples = {axes: on_plane(reader.session, ground, axes)}
        samples, hidden = self._samples[axes]
        return Boundary(
            chosen=chosen,
            axes=ground.axes,
            x=axes[0],
            y=axes[1],
            x_limits=ground.limits(axes[0]),
            y_limits=ground.limits(axes[1]),
            square=ground.is_plane,
            columns=columns,
            rows=rows,
            levels=levels,
            kinds=kinds,
            classes=reader.session.dataset.classes,
            samples=samples,
            hidden=hidden,
            thumb=thumb,
            thumbs=reader.thumbs(request, axes, (thumb, thumb)),
        )


def side(size: int) -> int:
    """A size of a grid that can be computed."""
    return min(max(size, LEAST_SIDE), MOST_SIDE)


def picture(chosen: Chosen, values: Array) -> tuple[bytes, bytes]:
    """Levels and kinds, n of each, of values (count, n); no kinds where no more than two classes are told apart.

    A single neuron of an output for classes has the colour of its own class. Of two classes together the second
    is at the high end of the scale.
    """
    units = chosen.layers[-1].units
    if chosen.layer < len(chosen.layers) - 1 or units == 1 or len(values) == 2:
        return to_levels(values[-1], chosen.low, chosen.high).tobytes(), b""
    if chosen.neuron != WHOLE:
        return to_levels(values[0], chosen.low, chosen.high).tobytes(), bytes([chosen.neuron]) * values.shape[1]
    best = values.max(axis=0)
    kinds = np.where(np.isfinite(best), np.argmax(values, axis=0), 0).astype(np.uint8)
    return to_levels(best, chosen.low, chosen.high).tobytes(), kinds.tobytes()
