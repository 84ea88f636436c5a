"""Earlier moments of a run: the same bits as a straight run to there, in bounded memory, and nothing changed by it."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.engine import Trainer
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
from tui_trainer.training import timeline
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import DIFFERS, MIN_STEPS, LookBack, Timeline

EPOCHS = 60
BASE = Experiment(
    dataset=DatasetConfig("spiral", validation_split=0.3, samples=120),
    model=ModelConfig(layers=(LayerConfig(6, "tanh"), LayerConfig(5, "tanh"))),
    training=TrainingConfig(learning_rate=0.02, batch_size=20, epochs=EPOCHS),
)
EARLY = EarlyStoppingConfig("val_loss", patience=5, restore_best_weights=True)
CASES = {
    "sgd with momentum and step decay": {
        "training.optimizer.name": "sgd",
        "training.optimizer.momentum": 0.9,
        "training.schedule.name": "step",
    },
    "adam with dropout": {"model.layers[0].dropout": 0.3, "training.optimizer.name": "adam"},
    "nadam with batch normalization": {"model.layers[0].batch_norm": True, "training.optimizer.name": "nadam"},
    "adamw with a cosine": {"training.optimizer.name": "adamw", "training.schedule.name": "cosine"},
    "rmsprop with a plateau": {
        "training.optimizer.name": "rmsprop",
        "training.schedule.name": "plateau",
        "training.schedule.patience": 1,
    },
    "adagrad with early stopping": {"training.optimizer.name": "adagrad", "training.early_stopping": EARLY},
    "l-bfgs": {"training.optimizer.name": "lbfgs", "training.batch_size": "full", "training.learning_rate": 1.0},
    "full batch in order": {"training.batch_size": "full", "training.shuffle": False, "model.dtype": "float32"},
}


def changed(changes: dict[str, object]) -> Experiment:
    experiment = BASE
    for path, value in changes.items():
        if isinstance(value, EarlyStoppingConfig):
            experiment = replace(experiment, training=replace(experiment.training, early_stopping=value))
        else:
            experiment = with_field(experiment, path, value)
    return experiment


def loaded(experiment: Experiment, memory: int = 16_000_000) -> Session:
    session = Session(memory=memory)
    session.load(experiment)
    return session


def finished(session: Session) -> Session:
    session.train()
    session.advance_to_end()
    return session


def weights_of(session: Session) -> bytes:
    return session.trainer.model.parameters.flat.tobytes()


def straight(experiment: Experiment) -> dict[int, bytes]:
    """The weights after each epoch of a run that nobody looks back in."""
    session = loaded(experiment, memory=0)
    weights = {0: weights_of(session)}
    trainer = session.trainer
    for _ in range(EPOCHS):
        trainer.run_epoch()
        weights[trainer.epochs] = weights_of(session)
    return weights


@pytest.mark.parametrize("memory", [16_000_000, 10_000])
@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_an_earlier_epoch_has_the_very_weights_of_a_straight_run(
    changes: dict[str, object], memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MIN_STEPS", 8)  # so that a short run has many snapshots
    experiment = changed(changes)
    session = finished(loaded(experiment, memory))
    assert len(session.timeline.snapshots) > (3 if memory > 100_000 else 1)
    expected, look_back = straight(experiment), LookBack(session)
    rng = np.random.default_rng(1)
    for epoch in rng.integers(0, session.trainer.epochs + 1, 50).tolist():
        moment = look_back.at(epoch, None)
        assert moment.is_exact and moment.epoch == epoch == moment.session.trainer.epochs
        assert weights_of(moment.session) == expected[epoch], f"epoch {epoch}"


def test_scores_and_gradients_are_those_of_a_straight_run() -> None:
    session = finished(loaded(BASE))
    other = loaded(BASE)
    for _ in range(23):
        other.epoch()
    moment = LookBack(session).at(23, None)
    assert moment.session.scores() == other.scores()
    for ours, theirs in zip(moment.session.trainer.gradient(), other.trainer.gradient(), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert moment.session.steps > moment.session.resumed_at, "there was a step, so there is a gradient"
    assert moment.session.history.rows() == other.history.rows()


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_nothing_of_the_run_changes_by_looking_back(changes: dict[str, object]) -> None:
    experiment = changed(changes)
    session, untouched = loaded(experiment), loaded(experiment)
    for one in (session, untouched):
        for _ in range(20):
            one.epoch()
        one.step()
    look_back = LookBack(session)
    for epoch in (20, 3, 17, 0):
        look_back.at(epoch, None)
    for one in (session, untouched):
        one.epoch()
        one.epoch()
    ours, theirs = session.snapshot(), untouched.snapshot()
    assert ours.keys() == theirs.keys()
    timed = ("stopping.own",)  # how long it has trained
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours if name not in timed)
    assert session.history.rows() == untouched.history.rows()


def test_changes_by_hand_are_led_across_and_the_way_before_them_stays() -> None:
    session, seen = loaded(BASE), {}
    session.set_weight(0, 0.25)  # before the first step: the run begins so
    seen[0] = weights_of(session)
    session.train()
    session.pause()

    def train(epochs: int) -> None:
        for _ in range(epochs):
            session.epoch()
            seen[session.trainer.epochs] = weights_of(session)

    train(7)
    session.set_weight(3, 0.5)
    train(6)
    session.step()
    session.tune(replace(session.requested.training, learning_rate=0.005))
    train(6)
    session.swap_best()
    train(4)
    look_back = LookBack(session)
    for epoch in (22, 3, 0, 8, 14, 7, 13, 19, 21):
        moment = look_back.at(epoch, None)
        assert moment.is_exact and weights_of(moment.session) == seen[epoch], f"epoch {epoch}"


def test_a_schedule_whose_length_was_changed_is_the_one_of_each_time() -> None:
    session, seen = loaded(changed({"training.schedule.name": "cosine"})), {}
    for epoch in range(1, 21):
        session.epoch()
        seen[epoch] = weights_of(session)
        if epoch == 10:
            session.tune(replace(session.requested.training, epochs=30))
    look_back = LookBack(session)
    for epoch in (15, 5, 20, 10):
        assert weights_of(look_back.at(epoch, None).session) == seen[epoch], f"epoch {epoch}"


def test_what_takes_too_long_shows_the_nearest_kept_moment_and_says_so() -> None:
    session = finished(loaded(BASE, memory=12_000))
    kept = {snapshot.epoch for snapshot in session.timeline.snapshots}
    far = max(set(range(EPOCHS)) - kept, key=lambda epoch: min(abs(epoch - other) for other in kept))
    moment = LookBack(session).at(far, -1.0)
    assert not moment.is_exact and f"nearest kept moment to epoch {far}" in moment.sentence
    assert moment.epoch in kept and moment.epoch == moment.session.trainer.epochs
    assert weights_of(moment.session) == straight(BASE)[moment.epoch]


def test_slow_steps_are_not_taken_by_the_dozen_before_the_budget_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    session = finished(loaded(changed({"training.batch_size": 1, "training.epochs": 3})))
    clock, step = [0.0], Trainer._step

    def slow_step(trainer: Trainer) -> float:
        clock[0] += 0.04
        return step(trainer)

    monkeypatch.setattr(timeline, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(Trainer, "_step", slow_step)
    moment = LookBack(session).at(1)
    assert "takes too long" in moment.sentence and clock[0] <= 3 * timeline.BUDGET


def test_a_run_that_other_arithmetic_has_trained_is_said_to_differ() -> None:
    session = finished(loaded(BASE))
    rows = session.history.columns(0)
    rows["loss"][9] = np.nextafter(rows["loss"][9], 1.0)  # as another machine may have rounded
    session.history.restore(rows, session.history.steps)
    look_back = LookBack(session)
    assert look_back.at(10, None).sentence == DIFFERS and look_back.at(11, None).is_exact


@pytest.mark.parametrize("epoch", [-1, 61])
def test_an_epoch_that_is_not_there_is_refused(epoch: int) -> None:
    with pytest.raises(UserError, match="from 0 to 60"):
        LookBack(finished(loaded(BASE))).at(epoch)


def test_snapshots_are_dense_at_the_start_and_bounded_in_all() -> None:
    limit = 200_000
    session = loaded(changed({"training.batch_size": "full", "training.epochs": 20_000}))
    kept = session.timeline = Timeline(limit)
    session._begin_timeline(20_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    trainer = session.trainer
    for step in range(1, 20_001):
        trainer.steps = trainer.epochs = step  # no need to train for it
        if kept.is_due(step):
            kept.keep(trainer, 20_000)
        assert kept.size <= limit
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken <= limit
    steps = np.array([snapshot.step for snapshot in kept.snapshots])
    gaps = np.diff(steps)
    assert len(steps) > limit / 4 / max(snapshot.size for snapshot in kept.snapshots)
    assert (gaps >= MIN_STEPS).all() and steps[0] == 0
    early, late = gaps[steps[1:] < 1000], gaps[steps[1:] > 15_000]
    assert early.mean() < 0.4 * late.mean() and late.max() <= 4 * 20_000 / len(steps) * 1.5


def test_a_network_that_is_larger_than_the_bound_can_be_seen_at_its_start_and_trained_again() -> None:
    session = finished(loaded(BASE, memory=2_000))
    assert session.timeline.size == 0 and [one.step for one in session.timeline.snapshots] == [0]
    assert weights_of(LookBack(session).at(31, None).session) == straight(BASE)[31]
    session.set_weight(0, 1.0)
    session.epoch()
    moment = LookBack(session).at(EPOCHS + 1, None)
    assert moment.epoch == 0 and "the run was changed since" in moment.sentence


def test_the_first_moment_has_the_initial_weights_and_no_values_yet() -> None:
    moment = LookBack(finished(loaded(BASE))).at(0, None)
    assert moment.session.values == {} and moment.session.state == "ready"
    assert weights_of(moment.session) == weights_of(loaded(BASE))
