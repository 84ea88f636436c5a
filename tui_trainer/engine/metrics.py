"""How good predictions are, beside the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .losses import Array

THRESHOLD = 0.5  # an output above it is class 1


def accuracy(predicted: Array, y: Array) -> float:
    """Fraction of samples whose class is right; both (outputs, samples).

    One output above 0.5 is class 1, at 0.5 and below class 0, as in Keras's ``binary_accuracy``.
    """
    if y.shape[0] == 1:
        return float(np.mean((predicted[0] > THRESHOLD) == (y[0] > THRESHOLD)))
    return float(np.mean(predicted.argmax(axis=0) == y.argmax(axis=0)))


def r2(predicted: Array, y: Array) -> float:
    """1 - residual / total sum of squares, both (outputs, samples); nan where the targets do not vary."""
    spread = float(np.sum((y - y.mean(axis=1, keepdims=True)) ** 2))
    return 1.0 - float(np.sum((predicted - y) ** 2)) / spread if spread > 0.0 else float("nan")


def mae(predicted: Array, y: Array) -> float:
    """Mean absolute error over samples and outputs, both (outputs, samples)."""
    return float(np.mean(np.abs(predicted - y)))


def recall(predicted: Array, y: Array) -> Array:
    """Of each class, the fraction of its samples that is right, (classes,); nan for a class without samples.

    Both are (outputs, samples); one output cut at 0.5 has the classes 0 and 1.
    """
    if y.shape[0] == 1:
        said, true = (predicted[0] > THRESHOLD).astype(np.intp), (y[0] > THRESHOLD).astype(np.intp)
    else:
        said, true = predicted.argmax(axis=0), y.argmax(axis=0)
    classes = max(2, y.shape[0])
    counts = np.bincount(true, minlength=classes)
    right = np.bincount(true[said == true], minlength=classes)
    return np.divide(right, counts, out=np.full(classes, np.nan), where=counts > 0)


METRICS: dict[str, Callable[[Array, Array], float]] = {"accuracy": accuracy, "r2": r2, "mae": mae}
PER_CLASS = "per_class"
USUAL = {True: ("accuracy",), False: ("r2", "mae")}  # by whether the loss is one of classes


def measure(names: Iterable[str], predicted: Array, y: Array) -> dict[str, float]:
    """The metrics called ``names``; ``per_class`` is one value a class, ``recall[0]``, ``recall[1]`` ..."""
    found: dict[str, float] = {}
    for name in names:
        if name == PER_CLASS:
            found |= {f"recall[{k}]": float(value) for k, value in enumerate(recall(predicted, y))}
        else:
            found[name] = METRICS[name](predicted, y)
    return found
