"""The widget: draws when something changed and it can be seen, not otherwise."""

from collections.abc import Callable

import numpy as np
import pytest
from textual.app import ComposeResult
from themed_app import ThemedApp

from tui_trainer.plotting import lines
from tui_trainer.plotting.frame import Frame
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.ui import plot_widgets
from tui_trainer.ui.plot_widgets import PlotWidget


def loss(last: float = 0.1) -> Plot:
    x = np.arange(1.0, 51.0)
    return Plot(
        (
            Series("train", x, np.linspace(1, last, 50), "train"),
            Series("validation", x, np.linspace(1.2, last + 0.3, 50), "validation"),
        ),
        "epoch",
        "loss",
    )


class Host(ThemedApp):
    def compose(self) -> ComposeResult:
        yield PlotWidget()


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[Plot]:
    """Every plot drawn since the start."""
    seen: list[Plot] = []
    render: Callable[..., Frame] = lines.render_plot

    def counted(plot: Plot, *rest: object) -> Frame:
        seen.append(plot)
        return render(plot, *rest)

    monkeypatch.setattr(plot_widgets, "render_plot", counted)
    return seen


async def test_one_change_is_drawn_once(draws: list[Plot]) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        draws.clear()
        skipped, shown = loss(0.2), loss(0.1)
        app.query_one(PlotWidget).show(skipped)
        app.query_one(PlotWidget).show(shown)
        await pilot.pause()
        app.query_one(PlotWidget).refresh()
        await pilot.pause()
        assert draws == [shown]


async def test_resize_and_markers_redraw(draws: list[Plot]) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(PlotWidget).show(loss())
        await pilot.pause()
        draws.clear()
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert len(draws) == 1
        app.query_one(PlotWidget).markers = "ascii"
        await pilot.pause()
        assert len(draws) == 2
        line = app.query_one(PlotWidget).render_line(0)
        assert line.cell_length == 60 and "* train  o validation" in line.text


async def test_hidden_is_not_drawn(draws: list[Plot]) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        plot = app.query_one(PlotWidget)
        await pilot.pause()
        draws.clear()
        plot.display = False
        plot.show(loss())
        await pilot.pause()
        assert draws == []
        plot.display = True
        await pilot.pause()
        assert len(draws) == 1


async def test_a_theme_recolours_without_drawing(draws: list[Plot]) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        plot = app.query_one(PlotWidget)
        plot.show(loss())
        await pilot.pause()
        draws.clear()
        before = plot.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        after = plot.render_line(0)
        assert before.text == after.text and before != after and draws == []


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "gruvbox", "solarized-light"])
async def test_colours_can_be_read_and_differ(theme: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        await pilot.pause()
        plot = app.query_one(PlotWidget)
        colours = {}
        for name in PlotWidget.COMPONENT_CLASSES:
            style = plot.get_component_styles(name)
            background = plot.background_colors[1]
            colour = background + style.color if not style.auto_color else background.get_contrast_text(0.9)
            colours[name] = colour
            if name not in ("plot--batch",):
                assert abs(colour.brightness - background.brightness) > 0.1, (name, colour)
        assert colours["plot--train"] != colours["plot--validation"]
        assert len({colours[f"plot--class{digit}"] for digit in range(10)}) == 10
