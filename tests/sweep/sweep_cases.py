"""Experiments that the tests sweep over, and rows made by hand."""

from __future__ import annotations

from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.run_state import RunState
from tui_trainer.sweep.results import Row

RATE, UNITS = "training.learning_rate", "model.layers[0].units"
SMALL = Experiment(model=ModelConfig(layers=(LayerConfig(4),)), training=TrainingConfig(epochs=5))
LONG = Experiment(model=ModelConfig(layers=(LayerConfig(4),)), training=TrainingConfig(epochs=1_000_000))
BOOK = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False, validation_split=0.0),
    model=ModelConfig(layers=(), output=OutputConfig(use_bias=False, initializer="zeros"), dtype="float64"),
    training=TrainingConfig("sum_squared_error", learning_rate=1e-5, batch_size="full", epochs=10, shuffle=False),
)


def row(
    number: int,
    scores: dict[str, float],
    settings: dict[str, object] | None = None,
    state: RunState = "finished",
    message: str = "",
) -> Row:
    """A row with these scores."""
    return Row(number, settings or {RATE: number / 10}, SMALL, state, message, 5, 20, 0.1, scores, {}, {}, None)
