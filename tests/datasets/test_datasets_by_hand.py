"""Points of toy sets that were added and removed by hand: rows, columns, parts, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_trainer.datasets.catalog import PLANE_COLUMNS, choose
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import split
from tui_trainer.datasets.toy_sets import derive
from tui_trainer.experiment.schema import DatasetConfig, PointConfig

SPIRAL = DatasetConfig("spiral", samples=60, noise=5.0, seed=3, features=PLANE_COLUMNS, standardize=False)
POINTS = (PointConfig(1.5, -2.0, 1.0), PointConfig(-5.25, 5.75, 0.0))


def test_removed_rows_are_gone_and_added_ones_are_last() -> None:
    drawn, config = load(SPIRAL), replace(SPIRAL, points=POINTS, removed=(0, 7, 59))
    changed = load(config)
    kept = np.delete(np.arange(60), [0, 7, 59])
    added = derive(np.array([1.5, -5.25]), np.array([-2.0, 5.75]))
    for name in PLANE_COLUMNS:
        np.testing.assert_array_equal(changed.columns[name], [*drawn.columns[name][kept], *added[name]])
    np.testing.assert_array_equal(changed.x, np.column_stack([changed.columns[name] for name in PLANE_COLUMNS]))
    assert drawn.labels is not None and changed.labels is not None and changed.origin is not None
    assert changed.labels.tolist() == [*drawn.labels[kept], 1, 0]
    np.testing.assert_array_equal(changed.y[:, 0], changed.labels)
    np.testing.assert_array_equal(changed.columns["color"], changed.labels)
    assert changed.origin.numbers.tolist() == [*kept, -1, -1] and changed.origin.total == 60
    assert changed.origin.reach == pytest.approx(max(abs(drawn.columns[name]).max() for name in ("x1", "x2")))


def test_of_a_regression_the_value_is_the_target() -> None:
    config = DatasetConfig("plane", points=(PointConfig(0.0, 0.0, -0.75),), removed=(3,))
    changed = load(config)
    assert len(changed.y) == 1200 and changed.y[-1, 0] == -0.75 == changed.columns["y"][-1]


@pytest.mark.parametrize("name", ["iris", "curve_sine"])
def test_other_data_leave_them_alone(name: str) -> None:
    config = DatasetConfig(name, points=(PointConfig(1.0, 1.0, 7.5),), removed=(9, 3, 800_000))
    np.testing.assert_array_equal(load(config).x, load(DatasetConfig(name)).x)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["spiral", "blobs", "plane"]),
    removed=st.sets(st.integers(0, 119), max_size=10),
    added=st.integers(0, 5),
    share=st.floats(0.0, 0.9),
    seed=st.integers(0, 99),
)
def test_parts_stay_and_what_was_added_is_trained_on(
    name: str, removed: set[int], added: int, share: float, seed: int
) -> None:
    drawn = DatasetConfig(name, samples=120, seed=seed, validation_split=share)
    changed = replace(drawn, removed=tuple(sorted(removed)), points=(PointConfig(),) * added)
    before, after = (load(config) for config in (drawn, changed))
    parts, parts_after = (split(data, drawn, data.y.shape[1]) for data in (before, after))
    assert after.origin is not None
    numbers = after.origin.numbers
    assert sorted([*parts_after.train_rows, *parts_after.val_rows]) == list(range(120 - len(removed) + added))
    assert (numbers[parts_after.val_rows] >= 0).all()
    held, held_after = set(parts.val_rows), set(numbers[parts_after.val_rows])
    classes = len(before.classes) or 1
    moved = (held - removed) ^ held_after
    assert len(moved) <= len(removed) + classes, "no more than the shares ask for"
    if not removed:
        assert not moved
        assert numbers[parts_after.train_rows].tolist() == [*parts.train_rows, *[-1] * added]


def test_removing_one_point_moves_at_most_one_other() -> None:
    parts = split(load(SPIRAL), SPIRAL, 1)
    for number in range(0, 60, 7):
        config = replace(SPIRAL, removed=(number,))
        data = load(config)
        assert data.origin is not None
        held = set(data.origin.numbers[split(data, config, 1).val_rows])
        assert len((set(parts.val_rows) - {number}) ^ held) <= 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"points": (*POINTS, PointConfig(0, 0, 2))},
            "points[2].value: expected the number of a class, from 0 to 1, got 2",
        ),
        (
            {"points": (PointConfig(0, 0, 0.5),)},
            "points[0].value: expected the number of a class, from 0 to 1, got 0.5",
        ),
        ({"removed": (3, 60)}, "removed[1]: expected the number of a point, from 0 to 59, got 60"),
        ({"removed": (5, 3)}, "removed[1]: expected a number above the previous one, 5, got 3"),
        ({"removed": (3, 3)}, "removed[1]: expected a number above the previous one, 3, got 3"),
    ],
)
def test_wrong_points_are_refused_with_the_field(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(replace(SPIRAL, **changes))
    assert str(caught.value).startswith(f"dataset.{sentence}")


def test_two_samples_of_each_class_stay() -> None:
    labels = load(SPIRAL).labels
    assert labels is not None
    blue = np.flatnonzero(labels == 1).tolist()
    assert len(load(replace(SPIRAL, removed=tuple(blue[2:]))).x) == 32
    for left, sentence in ((1, "1 sample of blue would be left"), (0, "no sample of blue would be left")):
        with pytest.raises(DatasetError, match=f"dataset.removed: {sentence}, but at least 2 are needed"):
            load(replace(SPIRAL, removed=tuple(blue[left:])))
    assert len(load(replace(SPIRAL, removed=tuple(blue[1:]), points=POINTS[:1])).x) == 32
    with pytest.raises(DatasetError, match="1 sample would be left"):
        load(DatasetConfig("plane", samples=4, removed=(0, 1, 2)))


def test_another_dataset_has_none_of_them() -> None:
    config = replace(SPIRAL, points=POINTS, removed=(3,))
    for name in ("circle", "iris"):
        other = choose(config, name)
        assert (other.points, other.removed) == ((), ())
    again = choose(config, "spiral")
    assert (again.points, again.removed) == (POINTS, (3,))
