"""Thinning: fewer points, and nothing that could be seen is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.plotting.axes import drop_covered, drop_hidden, thin
from tui_trainer.plotting.plot import Array


def test_a_spike_of_one_point_survives() -> None:
    y = np.zeros(100_000)
    y[54_321] = 1.0
    x, y = thin(np.arange(100_000.0), y, 80)
    assert len(x) <= 160
    assert x[y == 1.0].tolist() == [54_321]


def test_few_points_are_left_alone() -> None:
    x, y = thin(np.arange(10.0), np.arange(10.0), 80)
    assert x.tolist() == y.tolist() == list(range(10))


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_nothing_in_nothing_out(columns: int) -> None:
    x, y = thin(np.array([np.nan]), np.array([1.0]), columns)
    assert len(x) == len(y) == 0


def test_one_x_for_all_points() -> None:
    x, y = thin(np.full(50, 3.0), np.arange(50.0), 5)
    assert x.tolist() == [3, 3] and y.tolist() == [0, 49]


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=200),
    st.integers(1, 40),
)
def test_extremes_are_kept_in_order(values: list[float], columns: int) -> None:
    x, y = np.arange(float(len(values))), np.array(values, float)
    finite = np.isfinite(y)
    thin_x, thin_y = thin(x, y, columns)
    assert len(thin_x) <= 2 * columns
    assert len(set(thin_x)) == len(thin_x), "no point twice"
    assert (thin_y == y[thin_x.astype(int)]).all()
    assert _slices(thin_x, x[finite], columns) == sorted(_slices(thin_x, x[finite], columns)), "slice by slice"
    if finite.any():
        assert thin_y.min() == y[finite].min() and thin_y.max() == y[finite].max()


def _slices(thin_x: Array, x: Array, columns: int) -> list[int]:
    """The slice of each point that was kept."""
    span = x[-1] - x[0] if len(x) > 1 else 1.0
    return [min(int((one - x[0]) / span * columns), columns - 1) for one in thin_x.tolist()]


def test_noise_is_one_stroke_a_slice() -> None:
    y = np.tile([0.0, 1.0], 500)
    _, kept = thin(np.arange(1000.0), y, 10)
    assert kept.tolist() == [0, 1, 1, 0] * 5, "up in one slice and down in the next"


def test_sparse_points_keep_their_order() -> None:
    x, _ = thin(np.arange(30.0), np.tile([1.0, 0.0, 0.5], 10), 10)
    assert (np.diff(x) > 0).all()


def test_a_level_stretch_that_turns_back_keeps_its_turn() -> None:
    x, y = np.array([5, 9, 3, 8]), np.array([2, 2, 2, 2])
    assert drop_hidden(x, y).tolist() == [0, 1, 2, 3]


def test_level_stretches_keep_their_ends() -> None:
    x, y = np.arange(8), np.array([0, 0, 0, 0, 3, 3, 3, 1])
    assert drop_hidden(x, y).tolist() == [0, 3, 4, 6, 7]


def test_a_dot_hit_twice_is_kept_once() -> None:
    x, y = np.array([1, 1, 2, 1]), np.array([5, 5, 5, 6])
    assert drop_covered(x, y).tolist() == [0, 2, 3]
