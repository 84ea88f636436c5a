"""The way of the parameters: all of it at first, then thinned, never out of order."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.training.series import MAX_POINTS, Trajectory


def test_a_short_way_is_whole() -> None:
    path = Trajectory(np.array([0.0, 1.0]))
    for step in range(1, 11):
        path.add(step, np.array([step, -step], float), 0.1)
    assert path.steps.tolist() == list(range(11))
    assert path.points.tolist() == [[0.0, 1.0], *([float(step), -float(step)] for step in range(1, 11))]


def test_a_long_way_is_thinned_evenly_and_keeps_its_start() -> None:
    path = Trajectory(np.array([0.0]))
    for step in range(1, 10 * MAX_POINTS):
        path.add(step, np.array([float(step)]), 0.1)
    assert MAX_POINTS // 2 <= len(path.steps) <= MAX_POINTS
    assert set(np.diff(path.steps)) == {16} and path.steps[0] == 0
    assert np.array_equal(path.points[:, 0], path.steps)


def test_another_models_way_is_refused() -> None:
    with pytest.raises(ValueError, match="a way of 2 parameters expected, got 1"):
        Trajectory(np.zeros(2)).resume(Trajectory(np.zeros(1)).state())
