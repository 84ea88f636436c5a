"""Places of the axes and cells of the canvas, there and back: a mark is drawn in the cell it was read from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.app import ComposeResult
from themed_app import ThemedApp

from tui_trainer.plotting.frame import shorten_alike
from tui_trainer.plotting.heatmaps import mark_pixels, pixels, point_at
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Heatmap, Marks, Plot, Series
from tui_trainer.ui.plot_widgets import HeatmapWidget

SIZE = (50, 16)


@pytest.mark.parametrize(
    ("x_limits", "y_limits"),
    [((-6.0, 6.0), (-6.0, 6.0)), ((0.0, 7.5), (-3.0, 2.0)), ((-100.0, 100.0), (-100.0, 100.0))],
)
@pytest.mark.parametrize("cells", [(1, 1), (2, 3), (16, 8), (59, 30), (30, 59), (250, 120)])
def test_a_place_is_found_again_from_its_pixel(
    x_limits: tuple[float, float], y_limits: tuple[float, float], cells: tuple[int, int]
) -> None:
    heatmap = Heatmap(np.zeros((2, 2), np.uint8), x_limits, y_limits)
    columns, rows = cells[0], 2 * cells[1]
    for column in range(cells[0]):
        for row in range(0, cells[1], 7):
            x, y = (np.array([round(value, 2)]) for value in point_at(heatmap, column, 2 * row + 0.5, columns, rows))
            [down], [across], _ = mark_pixels(heatmap, Marks("", x, y), columns, rows)
            assert (across, down // 2) == (column, row)
    corners = np.array([*x_limits]), np.array([*y_limits])[::-1]
    across, down = pixels(heatmap, *corners, columns, rows)
    np.testing.assert_allclose(across, [0, columns - 1])
    np.testing.assert_allclose(down, [0, rows - 1])


class Host(ThemedApp):
    """A widget that tells of clicks."""

    def __init__(self) -> None:
        super().__init__()
        self.clicks: list[tuple[int, int, bool]] = []

    def compose(self) -> ComposeResult:
        yield HeatmapWidget()

    def on_heatmap_widget_clicked(self, event: HeatmapWidget.Clicked) -> None:
        self.clicks.append((event.column, event.row, event.second))


@pytest.mark.parametrize(("square", "left"), [(False, 3), (True, 13)])
async def test_a_click_tells_its_cell(square: bool, left: int) -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        await pilot.click(widget, offset=(20, 5))
        assert app.clicks == [], "there is no picture yet"
        levels = np.zeros((8, 8), np.uint8)
        one = Marks("", np.array([0.25]), np.array([-0.5]), glyph="A")
        widget.show(Heatmap(levels, (-1.0, 1.0), (-1.0, 1.0), marks=(one,), square=square))
        await pilot.pause()
        columns, rows = widget.grid
        assert columns == (2 * rows // 2 if square else SIZE[0] - 3)
        lines = [widget.render_line(row).text for row in range(SIZE[1])]
        [row] = [number for number, line in enumerate(lines) if "A" in line]
        column = lines[row].index("A")
        await pilot.click(widget, offset=(column, row))
        assert app.clicks == [(column - left, row - 1, False)]
        x, y = widget.coordinates(column - left, row - 1)
        assert abs(x - 0.25) <= 1 / (columns - 1) and abs(y + 0.5) <= 2 / (rows - 1)
        found = widget.cells(np.array([x]), np.array([y]))
        np.testing.assert_allclose(np.concatenate(found), [column - left, row - 1], atol=1e-12)

        await pilot.click(widget, offset=(column, row), control=True)
        await pilot.click(widget, offset=(column, row), button=3)
        assert [second for *_, second in app.clicks] == [False, True, True]
        for beside in ((left - 1, row), (column, 0), (column, SIZE[1] - 1)):
            await pilot.click(widget, offset=beside)
        assert len(app.clicks) == 3, "the axes are no part of the picture"


async def test_a_solid_mark_has_its_colour_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        for solid in (False, True):
            one = Marks("", np.zeros(1), np.zeros(1), "high", glyph="A", solid=solid)
            widget.show(Heatmap(np.zeros((8, 8), np.uint8), (-1.0, 1.0), (-1.0, 1.0), marks=(one,)))
            await pilot.pause()
            strips = [widget.render_line(row) for row in range(SIZE[1])]
            [style] = [segment.style for strip in strips for segment in strip if segment.text == "A"]
            assert style is not None and style.color is not None and style.bgcolor is not None
            if not solid:
                color = style.color
        assert style.bgcolor == color and style.color == widget.background_colors[1].rich_color


def test_names_with_the_same_beginning_are_cut_in_the_middle() -> None:
    names = ["worst fractal dimension", "worst fractal depth", "mean area"]
    assert shorten_alike(names, 12) == ["worst …nsion", "worst …depth", "mean area"]
    assert shorten_alike(["abcdefgh", "xyz"], 5) == ["abcd…", "xyz"]
    assert shorten_alike(["abcdefgh", "abcdefgh"], 5) == ["abcd…", "abcd…"], "the same name"
    assert all(len(text) <= 2 for text in shorten_alike(names, 2)) and shorten_alike([], 4) == []


def test_names_that_differ_in_the_middle_are_cut_to_where_they_differ() -> None:
    lung = "Malignant neoplasm of upper lobe, {} bronchus or lung"
    names = [lung.format("right"), lung.format("left"), lung.format("left lower"), "Benign neoplasm of bronchus"]
    assert shorten_alike(names, 24) == [
        "Maligna…right bronchus …",
        "Maligna…left bronchus o…",
        "Maligna…left lower bron…",
        "Benign neoplasm of bron…",
    ]
    for width in range(3, 60):
        short = shorten_alike(names, width)
        assert all(len(text) <= width for text in short)
        assert len(set(short)) == 4
    assert shorten_alike(["a" * 30 + "x" + "b" * 30, "a" * 30 + "y" + "b" * 30], 10) == ["aa…xbbbbb…", "aa…ybbbbb…"]


def test_a_thick_line_has_its_name_at_its_end_and_is_drawn_over_the_others() -> None:
    x = np.arange(1.0, 41.0)
    other = Series("", x, x, "class2")
    best = Series("", x, x, "class3", thick=True, name="A best")
    frame = render_plot(Plot((other, best)), 60, 20)
    rows = "\n".join(frame.rows)
    assert "A best" in rows
    dots = sum(bin(ord(char) - 0x2800).count("1") for char in rows if "\u2800" < char <= "\u28ff")
    thin = "\n".join(render_plot(Plot((other, replace(best, thick=False))), 60, 20).rows)
    assert dots > 1.5 * sum(bin(ord(char) - 0x2800).count("1") for char in thin if "\u2800" < char <= "\u28ff")
    assert 1 not in frame.roles, "covered by the best one"
