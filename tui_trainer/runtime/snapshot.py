"""What a snapshot of a run is made of: named arrays, each part's names with the part's own before a dot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tui_trainer.datasets.split import Split
from tui_trainer.training.series import Array

CLOSE = 1e-9  # of a deviation: another machine may round another way


def joined(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """The arrays of all parts in one."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def part_of(snapshot: Mapping[str, Array], name: str) -> dict[str, Array]:
    """The arrays of the part ``name``, by what follows the dot."""
    return {key.removeprefix(f"{name}."): array for key, array in snapshot.items() if key.startswith(f"{name}.")}


def moments(split: Split) -> dict[str, Array]:
    """What tells whether the data are those the weights were trained on."""
    return {"mean": split.mean, "scale": split.scale}


def check_moments(state: Mapping[str, Array], split: Split) -> None:
    """ValueError where the data have other means and deviations than when ``state`` was taken."""
    for name, now in moments(split).items():
        then = state.get(name, now)  # there is none in a snapshot of an older version
        if then.shape != now.shape or not np.isclose(then, now, rtol=CLOSE, atol=CLOSE * split.scale).all():
            raise ValueError("the data are no longer those it was trained on")
