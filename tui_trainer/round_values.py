"""Round values to put on an axis, and how they are written. No screen, and nothing but the standard library."""

from __future__ import annotations

import math
from itertools import pairwise


def linear_values(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """The multiples of the smallest step 1, 2 or 5 times a power of ten of which at most ``most`` fit."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    power = math.floor(math.log10(span / most))
    for step in (digit * 10.0**exponent for exponent in range(power, power + 4) for digit in (1, 2, 5)):
        if whole and step < 1:
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            # Rounding removes the noise of the product, 0.30000000000000004.
            return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
    return []


def log_values(low: float, high: float, most: int) -> list[float]:
    """1, 2 and 5 times powers of ten between two exponents; the powers alone if these are too many."""
    decades = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    fine: list[float] = []
    if len(decades) <= most:
        around = range(math.floor(low), math.ceil(high) + 1)
        fine = [digit * 10.0**exponent for exponent in around for digit in (1, 2, 5)]
        fine = [value for value in fine if low - 1e-9 <= math.log10(value) <= high + 1e-9]
        if 2 <= len(fine) <= most:
            return fine
    if len(decades) >= 2:
        stride = math.ceil(len(decades) / most)
        return [10.0**exponent for exponent in decades if exponent % stride == 0]
    linear = linear_values(10.0**low, 10.0**high, most)
    return [value for value in linear if value > 0] or fine[:most]


def labels(values: list[float]) -> list[str]:
    """Labels for evenly spaced values, all in one form: ``0.2 0.4``, ``0 50 100``, ``20k 40k``, ``1e-5``."""
    if not values:
        return []
    largest = max(abs(value) for value in values)
    step = min((after - before for before, after in pairwise(values)), default=largest) or 1.0
    for unit, suffix in ((1.0, ""), (1e3, "k"), (1e6, "M")):
        decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
        if largest < 1e4 * unit and decimals <= (2 if suffix else 4):
            return ["0" if value == 0 else f"{value / unit:.{decimals}f}{suffix}" for value in values]
    for digits in range(12):
        found = ["0" if value == 0 else scientific(value, digits) for value in values]
        if len(set(found)) == len(found):
            break
    return found


def short(value: float) -> str:
    """One value by itself: ``0.05``, ``20``, ``5e-4``, ``1e6``."""
    return f"{value:.4g}" if 0.01 <= abs(value) < 1e4 else scientific(value, 3)


def scientific(value: float, digits: int) -> str:
    """``2.5e-7`` rather than ``2.50e-07``."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"
