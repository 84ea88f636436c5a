"""Several targets of one network: columns of numbers that are read, standardized and restored each by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.datasets.arrays import from_arrays
from tui_trainer.datasets.catalog import choose, choose_file
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preparation import preparation_of, read_targets
from tui_trainer.datasets.preview import Previewer
from tui_trainer.datasets.split import reading, reading_sentence, split
from tui_trainer.datasets.statistics import statistics_of
from tui_trainer.experiment.schema import DatasetConfig

NAMES = 'area,glazing,side,floors,heating,"cooling, peak",label'
LINES = [
    f"{500 + 7 * n},{n % 5 / 10},{'NS'[n % 2]},{1 + n % 2},{n * 0.5 + 3:.1f},{1000 - 9 * n},{'ab'[n % 2]}"
    for n in range(40)
]
BOTH = ("heating", "cooling, peak")


@pytest.fixture
def config(tmp_path: Path) -> DatasetConfig:
    """A file with two targets, of which the name of one holds a comma."""
    (tmp_path / "energy.csv").write_text("\n".join([NAMES, *LINES, ""]))
    return DatasetConfig(path=str(tmp_path / "energy.csv"), target=BOTH, standardize_target=True)


def refusal(config: DatasetConfig) -> str:
    with pytest.raises(DatasetError) as caught:
        load(config)
    assert caught.value.field == "dataset.target"
    return caught.value.reason


def test_all_are_outputs_and_none_is_a_feature(config: DatasetConfig) -> None:
    dataset = load(config)
    assert (dataset.targets, dataset.task, dataset.classes) == (BOTH, "regression", ())
    assert dataset.y.shape == (40, 2) and dataset.y[2].tolist() == [4.0, 982.0] and dataset.labels is None
    assert set(BOTH).isdisjoint(dataset.feature_columns) and "area" in dataset.feature_columns
    assert dataset.columns["cooling, peak"].tolist() == dataset.y[:, 1].tolist()
    assert dataset.target == "heating, 'cooling, peak'" and dataset.target_info().outputs == 2
    turned = load(replace(config, target=BOTH[::-1]))
    assert turned.y.tolist() == dataset.y[:, ::-1].tolist()


def test_one_in_a_list_is_that_one(config: DatasetConfig) -> None:
    one, listed = (load(replace(config, target=target)) for target in ("heating", ("heating",)))
    assert (one.targets, one.target) == (listed.targets, listed.target) == (("heating",), "heating")
    assert one.y.tolist() == listed.y.tolist() and one.features == listed.features


def test_each_is_standardized_by_itself_and_restored(config: DatasetConfig) -> None:
    dataset = load(config)
    parts = split(dataset, config, 2)
    raw = dataset.y[parts.train_rows]
    np.testing.assert_allclose(parts.target.mean, raw.mean(axis=0))
    np.testing.assert_allclose(parts.target.scale, raw.std(axis=0))
    np.testing.assert_allclose(parts.y_train.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(parts.y_train.std(axis=0), 1.0)
    np.testing.assert_allclose(parts.target.restore(parts.y_train), raw)
    assert (
        parts.target.is_several and split(load(replace(config, target="heating")), config, 1).target.is_several is False
    )
    as_it_is = split(dataset, replace(config, standardize_target=False), 2).target
    assert as_it_is.is_none and as_it_is.is_several


def test_what_is_saved_for_predictions_has_their_names(config: DatasetConfig) -> None:
    dataset = load(config)
    preparation = preparation_of(dataset, split(dataset, config, 2))
    assert preparation.all_targets == preparation.targets == BOTH
    assert preparation.scale_of_target.is_several and preparation.target_info.outputs == 2
    alone = load(replace(config, target="heating"))
    one = preparation_of(alone, split(alone, replace(config, target="heating"), 1))
    assert (one.targets, one.all_targets, one.target) == ((), ("heating",), "heating")
    with pytest.raises(ValueError, match="one output for each target"):
        replace(preparation, outputs=3)


def test_what_was_read_is_told(config: DatasetConfig) -> None:
    dataset = load(config)
    parts = split(dataset, config, 2)
    assert reading(dataset, parts)["target"] == list(BOTH)
    assert "-> heating, 'cooling, peak': 2 numbers, 40 rows" in reading_sentence(dataset, parts)


def test_a_target_of_classes_is_refused_beside_others(config: DatasetConfig) -> None:
    text = refusal(replace(config, target=("heating", "side")))
    assert (
        text == "2 targets at once have to be numbers, but column 'side' holds text; "
        "predict it alone, without the other targets"
    )
    assert "column 'label' holds text" in refusal(replace(config, target=("label", "side")))
    counted = refusal(replace(config, target=("heating", "floors")))
    assert "column 'floors' has 2 classes, '1', '2'; predict it alone" in counted
    assert counted.endswith('or if these are amounts, set task = "regression"')
    amounts = load(replace(config, target=("heating", "floors"), task="regression"))
    assert amounts.y[:3].tolist() == [[3.0, 1.0], [3.5, 2.0], [4.0, 1.0]]
    asked = refusal(replace(config, target=("heating", "floors"), task="classification"))
    assert "have to be numbers" in asked


def test_wrong_names_are_refused(config: DatasetConfig) -> None:
    assert refusal(replace(config, target=("heating", "heating"))) == "'heating' is chosen twice; remove one"
    assert refusal(replace(config, target=("heating", "coolin, peak"))).startswith(
        "there is no column 'coolin, peak'; did you"
    )
    joined = refusal(replace(config, target="heating,glazing"))
    assert 'write target = ["heating", "glazing"]' in joined and "--target heating --target glazing" in joined
    with pytest.raises(DatasetError, match="'heating' is one of the targets; remove it or"):
        load(replace(config, features=("area", "heating")))
    with pytest.raises(DatasetError, match="besides the targets 'heating', 'cooling, peak' there is nothing"):
        load(replace(config, kinds=dict.fromkeys(("area", "glazing", "side", "floors", "label"), "ignore")))
    with pytest.raises(DatasetError, match="'heating' is the target; choose another column here"):
        load(replace(config, weight_column="heating"))


def test_rows_without_one_of_them_are_dropped(config: DatasetConfig, tmp_path: Path) -> None:
    lines = [LINES[0], LINES[1].replace("991", ""), *LINES[2:]]
    (tmp_path / "energy.csv").write_text("\n".join([NAMES, *lines, ""]))
    for missing in ("drop", "fill"):
        dataset = load(replace(config, missing=missing))
        assert len(dataset.y) == 39 and any("cooling, peak (1)" in note for note in dataset.notes)


def test_a_file_for_the_test_has_all_of_them(config: DatasetConfig, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("\n".join([NAMES, *(line.replace("5", "6") for line in LINES[:4]), ""]))
    tested = load(replace(config, test_path=str(tmp_path / "test.csv")))
    assert tested.y.shape == (44, 2) and tested.y[40:, 1].tolist() == [1000.0, 991.0, 982.0, 973.0]
    (tmp_path / "test.csv").write_text("\n".join([NAMES, LINES[0].replace("1000", "many"), ""]))
    with pytest.raises(DatasetError, match="the target 'cooling, peak' holds 'many', not a number"):
        load(replace(config, test_path=str(tmp_path / "test.csv")))


def test_the_preview_has_all_of_them(config: DatasetConfig) -> None:
    preview = Previewer().preview(config)
    assert (preview.targets, preview.task, preview.problem) == (BOTH, "regression", "")
    assert (
        Previewer().preview(replace(config, target=("heating", "side"))).problem.startswith("dataset.target: 2 targets")
    )


def test_statistics_tell_of_the_target_that_is_shown(config: DatasetConfig) -> None:
    dataset, none = load(config), np.empty(0, np.intp)
    first, second = (statistics_of(dataset, none, index).columns for index in (0, 1))
    assert [one.name for one in first[:2]] == list(BOTH) and [one.name for one in second[:2]] == list(BOTH[::-1])
    assert {one.role for one in (*first[:2], *second[:2])} == {"target"}
    assert first[0].link is None and first[1].link is not None and first[1].link.value == pytest.approx(-1.0)
    area = {one.name: one for one in second}["area"]
    assert area.link is not None and area.link.value == pytest.approx(-1.0)


def test_arrays_of_two_columns(config: DatasetConfig) -> None:
    x, y = np.arange(20.0).reshape(10, 2), np.arange(30.0).reshape(10, 3)
    dataset, described = from_arrays(x, y, DatasetConfig())
    assert dataset.targets == described.targets == ("y1", "y2", "y3") and dataset.y.tolist() == y.tolist()
    named, described = from_arrays({"a": x[:, 0]}, {"up": y[:, 0], "a": y[:, 1]}, DatasetConfig())
    assert named.targets == ("up", "a_") and named.features == ("a",)
    assert from_arrays(x, y[:, :1], DatasetConfig())[1].target == "y"
    for wrong in (y[None], np.empty((10, 0)), {}, {"up": y}):
        with pytest.raises(DatasetError):
            from_arrays(x, wrong, DatasetConfig())
    info = dataset.target_info()
    assert read_targets(y.tolist(), info, 3).tolist() == y.tolist()
    with pytest.raises(ValueError, match=r"shape \(n, 3\), a column for each target"):
        read_targets(y[:, 0], info, 3)


def test_other_data_forget_them(config: DatasetConfig, tmp_path: Path) -> None:
    assert choose(config, "boston").target is None
    assert choose_file(config, str(tmp_path / "other.csv")).target is None
    boston = DatasetConfig(name="boston", target=("PRICE", "RM"))
    assert choose(boston, "boston").target == ("PRICE", "RM") and load(boston).y.shape == (506, 2)
    with pytest.raises(DatasetError, match="no target other than color, got 'color, x1'"):
        load(DatasetConfig(name="spiral", target=("color", "x1")))
