"""Weights of rows, by a column: Keras's sample_weight in training and validation, alone and with those of classes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from weighted_reference import BATCH, CLASS_WEIGHT, EPOCHS, MOMENTUM, PATH, RATE, VALIDATION, rows

from tui_trainer import Run, fit, train
from tui_trainer.cli.main import main
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.sweep import sweep
from tui_trainer.tabs.landscape.surface import Surface
from tui_trainer.tabs.summary.view import weighting
from tui_trainer.training.rates import scan_rates
from tui_trainer.training.session import Session

REFERENCE = json.loads(PATH.read_text())


def weighted_file(folder: Path, weights: object = None, **options: object) -> DatasetConfig:
    """The rows of the reference as a file, with their weights in the column ``w``."""
    x, y, own, _ = rows()
    weights = own if weights is None else weights
    lines = [
        ",".join([*map(repr, row.tolist()), str(weight), f"k{label}"])
        for row, weight, label in zip(x, weights, y, strict=True)
    ]
    (folder / "own.csv").write_text("\n".join(["a,b,c,w,y", *lines, ""]))
    config = DatasetConfig(path=str(folder / "own.csv"), target="y", weight_column="w", standardize=False)
    return replace(config, validation_split=VALIDATION, split_order="file", **options)


def reference_experiment(folder: Path, by_class: bool = False) -> Experiment:
    flat = np.concatenate([array.ravel() for array in rows()[3]])
    return Experiment(
        dataset=weighted_file(folder),
        model=ModelConfig((LayerConfig(5, "tanh"),), weights=tuple(flat.tolist()), dtype="float64"),
        training=TrainingConfig(
            optimizer=OptimizerConfig("sgd", MOMENTUM),
            learning_rate=RATE,
            batch_size=BATCH,
            epochs=EPOCHS,
            shuffle=False,
            class_weight=CLASS_WEIGHT if by_class else None,
        ),
    )


@pytest.mark.parametrize("kind", ["samples", "samples and classes"])
def test_a_run_is_that_of_keras_and_pytorch(kind: str, tmp_path: Path) -> None:
    run = train(reference_experiment(tmp_path, kind == "samples and classes"))
    for name, values in REFERENCE[kind]["history"].items():
        np.testing.assert_allclose(run.history[name], values, rtol=1e-9, err_msg=name)
    for ours, theirs in zip(run.weights, REFERENCE[kind]["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_scores_of_a_part_are_weighted_as_its_loss_is(tmp_path: Path) -> None:
    run = train(reference_experiment(tmp_path))
    scores = run.evaluate()
    assert scores["val_loss"] == pytest.approx(run.history["val_loss"][-1], rel=1e-12)
    x, y, weights, _ = rows()
    held = slice(30, 40)
    names = [f"k{label}" for label in y[held]]
    assert run.evaluate(x[held], names, sample_weight=weights[held])["loss"] == pytest.approx(scores["val_loss"])
    unweighted = run.evaluate(x[held], names)
    assert unweighted["loss"] != pytest.approx(scores["val_loss"]) and unweighted["accuracy"] == scores["val_accuracy"]
    with pytest.raises(ValueError, match="sample_weight must be 10 finite numbers of at least 0"):
        run.evaluate(x[held], names, sample_weight=weights)


def test_runs_that_are_trained_together_have_the_same_bits(tmp_path: Path) -> None:
    experiment = replace(reference_experiment(tmp_path), model=ModelConfig((LayerConfig(5, "tanh"),)))
    result = sweep(experiment, {"training.learning_rate": [0.1, 0.2, 0.3, 0.4]}, repeat=2, jobs=1)
    for row in result.rows:
        session = Session(max_threads=1)
        session.load(row.experiment)
        session.train()
        session.advance_to_end()
        assert session.scores() == row.scores
        assert {name: values[-1] for name, values in row.history.items()}["val_loss"] == session.values["val_loss"]


def test_rows_of_weight_0_count_for_nothing(tmp_path: Path) -> None:
    y = rows()[1]
    weights = np.where(np.arange(len(y)) % 3 == 0, 0, 1)
    experiment = Experiment(
        dataset=weighted_file(tmp_path, weights), training=TrainingConfig(epochs=3, batch_size="full")
    )
    one, other = Session(max_threads=1), Session(max_threads=1)
    dataset = load(experiment.dataset)
    spoiled = dataset.x.copy()
    spoiled[weights == 0] *= -3.0
    for session, data in ((one, dataset), (other, dataclasses.replace(dataset, x=spoiled))):
        session.load_with(experiment, data)
        session.train()
        session.advance_to_end()
    np.testing.assert_array_equal(one.trainer.model.parameters.flat, other.trainer.model.parameters.flat)
    assert one.history.rows() != [] and one.scores()["val_loss"] == other.scores()["val_loss"]


def test_weights_are_no_feature_and_go_with_their_rows(tmp_path: Path) -> None:
    config = replace(weighted_file(tmp_path), split_order="shuffled", test_split=0.2)
    dataset = load(config)
    assert dataset.features == ("a", "b", "c") and "w" in dataset.columns
    parts, weights = split(dataset, config, 3), rows()[2]
    for ours, of_rows in (
        (parts.w_train, parts.train_rows),
        (parts.w_val, parts.val_rows),
        (parts.w_test, parts.test_rows),
    ):
        np.testing.assert_array_equal(ours, weights[of_rows])


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("-1", "expected a finite number of at least 0, got -1 in line 4 of the column 'w'"),
        ("much", "expected a finite number of at least 0, got 'much' in line 4 of the column 'w'"),
        ("", "the column 'w' has no value in line 4; every row needs its weight"),
        ("nan", "the column 'w' has no value in line 4; every row needs its weight"),
        ("inf", "expected a finite number of at least 0, "),
        ("1e40", "expected a finite number of at least 0, at most 1e+30, got 1e+40 in line 4 of the column 'w'"),
    ],
)
def test_what_is_no_weight_is_refused_with_its_line(weight: str, said: str, tmp_path: Path) -> None:
    weights = [1.0, 2.0, weight, *[0.5] * 37]
    with pytest.raises(DatasetError) as refused:
        load(weighted_file(tmp_path, weights))
    assert refused.value.field == "dataset.weight_column" and refused.value.reason.startswith(said)


def test_weights_that_leave_nothing_to_learn_are_refused(tmp_path: Path) -> None:
    config = weighted_file(tmp_path, [0.0] * 30 + [1.0] * 10)
    with pytest.raises(DatasetError, match="all training rows have the weight 0 in the column 'w'"):
        split(load(config), config, 3)
    config = weighted_file(tmp_path, ["low", "high"] * 20)
    with pytest.raises(DatasetError, match="got 'low' in line 2 of the column 'w'"):
        load(config)


def test_a_file_for_the_test_has_weights_as_well(tmp_path: Path) -> None:
    config = replace(weighted_file(tmp_path), test_path=str(tmp_path / "new.csv"))
    (tmp_path / "new.csv").write_text("y,a,b,c,w\nk1,1,2,3,0.25\nk0,2,2,2,4\n")
    assert split(load(config), config, 3).w_test.tolist() == [0.25, 4.0]
    (tmp_path / "new.csv").write_text("y,a,b,c,w\nk1,1,2,3,0.25\nk0,2,2,2,-4\n")
    with pytest.raises(
        DatasetError, match=r"dataset\.test_path: in the file for the test, expected .*, got -4 in line 3"
    ):
        load(config)
    (tmp_path / "new.csv").write_text("y,a,b,c\nk1,1,2,3\nk0,2,2,2\n")
    with pytest.raises(DatasetError, match="has no column 'w', as the file to train on has"):
        load(config)


def test_the_landscape_and_the_rate_finder_know_the_weights(tmp_path: Path) -> None:
    session = Session(max_threads=1)
    session.load(reference_experiment(tmp_path))
    surface = Surface(session)
    at_start = surface.value(session.trainer.model.parameters.flat)
    expected = session.trainer.evaluate(session.split.x_train, session.split.y_train, session.split.w_train)["loss"]
    assert at_start == pytest.approx(expected, rel=1e-12)
    scan = scan_rates(session.experiment, session.split)
    assert scan is not None and scan.first_loss == pytest.approx(expected, rel=1e-6)


def test_a_program_names_the_column_of_its_frame() -> None:
    frame = {"a": np.arange(20.0), "w": np.ones(20)}
    run = fit(frame, np.arange(20) % 2, epochs=2, settings={"dataset.weight_column": "w"})
    plain = fit({"a": np.arange(20.0)}, np.arange(20) % 2, epochs=2)
    assert run.features == ("a",) and run.history["loss"].tolist() == pytest.approx(plain.history["loss"].tolist())


def test_the_command_line_weights_the_scores_that_it_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = weighted_file(tmp_path)
    words = ["train", "--csv", str(config.path), "--set", "weight_column=w", "--epochs", "3", "--json", "--no-store"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["data"]["target"] == "y" and result["data"]["features"] == ["a", "b", "c"]
    assert result["validation"]["loss"] == pytest.approx(result["values"]["val_loss"])


def test_a_saved_run_has_the_same_scores_again(tmp_path: Path) -> None:
    run = train(reference_experiment(tmp_path))
    run.save(tmp_path / "saved")
    assert Run.load(tmp_path / "saved").evaluate() == pytest.approx(run.evaluate())


def test_the_summary_says_what_rows_and_classes_count(tmp_path: Path) -> None:
    experiment = reference_experiment(tmp_path)
    assert weighting(experiment) == ", rows weighted by w"
    balanced = replace(experiment, training=replace(experiment.training, class_weight="balanced"))
    assert weighting(balanced) == ", classes balanced, rows weighted by w"
    assert weighting(Experiment()) == ""
