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
STEP = 0.25  # pixels from one point of a stroke to the next at most, where it is drawn
MIN_STEP = 0.1  # pixels; nearer points show nothing new
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
        if math.dist(last.points[-1], point) < MIN_STEP:
            return self
        return replace(self, strokes=(*before, replace(last, points=(*last.points, point))))

    def shares(self, pen: float) -> Array:
        """Return the share of ink of each pixel (rows, columns), from 0 to 1, for a pen so many pixels wide."""
        shares = np.zeros((self.rows, self.columns)) if self.sample is None else self.sample
        for stroke in self.strokes:
            covered = _covered(_close(stroke.points), pen, self.rows, self.columns)
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
            points = _close(stroke.points)
            if not stroke.erases:
                left = np.concatenate([left, points])
            elif len(left):
                distances = np.linalg.norm(left[:, None] - points[None], axis=2).min(axis=1)
                left = left[distances > pen / 2]
        return left


def _close(points: tuple[Point, ...]) -> Array:
    """Return points (n, 2) on the way through ``points``, so close that they are a line."""
    corners = np.array(points)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    places = np.linspace(0.0, lengths[-1], math.ceil(lengths[-1] / STEP) + 1)
    return np.stack([np.interp(places, lengths, corners[:, axis]) for axis in (0, 1)], axis=1)


def _covered(points: Array, pen: float, rows: int, columns: int) -> Array:
    """Return the share of each pixel (rows, columns) that a pen over ``points`` (n, 2) covers; its edge is soft."""
    reach = pen / 2 + 0.5
    around = np.arange(-math.ceil(reach), math.ceil(reach) + 1)
    columns_near, rows_near = (np.floor(points[:, axis, None]).astype(int) + around for axis in (0, 1))
    across, down = (columns_near + 0.5 - points[:, :1]) ** 2, (rows_near + 0.5 - points[:, 1:]) ** 2
    shares = np.clip(reach - np.sqrt(down[:, :, None] + across[:, None, :]), 0.0, 1.0)
    covered = np.zeros((rows + 2, columns + 2))  # with a margin for what lies beyond
    places = np.clip(rows_near, -1, rows)[:, :, None] + 1, np.clip(columns_near, -1, columns)[:, None, :] + 1
    np.maximum.at(covered, places, shares)
    return covered[1:-1, 1:-1]
