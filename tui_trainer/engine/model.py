"""A stack of layers with its parameters: what is trained, asked for predictions and summarized."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .layers import Dense, Dropout, InputLayer, Layer, Parameters, get_initializer
from .propagation import Propagation, with_ones
from .summary import format_summary, summarize

Array = NDArray[Any]
PREDICTION_ROWS = 4096  # rows a pass, so that predicting on a large table needs little memory


class Sequential:
    """A multi-layer perceptron.

    ``layers`` starts with an InputLayer and holds at least one Dense; softmax may only be the last one's
    activation. The weights are drawn from ``seed``. Raises ValueError for a stack that makes no sense.
    """

    def __init__(self, layers: Sequence[Layer], seed: int = 0, dtype: str = "float32") -> None:
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
        self.layers = list(layers)
        self.dtype = np.dtype(dtype)
        self.dense = _connect(self.layers)
        self.parameters = Parameters(self.dense, self.dtype)
        self._predicting: Propagation | None = None
        self.initialize(seed)

    @property
    def inputs(self) -> int:
        """Number of features."""
        return self.dense[0][1]

    @property
    def outputs(self) -> int:
        """Number of units of the last layer."""
        return self.dense[-1][0].units

    def initialize(self, seed: int) -> None:
        """Draw all weights again; the same seed gives the same weights."""
        rng = np.random.default_rng(seed)
        for i, (layer, inputs) in enumerate(self.dense):
            kernel = get_initializer(layer.kernel_initializer)(rng, (inputs, layer.units))
            kernel *= math.sqrt(layer.initializer_scale)
            self.parameters.kernels[i][:] = kernel
            bias = self.parameters.biases[i]
            if bias is not None:
                bias[:] = get_initializer(layer.bias_initializer)(rng, (layer.units,))
        parameters = self.parameters
        for ones in (*parameters.gammas, *parameters.moving_variances):
            if ones is not None:
                ones[:] = 1.0
        for zeros in (*parameters.betas, *parameters.moving_means):
            if zeros is not None:
                zeros[:] = 0.0

    def count_params(self) -> int:
        """Number of parameters, also of those that training leaves alone."""
        return self.parameters.flat.size

    def summary(self, style: str = "keras") -> str:
        """The table that Keras 3 prints, or with ``style="book"`` that of Keras 2, as the book shows it.

        Layers with their output shapes and parameters, and the totals with their bytes. Raises ValueError for
        another style.
        """
        return format_summary(summarize(self.layers, self.dtype.itemsize), style)

    def get_weights(self) -> list[Array]:
        """Copies of kernel (inputs, units) and bias (units,) of each dense layer, in order.

        With batch normalization, they are followed by its gamma, beta, moving mean and moving variance, (units,) each.
        """
        return [array.copy() for array in self.parameters.arrays()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Set all weights, in the order of ``get_weights``; ValueError, and none set, if a shape is wrong."""
        targets = self.parameters.arrays()
        with np.errstate(over="ignore"):
            values = [np.asarray(value, self.dtype) for value in weights]
        expected, got = [target.shape for target in targets], [value.shape for value in values]
        if expected != got:
            raise ValueError(f"expected weights of shapes {expected}, got {got}")
        for target, value in zip(targets, values, strict=True):
            target[:] = value

    def predict(self, x: ArrayLike) -> Array:
        """Outputs (n, units of the last layer) for ``x`` (n, features)."""
        with np.errstate(over="ignore", invalid="ignore"):
            rows = with_ones(check_matrix("x", x, self.inputs), self.dense[0][0].use_bias, self.dtype)
            result = np.empty((len(rows), self.outputs), self.dtype)
            for start in range(0, len(rows), PREDICTION_ROWS):
                chunk = rows[start : start + PREDICTION_ROWS]
                result[start : start + len(chunk)] = self._pass_for(len(chunk)).predict(chunk.T, self.parameters).T
        return result

    def _pass_for(self, samples: int) -> Propagation:
        if self._predicting is None or self._predicting.samples != samples:
            self._predicting = Propagation(self.layers, samples, self.dtype)
        return self._predicting


def check_matrix(name: str, values: ArrayLike, columns: int) -> Array:
    """``values`` as an (n, columns) array; ValueError says what was expected and what came."""
    matrix = np.asarray(values)
    if matrix.ndim != 2 or matrix.shape[1] != columns or len(matrix) == 0:
        raise ValueError(f"{name} must have shape (n, {columns}) with n of at least 1, got {matrix.shape}")
    return matrix


def _connect(layers: Sequence[Layer]) -> list[tuple[Dense, int]]:
    """Each dense layer with its number of inputs, after checking the stack."""
    if not layers or not isinstance(layers[0], InputLayer):
        raise ValueError("the first layer must be an InputLayer, which says how many features there are")
    connected: list[tuple[Dense, int]] = []
    width = layers[0].units
    for layer in layers[1:]:
        if isinstance(layer, InputLayer):
            raise ValueError("an InputLayer may only come first")
        if isinstance(layer, Dense):
            connected.append((layer, width))
            width = layer.units
    if not connected:
        raise ValueError("a model needs at least one Dense layer")
    if isinstance(layers[-1], Dropout):
        raise ValueError("the last layer must be Dense: dropout on the outputs would spoil the predictions")
    if connected[-1][0].batch_norm:
        raise ValueError("batch normalization is for hidden layers: the last layer can't have it")
    if any(layer.activation == "softmax" for layer, _ in connected[:-1]):
        raise ValueError("softmax can only be the activation of the last layer")
    return connected
