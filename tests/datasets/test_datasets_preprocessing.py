"""Splits: all rows once, shares of classes kept, and moments of the training rows alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.datasets.dataset import Dataset, DatasetError, Feature
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import DatasetConfig


def regression(x: list[float]) -> Dataset:
    column = np.array(x, dtype=np.float64)[:, None]
    return Dataset("r", "r", (Feature("x", "x"),), ("y",), "regression", (), column, column, None, {})


def classified(labels: list[int]) -> Dataset:
    index = np.array(labels, dtype=np.intp)
    names = tuple(map(str, range(max(labels) + 1)))
    x = np.arange(len(labels), dtype=np.float64)[:, None]
    return Dataset("c", "c", (Feature("x", "x"),), ("y",), "multiclass", names, x, np.eye(len(names))[index], index, {})


def test_iris_keeps_its_shares() -> None:
    config = DatasetConfig(name="iris", validation_split=0.2, seed=1)
    iris = load(config)
    parts = split(iris, config, 3)
    assert parts.y_val is not None
    np.testing.assert_array_equal(parts.y_val.sum(axis=0), [10, 10, 10])
    np.testing.assert_allclose(parts.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(parts.x_train.std(axis=0), 1)
    np.testing.assert_allclose(parts.x_train * parts.scale + parts.mean, iris.x[parts.train_rows])
    np.testing.assert_array_equal(parts.y_val, iris.y[parts.val_rows])


def test_the_seed_decides() -> None:
    boston = load(DatasetConfig(name="boston_rm"))
    first, again, other = (split(boston, DatasetConfig(seed=seed), 1) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.train_rows, again.train_rows)
    assert not np.array_equal(first.train_rows, other.train_rows)
    assert len(first.val_rows) == 101


def test_without_a_split_the_order_is_the_files() -> None:
    parts = split(regression([3, 1, 2]), DatasetConfig(validation_split=0.0, standardize=False), 1)
    np.testing.assert_array_equal(parts.x_train[:, 0], [3, 1, 2])
    assert parts.x_val is None and parts.y_val is None and len(parts.val_rows) == 0
    assert (parts.mean.tolist(), parts.scale.tolist()) == ([0.0], [1.0])


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.floats(0.01, 0.9), st.integers(0, 9))
def test_every_row_once_and_every_class_in_training(labels: list[int], share: float, seed: int) -> None:
    dataset = classified(labels)
    try:
        parts = split(dataset, DatasetConfig(validation_split=share, seed=seed), len(dataset.classes))
    except DatasetError as error:
        assert error.field == "dataset.validation_split"
        assert len(set(labels)) == len(labels)
        return
    assert sorted([*parts.train_rows, *parts.val_rows]) == list(range(len(labels)))
    assert len(parts.val_rows) >= 1
    assert {labels[row] for row in parts.train_rows} == set(labels)


@given(st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=9), st.floats(0.01, 0.9))
def test_numbers_stay_finite(values: list[float], share: float) -> None:
    parts = split(regression(values), DatasetConfig(validation_split=share), 1)
    assert parts.x_val is not None and np.isfinite(parts.x_val).all() and np.isfinite(parts.x_train).all()
    assert len(parts.x_train) >= 1 and len(parts.x_val) >= 1


def test_a_constant_column_is_not_blown_up() -> None:
    parts = split(regression([0.1] * 10), DatasetConfig(), 1)
    assert parts.scale.tolist() == [1.0]
    np.testing.assert_allclose(parts.x_train, 0, atol=1e-15)


def test_two_classes_as_two_columns() -> None:
    config = DatasetConfig(name="iris_two")
    parts = split(load(config), config, 2)
    assert parts.y_train.shape == (80, 2)
    np.testing.assert_array_equal(parts.y_train.sum(axis=1), 1)


def test_one_row_of_each_class_is_too_few() -> None:
    with pytest.raises(DatasetError, match="3 rows are too few to hold some back"):
        split(classified([0, 1, 2]), DatasetConfig(), 3)


@pytest.mark.parametrize("numbers", [1, 200, 1000, 100_000])
def test_deviations_are_those_of_all_columns_at_once(numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed for a few columns at a time."""
    monkeypatch.setattr("tui_trainer.datasets.split.NUMBERS_AT_ONCE", numbers)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 51)) * rng.uniform(1, 9, 51) + 3
    dataset = Dataset(
        "r", "r", tuple(Feature(f"x{n}", "x") for n in range(51)), ("y",), "regression", (), x, x, None, {}
    )
    parts = split(dataset, DatasetConfig(validation_split=0.0), 51)
    np.testing.assert_array_equal(parts.scale, x.std(axis=0))
