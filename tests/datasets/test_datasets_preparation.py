"""Raw features in: arrays and data frames, standardized, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tui_trainer.datasets.arrays import column_of
from tui_trainer.datasets.csv.columns import NumberColumn
from tui_trainer.datasets.dataset import Feature
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preparation import Inputs, preparation_of
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import DatasetConfig

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
        ([[1.0, np.nan, 0.0]], "row 0 of x: 'town=B' is missing or not finite"),
        ({"size": [1.0]}, "there is no column 'town'; the columns are 'size'"),
        ({"size": ["a"], "town": ["B"]}, "row 0 of x: column 'size' holds 'a', not a number"),
        ({"size": [1], "town": ["M"]}, "row 0 of x: column 'town' holds 'M'; it was trained on 'B', 'K'"),
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
    config = DatasetConfig(path=str(path))
    dataset = load(config)
    parts = split(dataset, config, 1)
    inputs = preparation_of(dataset, parts).inputs
    assert inputs.features == (
        Feature("a=b", "a=b"),
        Feature("c", "c"),
        Feature("colour=blue", "colour", "blue"),
        Feature("colour=red", "colour", "red"),
    )
    raw = pd.read_csv(path)
    np.testing.assert_allclose(inputs.standardized(raw.iloc[parts.train_rows]), parts.x_train, rtol=1e-12)


MIXED = """when;amount;open;grade;cat;cat=red;y
03.04.2024;1.234,5;true;01;red;5;1
17.11.2024;2,25;false;02;blue;6;2
28.02.2023;-3;true;02;red;7;3
01.01.1970;1.000.000;false;01;green;8;4
31.12.1969;0,5;true;03;blue;9;5
15.06.2001;7;false;03;green;9,5;6
"""


def prepared(folder: Path, text: str, **fields: Any) -> tuple[Inputs, NDArray[np.float64]]:
    """The inputs of a file, and the raw features of its rows in their order."""
    (folder / "own.csv").write_text(text)
    config = DatasetConfig(path=str(folder / "own.csv"), target="y", validation_split=0.0, task="regression", **fields)
    dataset = load(config)
    return preparation_of(dataset, split(dataset, config, 1)).inputs, dataset.x


def test_cells_are_prepared_as_in_training_however_they_come(tmp_path: Path) -> None:
    """Dates with the day first, decimal commas, and a column of numbers called as a category of another column."""
    inputs, trained_on = prepared(tmp_path, MIXED, kinds={"grade": "category"})
    as_text = pd.read_csv(tmp_path / "own.csv", sep=";", dtype=str)
    read = pd.read_csv(tmp_path / "own.csv", sep=";", decimal=",", thousands=".", parse_dates=["when"], dayfirst=True)
    assert read["when"].dtype.kind == "M" and read["grade"].tolist() == [1, 2, 2, 1, 3, 3]
    in_dates = read.assign(when=[day.date() for day in read["when"]])
    for frame in (as_text, read, in_dates, as_text.to_dict("list")):
        np.testing.assert_array_equal(inputs.read(frame), trained_on)


def test_one_row_of_text_is_read_like_the_file_of_training(tmp_path: Path) -> None:
    """Alone, 03.04.2024 might be the fourth of March, and 1.234 a bit more than one."""
    inputs, trained_on = prepared(tmp_path, MIXED, kinds={"grade": "category"})
    row = {"when": "03.04.2024", "amount": "1.234,5", "open": "TRUE", "grade": "1", "cat": "red", "cat=red": " 5 "}
    np.testing.assert_array_equal(inputs.read({name: [cell] for name, cell in row.items()}), trained_on[:1])


def test_gaps_are_filled_as_in_training_or_told(tmp_path: Path) -> None:
    rows = "a,b,y\n1,u,1\n2,u,2\n,v,3\n3,,4\n5,u,5\n"
    gaps = pd.DataFrame({"a": [np.nan, 2.0], "b": ["u", None]})
    filling, _ = prepared(tmp_path, rows, missing="fill")
    np.testing.assert_array_equal(filling.read(gaps), [[2.75, 1.0, 0.0], [2.0, 1.0, 0.0]])
    dropping, _ = prepared(tmp_path, rows, missing="drop")
    with pytest.raises(ValueError, match="row 0 of x: column 'a' holds no value"):
        dropping.read(gaps)
    columns = {"a": NumberColumn(gaps["a"].to_numpy()), "b": column_of(gaps["b"].to_numpy(), "b")}
    assert dropping.from_columns(columns).faults == {0: "column 'a' holds no value", 1: "column 'b' holds no value"}


def test_a_word_among_numbers_is_no_gap_to_fill(tmp_path: Path) -> None:
    inputs, _ = prepared(tmp_path, "a,b,y\n1,2,1\n2,3,2\n,4,3\n3,5,4\n", missing="fill")
    with pytest.raises(ValueError, match="row 1 of x: column 'a' holds 'abc', not a number"):
        inputs.read({"a": ["1", "abc", "", "4"], "b": [1, 2, 3, 4]})
