"""A run without pipe and screen: loaded, trained, tuned, ended, and the same again from its seeds."""

from __future__ import annotations

from typing import Any

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
    OptimizerConfig,
    OutputConfig,
    ScheduleConfig,
    TrainingConfig,
)
from tui_trainer.experiment.toml_file import loads
from tui_trainer.experiment.validation import full_path
from tui_trainer.training.diagnosis import diagnose
from tui_trainer.training.session import Session

SMALL = Experiment(model=ModelConfig(layers=(LayerConfig(5),)), training=TrainingConfig(epochs=6))
STEEP = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False),
    model=ModelConfig(layers=()),
    training=TrainingConfig(learning_rate=1.0),
)

CLASSES = TrainingConfig(loss="categorical_crossentropy")


def loaded(experiment: Experiment = SMALL) -> Session:
    session = Session()
    session.load(experiment)
    return session


def to_the_end(session: Session) -> Session:
    session.train()
    while session.state == "running":
        session.advance(0.01)
    return session


def losses(session: Session) -> list[float]:
    return session.history.steps.points()[1].tolist()


def test_empty_session_does_nothing() -> None:
    session = Session()
    for command in (session.train, session.pause, session.step):
        command()
    assert session.state == "empty"


def test_a_run_from_the_first_step_to_the_last() -> None:
    session = loaded()
    assert session.state == "ready" and session.values == {}
    assert session.trainer.model.count_params() == 4 * 5 + 5 + 5 * 3 + 3
    session.step()
    assert session.state == "paused" and session.trainer.steps == 1
    assert set(session.values) == {"batch_loss"} and session.values["batch_loss"] == losses(session)[-1]
    session.epoch()
    assert (session.trainer.epochs, session.trainer.position, session.trainer.steps) == (1, 0, 4)
    session.epoch()
    assert session.trainer.epochs == 2
    to_the_end(session)
    assert session.state == "finished" and session.sentence == "Finished 6 epochs, 24 steps."
    assert len(session.history.steps) == 24 and len(session.history.rows()) == 6
    assert set(session.values) == {"loss", "val_loss", "val_accuracy", "batch_loss"}

    to_the_end(session)
    assert session.trainer.epochs == 12, "as many again"
    session.step()
    assert session.state == "paused" and session.trainer.steps == 49


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adagrad", "adam"])
def test_the_same_seeds_give_the_same_losses_however_it_is_advanced(optimizer: str) -> None:
    experiment = with_field(SMALL, "training.optimizer.name", optimizer)
    experiment = with_field(experiment, "model.layers[0].dropout", 0.2)
    straight, stepped = to_the_end(loaded(experiment)), loaded(experiment)
    for _ in range(7):
        stepped.step()
    stepped.epoch()
    to_the_end(stepped)
    assert losses(straight) == losses(stepped)
    assert straight.history.rows() == stepped.history.rows()
    straight.load(experiment)
    assert straight.values == {} and losses(to_the_end(straight)) == losses(stepped)
    other = to_the_end(loaded(with_field(experiment, "model.seed", 1)))
    assert all(ours != theirs for ours, theirs in zip(losses(other), losses(stepped), strict=True))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(SMALL, dataset=DatasetConfig("no such data")), "dataset.name"),
        (replace(SMALL, dataset=DatasetConfig(path="no/such/file.csv")), "dataset.path"),
        (replace(SMALL, dataset=DatasetConfig(features=("nosuch",))), "dataset.features"),
        (with_field(SMALL, "model.output.units", 7), "model.output.units"),
        (replace(SMALL, dataset=DatasetConfig("boston"), training=CLASSES), "training.loss"),
        (
            replace(SMALL, training=TrainingConfig(optimizer=OptimizerConfig(nesterov=True))),
            "training.optimizer.momentum",
        ),
        (replace(SMALL, model=ModelConfig(layers=(LayerConfig(65536),) * 3)), "model"),
    ],
)
def test_a_load_that_fails_leaves_the_run_as_it_was(wrong: Experiment, field: str) -> None:
    session, twin = loaded(), loaded()
    for one in (session, twin):
        one.epoch()
    with pytest.raises(UserError) as raised:
        session.load(wrong)
    assert raised.value.field == field
    assert session.state == "paused" and session.experiment == twin.experiment
    assert losses(to_the_end(session)) == losses(to_the_end(twin))
    assert session.trainer.epochs == 6


