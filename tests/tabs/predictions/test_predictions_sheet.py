"""The contact sheet of the Predictions tab: where its pictures are, what they show, and how a sample is chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from predictions_pictures import picture_of

from tui_trainer.datasets.loading import load
from tui_trainer.datasets.pixels import pixel_grid
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.plotting.heatmaps import GREY
from tui_trainer.plotting.pictures import draw_picture
from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import unpack
from tui_trainer.tabs.predictions.messages import ClassPredictions, WatchPredictions
from tui_trainer.tabs.predictions.panels import ListPanel
from tui_trainer.tabs.predictions.plots import Picture
from tui_trainer.tabs.predictions.sheet import SheetLayout, SheetPanel, draw_sheet
from tui_trainer.tabs.predictions.view import PredictionsView

if TYPE_CHECKING:
    from running_app import Flow, Start

DIGITS = Experiment(dataset=DatasetConfig("digits"))


def digits_picture(request: WatchPredictions) -> Picture:
    digits = load(DIGITS.dataset)
    picture = picture_of(DIGITS, request, epochs=1)
    return replace(picture, pixels=pixel_grid(digits.features, digits.left_out, digits.x))


def test_pictures_are_laid_out_beside_the_chosen_one() -> None:
    layout = SheetLayout.of(8, 8, 88, 20)
    assert layout == SheetLayout(8, 4, across=5, down=4, large=32)
    assert layout.samples == 20
    assert [layout.at(*cell) for cell in ((1, 0), (11, 0), (1, 5), (45, 4), (60, 0), (1, 20))] == [
        0,
        1,
        5,
        4,
        None,
        None,
    ]
    assert SheetLayout.of(8, 8, 88, 4) is None, "no row for the labels"
    low = SheetLayout.of(28, 28, 88, 7)
    assert low is not None and (low.width, low.height, low.down) == (10, 5, 1), "three pixels become one"
    assert SheetLayout.of(28, 28, 88, 4) is None and SheetLayout.of(28, 28, 2, 40) is None, "nothing could be seen"
    small = SheetLayout.of(28, 28, 78, 9)
    assert small is not None and (small.width, small.height, small.down) == (14, 7, 1)


def test_each_sample_is_drawn_with_its_true_and_its_predicted_class() -> None:
    picture = digits_picture(WatchPredictions(rows=12, pictures=True, chosen=2))
    content = picture.content
    assert isinstance(content, ClassPredictions)
    frame = draw_sheet(picture, 88, 20, "ascii")
    layout = SheetLayout.of(8, 8, 88, 20)
    assert layout is not None
    true, predicted = unpack(content.listed.true), unpack(content.listed.predicted)
    down, across = layout.pitch
    samples = unpack(content.listed.features).reshape(12, 8, 8)
    for place in range(12):
        row, column = place // layout.across * down, place % layout.across * across
        label = f"{'>' if place == 2 else ' '}{int(true[place])}>{int(predicted[place])}"
        assert frame.rows[row + layout.height][column : column + 4] == label
        levels = to_levels(samples[place], 0.0, 16.0)
        expected = draw_picture(levels, GREY, 8, 4, "ascii")[0]
        lines = frame.rows[row : row + layout.height]
        assert [line[column + 1 : column + 9] for line in lines] == ["".join(line) for line in expected.tolist()]
    assert content.chosen is not None and f"row {content.chosen.row}" in frame.rows[16]


def test_pictures_ask_for_all_pixels_and_a_list_for_a_few() -> None:
    pictures = digits_picture(WatchPredictions(rows=3, pictures=True)).content
    few = digits_picture(WatchPredictions(rows=3))
    assert pictures is not None and few.content is not None
    assert (len(unpack(pictures.listed.features)), len(unpack(few.content.listed.features))) == (3 * 64, 3 * 16)
    assert not "".join(draw_sheet(few, 88, 20, "pixels").rows).strip(), "what was sent for a list is not drawn"


async def opened(flow: Flow) -> PredictionsView:
    await flow.press("6")
    await flow.until(lambda: isinstance(flow.screen.tabs.view, PredictionsView), "the tab")
    view = flow.screen.tabs.view
    assert isinstance(view, PredictionsView)
    return view


def chosen_rank(flow: Flow) -> int:
    content = flow.contents("predictions")[-1]
    assert isinstance(content, ClassPredictions) and content.chosen is not None
    return content.chosen.rank


async def test_a_click_or_a_key_chooses_a_picture(start: Start) -> None:
    async with start(DIGITS) as flow:
        view = await opened(flow)
        sheet = view.query_one(SheetPanel)
        await flow.until(lambda: sheet.display and "▸" in sheet.row_text(4), "the sheet, with the worst sample chosen")
        assert not view.query_one(ListPanel).display and "pixel_0_0" not in flow.screen_text()
        await flow.press("down")
        await flow.until(lambda: chosen_rank(flow) == 1, "the second one")
        await flow.until(lambda: sheet.row_text(4).find("▸") == 10, "its mark")
        await flow.pilot.click(SheetPanel, offset=(22, 2))
        await flow.until(lambda: chosen_rank(flow) == 2, "the third one, by the mouse")
        await flow.press("enter", "enter")
        await flow.until(lambda: flow.contents("predictions")[-1].cell is not None, "the samples of a cell")
        await flow.until(lambda: " taken for " in sheet.row_text(0) and "▸" in sheet.row_text(5), "below their cell")
        await flow.pilot.click(SheetPanel, offset=(12, 3))
        await flow.until(lambda: chosen_rank(flow) == 1, "the second of them, by the mouse")


async def test_a_terminal_without_room_for_a_picture_has_the_list(start: Start) -> None:
    async with start(DIGITS, (80, 24)) as flow:
        view = await opened(flow)
        await flow.until(lambda: "pixel_0_0" in flow.screen_text(), "the list")
        assert not view.query_one(SheetPanel).display
        await flow.press("v")
        await flow.until(lambda: view.query_one(SheetPanel).display, "more room for the samples")
        await flow.until(lambda: "▸" in view.query_one(SheetPanel).row_text(4), "pictures")
