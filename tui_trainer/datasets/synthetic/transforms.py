"""What can be made of x1 and x2 to learn from: the seven inputs of TensorFlow Playground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRANSFORMS: dict[str, Callable[[Array, Array], Array]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1^2": lambda x1, x2: x1 * x1,
    "x2^2": lambda x1, x2: x2 * x2,
    "x1*x2": lambda x1, x2: x1 * x2,
    "sin(x1)": lambda x1, x2: np.sin(x1),
    "sin(x2)": lambda x1, x2: np.sin(x2),
}


def derive(x1: Array, x2: Array) -> dict[str, Array]:
    """Every column that a plane has, by name, each of the shape of ``x1`` and ``x2``."""
    return {name: transform(x1, x2) for name, transform in TRANSFORMS.items()}