def test_tuning_keeps_weights_and_history() -> None:
    session = loaded()
    session.epoch()
    before, seen = session.trainer.model.get_weights(), losses(session)
    session.tune(replace(SMALL.training, learning_rate=0.2, epochs=3))
    assert session.trainer.optimizer.learning_rate == 0.2
    np.testing.assert_array_equal(before[0], session.trainer.model.get_weights()[0])
    assert losses(session) == seen
    to_the_end(session)
    assert session.trainer.epochs == 3 and session.state == "finished"
    session.tune(replace(SMALL.training, epochs=5))
    assert session.state == "paused", "there is more to do now"
    assert to_the_end(session).trainer.epochs == 5
    assert session.requested.training.epochs == 5


def test_another_rate_changes_the_next_update_not_the_last() -> None:
    slow, fast = loaded(), loaded()
    slow.step()
    fast.step()
    fast.tune(replace(SMALL.training, learning_rate=0.5))
    slow.step()
    fast.step()
    assert losses(slow) == losses(fast), "a loss is that of before the update"
    slow.step()
    fast.step()
    assert losses(slow)[:2] == losses(fast)[:2] and losses(slow)[2] != losses(fast)[2]


def test_a_run_pauses_between_two_slices() -> None:
    session = loaded(with_field(SMALL, "training.epochs", 10_000_000))
    session.train()
    session.advance(0.1)
    assert session.state == "running" and session.trainer.steps > 10
    assert session.step_rate.steps_per_second > 0
    session.pause()
    done = session.trainer.steps
    session.advance(0.01)
    assert session.state == "paused" and session.trainer.steps == done
    assert len(session.history.steps) == done


def test_divergence_ends_the_run_and_keeps_finite_weights() -> None:
    session = to_the_end(loaded(STEEP))
    assert session.state == "diverged" and session.remedy is None
    assert "The loss became" in session.sentence
    assert all(np.isfinite(weights).all() for weights in session.trainer.model.get_weights())
    steps = session.trainer.steps
    for command in (session.train, session.step, session.epoch):
        command()
        assert session.state == "diverged" and session.trainer.steps == steps
    session.load(with_field(STEEP, "training.learning_rate", 0.01))
    assert session.remedy is None and session.sentence == ""
    assert to_the_end(session).state == "finished"


def test_early_stopping_and_training_on() -> None:
    rule = EarlyStoppingConfig(patience=2, restore_best_weights=True, min_delta=10.0)
    session = to_the_end(loaded(replace(SMALL, training=TrainingConfig(epochs=500, early_stopping=rule))))
    assert session.state == "stopped early" and session.trainer.epochs == 3
    assert session.sentence.startswith("Stopped after epoch 3: val_loss has not improved since epoch 1")
    assert session.sentence.endswith("; the weights of epoch 1 are back.")
    to_the_end(session)
    assert session.state == "stopped early" and session.trainer.epochs > 3


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"epochs": 4}, "finished"),
        ({"epochs": 500, "stop_at_accuracy": 0.9}, "stopped early"),
        ({"epochs": 500, "learning_rate": 1e9}, "diverged"),
    ],
)
def test_the_best_weights_are_restored_however_a_run_ends(change: dict[str, Any], state: str) -> None:
    """The first epoch is the best one, since nothing improves on it by more than 10."""
    rule = EarlyStoppingConfig(monitor="loss", patience=500, restore_best_weights=True, min_delta=10.0)
    training = TrainingConfig(**{**change, "learning_rate": 0.05})
    with_rule = loaded(replace(SMALL, training=replace(training, early_stopping=rule)))
    without = loaded(replace(SMALL, training=training))
    weights = []
    for session in (with_rule, without):
        session.epoch()
        weights.append(session.trainer.model.parameters.flat.copy())
        session.tune(replace(training, **{name: change[name] for name in change if name == "learning_rate"}))
        to_the_end(session)
        assert session.state == state
    assert np.array_equal(with_rule.trainer.model.parameters.flat, weights[0])
    assert with_rule.sentence.endswith("; the weights of epoch 1 are back.")
    assert not np.array_equal(without.trainer.model.parameters.flat, weights[1])
    assert "are back" not in without.sentence and without.sentence.endswith(".")


