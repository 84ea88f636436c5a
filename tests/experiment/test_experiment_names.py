"""Experiments without a name are called after what they are; what differs between two is told in words."""

from __future__ import annotations

import pytest

from tui_trainer.experiment.edit import add_layer, changed_settings, with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig

IRIS = Experiment(
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(16, "relu"),)),
    training=TrainingConfig(learning_rate=0.05),
)


def test_a_run_is_called_after_what_it_is() -> None:
    assert IRIS.title == "iris 16 relu ρ .05" and IRIS.short_name == "iris"
    assert add_layer(IRIS).title == "iris 16-16 relu ρ .05"
    assert with_field(IRIS, "model.layers", []).title == "iris perceptron ρ .05"
    named = with_field(IRIS, "name", "my first")
    assert named.title == named.short_name == "my first"
    own = with_field(IRIS, "dataset.path", "/data/flat prices.csv")
    assert own.data_name == "flat prices"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("training.learning_rate", 0.1, [("learning rate", "0.1")]),
        ("model.layers[0].units", 4, [("units of layer 1", "4")]),
        ("training.optimizer.name", "adam", [("optimizer", "adam")]),
        ("dataset.name", "wine", [("dataset", "wine")]),
        ("training.shuffle", False, [("shuffle", "off")]),
    ],
)
def test_what_differs_is_told_in_words(path: str, value: object, told: list[tuple[str, str]]) -> None:
    assert changed_settings(IRIS, with_field(IRIS, path, value)) == told


def test_layers_and_many_settings_are_told_as_a_whole() -> None:
    assert changed_settings(IRIS, add_layer(IRIS)) == [("layers", "16-16")]
    changed = IRIS
    for path in ("training.epochs", "training.batch_size", "model.seed", "dataset.seed"):
        changed = with_field(changed, path, 7)
    assert changed_settings(IRIS, changed) == [("4 settings", "as they were before")]
