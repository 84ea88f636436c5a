"""The colours of a heatmap's cells as numbers: a tint for a colour, and a code for a cell's two tints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual.color import Color

from tui_trainer.plotting.frame import AXIS, TEXT
from tui_trainer.plotting.levels import HIGHEST, UNKNOWN
from tui_trainer.ui.plotting.heatmap import MARK_COLORS, Heatmap, Levels

Codes = NDArray[np.int32]

BACKGROUND = 0  # of the widget: the tint behind all that is no pixel
UNKNOWN_TINT = 254
FIRST_MARK = 1  # in front of it TEXT and behind it AXIS, the roles of a frame
FIRST_SHADE = 256
SHADES = 64  # tints of one scale, from its low end to its high one
CLASSES = 10  # scales of their own, the first
DIVERGING, SEQUENTIAL, DIVERGING_MARKS = CLASSES, CLASSES + 1, CLASSES + 2
CUT_OUT = FIRST_SHADE + SEQUENTIAL * SHADES  # the colour of the background, in front of another
TINTS = 2048  # more than there are

DEPTH = 0.62  # how far the ends of a scale are from the background: marks have to stand out from them
MARK_CONTRAST = 0.5


def code(front: int, behind: int = BACKGROUND) -> int:
    """A cell's number for a character of one tint on another."""
    return behind * TINTS + front


def mark_tint(color: str) -> int:
    """The tint of marks."""
    return FIRST_MARK + MARK_COLORS.index(color)


def pixel_tints(heatmap: Heatmap) -> Codes:
    """The tints (rows, columns) of a heatmap's pixels."""
    scale: int | NDArray[np.int32] = SEQUENTIAL if heatmap.palette == "sequential" else DIVERGING
    if heatmap.palette == "classes" and heatmap.kinds is not None:
        scale = heatmap.kinds.astype(np.int32) % CLASSES
    return level_tints(heatmap.levels, scale, heatmap.steps)


def level_tints(levels: Levels, scale: int | NDArray[np.int32], steps: int) -> Codes:
    """The tints of levels on a scale, or on one each (of the same shape); where no number is, that is seen."""
    tints = FIRST_SHADE + scale * SHADES + shades(steps)[levels]
    return np.where(levels == UNKNOWN, np.int32(UNKNOWN_TINT), tints)


@lru_cache
def shades(steps: int) -> Codes:
    """The shade (256,) of each level where ``steps`` are told apart; a single one is the strongest."""
    levels = np.minimum(np.arange(256), HIGHEST)
    step = levels * steps // (HIGHEST + 1)
    if steps == 1:
        return np.full(256, SHADES - 1, np.int32)
    return np.rint(step / (steps - 1) * (SHADES - 1)).astype(np.int32)


class Tints(dict[int, Style]):
    """The style of each code, made when it is first asked for."""

    def __init__(self, colors: Mapping[str, Color], classes: Sequence[str] = ()) -> None:
        """``colors`` are those of ``COLORS``, and background, text, axis, low, high and sequence.

        ``classes`` are the colours, by name, of the classes in their order.
        """
        super().__init__()
        self._colors, self._classes = colors, classes

    def __missing__(self, number: int) -> Style:
        behind, front = divmod(number, TINTS)
        style = self[number] = Style(color=self._front(front).rich_color, bgcolor=self._behind(behind).rich_color)
        return style

    def _front(self, tint: int) -> Color:
        return self._colors["text"] if tint == TEXT else self._behind(tint)

    def _behind(self, tint: int) -> Color:
        colors = self._colors
        if tint == BACKGROUND:
            return colors["background"]
        if tint == AXIS:
            return colors["axis"]
        if tint == UNKNOWN_TINT:
            return colors["background"].blend(colors["axis"], 0.5)
        if tint >= FIRST_SHADE:
            return self._shade(*divmod(tint - FIRST_SHADE, SHADES))
        return self._mark(colors[MARK_COLORS[tint - FIRST_MARK]])

    def _mark(self, color: Color) -> Color:
        if color.ansi is not None:  # one of the terminal's own, which can't be mixed
            return color
        return color.blend(self._colors["background"].get_contrast_text(1.0), MARK_CONTRAST)

    def _shade(self, scale: int, shade: int) -> Color:
        """From what is neutral, in the middle of a diverging scale and at the low end of any other, to the colour."""
        strength = shade / (SHADES - 1)
        if scale == SEQUENTIAL:
            end = "sequence"
        elif scale < CLASSES:
            end = self._classes[scale % len(self._classes)]
        else:
            end, strength = ("high" if strength > 0.5 else "low"), abs(2 * strength - 1)
        if scale == DIVERGING_MARKS:
            return self._mark(self._colors["axis"].blend(self._colors[end], strength))
        return self._colors["background"].blend(self._colors[end], DEPTH * strength)
