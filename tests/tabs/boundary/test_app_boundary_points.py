"""Points of a toy set added and removed in the Boundary tab, by keys and by the mouse; the training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from test_app_boundary import IRIS, content_of, open_tab, truecolor  # noqa: F401 (a fixture)
from textual.widgets import Checkbox, Static

from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    PointConfig,
    TrainingConfig,
)
from tui_trainer.protocol import unpack
from tui_trainer.tabs.boundary.messages import Boundary
from tui_trainer.tabs.boundary.view import BoundaryView
from tui_trainer.ui.fields import ByHandField
from tui_trainer.ui.plot_widgets import HeatmapWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

GAUSS = Experiment(
    dataset=DatasetConfig("gauss", samples=60), model=ModelConfig(layers=()), training=TrainingConfig(epochs=1_000_000)
)
PLANE = replace(GAUSS, dataset=DatasetConfig("plane"), model=ModelConfig(layers=(LayerConfig(4, "tanh"),)))


def line(flow: Flow, name: str) -> str:
    """What a line of the tab says."""
    return str(flow.screen.query_one(BoundaryView).query_one(name, Static).content)


def points(flow: Flow) -> list[PointConfig]:
    """The points set by hand, as they are set up."""
    return list(flow.screen.experiment.dataset.points)


def drawn_by_hand(flow: Flow) -> list[tuple[int, float, float]]:
    """Kind and place of the points set by hand in the newest picture."""
    content, found = content_of(flow), []
    for samples in content.samples if isinstance(content, Boundary) else ():
        columns = (unpack(part) for part in (samples.x, samples.y, samples.drawn))
        found += [(samples.kind, x, y) for x, y, number in zip(*columns, strict=True) if number < 0]
    return found


async def until_drawn(flow: Flow) -> None:
    """Wait until the picture has the points of the experiment."""
    wanted = sorted((int(point.value), point.x1, point.x2) for point in points(flow))
    await flow.until(lambda: sorted(drawn_by_hand(flow)) == wanted, f"{wanted} on the picture")


async def test_keys_add_and_remove_and_the_weights_stay(start: Start) -> None:
    async with start(GAUSS) as flow:
        view = await open_tab(flow)
        widget = view.query_one(HeatmapWidget)
        await flow.press("s", "s", "s")
        await flow.until(lambda: flow.progress.steps == 3, "three steps")
        trained = flow.progress.weights
        await flow.until(lambda: "P pen" in line(flow, ".hints"), "the pen among the hints")
        assert "enter" not in line(flow, ".hints") and "clear" not in line(flow, ".hints")
        await flow.press("enter", "shift+left")  # without the pen they are nothing
        assert not view.in_mode and points(flow) == []

        await flow.press("P")
        assert view.in_mode and "enter add" in line(flow, ".hints") and "neuron" not in line(flow, ".hints")
        assert line(flow, ".shown").startswith("Pen: orange at ")
        await flow.press("2", "shift+right", "shift+right", "left", "up", "shift+up")
        assert line(flow, ".shown").startswith("Pen: blue at ")
        assert (view.points.pen.column, view.points.pen.row) == (widget.grid[0] // 2 + 9, widget.grid[1] // 4 - 6)
        await flow.press("enter", "right", "1", "enter")
        await flow.until(lambda: len(points(flow)) == 2, "two points")
        places = [widget.coordinates(view.points.pen.column - back, view.points.pen.row) for back in (1, 0)]
        rounded = [tuple(round(value, 2) for value in place) for place in places]
        assert points(flow) == [PointConfig(*place, value) for place, value in zip(rounded, (1.0, 0.0), strict=True)]
        await until_drawn(flow)
        await flow.until(lambda: flow.progress.run == 3, "the third run")
        assert flow.progress.weights == trained and flow.progress.steps == 0
        assert flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.train_rows == 50
        assert "Added orange at" in flow.message

        await flow.press("x")
        await flow.until(lambda: len(points(flow)) == 1, "the orange one gone")
        await flow.press("delete")
        await flow.until(lambda: points(flow) == [], "the blue one gone")
        await flow.press("u", "u", "u")
        await flow.until(lambda: len(points(flow)) == 1, "undone up to the first point")
        await flow.until(lambda: flow.progress.run == 8 and flow.progress.weights == trained, "the same weights")
        await flow.press("escape")
        assert not view.in_mode and line(flow, ".shown").startswith("Output")


async def test_keys_of_the_pen_do_nothing_else_while_it_is_taken(start: Start) -> None:
    layers = (LayerConfig(3), LayerConfig(3))
    async with start(replace(GAUSS, model=ModelConfig(layers=layers)), size=(80, 24)) as flow:
        view = await open_tab(flow)
        await flow.press("P", "1", "2", "3", *["shift+left", "shift+up"] * 3, "x")
        await flow.until_said("No point is close enough")
        assert flow.screen.tabs.active == "boundary" and len(flow.screen.experiment.model.layers) == 2
        assert view.points.pen.digit == 2 and line(flow, ".shown").endswith("Output (sigmoid): probability of blue")
        await flow.until_shown("esc end")
        await flow.press("s", "m")
        await flow.until(lambda: flow.progress.steps == 1 and flow.screen.setup_open, "other keys as ever")
        box = flow.input("dataset.noise")
        box.focus()
        await flow.until(lambda: box.has_focus, "a text field")
        await flow.press("2", "escape")
        assert box.value == "2" and flow.screen.focused is None and view.in_mode
        await flow.press("escape", "0")
        await flow.until(lambda: flow.screen.tabs.active == "loss", "the other tab, once it is put away")


async def test_a_click_adds_where_it_is_while_training(start: Start) -> None:
    async with start(GAUSS, size=(80, 24)) as flow:
        view = await open_tab(flow)
        widget = view.query_one(HeatmapWidget)
        await flow.press("t", "space")
        await flow.until(lambda: flow.progress.steps > 0, "training")
        weights, column, row = flow.progress.weights, 32, 4
        await flow.pilot.click(widget, offset=(column, row))
        await flow.until(lambda: len(points(flow)) == 1, "a point")
        await flow.until_said("u undoes it. P: other classes.")
        await until_drawn(flow)
        await flow.until(lambda: widget.render_line(row).text[column] == "●", "the point where the click was")
        assert flow.screen.state == "running" and flow.progress.weights != weights

        await flow.pilot.click(widget, offset=(column + 2, row + 1), control=True)
        await flow.until(lambda: points(flow) == [], "the point gone")
        assert flow.screen.experiment.dataset.removed == ()
        await flow.press("t")
        await flow.until(lambda: view.samples == "none" and not widget.heatmap.marks, "no samples")
        await flow.pilot.click(widget, offset=(column, row))
        await flow.until(lambda: view.samples == "training" and len(points(flow)) == 1, "what was added is seen")


async def test_generated_points_go_and_come_back(start: Start) -> None:
    async with start(GAUSS) as flow:
        view = await open_tab(flow)
        widget = view.query_one(HeatmapWidget)
        first = next(samples for samples in content_of(flow).samples if not samples.validation)
        x, y = (unpack(part)[:1] for part in (first.x, first.y))
        (column,), (row,) = widget.cells(x, y)
        view.post_message(HeatmapWidget.Clicked(round(column), round(row), True))
        await flow.until(lambda: flow.screen.experiment.dataset.removed, "a point removed")
        [removed] = flow.screen.experiment.dataset.removed
        await flow.until(
            lambda: all(removed not in unpack(samples.drawn) for samples in content_of(flow).samples), "not drawn"
        )
        view.post_message(HeatmapWidget.Clicked(2, 2, False))
        await flow.until(lambda: len(points(flow)) == 1, "a point added")
        field = flow.screen.query_one(ByHandField)
        await flow.until(lambda: field.display, "the Data panel tells")
        assert str(field.query_one(Checkbox).label) == "by hand: 1 added, 1 removed"

        await flow.press("n")
        await flow.until(lambda: flow.screen.experiment.dataset.seed == 1, "other points")
        assert flow.screen.experiment.dataset.removed == () and len(points(flow)) == 1
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.dataset.removed == (removed,), "the removed one again")
        await flow.press("X")
        await flow.until(lambda: flow.screen.experiment == GAUSS and not field.display, "all of it cleared")
        await flow.press("u")
        await flow.until(lambda: field.display, "and back")
        field.query_one(Checkbox).toggle()
        await flow.until(lambda: flow.screen.experiment == GAUSS, "cleared in the panel")
        await flow.press("X")
        await flow.until_said("No point was added or removed by hand")


async def test_the_last_samples_of_a_class_are_not_given_up(start: Start) -> None:
    async with start(replace(GAUSS, dataset=DatasetConfig("gauss", samples=4))) as flow:
        view = await open_tab(flow)
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        weights = flow.progress.weights
        samples = content_of(flow).samples[0]
        (column, *_), (row, *_) = view.query_one(HeatmapWidget).cells(unpack(samples.x), unpack(samples.y))
        view.post_message(HeatmapWidget.Clicked(round(column), round(row), True))
        await flow.until_said("would be left, but at least 2 are needed")
        await flow.press("u")
        await flow.until_loaded(2)
        await flow.until(
            lambda: flow.progress.run == 3 and flow.progress.weights == weights, "the weights as they were"
        )


async def test_of_a_regression_the_pen_writes_numbers(start: Start) -> None:
    async with start(PLANE) as flow:
        await open_tab(flow)
        await flow.press("P", "3", "enter", "0", "down", "enter", "P")
        await flow.until(lambda: [point.value for point in points(flow)] == [-0.5, -0.5], "two points of -0.5")
        await flow.until(lambda: len(drawn_by_hand(flow)) == 2, "both on the picture")
        assert not flow.screen.query_one(BoundaryView).in_mode


@pytest.mark.parametrize(
    "experiment", [IRIS, replace(GAUSS, dataset=DatasetConfig("curve_sine"))], ids=["iris", "curve"]
)
async def test_other_data_have_no_pen(start: Start, experiment: Experiment) -> None:
    async with start(experiment) as flow:
        view = await open_tab(flow)
        await flow.press("P")
        await flow.until_said("only in a toy set over x1 and x2")
        assert not view.in_mode and "pen" not in line(flow, ".hints")
        view.post_message(HeatmapWidget.Clicked(2, 2, False))
        view.post_message(HeatmapWidget.Clicked(2, 2, True))
        await flow.press("X")
        await flow.until_said("No point was added")
        assert flow.screen.experiment == experiment


async def test_fixed_points_stay_and_the_pen_goes_with_the_plane(start: Start) -> None:
    async with start(replace(GAUSS, hide=("dataset.points",))) as flow:
        view = await open_tab(flow)
        await flow.press("P", "enter")
        await flow.until_said("Points: fixed in this experiment")
        assert points(flow) == [] and view.in_mode
        flow.field("dataset.name").edited("iris")
        await flow.until(lambda: not view.in_mode, "no pen over iris")
