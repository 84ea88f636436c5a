"""The Landscape tab in the running app: stepping, moving the start, choosing what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.widgets import Static

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.toml_file import read
from tui_trainer.tabs.landscape.messages import Landscape
from tui_trainer.tabs.landscape.view import LandscapeView, read_options
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PERCEPTRON = read(EXAMPLES / "perceptron.toml")
WITH_BIAS = with_field(PERCEPTRON, "model.output.use_bias", True)
IRIS = read(EXAMPLES / "iris.toml")


async def opened(flow: Flow) -> LandscapeView:
    """The view, once it shows something."""
    await flow.press("3")
    await flow.until(lambda: flow.screen.query(LandscapeView), "the view")
    view = flow.screen.query_one(LandscapeView)
    await flow.until(lambda: view.content is not None, "a landscape")
    return view


def content_of(view: LandscapeView) -> Landscape:
    assert view.content is not None
    return view.content


def words(view: LandscapeView, name: str) -> list[str]:
    """What stands beside the picture, word by word."""
    return str(view.query_one(f".{name}", Static).content).split()


async def test_ten_steps_with_their_numbers(start: Start) -> None:
    async with start(PERCEPTRON) as flow:
        view = await opened(flow)
        assert words(view, "rule")[:4] == ["w_t+1", "=", "w_t", "−"]
        await flow.press(*"ssssssssss")
        await flow.until(lambda: "w_10" in words(view, "rule"), "ten steps")
        rule = words(view, "rule")[6:]
        for name, value in (("w_9", "3.6190"), ("∂ℒ/∂w", "-1388.3265"), ("ρ", "1e-05"), ("w_10", "3.6329")):
            assert rule[rule.index(name) + 1] == value
        assert rule[rule.index("w*") + 1] == "3.6534"
        first, last = ["t", "w_t", "ℒ", "0", "0.0000", "299,626"], ["10", "3.6329", "29,564"]
        await flow.until(lambda: words(view, "steps")[:6] == first and words(view, "steps")[-3:] == last, "all steps")
        plot = view.query_one(PlotWidget)
        labels = ["ℒ of all 506 rows", "", "steps", "w_0", "w_10", "w*"]
        await flow.until(lambda: [one.label for one in plot.plot.series] == labels, "the legend")
        await flow.press("y")
        await flow.until(lambda: plot.plot.log_y, "a log axis")
        numbers, picture = view.query_one(".rule"), view.query_one(".picture")
        await flow.until(lambda: numbers.region.y >= picture.region.bottom, "the numbers below the picture")
        await flow.press("m")
        await flow.until(lambda: numbers.region.x >= picture.region.right, "beside it where there is room")


async def test_moving_the_start_is_an_edit_that_undo_takes_back(start: Start) -> None:
    async with start(PERCEPTRON) as flow:
        view = await opened(flow)
        await flow.press("s", "s")
        await flow.until(lambda: flow.progress.steps == 2, "two steps")
        await flow.press("left", "left", "right")
        await flow.until_said("Start from w = -0.1.")
        assert flow.screen.experiment.model.weights == (-0.1,)
        await flow.until(lambda: content_of(view).axes[0].at == -0.1 and flow.progress.steps == 0, "the new start")
        await flow.press("s")
        await flow.until(lambda: "w_1" in words(view, "rule"), "a step from there")
        await flow.press("r")
        await flow.until(lambda: content_of(view).axes[0].at == -0.1, "back at the start that was chosen")
        await flow.press("u", "u", "u")
        await flow.until(lambda: content_of(view).axes[0].at == 0.0, "the first start")
        assert flow.screen.experiment == PERCEPTRON


async def test_two_parameters_are_a_map(start: Start) -> None:
    async with start(WITH_BIAS) as flow:
        view = await opened(flow)
        chart = view.query_one(HeatmapWidget)
        await flow.until(lambda: chart.display and chart.size.height > 5, "the map")
        await flow.until(lambda: content_of(view).map is not None and chart.heatmap.levels.shape[::-1] == chart.grid)
        await flow.press("up", "right", "s")
        await flow.until(lambda: "θ_1" in words(view, "rule"), "a step")
        assert flow.screen.experiment.model.weights == (0.1, 1.0)
        assert words(view, "steps")[:4] == ["t", "w_t", "b_t", "ℒ"]
        await flow.press("v")
        await flow.until(lambda: content_of(view).kind == "slice" and not chart.display, "a slice")
        await flow.press("n")
        await flow.until(lambda: content_of(view).axes[0].name == "b", "along b")


async def test_many_parameters_one_by_one_and_in_planes(start: Start) -> None:
    async with start(IRIS) as flow:
        view = await opened(flow)
        assert content_of(view).axes[0].name == "layer 1: w₁₁⁽⁰⁾"
        for key, name in (("n", "layer 1: w₂₁⁽⁰⁾"), ("l", "layer 2: w₁₁⁽¹⁾"), ("p", "layer 1: b₁₆⁽⁰⁾")):
            await flow.press(key)
            await flow.until(lambda name=name: content_of(view).axes[0].name == name, name)
        span = content_of(view).axes[0].high - content_of(view).axes[0].low
        for key, factor in (("plus", 0.5), ("minus", 1.0), ("minus", 2.0)):
            await flow.press(key)
            wanted = pytest.approx(span * factor)
            await flow.until(lambda wanted=wanted: _span(view) == wanted, f"{key}: {factor} of the range")
        await flow.press("v")
        await flow.until(lambda: content_of(view).kind == "plane", "a plane")
        await flow.press("n")
        await flow.until_said("This axis is not a single weight")
        await flow.press("left")
        await flow.until_said("Only a model with one or two parameters")
        await flow.press("v", "N")
        await flow.until(lambda: content_of(view).kind == "contour" and len(content_of(view).axes) == 2, "two weights")
        await flow.press("k", "k")
        await flow.until(lambda: view.query_one(HeatmapWidget).form == "ascii", "characters")


async def test_while_training_runs_the_line_of_the_note_stays_once_it_is_there(start: Start) -> None:
    async with start(PERCEPTRON) as flow:
        view = await opened(flow)
        await flow.press("s")
        await flow.until(lambda: content_of(view).update is not None and flow.progress.steps == 1, "a step")
        same = {"loss": content_of(view).here}
        running = msgspec.structs.replace(flow.progress, state="running", values={"loss": 63475.2})
        for progress in (running, msgspec.structs.replace(running, values=same)):
            view.show_progress(progress)
            assert view.has_class("-note")
        assert words(view, "note") == []
        view.show_progress(msgspec.structs.replace(running, state="paused", values=same))
        assert not view.has_class("-note")


async def test_a_lesson_chooses_what_is_seen_and_nonsense_is_ignored(start: Start) -> None:
    async with start(PERCEPTRON, size=(80, 24)) as flow:
        view = await opened(flow)
        view.configure({"kind": "curve", "parameter": 0, "low": -2, "high": 10.0, "unknown": 3})
        await flow.until(lambda: (content_of(view).axes[0].low, content_of(view).axes[0].high) == (-2.0, 10.0))
        view.configure({"kind": "sphere", "low": "deep", "high": float("nan"), "parameter": True})
        await flow.until(lambda: content_of(view).axes[0].low != -2.0, "the usual range again")
        await flow.until_shown("[ ] rate ← → w_0 + - zoom")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"kind": "plane"}, {"kind": "plane"}),
        ({"kind": "plane", "parameter_2": 4}, {"kind": "contour", "parameter_2": 4}),
        ({"kind": 3, "parameter": -1, "parameter_2": 2**40, "low": None, "high_2": True}, {}),
        ({"low_2": -3, "high_2": 1e3}, {"low_2": -3.0, "high_2": 1000.0}),
    ],
)
def test_the_options_of_a_lesson_are_read(options: dict[str, object], expected: dict[str, object]) -> None:
    assert read_options(options) == expected


def _span(view: LandscapeView) -> float:
    axis = content_of(view).axes[0]
    return axis.high - axis.low
