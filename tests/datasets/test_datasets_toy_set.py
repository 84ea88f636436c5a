"""Toy sets as datasets: the choices of a configuration, seeds, shapes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, ToySet
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import DatasetConfig

TOYS = {name: entry for name, entry in CATALOG.items() if isinstance(entry, ToySet)}
PLANES = [name for name, entry in TOYS.items() if entry.in_the_plane]
NAMES = (
    "halves circle xor gauss spiral moons blobs sine_border cubic_border abs_border plane multi_gauss "
    "curve_sine curve_bumps curve_step curve_abs curve_poly "
    "six_inputs homes passengers"
)
SIZES = {"plane": 1200, "multi_gauss": 1200, "homes": 2000, "passengers": 900}  # 500 of the others


def test_the_sets_are_there_in_their_order() -> None:
    assert " ".join(TOYS) == NAMES
    assert len(PLANES) == 12


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(list(TOYS)),
    samples=st.integers(20, 3000),
    noise=st.floats(0, 50),
    seed=st.integers(0, 2**63 - 1),
    classes=st.integers(2, 10),
    standardize=st.booleans(),
)
def test_any_choice_gives_finite_rows_of_the_right_shape(
    name: str, samples: int, noise: float, seed: int, classes: int, standardize: bool
) -> None:
    config = DatasetConfig(name=name, samples=samples, noise=noise, seed=seed, classes=classes, standardize=standardize)
    dataset, entry = load(config), TOYS[name]
    count = classes if name == "blobs" else len(entry.classes)
    assert dataset.x.shape == (samples, len(entry.features))
    assert dataset.y.shape == (samples, count if count > 2 else 1)
    assert list(dataset.columns) == [*entry.columns, entry.target]
    assert all(values.shape == (samples,) and np.isfinite(values).all() for values in dataset.columns.values())
    assert np.abs(dataset.x).max() < 30 or name in ("homes", "passengers")
    assert len(dataset.classes) == count == (0 if dataset.labels is None else count)
    if dataset.labels is not None:
        assert dataset.labels.min() >= 0 and dataset.labels.max() < count
    again = load(config)
    np.testing.assert_array_equal(dataset.x, again.x)
    np.testing.assert_array_equal(dataset.y, again.y)
    parts = split(dataset, config, dataset.y.shape[1])
    assert parts.x_val is not None and len(parts.x_train) + len(parts.x_val) == samples


@pytest.mark.parametrize("name", TOYS)
def test_another_seed_gives_other_points(name: str) -> None:
    first, second = (load(DatasetConfig(name=name, seed=seed)) for seed in (0, 1))
    same = np.isclose(first.x, second.x).all(axis=1)
    assert same.mean() < 0.05
    sorted_same = np.allclose(np.sort(first.x, axis=0), np.sort(second.x, axis=0))
    assert sorted_same == (name == "spiral")  # whose points are given without noise, but not their order


@pytest.mark.parametrize("name", TOYS)
def test_the_usual_number_of_samples_and_no_noise(name: str) -> None:
    usual = SIZES.get(name, 500)
    plain = load(DatasetConfig(name=name))
    asked = load(DatasetConfig(name=name, samples=usual, noise=0.0))
    np.testing.assert_array_equal(plain.x, asked.x)
    assert len(plain.x) == usual
    assert not np.array_equal(load(DatasetConfig(name=name, noise=10.0)).y, plain.y) or name in (
        "gauss",
        "spiral",
        "moons",
        "blobs",
    )


def test_two_colors_are_the_playgrounds() -> None:
    gauss = load(DatasetConfig(name="gauss"))
    assert (gauss.classes, gauss.task, gauss.target) == (("orange", "blue"), "binary", "color")
    assert gauss.labels is not None
    np.testing.assert_array_equal(gauss.labels, gauss.y[:, 0])
    assert gauss.x[gauss.labels == 1].mean() > 1 > -1 > gauss.x[gauss.labels == 0].mean()


def test_rows_come_mixed() -> None:
    spiral = load(DatasetConfig(name="spiral"))
    assert spiral.labels is not None
    assert 150 < np.count_nonzero(np.diff(spiral.labels)) < 350


def test_columns_made_of_the_coordinates_are_features() -> None:
    dataset = load(DatasetConfig(name="circle", features=("x2^2", "x1*x2", "sin(x2)", "x1", "sin(x1)", "x1^2", "x2")))
    assert dataset.features == ("x2^2", "x1*x2", "sin(x2)", "x1", "sin(x1)", "x1^2", "x2")
    x1, x2 = dataset.columns["x1"], dataset.columns["x2"]
    made = np.column_stack([x2**2, x1 * x2, np.sin(x2), x1, np.sin(x1), x1**2, x2])
    np.testing.assert_allclose(dataset.x, made, rtol=1e-15)
    assert load(DatasetConfig(name="xor")).features == ("x1", "x2")


@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_number_of_blobs_is_that_of_the_classes(count: int) -> None:
    blobs = load(DatasetConfig(name="blobs", classes=count))
    assert blobs.classes == tuple(f"blob {k}" for k in range(1, count + 1))
    assert blobs.task == ("binary" if count == 2 else "multiclass")
    assert load(DatasetConfig(name="moons", classes=count)).classes == ("orange", "blue")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            DatasetConfig(name="blobs", classes=6, samples=11),
            "dataset.samples: expected at least 12, two for each of 6 classes, got 11",
        ),
        (
            DatasetConfig(name="spiral", features=("x1", "x3")),
            "dataset.features: there is no column 'x3'; did you mean 'x2', 'x1'",
        ),
        (
            DatasetConfig(name="curve_sine", features=("x1",)),
            "dataset.features: there is no column 'x1'; did you mean 'x'",
        ),
        (DatasetConfig(name="spiral", features=("x1", "x1")), "dataset.features: 'x1' is chosen twice; remove one"),
        (
            DatasetConfig(name="spiral", features=("color",)),
            "dataset.features: 'color' is the target; remove it or choose another target",
        ),
        (
            DatasetConfig(name="spiral", target="x1"),
            "dataset.target: the toy set spiral has no target other than color, got 'x1'; leave it out",
        ),
        (DatasetConfig(name="spirals"), "dataset.name: there is no dataset 'spirals', did you mean spiral?"),
    ],
)
def test_wrong_toy_sets_are_refused_with_a_sentence(config: DatasetConfig, sentence: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(config)
    assert sentence in str(caught.value)


def test_other_data_leave_noise_and_samples_alone() -> None:
    iris = load(DatasetConfig(name="iris", noise=20.0, samples=10, classes=2))
    assert len(iris.x) == 150
    np.testing.assert_array_equal(iris.x, load(DatasetConfig(name="iris")).x)


def test_the_columns_of_the_catalog_are_those_that_are_made() -> None:
    from tui_trainer.datasets.toy_sets import TRANSFORMS

    assert tuple(TRANSFORMS) == PLANE_COLUMNS


def test_in_the_halves_the_sign_of_x1_decides() -> None:
    halves = load(DatasetConfig("halves", samples=200))
    x1, x2 = halves.x.T
    assert np.array_equal(halves.labels == 1, x1 > 0)
    assert max(np.abs(x1).max(), np.abs(x2).max()) <= 1.5 < 1.05 * np.abs(x1).max()


def test_of_six_inputs_one_decides_and_with_all_the_noise_none() -> None:
    plain, mixed = (load(DatasetConfig("six_inputs", samples=2000, noise=noise)) for noise in (0.0, 50.0))
    assert plain.labels is not None and mixed.labels is not None and plain.labels.sum() == 1000
    for dataset, least, most in ((plain, 0.75, 0.85), (mixed, -0.1, 0.1)):
        assert dataset.labels is not None
        strength = np.array([np.corrcoef(column, dataset.labels)[0, 1] for column in dataset.x.T])
        assert least < strength[0] < most and np.abs(strength[1:]).max() < 0.1


def test_made_tables_have_the_form_and_the_patterns_that_they_promise() -> None:
    homes = load(DatasetConfig("homes", standardize=False))
    assert homes.y.min() == 0.15 and homes.y.max() == 5.0
    assert np.corrcoef(homes.x[:, 0], homes.y[:, 0])[0, 1] > 0.6, "income counts most"
    people = load(DatasetConfig("passengers", standardize=False))
    assert people.labels is not None
    ticket, woman = people.x[:, 0], people.x[:, 1]
    shares = [people.labels[(woman == who) & (ticket == of)].mean() for who in (1, 0) for of in (1, 3)]
    assert shares[0] > 0.75 > shares[1] > shares[3] and shares[0] > shares[2] > shares[3]
    assert 0.3 < people.labels.mean() < 0.5
