"""The pen: where it goes, what it writes, and which point lies nearest."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import ComposeResult
from themed_app import ThemedApp

from tui_trainer.experiment.schema import DatasetConfig, PointConfig
from tui_trainer.plotting.plot import Heatmap
from tui_trainer.protocol import pack
from tui_trainer.tabs.boundary.messages import Samples
from tui_trainer.tabs.boundary.points import PointPen, name_of, nearest, point_at
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import HeatmapWidget

GRID = (40, 30)  # pixels: 15 rows of cells
COLORS = ("orange", "blue")


def test_it_stays_on_the_canvas() -> None:
    pen = PointPen()
    pen.centre(GRID)
    assert (pen.column, pen.row) == (20, 7)
    pen.move(-5, 1, GRID)
    assert (pen.column, pen.row) == (15, 8)
    pen.move(-500, 500, GRID)
    assert (pen.column, pen.row) == (0, 14)
    pen.move(500, -500, GRID)
    assert (pen.column, pen.row) == (39, 0)
    pen.move(0, 0, (10, 8))
    assert (pen.column, pen.row) == (9, 0), "a smaller canvas brings it in"


def test_what_a_digit_writes() -> None:
    assert [PointPen(digit=digit).value(()) for digit in (1, 4, 5, 9, 10)] == [-1.0, -0.25, 0.0, 1.0, 1.0]
    assert [PointPen(digit=digit).value(COLORS) for digit in (1, 2, 3)] == [0.0, 1.0, 0.0]
    assert PointPen(digit=10).value([""] * 10) == 9.0
    assert [digit for digit in range(1, 11) if not PointPen().pick(digit, COLORS)] == [1, 2]
    assert [digit for digit in range(1, 11) if not PointPen().pick(digit, ())] == list(range(1, 10))
    assert (name_of(1.0, COLORS), name_of(-0.25, ())) == ("blue", "-0.25")


def test_a_place_has_no_more_digits_than_a_cell_tells() -> None:
    point = point_at(1.23456, -0.001, 1.0)
    assert (point.x1, point.x2) == (1.23, 0.0) and str(point.x2) == "0.0"


class Host(ThemedApp):
    def compose(self) -> ComposeResult:
        yield HeatmapWidget()


def drawn(*points: tuple[float, float], first: int = 0) -> Samples:
    """Generated points, numbered from ``first`` on."""
    x, y = np.array(points).T
    return Samples(0, False, pack(x), pack(y), drawn=pack(np.arange(first, first + len(points), dtype=np.float64)))


async def test_the_nearest_point_is_taken() -> None:
    app = Host()
    async with app.run_test(size=(43, 18)) as pilot:
        widget = app.query_one(HeatmapWidget)
        widget.show(Heatmap(np.zeros((2, 2), np.uint8), (0.0, 40.0), (0.0, 30.0)))
        await pilot.pause()
        assert widget.grid == (40, 30)

        def at(column: float, row: float) -> tuple[float, float]:
            return widget.coordinates(column, row)  # type: ignore[arg-type]

        config, samples = DatasetConfig("spiral"), [drawn(at(10, 5), at(14, 5)), drawn(at(10, 9), first=2)]

        def found(column: int, row: int) -> PointConfig | int | None:
            return nearest(widget, (column, row), config, samples)

        assert [found(10, 5), found(13, 5), found(10, 9), found(10, 11)] == [0, 1, 2, 2]
        assert found(6, 5) == 0 and found(5, 5) is None, "four cells across are as far as two down"
        assert found(10, 12) is None and found(30, 2) is None
        config = DatasetConfig("spiral", removed=(0,))
        assert found(10, 5) == 1, "one that is removed already is not found again"
        own = PointConfig(*at(11, 5)), PointConfig(*at(11, 5), value=1.0)
        config = DatasetConfig("spiral", points=own)
        assert found(11, 5) is own[1] and found(10, 5) == 0
        samples = []
        assert found(10, 5) is own[1] and found(15, 5) is own[1] and found(16, 5) is None


@pytest.mark.parametrize("config", [DatasetConfig("spiral"), DatasetConfig("spiral", removed=(0,))])
async def test_where_there_is_no_point(config: DatasetConfig) -> None:
    app = Host()
    async with app.run_test(size=(43, 18)):
        widget = app.query_one(HeatmapWidget)
        assert nearest(widget, (0, 0), config, []) is None


def test_a_number_without_a_meaning_says_how_numbers_open_tabs_again() -> None:
    pen = PointPen()
    assert pen.pick(2, ("orange", "blue")) == ""
    told = pen.pick(7, ("orange", "blue"))
    assert told == f"There are 2 classes, 1 to 2; {key_of('leave_pen')} puts the pen away, and numbers open tabs again."
    assert pen.digit == 2
