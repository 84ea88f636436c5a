"""Races: networks trained in step as each would be alone, what is seen of them, and what can't race."""

from __future__ import annotations

import math

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    TrainingConfig,
)
from tui_trainer.protocol import unpack
from tui_trainer.store.store import Store, default_path
from tui_trainer.training.session import Session
from tui_trainer.wall import race as race_module
from tui_trainer.wall.messages import (
    ACTIVATION,
    BATCH,
    FIELDS,
    LAYERS,
    OPTIMIZER,
    RATE,
    SEED,
    Look,
    Network,
    ranking,
    suggest,
)
from tui_trainer.wall.race import Race

IRIS = Experiment(
    dataset=DatasetConfig("iris", validation_split=0.3),
    model=ModelConfig(layers=(LayerConfig(5), LayerConfig(4, "tanh"))),
    training=TrainingConfig(epochs=8, learning_rate=0.05),
)
LOOK = Look(columns=9, rows=6, points=12)


def to_end(race: Race) -> Race:
    race.advance(race.ticks)
    return race


@pytest.mark.parametrize(
    ("path", "values"),
    [(RATE, "0.01, 0.1, 3"), (OPTIMIZER, "sgd, adam"), (LAYERS, "none, 3, 8-8"), (BATCH, "7, 32, full")],
)
@pytest.mark.parametrize("ticks", [10**6, 20])
def test_what_is_kept_is_a_run_that_was_trained_alone(path: str, values: str, ticks: int) -> None:
    for place, value in enumerate(text.strip() for text in values.split(",")):
        race = Race(1, IRIS, path, values)
        race.advance(ticks)
        run, name = race.keep(place)
        assert name.endswith(f" = {value}")
        store = Store(default_path())
        stored, (snapshot, epochs) = store.find(run), store.snapshot(run)
        store.close()
        alone = Session(max_threads=1)
        alone.load(stored.experiment)
        while alone.steps < stored.step and alone.state != "diverged":
            alone.epoch()
        assert stored.experiment == with_field(IRIS, path, value)
        assert stored.step == alone.steps and stored.state in ("paused", "finished", "diverged")
        expected = alone.snapshot()
        np.testing.assert_array_equal(snapshot["parameters"], expected["parameters"])
        for series, column in alone.history.columns(0).items():
            np.testing.assert_array_equal(epochs[series], column)
        restored = Session(max_threads=1)
        restored.load(stored.experiment)
        restored.restore(snapshot, epochs, stored.state)
        assert restored.state == stored.state


def test_all_are_in_step_whatever_an_epoch_of_theirs_takes() -> None:
    race = Race(1, IRIS, BATCH, "5, 35, full")
    assert race.ticks_per_epoch == 21
    for _ in range(8 * 3):
        race.advance(7)
        epochs = [network.epoch for network in race.news(None)]
        assert max(epochs) - min(epochs) == 0
    assert race.is_over and {network.state for network in race.news(None)} == {"finished"}


def test_the_activation_is_that_of_all_hidden_layers() -> None:
    race = Race(1, IRIS, ACTIVATION, suggest(IRIS, ACTIVATION, 4))
    assert race.ready.names == ("relu", "tanh", "sigmoid", "linear")
    race.advance(race.ticks_per_epoch)
    run, name = race.keep(2)
    store = Store(default_path())
    layers = store.find(run).experiment.model.layers
    store.close()
    assert [layer.activation for layer in layers] == ["sigmoid", "sigmoid"] and name == "activation = sigmoid"


def test_classes_over_two_features_are_maps() -> None:
    race = Race(3, IRIS, SEED, "0, 1, 2")
    ready = race.ready
    assert (ready.kind, ready.measure, ready.race) == ("map", "val_accuracy", 3)
    assert ready.x != ready.y and ready.classes and ready.samples
    before = race.news(LOOK)
    assert all(len(network.levels) == len(network.kinds) == 9 * 6 for network in before)
    assert all(network.state == "ready" and 0.0 <= network.score <= 1.0 for network in before)
    assert np.isnan(unpack(before[0].curve)).all()
    after = to_end(race).news(LOOK)
    assert all(one.levels != other.levels for one, other in zip(before, after, strict=True))
    assert all(np.isfinite(unpack(network.curve)).all() for network in after)
    assert race.news(LOOK) == after, "what has ended is drawn from its last weights"


