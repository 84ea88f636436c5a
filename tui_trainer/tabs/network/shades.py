"""Which neurons and weights are drawn or listed, and how strong: shades as signed bytes, 127 for the strongest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .messages import NeuronRange

Array = NDArray[Any]


def signed_shades(values: Array, reference: Array) -> bytes:
    """Scale ``values`` to signed bytes, 127 for the largest magnitude in ``reference``; nan becomes 0."""
    highest, lowest = float(reference.max()), float(reference.min())
    peak = max(abs(highest), abs(lowest))
    if not np.isfinite(peak):
        peak = float(np.max(np.abs(reference), where=np.isfinite(reference), initial=0.0))
    scaled = np.nan_to_num(values / (peak or 1.0), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(scaled, -1.0, 1.0) * 127).astype(np.int8).tobytes()


def root_shades(values: Array, peak: float) -> bytes:
    """Scale square roots: beside the gradients of another layer, with ``peak``, those of a hundredth are seen, too."""
    roots = np.sign(values) * np.sqrt(np.abs(values))
    return signed_shades(roots, np.array([math.sqrt(peak)]))


def most_important(sizes: Array, count: int, parameter: int | None) -> list[int]:
    """Return which of ``sizes`` (n,) to list, in order: the ``count`` largest, or those around ``parameter``."""
    total = len(sizes)
    if total <= count:
        return list(range(total))
    if parameter is not None:
        first = min(max(parameter - count // 2, 0), total - count)
        return list(range(first, first + count))
    return sorted(np.argsort(-np.nan_to_num(sizes), kind="stable")[:count].tolist())


def part_of(window: NeuronRange) -> slice:
    """Return the neurons of a window as a slice of their layer."""
    return slice(window.first, window.first + window.count)
