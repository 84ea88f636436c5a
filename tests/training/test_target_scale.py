"""A number that is standardized for training: the loss is of that, all else is in the number's own unit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.api import Run, fit, train
from tui_trainer.cli.main import main
from tui_trainer.engine.metrics import mae, r2
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    OWN_DATA,
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.experiment.share import share, unshare
from tui_trainer.experiment.toml_file import dumps, loads
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.messages import NeuronDetail, WatchNetwork
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import NumberPredictions, WatchPredictions
from tui_trainer.training.session import Session

PRICES = Experiment(
    dataset=DatasetConfig("boston", standardize_target=True),
    model=ModelConfig((LayerConfig(8),)),
    training=TrainingConfig(
        optimizer=OptimizerConfig("adam"), learning_rate=0.01, epochs=10, metrics=("r2", "mae"), loss="mse"
    ),
)


def trained(experiment: Experiment = PRICES) -> Session:
    session = Session(all_epochs=True)
    session.load(experiment)
    session.train()
    session.advance_to_end()
    assert session.state == "finished"
    return session


def with_output(activation: str) -> Experiment:
    output = OutputConfig(activation=activation)  # type: ignore[arg-type]
    return replace(PRICES, model=replace(PRICES.model, output=output))


def test_the_target_is_standardized_by_the_training_part() -> None:
    session = Session()
    session.load(PRICES)
    parts, raw = session.split, session.dataset.y
    assert parts.y_val is not None
    assert parts.y_train.mean() == pytest.approx(0.0, abs=1e-12) and parts.y_train.std() == pytest.approx(1.0)
    assert parts.target.mean == pytest.approx(raw[parts.train_rows].mean(axis=0))
    np.testing.assert_allclose(parts.target.restore(parts.y_val), raw[parts.val_rows])


def test_metrics_are_in_the_targets_own_unit_and_the_loss_is_not() -> None:
    session = trained()
    values, parts, raw = session.values, session.split, session.dataset.y
    assert parts.x_val is not None and parts.y_val is not None
    outputs = session.trainer.model.predict(parts.x_val)
    predicted = parts.target.restore(outputs)
    true = raw[parts.val_rows]
    assert values["val_mae"] == pytest.approx(mae(predicted.T, true.T), rel=1e-5)
    assert values["val_r2"] == pytest.approx(r2(predicted.T, true.T), rel=1e-5)
    assert values["val_loss"] == pytest.approx(float(np.mean((outputs - parts.y_val) ** 2)), rel=1e-5)
    assert values["mae"] == pytest.approx(session.trainer.evaluate(parts.x_train, parts.y_train)["mae"], rel=1e-4)


def test_a_run_predicts_and_evaluates_in_the_targets_own_unit(tmp_path: Path) -> None:
    run = train(PRICES)
    session = trained()
    x, y = session.dataset.x, session.dataset.y[:, 0]
    predicted = run.predict(x)
    assert 10 < predicted.mean() < 35  # thousands of dollars
    scores = run.evaluate(x, y)
    assert scores["mae"] == pytest.approx(float(np.abs(predicted[:, 0] - y).mean()), rel=1e-5)
    assert scores["loss"] < 1  # of a target with deviation 1
    run.save(tmp_path / "out")
    again = Run.load(tmp_path / "out")
    np.testing.assert_array_equal(again.predict(x), predicted)
    assert again.evaluate(x, y) == pytest.approx(scores)
    assert again.evaluate() == pytest.approx(run.evaluate())


def test_arrays_are_standardized_unless_an_experiment_says_otherwise() -> None:
    x = np.linspace(0, 1, 60)
    y = 500_000 + 100_000 * x
    run = fit(x, y)
    assert run.state == "finished" and run.evaluate(x, y)["r2"] > 0.99
    assert OWN_DATA.dataset.standardize_target and not Experiment().dataset.standardize_target


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_outputs_of_at_least_0_stay_so(activation: str) -> None:
    session = trained(with_output(activation))
    target = session.split.target
    assert target.mean[0] == 0.0 and target.scale[0] > 1.0
    assert target.restore(session.trainer.model.predict(session.split.x_train)).min() >= 0.0


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "elu", "swish", "gelu"])
def test_outputs_with_other_bounds_are_trained_on_the_target_as_it_is(activation: str) -> None:
    experiment = with_output(activation)
    session = Session()
    session.load(replace(experiment, dataset=DatasetConfig("curve_abs", standardize_target=True)))
    assert session.split.target.is_none


def test_classes_are_not_standardized() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("iris", standardize_target=True)))
    assert session.split.target.is_none and set(np.unique(session.split.y_train)) == {0.0, 1.0}


def test_a_run_is_resumed_only_with_the_same_target(tmp_path: Path) -> None:
    session = trained()
    snapshot, epochs = session.snapshot(), session.history.columns(0)
    again = Session(all_epochs=True)
    again.load(PRICES)
    again.restore(snapshot, epochs)
    assert again.values["val_mae"] == session.values["val_mae"]
    other = Session(all_epochs=True)
    other.load(with_field(PRICES, "dataset.standardize_target", False))
    with pytest.raises(ValueError, match="data have changed"):
        other.restore(snapshot, epochs)


def test_the_tabs_show_the_targets_own_unit(tmp_path: Path) -> None:
    session = trained()
    context = TrainerContext(session, Checkpointer(tmp_path / "runs.sqlite"))
    predictions = PredictionsCompute(context).compute(WatchPredictions())
    assert isinstance(predictions, NumberPredictions)
    assert predictions.mae == pytest.approx(session.values["val_mae"], rel=1e-5)
    assert predictions.points.mean == pytest.approx(session.values["val_loss"], rel=1e-4)
    assert np.frombuffer(predictions.true).max() > 30
    x, y, curve_x, curve_y = (
        np.frombuffer(getattr(predictions.points, name)) for name in ("x", "y", "curve_x", "curve_y")
    )
    assert np.interp(x, curve_x, curve_y) == pytest.approx(y, abs=0.01)
    network = NetworkCompute(context).compute(WatchNetwork(sample=3, layer=2))
    row = session.split.train_rows[3]
    assert network.target == pytest.approx(session.dataset.y[row, 0])
    detail = network.looked_at
    assert isinstance(detail, NeuronDetail) and detail.target is not None
    assert network.prediction == pytest.approx(detail.a * detail.target[1] + detail.target[0], rel=1e-5)
    boundary = BoundaryCompute(context)
    _, values = boundary.grid.read(WatchBoundary(4, 4), ("RM", "LSTAT"), (4, 4))
    assert values.min() > -20 and values.max() > 20


def test_an_optimizer_may_be_named_by_a_word() -> None:
    experiment = loads('[training]\noptimizer = "adam"\n')
    assert experiment.training.optimizer == OptimizerConfig("adam")
    assert with_field(Experiment(), "training.optimizer", "rmsprop").training.optimizer == OptimizerConfig("rmsprop")
    with pytest.raises(
        UserError, match="expected one of: adagrad, adam, adamw, lbfgs, nadam, rmsprop, sgd, got 'adamm'"
    ):
        loads('[training]\noptimizer = "adamm"\n')


def test_files_and_codes_keep_whether_the_target_is_standardized() -> None:
    assert loads(dumps(PRICES)) == PRICES == unshare(share(PRICES))
    assert not loads('[dataset]\nname = "boston"\n').dataset.standardize_target


def test_the_command_line_says_which_unit_is_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "houses.csv"
    rows = [(area, 1000 * area + 50_000) for area in range(50, 130)]
    file.write_text("area,price\n" + "".join(f"{area},{price}\n" for area, price in rows))
    assert main(["train", "--csv", str(file), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["values"]["val_r2"] > 0.95 and result["values"]["val_mae"] > 100
    assert result["target_scale"]["mean"] == pytest.approx(139_000, rel=0.05)
    assert main(["train", "--csv", str(file), "--epochs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "price is standardized for training (mean 1" in printed
    assert "the loss is of that, MAE is in the unit of price." in printed
