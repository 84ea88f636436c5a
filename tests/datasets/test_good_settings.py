"""Settings that train each dataset: there are some for all, and they reach what is promised."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.datasets.catalog import CATALOG, GOOD_SETTINGS, LARGE_FILE, good_settings, has_usual_settings
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, OWN_DATA, DatasetConfig, Experiment
from tui_trainer.training.session import Session

SEEDS = range(3)


def trained(name: str, seed: int) -> Session:
    data = DatasetConfig(name, seed=seed, standardize_target=True)
    experiment = GOOD_SETTINGS[name].applied_to(with_field(Experiment(dataset=data), "model.seed", seed))
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    assert session.state == "finished"
    return session


def score(session: Session) -> float:
    return session.values.get("val_accuracy", session.values.get("val_r2", 0.0))


def linear_r2(session: Session) -> float:
    """R² of a linear model, fitted by least squares, on the validation part."""
    parts = session.split
    assert parts.x_val is not None and parts.y_val is not None
    weights = np.linalg.lstsq(np.c_[parts.x_train, np.ones(len(parts.x_train))], parts.y_train)[0]
    residuals = parts.y_val - np.c_[parts.x_val, np.ones(len(parts.x_val))] @ weights
    return float(1 - (residuals**2).sum() / ((parts.y_val - parts.y_val.mean()) ** 2).sum())


def test_every_dataset_has_settings() -> None:
    assert set(GOOD_SETTINGS) == {None, *CATALOG}
    spiral = GOOD_SETTINGS["spiral"]
    assert spiral.in_words == "8-8 tanh, Adam 0.02, 1,500 epochs" and spiral.reaches >= 0.97
    assert spiral.applied_to(FIRST_EXPERIMENT) == FIRST_EXPERIMENT
    own = good_settings(DatasetConfig(path="mine.csv"))
    assert own is not None and own.applied_to(OWN_DATA) == OWN_DATA
    assert good_settings(DatasetConfig("arrays")) is None


def test_a_large_file_has_a_lower_penalty_and_a_lower_rate(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"1,2\n" * (LARGE_FILE // 4))
    settings = good_settings(DatasetConfig(path=str(path)))
    assert settings is not None and (settings.l2, settings.rate) == (0.0001, 0.003)
    assert has_usual_settings(settings.applied_to(Experiment()))
    usual = good_settings(DatasetConfig(path=str(tmp_path / "there is none.csv")))
    assert usual == good_settings(DatasetConfig(path="\0")) == GOOD_SETTINGS[None]


def test_what_somebody_has_chosen_is_told_from_what_was_offered() -> None:
    for settings in GOOD_SETTINGS.values():
        assert has_usual_settings(settings.applied_to(Experiment()))
    assert has_usual_settings(Experiment()) and has_usual_settings(FIRST_EXPERIMENT)
    assert has_usual_settings(with_field(Experiment(), "dataset.noise", 20))
    assert not has_usual_settings(with_field(Experiment(), "training.learning_rate", 0.03))
    assert not has_usual_settings(with_field(FIRST_EXPERIMENT, "model.layers[1].units", 7))


def test_seeds_and_metrics_stay() -> None:
    experiment = with_field(with_field(Experiment(), "model.seed", 5), "training.metrics", ("accuracy",))
    changed = GOOD_SETTINGS["wine"].applied_to(experiment)
    assert changed.model.seed == 5 and changed.training.metrics == ("accuracy",)
    assert replace(changed, model=experiment.model, training=experiment.training) == experiment


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOG)
def test_the_promised_figure_is_reached(name: str) -> None:
    scores = [score(trained(name, seed)) for seed in SEEDS]
    assert median(scores) >= GOOD_SETTINGS[name].reaches, scores


@pytest.mark.slow
@pytest.mark.parametrize("name", ["boston", "boston_six"])
def test_house_prices_are_predicted_better_than_by_a_linear_model(name: str) -> None:
    sessions = [trained(name, seed) for seed in SEEDS]
    assert median(map(score, sessions)) > median(map(linear_r2, sessions)) + 0.03
