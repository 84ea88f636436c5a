"""Numbers as text of a known width."""

from __future__ import annotations

import math

MINUS = "−"


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
