"""Choosing features: unknown, doubled, text and incomplete columns are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig


def loaded(folder: Path, text: str, *features: str, target: str | None = None) -> Dataset:
    (folder / "table.csv").write_text(text)
    return load(DatasetConfig(path=str(folder / "table.csv"), features=features, target=target))


TABLE = "name,rooms,age,price\nann,1,2,1.5\nbob,3,4,2.5\ncyd,5,7,2.75\n"


def test_all_numeric_columns_are_the_features(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, TABLE)
    assert (dataset.features, dataset.target, dataset.left_out) == (("rooms", "age"), "price", ("name",))
    np.testing.assert_array_equal(dataset.x, [[1, 2], [3, 4], [5, 7]])
    assert list(dataset.columns) == ["rooms", "age", "price"]
    assert dataset.notes == ("Left out: name (a different text in each row).",)


def test_features_keep_the_chosen_order(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, TABLE, "price", "rooms", target="age")
    np.testing.assert_array_equal(dataset.x[0], [1.5, 1])
    np.testing.assert_array_equal(dataset.y[:, 0], [2, 4, 7])


@pytest.mark.parametrize(
    ("text", "features", "target", "field", "reason"),
    [
        (TABLE, ("room",), None, "features", "there is no column 'room'; did you mean 'rooms'"),
        (TABLE, ("zzz",), None, "features", "the columns are 'name', 'rooms', 'age', 'price'"),
        (TABLE, (), "prize", "target", "did you mean 'price'?"),
        (TABLE, ("age", "age"), None, "features", "'age' is chosen twice"),
        (TABLE, ("price",), None, "features", "'price' is the target"),
        (
            "a,b\nx,1\ny,2\n",
            (),
            None,
            "path",
            "besides the target 'b' there is nothing to learn from: left out are 'a' (a different text in each row)",
        ),
        ("a\n1\n2\n", (), None, "path", "nothing to learn from, since there is no other column"),
        ("a,b\n1,1\n2,2\nx,3\n4,4\n", (), None, "features", "column 'a' holds text, such as 'x' in line 4"),
        (
            "a,b\n1,1\n,2\nNA,3\n",
            ("a",),
            None,
            "missing",
            "only 1 of 3 rows has a value in every column; no value in a (2); fill the gaps, or leave columns out",
        ),
        ("a,b\n1,1\n2,\n3,\n", (), None, "missing", "no value in b (2)"),
        ("a,b\n,1\n,2\n", (), None, "path", "left out are 'a' (empty)"),
        ("a,b\n1,1\ninf,2\n", (), None, "features", "column 'a' goes beyond 1e+30 with inf in line 3"),
        ("a,b\n1,1\n1e99,2\n", (), None, "features", "with 1e+99 in line 3"),
    ],
)
def test_wrong_columns_are_refused_with_the_reason(
    tmp_path: Path, text: str, features: tuple[str, ...], target: str | None, field: str, reason: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        loaded(tmp_path, text, *features, target=target)
    assert caught.value.field == f"dataset.{field}"
    assert reason in caught.value.reason


def test_integers_of_any_length_are_numbers(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"a,b\n{10**25},1\n2,2\n").x[0, 0] == 1e25


def test_a_gap_in_a_column_not_used_does_not_matter(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, "a,gap,b\n1,,1.5\n2,3,2.5\n", "a")
    assert list(dataset.columns) == ["a", "b"]
