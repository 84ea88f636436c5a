"""The heatmap widget: colours of the theme, characters where there are none, and little repainting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from systems import TERM, not_on_windows
from textual.app import ComposeResult
from textual.color import Color
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from themed_app import ThemedApp

from tui_trainer.plotting.plot import HIGHEST, Heatmap, Marks, to_levels
from tui_trainer.ui.pacing import PaintBudget
from tui_trainer.ui.plot_widgets import HeatmapWidget

SIZE = (50, 16)


class Host(ThemedApp):
    def compose(self) -> ComposeResult:
        yield HeatmapWidget()


@pytest.fixture(autouse=True)
def truecolor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


def picture(turn: float = 0.0, marks: tuple[Marks, ...] = ()) -> Heatmap:
    """Low at the left and high at the right, or turned."""
    x, y = np.meshgrid(np.linspace(-1.0, 1.0, 30), np.linspace(1.0, -1.0, 20))
    return Heatmap(to_levels(np.cos(turn) * x + np.sin(turn) * y, -1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), marks=marks)


async def test_the_grid_fills_the_canvas() -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        widget.show(picture())
        await pilot.pause()
        columns, rows = widget.grid
        assert columns == SIZE[0] - 3 and rows == 2 * (SIZE[1] - 3), "labels and axis; header, axis and labels"
        assert widget.heatmap.levels.shape == (20, 30)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "gruvbox", "solarized-light"])
async def test_the_ends_and_marks_on_them_can_be_told_apart(theme: str) -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        app.theme = theme
        widget = app.query_one(HeatmapWidget)
        marks = tuple(Marks("", np.array([x]), np.zeros(1), color) for x, color in ((-0.9, "low"), (0.9, "high")))
        widget.show(picture(marks=marks))
        await pilot.pause()
        strips = [widget.render_line(row) for row in range(SIZE[1])]
        found = [segment for strip in strips for segment in strip if segment.text == "●"]
        assert len(found) == 2
        colors = []
        for segment in found:
            assert segment.style is not None and segment.style.color is not None and segment.style.bgcolor is not None
            front, behind = (Color.from_rich_color(one) for one in (segment.style.color, segment.style.bgcolor))
            assert abs(front.brightness - behind.brightness) > 0.12
            colors.append(behind)
        background = widget.background_colors[1]
        low, high = colors
        assert difference(low, high) > 0.2
        assert min(difference(low, background), difference(high, background)) > 0.15


def difference(one: Color, other: Color) -> float:
    """How far two colours are apart, 0 to 1."""
    return max(abs(a - b) for a, b in zip(one.rgb, other.rgb, strict=True)) / 255


async def test_another_theme_has_other_colours_but_the_same_picture() -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        widget.show(picture())
        await pilot.pause()
        before = widget.render_line(5)
        app.theme = "textual-light"
        await pilot.pause()
        after = widget.render_line(5)
        assert before.text == after.text and before != after


@pytest.mark.parametrize(
    ("variables", "form"),
    [
        ({"COLORTERM": "truecolor"}, "pixels"),
        ({"COLORTERM": "", "TERM": "xterm-256color"}, "pixels"),
        pytest.param({"COLORTERM": "", "TERM": "xterm-16color"}, "shades", marks=not_on_windows(TERM)),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, "ascii"),
    ],
)
async def test_the_form_is_what_the_terminal_can_show(
    variables: dict[str, str], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        widget.show(picture())
        await pilot.pause()
        assert widget.form == form
        text = widget.render_line(6).text
        assert ("▀" in text or "  " in text) if form == "pixels" else {"shades": "░", "ascii": "@"}[form] in text
        widget.markers = "ascii"
        await pilot.pause()
        assert widget.form == "ascii" and "@" in widget.render_line(6).text


async def test_only_what_changed_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        widget = app.query_one(HeatmapWidget)
        first = picture()
        widget.show(first)
        await pilot.pause()
        painted: list[int] = []
        refresh = widget.refresh

        def counted(*regions: Region, **rest: Any) -> object:
            painted.append(len(regions))
            return refresh(*regions, **rest)

        monkeypatch.setattr(widget, "refresh", counted)
        widget.show(picture())
        await pilot.pause()
        assert painted == [], "the same picture again"
        levels = first.levels.copy()
        levels[10, 3] = HIGHEST
        widget.show(Heatmap(levels, first.x_limits, first.y_limits))
        await pilot.pause()
        assert painted == [1]
        painted.clear()
        widget.show(picture(0.7))
        await pilot.pause()
        [regions] = painted
        assert 0 < regions <= 3 * SIZE[1]


async def test_a_repainted_picture_is_the_one_drawn_afresh() -> None:
    app, other = Host(), Host()
    async with app.run_test(size=SIZE) as pilot:
        for turn in (0.0, 0.3, 0.31, 2.0):
            app.query_one(HeatmapWidget).show(picture(turn))
            await pilot.pause()
            shown = app.screen._compositor.render_strips()
    async with other.run_test(size=SIZE) as pilot:
        other.query_one(HeatmapWidget).show(picture(2.0))
        await pilot.pause()
        assert shown == other.screen._compositor.render_strips()


def shades(level: int) -> Heatmap:
    """A map of one level, low at its left edge."""
    levels = np.full((20, 30), level, np.uint8)
    levels[:, 0] = 0
    return Heatmap(levels, (-1.0, 1.0), (-1.0, 1.0))


class Training(ThemedApp):
    """A screen with a map, on a line that takes all."""

    def get_default_screen(self) -> Screen[None]:
        return MapScreen()


class MapScreen(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self.paint_budget = PaintBudget()

    def compose(self) -> ComposeResult:
        yield HeatmapWidget()


async def test_while_training_a_change_that_nobody_sees_is_not_painted_until_it_is_over() -> None:
    app = Training()
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        widget, budget = app.screen.query_one(HeatmapWidget), app.screen.paint_budget  # type: ignore[attr-defined]

        async def show(level: int, is_training: bool) -> list[Strip]:
            budget.begin(is_training=is_training)
            widget.show(shades(level))
            await pilot.pause()
            return [widget.render_line(row) for row in range(widget.size.height)]

        first = await show(50, True)
        assert await show(58, True) == first and widget.is_owed, "one shade"
        drifted = await show(90, True)
        assert drifted != first and not widget.is_owed, "five shades"
        assert await show(98, True) == drifted
        assert await show(98, False) != drifted and not widget.is_owed


async def test_without_colours_a_picture_changes_while_training_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, the characters change while the colours stay."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = Training()
    async with app.run_test(size=SIZE) as pilot:
        widget, budget = app.screen.query_one(HeatmapWidget), app.screen.paint_budget  # type: ignore[attr-defined]
        widget.show(picture())
        await pilot.pause()
        before = [widget.render_line(row).text for row in range(SIZE[1])]
        budget.begin(is_training=True)
        widget.show(picture(turn=1.5))
        await pilot.pause()
        assert not budget.owed and not widget.is_owed
        assert sum(widget.render_line(row).text != before[row] for row in range(SIZE[1])) > 8
