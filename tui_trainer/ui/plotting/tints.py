"""The colours of a heatmap's cells as numbers: a tint for a colour, and a code for a cell's two tints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual.color import Color

from tui_trainer.runtime.protocol.levels import HIGHEST, UNKNOWN
from tui_trainer.ui.plotting.frame import AXIS, TEXT
from tui_trainer.ui.plotting.heatmap import MARK_COLORS, Heatmap
from tui_trainer.ui.plotting.plot import COLORS

Codes = NDArray[np.int32]

BACKGROUND = 0  # of the widget: the tint behind all that is no pixel
UNKNOWN_TINT = 254
FIRST_MARK = 1  # in front of it TEXT and behind it AXIS, the roles of a frame
FIRST_PIXEL = 256
SHADES = 64  # tints of one class, from the low end of its scale to the high one
TINTS = 1024  # more than there are

DEPTH = 0.62  # how far the ends of a scale are from the background: marks have to stand out from them
MARK_CONTRAST = 0.5


def code(front: int, behind: int = BACKGROUND) -> int:
    """A cell's number for a character of one tint on another."""
    return behind * TINTS + front


def mark_tint(color: str) -> int:
    """The tint of marks."""
    return FIRST_MARK + MARK_COLORS.index(color)


def shade_tint(shade: int, kind: int = 0) -> int:
    """The tint of pixels of one shade, 0 to ``SHADES`` - 1."""
    return FIRST_PIXEL + kind * SHADES + shade


def pixel_tints(heatmap: Heatmap) -> Codes:
    """The tints (rows, columns) of a heatmap's pixels."""
    tints = FIRST_PIXEL + shades(heatmap.steps)[heatmap.levels]
    if heatmap.kinds is not None:
        tints += heatmap.kinds.astype(np.int32) % len(COLORS) * SHADES
    tints[heatmap.levels == UNKNOWN] = UNKNOWN_TINT
    return tints


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

    def __init__(self, heatmap: Heatmap, colors: Mapping[str, Color]) -> None:
        """``colors`` are those of ``COLORS``, and background, text, axis, low, high and sequence."""
        super().__init__()
        self._palette, self._kinds, self._colors = heatmap.palette, heatmap.kind_colors, colors

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
        if tint >= FIRST_PIXEL:
            return self._shade(*divmod(tint - FIRST_PIXEL, SHADES))
        color = colors[MARK_COLORS[tint - FIRST_MARK]]
        return color.blend(colors["background"].get_contrast_text(1.0), MARK_CONTRAST)

    def _shade(self, kind: int, shade: int) -> Color:
        """From the background, which is in the middle of a diverging scale and below any other, to the end's colour."""
        strength = shade / (SHADES - 1)
        if self._palette == "diverging":
            end, strength = ("high" if strength > 0.5 else "low"), abs(2 * strength - 1)
        else:
            end = "sequence" if self._palette == "sequential" else self._kinds[kind % len(self._kinds)]
        return self._colors["background"].blend(self._colors[end], DEPTH * strength)
