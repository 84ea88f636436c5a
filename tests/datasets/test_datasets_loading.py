"""A configuration's choices over the catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig


def test_features_and_target_may_be_chosen_anew() -> None:
    two = load(DatasetConfig(name="iris", features=("petal width (cm)", "petal length (cm)")))
    assert (two.x[0].tolist(), two.task) == ([0.2, 1.4], "multiclass")
    width = load(DatasetConfig(name="iris_two", target="petal width (cm)"))
    assert (width.task, width.x.shape, len(width.features)) == ("regression", (100, 3), 3)
    river = load(DatasetConfig(name="boston", target="CHAS"))
    assert (river.task, river.classes, "CHAS" in river.features) == ("binary", ("0", "1"), False)


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
