"""A picture drawn by hand: strokes of a pen and of an eraser, and the pixels that they are.

A network of dense layers knows a shape only in the place and in the size in which it has seen it. So the strokes, not
the pixels, are moved and scaled to where the shapes of the data are, and the width of the pen stays that of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.pixels import Ink

Array = NDArray[Any]
Point = tuple[float, float]  # x and y in pixels, from the upper left corner of the picture
STEP = 0.5  # pixels from one point of a stroke to the next at most
MIN_STEP = 0.2  # pixels; nearer points show nothing new
MAX_TIMES = 4.0  # by which a drawing is enlarged, so that its first dot does not fill the picture
MAX_STRETCH = 2.0  # times higher than wide: a dash stays a dash


@dataclass(frozen=True, slots=True)
class Stroke:
    """The points over which the pen went, or the eraser."""

    points: tuple[Point, ...]
    erases: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Strokes, the first one below, on a picture of ``rows`` x ``columns`` pixels: on paper, or on a sample.

    ``sample`` (rows, columns) are the shares of ink of that, from 0 to 1.
    """

    rows: int
    columns: int
    strokes: tuple[Stroke, ...] = ()
    sample: Array | None = None

    def begun(self, point: Point, erases: bool) -> Sketch:
        """Return the sketch with another stroke, which begins at a point."""
        return replace(self, strokes=(*self.strokes, Stroke((point,), erases)))

    def extended(self, point: Point) -> Sketch:
        """Return the sketch with its last stroke drawn on to a point."""
        *before, last = self.strokes
        start = last.points[-1]
        distance = math.dist(start, point)
        if distance < MIN_STEP:
            return self
        parts = math.ceil(distance / STEP)
        way = tuple(
            (start[0] + (point[0] - start[0]) * part / parts, start[1] + (point[1] - start[1]) * part / parts)
            for part in range(1, parts + 1)
        )
        return replace(self, strokes=(*before, replace(last, points=last.points + way)))

    def shares(self, pen: float) -> Array:
        """Return the share of ink of each pixel (rows, columns), from 0 to 1, for a pen so many pixels wide."""
        shares = np.zeros((self.rows, self.columns)) if self.sample is None else self.sample
        for stroke in self.strokes:
            covered = _covered(np.array(stroke.points), pen, self.rows, self.columns)
            shares = np.minimum(shares, 1.0 - covered) if stroke.erases else np.maximum(shares, covered)
        return shares

    def fitted(self, ink: Ink) -> Sketch:
        """Return the sketch as high as the shapes of the data, no wider, and in their place.

        What is drawn on a sample is in its place already.
        """
        points = self._inked(ink.pen)
        if self.sample is not None or not len(points):
            return self
        low, high = points.min(axis=0), points.max(axis=0)
        width, height = np.maximum(high - low, 1e-9)
        down = min((ink.down - ink.pen) / height, MAX_TIMES)
        across = min((ink.across - ink.pen) / width, down)
        down = min(down, MAX_STRETCH * across)
        if across <= 0.0:  # the pen is as wide as the shapes
            return self
        middle, times, target = (low + high) / 2, np.array([across, down]), np.array([ink.x, ink.y])
        moved = (
            replace(stroke, points=tuple(map(tuple, ((np.array(stroke.points) - middle) * times + target).tolist())))
            for stroke in self.strokes
        )
        return replace(self, strokes=tuple(moved))

    def _inked(self, pen: float) -> Array:
        """Return the points (n, 2) of the pen that were not erased."""
        left = np.zeros((0, 2))
        for stroke in self.strokes:
            points = np.array(stroke.points)
            if not stroke.erases:
                left = np.concatenate([left, points])
            elif len(left):
                distances = np.linalg.norm(left[:, None] - points[None], axis=2).min(axis=1)
                left = left[distances > pen / 2]
        return left


def _covered(points: Array, pen: float, rows: int, columns: int) -> Array:
    """Return the share of each pixel (rows, columns) that a pen over ``points`` (n, 2) covers; its edge is soft."""
    across = (points[:, 0, None] - (np.arange(columns) + 0.5)) ** 2
    down = (points[:, 1, None] - (np.arange(rows) + 0.5)) ** 2
    distances = np.sqrt((down[:, :, None] + across[:, None, :]).min(axis=0))
    covered: Array = np.clip(pen / 2 + 0.5 - distances, 0.0, 1.0)
    return covered