def test_pictures_are_those_of_the_boundary_tab() -> None:
    from tui_trainer.tabs.boundary.compute import BoundaryCompute
    from tui_trainer.tabs.boundary.messages import Boundary, WatchBoundary
    from tui_trainer.tabs.computing import TrainerContext

    session = Session(max_threads=1)
    session.load(with_field(IRIS, SEED, 1))
    drawn = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(9, 6))
    race = Race(1, IRIS, SEED, "0, 1")
    assert isinstance(drawn, Boundary) and (race.ready.x, race.ready.y) == (drawn.x, drawn.y)
    network = race.news(LOOK)[1]
    assert (network.levels, network.kinds) == (drawn.levels, drawn.kinds)


def test_one_feature_is_a_curve_and_many_are_the_loss() -> None:
    curve = Experiment(dataset=DatasetConfig("curve_sine"), training=TrainingConfig(epochs=2))
    race = Race(1, curve, SEED, "0, 1")
    assert (race.ready.kind, race.ready.y) == ("curve", "")
    assert len(race.news(LOOK)[0].levels) == LOOK.columns
    digits = Experiment(dataset=DatasetConfig("digits"), training=TrainingConfig(epochs=1))
    race = Race(1, digits, SEED, "0, 1")
    assert race.ready.kind == "loss" and race.picture_size(LOOK) == (0, 0)
    assert len(unpack(race.news(LOOK)[0].curve)) == LOOK.points


def test_without_a_validation_part_the_loss_of_training_counts() -> None:
    race = Race(1, with_field(IRIS, "dataset.validation_split", 0.0), SEED, "0, 1")
    assert race.ready.measure == "loss" and math.isnan(race.news(None)[0].score)
    race.advance(race.ticks_per_epoch)
    assert all(network.score == network.loss > 0.0 for network in race.news(None))


def test_one_that_diverges_and_one_that_stops_early_leave_the_others_alone() -> None:
    boston = replace(IRIS, dataset=DatasetConfig("boston", validation_split=0.3))
    race = Race(1, with_field(boston, "training.stop_at_loss", 100.0), RATE, "1e-6, 0.01, 1000")
    race.advance(1)
    assert [network.state for network in race.news(LOOK)][:2] == ["running"] * 2
    networks = to_end(race).news(LOOK)
    assert [network.state for network in networks] == ["finished", "stopped early", "diverged"]
    assert ranking(networks, race.ready.measure)[-1] == 2
    patient = with_field(IRIS, "training.early_stopping", EarlyStoppingConfig(patience=1))
    assert to_end(Race(1, patient, RATE, "0.01, 3")).is_over


@pytest.mark.parametrize(
    ("path", "values", "reason"),
    [
        (RATE, "0.1", "two values at least"),
        (RATE, "0.1, fast", "got 'fast'"),
        (RATE, "0.1, 0.1", "given twice"),
        (RATE, "log:1e-4..1", "draws none from a range"),
        (SEED, ",".join(map(str, range(17))), "at most 16 values, got 17"),
        ("dataset.seed", "1, 2", "the same data"),
        (LAYERS, "3, zebra", "zebra"),
    ],
)
def test_what_cannot_race_is_told_in_a_sentence(path: str, values: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        Race(1, IRIS, path, values)


def test_a_perceptron_has_no_activation_to_race_with() -> None:
    with pytest.raises(UserError, match="no hidden layer"):
        Race(1, with_field(IRIS, LAYERS, "none"), ACTIVATION, "relu, tanh")


def test_memory_is_counted_for_all_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race_module, "available_bytes", lambda: 200_000)
    Race(1, IRIS, SEED, "0, 1")
    with pytest.raises(UserError, match="16 networks take"):
        Race(1, IRIS, SEED, ",".join(map(str, range(16))))


@pytest.mark.parametrize("count", [4, 9, 16])
@pytest.mark.parametrize("path", [path for _, path in FIELDS])
def test_what_is_suggested_can_race(path: str, count: int) -> None:
    for experiment in (IRIS, with_field(IRIS, RATE, 0.02), with_field(IRIS, BATCH, "full")):
        values = suggest(experiment, path, count)
        race = Race(1, experiment, path, values)
        assert 4 <= len(race.ready.names) <= count
        if path in (RATE, SEED):
            assert len(race.ready.names) == count


def test_ranking_puts_the_best_first_and_who_has_none_last() -> None:
    def network(score: float, loss: float, state: str = "running") -> Network:
        return Network(state, 1, score, loss)  # type: ignore[arg-type]

    networks = [network(0.5, 1.0), network(0.9, 0.4), network(0.9, 0.3), network(math.nan, 1.0)]
    networks.append(network(1.0, 0.0, "diverged"))
    assert ranking(networks, "val_accuracy") == [2, 1, 0, 3, 4]
    assert ranking(networks, "val_loss")[0] == 0
