"""What scikit-learn says of made models: run this file to write ``sklearn_inspection.json``.

A model is linear in a number, in three 0/1 columns of a category and in another number, which takes few values. For
scikit-learn the category is one column, as in a pipeline that encodes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("sklearn_inspection.json")
ROWS, REPEATS, SEEDS = 40, 7, (0, 3)
WEIGHTS = np.array([1.5, -1.0, 0.5, 2.0, 0.7])


def table() -> tuple[NDArray[Any], NDArray[Any]]:
    """The raw columns (n, 3): a number, a category from 0 to 2, a number of few values; and the target (n,)."""
    rng = np.random.default_rng(1)
    raw = np.column_stack([rng.normal(0.0, 1.0, ROWS), rng.integers(0, 3, ROWS), rng.integers(0, 5, ROWS)])
    return raw, encoded(raw) @ WEIGHTS + rng.normal(0.0, 0.5, ROWS)


def encoded(raw: NDArray[Any]) -> NDArray[Any]:
    """The features (n, 5) of raw columns."""
    return np.column_stack([raw[:, 0], np.eye(3)[raw[:, 1].astype(int)], raw[:, 2]])


def answers() -> dict[str, Any]:
    """Importances by R², by the squared error and by accuracy, and the response to the last column."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.inspection import partial_dependence, permutation_importance

    class Line(RegressorMixin, BaseEstimator):
        """The model of a number."""

        def fit(self, x: Any, y: Any) -> Line:
            self.fitted_ = True
            return self

        def predict(self, x: Any) -> Any:
            return encoded(np.asarray(x)) @ WEIGHTS

    class Side(ClassifierMixin, BaseEstimator):
        """The model of a class: whether the number is above 1."""

        def fit(self, x: Any, y: Any) -> Side:
            self.classes_ = np.array([0, 1])
            return self

        def predict(self, x: Any) -> Any:
            return (encoded(np.asarray(x)) @ WEIGHTS > 1.0).astype(int)

    raw, y = table()
    labels = (y > 1.0).astype(int)
    cases = {
        "r2": (Line().fit(raw, y), y, "r2"),
        "rmse": (Line().fit(raw, y), y, "neg_root_mean_squared_error"),
        "accuracy": (Side().fit(raw, labels), labels, "accuracy"),
    }
    found: dict[str, Any] = {}
    for by, (model, target, scoring) in cases.items():
        for seed in SEEDS:
            result = permutation_importance(model, raw, target, scoring=scoring, n_repeats=REPEATS, random_state=seed)
            found[f"{by}, {seed}"] = {
                "mean": result.importances_mean.tolist(),
                "deviation": result.importances_std.tolist(),
            }
    response = partial_dependence(cases["r2"][0], raw, [2], kind="both", method="brute")
    found["response"] = {
        "values": response["grid_values"][0].tolist(),
        "mean": response["average"][0].tolist(),
        "rows": response["individual"][0, :3].tolist(),
    }
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), indent=1) + "\n")