def test_the_numbers_are_those_of_the_weights_that_were_put_back() -> None:
    """However they came back, also in a run that is opened again; a step, or a weight by hand, ends it."""
    rule = EarlyStoppingConfig(patience=2, restore_best_weights=True, min_delta=10.0)
    session = to_the_end(loaded(replace(SMALL, training=TrainingConfig(epochs=500, early_stopping=rule))))
    losses = list(session.history.epochs["val_loss"])
    assert session.weights_epoch == 1 and session.values["val_loss"] == losses[0] != losses[-1]
    session.step()
    assert session.weights_epoch is None and session.values["val_loss"] == losses[-1]
    usual = loaded(replace(SMALL, training=TrainingConfig(epochs=20, learning_rate=0.5)))
    to_the_end(usual)
    newest = dict(usual.values)
    usual.best.epoch, usual.best.weights = 3, usual.trainer.model.parameters.flat * 0.5
    usual.swap_best()
    assert usual.weights_epoch == 3 and usual.values["loss"] == usual.history.value("loss", 3)
    again = loaded(usual.requested)
    again.restore(usual.snapshot(), usual.history.columns(0))
    assert again.weights_epoch == 3 and again.values["loss"] == usual.values["loss"]
    usual.swap_best()
    assert usual.weights_epoch is None and usual.values == newest
    usual.swap_best()
    usual.set_weight(0, 1.0)
    assert usual.weights_epoch is None and usual.values == newest


def test_a_catalog_dataset_is_read_once() -> None:
    session = loaded()
    first = session.dataset
    session.load(with_field(SMALL, "model.seed", 3))
    assert session.dataset is first
    session.load(with_field(SMALL, "dataset.name", "iris_two"))
    assert session.dataset is not first


def test_the_summary_names_every_layer() -> None:
    experiment = with_field(SMALL, "model.layers[0].dropout", 0.5)
    session = loaded(with_field(experiment, "model.input_dropout", 0.1))
    assert session.summary() == [
        ("dropout", "Dropout", 4, 0),
        ("dense", "Dense", 5, 25),
        ("dropout_1", "Dropout", 5, 0),
        ("dense_1", "Dense", 3, 18),
    ]


def test_a_snapshot_holds_the_patience_and_the_way() -> None:
    """Cut off in the middle and gone on with elsewhere, the run stops at the same epoch with the same weights."""
    rule = EarlyStoppingConfig(patience=6, restore_best_weights=True, min_delta=0.2)
    experiment = replace(SMALL, training=TrainingConfig(epochs=500, early_stopping=rule))
    straight, cut = loaded(experiment), loaded(experiment)
    for _ in range(5):
        cut.epoch()
    assert cut.state == "ready" or cut.state == "paused"
    resumed = loaded(experiment)
    resumed.restore(cut.snapshot(), cut.history.columns(0))
    for session in (straight, resumed):
        to_the_end(session)
        assert session.state == "stopped early"
    assert resumed.trainer.epochs == straight.trainer.epochs > 6
    assert np.array_equal(resumed.trainer.model.parameters.flat, straight.trainer.model.parameters.flat)

    perceptron = with_field(STEEP, "training.learning_rate", 1e-5)
    walked, again = loaded(perceptron), loaded(perceptron)
    for _ in range(5):
        walked.step()
    again.restore(walked.snapshot(), walked.history.columns(0))
    assert again.trajectory is not None and walked.trajectory is not None
    assert again.trajectory.steps.tolist() == list(range(6))
    assert np.array_equal(again.trajectory.points, walked.trajectory.points)


