"""What a plot shows, with nothing said about how or where it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# The roles a series can be coloured by; the widget has one component class for each of them.
COLORS = ("train", "validation", "batch", "accent", *(f"class{digit}" for digit in range(10)))


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
