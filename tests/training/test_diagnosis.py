"""Why a run diverged or learnt nothing: the true cause is named, and the remedy works, since it was tried."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.cli.main import main
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    OWN_DATA,
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.training.diagnosis import diagnose, largest_class
from tui_trainer.training.session import Session

ROWS = 200
ADAM = OptimizerConfig("adam")
RATE = "training.learning_rate"


@pytest.fixture
def houses(tmp_path: Path) -> str:
    """Prices of half a million, from an area and an age."""
    rng = np.random.default_rng(0)
    area, age = rng.uniform(500, 4000, ROWS), rng.integers(0, 60, ROWS)
    price = 100_000 + 150 * area - 800 * age + rng.normal(0, 10_000, ROWS)
    lines = [f"{a:.0f},{b},{c:.0f}" for a, b, c in zip(area, age, price, strict=True)]
    file = tmp_path / "houses.csv"
    file.write_text("\n".join(["area,age,price", *lines]) + "\n")
    return str(file)


@pytest.fixture
def noise(tmp_path: Path) -> str:
    """Three classes that two features say nothing about."""
    rng = np.random.default_rng(1)
    values, kinds = rng.normal(size=(150, 2)), rng.integers(0, 3, 150)
    lines = [f"{a:.3f},{b:.3f},{'xyz'[kind]}" for (a, b), kind in zip(values, kinds, strict=True)]
    file = tmp_path / "noise.csv"
    file.write_text("\n".join(["a,b,label", *lines]) + "\n")
    return str(file)


def diagnosed(experiment: Experiment) -> Session:
    """Its run, trained to the end and explained."""
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    diagnose(session)
    return session


def fixed(session: Session) -> Session:
    """The run again with its remedy: one press of a key."""
    assert session.remedy is not None
    experiment = session.requested
    for path, value in session.remedy.changes.items():
        experiment = with_field(experiment, path, value)
    return diagnosed(experiment)


def perceptron(**training: object) -> Experiment:
    return Experiment(
        dataset=DatasetConfig("boston_rm"),
        model=ModelConfig(()),
        training=TrainingConfig(**training),  # type: ignore[arg-type]
    )


def test_a_target_that_is_not_scaled_is_named_and_scaled(houses: str) -> None:
    session = diagnosed(Experiment(dataset=DatasetConfig(path=houses)))
    assert session.state == "diverged" and session.remedy is not None
    assert "Why: price is about " in session.sentence and "errors and steps grow with it." in session.sentence
    assert session.remedy.changes == {"dataset.standardize_target": True}
    assert session.remedy.said == "standardizes the target"
    again = fixed(session)
    assert again.state == "finished" and again.values["val_r2"] > 0.95 and not again.warning


def test_features_that_are_not_scaled_are_named_and_scaled() -> None:
    session = diagnosed(with_field(perceptron(learning_rate=0.1), "dataset.standardize", False))
    assert session.state == "diverged" and "RM is about 6.3" in session.sentence
    assert session.remedy is not None and session.remedy.changes == {"dataset.standardize": True}
    assert fixed(session).values["val_r2"] > 0.5


@pytest.mark.parametrize("rate", [0.3, 30.0, 1e5])
@pytest.mark.parametrize("batch", [32, "full"])
def test_a_rate_that_works_is_found_in_one_press(rate: float, batch: int | str) -> None:
    """A tenth of the rate would diverge again for most of these."""
    session = diagnosed(perceptron(learning_rate=rate, batch_size=batch, loss="sse", epochs=50))
    assert session.state == "diverged" and session.remedy is not None
    assert "too high for a loss that is summed over the samples" in session.sentence
    assert list(session.remedy.changes) == [RATE] and "lowers the rate to " in session.remedy.said
    again = fixed(session)
    assert again.state == "finished" and again.values["val_r2"] > 0.4


def test_what_is_fixed_in_an_experiment_is_no_remedy(houses: str) -> None:
    experiment = Experiment(dataset=DatasetConfig(path=houses), hide=("dataset",))
    session = diagnosed(experiment)
    assert session.state == "diverged" and session.remedy is not None
    assert list(session.remedy.changes) == [RATE]


def test_trials_end_when_something_else_is_to_be_done(houses: str) -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig(path=houses)))
    session.train()
    session.advance_to_end()
    diagnose(session, stop=lambda: True)
    assert session.remedy is not None and session.remedy.changes == {RATE: 0.005}


def test_trials_leave_the_run_as_it_is() -> None:
    session = Session()
    session.load(perceptron(learning_rate=30.0))
    session.train()
    session.advance_to_end()
    weights, steps = session.trainer.model.parameters.flat.copy(), session.steps
    diagnose(session)
    assert np.array_equal(session.trainer.model.parameters.flat, weights) and session.steps == steps


def test_a_constant_on_a_raw_target_is_told(houses: str) -> None:
    training = TrainingConfig(optimizer=ADAM, learning_rate=0.01, epochs=50)
    session = diagnosed(Experiment(dataset=DatasetConfig(path=houses), training=training))
    assert session.state == "finished"
    assert "no better than always answering the mean: price is about " in session.warning
    assert fixed(session).values["val_r2"] > 0.95


def test_a_layer_that_is_0_for_every_row_is_told() -> None:
    layers = (LayerConfig(8), LayerConfig(8))
    session = diagnosed(
        Experiment(
            dataset=DatasetConfig("spiral"), model=ModelConfig(layers), training=TrainingConfig(learning_rate=30.0)
        )
    )
    assert session.warning.startswith("Layer 2 is 0 for every row, so nothing gets through it: the rate 30 is too high")
    assert fixed(session).values["val_accuracy"] > 0.7


def test_weights_that_are_all_the_same_are_told() -> None:
    model = ModelConfig((LayerConfig(8, initializer="zeros"),))
    session = diagnosed(Experiment(model=model, training=TrainingConfig(epochs=50)))
    assert "all neurons of a layer begin with the same weights." in session.warning
    assert session.remedy is not None and "draws the initial weights at random" in session.remedy.said
    assert fixed(session).values["val_accuracy"] > 0.8


def test_a_rate_that_is_too_low_is_told() -> None:
    session = diagnosed(Experiment(training=TrainingConfig(learning_rate=1e-7, epochs=20)))
    assert session.warning.endswith("the rate 1e-07 is too low.")
    assert fixed(session).values["val_accuracy"] > 0.8


def test_rows_learnt_by_heart_are_told_without_a_remedy(noise: str) -> None:
    model = ModelConfig((LayerConfig(64), LayerConfig(32)))
    training = TrainingConfig(optimizer=ADAM, learning_rate=0.01)
    session = diagnosed(Experiment(dataset=DatasetConfig(path=noise), model=model, training=training))
    if session.values["val_accuracy"] <= largest_class(session)[1]:  # type: ignore[index]
        assert "learnt by heart" in session.warning and session.remedy is None


@pytest.mark.parametrize("name", ["iris", "wine", "curve_sine", "plane"])
def test_a_run_that_has_learnt_is_not_complained_of(name: str) -> None:
    session = diagnosed(replace(OWN_DATA, dataset=DatasetConfig(name, standardize_target=True)))
    assert session.state == "finished" and session.warning == "" and session.remedy is None


def test_the_largest_class_is_that_of_the_training_part() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("breast_cancer")))
    found = largest_class(session)
    assert found is not None and found[0] == "benign" and found[1] == pytest.approx(0.627, abs=0.01)
    session.load(Experiment(dataset=DatasetConfig("boston")))
    assert largest_class(session) is None


def test_the_command_line_tells_it_and_succeeds(houses: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--csv", houses, "--set", "dataset.standardize_target=false", "--epochs", "50"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "no better than always answering the mean: price is about" in printed
    assert "Try it with --set dataset.standardize_target=true\n" in printed
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "price is about" in result["warning"] and result["remedy"] == {"dataset.standardize_target": True}


def test_an_accuracy_stands_beside_that_of_the_largest_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "flowers.csv"
    rows = [f"{place / 10},{'ab'[place % 10 > 6]}" for place in range(100)]
    file.write_text("\n".join(["x,label", *rows]) + "\n")
    assert main(["train", "--csv", str(file), "--json", "--epochs", "5"]) == 0
    assert json.loads(capsys.readouterr().out)["always"] == {"class": "a", "accuracy": 0.7}
    assert main(["train", "--csv", str(file), "--epochs", "5"]) == 0
    assert "always answering a would score 70.0%" in capsys.readouterr().out
