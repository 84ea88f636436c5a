"""Numbers as text: by themselves, and in columns of one form."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_trainer.round_values import scientific

NOTHING = "–"  # for what has no value


def number(value: float) -> str:
    """Four digits or so: ``0.2314``, ``18.75``, ``22,061``, ``3.1e-7``."""
    if not math.isfinite(value):
        return NOTHING if math.isnan(value) else "-∞" if value < 0 else "∞"
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return scientific(value, 2)
    return f"{value:,.0f}" if size >= 1e4 else f"{value:.4g}"


def column(values: Sequence[float], trim: bool = False) -> list[str]:
    """Numbers of a column, all with as many decimals as the largest one leaves room for.

    With ``trim``, with no more of them than one of the numbers has.
    """
    finite = [value for value in values if math.isfinite(value)]
    largest = max((abs(value) for value in finite), default=0.0)
    if largest >= 1e7 or 0 < largest < 1e-3:
        return [scientific(value, 2) if math.isfinite(value) else number(value) for value in values]
    whole = all(value == math.floor(value) for value in finite)
    decimals = 0 if whole or largest == 0 else max(0, 3 - max(0, math.floor(math.log10(largest))))
    while trim and decimals and all(round(value, decimals) == round(value, decimals - 1) for value in finite):
        decimals -= 1
    return [f"{value:.{decimals}f}" if math.isfinite(value) else number(value) for value in values]


def percent(share: float, decimals: int) -> str:
    """A share as a percentage, without the sign."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{decimals}f}"
