"""The Boundary tab in the app: pictures come from the trainer, and keys and the mouse choose what they show."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from running_app import Flow, Start, text_of
from textual.widgets import Static

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.tabs.boundary.messages import Boundary, Function
from tui_trainer.tabs.boundary.thumbnails import StripWidget
from tui_trainer.tabs.boundary.view import Axes, BoundaryView
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget

SPIRAL = Experiment(
    dataset=DatasetConfig("spiral"),
    model=ModelConfig(layers=(LayerConfig(6, "tanh"), LayerConfig(4, "tanh"))),
    training=TrainingConfig(epochs=3),
)
IRIS = replace(SPIRAL, dataset=DatasetConfig("iris"))
MOONS = replace(SPIRAL, dataset=DatasetConfig("moons"))
SINE = replace(SPIRAL, dataset=DatasetConfig("curve_sine"))


@pytest.fixture(autouse=True)
def truecolor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


def view_of(flow: Flow) -> BoundaryView:
    return flow.screen.query_one(BoundaryView)


def content_of(flow: Flow) -> Boundary | Function:
    """The newest content that has come."""
    content = flow.contents("boundary")[-1]
    assert isinstance(content, Boundary | Function)
    return content


def says(flow: Flow) -> str:
    """What the line over the picture says."""
    return text_of(view_of(flow).query_one(".shown", Static))


async def open_tab(flow: Flow) -> BoundaryView:
    """Open the tab and wait until its picture has the size of its canvas."""
    await flow.press("4")
    await flow.until(lambda: flow.screen.query(BoundaryView) and "Output" in says(flow), "a picture")
    view = view_of(flow)
    if isinstance(content_of(flow), Boundary):
        await flow.until(lambda: _fits(flow, view), "a picture of the canvas's size")
    return view


def _fits(flow: Flow, view: BoundaryView) -> bool:
    content = content_of(flow)
    assert isinstance(content, Boundary)
    return (content.columns, content.rows) == view.query_one(HeatmapWidget).grid


async def chosen(flow: Flow, said: str) -> None:
    await flow.until(lambda: says(flow).startswith(said), f"{said!r}, not {says(flow)!r}")


async def test_the_picture_follows_training_and_any_neuron_can_be_looked_at(start: Start) -> None:
    async with start(SPIRAL) as flow:
        view = await open_tab(flow)
        widget, strip = view.query_one(HeatmapWidget), view.query_one(StripWidget)
        before = widget.heatmap.levels
        await flow.press("e")
        await flow.until(lambda: (widget.heatmap.levels != before).any(), "another picture")
        await flow.until_shown("orange 0")
        await flow.press("left")
        await chosen(flow, "Layer 2 (tanh): neuron 1 of 4")
        await flow.press("up")
        await chosen(flow, "Layer 2 (tanh): neuron 4 of 4")
        await flow.press("left", "down", "down")
        await chosen(flow, "Layer 1 (tanh): neuron 3 of 6")
        await flow.press("left", "left", "left", "down")
        await chosen(flow, "Inputs: x2")
        await flow.press("o")
        await chosen(flow, "Output (sigmoid): probability of blue")

        assert not strip.display and not view._arrangement.blocks
        await flow.press("m")
        await flow.until(lambda: strip.display and len(content_of(flow).thumbs) == 4, "small pictures")
        await flow.until_shown("layer 1")
        block = next(block for block in view._arrangement.blocks if block.layer == 1)
        row, column = view._arrangement.position(block, 4)
        await flow.pilot.click(strip, offset=(column + 2, row + 1))
        await chosen(flow, "Layer 1 (tanh): neuron 5 of 6")
        await flow.pilot.click(strip, offset=(view._arrangement.blocks[-1].left + 2, 0))
        await chosen(flow, "Output")


async def test_what_is_drawn_and_of_which_points(start: Start) -> None:
    async with start(MOONS) as flow:
        view = await open_tab(flow)
        widget = view.query_one(HeatmapWidget)
        await flow.press("d")
        await flow.until(lambda: widget.heatmap.steps == 2, "two colours")
        await flow.press("d")
        await flow.until(lambda: widget.heatmap.steps > 2, "all shades")
        await flow.press("t")
        shapes = {"●", "▲"}
        await flow.until(lambda: {marks.glyph for marks in widget.heatmap.marks} == shapes, "training samples alone")
        await flow.press("t")
        await flow.until(lambda: widget.heatmap.marks == (), "no samples")
        await flow.until_said("No samples.")

        before = content_of(flow).samples
        await flow.press("left", "n")
        await flow.until_said("New points, with seed 1")
        assert flow.screen.experiment.dataset.seed == 1
        await flow.until(lambda: content_of(flow).samples != before, "other points")
        await chosen(flow, "Layer 2")
        await flow.press("a")
        await flow.until(lambda: len(content_of(flow).chosen.layers) == 5, "a layer more")
        await chosen(flow, "Output")


async def test_wide_data_over_any_two_features(start: Start) -> None:
    async with start(IRIS, size=(80, 24)) as flow:
        view = await open_tab(flow)
        axes, widget = view.query_one(Axes), view.query_one(HeatmapWidget)
        assert axes.display and widget.region.bottom <= view.region.bottom
        for text in ("petal width (cm)", "the likeliest class; 2 others at their mean", "d discretize", "virginica"):
            await flow.until_shown(text)
        await flow.press("down")
        await chosen(flow, "Output (softmax): probability of setosa")
        await flow.press("up", "up")
        await chosen(flow, "Output (softmax): probability of virginica")

        await flow.press("h")
        await until_axes(flow, "sepal length (cm)", "petal width (cm)")
        await flow.press("v", "v")
        await until_axes(flow, "sepal length (cm)", "petal length (cm)")
        axes.query_one("#boundary-y", Dropdown).action_step(-1)
        await until_axes(flow, "sepal length (cm)", "sepal width (cm)")
        await flow.until(lambda: axes.query_one("#boundary-x", Dropdown).value == "sepal length (cm)", "x in its list")

        view.configure({"x": "sepal width (cm)", "y": "petal width (cm)", "discretize": True, "colour": "mauve"})
        await until_axes(flow, "sepal width (cm)", "petal width (cm)")
        await chosen(flow, "Output (softmax): the likeliest class")
        assert widget.heatmap.steps == 1
        view.configure({})
        await until_axes(flow, "petal length (cm)", "petal width (cm)")
        assert not view.discretize

        await flow.press("n")
        await flow.until_said("Only a toy set can draw new points")
        assert flow.screen.experiment == IRIS
        flow.pilot.app.theme = "ansi-dark"
        await flow.until(lambda: widget.form == "shades" and "▓" in flow.screen_text(), "the terminal's own colours")
        await flow.press("k", "k")
        await flow.until(lambda: widget.form == "ascii", "characters")
        await flow.until_shown("A setosa .")
        assert all(widget.render_line(row).text.isascii() for row in range(widget.size.height))


async def test_one_feature_is_a_curve(start: Start) -> None:
    async with start(SINE, size=(60, 16)) as flow:
        view = await open_tab(flow)
        plot = view.query_one(PlotWidget)
        assert plot.display and not view.query_one(HeatmapWidget).display and not view.query_one(Axes).display
        await flow.until_shown("truth")
        await flow.press("left")
        await flow.until(lambda: [series.label for series in plot.plot.series] == ["neuron"], "a neuron's curve")
        await flow.press("h")
        await flow.until_said("There are no other features")


async def until_axes(flow: Flow, x: str, y: str) -> None:
    """Wait until a picture over ``x`` and ``y`` has come."""

    def there() -> bool:
        content = content_of(flow)
        return isinstance(content, Boundary) and (content.x, content.y) == (x, y)

    await flow.until(there, f"{x} and {y}")
