"""From the name of a toy set, the number of samples, the noise and a seed to columns."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import curves, planes
from .transforms import derive

PLANES = {
    "circle": planes.circle,
    "xor": planes.xor,
    "gauss": planes.gauss,
    "spiral": planes.spiral,
    "moons": planes.moons,
    "sine_border": planes.sine_border,
    "cubic_border": planes.cubic_border,
    "abs_border": planes.abs_border,
    "plane": planes.plane,
    "multi_gauss": planes.multi_gauss,
}
CURVES = {
    "curve_sine": curves.sine,
    "curve_bumps": curves.bumps,
    "curve_step": curves.step,
    "curve_abs": curves.absolute,
    "curve_poly": curves.polynomial,
}
# The points have a stream of their own: the split draws from the seed alone.
_STREAM = 1


def generate(
    name: str, samples: int, noise: float, seed: int, classes: int = 0
) -> tuple[dict[str, NDArray[np.float64]], NDArray[Any]]:
    """The columns of a toy set by name, each (samples,), and its target (samples,): class indices or numbers.

    ``noise`` is in per cent from 0 to 50; ``classes`` is read by blobs alone. Rows come in random order. The same
    arguments give the same rows. KeyError for a name that is no toy set.
    """
    rng = np.random.default_rng((seed, _STREAM))
    order = rng.permutation(samples)
    if name in CURVES:
        x, y = curves.sample(CURVES[name], samples, noise, rng)
        return {"x": x[order]}, y[order]
    make = partial(planes.blobs, classes=classes) if name == "blobs" else PLANES[name]
    points, target = make(samples, noise, rng)
    return derive(*points[order].T.copy()), target[order]
