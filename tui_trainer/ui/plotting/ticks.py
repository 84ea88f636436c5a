"""Where an axis has its ticks, and what is written at them."""

import math

from tui_trainer.round_values import labels, linear_values, log_values, scientific, short
from tui_trainer.ui.plotting.scale import Scale

__all__ = ["Tick", "labels", "linear_values", "scientific", "short", "ticks"]

Tick = tuple[float, str]  # position on the axis (an exponent if log), label


def ticks(scale: Scale, most: int) -> list[Tick]:
    """At most ``most`` ticks at round values, from low to high, no two with the same label."""
    if most < 1:
        return []
    if scale.log:
        values = log_values(scale.low, scale.high, most)
        found = [(math.log10(value), short(value)) for value in values]
    else:
        values = linear_values(scale.low, scale.high, most, scale.whole)
        found = list(zip(values, labels(values), strict=True))
    first_with: dict[str, Tick] = {}
    for tick in found:
        first_with.setdefault(tick[1], tick)
    return list(first_with.values())
