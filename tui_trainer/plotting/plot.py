"""What a plot shows, with nothing said about how or where it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .levels import HIGHEST

Array = NDArray[np.float64]
# The roles a series can be coloured by; the widget has one component class for each of them.
COLORS = ("train", "validation", "batch", "accent", *(f"class{digit}" for digit in range(10)))
STEPS = 32  # shades that an eye tells apart, and few enough that most pixels stay as they are while training
MARK_COLORS = ("text", "low", "high", *COLORS)
Palette = Literal["diverging", "sequential", "classes"]
Levels = NDArray[np.uint8]


def class_colors(count: int) -> tuple[str, ...]:
    """The colour of each of ``count`` classes; of two the first is the warm one, as the low end of a scale is."""
    return ("class1", "class0") if count == 2 else tuple(f"class{number % 10}" for number in range(count))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line or one cloud of points: x (n,) and y (n,), in the units of the axes.

    The x of a line never decreases; a path is joined in the order of its points, wherever they are. A value that is
    not finite is left out, and the line goes on past it. With a ``glyph``, a character of one cell, points are drawn
    as that and not as dots. ``mark`` is the character of a series where there is nothing but ASCII; without one it
    has that of its place among the others. On a line ``sign`` stands here and there, and in the legend: so that it
    can be told from others of much the same colour.
    """

    label: str
    x: Array
    y: Array
    color: str
    kind: Literal["line", "scatter", "path"] = "line"
    glyph: str = ""
    mark: str = ""
    sign: str = ""

    def __post_init__(self) -> None:
        if self.x.ndim != 1 or self.x.shape != self.y.shape:
            raise ValueError(f"x and y must be (n,) and alike, got {self.x.shape} and {self.y.shape}")
        if self.color not in COLORS:
            raise ValueError(f"unknown color {self.color!r}; choose one of: {', '.join(COLORS)}")


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Series on common axes; a later series is drawn over an earlier one.

    Limits are (lowest, highest) in the units of the data, under a log scale too; None follows the data.
    ``empty`` is the sentence shown while there is nothing to draw, ``cursor`` a place on the x axis that a line marks.
    Plots are told apart by identity: comparing arrays would cost more than drawing does.
    """

    series: tuple[Series, ...] = ()
    x_label: str = ""
    y_label: str = ""
    title: str = ""
    log_y: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    empty: str = ""
    cursor: float | None = None


@dataclass(frozen=True, slots=True)
class Gradient:
    """A piece of the colour bar, ``cells`` long, from level ``low`` to ``high`` of the class ``kind``."""

    cells: int
    low: int = 0
    high: int = HIGHEST
    kind: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Points at x (n,), y (n,) in the units of the axes, as one character each.

    ``ascii`` stands in for ``glyph``, and ``ascii_label`` for the label, where colours can't be told apart. With
    ``path`` the points are joined. ``levels`` (n,) colour each point for itself, on a diverging scale. A point
    outside the axes is left out, and marks without a label are not in the legend. ``solid`` ones are
    a cell of their colour with the character cut out: they are seen wherever they are.
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
    """A grid of levels (rows, columns), the first row on top; its outermost pixels lie on the limits of the axes.

    Of the palette ``diverging`` the middle is neutral and each end has a colour, of ``sequential`` the low end is
    neutral; with ``classes`` the colour is that of each pixel's class in ``kinds`` (rows, columns), and the level
    says how strong it is. ``steps`` shades are told apart; 2 discretize a diverging scale, 1 does classes.
    ``bar`` is the colour bar: pieces of it, and the texts before, between and after them. With ``square`` a unit is
    as long on both axes. ``empty`` is the sentence shown while there are no levels.
    Heatmaps are told apart by identity.
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
    empty: str = ""

    def __post_init__(self) -> None:
        if self.levels.ndim != 2 or (self.kinds is not None and self.kinds.shape != self.levels.shape):
            shape = None if self.kinds is None else self.kinds.shape
            raise ValueError(f"levels and kinds must be (rows, columns) and alike, got {self.levels.shape} and {shape}")
