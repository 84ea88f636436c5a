"""What a lesson may ask of the landscape: whatever makes no sense is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tui_trainer.tabs.landscape.messages import KINDS

LIMITS = ("low", "high", "low_2", "high_2")
PARAMETERS = ("parameter", "parameter_2")
LARGEST = 2**31  # numbers of parameters


def read_options(options: Mapping[str, object]) -> dict[str, object]:
    """The fields of a request that ``options`` give. A plane of two parameters is a contour."""
    found: dict[str, object] = {}
    kind = options.get("kind")
    if kind in KINDS:
        found["kind"] = "contour" if kind == "plane" and "parameter_2" in options else kind
    for name in PARAMETERS:
        number = options.get(name)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST:
            found[name] = number
    for name in LIMITS:
        limit = options.get(name)
        if isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit):
            found[name] = float(limit)
    return found
