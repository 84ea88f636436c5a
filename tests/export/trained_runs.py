"""Small trained networks for the tests of exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    """Dropout, also of the inputs, a layer with batch normalization and no bias, and penalties, with one activation."""
    layers = (
        LayerConfig(16, activation, 0.2),
        LayerConfig(8, activation, use_bias=False, l1=0.0, l2=0.01, batch_norm=True),
    )  # type: ignore[arg-type]
    return Experiment(
        dataset=DatasetConfig(dataset),
        model=ModelConfig(layers, OutputConfig(use_bias=activation != "elu"), input_dropout=0.1),
        training=TrainingConfig(learning_rate=0.001, epochs=4, l1=1e-4, l2=1e-3),
    )


def named(name: str) -> Experiment:
    """The small one under another name."""
    return replace(SMALL, name=name)


# Cells as people write them: the day first, times, currencies and units, decimal commas, a mark for no value.
UGLY = """when;at;amount;weight;open;grade;cat;cat=red;y
03.04.2024;14:30;1.234,5 €;12 kg;true;01;red;5;1
17.11.2024;2:05;2,25 €;3,5 kg;false;02;blue;6;2
28.02.2023;23:59;(3,00 €);4 kg;TRUE;02;Red;-999;3
01.01.1970;00:00;1.000.000 €;7 kg;false;01;green;8;4
31.12.1969;7:15;0,5 €;1 kg;true;03;blue;9,5;5
15.06.2001;12:00;−7 €;2kg;false;03;green;9,5;6
"""


def run_on(folder: Path, text: str, **fields: Any) -> tuple[Session, TrainedModel]:
    """A run on a file, and its model."""
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    config = DatasetConfig(path=str(path), target="y", task="regression", standardize_target=True, **fields)
    session = session_of(replace(SMALL, dataset=config))
    return session, trained(session)
