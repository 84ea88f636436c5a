"""The Predictions tab in the app: what it asks for, what its keys do, and how it fits its room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from textual.widgets import Static

from tui_trainer.app.preferences import Preferences
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.protocol import Update, unpack
from tui_trainer.settings import RememberedSettings, Settings
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.tabs.predictions.panels import ListPanel, MatrixLayout, MatrixPanel, SampleChosen
from tui_trainer.tabs.predictions.view import PredictionsView
from tui_trainer.ui.plot_widgets import FrameWidget, PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

BOSTON = Experiment(dataset=DatasetConfig("boston"), training=TrainingConfig(learning_rate=0.005))
NARROW = (80, 24)


def view_of(flow: Flow) -> PredictionsView:
    """The open tab."""
    view = flow.screen.tabs.view
    assert isinstance(view, PredictionsView)
    return view


def content_of(flow: Flow) -> ClassPredictions | NumberPredictions:
    """What came last."""
    content = flow.contents("predictions")[-1]
    assert isinstance(content, ClassPredictions | NumberPredictions)
    return content


def seen_steps(flow: Flow) -> int:
    """The number of steps after which that was."""
    return [report.steps for report in flow.reports if isinstance(report, Update) and report.tab == "predictions"][-1]


def request_of(flow: Flow) -> WatchPredictions:
    """What the tab asks for."""
    request = view_of(flow).request
    assert isinstance(request, WatchPredictions)
    return request


async def opened(flow: Flow) -> None:
    """Open the tab and wait for what it shows."""
    await flow.press("6")
    await flow.until(lambda: isinstance(flow.screen.tabs.view, PredictionsView), "the tab")
    await flow.until(lambda: flow.contents("predictions"), "what it shows")
    await flow.until(lambda: " rows   " in flow.screen_text(), "a heading with the number of rows")


def shown(flow: Flow) -> set[str]:
    """The panels on the screen."""
    names = {"matrix", "scatter", "note", "loss", "histogram", "list", "chosen"}
    return {name for name in names if view_of(flow).query_one(f".{name}").display}


async def test_classes_are_shown_and_follow_the_training(start: Start) -> None:
    async with start(with_field(Experiment(), "training.learning_rate", 0.1)) as flow:
        await opened(flow)
        await flow.until(lambda: shown(flow) == {"matrix", "note", "loss", "list", "chosen"}, "the panels")
        await flow.until(lambda: "validation: 30 of 150 rows" in flow.screen_text(), "the part")
        before = content_of(flow)
        await flow.press(*"eeeee")
        await flow.until(lambda: flow.progress.epoch == 5, "five epochs")
        await flow.until(lambda: seen_steps(flow) == flow.progress.steps, "what is seen after them")
        after = content_of(flow)
        assert isinstance(after, ClassPredictions) and after.points.mean < before.points.mean
        await flow.until(lambda: f"accuracy {after.accuracy:.1%}, {after.right} right" in flow.screen_text())
        for text in ("setosa", "recall %", "precision %", "-log p", "probability p of the right class", "sum"):
            await flow.until(lambda text=text: text in flow.screen_text(), text)
        assert abs(flow.progress.values["val_loss"] - after.points.loss) < 1e-6


async def test_panels_follow_one_another(start: Start) -> None:
    async with start(BOSTON, NARROW) as flow:
        await opened(flow)
        await flow.until(lambda: shown(flow) == {"scatter", "list"}, "the overview")
        await flow.press("v")
        await flow.until(lambda: shown(flow) == {"list", "chosen"}, "the samples")
        await flow.until(lambda: "LSTAT" in flow.screen_text(), "the last feature of the chosen one")
        await flow.press("v")
        await flow.until(lambda: shown(flow) == {"note", "loss", "histogram"}, "the losses")
        await flow.until(lambda: "mean of 101 losses" in flow.screen_text() and "in 31 bins" in flow.screen_text())
        await flow.press("v")
        await flow.until(lambda: shown(flow) == {"scatter", "list"}, "the overview")
        await flow.pilot.resize_terminal(120, 40)
        await flow.until(lambda: "chosen" in shown(flow), "more room, more panels")
        await flow.press("m")
        everything = {"scatter", "note", "loss", "histogram", "list", "chosen"}
        await flow.until(lambda: shown(flow) == everything, "all of them without the setup")
        view = view_of(flow)
        left, right = view.query_one(".left"), view.query_one(".right")
        await flow.until(lambda: left.size.width + right.size.width + 2 == view.content_size.width, "two halves")
        await flow.until(lambda: left.region.y == right.region.y and left.size.height == right.size.height, "beside")


async def test_any_sample_can_be_chosen(start: Start) -> None:
    async with start(Experiment(), NARROW) as flow:
        await opened(flow)
        panel = view_of(flow).query_one(ListPanel)
        await flow.until(lambda: panel.size.height == request_of(flow).rows + 1 > 2, "as many as the list has rows")
        rows, before = request_of(flow).rows, content_of(flow)
        await flow.press("up")
        assert request_of(flow).chosen == 0
        for rank in range(1, rows + 2):
            await flow.press("down")
            assert (request_of(flow).chosen, request_of(flow).first) == (rank, max(0, rank - rows + 1))
        await flow.until(lambda: content_of(flow).chosen.rank == rows + 1, "the sample")
        await flow.until(lambda: f"row {content_of(flow).chosen.row}: " in flow.screen_text(), "and its row")
        view_of(flow).show_content(before)
        assert request_of(flow).chosen == rows + 1, "an answer to an older question changes nothing"
        await flow.press("end")
        await flow.until(lambda: content_of(flow).chosen.rank == 29, "the best one")
        assert content_of(flow).listed.first == 30 - rows
        await flow.press("home")
        await flow.until(lambda: content_of(flow).chosen.rank == content_of(flow).listed.first == 0, "the worst one")
        await flow.until(lambda: "▸ 1 " in flow.screen_text(), "the first in the list")

        await flow.pilot.click(ListPanel, offset=(5, 2))
        await flow.until(lambda: content_of(flow).chosen.rank == 1, "the second, by the mouse")
        await flow.pilot.click(ListPanel, offset=(5, 0))
        panel.post_message(SampleChosen(2))
        await flow.until(lambda: content_of(flow).chosen.rank == 2, "one further; the heading is no sample")


async def test_many_classes_are_leafed_through(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig("digits")), (60, 16)) as flow:
        await opened(flow)
        await flow.until(lambda: "page 1 of" in flow.screen_text(), "a matrix of some classes")
        first = content_of(flow)
        assert isinstance(first, ClassPredictions) and first.confusion.others > 0
        hints = view_of(flow).query_one(".hints", Static)
        await flow.until(lambda: "← → classes" in str(hints.content), "the keys that leaf through them")
        await flow.press("right")
        await flow.until(lambda: "page 2 of" in flow.screen_text(), "the next ones")
        await flow.press("left", "left")
        await flow.until(lambda: "page 1 of" in flow.screen_text(), "the first ones")


async def test_a_lesson_says_what_is_seen(start: Start) -> None:
    async with start(BOSTON) as flow:
        await opened(flow)
        view = view_of(flow)
        view.configure({"panel": "loss", "part": "training", "nonsense": 3})
        await flow.until(lambda: shown(flow) == {"note", "loss", "histogram"}, "the losses")
        await flow.until(lambda: "training: 405 of 506 rows" in flow.screen_text(), "the training part")
        view.configure({"panel": ["loss"], "part": None})
        await flow.until(lambda: "validation: 101 of 506 rows" in flow.screen_text(), "the usual part")
        assert view.panel == "overview"
        await flow.press("down", "t")
        await flow.until(lambda: "training: 405 of 506 rows" in flow.screen_text(), "the other part, by a key")
        assert request_of(flow).chosen == 0, "ranks are those of the part"


async def test_the_test_part_is_shown_when_it_is_asked_for_twice(start: Start) -> None:
    async with start(with_field(Experiment(), "dataset.test_split", 0.2)) as flow:
        await flow.press("s")
        await opened(flow)
        await flow.until(lambda: "validation: 30 of 150 rows" in flow.screen_text(), "the part that is held back")
        await flow.press("t")
        await flow.until_said(
            "The test part is for the very end: t again shows it, and the run notes that it was seen."
        )
        assert request_of(flow).part == "validation"
        await flow.press("t")
        await flow.until(lambda: "test: 30 of 150 rows, seen once" in flow.screen_text(), "the test part")
        await flow.press("down")
        await flow.until(lambda: content_of(flow).chosen.rank == 1, "another sample, which is the same look")
        assert content_of(flow).part.seen == 1
        await flow.press("t")
        await flow.until(lambda: "training: 90 of 150 rows" in flow.screen_text(), "the training part")
        await flow.press("t", "t", "t")
        await flow.until(lambda: "test: 30 of 150 rows, seen 2 times" in flow.screen_text(), "the test part again")
        await flow.press("r")
        await flow.until(lambda: "validation: 30 of 150 rows" in flow.screen_text(), "a new run hides it again")


async def test_another_dataset_while_the_tab_is_open(start: Start) -> None:
    async with start() as flow:
        await opened(flow)
        await flow.press("down", "down")
        assert await flow.screen.editor.change_field("dataset.name", "boston")
        await flow.until(lambda: shown(flow) >= {"scatter", "list"} and "of 506 rows" in flow.screen_text(), "prices")
        assert request_of(flow).chosen == 0
        assert await flow.screen.editor.change_field("dataset.name", "iris_two")
        await flow.until(lambda: "matrix" in shown(flow) and "of 100 rows" in flow.screen_text(), "two species")
        assert await flow.screen.editor.change_field("dataset.validation_split", 0.0)
        await flow.until(lambda: "training: all 100 rows, none held for validation" in flow.screen_text(), "that alone")


async def test_markers_are_those_chosen_and_what_is_hidden_is_not_drawn(start: Start) -> None:
    async with start(BOSTON) as flow:
        await opened(flow)
        await flow.press("k", "k")
        await flow.until(lambda: {one.markers for one in view_of(flow).query(FrameWidget)} == {"ascii"})
        await flow.until(lambda: not any("⠀" < char <= "⣿" or char in "▁▂▃▄▅▆▇█●" for char in flow.screen_text()))
        view = view_of(flow)
        await flow.press("v")
        await flow.until(lambda: shown(flow) == {"list", "chosen"}, "the samples")
        plot, panel = view.query_one(".loss", PlotWidget), view.query_one(ListPanel)
        before, listed = plot.plot, panel._drawing
        await flow.press("e")
        await flow.until(lambda: panel._drawing is not listed, "the next numbers")
        assert plot.plot is before, "what is not seen is not drawn"


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_the_threshold_moves_along_the_curves(start: Start, size: tuple[int, int]) -> None:
    async with start(Experiment(dataset=DatasetConfig("breast_cancer"))) as flow:
        await flow.pilot.resize_terminal(*size)
        await flow.press("e")
        await opened(flow)
        await flow.press("v", "v", "v")
        await flow.until(lambda: shown(flow) == set(), "the thresholds")
        await flow.until(lambda: "its output is above 0.5" in flow.screen_text(), "the usual threshold")
        before = content_of(flow)
        await flow.press("left", "left")
        await flow.until(lambda: "its output is above 0.46" in flow.screen_text(), "a lower one")
        after = content_of(flow)
        assert isinstance(before, ClassPredictions) and isinstance(after, ClassPredictions)
        assert before.curves is not None and after.curves is not None
        assert after.curves.counts[0] >= before.curves.counts[0] and after.curves.area == before.curves.area
        assert after.confusion == before.confusion, "the predictions themselves stay as they are"
        await flow.press("v")
        await flow.until(lambda: "matrix" in shown(flow), "the overview")
        assert await flow.screen.editor.change_field("dataset.name", "boston")
        await flow.until(lambda: "scatter" in shown(flow), "prices")
        await flow.press("v", "v", "v")
        await flow.until(lambda: "scatter" in shown(flow), "which have no thresholds")


async def test_a_cell_of_the_matrix_filters_the_samples(start: Start) -> None:
    async with start(with_field(Experiment(), "training.learning_rate", 0.001)) as flow:
        await opened(flow)
        await flow.until(lambda: "enter matrix" in flow.screen_text(), "the hint of the key")
        content = content_of(flow)
        assert isinstance(content, ClassPredictions)
        counts = unpack(content.confusion.counts).reshape(3, 3)
        true, predicted = divmod(int((counts - np.diag(counts.diagonal())).argmax()), 3)
        names = view_of(flow)._picture.classes
        words = f"{counts[true, predicted]:.0f} of class {names[true]} taken for {names[predicted]}"
        await flow.press("enter")
        assert view_of(flow)._cursor == (true, predicted), "the most frequent mistake"
        await flow.until(lambda: "row of samples" in flow.screen_text(), "the keys of the cursor")
        await flow.press("enter")
        await flow.until(lambda: words in flow.screen_text(), "the filter in words")
        assert content_of(flow).listed.total == counts[true, predicted]
        await flow.press("enter", *["up"] * 3, *["left"] * 3)
        assert view_of(flow)._cursor == (0, 0)
        await flow.press("enter")
        await flow.until(lambda: "of class setosa predicted as such" in flow.screen_text(), "another cell")
        await flow.press("enter", "enter")
        await flow.until(lambda: content_of(flow).listed.total == 30, "the same again: all samples")
        assert not view_of(flow).in_mode

        matrix = view_of(flow).query_one(MatrixPanel)
        layout = MatrixLayout.of(view_of(flow)._picture, content, matrix.size.width)
        offset = layout.label + predicted * layout.cell + 2, 2 + true
        await flow.pilot.click(MatrixPanel, offset=offset)
        await flow.until(lambda: words in flow.screen_text(), "the same cell, by the mouse")
        await flow.press("enter", "escape")
        assert view_of(flow)._cursor is None and request_of(flow).cell == (true, predicted)
        await flow.press("escape")
        await flow.until(lambda: content_of(flow).listed.total == 30, "esc takes it off")


async def test_the_matrix_holds_shares_and_the_app_remembers_that(start: Start, tmp_path: Path) -> None:
    memory = RememberedSettings(tmp_path / "remembered.json")
    async with start(preferences=Preferences(Settings(matrix="recall"), memory=memory)) as flow:
        await opened(flow)
        await flow.until(lambda: "% of each row" in flow.screen_text(), "as remembered")
        await flow.press("d")
        await flow.until(lambda: "% of each column" in flow.screen_text(), "by column")
        await flow.until(lambda: memory.recall().matrix == "precision", "that remembered")
        await flow.press("d")
        await flow.until(lambda: "% of each" not in flow.screen_text(), "counts")


async def test_a_number_has_no_matrix(start: Start) -> None:
    async with start(BOSTON) as flow:
        await opened(flow)
        await flow.press("enter")
        await flow.until_said("A number has no confusion matrix; its samples are all in the list.")
