"""The doctor: each rule has a made case in which it speaks, and a near one in which it must not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.datasets.arrays import from_arrays
from tui_trainer.datasets.catalog import GOOD_SETTINGS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.training.diagnosis import diagnose
from tui_trainer.training.doctor import RULES, examine
from tui_trainer.training.session import Session

Data = tuple[np.ndarray, np.ndarray]
Case = tuple[Data, Mapping[str, object]]


def trained(data: Data, settings: Mapping[str, object]) -> Session:
    """A session of a run on ``data`` that has ended."""
    experiment = Experiment(model=ModelConfig(layers=(LayerConfig(8, "tanh"),)))
    for path, value in settings.items():
        experiment = with_field(experiment, path, value)
    dataset, config = from_arrays(*data, experiment.dataset)
    session = Session()
    session.data.provide(dataset, config)
    experiment = with_field(experiment, "dataset", config)
    if "model.weights" in settings:  # those of other data were dropped
        experiment = with_field(experiment, "model.weights", settings["model.weights"])
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def clouds(rows: int = 200, distance: float = 1.0, seed: int = 0, features: int = 4) -> Data:
    """Two classes that overlap, by the first feature."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    x = rng.normal(size=(rows, features))
    x[:, 0] += distance * (2 * labels - 1)
    return x, np.where(labels, "yes", "no")


def line(rows: int = 200, noise: float = 0.1, seed: int = 0) -> Data:
    """A number that is the sum of two features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    return x, x.sum(axis=1) + noise * rng.normal(size=rows)


def noise_of(rows: int, features: int = 20) -> Data:
    """Classes about which the features say next to nothing."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, features))
    return x, np.where(x[:, 0] + 2.0 * rng.normal(size=rows) > 0, "yes", "no")


def rare(share: float, distance: float) -> Data:
    """A class with a ``share`` of the rows, ``distance`` away from the other."""
    rng = np.random.default_rng(2)
    labels = np.arange(400) < 400 * share
    x = rng.normal(size=(400, 3))
    x[:, 0] += distance * labels
    return x, np.where(labels, "sick", "well")


def scaled(data: Data, factor: float) -> Data:
    x, y = data
    return x * np.array([factor, *[1.0] * (x.shape[1] - 1)]), y


def telling(share: float) -> Data:
    """A column that is the class itself but for a ``share`` of the rows."""
    x, y = clouds()
    column = (y == "yes").astype(float)
    column[: int(share * len(y))] = 1 - column[: int(share * len(y))]
    return np.c_[column, x], y


def layers(count: int, activation: str, units: int = 8, **more: Any) -> tuple[LayerConfig, ...]:
    return tuple(LayerConfig(units, activation, **more) for _ in range(count))  # type: ignore[arg-type]


def one_hidden(units: int, dead: int) -> tuple[float, ...]:
    """Weights of a hidden layer over four features, with so many units whose bias is far below 0."""
    rng = np.random.default_rng(3)
    biases = [-100.0] * dead + [0.1] * (units - dead)
    return (*rng.normal(size=4 * units).tolist(), *biases, *rng.normal(size=units).tolist(), 0.0)


TINY_STEPS: dict[str, object] = {"model.layers": (LayerConfig(8, "relu"),), "training.epochs": 5}
ADAM: dict[str, object] = {"training.optimizer.name": "adam", "training.learning_rate": 0.01, "training.epochs": 40}
PLAIN: dict[str, object] = {"dataset.standardize": False}
CASES: dict[str, tuple[Case, Case]] = {  # each rule: in the first it speaks, in the second not
    "overfits": (
        (noise_of(120), {**ADAM, "model.layers": layers(2, "relu", 32), "training.epochs": 150}),
        (noise_of(120), {**ADAM, "model.layers": layers(1, "relu", 2), "training.l2": 0.05, "training.epochs": 150}),
    ),
    "learns by heart": (
        (noise_of(120), {**ADAM, "model.layers": layers(2, "relu", 32), "training.epochs": 150}),
        (clouds(), ADAM),
    ),
    "dead units": (
        (clouds(), {**TINY_STEPS, "model.weights": one_hidden(8, dead=3)}),
        (clouds(), {**TINY_STEPS, "model.weights": one_hidden(8, dead=2)}),
    ),
    "vanishing gradient": (
        (line(), {"model.layers": layers(12, "sigmoid"), "training.epochs": 5}),
        (line(), {"model.layers": layers(12, "relu", initializer="he_normal"), "training.epochs": 5}),
    ),
    "saturated": (
        (scaled(clouds(), 1000.0), {**PLAIN, "training.epochs": 5, "training.learning_rate": 1e-4}),
        (clouds(), {**PLAIN, "training.epochs": 5, "training.learning_rate": 1e-4}),
    ),
    "unscaled features": ((scaled(clouds(), 100.0), {**PLAIN, **ADAM}), (scaled(clouds(), 100.0), ADAM)),
    "rate too low": (
        (line(), {"training.learning_rate": 1e-4, "training.epochs": 60}),
        (line(), {"training.learning_rate": 1e-2, "training.epochs": 60}),
    ),
    "rate at its edge": (
        (line(), {"training.learning_rate": 0.42, "training.batch_size": 8, "training.epochs": 60}),
        (line(), {"training.learning_rate": 0.02, "training.batch_size": 8, "training.epochs": 60}),
    ),
    "penalty too strong": ((line(), {**ADAM, "training.l2": 0.5}), (line(), {**ADAM, "training.l2": 0.0001})),
    "class missed": ((rare(0.1, 0.3), ADAM), (rare(0.1, 3.0), ADAM)),
    "unbalanced classes": ((rare(0.1, 1.0), ADAM), (rare(0.4, 1.0), ADAM)),
    "batch too large": (
        (clouds(), {**ADAM, "training.batch_size": 161}),
        (clouds(), {**ADAM, "training.batch_size": 160}),
    ),
    "still falling": (
        (line(), {"training.learning_rate": 0.005, "training.epochs": 10}),
        (line(), {"training.learning_rate": 0.005, "training.epochs": 200}),
    ),
    "one column tells": ((telling(0.0), ADAM), (telling(0.05), ADAM)),
    "few validation rows": ((clouds(60), ADAM), (clouds(80), ADAM)),
}


