"""What the tabs show of an earlier moment is what they showed of the run when it was there, to the last bit."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import Request, Watch, encode
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.landscape.messages import WatchLandscape
from tui_trainer.tabs.live.messages import WatchLive
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.network.messages import NeuronRange, WatchNetwork
from tui_trainer.tabs.predictions.messages import WatchPredictions
from tui_trainer.tabs.summary.messages import SummaryContent, WatchSummary
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import LookBack

EPOCHS = 40
IRIS = Experiment(
    dataset=DatasetConfig("iris", validation_split=0.3),
    model=ModelConfig(layers=(LayerConfig(5, "tanh", dropout=0.1), LayerConfig(4, "relu", batch_norm=True))),
    training=TrainingConfig(learning_rate=0.02, batch_size=20, epochs=EPOCHS),
)
NUMBERS = with_field(IRIS, "dataset.name", "boston")
LINE = Experiment(
    dataset=DatasetConfig("boston_rm"), model=ModelConfig(layers=()), training=TrainingConfig(epochs=EPOCHS)
)
WINDOWS = (NeuronRange(0, 0, 2), NeuronRange(1, 0, 5), NeuronRange(2, 0, 4), NeuronRange(3, 0, 1))
REQUESTS: dict[str, Request] = {
    "boundary": WatchBoundary(20, 20, thumbs=WINDOWS),
    "network": WatchNetwork(3, 2, 1, WINDOWS, 4),
    "predictions": WatchPredictions(),
    "summary": WatchSummary(),
    "landscape": WatchLandscape(12, 12),
}


def computing(session: Session) -> TabComputing:
    return TabComputing(TrainerContext(session))


def content(tabs: TabComputing, name: str, request: Request | None = None) -> bytes:
    tabs.watch(Watch(name, encode(request or REQUESTS[name])))
    computed = tabs.compute()
    assert computed is not None and computed[0] == name
    shown = computed[1]
    if isinstance(shown, SummaryContent):  # whose history is of the moments that somebody looked at, or of none
        shown = msgspec.structs.replace(shown, epochs=b"", history=(), moment=None)
    return bytes(encode(shown))


def test_every_tab_shows_the_very_moment_of_a_straight_run() -> None:
    for experiment in (with_field(IRIS, "model.dtype", "float64"), NUMBERS):
        straight = Session(memory=0)
        straight.load(experiment)
        at_that_time = computing(straight)
        expected = []
        for epoch in range(EPOCHS + 1):
            if epoch:
                straight.epoch()
            expected.append({name: content(at_that_time, name) for name in REQUESTS})
        session = Session()
        session.load(experiment)
        session.train()
        session.advance_to_end()
        tabs, look_back = computing(session), LookBack(session)
        for epoch in np.random.default_rng(2).integers(0, EPOCHS + 1, 50).tolist():
            tabs.look_at(look_back.at(epoch, None).session)
            for name, shown in expected[epoch].items():
                assert content(tabs, name) == shown, f"{name} at epoch {epoch}"
        tabs.look_at(None)
        assert content(tabs, "boundary") == expected[-1]["boundary"], "the present is back"


@pytest.mark.parametrize("name", ["loss", "live"])
def test_the_curves_of_the_loss_stay_whole(name: str) -> None:
    session = Session()
    session.load(IRIS)
    session.train()
    session.advance_to_end()
    tabs = computing(session)
    request = WatchLoss() if name == "loss" else WatchLive(WatchBoundary(8, 8))
    tabs.look_at(LookBack(session).at(7, None).session)
    shown = msgspec.msgpack.decode(content(tabs, name, request))
    curves = shown["curves"] if name == "loss" else shown["loss"]["curves"]
    assert len(curves[0]["x"]) == 8 * EPOCHS


def test_the_path_down_ends_where_the_moment_is() -> None:
    session = Session()
    session.load(LINE)
    session.train()
    session.advance_to_end()
    assert session.trajectory is not None
    for epoch in (7, 0, EPOCHS - 1):
        earlier = LookBack(session).at(epoch, None).session
        trajectory = earlier.trajectory
        assert trajectory is not None and trajectory.steps[-1] == earlier.steps
        assert trajectory.points[-1].tolist() == earlier.trainer.model.parameters.flat.tolist()
        assert len(trajectory.points) == 1 + earlier.steps and (trajectory.last is None) == (epoch == 0)


def test_an_earlier_moment_is_computed_once_and_again_for_another_request() -> None:
    session = Session()
    session.load(IRIS)
    session.epoch()
    session.train()
    tabs = computing(session)
    content(tabs, "boundary")
    assert tabs.is_live
    tabs.look_at(LookBack(session).at(1, None).session)
    assert tabs.is_live, "it is due"
    tabs.compute()
    assert not tabs.is_live, "nothing of it changes while the run goes on"
    content(tabs, "network")
    assert not tabs.is_live
    tabs.look_at(None)
    assert tabs.is_live
