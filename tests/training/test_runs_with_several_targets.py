"""Runs with several targets: the loss is the book's, and every measure is of all and of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.api import Run, fit, train
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.toml_file import dumps, loads
from tui_trainer.export.folder import write_folder
from tui_trainer.export.report import Report
from tui_trainer.export.trained import stored_model, stored_session, trained
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store
from tui_trainer.training.session import Session

BOTH = ("PRICE", "NOX")
EXPERIMENT = Experiment(
    dataset=DatasetConfig("boston", target=BOTH, standardize_target=True, test_split=0.1),
    model=ModelConfig((LayerConfig(6, "tanh"),), dtype="float64"),
    training=TrainingConfig(epochs=3, learning_rate=0.01, metrics=("rmse", "mape")),
)
MEASURES = [
    "r2",
    "r2[0]",
    "r2[1]",
    "mae",
    "mae[0]",
    "mae[1]",
    "rmse",
    "rmse[0]",
    "rmse[1]",
    "mape",
    "mape[0]",
    "mape[1]",
]


def trained_session(experiment: Experiment = EXPERIMENT) -> Session:
    session = Session(max_threads=1)
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def test_the_output_layer_has_a_unit_for_each() -> None:
    session = Session()
    session.load(EXPERIMENT)
    assert session.experiment.model.output.units == 2 and session.experiment.model.output.activation == "linear"
    with pytest.raises(UserError, match="expected 2 for 2 predicted values, got 1"):
        session.load(with_field(EXPERIMENT, "model.output.units", 1))
    with pytest.raises(UserError, match="binary_crossentropy is for classes"):
        session.load(with_field(EXPERIMENT, "training.loss", "binary_crossentropy"))


def test_the_loss_is_the_mean_of_the_squared_distances() -> None:
    session = trained_session()
    parts, model = session.split, session.trainer.model
    distances = np.sum((model.predict(parts.x_val) - parts.y_val) ** 2, axis=1)  # of the standardized targets
    assert session.values["val_loss"] == pytest.approx(distances.mean(), rel=1e-12)


def test_measures_are_of_all_and_of_each_in_its_own_unit() -> None:
    session = trained_session()
    assert list(session.history.epochs) == ["loss", *MEASURES, *(f"val_{name}" for name in ["loss", *MEASURES])]
    rows = session.split.val_rows
    raw = session.dataset.y[rows]
    predicted = session.split.target.restore(session.trainer.model.predict(session.split.x_val))
    values = session.values
    for index in (0, 1):
        errors = predicted[:, index] - raw[:, index]
        spread = np.sum((raw[:, index] - raw[:, index].mean()) ** 2)
        assert values[f"val_mae[{index}]"] == pytest.approx(np.abs(errors).mean(), rel=1e-9)
        assert values[f"val_rmse[{index}]"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-9)
        assert values[f"val_r2[{index}]"] == pytest.approx(1 - np.sum(errors**2) / spread, rel=1e-9)
        assert values[f"val_mape[{index}]"] == pytest.approx(np.abs(errors / raw[:, index]).mean(), rel=1e-9)
    for name in ("r2", "mae", "rmse", "mape"):
        assert values[f"val_{name}"] == pytest.approx((values[f"val_{name}[0]"] + values[f"val_{name}[1]"]) / 2)
    alone = trained_session(replace(EXPERIMENT, dataset=replace(EXPERIMENT.dataset, target="PRICE")))
    assert not any("[" in name for name in alone.history.epochs)


def test_they_are_saved_restored_and_predicted(tmp_path: Path) -> None:
    session, checkpointer = trained_session(), Checkpointer(tmp_path / "runs.sqlite")
    checkpointer.save(session)
    checkpointer.close()
    store = Store(tmp_path / "runs.sqlite")
    restored, model = stored_session(store, 1), stored_model(store, 1)
    store.close()
    assert restored.requested == session.requested
    assert restored.values == {name: value for name, value in session.values.items() if name != "batch_loss"}
    assert set(restored.history.epochs) == set(session.history.epochs)
    restored.train()
    assert model.preparation.all_targets == BOTH and model.target_scale.is_several
    x = session.dataset.x[:5]
    ours = session.split.target.restore(session.trainer.model.predict(session.split.x_train[:5]))
    rows = session.split.train_rows[:5]
    np.testing.assert_allclose(Run(model).predict(session.dataset.x[rows]), ours, rtol=1e-12)
    assert Run(model).predict(x).shape == (5, 2)


def test_python_has_them_by_the_same_name(tmp_path: Path) -> None:
    run = train(EXPERIMENT)
    assert run.targets == BOTH and run.experiment.dataset.target == BOTH
    x, y = np.zeros((4, 12)), np.ones((4, 2))
    assert set(run.evaluate(x, y)) == {"loss", *MEASURES}
    assert run.evaluate(test=True)["mae[1]"] < run.evaluate(test=True)["mae[0]"]
    with pytest.raises(ValueError, match="a column for each target"):
        run.evaluate(x, y[:, 0])
    run.save(tmp_path / "saved")
    loaded = Run.load(tmp_path / "saved")
    assert loaded.targets == BOTH and (loaded.predict(x) == run.predict(x)).all()
    arrays = fit(
        x + np.arange(4)[:, None], y * np.arange(4)[:, None], epochs=2, settings={"dataset.validation_split": 0.0}
    )
    assert arrays.targets == ("y1", "y2") and arrays.predict(x).shape == (4, 2)


def test_importance_is_by_all_or_by_one_of_them() -> None:
    run = train(EXPERIMENT)
    by_all, price, nox = (run.importance(by=by) for by in (None, "r2[0]", "r2[1]"))
    means = [{one.column: one.mean for one in importance} for importance in (by_all, price, nox)]
    for column, value in means[0].items():
        assert value == pytest.approx((means[1][column] + means[2][column]) / 2, abs=1e-12)
    with pytest.raises(UserError, match=r"expected one of loss, r2, .*mae\[1\]"):
        run.importance(by="r2[2]")


def test_the_file_of_the_experiment_has_all_of_them() -> None:
    assert loads(dumps(EXPERIMENT)) == EXPERIMENT
    assert 'target = [\n    "PRICE",\n    "NOX",\n]' in dumps(EXPERIMENT)
    assert loads('[dataset]\ntarget = ["PRICE"]').dataset.target == "PRICE"
    assert with_field(EXPERIMENT, "dataset.target", '["a, b", "c"]').dataset.targets == ("a, b", "c")
    assert with_field(EXPERIMENT, "dataset.target", "a, b").dataset.targets == ("a, b",)
    with pytest.raises(UserError, match="expected a text of at least one character or a list of 1 to 256"):
        with_field(EXPERIMENT, "dataset.target", "[]")
    with pytest.raises(UserError, match=r"dataset.target\[1\]: expected a text of at least one character, got 1"):
        with_field(EXPERIMENT, "dataset.target", '["a", 1]')


def test_the_report_and_the_folder_tell_of_each(tmp_path: Path) -> None:
    session = trained_session()
    write_folder(trained(session), tmp_path / "out")
    head = (tmp_path / "out" / "predictions.csv").read_text().splitlines()[0]
    assert head == "part,row,PRICE,NOX,predicted_PRICE,predicted_NOX"
    assert "It predicts PRICE, NOX: 2 numbers, in this order." in (tmp_path / "out" / "README.txt").read_text()
    text = Report.of_session(session).markdown()
    assert "to predict is **PRICE, NOX**, 2 numbers." in text
    for line in (
        "| R² of PRICE |",
        "| MAE of NOX |",
        "Predicted less true PRICE, valid",
        "Predicted less true NOX, valid",
    ):
        assert line in text
