"""A plot is repainted where it changed: whatever else is painted meanwhile, nothing of the old one stays."""

from __future__ import annotations

import re

import numpy as np
import pytest
from textual import screen
from textual._compositor import Compositor
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from themed_app import ThemedApp

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.ui.pacing import PaintBudget, use_exact_compositor
from tui_trainer.ui.plot_widgets import PlotWidget


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "Compositor", Compositor)  # put back afterwards
    use_exact_compositor()


class Host(ThemedApp):
    def compose(self) -> ComposeResult:
        yield PlotWidget()


def line(slope: float) -> Plot:
    x = np.linspace(0.0, 10.0, 50)
    return Plot((Series("train", x, slope * x, "train"),), "epoch", "loss", empty="Nothing yet.")


def three_lines() -> Plot:
    one = line(0.5).series[0]
    colors = ("batch", "train", "validation")
    return Plot(tuple(Series(color, one.x, one.y * i, color) for i, color in enumerate(colors, start=1)))


def screen_rows(app: ThemedApp) -> list[str]:
    """The rows of the whole screen, as they were painted last."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_a_paint_between_two_plots_leaves_nothing_behind() -> None:
    app = Host()
    async with app.run_test(size=(60, 16)) as pilot:
        widget = app.query_one(PlotWidget)
        pairs = (
            (Plot(empty="Nothing yet."), line(1.0)),
            (line(1.0), line(-1.0)),
            (three_lines(), line(1.0)),
            (line(1.0), three_lines()),
        )
        for before, after in pairs:
            widget.show(before)
            await pilot.pause()
            screen_rows(app)
            widget.show(after)
            widget.refresh(Region(0, 0, 60, 1))  # as a message line that comes and goes does
            screen_rows(app)
            await pilot.pause()
            fresh = Host()
            async with fresh.run_test(size=(60, 16)) as other:
                fresh.query_one(PlotWidget).show(after)
                await other.pause()
                wanted = screen_rows(fresh)
            assert screen_rows(app) == wanted


class Paned(ThemedApp):
    def compose(self) -> ComposeResult:
        with Container():
            yield PlotWidget()


@pytest.mark.parametrize("hidden", [PlotWidget, Container])
async def test_a_plot_changed_while_hidden_is_whole_when_it_comes_back(hidden: type[Widget]) -> None:
    """Whether it is hidden itself, or the pane of its tab."""
    app = Paned()
    async with app.run_test(size=(60, 16)) as pilot:
        widget = app.query_one(PlotWidget)
        widget.show(line(1.0))
        await pilot.pause()
        before = screen_rows(app)
        app.query_one(hidden).display = False
        await pilot.pause()
        widget.show(line(-1.0))
        await pilot.pause()
        app.query_one(hidden).display = True
        await pilot.pause()
        shown = screen_rows(app)
        widget.refresh()
        await pilot.pause()
        assert before != shown == screen_rows(app)


class Slow(ThemedApp):
    """A screen over a line that takes few cells at a time."""

    def get_default_screen(self) -> Screen[None]:
        return SlowScreen()


class SlowScreen(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self.paint_budget = PaintBudget()
        self.paint_budget.limit = 20

    def compose(self) -> ComposeResult:
        yield PlotWidget()


async def test_over_a_slow_line_a_plot_is_painted_a_few_cells_at_a_time_until_it_is_whole() -> None:
    app, fresh = Slow(), Host()
    async with fresh.run_test(size=(60, 16)) as other:
        fresh.query_one(PlotWidget).show(line(-1.0))
        await other.pause()
        wanted = screen_rows(fresh)
    async with app.run_test(size=(60, 16)) as pilot:
        widget, budget = app.screen.query_one(PlotWidget), app.screen.paint_budget  # type: ignore[attr-defined]
        widget.show(line(1.0))
        await pilot.pause()
        before = screen_rows(app)
        frames = [before]
        widget.show(line(-1.0))
        for _ in range(60):
            budget.begin()
            widget.paint_rest()
            await pilot.pause()
            frames.append(screen_rows(app))
            changed = sum(
                one != other
                for row, newer in zip(frames[-2], frames[-1], strict=True)
                for one, other in zip(row.ljust(60), newer.ljust(60), strict=True)
            )
            assert changed <= 10, "half of the budget: others may want some"
            if not widget.is_owed:
                break
        assert frames[-1] == wanted and len(frames) > 5


async def test_an_update_is_written_from_where_it_begins() -> None:
    app = Host()
    async with app.run_test(size=(60, 16)) as pilot:
        widget = app.query_one(PlotWidget)
        widget.show(line(1.0))
        await pilot.pause()
        widget.refresh(Region(40, 5, 3, 1))
        compositor = app.screen._compositor
        compositor.update_widgets({widget})
        update = compositor.render_partial_update()
        assert update is not None
        written = update.render_segments(app.console)
        assert written.startswith("\x1b[6;41H") and len(re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", written)) == 3
