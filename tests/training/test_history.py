"""What a run records: spikes stay, memory is bounded, and it does not matter in which pieces values come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.training.history import History
from tui_trainer.training.series import BUCKETS, DownsampledSeries

VALUES = st.floats(-1e9, 1e9, width=32)


def in_pieces(series: DownsampledSeries, values: np.ndarray, cuts: list[int]) -> DownsampledSeries:
    """``series`` with ``values`` appended, cut at some places."""
    for piece in np.split(values, sorted(cut % (len(values) + 1) for cut in cuts)):
        series.extend(piece)
    return series


def naive_points(values: np.ndarray, buckets: int) -> list[tuple[float, float]]:
    """Minimum and maximum of equal parts, computed from all the values at once."""
    width = 1
    while len(values) // width >= 2 * buckets:
        width *= 2
    points = []
    for start in range(0, len(values), width):
        part = values[start : start + width]
        for place in sorted({int(part.argmin()), int(part.argmax())}):
            points.append((float(start + place + 1), float(part[place])))
    return points


@given(st.lists(VALUES, max_size=300), st.lists(st.integers(0, 300), max_size=6), st.integers(1, 9))
def test_thinning_is_that_of_the_whole_series(values: list[float], cuts: list[int], buckets: int) -> None:
    array = np.array(values)
    series = in_pieces(DownsampledSeries(buckets), array, cuts)
    x, y = series.points()
    assert len(series) == len(values)
    assert list(zip(x.tolist(), y.tolist(), strict=True)) == naive_points(array, buckets)
    assert len(x) <= 4 * buckets + 2
    assert (np.diff(x) > 0).all()
    assert all(values[int(place) - 1] == value for place, value in zip(x, y, strict=True))


@given(st.lists(VALUES, min_size=1, max_size=200), st.integers(0, 200), st.integers(1, 5))
def test_a_saved_series_goes_on_as_if_nothing_had_been(values: list[float], cut: int, buckets: int) -> None:
    array, place = np.array(values), cut % (len(values) + 1)
    whole = DownsampledSeries(buckets)
    whole.extend(array)
    series = DownsampledSeries(buckets)
    series.extend(array[:place])
    saved = series.state()
    series.extend(array[place:])  # must not change what was saved
    restored = DownsampledSeries.from_state(saved)
    restored.extend(array[place:])
    for one in (series, restored):
        np.testing.assert_array_equal(one.points(), whole.points())


def test_a_million_steps_keep_their_spikes_in_little_memory() -> None:
    values = np.sin(np.arange(1_000_000) / 1000)
    values[123_456], values[654_321] = 50.0, -50.0
    series = DownsampledSeries()
    for piece in np.array_split(values, 997):
        series.extend(piece)
    x, y = series.points()
    assert len(series) == 1_000_000 and len(x) <= 4 * BUCKETS + 2
    assert (123_457.0, 50.0) in zip(x, y, strict=True)
    assert (654_322.0, -50.0) in zip(x, y, strict=True)
    assert x[-1] > 999_000 and x[0] < 1000
    held = [value for value in vars(series).values() if isinstance(value, np.ndarray)]
    assert sum(array.nbytes for array in held) < 200_000


def test_an_infinite_loss_is_kept_too() -> None:
    series = DownsampledSeries(2)
    series.extend(np.array([1.0, 2.0, np.inf, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    assert np.inf in series.points()[1]


def test_a_series_is_empty_or_has_one_point() -> None:
    series = DownsampledSeries()
    assert [len(part) for part in series.points()] == [0, 0]
    series.extend(np.array([7.0]))
    assert [part.tolist() for part in series.points()] == [[1.0], [7.0]]


class TestHistory:
    """Epochs by name, and the curves made of them."""

    @pytest.fixture
    def history(self) -> History:
        history = History()
        for epoch in range(1, 6):
            history.add_epoch({"loss": 1 / epoch, "val_loss": 2 / epoch})
        return history

    def test_the_last_rows_are_returned_by_name(self, history: History) -> None:
        assert history.rows(3) == [
            {"epoch": 4, "loss": 1 / 4, "val_loss": 2 / 4},
            {"epoch": 5, "loss": 1 / 5, "val_loss": 2 / 5},
        ]
        assert History().rows() == []

    def test_a_curve_grows_with_its_values(self, history: History) -> None:
        x, y = history.curve("val_loss").points()
        assert x.tolist() == [1, 2, 3, 4, 5] and y.tolist() == [2.0, 1.0, 2 / 3, 0.5, 0.4]
        history.add_epoch({"loss": 9.0, "val_loss": 8.0})
        x, y = history.curve("val_loss").points()
        assert x.tolist()[-1] == 6 and y.tolist()[-1] == 8.0
        assert [len(part) for part in history.curve("unknown").points()] == [0, 0]

    def test_restored_from_its_columns(self, history: History) -> None:
        history.add_steps(np.arange(5.0))
        other = History()
        other.curve("loss")  # a curve from before must not linger
        other.restore(history.columns(0), history.steps)
        assert other.rows() == history.rows()
        np.testing.assert_array_equal(other.curve("loss").points(), history.curve("loss").points())
        assert len(other.steps) == 5
