"""What scikit-learn says of made predictions: ``python tests/engine/sklearn_answers.py`` writes ``sklearn.json``.

The tests of the metrics compare with that file, and with scikit-learn itself where it is installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("sklearn.json")
SEEDS = range(6)
OUTPUTS = {"one output": 1, "two outputs": 2, "five classes": 5, "numbers": 0, "three targets": -3}


def case(kind: str, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predictions and targets, (outputs, samples) both; some scores are tied, and class 3 may have no sample."""
    rng = np.random.default_rng(seed)
    samples, outputs = int(rng.integers(20, 90)), OUTPUTS[kind]
    if not outputs:
        y = rng.normal(5.0, 10.0, samples)
        return (y + rng.normal(0.0, 3.0, samples))[None], y[None]
    if outputs < 0:  # targets of different sizes
        units = 10.0 ** np.arange(-outputs)[:, None]
        y = rng.normal(5.0, 10.0, (-outputs, samples)) * units
        return y + rng.normal(0.0, 3.0, y.shape) * units[::-1], y
    classes = rng.integers(0, max(2, outputs), samples)
    classes[: max(2, outputs)] = range(max(2, outputs))
    if outputs == 5 and seed % 2:
        classes[classes == 3] = 4
    if outputs == 1:
        scores = np.clip(rng.random(samples) * 0.7 + 0.3 * classes, 0.0, 1.0)[None]
        return np.round(scores, seed + 1), classes[None].astype(float)
    weights = np.round(rng.random((outputs, samples)), 1 + seed) + 0.05
    weights[classes, range(samples)] += 0.4
    return weights / weights.sum(axis=0), (classes == np.arange(outputs)[:, None]).astype(float)


def answers(predicted: NDArray[Any], y: NDArray[Any]) -> dict[str, Any]:
    """The measures of predictions by scikit-learn's functions of the same names."""
    from sklearn import metrics

    outputs = len(y)
    if not set(np.unique(y)) <= {0.0, 1.0}:
        functions = {
            "r2": metrics.r2_score,
            "rmse": metrics.root_mean_squared_error,
            "mae": metrics.mean_absolute_error,
            "mape": metrics.mean_absolute_percentage_error,
        }
        values = {name: function(y.T, predicted.T) for name, function in functions.items()}
        if outputs > 1:
            for name, function in functions.items():
                each = function(y.T, predicted.T, multioutput="raw_values")
                values |= {f"{name}[{index}]": value for index, value in enumerate(each.tolist())}
        return values
    if outputs == 1:
        truth, said, labels = y[0].astype(int), (predicted[0] > 0.5).astype(int), [0, 1]
    else:
        truth, said, labels = y.argmax(axis=0), predicted.argmax(axis=0), list(range(outputs))
    common = {
        "accuracy": metrics.accuracy_score(truth, said),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, said),
        "f1": metrics.f1_score(truth, said, average="macro"),
        "recall": metrics.recall_score(truth, said, average=None, labels=labels, zero_division=np.nan).tolist(),
        "f1_of_class": metrics.f1_score(truth, said, average=None, labels=labels, zero_division=np.nan).tolist(),
    }
    if outputs <= 2:
        scores = predicted[-1]
        return common | {
            "roc_auc": metrics.roc_auc_score(truth, scores),
            "average_precision": metrics.average_precision_score(truth, scores),
            "log_loss": metrics.log_loss(truth, scores),
            "brier": metrics.brier_score_loss(truth, scores),
        }
    there = np.unique(truth)
    by_class = [(y[k], predicted[k]) for k in there]
    return common | {
        "roc_auc": float(np.mean([metrics.roc_auc_score(*pair) for pair in by_class])),
        "average_precision": float(np.mean([metrics.average_precision_score(*pair) for pair in by_class])),
        "log_loss": metrics.log_loss(truth, predicted.T, labels=labels),
        "brier": metrics.brier_score_loss(truth, predicted.T, labels=labels),
    }


def main() -> None:
    """Write the file."""
    kept = {f"{kind}, {seed}": answers(*case(kind, seed)) for kind in OUTPUTS for seed in SEEDS}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
