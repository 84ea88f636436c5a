"""Ticks: round values, readable labels, never too many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.plotting.axes import Scale, labels, ticks
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Plot, Series


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 1000, 6, ["0", "200", "400", "600", "800", "1000"]),
        (0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-2, 2, 5, ["-2", "-1", "0", "1", "2"]),
        (0, 100_000, 3, ["0", "50k", "100k"]),
        (0, 3e-5, 4, ["0", "1e-5", "2e-5", "3e-5"]),
        (0, 10_000, 5, ["0", "5k", "10k"]),
        (0, 2e300, 3, ["0", "1e300", "2e300"]),
    ],
)
def test_labels_of_a_linear_axis_are_round(low: float, high: float, most: int, expected: list[str]) -> None:
    assert [label for _, label in ticks(Scale(low, high), most)] == expected


def test_whole_axes_have_no_fractions() -> None:
    assert [label for _, label in ticks(Scale(0, 2, whole=True), 9)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (-3, 1, 6, ["1e-3", "0.01", "0.1", "1", "10"]),
        (-1.1, 0.3, 8, ["0.1", "0.2", "0.5", "1"]),
        (-12, 0, 5, ["1e-12", "1e-9", "1e-6", "1e-3", "1"]),
        (0.26, 0.28, 4, ["1.85", "1.9"]),
    ],
)
def test_labels_of_a_log_axis_are_powers(low: float, high: float, most: int, expected: list[str]) -> None:
    found = ticks(Scale(low, high, log=True), most)
    assert len(found) <= most
    assert [label for _, label in found] == expected


def test_labels_far_from_zero_differ() -> None:
    assert labels([1_000_000.0, 1_000_001.0]) == ["1e6", "1.000001e6"]


@given(st.floats(-1e300, 1e300), st.floats(1e-300, 1e300), st.integers(0, 12), st.booleans(), st.booleans())
def test_labels_of_any_axis_are_unique_and_inside(low: float, span: float, most: int, log: bool, whole: bool) -> None:
    if log:
        low, span = low / 1e298, min(span, 100.0)
    high = low + span
    found = ticks(Scale(low, high, log, whole), most)
    assert len(found) <= most
    texts = [label for _, label in found]
    assert len(set(texts)) == len(texts)
    slack = 1e-6 * (high - low)
    assert all(low - slack - 1e-8 <= position <= high + slack + 1e-8 for position, _ in found) or not log


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0.3, 0.9), (0.12, 0.17), (1.01, 1.09), (-3.4, -1.7), (480, 930)])
def test_an_axis_has_two_ticks_at_least(low: float, high: float, log: bool) -> None:
    for most in range(2, 9):
        assert len(ticks(Scale(low, high) if not log else Scale(low % 3, low % 3 + 0.2, log=True), most)) >= 2


def test_whole_numbers_may_leave_a_single_tick() -> None:
    assert [label for _, label in ticks(Scale(0.9, 1.1, whole=True), 5)] == ["1"]


def test_names_stand_below_their_places() -> None:
    """All of them where they fit, else every second one; long ones are cut so that they differ."""
    assert ticks(Scale(-0.5, 3.5, names=("a", "b", "c", "d")), 4) == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]
    assert ticks(Scale(-0.5, 3.5, names=("a", "b", "c", "d")), 3) == [(0, "a"), (2, "c")]
    names = ("none", "16-16", "a very long name of one", "a very long name of two")
    points = Series("", np.arange(4.0), np.arange(4.0), "train", "scatter")
    for markers in ("braille", "ascii"):
        wide, narrow = (
            render_plot(Plot((points,), x_limits=(-0.5, 3.5), x_names=names), width, 10, markers).rows[-1].split()  # type: ignore[arg-type]
            for width in (120, 40)
        )
        assert " ".join(wide) == " ".join(names)
        dots = "~" if markers == "ascii" else "…"
        assert " ".join(narrow) == f"none 16-16 a v{dots}one a v{dots}two"
