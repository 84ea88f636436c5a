"""The rate finder in the app: many rates are tried, one is chosen and taken, and training is not disturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_trainer.app.dialogs.rate_finder import RateFinder
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import RatesFound
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

IRIS = Experiment(
    dataset=DatasetConfig("iris"), model=ModelConfig(layers=(LayerConfig(4),)), training=TrainingConfig(epochs=10)
)


async def find(flow: Flow) -> RatesFound:
    """Open the finder, and wait for what it has found."""
    app = flow.pilot.app
    await flow.press("equals_sign")
    await flow.until(lambda: isinstance(app.screen, RateFinder), "the finder")
    await flow.until(lambda: any(isinstance(report, RatesFound) for report in flow.reports), "the rates")
    return next(report for report in reversed(flow.reports) if isinstance(report, RatesFound))


async def test_a_rate_is_found_chosen_and_taken_and_undone(start: Start) -> None:
    async with start(IRIS) as flow:
        found = await find(flow)
        assert found.suggestion is not None
        await flow.until_shown(f"ρ = {found.suggestion:g}: loss")
        place = found.rates.index(found.suggestion)
        await flow.press("right")
        await flow.until_shown(f"ρ = {found.rates[place + 1]:g}: loss")
        await flow.press("left", "left")
        await flow.until_shown(f"ρ = {found.rates[place - 1]:g}: loss")
        await flow.press("home", "enter")
        await flow.until_said(f"Learning rate {found.suggestion:g}, as was found by trying")
        assert flow.screen.experiment.training.learning_rate == found.suggestion
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment == IRIS, "the rate from before")


async def test_the_mouse_chooses_a_rate_and_takes_it(start: Start) -> None:
    async with start(IRIS) as flow:
        found = await find(flow)
        await flow.until_shown(f"ρ = {found.suggestion:g}: loss")
        plot = flow.pilot.app.screen.query_one(PlotWidget)
        place = 8
        cells = plot.cells(np.array(found.rates), np.ones(len(found.rates)))
        assert cells is not None
        column, row = round(cells[0][place]), cells[2].top + 1
        await flow.pilot.click(plot, offset=(column, row))
        await flow.until_shown(f"ρ = {found.rates[place]:g}: loss")
        await flow.pilot.click(plot, offset=(column, row), times=2)
        await flow.until_said(f"Learning rate {found.rates[place]:g}, as was found by trying")


async def test_leaving_takes_nothing_and_training_goes_on(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.press("space")
        await flow.until_state("finished")
        before = flow.progress.steps
        await find(flow)
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the main screen")
        assert flow.screen.experiment == IRIS and flow.progress.steps == before
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == before + 1, "a step")


async def test_a_fixed_rate_is_not_looked_for(start: Start) -> None:
    fixed = Experiment(dataset=IRIS.dataset, model=IRIS.model, training=IRIS.training, hide=("training.learning_rate",))
    async with start(fixed) as flow:
        await flow.press("equals_sign")
        await flow.until_said("The learning rate is fixed in this experiment.")


async def test_no_rate_is_looked_for_while_the_experiment_is_refused(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.screen.editor.change(with_field(IRIS, "dataset.features", "nosuch"))
        await flow.until_said("nosuch")
        flow.screen.editor.show_message("")
        await flow.press("equals_sign")
        await flow.until_said("Features: there is no column 'nosuch'")
        assert flow.pilot.app.screen is flow.screen


async def test_an_experiment_that_is_refused_after_the_finder_has_opened_is_told_of(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.screen.editor.change(with_field(IRIS, "dataset.features", "nosuch"))
        flow.screen.editor.action_find_rate()  # before the trainer's answer, and before the finder is there
        await flow.until_shown("Features: there is no column 'nosuch'")
        assert isinstance(flow.pilot.app.screen, RateFinder)
