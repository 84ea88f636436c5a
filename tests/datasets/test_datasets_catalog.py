"""The datasets that come with the app, and the facts the book states about them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.datasets.catalog import CATALOG, ShippedFile, choose, choose_file, data_folder
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig

SHAPES = {
    "boston": (506, 13, 1),
    "boston_rm": (506, 1, 1),
    "boston_six": (506, 6, 1),
    "iris": (150, 4, 3),
    "iris_two": (100, 4, 1),
    "wine": (178, 13, 3),
    "breast_cancer": (569, 30, 1),
    "digits": (1797, 64, 10),
}
FILES = {name: entry for name, entry in CATALOG.items() if isinstance(entry, ShippedFile)}


@pytest.mark.parametrize("name", CATALOG)
def test_every_entry_loads_as_described(name: str) -> None:
    entry, dataset = CATALOG[name], load(DatasetConfig(name=name))
    assert entry.name == dataset.name == name
    assert entry.title == dataset.title
    assert entry.description.endswith(".")
    assert (dataset.features, dataset.target, dataset.task) == (entry.features, entry.target, entry.task)
    assert dataset.classes == entry.classes
    assert dataset.x.dtype == dataset.y.dtype == np.float64


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_there_and_its_source_is_told(name: str) -> None:
    dataset, file = load(DatasetConfig(name=name)), FILES[name].file
    assert (len(dataset.x), dataset.x.shape[1], dataset.y.shape[1]) == SHAPES[name]
    assert (data_folder() / file).is_file()
    assert f"## {file}" in (data_folder() / "README.md").read_text(encoding="utf-8")


def test_the_first_rows_are_those_of_the_files() -> None:
    boston = load(DatasetConfig(name="boston_rm"))
    assert (boston.x[0, 0], boston.y[0, 0]) == (6.575, 24.0)
    assert len(boston.columns) == 14
    iris = load(DatasetConfig(name="iris"))
    np.testing.assert_array_equal(iris.x[0], [5.1, 3.5, 1.4, 0.2])
    np.testing.assert_array_equal(iris.y.sum(axis=0), [50, 50, 50])


def test_the_classics_have_the_shares_and_ranges_of_their_source() -> None:
    wine = load(DatasetConfig(name="wine"))
    np.testing.assert_array_equal(wine.y.sum(axis=0), [59, 71, 48])
    assert (wine.columns["proline"].min(), wine.columns["proline"].max()) == (278, 1680)
    cancer = load(DatasetConfig(name="breast_cancer"))
    assert cancer.y.sum() == 357 and cancer.classes == ("malignant", "benign")
    assert (cancer.columns["worst area"].min(), cancer.columns["worst area"].max()) == (185.2, 4254)
    digits = load(DatasetConfig(name="digits"))
    assert (digits.x.min(), digits.x.max()) == (0, 16)
    np.testing.assert_array_equal(digits.y.sum(axis=0), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_choosing_another_dataset_lets_go_of_columns_it_has_not() -> None:
    toy = DatasetConfig(name="spiral", features=("x1", "sin(x1)"), noise=10.0, samples=200, seed=3)
    assert choose(toy, "spiral") == toy
    assert choose(toy, "circle") == replace(toy, name="circle", standardize_target=True)
    toy = replace(toy, standardize_target=True)
    assert choose(toy, "curve_sine") == replace(toy, name="curve_sine", features=())
    iris = choose(toy, "iris")
    assert iris == replace(toy, name="iris", features=())
    petals = replace(iris, features=("petal width (cm)",), target="petal length (cm)")
    assert choose(petals, "iris_two") == replace(petals, name="iris_two")
    assert choose(petals, "boston") == replace(iris, name="boston")
    assert choose(petals, "xor") == replace(iris, name="xor")
    assert choose(DatasetConfig(path="mine.csv"), "iris") == DatasetConfig(standardize_target=True)


@pytest.mark.parametrize("name", CATALOG)
def test_any_dataset_can_be_chosen_after_a_noisy_toy_set(name: str) -> None:
    toy = DatasetConfig(name="blobs", features=("x1*x2",), noise=50.0, samples=100, classes=5)
    assert load(choose(toy, name)).name == name


def test_a_file_chosen_again_keeps_what_was_set_for_it() -> None:
    """By whatever form of its path: the file picker of Windows has both separators in one."""
    config = DatasetConfig(path="data/shop.csv", missing="fill", kinds={"colour": "ignore"})
    assert choose_file(config, os.path.join("data", ".", "shop.csv")) is config
    assert choose_file(config, "data/other.csv").kinds is None
    assert choose_file(config, None).path is None