@pytest.mark.parametrize("rule", [name for name, _ in RULES])
def test_a_rule_speaks_in_its_case_and_not_in_a_near_one(rule: str) -> None:
    (data, settings), (near_data, near_settings) = CASES[rule]
    session = trained(data, settings)
    found = {advice.rule: advice for advice in examine(session)}
    assert rule in found, (found, session.values)
    advice = found[rule]
    assert advice.sentence.endswith(".") and not advice.sentence[0].isspace() and len(advice.sentence) < 200
    if advice.remedy is not None:
        changed = session.requested
        for path, value in advice.remedy.changes.items():
            changed = with_field(changed, path, value)
        assert changed != session.requested
    assert rule not in {advice.rule for advice in examine(trained(near_data, near_settings))}


def test_a_penalty_of_a_layer_is_lowered_where_it_is_set() -> None:
    own = {**ADAM, "model.layers[0].l2": 0.5, "model.output.l2": 0.5}
    (advice,) = (one for one in examine(trained(line(), own)) if one.rule == "penalty too strong")
    assert advice.remedy is not None and set(advice.remedy.changes) == {"model.layers[0].l2", "model.output.l2"}
    without = {**ADAM, "training.l2": 0.3, "model.layers[0].l2": 0.0, "model.output.l2": 0.0}
    assert "penalty too strong" not in {one.rule for one in examine(trained(line(), without))}


@pytest.mark.parametrize(
    ("held_back", "more"), [("b", ""), ("bc", ", nor is 1 more class"), ("bcd", ", nor are 2 more classes")]
)
def test_a_class_without_a_training_row_needs_rows_and_no_weights(held_back: str, more: str) -> None:
    x, _ = clouds()
    labels = np.array([*"a" * 160, *(held_back * 40)[:40]])  # the last fifth of the file is for validation
    session = trained((x, labels), {**ADAM, "dataset.split_order": "file"})
    (advice,) = (one for one in examine(session) if one.rule == "class missed")
    rows = int((labels == advice.sentence[0]).sum())
    end = f"it is the class of {rows} validation rows, and of no training row."
    assert advice.sentence[1:] == f" is never predicted{more}; {end}" and advice.remedy is None


def test_few_rows_of_a_fold_are_no_reason_for_folds() -> None:
    (data, settings), _ = CASES["few validation rows"]
    session = trained(data, {**settings, "dataset.fold": "1/5"})
    assert "few validation rows" not in {one.rule for one in examine(session)}


def test_every_rule_has_its_cases() -> None:
    assert len(RULES) >= 12
    assert set(CASES) == {name for name, _ in RULES}


HEALTHY = [name for name in GOOD_SETTINGS if name is not None]


