"""Runs that are trained together end as each would by itself: weights, history, sentences, scores and snapshots."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.training import stack as stack_module
from tui_trainer.training.session import Session
from tui_trainer.training.stack import MAX_STACK, runs_together, stack_key, stack_size, train_together

IRIS = Experiment(
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(6, dropout=0.1), LayerConfig(4, "tanh")), input_dropout=0.05),
    training=TrainingConfig(epochs=12, learning_rate=0.1),
)


def loaded(experiment: Experiment) -> Session:
    session = Session(max_threads=1)
    session.load(experiment)
    return session


def variants(experiment: Experiment, **fields: list[object]) -> list[Experiment]:
    """One experiment for each place in the lists, which are values of the fields ``a__b``."""
    result = []
    for values in zip(*fields.values(), strict=True):
        changed = experiment
        for path, value in zip(fields, values, strict=True):
            changed = with_field(changed, path.replace("__", "."), value)
        result.append(changed)
    return result


def assert_ends_alike(together: Session, experiment: Experiment) -> None:
    alone = Session(max_threads=1)
    alone.load(experiment)
    alone.train()
    alone.advance_to_end()
    assert (together.state, together.sentence) == (alone.state, alone.sentence)
    assert (together.requested, together.experiment) == (alone.requested, alone.experiment)
    assert together.values == pytest.approx(alone.values, nan_ok=True, rel=0, abs=0)
    assert str(together.divergence) == str(alone.divergence)
    assert list(together.history.epochs) == list(alone.history.epochs)
    for name, values in alone.history.columns(0).items():
        np.testing.assert_array_equal(together.history.columns(0)[name], values, err_msg=name)
    expected, got = alone.snapshot(), together.snapshot()
    assert got.keys() == expected.keys()
    for name, array in expected.items():
        if name != "stopping.own":  # which holds the seconds
            np.testing.assert_array_equal(got[name], array, err_msg=name)
    assert together.seconds > 0.0
    assert list(together.scores()) == list(alone.scores())
    assert together.scores() == pytest.approx(alone.scores(), nan_ok=True, rel=0, abs=0)


def test_the_best_epoch_by_a_measure_of_its_own() -> None:
    ranked = with_field(IRIS, "training.best_epoch_by", "val_f1")
    check_together(variants(ranked, training__learning_rate=[0.02, 0.1, 0.2, 0.4]))
    stopping = with_field(IRIS, "training.early_stopping", {"monitor": "val_f1", "patience": 2})
    assert stack_key(stopping) != stack_key(IRIS), "the one measures F1 after each epoch, the other does not"
    check_together(variants(stopping, training__learning_rate=[0.02, 0.1, 0.2, 0.4]))


def check_together(experiments: list[Experiment]) -> None:
    assert len({stack_key(experiment) for experiment in experiments}) == 1
    ended = []
    for place, session in chain.from_iterable(train_together(loaded(experiments[0]), experiments)):
        assert_ends_alike(session, experiments[place])
        ended.append(place)
    assert sorted(ended) == list(range(len(experiments)))


def test_rates_and_seeds_end_as_alone() -> None:
    check_together(
        variants(
            IRIS, training__learning_rate=[0.001, 0.01, 0.1, 1.0, 0.3], model__seed=[0, 1, 2, 3, 4], name=list("abcde")
        )
    )


def test_runs_that_diverge_or_stop_early_end_as_alone() -> None:
    boston = Experiment(
        dataset=DatasetConfig("boston"),
        model=ModelConfig(layers=(LayerConfig(8),)),
        training=TrainingConfig(epochs=40, early_stopping=EarlyStoppingConfig(patience=2, restore_best_weights=True)),
    )
    rates = [1e-4, 1e3, 0.01, 1e5, 0.03, 0.02]
    check_together(variants(boston, training__learning_rate=rates))
    check_together(
        variants(
            with_field(boston, "training.early_stopping", None),
            training__learning_rate=rates,
            training__stop_at_loss=[None, 10.0, 30.0, None, 20.0, 1e9],
        )
    )


def test_penalties_constants_metrics_and_first_weights_end_as_alone() -> None:
    experiment = Experiment(
        dataset=DatasetConfig("iris_two"),
        model=ModelConfig(layers=(LayerConfig(3, "sigmoid"),), dtype="float64"),
        training=TrainingConfig(
            epochs=5, optimizer=OptimizerConfig("adam"), batch_size="full", metrics=("accuracy", "per_class")
        ),
    )
    check_together(
        variants(
            experiment,
            training__l1=[0.0, 0.01, 0.0, 0.1],
            training__l2=[0.0, 0.0, 0.02, 0.1],
            training__optimizer__beta_1=[0.9, 0.8, 0.7, 0.6],
            model__weights=[[], [0.1] * 19, [], [0.2] * 19],
        )
    )


def test_several_targets_end_as_alone() -> None:
    experiment = Experiment(
        dataset=DatasetConfig("boston", target=("PRICE", "NOX", "AGE"), standardize_target=True),
        model=ModelConfig(layers=(LayerConfig(5, "tanh"),)),
        training=TrainingConfig(epochs=4, metrics=("mape",)),
    )
    check_together(variants(experiment, training__learning_rate=[0.01, 0.02, 0.05], model__seed=[0, 1, 2]))


def test_options_of_layers_end_as_alone() -> None:
    layers = (
        LayerConfig(5, "tanh", 0.1, l1=0.01, l2=0.0, batch_norm=True),
        LayerConfig(4, "tanh", trainable=False),
        LayerConfig(3, batch_norm=True),
    )
    training = TrainingConfig(epochs=5, optimizer=OptimizerConfig("adamw"), l2=0.01, clip_norm=0.5)
    experiment = Experiment(model=ModelConfig(layers=layers), training=training)
    check_together(
        variants(
            experiment,
            training__l2=[0.0, 0.01, 0.0, 0.1],
            model__output__initializer_scale=[1.0, 2.0, 0.5, 1.0],
        )
    )
    assert stack_key(experiment) != stack_key(with_field(experiment, "model.layers[0].l1", 0.02))
    for name, value in (("trainable", False), ("batch_norm", False)):
        assert stack_key(experiment) != stack_key(with_field(experiment, f"model.layers[0].{name}", value))


def test_a_long_run_is_recorded_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "BLOCK_STEPS", 11)
    check_together(variants(IRIS, training__learning_rate=[0.01, 0.02, 1e6, 0.04]))


def test_more_runs_than_a_stack_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "MAX_STACK", 4)
    check_together(variants(with_field(IRIS, "training.epochs", 2), model__seed=list(range(9))))


def test_too_few_parameters_or_too_large_a_model_are_trained_alone() -> None:
    book = Experiment(
        dataset=DatasetConfig("boston_rm"), model=ModelConfig(layers=()), training=TrainingConfig(epochs=3)
    )
    assert (runs_together(loaded(IRIS)).models, runs_together(loaded(book)).models) == (MAX_STACK, 1)
    assert runs_together(loaded(with_field(IRIS, "model.layers", [{"units": 600}, {"units": 600}]))).models == 1
    check_together(variants(book, training__learning_rate=[1e-6, 1e-5, 1e-4, 1e-3]))


def test_a_stack_that_would_not_fit_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    session = loaded(IRIS)
    parts, features = session.split, len(session.dataset.features)
    needed = stack_module.estimate(session.experiment, features, parts).total
    monkeypatch.setattr(stack_module, "available_bytes", lambda: 10 * needed)
    assert stack_size(session.experiment, features, parts).models == 10
    monkeypatch.setattr(stack_module, "available_bytes", lambda: 3 * needed)
    assert stack_size(session.experiment, features, parts).models == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.batch_size", 16),
        ("training.shuffle", False),
        ("training.epochs", 13),
        ("training.optimizer.name", "adam"),
        ("training.optimizer.momentum", 0.5),
        ("training.loss", "mse"),
        ("model.dtype", "float64"),
        ("model.layers[0].units", 7),
        ("model.layers[1].activation", "relu"),
        ("dataset.seed", 1),
        ("dataset.validation_split", 0.3),
    ],
)
def test_what_differs_in_more_than_numbers_has_another_key(path: str, value: object) -> None:
    assert stack_key(with_field(IRIS, path, value)) != stack_key(IRIS)


def test_a_run_that_ends_by_the_clock_is_trained_alone() -> None:
    assert stack_key(with_field(IRIS, "training.stop_after", 2.0)) is None


@pytest.mark.parametrize("rows", [40, 60])
def test_a_file_that_changes_meanwhile_changes_no_run_of_a_stack(tmp_path: Path, rows: int) -> None:
    def write(rows: int, sign: int) -> None:
        lines = [f"{row},{row % 7},{sign * row + row % 3}" for row in range(rows)]
        file.write_text("\n".join(["a,b,y", *lines, ""]))

    file = tmp_path / "own.csv"
    write(60, 1)
    own = Experiment(
        dataset=DatasetConfig("own", path=str(file)),
        model=ModelConfig(layers=(LayerConfig(4),)),
        training=TrainingConfig(epochs=3),
    )
    targets = []
    runs = train_together(loaded(own), variants(own, model__seed=[0, 1, 2, 3]))
    for _, session in chain.from_iterable(runs):
        targets.append(session.split.y_train)
        write(rows, -1)
    assert len(targets) == 4
    for target in targets:
        np.testing.assert_array_equal(target, targets[0])


def test_the_path_of_a_run_begins_where_it_is_handed_over() -> None:
    book = Experiment(
        dataset=DatasetConfig("boston_rm"), model=ModelConfig(layers=()), training=TrainingConfig(epochs=3)
    )
    session = loaded(book)
    stack = stack_module.Stack(session, variants(book, training__learning_rate=[0.01, 0.02]))
    for number in chain.from_iterable(stack.train()):
        snapshot = stack.hand_over(number).snapshot()
        np.testing.assert_array_equal(snapshot["path.points"], [session.trainer.model.parameters.flat])
        assert snapshot["path.steps"].tolist() == [session.trainer.steps]


@pytest.mark.parametrize("name", ["cosine", "plateau", "step"])
def test_runs_with_a_schedule_and_clipped_gradients_are_trained_together(name: str) -> None:
    experiment = with_field(with_field(IRIS, "training.schedule.name", name), "training.schedule.patience", 1)
    experiment = with_field(experiment, "training.clip_norm", 0.5)
    experiments = variants(experiment, training__learning_rate=[0.1, 0.5, 1.0, 4.0, 1e6], model__seed=[0, 1, 2, 3, 4])
    assert len({stack_key(one) for one in experiments}) == 1
    for place, session in chain.from_iterable(train_together(loaded(experiments[0]), experiments)):
        assert_ends_alike(session, experiments[place])
    assert stack_key(experiment) != stack_key(with_field(experiment, "training.schedule.name", "constant"))
