"""The datasets that come with the app, and the facts the book states about them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tui_trainer.datasets import CATALOG, data_folder, load
from tui_trainer.experiment import DatasetConfig

SHAPES = {
    "boston": (506, 13, 1),
    "boston_rm": (506, 1, 1),
    "boston_six": (506, 6, 1),
    "iris": (150, 4, 3),
    "iris_two": (100, 4, 1),
}


@pytest.mark.parametrize("name", CATALOG)
def test_every_entry_loads_as_described(name: str) -> None:
    entry, dataset = CATALOG[name], load(DatasetConfig(name=name))
    assert entry.name == dataset.name == name
    assert (len(dataset.x), dataset.x.shape[1], dataset.y.shape[1]) == SHAPES[name]
    assert (dataset.features, dataset.target, dataset.task) == (entry.features, entry.target, entry.task)
    assert dataset.classes == entry.classes
    assert dataset.x.dtype == dataset.y.dtype == np.float64
    assert (data_folder() / entry.file).is_file()


def test_first_rows() -> None:
    boston = load(DatasetConfig(name="boston_rm"))
    assert (boston.x[0, 0], boston.y[0, 0]) == (6.575, 24.0)
    assert len(boston.columns) == 14
    iris = load(DatasetConfig(name="iris"))
    np.testing.assert_array_equal(iris.x[0], [5.1, 3.5, 1.4, 0.2])
    np.testing.assert_array_equal(iris.y.sum(axis=0), [50, 50, 50])


def test_listing_the_catalog_imports_no_pandas() -> None:
    code = "import tui_trainer.datasets, sys; print([m for m in ('pandas', 'numpy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
