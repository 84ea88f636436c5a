"""The best epoch's weights: kept, put back, saved and resumed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.export.trained import stored_session, trained
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store
from tui_trainer.training.callbacks import BestWeights
from tui_trainer.training.session import Session

SMALL = Experiment(model=ModelConfig(layers=(LayerConfig(5),)), training=TrainingConfig(epochs=30, learning_rate=0.8))


def advanced(experiment: Experiment = SMALL) -> Session:
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def test_the_moving_values_of_batch_normalization_come_back_with_the_weights() -> None:
    experiment = replace(SMALL, model=ModelConfig(layers=(LayerConfig(5, batch_norm=True),)))
    session = Session()
    session.load(experiment)
    parts = [session.trainer.model.parameters.flat.copy()]
    for _ in range(8):
        session.epoch()
        parts.append(session.trainer.model.parameters.flat.copy())
    (held,) = session.trainer.model.parameters.held_parts
    assert all(not np.array_equal(one[held], other[held]) for one, other in pairwise(parts))
    resumed = Session()
    resumed.load(experiment)
    resumed.restore(session.snapshot(), session.history.columns(0))
    for one in (session, resumed):
        assert np.array_equal(one.trainer.model.parameters.flat, parts[8])
        one.swap_best()
        assert np.array_equal(one.trainer.model.parameters.flat, parts[one.best.epoch])


def test_the_lowest_validation_loss_counts() -> None:
    best = BestWeights()
    assert best.state() == {} and best.swap(np.zeros(1)).startswith("No epoch is finished")
    for epoch, value in enumerate([3.0, 1.0, float("nan"), 1.0, 2.0], start=1):
        best.after_epoch(epoch, {"loss": -epoch, "val_loss": value}, np.full(2, float(epoch)))
    assert (best.epoch, best.value, best.monitor) == (2, 1.0, "val_loss")
    assert best.weights is not None and best.weights.tolist() == [2.0, 2.0]


def test_any_measure_may_name_the_best_epoch() -> None:
    rising = with_field(SMALL, "training.best_epoch_by", "val_balanced_accuracy")
    session = advanced(rising)
    values = list(session.history.epochs["val_balanced_accuracy"])
    best = session.best
    assert (best.monitor, best.value) == ("val_balanced_accuracy", max(values))
    assert best.epoch == values.index(max(values)) + 1
    resumed = BestWeights("val_balanced_accuracy")
    resumed.resume(best.state(), session.trainer.model.count_params())
    assert (resumed.monitor, resumed.epoch, resumed.value) == (best.monitor, best.epoch, best.value)


def test_any_measure_may_stop_a_run() -> None:
    fields = {"training.early_stopping": {"monitor": "val_roc_auc", "patience": 3}, "training.epochs": 500}
    stopping = SMALL
    for path, value in fields.items():
        stopping = with_field(stopping, path, value)
    session = advanced(stopping)
    values = list(session.history.epochs["val_roc_auc"])
    since = values.index(max(values)) + 1
    assert session.sentence == f"Stopped after epoch {since + 3}: val_roc_auc has not improved since epoch {since}."


def test_without_validation_the_training_loss_counts() -> None:
    session = advanced(with_field(SMALL, "dataset.validation_split", 0))
    losses = list(session.history.epochs["loss"])
    assert session.best.monitor == "loss" and session.best.epoch == losses.index(min(losses)) + 1


def test_the_best_weights_are_swapped_there_and_back() -> None:
    session = advanced()
    values = list(session.history.epochs["val_loss"])
    newest, model = session.weights(), session.trainer.model
    assert session.best.epoch == values.index(min(values)) + 1 < 30, "a rate at which the last epoch is not the best"
    said = session.swap_best()
    assert said.startswith(f"Back to the weights of epoch {session.best.epoch}, the best: val_loss ")
    parts = session.split
    assert parts.x_val is not None and parts.y_val is not None
    assert session.trainer.evaluate(parts.x_val, parts.y_val)["loss"] == pytest.approx(min(values))
    assert session.swap_best() == "Back to the newest weights." and np.array_equal(model.parameters.flat, newest)
    session.swap_best()
    session.step()
    assert session.swap_best().startswith("Back to the weights")
    session.load(SMALL)
    assert session.best.weights is None, "another run"


def test_swapping_pauses_and_is_saved(tmp_path: Path) -> None:
    keeper, session = Checkpointer(tmp_path / "runs.sqlite"), advanced()
    keeper.save(session)
    session.swap_best()
    keeper.save(session)
    store = Store(tmp_path / "runs.sqlite")
    again = stored_session(store, 1)
    assert again.best.weights is not None
    assert np.array_equal(again.trainer.model.parameters.flat, again.best.weights)
    assert (again.best.epoch, again.best.value) == (session.best.epoch, session.best.value)
    assert list(again.history.epochs) == list(session.history.epochs), "columns in their order"
    best = trained(again, best=True)
    assert best.best and best.epoch == session.best.epoch
    for one, other in zip(best.weights, session.trainer.model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_a_snapshot_from_before_best_weights_is_resumed() -> None:
    session, again = advanced(), Session()
    old = {name: array for name, array in session.snapshot().items() if not name.startswith(("best.", "data."))}
    again.load(SMALL)
    again.restore(old, session.history.columns(0))
    assert again.best.weights is None and again.steps == session.steps


def test_a_snapshot_of_another_network_is_refused() -> None:
    wrong = {**advanced().snapshot(), "best.weights": np.zeros(3, np.float32)}
    session = Session()
    session.load(SMALL)
    with pytest.raises(ValueError, match="best weights of 43 parameters expected, got 3"):
        session.restore(wrong, {})


def test_changed_data_are_refused(tmp_path: Path) -> None:
    """Other data would be standardized in another way: predictions and the next steps would be wrong, unnoticed."""
    path = tmp_path / "own.csv"
    path.write_text("a,b\n" + "".join(f"{i / 2},{i * i / 3}\n" for i in range(40)))
    experiment = replace(SMALL, dataset=DatasetConfig(path=str(path)), training=TrainingConfig(epochs=2))
    before, session = advanced(experiment).snapshot(), Session()
    path.write_text("a,b\n" + "".join(f"{i / 4},{i * i / 3}\n" for i in range(40)))
    session.load(experiment)
    with pytest.raises(ValueError, match="have changed since it was trained"):
        session.restore(before, {})
