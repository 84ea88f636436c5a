"""A file of its own for the test part: read as the file to train on was, and without any effect on the other parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer import Run, fit, train
from tui_trainer.cli.main import main
from tui_trainer.datasets import new_rows
from tui_trainer.datasets.catalog import choose
from tui_trainer.datasets.csv import reader
from tui_trainer.datasets.csv.columns import Table
from tui_trainer.datasets.csv.reader import read_rows
from tui_trainer.datasets.csv.text import TextFile
from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.loading import DataCache, load
from tui_trainer.datasets.preparation import preparation_of
from tui_trainer.datasets.split import split
from tui_trainer.datasets.statistics import describe
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.experiment.toml_file import read, write
from tui_trainer.files import reason_to_keep
from tui_trainer.sweep.workers import with_absolute_path

NAMES = "id;size;colour;day;price;sick"
DAYS = [f"{1 + n % 28:02}.{1 + n % 12:02}.2024" for n in range(60)]
OWN = [
    f"k{n};{n % 7},5;{'red' if n % 3 else 'blue'};{DAYS[n]};{n}{',5' * (n % 2)} $;{'yes' if n % 4 > 1 else 'no'}"
    for n in range(40)
]
NEW = ["t1;2,5;red;03.04.2024;8,5 $;no", "t2;99,5;blue;31.12.2023;9,0 $;yes", "t3;1;red;01.01.2024;7 $;no"]


def files(folder: Path, new: list[str] | None = None, names: str = NAMES, **options: object) -> DatasetConfig:
    """Write both files; ``names`` are the columns of that for the test."""
    (folder / "own.csv").write_text("\n".join([NAMES, *OWN, ""]))
    (folder / "new.csv").write_text("\n".join([names, *(NEW if new is None else new), ""]))
    config = DatasetConfig(path=str(folder / "own.csv"), test_path=str(folder / "new.csv"), target="sick")
    return replace(config, **options)


def files_of(folder: Path, **options: object) -> DatasetConfig:
    """The configuration of the files as they are, with the target y."""
    config = DatasetConfig(path=str(folder / "own.csv"), test_path=str(folder / "new.csv"), target="y")
    return replace(config, **options)


def raw_test(dataset: Dataset, config: DatasetConfig) -> np.ndarray:
    rows = split(dataset, config, dataset.y.shape[1]).test_rows
    return dataset.x[rows]


def test_its_rows_are_the_test_part_read_as_the_others_were(tmp_path: Path) -> None:
    config = files(tmp_path)
    dataset, alone = load(config), load(replace(config, test_path=None))
    assert dataset.features == alone.features == ("size", "colour=blue", "colour=red", "day", "price")
    days = [19816.0, 19722.0, 19723.0]
    expected = [[2.5, 0, 1, days[0], 8.5], [99.5, 1, 0, days[1], 9.0], [1.0, 0, 1, days[2], 7.0]]
    np.testing.assert_array_equal(raw_test(dataset, config), expected)
    parts, parts_alone = split(dataset, config, 1), split(alone, replace(config, test_path=None), 1)
    assert parts.y_test.ravel().tolist() == [0.0, 1.0, 0.0] and parts.test_rows.tolist() == [40, 41, 42]
    for name in ("x_train", "x_val", "y_train", "y_val", "mean", "scale", "train_rows", "val_rows"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(parts_alone, name), name)
    assert preparation_of(dataset, parts) == preparation_of(alone, parts_alone)
    assert [dataset.rows.number(row) for row in (0, 39, 40, 42)] == [2, 41, 2, 4]
    assert [dataset.rows.name(row) for row in (0, 40, 42)] == ["k0", "t1", "t3"]


@pytest.mark.parametrize("missing", ["drop", "fill"])
def test_without_validation_the_rows_to_train_on_stay_in_the_order_of_the_file(missing: str, tmp_path: Path) -> None:
    config = files(tmp_path, validation_split=0.0, missing=missing)
    parts, dataset = split(load(config), config, 1), load(replace(config, test_path=None))
    alone = split(dataset, replace(config, test_path=None), 1)
    assert parts.train_rows.tolist() == alone.train_rows.tolist() == list(range(40))
    assert parts.x_val is None and parts.test_rows.tolist() == [40, 41, 42]
    np.testing.assert_array_equal(parts.x_train, alone.x_train)


def test_the_file_to_train_on_is_no_file_for_the_test(tmp_path: Path) -> None:
    config = files(tmp_path)
    (tmp_path / "link.csv").hardlink_to(tmp_path / "own.csv")
    for path in ("own.csv", "link.csv"):
        with pytest.raises(DatasetError, match=rf"dataset\.test_path: '.*{path}' is the file to train on; give one of"):
            load(replace(config, test_path=str(tmp_path / path)))


def test_one_row_is_enough(tmp_path: Path) -> None:
    config = files(tmp_path, NEW[:1])
    assert split(load(config), config, 1).test_rows.tolist() == [40]
    with pytest.raises(DatasetError, match="has a header but no rows; at least one row is needed"):
        load(files(tmp_path, []))


@pytest.mark.parametrize("target", ["price", "day", "colour"])
def test_any_target_is_read_as_that_of_training(target: str, tmp_path: Path) -> None:
    config = files(tmp_path, target=target)
    dataset = load(config)
    y = dataset.y[-3:, 0].tolist()
    assert y == {"price": [8.5, 9.0, 7.0], "day": [19816.0, 19722.0, 19723.0], "colour": [1.0, 0.0, 1.0]}[target]
    assert dataset.target_info() == load(replace(config, test_path=None)).target_info()


def test_words_for_true_and_false_are_classes_in_both_files(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,y\n" + "".join(f"{n * n},{'true' if n % 2 else 'false'}\n" for n in range(20)))
    (tmp_path / "new.csv").write_text("y,more,a\nTRUE,x,3\n0,x,4\n")
    config = DatasetConfig(path=str(tmp_path / "own.csv"), test_path=str(tmp_path / "new.csv"), target="y")
    dataset = load(config)
    assert dataset.classes == ("False", "True") and dataset.labels is not None
    assert dataset.labels[-2:].tolist() == [1, 0] and raw_test(dataset, config).ravel().tolist() == [3.0, 4.0]


def test_gaps_are_dropped_or_filled_as_in_training(tmp_path: Path) -> None:
    new = [*NEW, "t4;;red;05.05.2024;3 $;no", "t5;3;;05.05.2024;3 $;yes", "t6;3;red;05.05.2024;3 $;"]
    config = files(tmp_path, new)
    dataset = load(config)
    assert len(raw_test(dataset, config)) == 3
    assert dataset.notes[-1] == "3 of 6 rows for the test dropped: no value in size (1), colour (1), sick (1)."
    filled = replace(config, missing="fill")
    dataset = load(filled)
    train_rows = split(dataset, filled, 1).train_rows
    test = raw_test(dataset, filled)
    assert len(test) == 5 and test[3, 0] == dataset.x[train_rows, 0].mean() and test[4, 1:3].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("t4;much;red;05.05.2024;3 $;no", "line 5 of the file: column 'size' holds 'much', not a number"),
        ("t4;3;pink;05.05.2024;3 $;no", "line 5 of the file: column 'colour' holds 'pink'; it was trained on 'blue'"),
        ("t4;3;red;2024;3 $;no", "line 5 of the file: column 'day' holds '2024', not a date"),
        ("t4;3;red;05.05.2024;3 $;perhaps", "'sick' holds 'perhaps', which is none of the classes to train on: 'no'"),
    ],
)
def test_cells_that_do_not_fit_are_refused_with_their_line(row: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as refused:
        load(files(tmp_path, [*NEW, row]))
    assert refused.value.field == "dataset.test_path" and said in refused.value.reason


def test_columns_and_files_that_are_missing_are_told(tmp_path: Path) -> None:
    config = files(tmp_path, ["2;no", "3;yes"], "size;sick")
    with pytest.raises(
        DatasetError, match=r"new\.csv' has no column 'colour', 'day', 'price', as the file to train on"
    ):
        load(config)
    with pytest.raises(DatasetError, match=r"dataset\.test_path: there is no file .*new\.csv'; check"):
        (tmp_path / "new.csv").unlink()
        load(config)
    with pytest.raises(DatasetError, match=r"dataset\.test_path: a file for the test goes with a file to train on"):
        load(DatasetConfig("iris", test_path="new.csv"))
    assert choose(config, "iris").test_path is None
    with pytest.raises(DatasetError, match="data of a program have no file for the test; call evaluate"):
        fit({"a": [1, 2, 3, 4]}, [0, 1, 0, 1], settings={"dataset.test_path": "new.csv"})


def test_there_is_one_test_part(tmp_path: Path) -> None:
    config = files(tmp_path, test_split=0.2)
    with pytest.raises(
        DatasetError, match="the file of test_path says which rows are for the test; set test_split to 0"
    ):
        split(load(config), config, 1)
    (tmp_path / "own.csv").write_text(
        "a,part,y\n" + "".join(f"{n * n},{'test' if n < 5 else 'train'},{n % 2}\n" for n in range(20))
    )
    (tmp_path / "new.csv").write_text("a,y\n1,0\n2,1\n")
    with pytest.raises(DatasetError, match="'part' says which rows are for the test; leave test_path out"):
        load(replace(config, test_split=0.0, target="y", split_column="part"))


def test_a_group_is_in_one_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,who,y\n" + "".join(f"{n * n},p{n % 5},{n % 2}\n" for n in range(20)))
    config = DatasetConfig(
        path=str(tmp_path / "own.csv"), test_path=str(tmp_path / "new.csv"), target="y", group_column="who"
    )
    (tmp_path / "new.csv").write_text("a,who,y\n1,q1,0\n2,p3,1\n")
    with pytest.raises(
        DatasetError, match="the group 'p3' is in line 5 of the file to train on and line 3 of this one"
    ):
        load(config)
    (tmp_path / "new.csv").write_text("a,who,y\n1,q1,0\n2,q3,1\n")
    parts = split(load(config), config, 1)
    assert parts.test_rows.tolist() == [20, 21] and len(parts.val_rows) == 4
    (tmp_path / "new.csv").write_text("a,y\n1,0\n2,1\n")
    with pytest.raises(DatasetError, match="has no column 'who'"):
        load(config)
    config = replace(config, group_column=None, features=("a",))
    held = [split(load(config), replace(config, fold=f"{fold}/3"), 1) for fold in (1, 2, 3)]
    assert sorted(np.concatenate([one.val_rows for one in held]).tolist()) == list(range(20))


@pytest.mark.parametrize("column", ["group", "weight"])
@pytest.mark.parametrize("missing", ["drop", "fill"])
def test_a_row_for_the_test_without_its_group_or_weight_is_dropped(missing: str, column: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,n,y\n" + "".join(f"{n * n},{n % 5},{n % 2}\n" for n in range(20)))
    (tmp_path / "new.csv").write_text("a,n,y\n1,8,0\n2,,1\n3,9,1\n")
    config = files_of(tmp_path, missing=missing, features=("a",), **{f"{column}_column": "n"})
    dataset = load(config)
    assert raw_test(dataset, config).ravel().tolist() == [1.0, 3.0]
    assert dataset.notes[-1] == "1 of 3 rows for the test dropped: no value in n (1)."


def test_for_another_seed_or_split_neither_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def count(file: TextFile, *others: Any, **options: Any) -> Table:
        reads.append(Path(file.path).name)
        return read_rows(file, *others, **options)

    for module in (reader, new_rows):
        monkeypatch.setattr(module, "read_rows", count)
    config, cache = files(tmp_path, [*NEW, "t4;;red;05.05.2024;3 $;no"], missing="fill"), DataCache()
    first = cache.get(config)
    others: list[dict[str, Any]] = [{"seed": 5}, {"validation_split": 0.0}, {"standardize": False}, {"fold": "1/4"}]
    for changes in others:
        assert cache.get(replace(config, **changes)).features == first.features
    assert reads == ["own.csv", "new.csv"]
    assert cache.get(replace(config, target="colour")).classes == ("blue", "red")
    assert reads == ["own.csv", "new.csv", "new.csv"], "its columns are other ones now"
    (tmp_path / "new.csv").write_text("\n".join([NAMES, *NEW, *NEW, ""]))
    assert len(cache.get(replace(config, target="colour")).x) == 46


def test_a_file_for_the_test_that_has_changed_is_read_again(tmp_path: Path) -> None:
    config, cache = files(tmp_path), DataCache()
    first = cache.get(config)
    assert cache.get(config) is first
    (tmp_path / "new.csv").write_text("\n".join([NAMES, *NEW, *NEW, ""]))
    assert len(cache.get(config).x) == 46


def test_the_path_is_found_from_the_experiment_and_kept_from_being_overwritten(tmp_path: Path) -> None:
    config = files(tmp_path)
    write(Experiment(dataset=config), tmp_path / "mine.toml")
    assert 'test_path = "new.csv"' in (tmp_path / "mine.toml").read_text()
    found = read(tmp_path / "mine.toml")
    assert found.dataset == config and with_absolute_path(found) == found
    assert "is the dataset in use" in reason_to_keep(tmp_path / "new.csv", config.paths, bool, overwrite=True)


def test_a_saved_run_scores_its_parts_without_the_file_for_the_test(tmp_path: Path) -> None:
    experiment = Experiment(dataset=files(tmp_path), training=TrainingConfig(epochs=2))
    run = train(experiment)
    run.save(tmp_path / "saved")
    of_test, loaded = run.evaluate(test=True), Run.load(tmp_path / "saved")
    assert set(of_test) == {"loss", "accuracy"} and loaded.evaluate(test=True) == pytest.approx(of_test)
    (tmp_path / "new.csv").unlink()
    assert loaded.evaluate() == pytest.approx(run.evaluate())
    with pytest.raises(UserError, match=r"can't be read \(dataset\.test_path: there is no file"):
        loaded.evaluate(test=True)
    with pytest.raises(ValueError, match="give x and y, or test=True for the test part, not both"):
        run.evaluate([[1, 2]], [0], test=True)
    without = train(replace(experiment, dataset=replace(experiment.dataset, test_path=None)))
    with pytest.raises(UserError, match=r"no rows are held back for the test; set dataset\.test_split"):
        without.evaluate(test=True)


def test_the_command_line_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = files(tmp_path)
    words = ["train", "--csv", str(config.path), "--target", "sick", "--epochs", "2"]
    assert main([*words, "--test-csv", str(config.test_path), "--test", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (
        result["data"]["test_rows"] == 3
        and result["data"]["rows"] == 43
        and set(result["test"]) == {"loss", "accuracy"}
    )
    assert main([*words, "--test-csv", "none.csv"]) == 2
    assert "--test-csv: there is no file 'none.csv'; check the path" in capsys.readouterr().err


def test_it_stays_where_files_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "room").mkdir()
    config = replace(files(tmp_path / "room"), test_path=str(tmp_path / "new.csv"))
    (tmp_path / "new.csv").write_text("\n".join([NAMES, *NEW, ""]))
    assert len(load(config).x) == 43
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path / "room"))
    with pytest.raises(UserError, match=r"dataset\.test_path: .* is outside of"):
        load(config)


def test_the_columns_in_numbers_are_those_of_the_file_to_train_on(tmp_path: Path) -> None:
    config = files(tmp_path)
    with_test, alone = describe(config), describe(replace(config, test_path=None))
    assert with_test.columns == alone.columns and (with_test.rows, with_test.test_rows) == (40, 3)
