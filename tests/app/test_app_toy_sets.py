"""Toy sets in the app: what is shown of them, the transforms as switches, and going to other data and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Checkbox

from tui_trainer.app.setup.data_panel import STANDARDIZE_TARGET, TransformField
from tui_trainer.app.setup.panel import Fold
from tui_trainer.datasets.catalog import GOOD_SETTINGS, PLANE_COLUMNS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, TrainingConfig
from tui_trainer.ui.fields import Field

if TYPE_CHECKING:
    from running_app import Flow, Start

SPIRAL = Experiment(dataset=DatasetConfig("spiral", noise=10.0, samples=200))
ALWAYS = {
    *("dataset.name", "dataset.path", "dataset.seed", "dataset.standardize"),
    *("dataset.validation_split", "dataset.test_split", "dataset.split_order"),
}


def shown(flow: Flow) -> set[str]:
    """The paths of the data fields that can be seen, but for the switches."""
    fields = [field for field in flow.screen.data_panel.query(Field) if not isinstance(field, TransformField)]
    return {field.path for field in fields if field.region.height}


def switches(flow: Flow) -> dict[str, Checkbox]:
    """The boxes of the transforms that can be seen, by column."""
    boxes = {str(field.query_one(Checkbox).label): field for field in flow.screen.query(TransformField)}
    return {name: field.query_one(Checkbox) for name, field in boxes.items() if field.region.height}


async def unfold_all(flow: Flow) -> None:
    """Unfold everything in the card of the data."""
    for fold in flow.screen.data_panel.query(Fold):
        await flow.screen.data_panel.turn(fold, True)


async def press(flow: Flow, box: Checkbox) -> None:
    """Press Enter on a switch, and leave it."""
    box.focus()
    await flow.until(lambda: box.has_focus, f"focus on {box.label}")
    await flow.press("enter", "escape")


async def until_rows(flow: Flow, name: str, rows: int) -> None:
    """Wait until the trainer has ``rows`` rows of the dataset ``name``, and the app knows."""

    def known() -> bool:
        loaded = flow.screen.trainer.loaded
        return loaded is not None and (loaded.dataset.name, loaded.dataset.rows) == (name, rows)

    await flow.until(known, f"{rows} rows of {name}")


async def until_features(flow: Flow, *names: str) -> None:
    """Wait until the trainer reads just these columns."""

    def known() -> bool:
        return flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.features == names

    await flow.until(known, f"the features {names}")


async def test_fields_show_where_they_mean_something(start: Start) -> None:
    fields = {
        "spiral": {"dataset.samples", "dataset.noise"},  # with which the app is started
        "iris": {"dataset.features", "dataset.target"},
        "plane": {"dataset.samples", "dataset.noise", STANDARDIZE_TARGET},
        "curve_sine": {"dataset.samples", "dataset.noise", STANDARDIZE_TARGET},
        "blobs": {"dataset.samples", "dataset.noise", "dataset.classes"},
    }
    in_the_plane = {"spiral", "plane", "blobs"}
    async with start(Experiment(dataset=DatasetConfig("spiral"))) as flow:
        await unfold_all(flow)
        for name, more in fields.items():
            await flow.screen.editor.change(Experiment(dataset=DatasetConfig(name)))
            await flow.until(lambda more=more: shown(flow) == ALWAYS | more, f"the fields of {name}")
            expected = list(PLANE_COLUMNS) if name in in_the_plane else []
            await flow.until(lambda expected=expected: list(switches(flow)) == expected, f"the switches of {name}")
            for box in switches(flow).values():
                assert box.region.width >= len(str(box.label)) + 2, name
                assert flow.screen.data_panel.region.contains_region(box.region), name


async def test_a_switch_is_a_feature(start: Start) -> None:
    async with start(SPIRAL) as flow:
        await unfold_all(flow)
        await flow.until(lambda: switches(flow), "the switches")
        boxes = switches(flow)
        assert [name for name, box in boxes.items() if box.value] == ["x1", "x2"]
        await press(flow, boxes["sin(x1)"])
        await until_features(flow, "x1", "x2", "sin(x1)")
        assert flow.screen.experiment.dataset.features == ("x1", "x2", "sin(x1)")
        await press(flow, boxes["x1"])
        await until_features(flow, "x2", "sin(x1)")
        await flow.press("u")
        await until_features(flow, "x1", "x2", "sin(x1)")
        assert [name for name, box in boxes.items() if box.value] == ["x1", "x2", "sin(x1)"]
        await press(flow, boxes["x2"])
        await until_features(flow, "x1", "sin(x1)")
        await press(flow, boxes["x1"])
        await until_features(flow, "sin(x1)")
        await press(flow, boxes["sin(x1)"])  # without any, the usual two are back
        await until_features(flow, "x1", "x2")
        assert [name for name, box in boxes.items() if box.value] == ["x1", "x2"]
        assert flow.screen.experiment.dataset == SPIRAL.dataset


async def test_going_to_other_data_and_back(start: Start) -> None:
    noisy = with_field(SPIRAL, "dataset.features", ("x1*x2",))
    async with start(noisy) as flow:
        dataset = flow.field("dataset.name")
        dataset.edited("circle")
        await until_rows(flow, "circle", 200)
        circle = with_field(with_field(noisy, "dataset.name", "circle"), "dataset.standardize_target", True)
        assert flow.screen.experiment == GOOD_SETTINGS["circle"].applied_to(circle)
        dataset.edited("iris")
        await until_rows(flow, "iris", 150)
        assert not switches(flow)
        dataset.edited("xor")
        await until_rows(flow, "xor", 200)
        assert (flow.screen.experiment.dataset.noise, flow.screen.experiment.dataset.features) == (10.0, ())
        await flow.press("u", "u", "u")
        await until_rows(flow, "spiral", 200)
        assert flow.screen.experiment == noisy


async def test_noise_samples_and_classes_are_typed(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig("blobs"))) as flow:
        await flow.enter("dataset.noise", "60")
        await flow.until_said("Noise: a number from 0 to 50, such as 10; got '60'.")
        await flow.enter("dataset.noise", "25")
        await flow.enter("dataset.classes", "6")
        await flow.enter("dataset.samples", "11")
        await flow.until_said("Samples: expected at least 12, two for each of 6 classes, got 11")
        await flow.enter("dataset.samples", "600")
        await until_rows(flow, "blobs", 600)
        assert flow.screen.trainer.loaded is not None and len(flow.screen.trainer.loaded.dataset.classes) == 6
        await flow.enter("dataset.samples", "")
        await until_rows(flow, "blobs", 500)
        assert flow.screen.experiment.dataset == DatasetConfig("blobs", noise=25.0, classes=6)


async def test_other_points_keep_the_weights_and_the_training(start: Start) -> None:
    """As the Playground's Regenerate does; reset goes back to the first weights."""
    model = ModelConfig(layers=())
    experiment = Experiment(dataset=DatasetConfig("gauss"), model=model, training=TrainingConfig(epochs=1_000_000))
    async with start(experiment) as flow:
        first = flow.progress.weights
        await flow.press("s", "s", "s", "4")
        await flow.until(lambda: flow.progress.steps == 3, "three steps")
        trained = flow.progress.weights
        assert trained != first
        await flow.until(lambda: flow.screen.tabs.view is not None and flow.screen.tabs.active == "boundary", "the tab")
        await flow.press("n")
        await flow.until_loaded(2)
        assert flow.screen.experiment.dataset.seed == 1 and "the weights stay" in flow.message
        await flow.until(lambda: flow.progress.run == 2, "the second run")
        assert flow.progress.weights == trained and flow.progress.steps == 0
        await flow.press("space")
        await flow.until_state("running")
        await flow.press("n")
        await flow.until(lambda: flow.progress.run == 3 and flow.progress.steps > 0, "training that went on")
        assert flow.screen.state == "running"
        await flow.press("r")
        await flow.until(lambda: flow.progress.run == 4, "the reset")
        assert flow.progress.weights == first