def test_a_rate_that_is_too_high_is_named() -> None:
    experiment = with_field(with_field(STEEP, "dataset.standardize", True), "training.learning_rate", 50.0)
    session = to_the_end(loaded(experiment))
    diagnose(session)
    assert session.state == "diverged" and session.remedy is not None
    assert list(session.remedy.changes) == ["training.learning_rate"]
    assert "the rate 50 is too high, so each step overshoots." in session.sentence
    rate = session.remedy.changes["training.learning_rate"]
    again = to_the_end(loaded(with_field(experiment, "training.learning_rate", rate)))
    assert again.state == "finished" and again.values["val_r2"] > 0.5


def test_training_ends_at_a_loss_and_goes_on_when_asked() -> None:
    session = to_the_end(loaded(with_field(with_field(SMALL, "training.epochs", 1000), "training.stop_at_loss", 0.5)))
    losses_of_epochs = list(session.history.epochs["loss"])
    assert session.state == "stopped early" and "is down to 0.5" in session.sentence
    assert losses_of_epochs[-1] <= 0.5 < min(losses_of_epochs[:-1])
    to_the_end(session)
    assert session.state == "finished" and session.trainer.epochs == 1000


@pytest.mark.parametrize(("rule", "least"), [("stop_at_step", 1e-3), ("stop_at_gradient", 1.0)])
def test_training_ends_at_convergence_and_goes_on_when_asked(rule: str, least: float) -> None:
    """The book's line: w is found to so many digits, by as many steps as the loop of the book takes."""
    line = Experiment(
        dataset=DatasetConfig("boston_rm", standardize=False, validation_split=0.0),
        model=ModelConfig(layers=(), output=OutputConfig(use_bias=False, initializer="zeros"), dtype="float64"),
        training=TrainingConfig(
            loss="sum_squared_error", learning_rate=1e-5, batch_size="full", epochs=1000, shuffle=False
        ),
    )
    session = to_the_end(loaded(with_field(line, f"training.{rule}", least)))
    x, y = session.split.x_train[:, 0], session.split.y_train[:, 0]
    w, steps = 0.0, 0
    while True:
        gradient = np.sum(2 * (w * x - y) * x)
        w, steps = w - 1e-5 * gradient, steps + 1
        if abs(1e-5 * gradient if rule == "stop_at_step" else gradient) <= least:
            break
    assert session.state == "stopped early" and session.sentence.startswith(f"Converged after epoch {steps}: the ")
    assert session.trainer.epochs == steps < 50
    assert float(session.trainer.model.parameters.flat[0]) == pytest.approx(w, rel=1e-12)
    to_the_end(session)
    assert session.state == "finished"


def test_training_ends_after_its_time() -> None:
    experiment = with_field(with_field(SMALL, "training.epochs", 10_000_000), "training.stop_after", 0.05)
    session = to_the_end(loaded(experiment))
    assert session.state == "stopped early" and "Stopped after 0.05 s of training" in session.sentence
    assert session.seconds >= 0.05


def test_metrics_are_computed_on_both_parts() -> None:
    experiment = with_field(SMALL, "training.metrics", ("per_class",))
    session = to_the_end(loaded(experiment))
    parts, model = session.split, session.trainer.model
    for prefix, x, y in (("", parts.x_train, parts.y_train), ("val_", parts.x_val, parts.y_val)):
        said, true = model.predict(x).argmax(axis=1), np.argmax(y, axis=1)
        assert session.values[f"{prefix}accuracy"] == pytest.approx(np.mean(said == true))
        for k in range(3):
            assert session.values[f"{prefix}recall[{k}]"] == pytest.approx(np.mean(said[true == k] == k))
    with pytest.raises(UserError, match="r2 does not fit: the target is one of several classes"):
        session.load(with_field(SMALL, "training.metrics", ("r2",)))


