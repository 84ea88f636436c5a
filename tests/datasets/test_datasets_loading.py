"""A configuration's choices over the catalog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_trainer.datasets.catalog import data_folder
from tui_trainer.datasets.csv.columns import NumberColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import read_table
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load, read_shipped
from tui_trainer.experiment.schema import DatasetConfig


def test_features_and_target_may_be_chosen_anew() -> None:
    two = load(DatasetConfig(name="iris", features=("petal width (cm)", "petal length (cm)")))
    assert (two.x[0].tolist(), two.task) == ([0.2, 1.4], "multiclass")
    width = load(DatasetConfig(name="iris_two", target="petal width (cm)"))
    assert (width.task, width.x.shape, len(width.features)) == ("regression", (100, 3), 3)
    river = load(DatasetConfig(name="boston", target="CHAS"))
    assert (river.task, river.classes, "CHAS" in river.features) == ("binary", ("0", "1"), False)


@pytest.mark.parametrize("path", sorted(data_folder().glob("*.csv")), ids=lambda path: path.stem)
def test_a_shipped_file_is_read_as_any_file_would_be(path: Path) -> None:
    plainly, usually = read_shipped(path), read_table(str(path), CsvOptions(",", ".", "utf-8", header=True))
    assert (plainly.names, plainly.dialect) == (usually.names, usually.dialect)
    np.testing.assert_array_equal(plainly.lines, usually.lines)
    for name, column in usually.columns.items():
        read = plainly.columns[name]
        assert isinstance(column, NumberColumn) and isinstance(read, NumberColumn)
        np.testing.assert_array_equal(read.values, column.values)
        assert (read.form, read.unit, read.date_format, read.wrong) == (column.form, "", "", None)


def test_a_path_wins_over_a_name(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n3,5\n")
    dataset = load(DatasetConfig(name="iris", path=str(tmp_path / "mine.csv")))
    assert (dataset.name, dataset.title) == ("mine", "mine.csv")


def test_unknown_names_and_columns() -> None:
    with pytest.raises(DatasetError, match=r"dataset\.name: there is no dataset 'irsi', did you mean iris\?"):
        load(DatasetConfig(name="irsi"))
    with pytest.raises(DatasetError, match=r"dataset\.features: there is no column 'rm'"):
        load(DatasetConfig(name="boston", features=("rm",)))
    with pytest.raises(DatasetError, match=r"no column 'PRICES'; did you mean 'PRICE'"):
        load(DatasetConfig(name="boston", target="PRICES"))
