"""The way of a small model's parameters as the view shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.protocol.framing import pack
from tui_trainer.tabs.landscape.messages import Axis, Update, Way
from tui_trainer.tabs.landscape.surface import Surface
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import Path

NEWEST = 40  # points shown one by one
EARLIER = 80  # at most, of those before


def points(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Steps (n,) and points (n, k) that are shown, and how many of the last are one by one.

    The newest point is always among them, even where the path has dropped it.
    """
    steps, places = path.steps, path.points
    last = path.last
    if last is not None and last.step > steps[-1]:
        steps, places = np.append(steps, last.step), np.vstack([places, last.after])
    each = min(len(steps), NEWEST)
    split = len(steps) - each
    chosen = np.unique(np.linspace(0, split, min(split, EARLIER), endpoint=False).astype(np.intp))
    kept = np.concatenate([chosen, np.arange(split, len(steps))])
    return steps[kept], places[kept], each


def way(path: Path, surface: Surface, axes: tuple[Axis, ...]) -> Way:
    """The way with its losses, and how much of it lies beyond the ranges of ``axes``."""
    steps, places, each = points(path)
    losses = surface.values(np.zeros(surface.size), np.eye(surface.size), places)
    inside = np.ones(len(places), bool)
    for axis in axes:
        assert axis.parameter is not None
        along = places[:, axis.parameter]
        inside &= (along >= axis.low) & (along <= axis.high)
    return Way(pack(steps), pack(places.ravel()), pack(losses), each, int(np.count_nonzero(~inside)))


def update(session: Session) -> Update | None:
    """The last step's numbers; None before the first one."""
    last = None if session.path is None else session.path.last
    if last is None:
        return None
    config = session.experiment.training.optimizer
    momentum = f"momentum {config.momentum:g}" if config.momentum else ""
    return Update(
        step=last.step,
        before=pack(last.before),
        gradient=pack(np.concatenate([array.ravel() for array in session.trainer.gradient()])),
        rate=last.rate,
        after=pack(last.after),
        optimizer=momentum if config.name == "sgd" else config.name,
    )
