"""Earlier moments in the app: every tab goes there by keys and mouse, and the run stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from textual import events

from tui_trainer.app.keys import keymap_with
from tui_trainer.app.preferences import Preferences
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import LookAt, Progress, SetWeight, Update
from tui_trainer.tabs import TABS
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.keymap import use
from tui_trainer.ui.plot_widgets import PlotWidget
from tui_trainer.ui.status_lines import HeaderLine, moment_parts

if TYPE_CHECKING:
    from running_app import Flow, Start

EPOCHS = 200
SMALL = Experiment(
    dataset=DatasetConfig("iris", validation_split=0.3),
    model=ModelConfig(layers=(LayerConfig(4, "tanh"),)),
    training=TrainingConfig(learning_rate=0.02, batch_size=35, epochs=EPOCHS),
)


async def train(flow: Flow) -> None:
    """Train to the end."""
    await flow.press("E")
    await flow.until_state("finished")
    await flow.until(lambda: flow.progress.epoch == EPOCHS)
    await flow.until_said("Finished")  # which comes last


async def until_at(flow: Flow, epoch: int | None) -> None:
    """Wait until the moment after ``epoch`` is shown; None is the present."""
    await flow.until(
        lambda: (flow.progress.epoch, flow.progress.now) == ((EPOCHS, None) if epoch is None else (epoch, EPOCHS)),
        f"epoch {epoch}",
    )


def head(flow: Flow) -> str:
    return flow.screen.query_one(HeaderLine).text


async def test_keys_go_to_earlier_moments_and_back_to_now(start: Start) -> None:
    async with start(SMALL) as flow:
        await flow.press("<")
        await flow.until_said("Nothing is trained yet")
        await train(flow)
        present = flow.progress
        await flow.press(">")
        await flow.until_said("This is now.")
        await flow.press("<")
        await until_at(flow, EPOCHS - EPOCHS // 100)
        assert "epoch 198 of 200 · earlier moment" in head(flow) and "> forward" in head(flow).replace("  ", " ")
        await flow.press("{", "{", "}")
        await until_at(flow, 197)
        assert flow.screen.state == "finished" and flow.progress.values["loss"] != present.values["loss"]
        await flow.press(">")
        await until_at(flow, 199)
        await flow.press(">")
        await until_at(flow, None)
        assert replace(flow.progress, steps_per_second=0.0) == replace(present, steps_per_second=0.0)
        await flow.press("<", "<", "<", "<")
        await until_at(flow, 192)
        await flow.press("escape")
        await until_at(flow, None)
        assert "earlier moment" not in head(flow)


async def test_space_and_steps_only_go_back_to_now(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        for key in ("space", "s", "e", "E"):
            await flow.press("<")
            await until_at(flow, 198)
            await flow.press(key)
            await until_at(flow, None)
            assert "Back to now, epoch 200" in flow.message and flow.progress.steps == present_steps(flow)


async def test_a_moment_that_training_came_before_is_not_where_the_keys_go_on(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        flow.screen.moments.look_at(3)
        flow.screen.trainer.action_epoch()  # both are sent before the trainer has shown the moment
        await flow.until(lambda: (flow.progress.epoch, flow.progress.now) == (EPOCHS + 1, None), "one more epoch")
        await flow.press("{")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")
        assert flow.progress.epoch == EPOCHS


def present_steps(flow: Flow) -> int:
    return EPOCHS * flow.progress.batches


async def test_all_tabs_show_the_moment_together(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        await flow.press("<")
        await until_at(flow, 198)
        steps = 198 * flow.progress.batches
        for tab in TABS:
            if not (tab.compute and tab.is_live):
                continue
            await flow.press(tab.key)
            await flow.until(lambda name=tab.name: steps_of(flow, name)[-1:] == [steps], tab.title)
        await flow.press(">")
        await until_at(flow, None)
        await flow.until(lambda: steps_of(flow, "loss")[-1:] == [present_steps(flow)], "the present in the open tab")


def steps_of(flow: Flow, tab: str) -> list[int]:
    return [report.steps for report in flow.reports if isinstance(report, Update) and report.tab == tab]


async def test_the_cursor_of_the_loss_stands_at_the_moment(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        view = flow.screen.tabs.view
        assert isinstance(view, LossView)
        plot = view.query(PlotWidget).first()
        await flow.press("<")
        await flow.until(lambda: plot.plot.cursor == 198, "the cursor")
        assert view.last == EPOCHS
        await flow.press("escape")
        await flow.until(lambda: plot.plot.cursor is None, "no cursor")


async def test_the_bar_and_the_slider_go_there_by_mouse(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        header = flow.screen.query_one(HeaderLine)
        await flow.pilot.click(HeaderLine, offset=(header.text.index("━") + 3, 0))
        await until_at(flow, round(3 / 11 * EPOCHS))
        await flow.until(lambda: "●" in header.text, "the slider")
        first = header.text.index("━")
        await flow.pilot.click(HeaderLine, offset=(first, 0))
        await until_at(flow, 0)
        last = header.text.rindex("─")
        await flow.pilot._post_mouse_events([events.MouseMove], HeaderLine, offset=(last, 0), button=1)
        await until_at(flow, EPOCHS)


async def test_weights_of_an_earlier_moment_are_not_set(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        await flow.press("<")
        await until_at(flow, 198)
        flow.screen.post_message(TabView.WeightSet(0, 1.0, 0.5, "w is 1."))
        await flow.until_said("Weights of an earlier moment can't be changed")
        flow.screen.trainer.client.send(SetWeight(0, 1.0))  # as a client might that does not know better
        await until_at(flow, None)


async def test_training_goes_on_meanwhile_and_the_head_counts(start: Start) -> None:
    async with start(replace(SMALL, training=replace(SMALL.training, epochs=1_000_000))) as flow:
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch > 20, "some epochs")
        await flow.press("<")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")
        shown, now = flow.progress.epoch, flow.progress.now or 0
        await flow.until(lambda: (flow.progress.now or 0) > now, "further epochs")
        assert flow.progress.epoch == shown and flow.screen.state == "running"
        await flow.press("space")
        await flow.until(lambda: flow.progress.now is None, "the present")
        assert flow.screen.state == "running"


async def test_another_run_is_shown_as_it_is(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        await flow.press("<")
        await until_at(flow, 198)
        await flow.press("r")
        await flow.until_loaded(2)
        await flow.until(lambda: flow.progress.epoch == 0 and flow.progress.now is None, "the first step")
        assert flow.screen.moments.shown is None


async def test_a_run_that_is_opened_from_the_store_has_earlier_moments_too(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        loss = flow.progress.values["loss"]
        await flow.press("<")
        await until_at(flow, 198)
        earlier = flow.progress
        await flow.press("r")
        await flow.until_loaded(2)
        flow.screen.trainer.open_run(1)
        await flow.until(lambda: flow.progress.epoch == EPOCHS, "the run that was saved")
        assert flow.progress.values["loss"] == loss
        await flow.press("<")
        await until_at(flow, 198)
        assert flow.progress.values["val_loss"] == earlier.values["val_loss"]
        assert flow.progress.weights == earlier.weights and not flow.progress.aside


async def test_a_moment_that_is_not_quite_the_one_asked_for_is_told(start: Start) -> None:
    async with start(SMALL) as flow:
        await train(flow)
        near = replace(flow.progress, epoch=30, now=EPOCHS, aside="The nearest kept moment to epoch 37: it takes long.")
        flow.screen.moments.on_progress(near)
        assert flow.message == near.aside
        flow.screen.trainer.client.send(LookAt(EPOCHS + 5))
        await flow.until_said("Not shown: expected an epoch from 0 to 200")


async def test_keys_that_a_config_file_has_given_away_stay_away(start: Start) -> None:
    keymap = keymap_with({"rate_minus": "less_than_sign", "rate_plus": "greater_than_sign"})
    assert keymap["earlier"].keys == "ctrl+left" and keymap["later"].keys == "ctrl+right"
    async with start(SMALL, preferences=Preferences(keymap=keymap)) as flow:
        await train(flow)
        await flow.press("<")
        await flow.until(lambda: flow.progress.learning_rate == 0.01, "a lower rate")
        await flow.press("ctrl+left")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_head_fits(width: int) -> None:
    use(keymap_with())
    progress = Progress(1, "running", 1_234, 5_000, 0, 4, 40, 0.0, None, 0.1, {}, now=2_500)
    parts = moment_parts(progress, 2_500, width)
    text = "".join(part.text for part in parts)
    assert text.startswith(" ◂ epoch 1,234 of 2,500 · earlier moment ") and len(text) <= width
    assert parts[0].role == "chip", "which is reversed where there are no colours"
    targets = [part.target for part in parts if part.target.startswith("look_at")]
    assert targets[0] == "look_at(0)" and targets[-1] == "look_at(2500)"
    assert ("now" in text) == (width >= 80)
