"""Small trained networks for the tests of exports."""

from __future__ import annotations

from msgspec.structs import replace

from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.export.trained import TrainedModel, trained
from tui_trainer.training.session import Session

ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "swish", "gelu")
SMALL = Experiment(
    name="small",
    model=ModelConfig((LayerConfig(6, "tanh", dropout=0.2), LayerConfig(4, "relu", use_bias=False))),
    training=TrainingConfig(epochs=3),
)
HARMFUL = '"""\n import os; ("../../x'


def session_of(experiment: Experiment = SMALL) -> Session:
    """A session that has trained it to its end."""
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def trained_on(experiment: Experiment = SMALL) -> TrainedModel:
    """What is exported of it."""
    return trained(session_of(experiment))


def rich(activation: str, dataset: str = "boston") -> Experiment:
    """Dropout, a layer without bias, and penalties, with one activation everywhere."""
    layers = (LayerConfig(16, activation, 0.2), LayerConfig(8, activation, use_bias=False))  # type: ignore[arg-type]
    return Experiment(
        dataset=DatasetConfig(dataset),
        model=ModelConfig(layers, OutputConfig(use_bias=activation != "elu")),
        training=TrainingConfig(learning_rate=0.001, epochs=4, l1=1e-4, l2=1e-3),
    )


def named(name: str) -> Experiment:
    """The small one under another name."""
    return replace(SMALL, name=name)
