"""Numbers as bytes: monotone, exact at the ends and in the middle, and what is no number stands out."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.plotting.plot import HIGHEST, MIDDLE, UNKNOWN, to_levels, unpack_levels


@pytest.mark.parametrize(
    ("low", "below", "middle", "high"),
    [(0.0, 0.499999, 0.5, 1.0), (-1.0, -1e-6, 0.0, 1.0), (5.0, 27.49, 27.5, 50.0), (-1e300, -1e290, 0.0, 1e300)],
)
def test_a_scale_ends_where_it_says_and_changes_sides_in_the_middle(
    low: float, below: float, middle: float, high: float
) -> None:
    levels = to_levels(np.array([low, below, middle, high]), low, high)
    assert levels.tolist() == [0, MIDDLE - 1, MIDDLE, HIGHEST]


def test_levels_rise_with_the_values_and_use_every_level() -> None:
    levels = to_levels(np.linspace(-2.0, 2.0, 5000), -1.0, 1.0)
    assert (np.diff(levels.astype(int)) >= 0).all()
    assert set(levels.tolist()) == set(range(HIGHEST + 1))


def test_what_lies_beyond_is_at_the_end_and_what_is_no_number_is_unknown() -> None:
    values = np.array([[-np.inf, np.inf], [np.nan, -1e30], [1e30, 0.5]], np.float32)
    assert to_levels(values, 0.0, 1.0).tolist() == [[0, HIGHEST], [UNKNOWN, 0], [HIGHEST, MIDDLE]]


def test_levels_come_back_in_rows() -> None:
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(unpack_levels(levels.tobytes(), 3), levels)
