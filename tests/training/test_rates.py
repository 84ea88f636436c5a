"""The rate finder finds a rate that trains, well below those that go wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import StackedTrainer
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.training import builder, rates
from tui_trainer.training.rates import (
    MAX_STEPS,
    MIN_STEPS,
    RATES,
    RateScan,
    Stop,
    scan_rates,
    suggested_rate,
    train_at_rates,
    trial_part,
)
from tui_trainer.training.session import Session

IRIS = Experiment(
    dataset=DatasetConfig("iris"), model=ModelConfig(layers=(LayerConfig(8),)), training=TrainingConfig(epochs=60)
)


def loaded(experiment: Experiment) -> Session:
    session = Session(max_threads=1)
    session.load(experiment)
    return session


def scan_of(experiment: Experiment, stop: Stop = lambda: False) -> RateScan | None:
    session = loaded(experiment)
    return scan_rates(session.experiment, session.split, stop)


def test_the_losses_are_those_of_training_at_each_rate() -> None:
    session = loaded(with_field(IRIS, "dataset.validation_split", 0.0))
    tried = [0.001, 0.1, 0.5]
    values = train_at_rates(session.experiment, session.split, tried, 2, 20, lambda: False)
    assert values is not None and values["loss"].shape == (3, 2)
    for row, rate in enumerate(tried):
        for seed in range(2):
            alone = loaded(
                with_field(with_field(session.requested, "training.learning_rate", rate), "model.seed", seed)
            )
            for _ in range(20):
                alone.step()
            expected = alone.trainer.evaluate(alone.split.x_train, alone.split.y_train)["loss"]
            assert values["loss"][row, seed] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dataset", ["iris", "boston", "moons", "curve_sine", "breast_cancer"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_at_the_suggested_rate_learns(dataset: str, optimizer: str) -> None:
    experiment = with_field(IRIS, "dataset.name", dataset)
    experiment = with_field(experiment, "dataset.standardize_target", True)
    session = loaded(with_field(experiment, "training.optimizer.name", optimizer))
    scan = scan_rates(session.experiment, session.split)
    assert scan is not None and scan.suggestion in scan.rates and MIN_STEPS <= scan.steps <= MAX_STEPS
    place = scan.rates.index(scan.suggestion)
    assert scan.losses[place] < scan.losses[0] and scan.losses[place] < scan.first_loss
    assert not scan.losses[place] > scan.losses[-1]  # nan at the highest rate is worse
    session.load(with_field(session.requested, "training.learning_rate", scan.suggestion))
    session.train()
    session.advance_to_end()
    assert session.state == "finished"
    assert session.values["loss"] < 0.75 * scan.first_loss


def test_the_session_is_left_as_it_is() -> None:
    session = loaded(IRIS)
    session.epoch()
    before = session.snapshot()
    scan_rates(session.experiment, session.split)
    assert all(np.array_equal(array, before[name]) for name, array in session.snapshot().items())


def test_the_same_experiment_gives_the_same_scan() -> None:
    one, other = scan_of(IRIS), scan_of(IRIS)
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.losses, other.losses)
    assert one.suggestion == other.suggestion


def test_it_stops_when_it_is_told_to() -> None:
    assert scan_of(IRIS, lambda: True) is None


def test_a_large_network_is_tried_at_fewer_rates() -> None:
    experiment = with_field(IRIS, "model.layers", [{"units": 500}, {"units": 500}])
    scan = scan_of(with_field(experiment, "training.epochs", 1))
    assert scan is not None and len(scan.rates) == len(RATES[::2]) and scan.steps == MIN_STEPS


NAN = float("nan")


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 0.9, 0.5, 0.1, 0.2, NAN], 1e-2),
        ([1.0, 0.9, 0.14, 0.1, NAN, NAN], 1e-3),
        ([1.0, 1.0, 1.0, 1.0, 0.9, 0.8], 1e0),
        ([1.0, NAN, 1.0, 0.2, 3.0, NAN], 1e-2),
        ([2.0, NAN, NAN, NAN, NAN, NAN], None),
        ([NAN] * 6, None),
    ],
)
def test_the_choice_is_the_lowest_rate_that_is_nearly_as_good_as_the_best(
    losses: list[float], expected: float | None
) -> None:
    assert suggested_rate([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0], np.array(losses), 1.0) == expected


def test_of_many_rows_a_part_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    session = loaded(with_field(IRIS, "dataset.standardize", False))
    monkeypatch.setattr(rates, "TRIAL_ROWS", 40)
    expected = [session.split.x_train[place] for place in (0, -1)]
    tried = trial_part(session.split, session.experiment.training)
    assert len(tried.x_train) == len(tried.y_train) == 40 and tried.x_val is None
    np.testing.assert_array_equal([tried.x_train[0], tried.x_train[-1]], expected)
    sizes = []
    monkeypatch.setattr(
        builder,
        "StackedTrainer",
        lambda models, x, y, **options: sizes.append(len(x)) or StackedTrainer(models, x, y, **options),
    )
    scan = scan_rates(session.experiment, session.split)
    assert scan is not None and set(sizes) == {40} and scan.steps == 60 * 4


def test_a_network_that_fits_into_memory_only_once_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    session = loaded(IRIS)
    monkeypatch.setattr(builder, "available_bytes", lambda: 1000)
    with pytest.raises(UserError, match="are free"):
        scan_rates(session.experiment, session.split)


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
def test_the_whole_schedule_is_gone_through(name: str) -> None:
    """A rate that is reached only for a part of the steps may be higher, and none is suggested that diverges."""
    scheduled = scan_of(with_field(IRIS, "training.schedule.name", name))
    assert scheduled is not None and scheduled.suggestion is not None
    session = loaded(
        with_field(with_field(IRIS, "training.schedule.name", name), "training.learning_rate", scheduled.suggestion)
    )
    before = session.trainer.evaluate(session.split.x_train, session.split.y_train)["loss"]
    session.train()
    session.advance_to_end()
    assert session.state == "finished" and session.values["loss"] < before / 2
