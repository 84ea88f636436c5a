"""What a plot or a heatmap shows, independent of how and where it is drawn; and numbers as levels of a colour scale.

Levels are one byte each, the format in which heatmaps are sent. 0 is the low end of the scale and ``HIGHEST`` its
high end; from ``MIDDLE`` on a number is in the upper half. ``UNKNOWN`` stands for NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Levels = NDArray[np.uint8]
Palette = Literal["diverging", "sequential", "classes"]
HIGHEST, MIDDLE, UNKNOWN = 253, 127, 255
# The roles that colour a series; the widget has one component class for each of them.
COLORS = ("train", "validation", "batch", "accent", "good", "bad", *(f"class{digit}" for digit in range(10)))
STEPS = 32  # shades: enough for the eye, and few enough that most pixels do not change while training
MARK_COLORS = ("text", "low", "high", *COLORS)


def class_colors(count: int) -> tuple[str, ...]:
    """Return the colour of each of ``count`` classes; of two, the first is warm, like the low end of a scale."""
    return ("class1", "class0") if count == 2 else tuple(f"class{number % 10}" for number in range(count))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line or one cloud of points: x (n,) and y (n,), in the units of the axes.

    The x of a line never decreases; a path connects its points in their order. Values that are not finite are skipped,
    and the line continues after them. With a ``glyph``, a character of one cell, points are drawn with it instead of
    dots. ``mark`` is the character of the series in ASCII; the default depends on its position among the series. A
    ``sign`` is drawn here and there on a line, and in the legend, to distinguish it from lines of similar colours.
    A line is ``thick`` to stand out among others, and has its ``name`` written at its end. The area from a ``shaded``
    line to the series after it is filled, behind all else.
    """

    label: str
    x: Array
    y: Array
    color: str
    kind: Literal["line", "scatter", "path"] = "line"
    glyph: str = ""
    mark: str = ""
    sign: str = ""
    thick: bool = False
    name: str = ""
    shaded: bool = False

    def __post_init__(self) -> None:
        if self.x.ndim != 1 or self.x.shape != self.y.shape:
            raise ValueError(f"x and y must be (n,) and alike, got {self.x.shape} and {self.y.shape}")
        if self.color not in COLORS:
            raise ValueError(f"unknown color {self.color!r}; choose one of: {', '.join(COLORS)}")


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Series on common axes; a later series is drawn over an earlier one.

    Limits are (lowest, highest) in the units of the data, also on a log scale; None follows the data.
    ``empty`` is the sentence shown while there is nothing to draw, ``cursor`` the position of a vertical line on the
    x axis, ``guide`` that of a dashed one. ``x_names`` stand at 0, 1, 2 ... on the x axis instead of numbers. With
    ``square`` a unit has the same length on both axes. Plots are compared by identity, since comparing arrays would
    cost more than drawing does.
    """

    series: tuple[Series, ...] = ()
    x_label: str = ""
    y_label: str = ""
    title: str = ""
    log_y: bool = False
    log_x: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_names: tuple[str, ...] = ()
    empty: str = ""
    cursor: float | None = None
    guide: float | None = None
    square: bool = False


@dataclass(frozen=True, slots=True)
class Gradient:
    """A part of the colour bar, ``cells`` long, from level ``low`` to ``high`` of the class ``kind``."""

    cells: int
    low: int = 0
    high: int = HIGHEST
    kind: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Points at x (n,), y (n,) in the units of the axes, drawn as one character each.

    ``ascii`` replaces ``glyph``, and ``ascii_label`` the label, if colours cannot be distinguished. With
    ``path`` the points are connected. ``levels`` (n,) give each point its own colour, on a diverging scale. Points
    outside the axes are left out, and marks without a label are not in the legend. ``solid`` marks are
    a cell of their colour with the character cut out, visible on any background.
    """

    label: str
    x: Array
    y: Array
    color: str = "text"
    glyph: str = "●"
    ascii: str = "o"
    path: bool = False
    levels: Levels | None = None
    ascii_label: str = ""
    solid: bool = False

    def __post_init__(self) -> None:
        if self.color not in MARK_COLORS:
            raise ValueError(f"unknown color {self.color!r}; choose one of: {', '.join(MARK_COLORS)}")


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A grid of levels (rows, columns), the first row on top; its outermost pixels are at the limits of the axes.

    In the palette ``diverging`` the middle is neutral and each end has a colour; in ``sequential`` the low end is
    neutral; in ``classes`` the colour is that of each pixel's class in ``kinds`` (rows, columns), and the level
    gives its strength. Levels are reduced to ``steps`` shades; 2 discretize a diverging scale, 1 does classes.
    ``bar`` is the colour bar: gradients, and the texts before, between and after them. With ``square`` a unit has
    the same length on both axes; ``bare`` leaves out axes, bar and legend. ``empty`` is the sentence shown while
    there are no levels. Heatmaps are compared by identity.
    """

    levels: Levels = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)
    palette: Palette = "diverging"
    kinds: Levels | None = None
    kind_colors: tuple[str, ...] = ()
    steps: int = STEPS
    x_label: str = ""
    y_label: str = ""
    title: str = ""
    bar: tuple[str | Gradient, ...] = ()
    marks: tuple[Marks, ...] = ()
    square: bool = False
    bare: bool = False
    empty: str = ""

    def __post_init__(self) -> None:
        if self.levels.ndim != 2 or (self.kinds is not None and self.kinds.shape != self.levels.shape):
            shape = None if self.kinds is None else self.kinds.shape
            raise ValueError(f"levels and kinds must be (rows, columns) and alike, got {self.levels.shape} and {shape}")


def to_levels(values: NDArray[np.floating[Any]], low: float, high: float) -> NDArray[np.uint8]:
    """Return levels, of the shape of ``values``, on a scale from ``low`` to ``high``; values beyond it are clipped."""
    with np.errstate(over="ignore", invalid="ignore"):
        bands = (values.astype(np.float64) - low) * ((HIGHEST + 1) / (high - low))
        # Only NaN is not equal to itself; casting it to an integer would give an arbitrary number.
        levels = np.clip(np.where(bands == bands, bands, 0.0), 0, HIGHEST).astype(np.uint8)
    return np.where(bands == bands, levels, np.uint8(UNKNOWN))


def unpack_levels(data: bytes, rows: int) -> NDArray[np.uint8]:
    """Return the levels (rows, columns) from the bytes of ``tobytes``; read-only."""
    return np.frombuffer(data, np.uint8).reshape(rows, -1)
