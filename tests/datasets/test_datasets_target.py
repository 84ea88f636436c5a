"""Which targets are classes, and which a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_trainer.datasets.columns import guess_target
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import inspect_file
from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig


def with_target(folder: Path, values: list[object]) -> Dataset:
    rows = "\n".join(f"{place},{value}" for place, value in enumerate(values))
    (folder / "table.csv").write_text(f"x,y\n{rows}\n")
    return load(DatasetConfig(path=str(folder / "table.csv")))


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", "b"], "binary", ("a", "b")),
        (["b", "a", "c"], "multiclass", ("a", "b", "c")),
        ([0, 1, 1, 0], "binary", ("0", "1")),
        ([1.0, 2.0, 1.0, 2.0], "binary", ("1", "2")),
        ([10, 9, 2] * 2, "multiclass", ("2", "9", "10")),
        (["True", "False", "True"], "binary", ("False", "True")),
        ([1, 2, 3], "regression", ()),
        ([1.5, 2.0, 1.5, 2.0], "regression", ()),
        (list(range(11)) * 5, "regression", ()),
    ],
)
def test_the_task_and_the_classes_follow_the_values(
    tmp_path: Path, values: list[object], task: str, classes: tuple[str, ...]
) -> None:
    dataset = with_target(tmp_path, values)
    assert (dataset.task, dataset.classes) == (task, classes)
    info = dataset.target_info()
    assert (info.task, info.classes, info.outputs) == (task, classes, dataset.y.shape[1])
    if dataset.labels is not None:
        names = [dataset.classes[label] for label in dataset.labels]
        assert names == [str(v)[:-2] if isinstance(v, float) else str(v) for v in values]


@pytest.mark.parametrize("values", [["a", "a"], [3, 3, 3], [0.5, 0.5]])
def test_one_value_is_nothing_to_learn(tmp_path: Path, values: list[object]) -> None:
    with pytest.raises(DatasetError, match=r"dataset\.target: column 'y' is .* in every row"):
        with_target(tmp_path, values)


def test_free_text_is_no_class(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="12 different texts in 12 rows"):
        with_target(tmp_path, [f"person {place}" for place in range(12)])


def test_targets_are_encoded_for_one_output_and_for_many(tmp_path: Path) -> None:
    binary = with_target(tmp_path, ["no", "yes", "no"])
    np.testing.assert_array_equal(binary.y, [[0], [1], [0]])
    np.testing.assert_array_equal(binary.y_for(2), [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(binary.columns["y"], [0, 1, 0])
    with pytest.raises(DatasetError, match="1 outputs, the model 3"):
        binary.y_for(3)
    three = with_target(tmp_path, ["a", "c", "b"])
    np.testing.assert_array_equal(three.y, [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(three.one_hot(), three.y)
    number = with_target(tmp_path, [0.5, -2, 7])
    assert (number.target_info().minimum, number.target_info().maximum) == (-2, 7)
    with pytest.raises(DatasetError, match="has no classes"):
        number.one_hot()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Class,a,b\n1,2,3\n2,3,4\n1,5,6\n", "Class"),  # by its name
        ("a,SalePrice,note\n1,2,x\n2,3,y\n1,5,x\n", "SalePrice"),
        ("a,b,c\n1,2,3\n2,3,4\n1,5,6\n", "c"),  # the last one
        ("a,b,source\n1,2,web\n2,3,web\n1,5,web\n", "b"),  # that is not the same everywhere
        ("y,a\n7,1\n7,2\n7,3\n", "a"),
        ("a,b,comment\n" + "".join(f"{i},{i % 3},text {i}\n" for i in range(20)), "b"),  # and no free text
    ],
)
def test_the_target_is_guessed_by_name_and_place(text: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(text)
    _, layout = inspect_file(str(tmp_path / "own.csv"), CsvOptions())
    assert guess_target(layout) == target
    assert Previewer().preview(DatasetConfig(path=str(tmp_path / "own.csv"))).target == target
