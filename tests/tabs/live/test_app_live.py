"""The Live tab in the app: what is seen first, and what keys and clicks show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.content import Content
from textual.widgets import Digits

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.formats import format_measure
from tui_trainer.protocol import Progress
from tui_trainer.tabs.boundary.messages import Boundary, Function
from tui_trainer.tabs.live.drawing import NetworkPicture
from tui_trainer.tabs.live.view import LiveView
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions
from tui_trainer.tabs.runs.selection import SelectedRun
from tui_trainer.ui.card import EDGES, Card
from tui_trainer.ui.plot_widgets import HeatmapWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

SPIRAL = Experiment(
    dataset=DatasetConfig("spiral", samples=120, validation_split=0.5),
    model=ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(8, "tanh"))),
)


def view_of(flow: Flow) -> LiveView:
    return flow.screen.query_one(LiveView)


def is_drawn(flow: Flow) -> bool:
    """Whether all pictures are there in the size that was asked for."""
    content = view_of(flow).content
    asked = view_of(flow).request.boundary
    return (
        content is not None
        and bool(asked.thumbs)
        and tuple(thumbs.window for thumbs in content.boundary.thumbs) == asked.thumbs
        and isinstance(content.boundary, Boundary)
        and (content.boundary.columns, content.boundary.rows) == (asked.columns, asked.rows)
    )


async def test_the_network_is_there_before_the_first_step_and_learns_before_the_eyes(start: Start) -> None:
    async with start(SPIRAL, size=(170, 40), tab="live") as flow:
        await flow.until(lambda: is_drawn(flow), "all pictures")
        assert flow.screen.tabs.active == "live"
        await flow.until_shown("What each neuron sees")
        await flow.until_shown("Press space, and watch it learn.")
        scene = flow.screen.query_one(NetworkPicture).scene
        assert scene.layout is not None and scene.windows[1].count == 8
        before = view_of(flow).content
        assert isinstance(before, object) and before is not None
        await flow.press("e", "e")
        await flow.until(lambda: view_of(flow).content is not None and flow.progress.epoch == 2, "two epochs")
        await flow.until(
            lambda: view_of(flow).content.boundary.levels != before.boundary.levels,
            "another picture",  # type: ignore[union-attr]
        )
        await flow.until_shown("Loss train")


async def test_keys_and_clicks_choose_what_the_large_picture_shows(start: Start) -> None:
    async with start(SPIRAL, size=(170, 40), tab="live") as flow:
        await flow.until(lambda: is_drawn(flow), "all pictures")
        await flow.until_shown("Output: color")
        await flow.press("left", "down")
        await flow.until_shown("Layer 2: neuron 2 of 8")
        await flow.press("o")
        await flow.until_shown("Output: color")
        network = flow.screen.query_one(NetworkPicture)
        layout = network.scene.layout
        assert layout is not None
        column = layout.columns[1]
        await flow.pilot.click(NetworkPicture, offset=(column.left + 1, column.rows[3]))
        await flow.until_shown("Layer 1: neuron 4 of 8")
        await flow.press("h")
        await flow.until_said("There are no other features")


async def test_other_features_can_be_chosen_where_there_are_more_than_two(start: Start) -> None:
    async with start(size=(170, 40), tab="live") as flow:
        await flow.until(lambda: is_drawn(flow), "all pictures")
        content = view_of(flow).content
        assert content is not None and isinstance(content.boundary, Boundary)
        x = content.boundary.x
        await flow.press("h")
        await flow.until(
            lambda: view_of(flow).content is not None and view_of(flow).content.boundary.x != x,  # type: ignore[union-attr]
            "another feature",
        )


async def test_one_feature_gives_a_curve(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig("curve_sine")), size=(170, 40), tab="live") as flow:
        await flow.until(
            lambda: view_of(flow).content is not None and isinstance(view_of(flow).content.boundary, Function),  # type: ignore[union-attr]
            "a curve",
        )
        await flow.until(lambda: view_of(flow).has_class("-curve"))


@pytest.mark.parametrize(("size", "compact"), [((80, 24), True), ((100, 40), True), ((120, 40), False)])
async def test_the_parts_share_the_room(start: Start, size: tuple[int, int], compact: bool) -> None:
    async with start(SPIRAL, size=size, tab="live") as flow:
        await flow.until(lambda: is_drawn(flow), "all pictures")
        await flow.until(lambda: view_of(flow).has_class("-compact") == compact, "the arrangement")
        if size[0] == 100:
            await flow.press("m")
            await flow.until(lambda: not view_of(flow).has_class("-compact"), "wide without the setup")
            await flow.until(lambda: is_drawn(flow), "all pictures in the new size")
        if size[0] >= 100:
            assert flow.screen.query_one(NetworkPicture).scene.layout is not None, "links beside the setup"
        canvas = flow.screen.query_one(HeatmapWidget)
        columns, rows = canvas.grid
        assert abs(columns - rows) <= 1, "a unit is as long on both axes"


async def test_a_tab_that_is_opened_late_knows_the_selected_runs(start: Start) -> None:
    async with start(SPIRAL, tab="live") as flow:
        selected = (SelectedRun(1, "first try", 0),)
        flow.screen.tabs.show_selected_runs(selected)
        await flow.press("0")
        await flow.until(lambda: flow.screen.query(LossView) and flow.screen.tabs.view is not None, "the Loss tab")
        assert flow.screen.query_one(LossView).selected_runs == selected


@pytest.mark.parametrize("size", [(80, 24), (170, 40)])
async def test_the_title_has_the_loss_of_the_status_line(start: Start, size: tuple[int, int]) -> None:
    async with start(SPIRAL, size=size, tab="live") as flow:
        await flow.press("e", "e")
        await flow.until(lambda: flow.progress.epoch == 2, "two epochs")
        for values in ({"loss": 0.2127, "val_loss": 0.51}, {"loss": 41576.4, "val_loss": 1.5e-7}):
            newer = msgspec.structs.replace(flow.progress, values=values)

            def both_show(values: dict[str, float] = values, newer: Progress = newer) -> bool:
                flow.screen.status.progress = newer  # again, where a report of the trainer has come in between
                flow.screen.tabs.show_progress(newer)  # and no picture follows
                status = " ".join(flow.screen.status.text.split())
                title = str(flow.screen.query_one("#live-loss").border_title)
                shown = {label: format_measure(values[name]) for name, label in (("loss", "loss"), ("val_loss", "val"))}
                return all(f"{label} {text}" in status and f" {text}" in title for label, text in shown.items())

            await flow.until(both_show, f"{values} in both")


async def test_predictions_are_compared_with_what_is_true(start: Start) -> None:
    iris = Experiment(dataset=DatasetConfig("iris", validation_split=0.3))
    async with start(iris, size=(170, 44), tab="live") as flow:
        await flow.until(lambda: is_drawn(flow), "all pictures")
        await flow.until_shown("Output: target")
        await flow.press("e", "t")
        await flow.until_shown("Predicted and true: target")
        await flow.until_shown("recall %")
        tally = view_of(flow).content
        assert tally is not None and isinstance(tally.tally, ClassPredictions)
        assert tally.tally.part.samples == 45 and len(tally.tally.confusion.shown) == 3
        await flow.until_shown("validation, 45 rows t map")
        await flow.press("left")
        await flow.until_shown("Layer 1: neuron 1 of 16")
        await flow.press("o", "t")
        await flow.until_shown("Output: target")
        await flow.until(lambda: view_of(flow).content.tally is None, "nothing that is not shown")  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "content"), [("boston", NumberPredictions), ("digits", ClassPredictions)])
async def test_what_two_features_cannot_show_is_compared_from_the_start(
    start: Start, name: str, content: type[object]
) -> None:
    async with start(Experiment(dataset=DatasetConfig(name)), size=(120, 40), tab="live") as flow:
        await flow.until(lambda: isinstance(getattr(view_of(flow).content, "tally", None), content), "the tally")
        await flow.until_shown("Predicted and true")
        await flow.until(lambda: view_of(flow).has_class("-scatter" if name == "boston" else "-matrix"), "its picture")


async def test_a_large_screen_has_large_digits(start: Start) -> None:
    async with start(SPIRAL, size=(160, 50), tab="live") as flow:
        await flow.press("e", "e")
        await flow.until(lambda: flow.progress.epoch == 2, "two epochs")
        await flow.until(lambda: view_of(flow).has_class("-large"), "room for digits")
        shown = [digits.value for digits in flow.screen.query(Digits)]
        values = flow.progress.values
        await flow.until_shown("Accuracy, validation")
        assert shown == [f"{values['val_accuracy']:.1%}", format_measure(values["val_loss"])]
        output, loss = (flow.screen.query_one(f"#live-{name}") for name in ("output", "loss"))
        assert output.size.width > flow.screen.query_one("#live-network").size.width and loss.size.height >= 6


@pytest.mark.parametrize("width", [80, 100, 120, 160])
async def test_the_losses_in_the_title_are_never_cut(start: Start, width: int) -> None:
    plane = Experiment(dataset=DatasetConfig("plane", samples=60, standardize_target=True))
    async with start(plane, size=(width, 40), tab="live") as flow:
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")
        card = flow.screen.query_one("#live-loss", Card)
        losses = [format_measure(flow.progress.values[name]) for name in ("loss", "val_loss")]
        await flow.until(lambda: all(loss in str(card.border_title) for loss in losses), "both losses")
        assert Content.from_markup(str(card.border_title)).cell_length <= card.outer_size.width - EDGES
