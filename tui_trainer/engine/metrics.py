"""How good predictions are, beside the loss."""

from __future__ import annotations

import numpy as np

from .losses import Array


def accuracy(predicted: Array, y: Array) -> float:
    """Fraction of samples whose class is right; both (outputs, samples), one output cut at 0.5."""
    if y.shape[0] == 1:
        return float(np.mean((predicted[0] >= 0.5) == (y[0] >= 0.5)))
    return float(np.mean(predicted.argmax(axis=0) == y.argmax(axis=0)))


def r2(predicted: Array, y: Array) -> float:
    """1 - residual / total sum of squares, both (outputs, samples); nan where the targets do not vary."""
    spread = float(np.sum((y - y.mean(axis=1, keepdims=True)) ** 2))
    return 1.0 - float(np.sum((predicted - y) ** 2)) / spread if spread > 0.0 else float("nan")


def mae(predicted: Array, y: Array) -> float:
    """Mean absolute error over samples and outputs, both (outputs, samples)."""
    return float(np.mean(np.abs(predicted - y)))


CLASSIFICATION = {"accuracy": accuracy}
REGRESSION = {"r2": r2, "mae": mae}
