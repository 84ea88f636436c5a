"""The confusion matrix, with many classes folded into one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.protocol.framing import pack
from tui_trainer.tabs.predictions.messages import Confusion

Counts = NDArray[np.intp]
LEAST_CLASSES = 2  # shown, beside the others


def count(true: Counts, predicted: Counts, classes: int) -> Counts:
    """How many samples of each class are taken for which: (classes, classes), rows true, columns predicted."""
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion(counts: Counts, most: int, page: int) -> Confusion:
    """``counts`` (classes, classes) with at most ``most`` rows; the classes with the most mistakes come first."""
    classes = len(counts)
    shown, pages = np.arange(classes), 1
    if classes > max(most, LEAST_CLASSES + 1):
        together = max(most - 1, LEAST_CLASSES)
        pages = -(-classes // together)
        page = min(max(page, 0), pages - 1)
        mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
        shown = np.sort(np.argsort(-mistakes, kind="stable")[page * together : (page + 1) * together])
    others = np.setdiff1d(np.arange(classes), shown)
    groups = [*shown[:, None], *([others] if len(others) else [])]
    right = np.array([counts.diagonal()[group].sum() for group in groups])
    true = np.array([counts[group].sum() for group in groups])
    predicted = np.array([counts[:, group].sum() for group in groups])
    folded = np.array([[counts[np.ix_(row, column)].sum() for column in groups] for row in groups])
    return Confusion(
        shown=tuple(shown.tolist()),
        others=len(others),
        page=page if pages > 1 else 0,
        pages=pages,
        counts=pack(folded.ravel()),
        recall=pack(_share(right, true)),
        precision=pack(_share(right, predicted)),
    )


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """part / whole (k,), nan where whole is 0."""
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares
