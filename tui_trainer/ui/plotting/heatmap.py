"""What a heatmap shows: levels in colours, marks on them, axes and a colour bar; nothing of how it is drawn."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.levels import HIGHEST
from tui_trainer.plotting.plot import COLORS, Array

STEPS = 32  # shades that an eye tells apart, and few enough that most pixels stay as they are while training
MARK_COLORS = ("text", "low", "high", *COLORS)

Palette = Literal["diverging", "sequential", "classes"]
Levels = NDArray[np.uint8]


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
