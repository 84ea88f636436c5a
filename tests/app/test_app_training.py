"""From picking a dataset to the same losses again: the path every user takes, by keys alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Checkbox, Input

from tui_trainer.app.preferences import Preferences
from tui_trainer.app.setup.panel import FoldRow
from tui_trainer.app.tab_bar import TabBar
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, Experiment
from tui_trainer.experiment.share import unshare
from tui_trainer.settings import RememberedSettings, Settings
from tui_trainer.tabs import TABS
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import TextButton
from tui_trainer.ui.status_lines import HeaderLine

if TYPE_CHECKING:
    from pathlib import Path

    from running_app import Flow, Start


async def test_dataset_layers_and_rate_by_keys_then_train(start: Start) -> None:
    async with start(with_field(Experiment(), "training.epochs", 100000)) as flow:
        assert flow.heading == "Network  131 parameters"

        await flow.press("tab")
        assert isinstance(flow.screen.focused, Dropdown)
        await flow.press("enter", "home", "enter")
        await flow.until_loaded(2)
        assert flow.screen.experiment.dataset.name == "boston"
        assert flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.name == "boston"
        assert flow.heading == "Network  241 parameters"

        await flow.press("a")
        await flow.until_loaded(3)
        assert flow.heading == "Network  513 parameters"

        rate = flow.input("training.learning_rate")
        rate.focus()
        await flow.until(lambda: rate.has_focus)
        await flow.press("0", ".", "0", "0", "1", "enter")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == 0.001, "the rate typed")
        await flow.until(lambda: flow.progress.learning_rate == 0.001, "the rate in the trainer")
        assert flow.loads == 3, "another rate is no reason to start again"
        await flow.press("escape")

        await flow.press("space")
        await flow.until_state("running")
        await flow.until(lambda: flow.progress.epoch > 1, "two epochs")
        await flow.press("]")
        await flow.until(lambda: flow.progress.learning_rate == 0.003, "the next rate up")
        assert flow.input("training.learning_rate").value == "0.003"
        await flow.press("[", "[")
        await flow.until(lambda: flow.progress.learning_rate == 0.0003, "two rates down")
        assert flow.message == "Learning rate 0.0003."
        assert flow.loads == 3 and flow.progress.epoch > 1
        assert flow.screen.state in ("running", "finished")


async def test_pause_step_epoch_reset_and_the_same_losses_again(start: Start) -> None:
    async with start(with_field(Experiment(), "training.epochs", 100000)) as flow:
        await flow.press("space")
        await flow.until_state("running")
        await flow.until(lambda: flow.progress.epoch > 3, "some epochs")
        await flow.press("space")
        await flow.until_state("paused")
        paused = flow.progress.steps

        first = await _losses(flow, then="r")
        assert flow.message == "Back to the first step, with the same weights."
        second = await _losses(flow, then="R")
        assert first == second
        assert flow.screen.experiment.model.seed == 1
        third = await _losses(flow, then="u")
        assert [curve.name for curve in third] == [curve.name for curve in first]
        assert [curve.x for curve in third] == [curve.x for curve in first]
        assert all(ours.y != theirs.y for ours, theirs in zip(third, first, strict=True))
        assert await _losses(flow, then="r") == first
        assert paused > 0 and flow.progress.steps == 0


async def _losses(flow: Flow, then: str) -> tuple[object, ...]:
    """The curves of three steps and two epochs from the start; then press a key that starts again."""
    if flow.progress.steps:
        await flow.press("r")
        await flow.until_state("ready")
    await flow.press("s", "s", "s")
    await flow.until(lambda: flow.progress.steps == 3, "three steps")
    assert (flow.progress.epoch, flow.progress.batch) == (0, 3)
    await flow.press("e")
    await flow.until(lambda: flow.progress.epoch == 1, "the rest of the epoch")
    assert flow.progress.steps == 4 and flow.screen.state == "paused"
    await flow.press("e")
    await flow.until(lambda: flow.progress.epoch == 2, "one more epoch")
    assert flow.progress.steps == 8
    curves = await flow.until_curves()
    loads = flow.loads
    await flow.press(then)
    await flow.until_loaded(loads + 1)
    return curves


async def test_keys_work_on_every_widget_but_a_text_field(start: Start) -> None:
    async with start(with_field(Experiment(), "training.epochs", 1000000)) as flow:
        screen = flow.screen
        before = screen.experiment
        await flow.unfold("training.shuffle")
        for kind in (Dropdown, Checkbox, TextButton, FoldRow):
            widget = screen.query(kind).first()
            widget.focus()
            await flow.until(lambda widget=widget: widget.has_focus, f"focus on a {kind.__name__}")
            await flow.press("space")
            await flow.until_state("running")
            await flow.press("space")
            await flow.until_state("paused")
            steps = flow.progress.steps
            await flow.press("s")
            await flow.until(lambda steps=steps: flow.progress.steps == steps + 1, "one step")
        assert not screen.query(Dropdown).first().expanded
        assert screen.experiment == before

        box = (await flow.unfold("dataset.path")).query_one(Input)
        box.focus()
        await flow.until(lambda: box.has_focus)
        steps = flow.progress.steps
        letters = list("aserRuUxybkmq123[]?")
        await flow.press(*letters, "space")
        assert isinstance(screen.focused, Input) and box.value == "".join(letters) + " "
        assert screen.experiment == before and flow.progress.steps == steps
        assert screen.state == "paused" and flow.pilot.app.screen is screen
        box.value = ""
        await flow.press("escape")
        assert screen.focused is None

        chooser = screen.query(Dropdown).first()
        chooser.focus()
        await flow.press("enter")
        await flow.until(lambda: chooser.expanded, "the open list")
        await flow.press("s")
        assert flow.progress.steps == steps, "in an open list letters search"
        await flow.press("escape")
        assert screen.experiment == before


async def test_finish_then_train_on_and_early_stopping(start: Start) -> None:
    experiment = with_field(Experiment(), "training.epochs", 5)
    async with start(experiment) as flow:
        await flow.press("space")
        await flow.until_state("finished")
        await flow.until_said("Finished 5 epochs, 20 steps.")
        assert flow.progress.epoch == 5
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch == 10 and flow.screen.state == "finished", "epoch 10")
        await flow.until_said("Finished 10 epochs")
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 11, "epoch 11")
        assert flow.loads == 1

        await flow.enter("training.epochs", "100000")
        await flow.enter("training.early_stopping.patience", "3")
        await flow.until_loaded(2)
        rule = flow.screen.experiment.training.early_stopping
        assert rule is not None and rule.patience == 3 and rule.restore_best_weights
        await flow.press("space")
        await flow.until_state("stopped early")
        await flow.until_said("val_loss has not improved since epoch")
        assert "are back" in flow.message
        stopped = flow.progress.epoch
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch > stopped, "training past the stop")
        await flow.enter("training.early_stopping.patience", "")
        await flow.until(lambda: flow.screen.experiment.training.early_stopping is None, "no stop rule")


async def test_a_slower_and_a_faster_pace(start: Start) -> None:
    async with start(with_field(Experiment(), "training.epochs", 1_000_000)) as flow:
        await flow.press("Z")
        await flow.until_said("This is the fastest pace. Pace full: as fast as the machine can.")
        await flow.press("z", "z")
        await flow.until_said("Pace watch: a run takes about 10 seconds, slowly at first.")
        await flow.press("z")
        await flow.until_said("Pace 10/s: 10 steps a second.")
        began = time.monotonic()
        await flow.press("space")
        await flow.until_state("running")
        await flow.until(lambda: flow.progress.steps >= 3, "a few steps, however late they are drawn")
        assert flow.progress.steps <= 1 + 10 * (time.monotonic() - began)
        await flow.press("E")
        await flow.until(lambda: flow.progress.steps > 500, "many steps")
        await flow.press("space")
        await flow.until_state("paused")
        paused = flow.progress.steps
        began = time.monotonic()
        await flow.press("space")
        await flow.until(lambda: flow.progress.steps > paused, "the chosen pace again")
        assert flow.progress.steps <= paused + 1 + 10 * (time.monotonic() - began)


async def test_the_pace_stands_in_the_header_and_a_click_changes_it(start: Start) -> None:
    async with start() as flow:
        header = flow.screen.header
        await flow.until(lambda: header.text.endswith(" full  "), "the pace")
        for name in ("2/s", "10/s", "watch"):
            await flow.pilot.click(HeaderLine, offset=(header.size.width - 3, 0))
            await flow.until_said(f"Pace {name}: ")
            await flow.until(lambda name=name: header.text.endswith(f" {name}  "), name)
        await flow.pilot.click(HeaderLine, offset=(3, 0))
        assert flow.screen.trainer.pace.name == "watch"


async def test_the_header_says_what_is_trained_and_how_far(start: Start) -> None:
    experiment = with_field(FIRST_EXPERIMENT, "training.epochs", 2)
    async with start(experiment) as flow:
        header = flow.screen.header
        await flow.until(lambda: header.text.startswith(" ◆ tui-trainer   spiral · 2-8-8-1 tanh · adam "), "the run")
        assert "■ epoch 0/2 ────────────" in header.text
        await flow.press("e")
        await flow.until(lambda: "‖ epoch 1/2 ━━━━━━──────" in header.text, "half of it")
        await flow.press("space")
        await flow.until(lambda: "✔ epoch 2/2 finished ━━━━━━━━━━━━" in header.text, "all of it")
        assert "epoch 2/2" not in flow.screen.status.text
        await flow.press("x")
        await flow.until(lambda: " 2-8-1 tanh " in header.text and "epoch 0/2" in header.text, "a layer less")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((120, 40), "1 Live 2 Data 3 Landscape 4 Boundary 5 Network 6 Predictions 7 Summary 8 Runs 9 Book 0 Loss"),
        ((80, 24), "1 Live 2 Data 3 Land 4 Bound 5 Net 6 Pred 7 Summ 8 Runs 9 Book 0 Loss"),
        ((60, 16), "1 Live 2 3 4 5 6 7 8 9 0"),
    ],
)
async def test_tabs_have_their_keys_in_front_and_a_click_opens_them(
    start: Start, size: tuple[int, int], shown: str
) -> None:
    async with start(size=size) as flow:
        bar = flow.screen.query_one(TabBar)
        await flow.press("1")
        await flow.until(lambda: " ".join(bar.text.split()) == shown, "all tabs on one line")
        for tab in TABS:
            await flow.press(tab.key)
            await flow.until(lambda tab=tab: flow.screen.tabs.active == tab.name == bar.active, tab.name)
        await flow.pilot.click(TabBar, offset=(bar.text.index(" 2") + 1, 0))
        await flow.until(lambda: flow.screen.tabs.active == "data", "the tab that was clicked")
        assert [part.text.strip() for part in bar.parts(bar.size.width) if part.role in ("chip", "open")] == [
            "2",
            "Data",
        ]


async def test_a_click_on_a_tab_gives_its_view_the_keys(start: Start) -> None:
    async with start() as flow:
        flow.input("training.epochs").focus()
        bar = flow.screen.query_one(TabBar)
        await flow.pilot.click(TabBar, offset=(bar.text.index("Runs"), 0))
        await flow.until(lambda: flow.screen.tabs.active == "runs" and flow.screen.tabs.view is not None, "the runs")
        assert flow.screen.focused is None
        await flow.press("9")
        await flow.until(lambda: flow.screen.tabs.active == "book", "keys work, as no field has the focus")


async def test_the_pace_is_remembered_and_a_lesson_has_its_own(start: Start, tmp_path: Path) -> None:
    memory = RememberedSettings(tmp_path / "remembered.json")
    async with start(preferences=Preferences(Settings(pace="fast"), memory=memory)) as flow:
        assert flow.screen.trainer.pace.name == "fast"
        await flow.press("Z")
        await flow.until(lambda: memory.recall().pace == "full", "it is remembered")
        await flow.screen.lessons.load("book:gradient_descent")
        assert flow.screen.trainer.pace.name == "2/s"
        await flow.press("Z")
        await flow.until_said("Pace 10/s")
        assert memory.recall().pace == "full", "the lesson's is not"
        await flow.press("L")
        await flow.until_said("You left the lesson")
        assert flow.screen.trainer.pace.name == "full"


async def test_an_experiment_is_shared_as_a_word(start: Start) -> None:
    async with start() as flow:
        await flow.press("c")
        await flow.until_said("tui-trainer opens it with this code: tt1-")
        assert unshare(flow.pilot.app.clipboard) == flow.screen.experiment


async def test_what_a_teacher_hides_is_fixed(start: Start) -> None:
    experiment = with_field(Experiment(), "hide", ("model.layers", "training.learning_rate"))
    async with start(experiment) as flow:
        assert not flow.field("model.layers[0].units").display
        assert not flow.field("training.learning_rate").display
        assert flow.field("training.epochs").display
        await flow.press("a")
        await flow.until_said("The layers are fixed in this experiment.")
        await flow.press("]")
        await flow.until_said("Learning rate: fixed in this experiment.")
        assert flow.screen.experiment == experiment


async def test_the_measures_that_are_followed(start: Start) -> None:
    experiment = with_field(with_field(Experiment(), "training.epochs", 3), "training.metrics", ("per_class",))
    async with start(experiment) as flow:
        await flow.press("v")
        await flow.until_said("Metrics appear after the first epoch")
        await flow.press("space")
        await flow.until_state("finished")
        await flow.press("v")
        await flow.until_shown("accuracy")
        await flow.until(lambda: {curve.name for curve in flow.curves()} == {"accuracy", "val_accuracy"}, "accuracy")
        await flow.press("v")
        await flow.until_shown("accuracy of each class")
        await flow.until_shown("setosa")
        await flow.press("v")
        await flow.until(lambda: "loss" in {curve.name for curve in flow.curves()}, "the loss again")
