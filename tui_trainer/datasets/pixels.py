"""Whether the features of a dataset are the pixels of a picture: how large it is, and where in it each feature stands.

It goes by the names of the columns: ``pixel_3_12`` and ``3x12`` have a row and a column, ``pixel12`` and ``px12`` a
place, row by row. Columns that are only numbered are pixels if they hold what pictures do.

What is drawn by hand has to look like such pictures to be recognised: ``ink_of`` measures their strokes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_SIDE = 4  # pixels
MIN_UNNAMED = 64  # columns whose names do not say that they are pixels: other tables have 16 or 36 numbers, too
MAX_BYTE = 255
MAX_MEASURED = 1000  # pictures whose ink is measured
HALF = 0.5  # of the ink that a pixel can hold: from there on it belongs to the shape
DIAGONALS = math.pi / 4  # the outline of a shape over the sum of its differences across and down, for any direction
_ROW_AND_COLUMN = re.compile(r"(?:(?:pixels?|pix|px)[ _.-]?(?=\d)|(?=\d+x))(\d+)[ _.,x-](\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"(.*?)(\d+)")
_PIXEL = re.compile(r"(?:pixels?|pix|px)[ _.-]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """A picture of ``rows`` x ``columns`` pixels, whose features go from ``low`` to ``high``.

    ``places`` (features,) are the indices of the features' pixels, row by row. There can be fewer features than pixels:
    columns that hold one value alone are not trained on.
    """

    rows: int
    columns: int
    low: float
    high: float
    places: tuple[int, ...]

    @property
    def span(self) -> tuple[float, float]:
        """The values of black and of white, which differ."""
        return self.low, self.high if self.high > self.low else self.low + 1.0

    def image(self, values: NDArray[Any], empty: float) -> NDArray[np.float64]:
        """Return values (..., features) as pictures (..., rows, columns), ``empty`` where there is no feature."""
        flat = np.full((*values.shape[:-1], self.rows * self.columns), empty)
        flat[..., list(self.places)] = values
        return flat.reshape(*values.shape[:-1], self.rows, self.columns)


def pixel_grid(features: Sequence[str], left_out: Collection[str], x: NDArray[np.float64]) -> PixelGrid | None:
    """Return the picture that ``features`` with the values ``x`` (n, features) are; None if they are none.

    Columns that are ``left_out`` count as pixels, too, if they are called like the others.
    """
    if not x.size:
        return None
    grid = _by_row_and_column(features, left_out) or _by_number(features, left_out, x)
    if grid is None or min(grid.rows, grid.columns) < MIN_SIDE:
        return None
    places = tuple(grid.places[name] for name in features)
    return PixelGrid(grid.rows, grid.columns, float(x.min()), float(x.max()), places)


@dataclass(frozen=True, slots=True)
class _Named:
    """The size of a picture, and the place in it of each column by its name."""

    rows: int
    columns: int
    places: Mapping[str, int]


def _by_row_and_column(features: Sequence[str], left_out: Collection[str]) -> _Named | None:
    pairs = {}
    for name in (*features, *left_out):
        if match := _ROW_AND_COLUMN.fullmatch(name):
            pairs[name] = int(match[1]), int(match[2])
    if not pairs or not set(features) <= set(pairs):
        return None
    (top, left), (bottom, right) = (
        tuple(end(pair[k] for pair in pairs.values()) for k in (0, 1)) for end in (min, max)
    )
    rows, columns = bottom - top + 1, right - left + 1
    if max(top, left) > 1 or not len(set(pairs.values())) == len(pairs) == rows * columns:
        return None
    return _Named(rows, columns, {name: (row - top) * columns + column - left for name, (row, column) in pairs.items()})


def _by_number(features: Sequence[str], left_out: Collection[str], x: NDArray[np.float64]) -> _Named | None:
    """Return a square of columns that are numbered row by row, from 0 or 1 on."""
    matches = {name: match for name in (*features, *left_out) if (match := _NUMBER.fullmatch(name))}
    if not set(features) <= set(matches):
        return None
    stem = matches[features[0]][1]
    if any(matches[name][1] != stem for name in features):
        return None
    numbers = {name: int(match[2]) for name, match in matches.items() if match[1] == stem}
    first, count = min(numbers.values()), len(numbers)
    side = math.isqrt(count)
    if first > 1 or side * side != count or set(numbers.values()) != set(range(first, first + count)):
        return None
    if not _PIXEL.fullmatch(stem) and (count < MIN_UNNAMED or not _like_pixels(x)):
        return None
    return _Named(side, side, {name: number - first for name, number in numbers.items()})


def _like_pixels(x: NDArray[np.float64]) -> bool:
    """Return whether ``x`` (n, features) are shares from 0 to 1, or whole numbers from 0 to what a byte holds."""
    low, high = float(x.min()), float(x.max())
    if low < 0 or high > MAX_BYTE or high <= low:
        return False
    return high <= 1 or bool((x == np.rint(x)).all())


@dataclass(frozen=True, slots=True)
class Ink:
    """How pictures are drawn: from the value ``paper`` to that of ``full`` ink, ``whole`` numbers or any.

    ``pen`` is the width of their strokes; the shapes are ``across`` wide and ``down`` high, with their middle at the
    column ``x`` and the row ``y``. These are the medians over the pictures, in pixels from the upper left corner.
    """

    paper: float
    full: float
    whole: bool
    pen: float
    across: float
    down: float
    x: float
    y: float

    def values(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of pixels with ``shares`` of ink, from 0 to 1; of any shape."""
        values = self.paper + shares * (self.full - self.paper)
        return np.rint(values) if self.whole else values

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the shares of ink, from 0 to 1, of pixels with ``values``; of any shape."""
        shares: NDArray[np.float64] = np.clip((values - self.paper) / (self.full - self.paper), 0.0, 1.0)
        return shares


def ink_of(pixels: PixelGrid, x: NDArray[np.float64]) -> Ink:
    """Measure the ink of the pictures with the features ``x`` (n, features), of at most MAX_MEASURED of them.

    The value of most pixels is that of the paper. A stroke is as wide as twice its area over its outline.
    """
    x = x[np.unique(np.linspace(0, len(x) - 1, MAX_MEASURED).astype(int))]
    low, high = pixels.span
    paper, full = (low, high) if np.median(x) <= (low + high) / 2 else (high, low)
    whole = bool((x == np.rint(x)).all())
    shares = (pixels.image(x, paper) - paper) / (full - paper)
    padded = np.pad(shares, ((0, 0), (1, 1), (1, 1)))
    outlines = DIAGONALS * sum(np.abs(np.diff(padded, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    areas = shares.sum(axis=(1, 2))
    widths = 2 * areas[outlines > 0] / outlines[outlines > 0]
    pen = float(np.median(widths)) if len(widths) else 1.0
    inked = shares >= HALF
    (down, y), (across, x_middle) = (_size_and_middle(np.asarray(inked.any(axis=axis))) for axis in (2, 1))
    return Ink(paper, full, whole, max(pen, 1.0), across, down, x_middle, y)


def _size_and_middle(inked: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the medians of the size and of the middle of what is inked (n, pixels); all of it where nothing is."""
    inked = inked[inked.any(axis=1)]
    if not len(inked):
        inked = np.ones((1, inked.shape[1]), bool)
    starts, ends = inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)
    return float(np.median(ends - starts)), float(np.median((starts + ends) / 2))
