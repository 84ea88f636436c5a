"""Links between two layers as dots: thicker and brighter where the weight is larger, dashed where it is negative."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui_trainer.settings.schema import Markers

from .roles import LEVELS, LINK, PICKED

DOTS = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}  # dots of one cell, across and down
LEAST = (5, 36, 72, 104)  # of 127: sizes from which a link is of the first level, the second ...
BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ASCII_SIGNS = " " * PICKED + "@".ljust(LINK - PICKED) + "+++#---="  # by role
WAYS_KEPT = 12  # more gaps are seldom on a screen, and each may take a megabyte
DASH = 6.0  # dots, half of them drawn

Bytes = NDArray[np.int8]
Whole = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the links of two layers run: from ``rows`` at the left to rows at the right, over some columns."""

    left: int
    columns: int
    top: int
    height: int
    sources: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """Which links lie over all others, by their places in the gap: those of a neuron, and above these a picked one."""

    source: int | None = None
    target: int | None = None
    picked: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Characters and roles of a gap, both (height, columns); a blank has role 0."""

    characters: NDArray[np.str_]
    roles: NDArray[np.uint8]


def draw_links(gap: Gap, shades: Bytes, front: Front, markers: Markers, dashed: bool) -> Drawn:
    """The links of a gap; ``shades`` (sources, targets) are signed sizes up to 127. A strong one hides a weak one."""
    way = _way(gap, markers)
    levels = np.searchsorted(LEAST, np.abs(shades.astype(np.intp)), side="right")
    negative = shades < 0
    bits = np.zeros((gap.height, gap.columns), np.uint8)
    roles = np.zeros((gap.height, gap.columns), np.uint8)

    def lay(links: NDArray[np.bool_], level: int, sign: bool, role: int) -> None:
        nonlocal bits
        chosen = np.flatnonzero(links)
        if chosen.size:
            own = way.bits(chosen, dashed and sign, level)
            bits = np.where(own, own, bits)
            roles[own > 0] = role

    over = np.zeros(shades.shape, np.bool_)
    if front.source is not None:
        over[front.source] = True
    if front.target is not None:
        over[:, front.target] = True
    for among in (~over, over):
        for level in range(1, LEVELS + 1):
            for sign in (True, False):
                lay(among & (levels == level) & (negative == sign), level, sign, LINK + level - 1 + LEVELS * sign)
    if front.picked is not None:
        picked = np.zeros(shades.shape, np.bool_)
        picked[front.picked] = True
        lay(picked, LEVELS, bool(negative[front.picked]), PICKED)
    return Drawn(_signs(roles) if markers == "ascii" else _characters(bits, markers), roles)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Which dots each link crosses: ``dots`` (links, points) count row by row, ``dash`` (likewise) is on and off."""

    gap: Gap
    across: int
    down: int
    dots: NDArray[np.int32]
    dash: NDArray[np.bool_]

    def bits(self, links: Whole, dashed: bool, level: int) -> NDArray[np.uint8]:
        """The dots of some links, as a number a cell (height, columns)."""
        gap = self.gap
        width = gap.columns * self.across
        field = np.zeros(gap.height * self.down * width, np.bool_)
        dots = self.dots[links]
        if dashed:
            dots = dots[self.dash[links]]
        field[dots] = True
        if level == LEVELS and self.down > 1:
            below = dots + width
            field[below[below < field.size]] = True
        cells = field.reshape(gap.height, self.down, gap.columns, self.across)
        weights = np.array(BRAILLE_BITS if self.down == 4 else ((1, 2), (4, 8)), np.uint8)
        if self.down == 1:
            return cells[:, 0, :, 0].astype(np.uint8)
        bits: NDArray[np.uint8] = np.einsum("hdwa,da->hw", cells, weights).astype(np.uint8)
        return bits


@lru_cache(maxsize=WAYS_KEPT)
def _way(gap: Gap, markers: Markers) -> _Way:
    """The way of every link of a gap: it stays the same until something is arranged anew."""
    across, down = DOTS[markers]
    width, height = gap.columns * across, gap.height * down
    starts = (np.array(gap.sources) - gap.top) * down + down // 2
    ends = (np.array(gap.targets) - gap.top) * down + down // 2
    rise = (ends[None, :] - starts[:, None]).reshape(-1, 1)
    points = int(max(width, 1.5 * np.abs(rise).max(initial=0))) + 1
    t = np.linspace(0.0, 1.0, points)
    x = np.rint(t * (width - 1)).astype(np.intp)
    bend = t * t * (3.0 - 2.0 * t)
    y = np.rint(np.repeat(starts, len(ends))[:, None] + rise * bend).astype(np.intp)
    y = np.clip(y, 0, height - 1)
    step = np.hypot(np.diff(x, prepend=0), np.diff(y, axis=1, prepend=y[:, :1]))
    return _Way(gap, across, down, (y * width + x).astype(np.int32), np.cumsum(step, axis=1) % DASH < DASH / 2)


def _characters(bits: NDArray[np.uint8], markers: Markers) -> NDArray[np.str_]:
    """Numbers (height, columns) as the characters that show these dots."""
    braille = (" ", *(chr(0x2800 + number) for number in range(1, 256)))
    return np.array(braille if markers == "braille" else list(BLOCKS))[bits]


def _signs(roles: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Roles (height, columns) as characters that tell the sign, and the strongest links."""
    return np.array(list(ASCII_SIGNS.ljust(roles.max(initial=0) + 1)))[roles]
