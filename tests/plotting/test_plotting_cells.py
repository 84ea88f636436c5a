"""Where a plot draws its points: the cells that a click is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.plotting.lines import plot_cells, render_plot
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.settings import Markers


@pytest.mark.parametrize("markers", ["braille", "block", "ascii"])
@pytest.mark.parametrize("log", [False, True])
def test_a_point_is_where_it_is_drawn(markers: Markers, log: bool) -> None:
    rng = np.random.default_rng(3)
    x, y = 10.0 ** rng.uniform(-3, 2, 40), 10.0 ** rng.uniform(-3, 2, 40)
    for number in range(40):
        one = Series("", x[number : number + 1], y[number : number + 1], "accent", "scatter", glyph="@", mark="@")
        frame = Series("", x, y, "train", "scatter", glyph=".", mark=".")
        plot = Plot((frame, one), x_label="x", y_label="y", title="points", log_x=log, log_y=log)
        rows = render_plot(plot, 60, 20, markers).rows
        cells = plot_cells(plot, one.x, one.y, 60, 20, markers)
        assert cells is not None
        ((column,), (row,), area) = cells
        assert rows[int(row)][int(column)] == "@"
        assert area.top <= row < area.top + area.rows and area.left <= column < area.left + area.columns


def test_what_is_not_drawn_is_nowhere() -> None:
    plot = Plot((Series("", np.array([1.0, 2.0]), np.array([1.0, 2.0]), "train"),), log_y=True)
    cells = plot_cells(plot, np.array([1.0, 2.0]), np.array([np.nan, -1.0]), 40, 10, "braille")
    assert cells is not None and np.isnan(cells[1]).all()
    assert plot_cells(Plot(empty="nothing"), np.ones(1), np.ones(1), 40, 10, "braille") is None
