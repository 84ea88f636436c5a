"""The paces: when steps are due, and that the weights are the same at any of them."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_trainer import pace
from tui_trainer.experiment.schema import Experiment
from tui_trainer.pace import FULL, PACE_NAMES, PACES, WATCH, Pace, Schedule, pace_named
from tui_trainer.training import session as session_module
from tui_trainer.training.session import Session

MANY = 10**9


class Clock:
    """A clock that each look at it moves on by ``tick`` seconds."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 100.0, tick

    def perf_counter(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(session_module, "time", clock)
    return clock


def test_each_pace_has_its_name() -> None:
    assert tuple(one.name for one in PACES) == PACE_NAMES
    assert [pace_named(name).name for name in PACE_NAMES] == list(PACE_NAMES)
    assert len({one.sentence for one in PACES}) == len(PACES)


@pytest.mark.parametrize("seconds, steps", [(0.0, 0), (1.0, 10), (5.0, 250), (9.0, 810), (10.0, 1000), (99.0, 1000)])
def test_a_run_that_is_watched_eases_in(clock: Clock, seconds: float, steps: int) -> None:
    schedule = Schedule(WATCH, 0, 1000, 0)
    assert schedule.steps_due(0, clock.now + seconds + 1e-9, 1000) == steps


@given(st.integers(0, 10**6), st.integers(1, 10**7), st.floats(0.0, 1.0), st.sampled_from(PACES))
def test_a_schedule_goes_on_where_the_run_is(first: int, steps: int, share: float, at: Pace) -> None:
    done = first + int(share * steps)
    schedule = Schedule(at, first, first + steps, done)
    now = schedule._next
    if at.seconds is not None:
        assert schedule.steps_due(done, now, MANY) <= 1 or done == first + steps
        assert 0.0 <= schedule.wait(done, now) <= at.seconds
        left = schedule.seconds_left(done, now)
        assert left is not None and 0.0 <= left <= at.seconds
    elif at.steps_per_second is not None:
        assert schedule.steps_due(done, now, MANY) == 1 and schedule.steps_due(done, now, MANY) == 0
        assert schedule.wait(done, now) == pytest.approx(1 / at.steps_per_second, rel=1e-6)
    else:
        assert schedule.steps_due(done, now, MANY) == MANY and schedule.wait(done, now) == 0.0


def test_a_run_that_the_machine_can_not_keep_up_with_never_waits(clock: Clock) -> None:
    schedule = Schedule(WATCH, 0, 1000, 0)
    assert not schedule.is_late(0, clock.now)
    late = clock.now + 8.0
    assert schedule.is_late(100, late) and schedule.wait(100, late) == 0.0
    assert schedule.seconds_left(100, late) is None and schedule.steps_due(100, late, 64) == 64


@pytest.mark.parametrize("wrong", [{"steps_per_second": 0.0}, {"steps_per_second": -1.0}, {"seconds": 0.0}])
def test_a_pace_of_no_steps_is_refused_where_it_arrives(wrong: dict[str, float]) -> None:
    content = msgspec.msgpack.encode(Pace("odd", **wrong))
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(content, type=Pace)


def test_weights_are_the_same_at_any_pace(clock: Clock) -> None:
    clock.tick = 0.003
    experiment = Experiment()
    experiment = replace(experiment, training=replace(experiment.training, epochs=3, batch_size=50))
    weights = {}
    for one in (*PACES, Pace("odd", seconds=0.05), Pace("mixed", seconds=3.0)):
        session = Session()
        session.load(experiment)
        session.set_pace(one)
        session.train()
        for number in itertools.count():
            if session.state != "running":
                break
            if one.name == "mixed" and number % 7 == 3:
                session.set_pace(PACES[number % len(PACES)])
            session.advance(0.01)
        weights[one.name] = session.weights()
        assert session.steps == 3 * session.trainer.steps_per_epoch and session.state == "finished"
    for name, values in weights.items():
        assert values is not None and np.array_equal(values, weights["full"]), name


def test_a_stretch_after_the_end_and_the_end_at_full_speed(clock: Clock) -> None:
    session = Session()
    session.load(Experiment())
    session.train(to_end=True)
    session.advance_to_end()
    session.set_pace(WATCH)
    done = session.steps
    session.train()
    assert session.seconds_left == pytest.approx(10.0) and session.has_time_to_spare
    session.advance(0.0)
    assert session.steps - done <= 1
    session.train(to_end=True)
    assert not session.has_time_to_spare and session.wait == 0.0
    session.advance_to_end()
    assert session.steps == 2 * done and session.pace == WATCH
    assert FULL not in (session.pace,)
