"""Raw features in: arrays and data frames, standardized, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from trained_runs import SMALL, session_of

from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.export.inputs import Feature, Inputs, inputs_of

INPUTS = Inputs(
    (Feature("size", "size"), Feature("town=B", "town", "B"), Feature("town=K", "town", "K")),
    np.array([10.0, 0.0, 0.0]),
    np.array([2.0, 1.0, 1.0]),
)
ONE = Inputs((Feature("x", "x"),), np.zeros(1), np.ones(1))


def test_all_forms_mean_the_same() -> None:
    expected = [[-2.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    columns = {"town": ["B", "K"], "other": [0, 0], "size": [6, 12]}
    ready = pd.DataFrame({"size": [6, 12], "town=B": [1, 0], "town=K": [0, 1]})
    for x in ([[6, 1, 0], [12, 0, 1]], columns, pd.DataFrame(columns), ready):
        np.testing.assert_array_equal(INPUTS.standardized(x), expected)
    np.testing.assert_array_equal(ONE.read([1, 2]), [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("x", "complaint"),
    [
        ([[1.0, 2.0]], r"x must have shape \(n, 3\), columns size, town=B, town=K; got \(1, 2\)"),
        ([1.0, 2.0, 3.0], r"got \(3,\)"),
        ([["a", "b", "c"]], "x holds something that is no number"),
        (np.zeros((0, 3)), "x has no rows"),
        ([[1.0, np.nan, 0.0]], "feature 'town=B' is missing or not finite in row 0"),
        ({"size": [1.0]}, "x has no column 'town'; it has: size"),
        ({"size": ["a"], "town": ["B"]}, "column 'size' of x must hold numbers"),
        ({"size": [1], "town": ["M"]}, "column 'town' of x holds 'M'; it was trained on 'B', 'K'"),
    ],
)
def test_what_does_not_fit_is_told(x: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        INPUTS.read(x)


def test_the_features_of_an_own_file(tmp_path: Path) -> None:
    """Columns and categories are told apart, even with an equals sign in a column's name."""
    path = tmp_path / "own.csv"
    rows = [f"{i % 7},{i / 3},{'red' if i % 2 else 'blue'},{i * 0.5}" for i in range(40)]
    path.write_text("a=b,c,colour,y\n" + "\n".join(rows))
    session = session_of(replace(SMALL, dataset=DatasetConfig(path=str(path))))
    inputs = inputs_of(session.dataset, session.split)
    assert inputs.features == (
        Feature("a=b", "a=b"),
        Feature("c", "c"),
        Feature("colour=blue", "colour", "blue"),
        Feature("colour=red", "colour", "red"),
    )
    raw = pd.read_csv(path)
    parts = session.split
    np.testing.assert_allclose(inputs.standardized(raw.iloc[parts.train_rows]), parts.x_train, rtol=1e-12)
