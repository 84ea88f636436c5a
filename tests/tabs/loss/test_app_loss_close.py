"""The Loss tab looked at closely: cursor, zoom, smoothing, and chosen runs beside the one under work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from stored_runs import EPOCHS, store_runs

from tui_trainer.experiment.schema import Experiment, ScheduleConfig, TrainingConfig
from tui_trainer.formats import format_measure
from tui_trainer.plotting.plot import Plot
from tui_trainer.protocol import unpack
from tui_trainer.tabs.loss.legend import Item, LegendPanel
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start


def view_of(flow: Flow) -> LossView:
    """The tab, whether it is open or not."""
    return flow.screen.query_one(LossView)


def plot_of(flow: Flow) -> Plot:
    """What it draws."""
    return view_of(flow).query_one(PlotWidget).plot


def items_of(flow: Flow) -> tuple[Item, ...]:
    """What is told below the plot."""
    return view_of(flow).query_one(LegendPanel)._drawing.items


async def trained(flow: Flow, epochs: int) -> None:
    await flow.press("space")
    await flow.until(lambda: flow.progress.state == "finished" and flow.progress.epoch == epochs, "the end")
    await flow.until(lambda: len(plot_of(flow).series) == 2 and len(plot_of(flow).series[0].x) == epochs, "its curves")


async def test_a_cursor_tells_the_values_of_an_epoch(start: Start) -> None:
    async with start(Experiment(training=TrainingConfig(epochs=30))) as flow:
        await flow.press("right")
        assert view_of(flow).viewport.at is None, "there is no epoch yet"
        await trained(flow, 30)
        losses = {curve.name: unpack(curve.y) for curve in await flow.until_curves()}
        await flow.press("left")
        assert view_of(flow).viewport.at == 30
        await flow.press("left", "left")
        assert view_of(flow).viewport.at == 28 and plot_of(flow).cursor == 28
        told = [losses[name][27] for name in ("loss", "val_loss")]
        await flow.until(lambda: [item.value for item in items_of(flow)] == told, "the values of epoch 28")
        await flow.until_shown(f"epoch 28 ━ train {format_measure(told[0])} ○ validation {format_measure(told[1])}")
        await flow.until_shown("← → inspect")
        await flow.press("home")
        await flow.until(lambda: items_of(flow)[0].value == losses["loss"][0], "the first epoch")
        await flow.press("end")
        await flow.until(lambda: items_of(flow)[0].value == losses["loss"][29], "the last epoch")
        await flow.press("v")
        await flow.until(lambda: plot_of(flow).y_label == "accuracy" and items_of(flow) != (), "another measure")
        await flow.until(lambda: items_of(flow)[0].value == flow.progress.values["val_accuracy"], "its value")
        await flow.press("w")
        assert view_of(flow).viewport.at is None and not view_of(flow).has_class("-looking")


async def test_the_plot_zooms_pans_and_comes_back(start: Start) -> None:
    async with start(Experiment(training=TrainingConfig(epochs=41))) as flow:
        await trained(flow, 41)
        losses = {curve.name: unpack(curve.y) for curve in await flow.until_curves()}["loss"]
        await flow.press("plus")
        assert plot_of(flow).x_limits == (11, 31)
        await flow.until(lambda: len(plot_of(flow).series[0].x) == 21, "just these epochs")
        np.testing.assert_array_equal(plot_of(flow).series[0].y, losses[10:31])
        await flow.press("pagedown")
        await flow.until(lambda: plot_of(flow).series[0].x[-1] == 41, "later ones")
        assert plot_of(flow).x_limits == (21, 41)
        await flow.press("pageup", "pageup")
        await flow.until(lambda: plot_of(flow).series[0].x[0] == 1, "earlier ones")
        await flow.press("minus")
        await flow.until(lambda: plot_of(flow).x_limits is None and len(plot_of(flow).series[0].x) == 41, "all of them")
        await flow.press("plus", "left", "plus", "w")
        await flow.until(lambda: len(plot_of(flow).series[0].x) == 41 and plot_of(flow).cursor is None, "all, at once")
        await flow.press("plus", "r")
        await flow.until_state("ready")
        assert view_of(flow).viewport.low is None, "another run is seen as a whole"


async def test_the_curves_are_smoothed(start: Start) -> None:
    async with start(Experiment(training=TrainingConfig(epochs=20))) as flow:
        await trained(flow, 20)
        raw = plot_of(flow).series[0].y
        await flow.press("S")
        await flow.until(lambda: not np.array_equal(plot_of(flow).series[0].y, raw), "an average")
        once = plot_of(flow).series[0].y
        assert once[0] == raw[0] and np.abs(np.diff(once)).sum() <= np.abs(np.diff(raw)).sum() + 1e-12
        await flow.until_shown("smoothed 0.6")
        await flow.press("S")
        await flow.until_shown("smoothed 0.9")
        await flow.press("S")
        await flow.until(lambda: np.array_equal(plot_of(flow).series[0].y, raw), "as it was recorded")


async def test_chosen_runs_lie_beside_the_one_under_work(start: Start, tmp_path: Path) -> None:
    sessions = store_runs(tmp_path / "store")
    async with start(Experiment(training=TrainingConfig(epochs=8))) as flow:
        await flow.press("8")
        await flow.until_shown("4 runs")
        await flow.press("down", "v", "down", "v", "0")
        await flow.until(lambda: len(plot_of(flow).series) == 4, "two lines with letters")
        of_adam, of_usual = ([one for one in plot_of(flow).series if one.mark == mark] for mark in "AB")
        (adam, letters), (usual, _) = of_adam, of_usual
        best = min(adam, usual, key=lambda line: float(line.y[-1]))
        assert (
            plot_of(flow).series[-2] is best
            and best.thick
            and best.name.split()
            == [
                best.mark,
                "adam" if best is adam else "usual",
            ]
        ), "the best one over the others, with its name"
        assert adam.y.tolist() == list(sessions["adam"].history.epochs["val_loss"])
        assert usual.y.tolist() == list(sessions["usual"].history.epochs["val_loss"])
        assert (adam.mark, letters.glyph, usual.mark) == ("A", "A", "B") and adam.color != usual.color
        await flow.until_shown("validation A adam B usual")
        await flow.press("t")
        trained = list(sessions["adam"].history.epochs["loss"])
        await flow.until(lambda: any(one.y.tolist() == trained for one in plot_of(flow).series if one.mark == "A"))
        await flow.press("t")
        colors = (adam.color, usual.color)

        await flow.press("e", "e", "right")
        told = {"A adam": sessions["adam"], "B usual": sessions["usual"]}
        at = view_of(flow).viewport.at
        assert at == EPOCHS, "the last epoch of any"
        values = [session.history.epochs["val_loss"][at - 1] for session in told.values()]
        await flow.until(lambda: [item.value for item in items_of(flow)] == [None, None, *values], "all values there")
        assert [item.color for item in items_of(flow)][2:] == list(colors)

        await flow.press("8")
        await flow.until(lambda: flow.screen.tabs.active == "runs", "the list")
        await flow.until(lambda: flow.screen.tabs.view is not view_of(flow), "its view")
        runs = flow.screen.tabs.view
        place = runs.place  # type: ignore[union-attr]
        await flow.until(lambda: place.row is not None and place.row.name == "usual", "the cursor where it was")
        await flow.press("up", "v", "0")
        await flow.until(lambda: [one.mark for one in plot_of(flow).series if one.mark in "AB"] == ["B", "B"])
        assert plot_of(flow).series[0].color == colors[1], "it keeps letter and colour while it is chosen"


async def test_an_opened_run_is_not_laid_beside_itself(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start() as flow:
        await flow.press("t")
        await flow.until_said("No run is chosen; v in the Runs tab chooses one.")
        await flow.press("8")
        await flow.until_shown("4 runs")
        await flow.press("down", "v", "down", "v", "enter")
        await flow.until_said("Opened usual")
        own = {"train", "validation"}
        await flow.until(lambda: own <= {one.label for one in plot_of(flow).series}, "its own lines")
        await flow.until(lambda: [one.mark for one in plot_of(flow).series][:2] == ["A", "A"], "the other's")
        assert len(plot_of(flow).series) == 4


async def test_a_scheduled_rate_is_drawn_below_the_loss(start: Start) -> None:
    training = TrainingConfig(epochs=30, learning_rate=0.2, schedule=ScheduleConfig("cosine"))
    async with start(Experiment(training=training)) as flow:
        strip = view_of(flow).query_one(".rate", PlotWidget)
        assert not strip.display
        await trained(flow, 30)
        await flow.until(lambda: strip.display and len(strip.plot.series[0].x) == 30, "the rate")
        rates = strip.plot.series[0].y
        assert rates[0] < 0.2 and (np.diff(rates) < 0).all()
        await flow.press("left")
        assert strip.plot.cursor == 30
        await flow.press("right_square_bracket")
        await flow.until_said("times the factor of its schedule")
