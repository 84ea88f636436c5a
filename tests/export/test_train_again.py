"""The exported programs train again: PyTorch and Keras get the history of the run, epoch by epoch.

They begin with the same weights, take the same batches, and have the same rates and class weights. Each test runs where
its library is installed.
"""

from __future__ import annotations

import ast
import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from test_export_elsewhere import needs
from trained_runs import HARMFUL, named, session_of, trained_on

from tui_trainer import Run
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
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
from tui_trainer.export.again import ERRORS, OF_TARGETS
from tui_trainer.export.folder import write_folder
from tui_trainer.export.trained import trained

TWO = ModelConfig((LayerConfig(8, "tanh"), LayerConfig(5, "swish", use_bias=False)), dtype="float64")
ADAM = OptimizerConfig("adam")
EXPERIMENTS = {
    "balanced classes, cosine after a warm-up, a penalty, clipping by norm": Experiment(
        dataset=DatasetConfig("breast_cancer", test_split=0.2),
        model=TWO,
        training=TrainingConfig(
            optimizer=ADAM,
            learning_rate=0.02,
            epochs=6,
            schedule=ScheduleConfig("cosine", warmup_epochs=1.5, alpha=0.1),
            class_weight="balanced",
            l1=1e-4,
            l2=1e-3,
            clip_norm=0.5,
        ),
    ),
    "given class weights, one cycle": Experiment(
        model=TWO,
        training=TrainingConfig(
            learning_rate=0.1,
            epochs=5,
            schedule=ScheduleConfig("one_cycle"),
            class_weight={"setosa": 2.0, "virginica": 0.5},
        ),
    ),
    "a plateau, early stopping with the best weights, a standardized target": Experiment(
        dataset=DatasetConfig("boston", standardize_target=True),
        model=TWO,
        training=TrainingConfig(
            optimizer=OptimizerConfig("adam"),
            learning_rate=0.02,
            epochs=40,
            batch_size=50,
            schedule=ScheduleConfig("plateau", patience=2, factor=0.5),
            early_stopping=EarlyStoppingConfig(patience=4, restore_best_weights=True),
        ),
    ),
    "steps, no shuffling, a goal": Experiment(
        dataset=DatasetConfig("boston", standardize_target=True, validation_split=0.0),
        model=replace(TWO, output=OutputConfig(activation="linear")),
        training=TrainingConfig(
            loss="huber",
            learning_rate=0.05,
            epochs=30,
            shuffle=False,
            schedule=ScheduleConfig("step", decay_epochs=2, factor=0.7),
            clip_value=0.05,
            stop_at_loss=0.12,
        ),
    ),
    "two targets of different sizes": Experiment(
        dataset=DatasetConfig("boston", target=("PRICE", "NOX"), standardize_target=True, test_split=0.1),
        model=TWO,
        training=TrainingConfig(optimizer=ADAM, learning_rate=0.01, epochs=4, l2=1e-3),
    ),
    "an exponential schedule": Experiment(
        dataset=DatasetConfig("wine"),
        model=TWO,
        training=TrainingConfig(
            optimizer=OptimizerConfig("adamw"), epochs=4, schedule=ScheduleConfig("exponential", factor=0.2)
        ),
    ),
}


# Keras has other formulas here: its velocity holds the rates of earlier steps.
MOMENTUM = {
    "momentum": Experiment(
        model=TWO,
        training=TrainingConfig(
            learning_rate=0.1,
            epochs=5,
            optimizer=OptimizerConfig("sgd", momentum=0.9, nesterov=True),
            schedule=ScheduleConfig("one_cycle"),
        ),
    )
}
LBFGS = {
    "L-BFGS": Experiment(
        dataset=DatasetConfig("boston", standardize_target=True),
        model=TWO,
        training=TrainingConfig(
            optimizer=OptimizerConfig("lbfgs", history_size=5, max_eval=20),
            learning_rate=1.0,
            epochs=12,
            batch_size="full",
            l2=1e-3,
        ),
    )
}
LAYERS = (LayerConfig(8, "tanh", batch_norm=True, l2=0.01), LayerConfig(6, "relu", trainable=False, batch_norm=True))
NORM = {
    "batch normalization, a frozen layer, a penalty of one layer": Experiment(
        model=ModelConfig((*LAYERS, LayerConfig(5, "swish")), dtype="float64"),
        training=TrainingConfig(optimizer=ADAM, learning_rate=0.01, epochs=4, l1=1e-3),
    )
}
CASES = [
    *((library, case) for library in ("pytorch", "keras") for case in EXPERIMENTS | NORM),
    *(("pytorch", case) for case in MOMENTUM | LBFGS),
]
TOLERANCES = {"pytorch": 1e-6, "keras": 1e-4}


