"""Why and what if in the app: bars of importance, the response to a column, and inputs moved by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_app_predictions import BOSTON, NARROW, content_of, opened, view_of

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs.predictions.messages import ClassPredictions, Importance, WhatIf
from tui_trainer.tabs.predictions.why import TOP, ImportancePanel, ranking
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

IRIS = with_field(Experiment(), "training.learning_rate", 0.1)


def importance_of(flow: Flow) -> Importance:
    content = flow.contents("predictions")[-1]
    assert isinstance(content, Importance)
    return content


def what_if_of(flow: Flow) -> WhatIf:
    content = flow.contents("predictions")[-1]
    assert isinstance(content, WhatIf)
    return content


async def finished(flow: Flow) -> None:
    """Wait for importances that are complete and drawn: those before them may rank the columns otherwise."""
    await flow.until(lambda: isinstance(flow.contents("predictions")[-1], Importance), "importances")
    await flow.until(lambda: not importance_of(flow).is_partial, "all of them")
    await flow.until(lambda: "permuted, 5 times" in flow.screen_text(), "all of them on the screen")


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_importances_are_computed_at_rest_and_a_column_opens_its_response(
    start: Start, size: tuple[int, int]
) -> None:
    async with start(IRIS, size) as flow:
        await flow.press(*"eee")
        await opened(flow)
        await flow.press("w")
        await finished(flow)
        assert importance_of(flow).epoch == 3 and importance_of(flow).repeats == 5
        await flow.until(lambda: "lower by this much where a column is permuted, 5 times" in flow.screen_text())
        first, second, *_ = ranking(importance_of(flow))
        names = importance_of(flow).columns
        await flow.until(lambda: f"▸ {names[first]}" in flow.screen_text(), "the most important column")
        await flow.press("down", "enter")
        await flow.until(lambda: f"▸ {names[second]}" in flow.screen_text(), "the next one")
        plot = view_of(flow).query_one(".response", PlotWidget)
        await flow.until(lambda: plot.plot.x_label == names[second], "the response to it")
        assert plot.plot.y_label == "output of versicolor"
        await flow.press("right", "up")
        await flow.until(lambda: plot.plot.x_label == names[first], "the response to the other one")
        await flow.until(lambda: plot.plot.y_label == "output of virginica", "of the next class")
        await flow.press("escape")
        await flow.until(lambda: view_of(flow).panel == "importance", "the bars alone")
        await flow.press("left")
        await flow.until(lambda: importance_of(flow).by == "loss", "another measure")
        await flow.until(lambda: "higher by this much" in flow.screen_text(), "of which less is better")
        await flow.press("escape")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], ClassPredictions), "the overview again")
        assert view_of(flow).panel == "overview" and not view_of(flow).in_mode


async def test_a_click_chooses_a_column_and_then_opens_its_response(start: Start) -> None:
    async with start(IRIS) as flow:
        await opened(flow)
        await flow.press("w")
        await finished(flow)
        order = ranking(importance_of(flow))
        await flow.until(lambda: f"▸ {importance_of(flow).columns[order[0]]}" in flow.screen_text(), "the bars")
        await flow.pilot.click(ImportancePanel, offset=(4, TOP + 2))
        await flow.until(lambda: view_of(flow)._column == order[2], "the third")
        await flow.pilot.click(ImportancePanel, offset=(4, TOP + 2))
        await flow.until(lambda: view_of(flow).panel == "response", "its response")


async def test_importances_follow_the_training_and_do_not_hold_it_up(start: Start) -> None:
    async with start(with_field(IRIS, "training.epochs", 3000)) as flow:
        await opened(flow)
        await flow.press("w", "E")
        await flow.until(lambda: flow.screen.state == "finished", "the end of the run")
        await flow.until(lambda: importance_of(flow).epoch == 3000 and not importance_of(flow).is_partial, "the last")


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_inputs_are_moved_and_the_flip_is_told(start: Start, size: tuple[int, int]) -> None:
    async with start(IRIS, size) as flow:
        await flow.press(*"eeeee")
        await opened(flow)
        await flow.press("down")
        await flow.until(lambda: content_of(flow).chosen is not None and content_of(flow).chosen.rank == 1)
        row = content_of(flow).chosen.row
        await flow.press("h")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], WhatIf), "the inputs")
        assert what_if_of(flow).row == row
        await flow.until(lambda: "flip" in flow.screen_text(), "whether the chosen one flips the decision")
        numbers = [number for number, one in enumerate(what_if_of(flow).inputs) if one.flips]
        assert numbers, "an input that flips the decision"
        chosen = what_if_of(flow).inputs[numbers[0]]
        await flow.press(*["down"] * numbers[0])
        await flow.until(lambda: f"▸ {chosen.name}" in flow.screen_text(), "that input")
        await flow.until(lambda: f"flips at {chosen.name} = " in flow.screen_text(), "where")
        key = "right" if chosen.flips[-1] > chosen.value else "left"
        steps = int(abs(chosen.flips[-1 if key == "right" else 0] - chosen.value) / chosen.step) + 1
        await flow.press(*[key] * steps)
        await flow.until(lambda: what_if_of(flow).predicted != what_if_of(flow).predicted_before, "the flip")
        await flow.until(lambda: "was " in flow.screen_text(), "what it was")
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 6, "one epoch more")
        assert what_if_of(flow).inputs[numbers[0]].value != chosen.original, "moved inputs stay while it trains"
        await flow.press("o")
        await flow.until(lambda: what_if_of(flow).outputs == what_if_of(flow).before, "as they are in the data")
        await flow.press("h")
        await flow.until(lambda: view_of(flow).panel == "overview", "back")


async def test_a_run_that_is_loaded_ends_what_if_and_keeps_importances(start: Start) -> None:
    async with start(BOSTON) as flow:
        await opened(flow)
        await flow.press("h")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], WhatIf), "the inputs")
        await flow.until(lambda: "PRICE" in flow.screen_text(), "the true value")
        await flow.press("r")
        await flow.until(lambda: view_of(flow).panel == "overview", "the samples may be others")
        await flow.press("w")
        await finished(flow)
        assert importance_of(flow).by == "r2"
        assert await flow.screen.editor.change_field("dataset.name", "iris")
        await flow.until(lambda: importance_of(flow).by == "accuracy" and len(importance_of(flow).columns) == 4, "iris")
        await flow.press("v")
        await flow.until(lambda: view_of(flow).panel == "overview", "the panels begin anew")


async def test_without_a_sample_there_is_nothing_to_move(start: Start) -> None:
    async with start(IRIS) as flow:
        await opened(flow)
        content = content_of(flow)
        view_of(flow)._list_cell((0, 2))
        await flow.until(
            lambda: content_of(flow) is not content and content_of(flow).listed.total == 0, "an empty cell"
        )
        await flow.press("h")
        await flow.until_said("No sample is chosen; choose one in the list first.")
