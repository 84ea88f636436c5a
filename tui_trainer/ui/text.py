"""Text from files, made fit for the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_trainer.errors import printable as clean
from tui_trainer.plotting.axes import scientific

LONGEST = 60
MINUS = "−"
NOTHING = "–"  # for what has no value


def plain(text: str) -> str:
    """``text`` as ``clean`` gives it, cut where long."""
    shown = clean(text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def fit(value: float, width: int, decimals: int = 2) -> str:
    """``value`` in at most ``width`` characters, with as many decimals as that allows."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "∞" if value > 0 else MINUS + "∞"
    for places in range(decimals, -1, -1):
        text = _signed(f"{value:.{places}f}")
        if len(text) <= width:
            return text
    for digits in (2, 1, 0):
        text = _signed(_scientific(value, digits))
        if len(text) <= width:
            break
    return text


def cell(value: float, width: int, decimals: int) -> str:
    """``value`` right-aligned in a column of ``width``, a space before it; what would round to 0 as 3e−5."""
    text = fit(value, width - 1, decimals)
    if value != 0.0 and not text.strip("0.−"):
        text = _signed(_scientific(value, 0))
    return f"{text:>{width}}"


def significant(value: float, digits: int = 4) -> str:
    """``value`` with that many digits that count: 25.18, 0.003210, −34.67, 1.25e−7."""
    if not math.isfinite(value) or value == 0.0:
        return fit(value, 3, 0)
    size = abs(value)
    if not 1e-4 <= size < 1e6:
        return _signed(_scientific(value, digits - 1))
    whole = math.floor(math.log10(size)) + 1
    return _signed(f"{value:.{min(max(digits - whole, 0), 6)}f}")


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _signed(text: str) -> str:
    """With a minus that is as wide as a digit; no minus before a zero."""
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text.replace("-", MINUS)


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
