"""What is called as in Keras does as Keras 3 does: its kept answers, and Keras itself where it is installed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import keras_answers
import numpy as np
import pytest

from tui_trainer.engine import (
    ACTIVATIONS,
    INITIALIZERS,
    Dense,
    Dropout,
    EarlyStopping,
    InputLayer,
    Sequential,
)
from tui_trainer.engine.metrics import accuracy

KEPT: dict[str, Any] = json.loads(keras_answers.FILE.read_text(encoding="utf-8"))


def stop(values: list[float], options: dict[str, Any]) -> list[int]:
    """The epoch after which it stops (0: never), and the epoch whose weights the run ends with."""
    early, model = EarlyStopping(**options), Sequential([InputLayer(1), Dense(1, use_bias=False)])
    stopped = 0
    for epoch, value in enumerate(values, start=1):
        model.set_weights([[[epoch]]])
        if early.should_stop(epoch, {"val_loss": value}, model):
            stopped = epoch
            break
    early.restore(model)
    return [stopped, int(model.get_weights()[0].item())]


def stack(layers: list[dict[str, Any]]) -> Sequential:
    """The model of a list of layers."""
    made = [Dropout(**one) if "rate" in one else Dense(**one) for one in layers]
    return Sequential([InputLayer(keras_answers.INPUTS), *made])


def test_early_stopping_ends_as_in_keras() -> None:
    ours = [stop(**keras_answers.series(number)) for number in range(len(KEPT["early_stopping"]))]
    different = [number for number, kept in enumerate(KEPT["early_stopping"]) if ours[number] != kept]
    assert different == []


@pytest.mark.parametrize("name", keras_answers.STACKS)
def test_the_summary_is_that_of_keras_to_the_character(name: str) -> None:
    assert stack(keras_answers.STACKS[name]).summary() == KEPT["summaries"][name]


@pytest.mark.parametrize("name", keras_answers.NAMES)
@pytest.mark.parametrize("part", ["kernels", "biases"])
def test_first_values_have_the_spread_of_keras(name: str, part: str) -> None:
    shape = keras_answers.SHAPE if part == "kernels" else (keras_answers.LENGTH,)
    values = INITIALIZERS[name](np.random.default_rng(1), shape)
    deviation, largest = KEPT[part][name]
    assert values.shape == shape
    assert values.std() == pytest.approx(deviation, rel=0.02)
    bounded = name != "random_normal"  # all the others end somewhere
    assert np.abs(values).max() == pytest.approx(largest, rel=0.01 if bounded else 0.2)


def test_a_probability_of_a_half_is_class_0() -> None:
    for probability, is_one in zip(keras_answers.PROBABILITIES, KEPT["class_one"], strict=True):
        assert accuracy(np.array([[probability]], np.float32), np.ones((1, 1))) == float(is_one)


def test_the_slope_of_swish_holds_for_large_inputs() -> None:
    swish = ACTIVATIONS["swish"]
    z = np.array(keras_answers.LARGE, np.float32)[None]
    a, out, work = np.empty_like(z), np.empty_like(z), [np.empty_like(z)]
    with np.errstate(under="ignore"):
        swish.forward(z, a, work)
        swish.slope(z, a, out, work)
    np.testing.assert_allclose(out[0], KEPT["swish_slopes"], rtol=2e-6, atol=2e-7)


@pytest.mark.skipif(find_spec("keras") is None, reason="Keras is not installed: its kept answers were compared")
def test_the_kept_answers_are_those_of_the_keras_that_is_installed() -> None:
    for number in range(0, len(KEPT["early_stopping"]), 10):
        assert keras_answers.early_stop(**keras_answers.series(number)) == KEPT["early_stopping"][number]
    for name, layers in keras_answers.STACKS.items():
        assert keras_answers.summary(layers) == KEPT["summaries"][name]
    assert keras_answers.class_one(keras_answers.PROBABILITIES) == KEPT["class_one"]
