"""Folds: every row is held back once, as scikit-learn divides them, and cross-validation scores what it would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import choose_rows, fold_of_rows, split
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    ModelConfig,
    OutputConfig,
    PointConfig,
    TrainingConfig,
)
from tui_trainer.sweep import sweep

# StratifiedKFold(3, shuffle=True, random_state=7).split(x, y) of scikit-learn's load_iris: the rows held back
IRIS = (
    "0 1 6 8 18 19 21 26 27 29 32 33 34 39 41 46 48 52 53 56 60 63 64 66 67 72 74 75 78 80 84 93 96 98 108 114 116 122 "
    "124 126 128 129 131 133 136 139 141 143 145 149",
    "2 4 5 7 10 13 14 16 20 22 23 25 37 42 44 45 47 50 57 58 61 69 70 71 73 76 77 82 83 88 89 97 99 101 102 104 105 "
    "106 110 111 115 117 123 127 132 134 135 142 146 148",
    "3 9 11 12 15 17 24 28 30 31 35 36 38 40 43 49 51 54 55 59 62 65 68 79 81 85 86 87 90 91 92 94 95 100 103 107 109 "
    "112 113 118 119 120 121 125 130 137 138 140 144 147",
)
FOLDS = [np.array(rows.split(), int) for rows in IRIS]
EPOCHS, RATE = 50, 0.5
PERCEPTRON = Experiment(
    dataset=DatasetConfig("iris", seed=7),
    model=ModelConfig(layers=(), output=OutputConfig(initializer="zeros"), dtype="float64"),
    training=TrainingConfig(learning_rate=RATE, batch_size="full", epochs=EPOCHS, shuffle=False),
)


def held_back(n: int, labels: list[int] | None, folds: int, seed: int) -> list[list[int]]:
    of_rows = fold_of_rows(n, None if labels is None else np.array(labels), folds, seed)
    return [np.flatnonzero(of_rows == fold).tolist() for fold in range(1, folds + 1)]


def test_the_folds_are_those_of_scikit_learn() -> None:
    # KFold(4, shuffle=True, random_state=3) of ten rows
    assert held_back(10, None, 4, 3) == [[1, 4, 5], [2, 6, 9], [0, 7], [3, 8]]
    # StratifiedKFold(4, shuffle=True, random_state=1), the class 2 being the first in the file
    labels = [2, 0, 0, 2, 2, 0, 0, 2, 2, 0, 2]
    assert held_back(11, labels, 4, 1) == [[1, 3, 7], [0, 8, 9], [2, 4, 6], [5, 10]]
    dataset = load(PERCEPTRON.dataset)
    for fold, rows in enumerate(FOLDS, start=1):
        config = with_field(PERCEPTRON, "dataset.fold", f"{fold}/3").dataset
        train, val, _ = choose_rows(150, dataset.labels, config)
        assert sorted(val) == rows.tolist()
        assert sorted(train) == sorted(set(range(150)) - set(rows.tolist()))


@given(st.lists(st.integers(0, 3), min_size=10, max_size=60), st.integers(2, 6), st.integers(0, 2**63 - 1))
def test_every_row_is_held_back_once_and_each_fold_has_its_share(labels: list[int], folds: int, seed: int) -> None:
    labels += [0, 1, 2, 3] * folds  # every class has a row for each fold
    of_rows = fold_of_rows(len(labels), np.array(labels), folds, seed)
    assert set(of_rows) == set(range(1, folds + 1))
    for code in range(4):
        counts = np.bincount(of_rows[np.array(labels) == code], minlength=folds + 1)[1:]
        assert np.ptp(counts) <= 1
    assert np.ptp(np.bincount(of_rows)[1:]) <= 1
    plain = np.bincount(fold_of_rows(len(labels), None, folds, seed))[1:]
    assert plain.sum() == len(labels) and np.ptp(plain) <= 1


def score_on(train: NDArray[np.intp], held: NDArray[np.intp]) -> tuple[float, float]:
    """Cross-entropy and accuracy on ``held`` of a softmax regression trained on ``train``, in plain NumPy."""
    dataset = load(PERCEPTRON.dataset)
    assert dataset.labels is not None
    x, y = dataset.x, np.eye(3)[dataset.labels]
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    kernel, bias = np.zeros((x.shape[1], 3)), np.zeros(3)

    def probabilities(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        powers = np.exp(x[rows] @ kernel + bias)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    for _ in range(EPOCHS):
        slope = (probabilities(train) - y[train]) / len(train)
        kernel, bias = kernel - RATE * x[train].T @ slope, bias - RATE * slope.sum(axis=0)
    found = probabilities(held)
    right = found.argmax(axis=1) == dataset.labels[held]
    return -float(np.log((found * y[held]).sum(axis=1)).mean()), float(right.mean())


def test_cross_validation_scores_what_training_on_these_rows_gives() -> None:
    result = sweep(PERCEPTRON, {}, folds=3, jobs=1, keep=False)
    (group,) = result.groups()
    expected = np.array([score_on(np.setdiff1d(np.arange(150), held), held) for held in FOLDS])
    losses, accuracies = expected.T
    assert [row.scores["val_loss"] for row in group.rows] == pytest.approx(losses, rel=1e-9)
    assert [row.scores["val_accuracy"] for row in group.rows] == pytest.approx(accuracies, rel=1e-12)
    assert result.by == "val_loss" and group.mean == pytest.approx(losses.mean(), rel=1e-9)
    assert group.deviation == pytest.approx(losses.std(ddof=1), rel=1e-9)


def test_points_added_by_hand_are_trained_on_in_each_fold() -> None:
    points = (PointConfig(0.5, 0.5, 1.0), PointConfig(-0.5, 0.5, 0.0))
    seen: list[int] = []
    for fold in range(1, 5):
        config = DatasetConfig("blobs", samples=40, classes=2, fold=f"{fold}/4", points=points, removed=(3,))
        dataset = load(config)
        parts = split(dataset, config, 1)
        assert {39, 40} <= set(parts.train_rows) and len(parts.train_rows) + len(parts.val_rows) == 41
        seen += parts.val_rows.tolist()
    assert sorted(seen) == list(range(39))


@pytest.mark.parametrize(
    ("n", "labels", "folds", "told"),
    [
        (4, None, 5, "5 folds need at least 5 rows, but there are 4; use at most 4"),
        (
            5,
            [0, 0, 0, 1, 1],
            3,
            "3 folds need at least 3 rows of each class, but the smallest class has 2; use at most 2",
        ),
        (3, [0, 0, 1], 2, "the smallest class has 1; leave the folds out and hold back a share of the rows"),
    ],
)
def test_more_folds_than_rows_are_refused(n: int, labels: list[int] | None, folds: int, told: str) -> None:
    with pytest.raises(UserError) as refused:
        held_back(n, labels, folds, 0)
    assert refused.value.field == "dataset.fold" and told in refused.value.reason


@pytest.mark.parametrize("fold", ["0/5", "6/5", "1/1", "2", "a/b", "1/10001", " ", 3, [1, 5]])
def test_what_is_no_fold_is_refused(fold: object) -> None:
    with pytest.raises(UserError) as refused:
        with_field(PERCEPTRON, "dataset.fold", fold)
    assert refused.value.field == "dataset.fold" and "such as 2/5" in refused.value.reason


def test_a_fold_is_a_validation_part_where_no_share_is_held_back() -> None:
    without = with_field(PERCEPTRON, "dataset.validation_split", 0)
    assert not without.dataset.has_validation
    assert with_field(without, "dataset.fold", "2/5").dataset.has_validation
    assert with_field(with_field(without, "dataset.fold", "2/5"), "dataset.fold", "null") == without
