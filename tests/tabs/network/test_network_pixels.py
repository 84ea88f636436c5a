"""Pictures in the Network tab: the sample in place of the names of its inputs, and the weights of a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.plotting.plot import HIGHEST, MIDDLE, unpack_levels
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.drawing import NetworkCanvas
from tui_trainer.tabs.network.messages import Network, WatchNetwork
from tui_trainer.tabs.network.view import NetworkView
from tui_trainer.training.session import Session
from tui_trainer.ui.plot_widgets import PictureWidget

if TYPE_CHECKING:
    from running_app import Start

DIGITS = Experiment(dataset=DatasetConfig("digits"), model=ModelConfig(layers=(LayerConfig(12, "tanh"),)))


def seen(session: Session, request: WatchNetwork) -> Network:
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network)
    return content


def test_the_picture_is_the_sample_in_the_units_of_the_data() -> None:
    session = Session()
    session.load(DIGITS)
    content = seen(session, WatchNetwork(sample=3))
    levels = unpack_levels(content.picture, content.picture_rows)
    raw = session.dataset.x[session.split.train_rows[3]].reshape(8, 8)
    assert levels.shape == (8, 8)
    np.testing.assert_array_equal(levels == 0, raw == 0)
    np.testing.assert_array_equal(levels == HIGHEST, raw == 16)
    assert (np.diff(levels.ravel()[np.argsort(raw.ravel(), kind="stable")].astype(int)) >= 0).all()


def test_weights_are_on_both_sides_of_the_middle() -> None:
    session = Session()
    session.load(DIGITS)
    session.epoch()
    content = seen(session, WatchNetwork(layer=1, neuron=5))
    weights = session.trainer.model.parameters.kernels[0][:, 5].reshape(8, 8)
    levels = unpack_levels(content.weights, content.picture_rows)
    np.testing.assert_array_equal(levels >= MIDDLE, weights >= 0)
    assert {int(levels.min()), int(levels.max())} & {0, HIGHEST}, "the largest weight has the strongest colour"


def test_only_neurons_of_the_first_layer_have_weights_of_pixels() -> None:
    session = Session()
    session.load(DIGITS)
    for layer in (0, 2):
        content = seen(session, WatchNetwork(layer=layer))
        assert content.picture and not content.weights
    session.load(with_field(DIGITS, "dataset", DatasetConfig("iris")))
    content = seen(session, WatchNetwork(layer=1))
    assert not content.picture and not content.weights


async def test_the_tab_draws_them(start: Start) -> None:
    async with start(DIGITS) as flow:
        await flow.press("5")
        await flow.until(lambda: flow.screen.query(NetworkView), "the tab")
        view = flow.screen.query_one(NetworkView)
        inputs, weights = view.query_one(".inputs", PictureWidget), view.query_one(".weights", PictureWidget)
        await flow.until(lambda: inputs.display and weights.display, "both pictures")
        await flow.until(lambda: "its weights, a pixel each" in weights.row_text(0), "the weights")
        canvas = view.query_one(NetworkCanvas)
        await flow.until(lambda: canvas.row_text(3).strip(), "the network")
        assert not any("pixel_" in canvas.row_text(row) for row in range(canvas.size.height))
        assert inputs.region.right <= canvas.region.x and inputs.size.width <= view.size.width // 4
        await flow.press("right")
        await flow.until(lambda: not weights.display, "none for an output")
        await flow.press("left", "left")
        await flow.until(lambda: view.choice.layer == 0 and view.content.weights == b"", "none for an input")


async def test_other_data_have_their_names(start: Start) -> None:
    async with start(Experiment()) as flow:
        await flow.press("5")
        await flow.until(lambda: flow.screen.query(NetworkView), "the tab")
        view = flow.screen.query_one(NetworkView)
        await flow.until(lambda: "sepal" in flow.screen_text(), "the names")
        assert not view.query_one(".inputs").display and not view.query_one(".weights").display