@pytest.mark.parametrize("name", [*HEALTHY[:5], "xor", "gauss", "blobs", "plane", "multi_gauss", "curve_step"])
def test_healthy_runs_hear_nothing(name: str) -> None:
    assert_quiet(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", HEALTHY)
def test_all_datasets_with_recommended_settings_hear_nothing(name: str, seed: int) -> None:
    assert_quiet(name, seed)


def assert_quiet(name: str, seed: int) -> None:
    data = DatasetConfig(name, seed=seed, standardize_target=True)
    session = Session()
    session.load(GOOD_SETTINGS[name].applied_to(with_field(Experiment(dataset=data), "model.seed", seed)))
    session.train()
    session.advance_to_end()
    assert examine(session) == []


@pytest.mark.parametrize("state", ["empty", "ready", "diverged"])
def test_before_an_epoch_and_after_divergence_there_is_nothing_to_say(state: str) -> None:
    session = Session()
    if state != "empty":
        session.load(
            with_field(Experiment(dataset=DatasetConfig("boston", standardize=False)), "training.learning_rate", 1000.0)
        )
    if state == "diverged":
        session.train()
        session.advance_to_end()
    assert session.state == state and examine(session) == []


def test_a_field_that_a_teacher_has_hidden_is_no_remedy() -> None:
    (data, settings), _ = CASES["batch too large"]
    session = trained(data, {**settings, "hide": ("training.batch_size",)})
    assert [advice.remedy for advice in examine(session) if advice.rule == "batch too large"] == [None]


def test_the_page_has_every_rule_in_the_order_of_the_doctor() -> None:
    lines = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text().splitlines()
    table = lines[lines.index("| rule | speaks when | what `f` does |") + 2 :]
    assert [line.split("|")[1].strip() for line in table if line.startswith("|")] == [name for name, _ in RULES]


def test_a_long_run_takes_little_memory_and_time() -> None:
    """A hundred thousand epochs: what is looked at is a small multiple of their values."""
    session = trained(line(40), {"training.epochs": 5, "training.batch_size": "full"})
    rng = np.random.default_rng(0)
    epochs = 100_000
    falling = np.exp(-np.arange(epochs) / 2e4)
    rising = np.where(np.arange(epochs) < epochs / 3, falling, np.linspace(falling[epochs // 3], 1, epochs))
    noise = 0.01 * rng.random(epochs)
    session.history.extend(
        {name: np.zeros(epochs) for name in session.history.epochs} | {"loss": falling, "val_loss": rising + noise}
    )
    tracemalloc.start()
    found = {advice.rule: advice.sentence for advice in examine(session)}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "overfits" in found and peak < 30 * 8 * epochs
    since = int(found["overfits"].split("since epoch ")[1].split(", from")[0].replace(",", ""))
    assert abs(since - epochs / 3) < epochs / 20


def changes_of(rule: str, session: Session) -> Mapping[str, object]:
    advice = next(advice for advice in examine(session) if advice.rule == rule)
    assert advice.remedy is not None
    return advice.remedy.changes


def test_penalties_of_layers_are_raised_where_they_have_their_own() -> None:
    (data, settings), _ = CASES["learns by heart"]
    own = tuple(replace(layer, l2=0.0) for layer in layers(2, "relu", 32))
    session = trained(data, {**settings, "model.layers": own})
    expected = {
        "model.layers[0].l2": 0.001,
        "model.layers[1].l2": 0.001,
        "training.l2": 0.001,
    }  # the last: the output's
    assert changes_of("learns by heart", session) == expected


def test_weights_that_are_scaled_up_are_drawn_in_their_usual_size() -> None:
    wild = layers(1, "tanh", initializer_scale=1e6)
    session = trained(clouds(), {"model.layers": wild, "training.epochs": 5, "training.learning_rate": 1e-6})
    assert changes_of("saturated", session)["model.layers[0].initializer_scale"] == 1.0


def test_no_remedy_has_more_epochs_than_a_run_may_have() -> None:
    (data, settings), _ = CASES["still falling"]
    session = trained(data, settings)
    session.target_epochs = 6_000_000
    assert next(advice for advice in examine(session) if advice.rule == "still falling").remedy is None


def test_a_rare_class_that_is_told_apart_but_never_predicted_is_the_doctors_matter() -> None:
    """The accuracy is that of always answering the other class, and still something is learnt."""
    session = trained(rare(0.1, 1.0), {**ADAM, "training.epochs": 20})
    diagnose(session)
    assert not session.warning
    assert {"unbalanced classes"} <= {advice.rule for advice in examine(session)}
    session = trained(rare(0.1, 1.0), {**ADAM, "training.epochs": 20, "training.class_weight": "balanced"})
    diagnose(session)
    assert not session.warning, "an accuracy below that of always answering the larger class is what weights are for"


@pytest.mark.parametrize("penalty", [0.3, 30.0])
def test_a_penalty_that_leaves_no_weights_is_lowered(penalty: float) -> None:
    session = trained(clouds(400, 2.0), {**ADAM, "training.l2": penalty, "training.epochs": 60})
    diagnose(session)
    assert "the penalty holds all weights near 0" in session.warning and session.remedy is not None
    assert session.remedy.changes == {"training.l2": 0.001}
    assert session.remedy.said == "lowers the penalty to 0.001"
