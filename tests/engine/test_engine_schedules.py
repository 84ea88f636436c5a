"""Schedules of the learning rate by their definitions; what Keras and PyTorch do with them is in the traces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui_trainer.engine import (
    SGD,
    Adam,
    CosineDecay,
    Dense,
    ExponentialDecay,
    InputLayer,
    OneCycleLR,
    ReduceLROnPlateau,
    Schedule,
    Sequential,
    StepLR,
    Trainer,
)

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 1))


def factors(schedule: Schedule, steps: int) -> list[float]:
    return [schedule.factor(step) for step in range(steps)]


def trainer(schedule: Schedule | None, rate: float = 0.1, **options: object) -> Trainer:
    model = Sequential([InputLayer(3), Dense(1)], dtype="float64")
    return Trainer(model, X, Y, loss="mse", optimizer=SGD(rate), batch_size=5, schedule=schedule, **options)  # type: ignore[arg-type]


def test_the_formulas() -> None:
    assert factors(Schedule(), 3) == [1.0, 1.0, 1.0]
    assert factors(StepLR(2, 0.5), 6) == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    assert factors(ExponentialDecay(4, 0.25), 5) == pytest.approx([1.0, 0.25**0.25, 0.5, 0.25**0.75, 0.25])
    assert factors(CosineDecay(2, 0.2), 5) == pytest.approx([1.0, 0.6, 0.2, 0.2, 0.2])
    cycle = factors(OneCycleLR(10), 12)
    assert cycle[0] == pytest.approx(0.04) and cycle[2] == 1.0 and max(cycle) == 1.0
    assert cycle[9:] == pytest.approx([4e-6] * 3, rel=1e-9), "it stays where it ends"


@pytest.mark.parametrize("make", [Schedule, lambda warmup_steps: StepLR(3, 0.5, warmup_steps)])
def test_a_warm_up_comes_before(make: type[Schedule]) -> None:
    with_warmup, without = factors(make(warmup_steps=4), 12), factors(make(warmup_steps=0), 8)
    assert with_warmup == [0.0, 0.25, 0.5, 0.75, *without]


def test_one_cycle_of_any_length_stays_within_its_bounds() -> None:
    for steps in range(1, 30):
        assert all(4e-6 - 1e-12 <= factor <= 1.0 for factor in factors(OneCycleLR(steps), steps + 3))


def test_a_plateau_reduces_after_patience_and_cools_down() -> None:
    schedule = ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=0.1, cooldown=1)
    seen = []
    for loss in [1.0, 0.95, 0.93, 0.92, 0.92, 0.92, 0.5, 0.5, math.nan]:
        schedule.after_epoch({"loss": loss})
        seen.append(schedule.factor(0))
    assert seen == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125]
    with pytest.raises(KeyError, match="the schedule watches 'loss'"):
        schedule.after_epoch({"val_loss": 1.0})


def test_values_that_are_none_are_refused() -> None:
    for make in (
        lambda: StepLR(0),
        lambda: StepLR(2, 0.0),
        lambda: ExponentialDecay(-1, 0.5),
        lambda: CosineDecay(5, 1.5),
        lambda: OneCycleLR(0),
        lambda: ReduceLROnPlateau(factor=2.0),
        lambda: Schedule(-1),
    ):
        with pytest.raises(ValueError, match="must be"):
            make()


def test_the_rate_of_each_step_is_the_scheduled_one() -> None:
    """Plain steps of a rate that is set by hand before each."""
    schedule = CosineDecay(10, 0.1)
    scheduled, by_hand = trainer(schedule), trainer(None)
    for step in range(12):
        by_hand.optimizer.learning_rate = 0.1 * schedule.factor(step)
        assert scheduled.learning_rate == by_hand.learning_rate
        assert scheduled.step() == by_hand.step()


def test_the_first_step_of_a_warm_up_changes_nothing() -> None:
    one = trainer(Schedule(2))
    before = one.model.parameters.flat.copy()
    one.step()
    np.testing.assert_array_equal(one.model.parameters.flat, before)
    one.step()
    assert not np.array_equal(one.model.parameters.flat, before)


def test_a_new_rate_is_what_the_schedule_multiplies_from_then_on() -> None:
    one = trainer(StepLR(4, 0.5))
    one.run_epoch()
    one.optimizer.learning_rate = 0.04
    assert one.run_epoch()["learning_rate"] == one.optimizer.used_rate == 0.02
    assert one.optimizer.learning_rate == 0.04


def test_the_rate_is_recorded_only_where_it_varies() -> None:
    assert set(trainer(None).run_epoch()) == {"loss"}
    values = trainer(Schedule(2), validation_data=(X, Y), metrics=("mae",)).run_epoch()
    assert list(values) == ["loss", "r2", "mae", "learning_rate", "val_loss", "val_r2", "val_mae"]


def test_a_trainer_goes_on_exactly_from_its_state() -> None:
    one, other = (trainer(ReduceLROnPlateau("loss", 0.5, 1, min_delta=0.5)) for _ in range(2))
    for _ in range(3):
        one.run_epoch()
    state = one.state()
    other.restore(state)
    assert other.learning_rate == one.learning_rate < 0.1
    assert [other.run_epoch() for _ in range(4)] == [one.run_epoch() for _ in range(4)]
    with pytest.raises(KeyError):
        other.restore({name: array for name, array in state.items() if not name.startswith("schedule.")})


def test_adam_corrects_its_means_at_the_scheduled_rate() -> None:
    for kind in (Adam, SGD):
        optimizer = kind(0.2)
        optimizer.build(2, "float64")
        full, half, start = np.empty(2), np.empty(2), np.array([1.0, -1.0])
        optimizer.update(start, np.array([0.3, -2.0]), full)
        optimizer.build(2, "float64")
        optimizer.scale_rate(0.5)
        optimizer.update(start, np.array([0.3, -2.0]), half)
        np.testing.assert_allclose(start - half, (start - full) / 2, rtol=1e-12)


@pytest.mark.parametrize("clip", [{"clip_norm": 0.25}, {"clip_value": 0.125}])
def test_gradients_are_clipped_with_the_penalty_in_them(clip: dict[str, float]) -> None:
    plain, clipped = trainer(None, l2=0.5), trainer(None, l2=0.5, **clip)
    plain.step()
    clipped.step()
    before, after = (np.concatenate([part.ravel() for part in one.gradient()]) for one in (plain, clipped))
    if "clip_norm" in clip:
        assert np.linalg.norm(before) > 0.25 and np.linalg.norm(after) == pytest.approx(0.25)
        np.testing.assert_allclose(after / np.linalg.norm(after), before / np.linalg.norm(before), rtol=1e-12)
    else:
        np.testing.assert_array_equal(after, np.clip(before, -0.125, 0.125))
    loose = trainer(None, l2=0.5, **{name: 1e3 for name in clip})
    loose.step()
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in loose.gradient()]), before)


@pytest.mark.parametrize("clip", [{"clip_norm": 0.0}, {"clip_value": math.nan}, {"clip_norm": 1.0, "clip_value": 1.0}])
def test_limits_that_are_none_are_refused(clip: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="clip"):
        trainer(None, **clip)
