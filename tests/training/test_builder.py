"""What the experiment says of engine objects, which it may not import, and what they say themselves."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.engine.activations import ACTIVATIONS
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.resolve import RANGES
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.experiment.share import share, unshare
from tui_trainer.experiment.toml_file import dumps, loads
from tui_trainer.tabs.landscape.surface import Surface
from tui_trainer.training.builder import sample_weights
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


def test_options_of_layers_reach_the_engine() -> None:
    hidden = LayerConfig(4, initializer_scale=2.0, l1=0.1, l2=0.0, trainable=False)
    session = Session()
    session.load(Experiment(model=ModelConfig(layers=(hidden,)), training=TrainingConfig(l2=0.3)))
    (first, _), (last, _) = session.trainer.model.dense
    assert (first.initializer_scale, first.l1, first.l2, first.trainable) == (2.0, 0.1, 0.0, False)
    assert (last.initializer_scale, last.l1, last.l2, last.trainable) == (1.0, None, None, True)
    loss = session.scores()["loss"]
    session.load(Experiment(model=ModelConfig(layers=(hidden,)), training=TrainingConfig()))
    squares = float((session.trainer.model.parameters.kernels[1] ** 2).sum())
    assert loss == pytest.approx(session.scores()["loss"] + 0.3 * squares, rel=1e-6)


def test_first_weights_with_a_variance_below_0_are_refused() -> None:
    layers, rest = (LayerConfig(1, batch_norm=True),), (0.5,) * 14
    Session().load(Experiment(model=ModelConfig(layers=layers, weights=(*rest, 1.0))))
    with pytest.raises(UserError, match="the moving variances at its end must be at least 0"):
        Session().load(Experiment(model=ModelConfig(layers=layers, weights=(*rest, -1.0))))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("model.layers", [LayerConfig(4, initializer="zeros", initializer_scale=2.0)], "expected 1 with the initializ"),
        ("model.output.trainable", False, "no layer is trainable, so nothing would be learned"),
    ],
)
def test_options_of_layers_that_make_no_sense_are_refused(path: str, value: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Session().load(with_field(with_field(Experiment(), "model.layers", []), path, value))


def weighted(class_weight: object, dataset: str = "breast_cancer") -> Session:
    session = Session(max_threads=1)
    session.load(with_field(with_field(Experiment(), "dataset.name", dataset), "training.class_weight", class_weight))
    return session


@pytest.mark.parametrize("units", [None, 2])
def test_balanced_weights_make_classes_count_the_same(units: int | None) -> None:
    session = weighted("balanced")
    session.load(with_field(session.requested, "model.output.units", units))
    y = session.split.y_train
    weights = sample_weights(session.experiment.training, y)
    assert weights is not None and weights.shape == (len(y),)
    members = y[:, -1] == 1.0
    assert weights[members].sum() == pytest.approx(len(y) / 2) and weights[~members].sum() == pytest.approx(len(y) / 2)
    assert weights[members][0] == len(y) / (2 * members.sum()), "n / (classes * count), as scikit-learn"


def test_weights_are_given_by_the_names_of_classes() -> None:
    session = weighted({"virginica": 3.0, "setosa": 0.5}, "iris")
    assert session.experiment.training.class_weight == {"setosa": 0.5, "versicolor": 1.0, "virginica": 3.0}
    weights = sample_weights(session.experiment.training, session.split.y_train)
    assert weights is not None
    np.testing.assert_array_equal(weights, session.split.y_train @ [0.5, 1.0, 3.0])
    assert unshare(share(session.requested)) == session.requested == loads(dumps(session.requested))


@pytest.mark.parametrize(
    ("class_weight", "dataset", "message"),
    [
        ("balanced", "boston", "the target is a number, which has no classes; leave class_weight out"),
        ({"rose": 1.0}, "iris", "there is no class 'rose'; the classes are: 'setosa', 'versicolor', 'virginica'"),
        ({"setosa": 0, "versicolor": 0, "virginica": 0}, "iris", "all weights are 0"),
        ({"setosa": -1.0}, "iris", "expected a finite number of at least 0 for 'setosa', got -1.0"),
        ("fair", "iris", "expected 'balanced' or a table or nothing, got 'fair'"),
    ],
)
def test_weights_that_do_not_fit_are_refused(class_weight: object, dataset: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        weighted(class_weight, dataset)


@pytest.mark.parametrize("layers", ["none", "4"])
def test_the_landscape_is_that_of_the_weighted_loss(layers: str) -> None:
    session = weighted({"benign": 0.25})
    experiment = with_field(with_field(session.requested, "model.layers", layers), "training.batch_size", "full")
    session.load(with_field(experiment, "model.dtype", "float64"))
    surface, flat = Surface(session), session.trainer.model.parameters.flat.copy()
    assert surface.samples == len(session.split.x_train)
    expected = session.trainer.step()
    assert surface.value(flat) == pytest.approx(expected, rel=1e-9)
    values = surface.values(flat, np.eye(len(flat))[:1], np.zeros((1, 1)))
    assert values[0] == pytest.approx(expected, rel=1e-6)
    gradient = np.concatenate([part.ravel() for part in session.trainer.gradient()])
    np.testing.assert_allclose(surface.gradient(flat), gradient, rtol=1e-6, atol=1e-9)
