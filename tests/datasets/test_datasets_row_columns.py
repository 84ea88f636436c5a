"""Columns that say something of rows: the part that each is in, and groups that are not divided; none is a feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_trainer import fit
from tui_trainer.datasets import preview
from tui_trainer.datasets.arrays import from_arrays
from tui_trainer.datasets.catalog import choose, choose_file
from tui_trainer.datasets.dataset import Dataset, DatasetError, RowMetadata
from tui_trainer.datasets.loading import DataCache, load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.datasets.split import choose_rows, split
from tui_trainer.datasets.statistics import describe
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, EarlyStoppingConfig, Experiment, TrainingConfig
from tui_trainer.sweep import sweep
from tui_trainer.training.session import Session

WORDS = ["train", "Training", " TRAIN ", "validation", "Val", "valid", "test", "TESTING"]
PARTS = [0, 0, 0, 1, 1, 1, 2, 2]


def table(folder: Path, names: Sequence[str], *columns: Sequence[object]) -> DatasetConfig:
    """A file of these columns, the last of which is the target."""
    rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    (folder / "table.csv").write_text("\n".join([",".join(names), *rows, ""]))
    return DatasetConfig(path=str(folder / "table.csv"), target=names[-1])


def parts_of(dataset: Dataset, config: DatasetConfig) -> list[list[int]]:
    outputs = dataset.y.shape[1]
    parts = split(dataset, config, outputs)
    return [sorted(rows.tolist()) for rows in (parts.train_rows, parts.val_rows, parts.test_rows)]


def by_part(folder: Path, words: Sequence[object], **options: object) -> DatasetConfig:
    n = len(words)
    config = table(folder, ["a", "part", "y"], range(n), words, [number % 2 for number in range(n)])
    return replace(config, split_column="part", **options)


def test_a_column_says_which_part_a_row_is_in(tmp_path: Path) -> None:
    config = by_part(tmp_path, WORDS)
    dataset = load(config)
    assert parts_of(dataset, config) == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert dataset.features == ("a",) and "part" in dataset.left_out
    assert not any(note.startswith("Left out") for note in dataset.notes)
    train = split(dataset, config, 1).x_train
    assert train.mean() == pytest.approx(0.0) and train.std() == pytest.approx(1.0)


@pytest.mark.parametrize(("word", "shown"), [("exam", "'exam'"), ("trainn", "'trainn'")])
def test_what_is_no_part_is_refused_with_its_line(word: str, shown: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"expected train, validation or test, got {shown} in line 4 of"):
        load(by_part(tmp_path, ["train", "test", word, "train", word]))


def test_a_row_without_a_part_and_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'part' has no value in line 3; every row needs the part"):
        load(by_part(tmp_path, ["train", "", "test", "train"]))
    with pytest.raises(DatasetError, match=r"expected train, validation or test, got '1' in line 2 of"):
        load(by_part(tmp_path, [1, 2, 1, 1]))


def test_parts_that_a_column_does_not_name_are_shares_of_its_training_rows(tmp_path: Path) -> None:
    words = ["train"] * 20 + ["test"] * 5
    config = by_part(tmp_path, words)
    train, validation, test = parts_of(load(config), config)
    assert test == [20, 21, 22, 23, 24] and len(validation) == 4 and sorted(train + validation) == list(range(20))
    config = by_part(tmp_path, ["train"] * 20 + ["val"] * 5, test_split=0.2)
    train, validation, test = parts_of(load(config), config)
    assert validation == [20, 21, 22, 23, 24] and len(test) == 4 and not set(test) & set(validation)
    with pytest.raises(DatasetError, match="'part' says which rows are for the test; set test_split to 0"):
        config = by_part(tmp_path, words, test_split=0.2)
        parts_of(load(config), config)


def test_a_column_of_test_rows_alone_leaves_nothing_to_train_on(tmp_path: Path) -> None:
    config = by_part(tmp_path, ["test", "val"] * 4)
    with pytest.raises(DatasetError, match="the column 'part' leaves no row for training"):
        parts_of(load(config), config)


def test_folds_are_of_all_rows_that_are_not_for_the_test(tmp_path: Path) -> None:
    config = by_part(tmp_path, ["train"] * 8 + ["val"] * 4 + ["test"] * 4)
    dataset = load(config)
    folds = [parts_of(dataset, replace(config, fold=f"{fold}/3")) for fold in (1, 2, 3)]
    assert sorted(np.concatenate([validation for _, validation, _ in folds])) == list(range(12))
    assert all(test == [12, 13, 14, 15] for _, _, test in folds)


def test_a_run_whose_column_names_no_validation_rows_needs_a_share_to_look_at_them(tmp_path: Path) -> None:
    config = by_part(tmp_path, ["train"] * 8 + ["test"] * 2, validation_split=0.0)
    stopping = TrainingConfig(early_stopping=EarlyStoppingConfig())
    session = Session()
    with pytest.raises(UserError, match=r"val_loss needs validation rows, but dataset\.validation_split is 0"):
        session.load(Experiment(dataset=config, training=stopping))
    session.load(Experiment(dataset=by_part(tmp_path, WORDS, validation_split=0.0), training=stopping))
    assert session.split.x_val is not None


GROUPS = st.lists(st.integers(0, 12), min_size=6, max_size=60).filter(lambda groups: len(set(groups)) > 3)


@given(
    groups=GROUPS,
    test=st.sampled_from([0.0, 0.2, 0.4]),
    validation=st.sampled_from([0.1, 0.3]),
    order=st.sampled_from(["shuffled", "file"]),
    seed=st.integers(0, 20),
)
def test_no_group_is_divided_by_shares(
    groups: list[int], test: float, validation: float, order: str, seed: int
) -> None:
    config = DatasetConfig(test_split=test, validation_split=validation, split_order=order, seed=seed)  # type: ignore[arg-type]
    of_rows = np.array(groups)
    rows = choose_rows(len(groups), of_rows % 2, config, metadata=RowMetadata(groups=of_rows))
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(groups))), "each row is in one part"
    members = [set(of_rows[part].tolist()) for part in rows]
    assert not (members[0] & members[1] or members[0] & members[2] or members[1] & members[2])
    count = len(set(groups))
    assert members[0] and members[1] and bool(members[2]) == bool(test)
    assert abs(len(members[2]) - test * count) <= 1 and abs(len(members[1]) - validation * count) <= 1.5
    if order == "file":
        first = {group: groups.index(group) for group in groups}
        assert max(first[group] for group in members[0]) < min(first[group] for group in members[1])


@given(groups=GROUPS, folds=st.integers(2, 4), seed=st.integers(0, 20))
def test_each_group_is_held_back_in_one_fold(groups: list[int], folds: int, seed: int) -> None:
    of_rows = np.array(groups)
    held_back = []
    for fold in range(1, folds + 1):
        config = DatasetConfig(fold=f"{fold}/{folds}", seed=seed)
        train, validation, _ = choose_rows(len(groups), None, config, metadata=RowMetadata(groups=of_rows))
        assert not set(of_rows[train].tolist()) & set(of_rows[validation].tolist())
        held_back += validation.tolist()
    assert sorted(held_back) == list(range(len(groups)))


def test_folds_of_groups_are_those_of_scikit_learn(tmp_path: Path) -> None:
    # GroupKFold(3, shuffle=True, random_state=7) of scikit-learn 1.9.1
    names = list("cabaedbcfage")
    config = replace(
        table(tmp_path, ["x", "who", "y"], range(12), names, [0, 1] * 6), group_column="who", seed=7, path=None
    )
    dataset = load(replace(config, path=str(tmp_path / "table.csv")))
    expected = [[0, 1, 3, 7, 8, 9], [5, 10], [2, 4, 6, 11]]
    assert [parts_of(dataset, replace(config, fold=f"{fold}/3"))[1] for fold in (1, 2, 3)] == expected
    # the same with groups by number: GroupKFold(2, shuffle=True, random_state=1)
    numbers = np.array([10, 9, 9, 2, 2, 30, 10, 30, 4, 4, 5, 6])
    for fold, rows in ((1, [3, 4, 5, 7, 8, 9, 10]), (2, [0, 1, 2, 6, 11])):
        folds = DatasetConfig(fold=f"{fold}/2", seed=1)
        assert sorted(choose_rows(12, None, folds, metadata=RowMetadata(groups=numbers)).validation) == rows
    with pytest.raises(DatasetError, match="8 folds need at least 8 groups, but there are 7; use at most 7"):
        parts_of(dataset, replace(config, fold="1/8"))


def test_a_group_in_two_parts_of_a_column_is_refused(tmp_path: Path) -> None:
    names = ["x", "who", "part", "y"]
    parts = ["train", "train", "val", "test", "train", "test"]
    config = table(tmp_path, names, range(6), ["p 1", "p 2", "p 3", "p 4", "p 2", "p 2"], parts, [0, 1, 0, 1, 0, 1])
    with pytest.raises(DatasetError, match="the group 'p 2' is in two parts, training in line 3 and test in line 7"):
        load(replace(config, group_column="who", split_column="part"))
    config = table(tmp_path, names, range(6), [1, 2, 3, 4, 1, 4], parts, [0, 1, 0, 1, 0, 1])
    config = replace(config, group_column="who", split_column="part")
    dataset = load(config)
    assert parts_of(dataset, config) == [[0, 1, 4], [2], [3, 5]] and dataset.features == ("x",)


def test_a_thousand_groups_and_more_are_told_apart(tmp_path: Path) -> None:
    names = [f"patient {number % 1500}" for number in range(3000)]
    config = replace(
        table(tmp_path, ["x", "who", "y"], range(3000), names, [0, 1] * 1500), group_column="who", test_split=0.3
    )
    dataset = load(config)
    train, validation, test = parts_of(dataset, config)
    assert len(test) == 900 and {row % 1500 for row in test}.isdisjoint(row % 1500 for row in train + validation)
    frame = {"x": np.arange(3000.0), "who": np.array(names)}
    of_arrays, described = from_arrays(frame, np.arange(3000) % 2, replace(config, target=None))
    assert parts_of(of_arrays, described)[2] == test and of_arrays.features == ("x",)


def test_gaps_among_groups_and_too_few_groups_are_refused(tmp_path: Path) -> None:
    config = replace(
        table(tmp_path, ["x", "who", "y"], range(4), ["a", "", "b", "a"], [0, 1, 0, 1]), group_column="who"
    )
    with pytest.raises(DatasetError, match="'who' has no value in line 3; every row needs its group"):
        load(config)
    config = replace(table(tmp_path, ["x", "who", "y"], range(4), ["a"] * 4, [0, 1, 0, 1]), group_column="who")
    with pytest.raises(DatasetError, match="1 group is too few to hold some back; add groups or set it to 0"):
        parts_of(load(config), config)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"split_column": "prat"}, "dataset.split_column: there is no column 'prat'; did you mean 'part'"),
        ({"group_column": "y"}, "dataset.group_column: 'y' is the target"),
        ({"split_column": "part", "features": ("a", "part")}, "dataset.split_column: 'part' is among the features"),
    ],
)
def test_columns_that_say_something_are_no_others(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    config = replace(by_part(tmp_path, WORDS), **{"split_column": None, **changes})
    with pytest.raises(DatasetError) as refused:
        load(config)
    assert str(refused.value).startswith(said)
    assert Previewer().preview(config).problem.startswith(said)


def test_another_dataset_forgets_them_and_a_toy_set_has_none() -> None:
    config = DatasetConfig("boston", split_column="part", group_column="CHAS")
    assert load(replace(config, split_column=None)).metadata.groups is not None, "a shipped file has columns, too"
    for other in (choose(config, "iris"), choose_file(config, "other.csv")):
        assert other.row_columns == {}
    with pytest.raises(DatasetError, match="a toy set has no column 'part'; leave it out"):
        load(replace(config, name="moons"))


def test_the_column_to_predict_is_none_of_them(tmp_path: Path) -> None:
    config = table(tmp_path, ["a", "b", "part"], range(8), [0, 1] * 4, WORDS)
    config = replace(config, target=None, split_column="part")
    assert load(config).target == "b" and Previewer().preview(config).target == "b"


def test_another_column_of_groups_is_read_again(tmp_path: Path) -> None:
    config = table(tmp_path, ["x", "who", "y"], [n * n for n in range(40)], [n % 20 for n in range(40)], [0, 1] * 20)
    cache = DataCache()
    assert cache.get(config).features == ("x", "who")
    assert cache.get(replace(config, group_column="who")).features == ("x",)
    assert cache.get(config).features == ("x", "who")


def test_a_program_names_them_among_the_columns_of_its_frame() -> None:
    frame = {"a": np.arange(12.0), "part": np.array(["train"] * 6 + ["val"] * 3 + ["test"] * 3), "who": np.arange(12)}
    run = fit(
        frame, np.arange(12) % 2, epochs=2, settings={"dataset.split_column": "part", "dataset.group_column": "who"}
    )
    assert run.features == ("a",) and "val_loss" in run.history


def test_a_sweep_over_folds_keeps_groups_together(tmp_path: Path) -> None:
    groups = [f"p{number % 8}" for number in range(48)]
    config = replace(
        table(tmp_path, ["x", "who", "y"], range(48), groups, [0, 1] * 24), group_column="who", test_split=0.25
    )
    experiment = Experiment(dataset=config, training=TrainingConfig(epochs=2))
    result = sweep(experiment, {}, folds=3, repeat=2, jobs=1)
    assert len(result.rows) == 6
    session, seen = Session(), []
    for row in result.rows[:3]:
        session.load(row.experiment)
        parts = [
            {groups[number] for number in rows.tolist()} for rows in (session.split.train_rows, session.split.val_rows)
        ]
        test = {groups[number] for number in session.split.test_rows.tolist()}
        assert not parts[0] & parts[1] and not test & (parts[0] | parts[1])
        seen += sorted(parts[1])
        session.train()
        session.advance_to_end()
        assert session.scores() == row.scores, "trained together and alone"
    assert sorted(seen) == sorted({*groups} - test)


def test_fields_are_set_by_their_names() -> None:
    experiment = with_field(Experiment(), "dataset.group_column", "patient")
    assert experiment.dataset.row_columns == {"dataset.group_column": "patient"}
    assert with_field(experiment, "dataset.group_column", None).dataset.row_columns == {}


def test_the_columns_in_numbers_leave_out_what_a_column_keeps_for_the_test(tmp_path: Path) -> None:
    config = by_part(tmp_path, ["train"] * 6 + ["val"] * 3 + ["test"] * 3)
    statistics = describe(config)
    assert (statistics.rows, statistics.test_rows) == (9, 3)
    assert next(one for one in statistics.columns if one.name == "a").quantiles[-1] == 8.0


def test_a_preview_of_the_beginning_of_a_file_does_not_miss_the_parts_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = by_part(tmp_path, ["test"] * 300 + ["train"] * 300)
    monkeypatch.setattr(preview, "SMALL_FILE", 2000)
    monkeypatch.setattr(preview, "SAMPLE_ROWS", 100)
    seen = Previewer().preview(config)
    assert seen.is_part and seen.rows == 100 and not seen.problem


def test_the_columns_of_rows_can_be_looked_at_and_are_no_features(tmp_path: Path) -> None:
    who, part = [f"P{n // 3}" for n in range(12)], ["train"] * 9 + ["test"] * 3
    config = table(tmp_path, ["x", "who", "part", "w", "y"], range(12), who, part, [1, 2] * 6, [0, 1] * 6)
    config = replace(config, group_column="who", split_column="part", weight_column="w")
    dataset = load(config)
    assert list(dataset.columns) == ["x", "who", "part", "w", "y"] and dataset.features == ("x",)
    assert [dataset.levels["who"][int(code)] for code in dataset.columns["who"]] == who
    assert [dataset.levels["part"][int(code)] for code in dataset.columns["part"]] == part
    assert [one.name for one in describe(config).columns if one.counts] == ["y", "x"], "they tell nothing of the target"