def history(path: Path) -> dict[str, list[float]]:
    """The columns of a history."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def run_program(folder: Path, name: str, *words: str) -> str:
    """Run an exported program; what it prints."""
    environment = {"KERAS_BACKEND": "torch", **os.environ}
    command = [sys.executable, f"train_{name}.py", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("library", "case"),
    [pytest.param(*one, marks=needs(*({"torch", one[0]} - {"pytorch"})), id=" ".join(one)) for one in CASES],
)
def test_a_program_gets_the_history_of_the_run(library: str, case: str, tmp_path: Path) -> None:
    session, tolerance = session_of((EXPERIMENTS | MOMENTUM | LBFGS | NORM)[case]), TOLERANCES[library]
    write_folder(trained(session), tmp_path, [f"train_{library}"])
    printed = run_program(tmp_path, library)
    ours, theirs = session.history.epochs, history(tmp_path / f"history_{library}.csv")
    assert theirs["epoch"] == list(range(1, len(ours["loss"]) + 1)), "it ends with the same epoch"
    if case in NORM and library == "pytorch":
        np.testing.assert_allclose(theirs["loss"], ours["loss"], rtol=tolerance)
        return  # its moving variances are others, and so are the scores
    tolerance = 1e-3 if case in NORM else tolerance  # Keras's backends have variances of their own
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=tolerance, atol=tolerance, err_msg=name)
    with np.load(tmp_path / f"weights_{library}.npz") as weights:
        arrays = [weights[name] for name in weights.files]
    for theirs_array, ours_array in zip(arrays, session.trainer.model.get_weights(), strict=True):
        shaped = theirs_array.T if library == "pytorch" else theirs_array
        np.testing.assert_allclose(shaped, ours_array, rtol=0, atol=max(100 * tolerance, 1e-7))
    assert "training:" in printed and "test:" not in printed


@pytest.mark.parametrize("library", [pytest.param(one, marks=needs("torch", "keras")) for one in TOLERANCES])
def test_weights_of_rows_count_as_in_the_run(library: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        f"{x:.3f},{x + z > 0},{w}" for x, z, w in zip(*rng.normal(size=(2, 90)), rng.integers(1, 5, 90), strict=True)
    ]
    (tmp_path / "own.csv").write_text("\n".join(["x,y,w", *rows]))
    config = DatasetConfig(path=str(tmp_path / "own.csv"), target="y", weight_column="w")
    training = TrainingConfig(optimizer=ADAM, epochs=3, class_weight="balanced")
    session = session_of(Experiment(dataset=config, model=TWO, training=training))
    assert session.split.w_train is not None
    write_folder(trained(session), tmp_path, [f"train_{library}"])
    run_program(tmp_path, library)
    theirs = history(tmp_path / f"history_{library}.csv")
    for name, values in session.history.epochs.items():
        np.testing.assert_allclose(theirs[name], values, rtol=TOLERANCES[library], err_msg=name)


@needs("torch")
def test_the_test_part_is_scored_where_that_is_asked_for(tmp_path: Path) -> None:
    session = session_of(next(iter(EXPERIMENTS.values())))
    write_folder(trained(session), tmp_path, ["train_pytorch"])
    line = run_program(tmp_path, "pytorch", "--test").splitlines()[-1]
    expected = session.trainer.evaluate(session.split.x_test, session.split.y_test)
    assert line.startswith("test: ")
    assert ast.literal_eval(line.removeprefix("test: ")) == pytest.approx(expected, rel=1e-6)


def test_what_is_not_as_it_was_is_said(tmp_path: Path) -> None:
    early = EarlyStoppingConfig("val_f1", patience=3)
    training = replace(MOMENTUM["momentum"].training, early_stopping=early, stop_after=60.0)
    session = session_of(replace(MOMENTUM["momentum"], training=training))
    write_folder(trained(session), tmp_path, ["train_keras"])
    code = (tmp_path / "train_keras.py").read_text()
    assert "Early stopping by val_f1 is left out." in code and "It is not stopped after a time." in code
    assert "Keras's momentum is of the rates, too" in code


@pytest.mark.parametrize("library", ["pytorch", "keras"])
def test_a_program_holds_no_text_of_the_user(library: str, tmp_path: Path) -> None:
    write_folder(trained_on(named(HARMFUL)), tmp_path, [f"train_{library}"])
    code = (tmp_path / f"train_{library}.py").read_text()
    ast.parse(code)
    assert "import os" not in code and "sepal" not in code and "setosa" not in code
    assert "What dropout drops is drawn anew." in code and max(map(len, code.splitlines())) <= 170


def test_the_data_stay_out_of_a_whole_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of_session(session_of())
    assert "data.npz" not in run.save(tmp_path / "all")
    assert run.save(tmp_path / "again", ["train_keras", "train_pytorch"]) == [
        "train_keras.py",
        "data.npz",
        "train_pytorch.py",
    ]
    with pytest.raises(UserError, match="a loaded run has no data to train on again"):
        Run.load(tmp_path / "all").save(tmp_path / "other", ["train_keras"])
    monkeypatch.chdir(tmp_path)
    assert main(["export", "all/experiment.toml", "--to", "out", "--format", "train_pytorch"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["data.npz", "train_pytorch.py"]


def test_a_target_that_does_not_vary_has_no_r2_and_the_mean_is_that_of_the_others() -> None:
    y, outputs = np.array([[1.0, 3.0], [2.0, 3.0], [3.0, 3.0]]), np.array([[1.0, 3.0], [2.0, 4.0], [4.0, 3.0]])
    expected = 1 - 1 / 2
    program: dict[str, Any] = {"np": np, "data": {"target_scale": np.ones(2)}}
    exec(ERRORS.format(outputs=2, of_targets=OF_TARGETS), program)
    values = program["measures"](outputs, y)
    assert values["r2"] == values["r2[0]"] == expected
    assert np.isnan(values["r2[1]"])
    assert np.isnan(program["measures"](outputs[:, 1:], y[:, 1:])["r2"])
