"""A plot is repainted where it changed: whatever else is painted meanwhile, nothing of the old one stays."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.geometry import Region
from themed_app import ThemedApp

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.ui.plot_widgets import PlotWidget


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


def screen_rows(app: Host) -> list[str]:
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


async def test_a_plot_changed_while_hidden_is_whole_when_it_comes_back() -> None:
    app = Host()
    async with app.run_test(size=(60, 16)) as pilot:
        widget = app.query_one(PlotWidget)
        widget.show(line(1.0))
        await pilot.pause()
        screen_rows(app)
        widget.display = False
        widget.show(line(-1.0))
        await pilot.pause()
        widget.display = True
        await pilot.pause()
        shown = screen_rows(app)
        widget.refresh()
        await pilot.pause()
        assert shown == screen_rows(app)