def test_training_ends_at_an_accuracy() -> None:
    session = to_the_end(
        loaded(with_field(with_field(SMALL, "training.epochs", 1000), "training.stop_at_accuracy", 0.8))
    )
    followed = list(session.history.epochs["val_accuracy"])
    assert session.state == "stopped early" and "is up to 0.8" in session.sentence
    assert followed[-1] >= 0.8 > max(followed[:-1])
    refused = with_field(with_field(SMALL, "dataset.validation_split", 0), "training.stop_at_accuracy", 0.8)
    with pytest.raises(UserError, match="no accuracy is measured without validation rows"):
        session.load(refused)
    with pytest.raises(UserError, match="a number has no accuracy"):
        session.load(with_field(STEEP, "training.stop_at_accuracy", 0.8))


SCHEDULED = {
    "step": {"decay_epochs": 2.0, "factor": 0.5},
    "exponential": {"factor": 0.3, "warmup_epochs": 1.5},
    "cosine": {"warmup_epochs": 1.0, "alpha": 0.1},
    "one_cycle": {},
    "plateau": {"patience": 1, "factor": 0.5},
    "constant": {"warmup_epochs": 2.0},
}
RATES = {"plateau": 50.0}


def scheduled(name: str) -> Experiment:
    """The small experiment with a schedule, and a rate at which a plateau comes soon."""
    schedule = ScheduleConfig(name, **SCHEDULED[name])  # type: ignore[arg-type]
    return replace(
        SMALL, training=replace(SMALL.training, schedule=schedule, learning_rate=RATES.get(name, 2.0), epochs=8)
    )


@pytest.mark.parametrize("name", SCHEDULED)
def test_a_run_with_a_schedule_goes_on_exactly_from_a_snapshot(name: str) -> None:
    session = to_the_end(loaded(scheduled(name)))
    rates = session.history.columns(0)["learning_rate"]
    assert len(rates) == 8 and len(set(rates.tolist())) > 1
    other = loaded(scheduled(name))
    for _ in range(3):
        other.epoch()
    other.step()
    third = loaded(scheduled(name))
    third.restore(other.snapshot(), other.history.columns(0), other.state)
    to_the_end(third)
    for column, values in session.history.columns(0).items():
        np.testing.assert_array_equal(third.history.columns(0)[column], values, err_msg=column)
    np.testing.assert_array_equal(third.trainer.model.parameters.flat, session.trainer.model.parameters.flat)


def test_a_schedule_over_the_whole_run_follows_a_new_number_of_epochs() -> None:
    session = loaded(scheduled("one_cycle"))
    session.epoch()
    session.tune(replace(session.requested.training, learning_rate=1.0, epochs=4))
    to_the_end(session)
    assert session.history.columns(0)["learning_rate"][-1] == pytest.approx(1.0 / 25 / 1e4)
    reduced = to_the_end(loaded(scheduled("plateau")))
    rate = reduced.trainer.learning_rate
    assert rate < 50.0
    reduced.tune(replace(reduced.requested.training, epochs=20))
    assert reduced.trainer.learning_rate == rate, "what a plateau has reduced stays"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("training.clip_value", 1.0, "clipped by clip_norm or by clip_value, not by both"),
        ("training.schedule.warmup_epochs", 2.0, "one_cycle begins with a warm-up of its own"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(path: str, value: float, message: str) -> None:
    experiment = with_field(scheduled("one_cycle"), "training.clip_norm", 1.0)
    with pytest.raises(UserError, match=message):
        loaded(with_field(experiment, path, value))


def test_a_schedule_may_be_named_by_a_word() -> None:
    assert loads('[training]\nschedule = "cosine"\n').training.schedule == ScheduleConfig("cosine")
    assert with_field(SMALL, full_path("schedule"), "step").training.schedule.name == "step"
    assert full_path("patience") == "training.early_stopping.patience", "as before there were schedules"
    with pytest.raises(UserError, match="expected one of: constant, cosine, exponential, one_cycle, plateau, step"):
        loads('[training]\nschedule = "cosin"\n')
