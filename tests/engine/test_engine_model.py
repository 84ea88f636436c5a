"""Stacks that make no sense, weights in and out, predictions."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.engine import Dense, Dropout, InputLayer, Sequential
from tui_trainer.engine.layers import Layer
from tui_trainer.engine.model import PREDICTION_ROWS


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "first layer must be an InputLayer"),
        ([Dense(3)], "first layer must be an InputLayer"),
        ([InputLayer(3)], "at least one Dense"),
        ([InputLayer(3), InputLayer(3), Dense(1)], "may only come first"),
        ([InputLayer(3), Dense(2), Dropout(0.5)], "last layer must be Dense"),
        ([InputLayer(3), Dense(2, "softmax"), Dense(2)], "softmax can only be the activation of the last"),
    ],
)
def test_a_wrong_stack_of_layers_is_refused(layers: list[Layer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sequential(layers)


def test_the_dtype_is_that_of_weights_and_predictions() -> None:
    with pytest.raises(ValueError, match="float32 or float64, got 'float16'"):
        Sequential([InputLayer(1), Dense(1)], dtype="float16")
    for dtype in ("float32", "float64"):
        model = Sequential([InputLayer(1), Dense(1)], dtype=dtype)
        assert {array.dtype.name for array in [*model.get_weights(), model.predict([[1.0]])]} == {dtype}


def test_weights_go_in_and_come_out_as_copies() -> None:
    model = Sequential([InputLayer(2), Dense(3, "tanh"), Dense(1, use_bias=False)], dtype="float64")
    weights = [np.arange(6.0).reshape(2, 3), np.array([0.1, 0.2, 0.3]), np.array([[1.0], [2.0], [3.0]])]
    model.set_weights(weights)
    got = model.get_weights()
    for a, b in zip(weights, got, strict=True):
        np.testing.assert_array_equal(a, b)
    got[0][:] = 99.0
    weights[0][:] = 77.0
    np.testing.assert_array_equal(model.get_weights()[0], np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize(
    "shapes", [[(2, 3), (3,), (3, 1)], [(2, 3), (3,), (3, 1), (2,)], [(3, 2), (3,), (3, 1), (1,)], []]
)
def test_wrong_shapes_are_refused_and_nothing_is_set(shapes: list[tuple[int, ...]]) -> None:
    model = Sequential([InputLayer(2), Dense(3), Dense(1)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"expected weights of shapes \[\(2, 3\), \(3,\), \(3, 1\), \(1,\)\], got"):
        model.set_weights([np.full(shape, 7.0) for shape in shapes])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_prediction_is_the_formula() -> None:
    model = Sequential([InputLayer(3), Dense(4, "tanh"), Dense(2, "softmax")], seed=1, dtype="float64")
    x = np.random.default_rng(0).normal(size=(5, 3))
    w1, b1, w2, b2 = model.get_weights()
    scores = np.exp(np.tanh(x @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(model.predict(x), scores / scores.sum(axis=1, keepdims=True), rtol=1e-13)


def test_large_tables_are_predicted_piece_by_piece() -> None:
    model = Sequential([InputLayer(1), Dense(1, use_bias=False)], dtype="float64")
    model.set_weights([[[2.0]]])
    x = np.arange(2.0 * PREDICTION_ROWS + 17)[:, None]
    np.testing.assert_array_equal(model.predict(x), 2.0 * x)


def test_predictions_do_not_share_memory() -> None:
    model = Sequential([InputLayer(1), Dense(1, use_bias=False)])
    first = model.predict([[1.0]])
    kept = first.copy()
    model.predict([[5.0]])
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("x", [[1.0, 2.0], [[1.0]], np.zeros((0, 2)), np.zeros((1, 2, 1))])
def test_inputs_of_a_wrong_shape(x: object) -> None:
    model = Sequential([InputLayer(2), Dense(1)])
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\) with n of at least 1, got"):
        model.predict(x)


def test_values_beyond_float32_warn_of_nothing() -> None:
    model = Sequential([InputLayer(1), Dense(1)])
    assert not np.isfinite(model.predict([[1e300]])).any()
