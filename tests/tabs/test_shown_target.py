"""Of several targets one is shown at a time: each tab computes what it would of a network with that output alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import Watch, encode, unpack
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.data.compute import DataCompute
from tui_trainer.tabs.data.messages import WatchData
from tui_trainer.tabs.live.compute import LiveCompute
from tui_trainer.tabs.live.messages import WatchLive
from tui_trainer.tabs.loss.compute import LossCompute
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.messages import NeuronRange, WatchNetwork
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import WatchImportance, WatchPredictions, WatchWhatIf
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from running_app import Flow, Start

TARGETS, FEATURES = ("PRICE", "NOX"), ("RM", "LSTAT")
RNG = np.random.default_rng(3)
KERNEL, BIAS, OUTPUT, OUTPUT_BIAS = (RNG.normal(size=shape) for shape in ((2, 3), 3, (3, 2), 2))
BOTH = Experiment(
    dataset=DatasetConfig("boston", target=TARGETS, features=FEATURES, standardize_target=True),
    model=ModelConfig((LayerConfig(3, "tanh"),), dtype="float64"),
    training=TrainingConfig(epochs=2, learning_rate=0.01, metrics=("rmse",)),
)


def loaded(experiment: Experiment) -> Session:
    session = Session(max_threads=1)
    session.load(experiment)
    return session


def with_outputs(experiment: Experiment, outputs: list[int]) -> Experiment:
    """The experiment with these targets, and the weights of their outputs."""
    weights = [KERNEL, BIAS, OUTPUT[:, outputs], OUTPUT_BIAS[outputs]]
    target = tuple(TARGETS[output] for output in outputs)
    return replace(
        experiment,
        dataset=replace(experiment.dataset, target=target),
        model=replace(experiment.model, weights=tuple(float(value) for array in weights for value in array.ravel())),
    )


def contexts(output: int) -> tuple[TrainerContext, TrainerContext]:
    """A network with both targets, of which one is shown, and one with that target alone."""
    both, alone = (loaded(with_outputs(BOTH, outputs)) for outputs in ([0, 1], [output]))
    return TrainerContext(both, target=output), TrainerContext(alone)


def assert_alike(one: Any, other: Any) -> None:
    """Both hold the same, numbers up to rounding."""
    if isinstance(one, msgspec.Struct):
        for name in one.__struct_fields__:
            assert_alike(getattr(one, name), getattr(other, name))
    elif isinstance(one, bytes) and len(one) % 8 == 0 and one:
        np.testing.assert_allclose(unpack(one), unpack(other), rtol=1e-9, atol=1e-12)
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12)
    else:
        assert one == other


def test_the_network_tab_has_the_importance_of_the_shown_target_alone() -> None:
    of_first, _ = contexts(0)
    request = WatchImportance("training", by="r2")
    predictions = PredictionsCompute(of_first)
    while of_first.session.importance is None:
        predictions.compute(request)
    of_second = TrainerContext(of_first.session, target=1)
    network = WatchNetwork(windows=(NeuronRange(0, 0, 2),), layer=0)
    seen = [NetworkCompute(context).compute(network) for context in (of_first, of_second)]
    assert [one.looked_at.importance is not None for one in seen] == [True, False]
    assert [bool(one.layers[0].importances) for one in seen] == [True, False]
    assert seen[0].looked_at.importance.by == "r2"


@pytest.mark.parametrize("output", [0, 1])
@pytest.mark.parametrize(
    ("compute", "request_"),
    [
        (PredictionsCompute, WatchPredictions(part="validation", rows=9, chosen=4)),
        (PredictionsCompute, WatchImportance(part="training", column=1)),
        (PredictionsCompute, WatchWhatIf(part="training", sample=7, moved=((0, 6.5),), rows=2)),
        (DataCompute, WatchData(run=1)),
    ],
)
def test_a_tab_shows_what_it_would_of_that_target_alone(
    output: int, compute: Callable[[TrainerContext], Any], request_: Any
) -> None:
    contents = []
    for context in contexts(output):
        one = compute(context)
        content = one.compute(request_)
        while content.is_partial:
            content = one.compute(request_)
        contents.append(content)
    both, alone = contents
    if isinstance(request_, WatchData):  # which lists the other target after the one that is shown
        columns = {one.name: one for one in alone.statistics.columns}
        assert [one.name for one in both.statistics.columns][:2] == [TARGETS[output], TARGETS[1 - output]]
        assert all(one.link == columns[one.name].link for one in both.statistics.columns if one.role == "feature")
        return
    assert_alike(both, alone)


@pytest.mark.parametrize("output", [0, 1])
def test_the_picture_is_that_of_the_output(output: int) -> None:
    thumbs = (NeuronRange(0, 0, 2), NeuronRange(1, 0, 3), NeuronRange(2, 0, 1))
    request = WatchBoundary(columns=12, rows=9, thumb=4, thumbs=thumbs)
    both, alone = (BoundaryCompute(context).compute(request) for context in contexts(output))
    assert both.chosen.layers[-1].names == (TARGETS[output],) and both.chosen.layers[-1].units == 1
    assert (both.levels, both.thumbs, both.samples) == (alone.levels, alone.thumbs, alone.samples)
    links, own = (LiveCompute(context).compute(WatchLive(request, tally=True)) for context in contexts(output))
    assert len(links.links) == len(own.links) == 2 and links.links[0] == own.links[0]
    assert len(links.links[1].shades) == len(own.links[1].shades)
    assert links.tally is not None and own.tally is not None


@pytest.mark.parametrize("output", [0, 1])
def test_a_curve_over_one_feature_is_that_of_the_output(output: int) -> None:
    narrow = replace(
        BOTH,
        dataset=replace(BOTH.dataset, features=("RM",)),
        model=ModelConfig((), weights=(2.0, -1.0, 0.5, 0.25), dtype="float64"),
    )
    content = BoundaryCompute(TrainerContext(loaded(narrow), target=output)).compute(WatchBoundary(columns=8, rows=4))
    session = loaded(narrow)
    assert content.y == TARGETS[output] and len(content.lines) == 1
    scale, parts = session.split.target, session.split
    x = (np.array(unpack(content.places)) - parts.mean[0]) / parts.scale[0]
    expected = (x * [2.0, -1.0][output] + [0.5, 0.25][output]) * scale.scale[output] + scale.mean[output]
    np.testing.assert_allclose(unpack(content.lines[0].y), expected, rtol=1e-9)
    values = session.dataset.y[:, output]
    assert content.y_limits[0] <= values.min() and content.y_limits[1] >= values.max()
    assert unpack(content.samples[0].y).max() <= values.max()


def test_the_sample_in_the_network_tab_has_the_value_of_the_target() -> None:
    for output in (0, 1):
        session = loaded(BOTH)
        content = NetworkCompute(TrainerContext(session, target=output)).compute(WatchNetwork(sample=3))
        row = session.split.train_rows[3]
        assert content.target == pytest.approx(session.dataset.y[row, output])
        predicted = session.split.target.restore(session.trainer.model.predict(session.split.x_train[3:4]))
        assert content.prediction == pytest.approx(predicted[0, output])


def test_the_curves_of_a_measure_are_those_of_the_target() -> None:
    session = loaded(BOTH)
    session.train()
    session.advance_to_end()
    for output in (0, 1):
        content = LossCompute(TrainerContext(session, target=output)).compute(WatchLoss("mae"))
        curves = {curve.name: unpack(curve.y) for curve in content.curves}
        history = session.history.epochs
        assert list(curves) == ["mae", "val_mae"]
        assert curves["val_mae"].tolist() == history[f"val_mae[{output}]"].values().tolist()
    whole = LossCompute(TrainerContext(session, target=1)).compute(WatchLoss("loss")).curves
    assert {curve.name for curve in whole} == {"loss", "val_loss", "batch_loss"}


def test_another_target_is_computed_anew_and_a_wrong_number_is_the_nearest() -> None:
    computing = TabComputing(TrainerContext(loaded(BOTH)))
    seen = []
    for target in (0, 1, 7, -3, 0):
        computing.watch(Watch("predictions", encode(WatchPredictions(part="training")), target))
        computed = computing.compute()
        assert computed is not None and computing.target == target
        seen.append(computed[1])
    assert seen[0] == seen[3] == seen[4] and seen[1] == seen[2] != seen[0]


async def shows(flow: Flow, target: str) -> None:
    """Wait until the head names the target, and the trainer has computed for it."""
    number = TARGETS.index(target)
    await flow.until(lambda: f"boston: {target} {number + 1}/2" in flow.screen_text(), "the target in the head")
    await flow.until(lambda: not flow.screen.tabs.view or flow.screen.trainer._watched_target == number, "its number")


async def test_one_key_shows_the_next_target_in_every_tab(start: Start) -> None:
    async with start(BOTH, (120, 40)) as flow:
        await shows(flow, "PRICE")
        await flow.press("E")
        await flow.until_state("finished")
        await flow.press("6")
        await flow.until(lambda: "true PRICE" in flow.screen_text(), "what is predicted of the first")
        await flow.press("Y")
        await shows(flow, "NOX")
        await flow.until(lambda: "true NOX" in flow.screen_text(), "what is predicted of the second")
        assert flow.message == "Target 2 of 2: NOX."
        await flow.press("2")
        await flow.until(lambda: "with NOX" in flow.screen_text(), "the columns beside the second")
        await flow.press("4")
        await flow.until(lambda: "Output (linear): NOX" in flow.screen_text(), "the output of the second")
        await flow.press("5")
        await flow.until(lambda: ": NOX 0." in flow.screen_text(), "its value")
        await flow.press("0", "v")
        await flow.until(lambda: "R² of NOX" in flow.screen_text(), "its R²")
        await flow.press("Y")
        await flow.until(lambda: "R² of PRICE" in flow.screen_text(), "that of the first")
        await flow.press("Y", "r")  # another run on the same data
        await flow.until_loaded(2)
        await shows(flow, "NOX")
        await flow.press("1")
        await flow.until(lambda: "Output: NOX" in flow.screen_text() or "true: NOX" in flow.screen_text(), "Live")


async def test_where_there_is_one_target_the_key_says_so(start: Start) -> None:
    async with start(replace(BOTH, dataset=replace(BOTH.dataset, target="NOX"))) as flow:
        await flow.press("Y")
        await flow.until_said("There is one target, NOX")
