"""What the experiment says of engine objects, which it may not import, and what they say themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.engine.activations import ACTIVATIONS
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.resolve import RANGES
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OutputConfig
from tui_trainer.training.session import Session


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_ranges_of_activations_are_the_engines(name: str) -> None:
    """Over a wide grid no value lies outside, and the ends are reached: to be refused is to be out of reach."""
    low, high = RANGES.get(name, (-math.inf, math.inf))
    z = np.linspace(-40.0, 40.0, 20001)[None, :]
    a = np.empty_like(z)
    activation = ACTIVATIONS[name]
    activation.forward(z.copy(), a, [np.zeros_like(z) for _ in range(activation.buffers)])
    assert low <= a.min() and a.max() <= high
    if name != "softmax":
        assert a.min() < (-0.39 if low == -math.inf else low + 1e-3)
        assert a.max() > (39.0 if high == math.inf else high - 1e-3)


def test_the_first_weights_can_be_given_by_hand() -> None:
    model = ModelConfig(layers=(), output=OutputConfig(), weights=(2.0, -1.0), dtype="float64")
    experiment = Experiment(dataset=DatasetConfig("boston_rm", standardize=False), model=model)
    session = Session()
    session.load(experiment)
    assert session.trainer.model.predict([[3.0]]).tolist() == [[5.0]]
    with pytest.raises(UserError, match=r"expected 2 initial weights, one per parameter, got 3"):
        session.load(replace(experiment, model=replace(model, weights=(1.0, 2.0, 3.0))))
    assert with_field(experiment, "training.learning_rate", 0.1).model.weights == (2.0, -1.0)
    assert with_field(experiment, "model.output.use_bias", False).model.weights == ()
    assert with_field(experiment, "dataset.name", "iris").model.weights == ()
