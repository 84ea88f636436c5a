"""The samples on the picture: training and validation, by class or by the number to be met."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.levels import to_levels
from tui_trainer.protocol.framing import pack
from tui_trainer.tabs.boundary.axes import Ground
from tui_trainer.tabs.boundary.messages import Samples
from tui_trainer.training.session import Session

from .scales import target_limits

MOST = 1500  # of each part: more would hide the picture, and each other
RUG_STEP = 0.05  # between the rows of samples of two classes, below a curve of probabilities


def on_plane(session: Session, ground: Ground, axes: tuple[str, str]) -> tuple[tuple[Samples, ...], int]:
    """The samples over two features, and how many were too many; points set by hand never are."""
    dataset, (x, y) = session.dataset, (ground.values(axis) for axis in axes)
    groups, hidden = [], 0
    low, high = (0.0, 1.0) if dataset.classes else target_limits(dataset)
    drawn = None if dataset.drawn is None else dataset.drawn.numbers
    for rows, validation in _parts(session):
        by_hand = np.zeros(len(rows), np.bool_) if drawn is None else drawn[rows] < 0
        kept = np.concatenate([_thin(rows[~by_hand]), rows[by_hand]])
        hidden += len(rows) - len(kept)
        for kind, of_kind in _by_class(session, kept):
            numbers = b"" if drawn is None else pack(drawn[of_kind])
            levels = b"" if dataset.classes else to_levels(dataset.y[of_kind, 0], low, high).tobytes()
            groups.append(Samples(kind, validation, pack(x[of_kind]), pack(y[of_kind]), levels, numbers))
    return tuple(groups), hidden


def on_line(session: Session, ground: Ground) -> tuple[tuple[Samples, ...], int]:
    """The samples over the only feature: at their number, at 0 and 1 for two classes, in a row each for more."""
    dataset, x = session.dataset, ground.values(ground.axes[0])
    groups, hidden = [], 0
    for rows, validation in _parts(session):
        kept = _thin(rows)
        hidden += len(rows) - len(kept)
        for kind, of_kind in _by_class(session, kept):
            y = np.full(len(of_kind), rug_height(kind, len(dataset.classes))) if kind >= 0 else dataset.y[of_kind, 0]
            groups.append(Samples(kind, validation, pack(x[of_kind]), pack(y)))
    return tuple(groups), hidden


def rug_height(kind: int, classes: int) -> float:
    """Where the samples of a class stand: two at the probabilities they should have, more of them below 0."""
    return float(kind) if classes == 2 else -RUG_STEP * (kind + 1)


def _parts(session: Session) -> list[tuple[NDArray[np.intp], bool]]:
    parts = session.split
    return [(rows, validation) for rows, validation in ((parts.train_rows, False), (parts.val_rows, True)) if len(rows)]


def _thin(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= MOST:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST).astype(np.intp)]


def _by_class(session: Session, rows: NDArray[np.intp]) -> list[tuple[int, NDArray[Any]]]:
    """Class and rows of each class there is; all rows as -1 for numbers."""
    labels = session.dataset.labels
    if labels is None:
        return [(-1, rows)]
    of_rows = labels[rows]
    return [(kind, rows[of_rows == kind]) for kind in np.unique(of_rows).tolist()]
