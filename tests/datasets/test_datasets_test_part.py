"""The test part: apart from the others, in their proportions, and without any effect on what is trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import choose_rows, split
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.training.session import Session

HELD = DatasetConfig("iris", test_split=0.2, validation_split=0.2, seed=3)


@given(
    classes=st.lists(st.integers(5, 40), min_size=2, max_size=5),
    test=st.sampled_from([0.1, 0.2, 0.4]),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    seed=st.integers(0, 20),
)
def test_every_row_is_in_one_part_and_classes_keep_their_shares(
    classes: list[int], test: float, validation: float, seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(range(len(classes)), classes))
    config = DatasetConfig("iris", test_split=test, validation_split=validation, seed=seed)
    rows = choose_rows(len(labels), labels, config)
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(labels)))
    for number, size in enumerate(classes):
        assert abs(np.count_nonzero(labels[rows.test] == number) - test * size) <= 0.5
        assert abs(np.count_nonzero(labels[rows.validation] == number) - validation * size) <= 1.0
    other = choose_rows(len(labels), labels, replace(config, validation_split=0.05))
    np.testing.assert_array_equal(rows.test, other.test, err_msg="whatever is held back for validation")


def test_without_a_test_part_the_others_are_as_they_were() -> None:
    config = replace(HELD, test_split=0.0)
    rows = choose_rows(10, None, config)
    order = np.random.default_rng(3).permutation(10)
    assert rows.train.tolist() == order[:8].tolist() and rows.validation.tolist() == order[8:].tolist()
    assert rows.test.tolist() == []


def test_in_the_order_of_the_file_the_last_rows_are_the_test() -> None:
    rows = choose_rows(10, np.arange(10) % 2, replace(HELD, split_order="file", test_split=0.3))
    assert [part.tolist() for part in rows] == [[0, 1, 2, 3, 4], [5, 6], [7, 8, 9]]


def test_folds_are_of_the_rows_that_are_left() -> None:
    parts = [choose_rows(50, np.arange(50) % 2, replace(HELD, fold=f"{fold}/4")) for fold in (1, 2, 3, 4)]
    assert len({tuple(part.test.tolist()) for part in parts}) == 1
    held_back = np.concatenate([part.validation for part in parts])
    assert sorted(held_back.tolist()) == sorted(set(range(50)) - set(parts[0].test.tolist()))


def test_parts_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"0\.6 for validation and 0\.5 for the test leave too few rows to train on"):
        choose_rows(100, None, replace(HELD, test_split=0.5, validation_split=0.6))
    with pytest.raises(DatasetError, match="1 row is too few to hold some back") as refused:
        choose_rows(1, None, replace(HELD, validation_split=0.0))
    assert refused.value.field == "dataset.test_split"


def test_what_the_test_rows_hold_changes_nothing_that_is_trained_or_chosen() -> None:
    in_order = replace(HELD, split_order="file")  # in which no row's class decides where it goes
    dataset = load(in_order)
    test_rows = split(dataset, in_order, 3).test_rows
    x, labels = dataset.x.copy(), np.array(dataset.labels)
    x[test_rows], labels[test_rows] = 1e6, 0
    assert len(test_rows) == 30
    assert_trained_alike(in_order, dataset, dataclasses.replace(dataset, x=x, labels=labels))


@pytest.mark.parametrize("by", ["column", "column and folds", "column and groups", "file", "file and folds"])
def test_rows_that_a_file_sets_apart_change_nothing(by: str, tmp_path: Path) -> None:
    config = DatasetConfig(path=str(tmp_path / "own.csv"), features=("a", "b", "c"), target="y", missing="fill")
    where = {"test_path": str(tmp_path / "new.csv")} if "file" in by else {"split_column": "part"}
    config = replace(config, **where)
    config = replace(config, fold="2/3" if "folds" in by else None, group_column="who" if "groups" in by else None)
    rng = np.random.default_rng(2)
    rows = [[*rng.normal(size=2).round(3).tolist(), "abc"[n % 3], f"p{n // 4}", f"class {n % 2}"] for n in range(80)]
    parts = ["test" if n // 4 % 5 == 0 else "train" for n in range(80)]
    loaded = []
    for spoiled in (False, True):
        lines: dict[str, list[str]] = {"own.csv": ["a,b,c,who,y,part"], "new.csv": ["a,b,c,who,y,part"]}
        for row, part in zip(rows, parts, strict=True):
            row = [1e6, "", "a", row[3], "class 0"] if spoiled and part == "test" else row
            file = "new.csv" if "file" in by and part == "test" else "own.csv"
            lines[file].append(",".join(map(str, [*row, part])))
        for file, content in lines.items():
            (tmp_path / file).write_text("\n".join([*content, ""]))
        loaded.append(load(config))
    assert_trained_alike(config, *loaded)


def assert_trained_alike(config: DatasetConfig, one_dataset: Dataset, other_dataset: Dataset) -> None:
    """Two datasets that differ in the rows of the test part give the same bits."""
    experiment = Experiment(dataset=config, training=TrainingConfig(epochs=5, metrics=("accuracy", "f1")))
    one, other = Session(), Session()
    for session, data in ((one, one_dataset), (other, other_dataset)):
        session.load_with(experiment, data)
        session.train()
        session.advance_to_end()
    assert not np.array_equal(one.split.x_test, other.split.x_test)
    assert one.history.rows() == other.history.rows() and one.scores() == other.scores()
    np.testing.assert_array_equal(one.trainer.model.parameters.flat, other.trainer.model.parameters.flat)
    assert (one.best.epoch, one.sentence, one.warning) == (other.best.epoch, other.sentence, other.warning)
