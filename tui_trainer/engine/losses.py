"""Losses with their gradients, registered by name.

Every function takes outputs ``a`` and targets ``y``, both (outputs, samples) and contiguous, writes the
gradient with respect to ``a`` of the *sum* over samples and outputs into ``out``, and returns that sum.
Dividing by the number of samples is left to the objective, once for value and gradient alike. For a stack of
models all arrays have one more axis in front, and the sums are one a model: ``Sums`` is what differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import (
    add,
    copyto,
    divide,
    exp,
    log,
    log1p,
    logaddexp,
    matmul,
    maximum,
    minimum,
    multiply,
    ndarray,
    sign,
    subtract,
    tanh,
    vdot,
    vecdot,
)
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the outputs and samples of one model, as a float, or of each model of a stack, as (models,).

    ``total(x)`` sums x, ``inner(x, y)`` sums x * y, both in the arrays' precision with a result in double;
    ``product`` is the matrix product. ``highest(x, row)`` writes the highest output of each sample into ``row``
    (1, samples). ``normalize(x, logs, row, ones)`` divides the outputs of each sample by their sum, in place, and
    writes the logarithm of that sum into every row of ``logs``; ``ones`` is (outputs, outputs).
    """

    total: Callable[[Array], Any]
    inner: Callable[[Array, Array], Any]
    product: Callable[..., Any]
    highest: Callable[[Array, Array], object]
    normalize: Callable[[Array, Array, Array, Array], None]


def _total(x: Array) -> float:
    return float(add.reduce(x, axis=None))


def _inner(x: Array, y: Array) -> float:
    return float(vdot(x, y))


def _totals(x: Array) -> Array:
    sums: Array = add.reduce(x.reshape(len(x), -1), axis=1)
    return sums.astype(np.float64)


def _inners(x: Array, y: Array) -> Array:
    sums: Array = vecdot(x.reshape(len(x), -1), y.reshape(len(y), -1))
    return sums.astype(np.float64)


def _highest(x: Array, row: Array) -> None:
    maximum.reduce(x, axis=-2, out=row, keepdims=True)


def _normalize(x: Array, logs: Array, row: Array, ones: Array, product: Callable[..., Any] = ndarray.dot) -> None:
    product(ones, x, out=logs)  # every row holds the sums: quicker than a sum and a broadcast
    divide(x, logs, out=x)
    log(logs, out=logs)


FEW_OUTPUTS = 8  # of each model in a stack, up to which it is quicker to take them one after the other


def _highest_of_each(x: Array, row: Array) -> None:
    if 1 < x.shape[-2] <= FEW_OUTPUTS:
        _accumulate(maximum, x, row)
    else:
        _highest(x, row)


def _normalize_each(x: Array, logs: Array, row: Array, ones: Array) -> None:
    if 1 < x.shape[-2] <= FEW_OUTPUTS:
        _accumulate(add, x, row)
        divide(x, row, out=x)
        log(row, out=row)
        copyto(logs, row)
    else:
        _normalize(x, logs, row, ones, matmul)


def _accumulate(ufunc: np.ufunc, x: Array, row: Array) -> None:
    """Write ``ufunc`` of all outputs of x (models, outputs, samples), in order, into ``row`` (models, 1, samples)."""
    result = row[:, 0]
    ufunc(x[:, 0], x[:, 1], out=result)
    for k in range(2, x.shape[1]):
        ufunc(result, x[:, k], out=result)


# For two small matrices ``dot`` costs less than ``matmul``.
SINGLE = Sums(_total, _inner, ndarray.dot, _highest, _normalize)
STACKED = Sums(_totals, _inners, matmul, _highest_of_each, _normalize_each)


@dataclass(frozen=True, slots=True)
class Loss:
    """``value_and_gradient(a, y, out, scratch, sums)``; ``per_sample`` says whether n divides the sum."""

    name: str
    formula: str
    value_and_gradient: Callable[[Array, Array, Array, Array, Sums], Any]
    per_sample: bool = True


def _squared_error(a: Array, y: Array, out: Array, scratch: Array, sums: Sums) -> Any:
    subtract(a, y, out=out)
    value = sums.inner(out, out)
    multiply(out, 2.0, out=out)
    return value


def _absolute_error(a: Array, y: Array, out: Array, scratch: Array, sums: Sums) -> Any:
    subtract(a, y, out=out)
    np.abs(out, out=scratch)
    sign(out, out=out)
    return sums.total(scratch)


def _huber(a: Array, y: Array, out: Array, scratch: Array, sums: Sums) -> Any:
    subtract(a, y, out=scratch)  # r; with c = r clipped to [-1, 1], the loss is c (r - c / 2)
    maximum(scratch, -1.0, out=out)
    minimum(out, 1.0, out=out)
    return sums.inner(scratch, out) - 0.5 * sums.inner(out, out)


def _clipped(p: Array) -> Array:
    """Probabilities kept off 0 and 1, where the logarithm has no value."""
    epsilon = float(np.finfo(p.dtype).eps)
    return np.clip(p, epsilon, 1.0 - epsilon)


def _binary_crossentropy(a: Array, y: Array, out: Array, scratch: Array, sums: Sums) -> Any:
    p = _clipped(a)
    divide(p - y, p * (1.0 - p), out=out)
    multiply(out, p == a, out=out)
    return -sums.total(y * log(p) + (1.0 - y) * log1p(-p))


def _categorical_crossentropy(a: Array, y: Array, out: Array, scratch: Array, sums: Sums) -> Any:
    p = _clipped(a)
    divide(-y, p, out=out)
    multiply(out, p == a, out=out)
    return -sums.total(y * log(p))


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("sum_squared_error", "sum_i |m(x_i) - y_i|^2", _squared_error, per_sample=False),
        Loss("mean_squared_error", "1/n sum_i |m(x_i) - y_i|^2", _squared_error),
        Loss("mean_absolute_error", "1/n sum_i |m(x_i) - y_i|", _absolute_error),
        Loss("huber", "1/n sum_i (r^2 / 2 if |r| < 1 else |r| - 1/2)", _huber),
        Loss("binary_crossentropy", "1/n sum_i -log p(y_i)", _binary_crossentropy),
        Loss("categorical_crossentropy", "1/n sum_i -log p(y_i)", _categorical_crossentropy),
    )
}
ALIASES = {"sse": "sum_squared_error", "mse": "mean_squared_error", "mae": "mean_absolute_error"}


def get_loss(name: str, output_activation: str) -> Loss:
    """Look a loss up by name or alias; ``logistic`` is the cross-entropy that fits the output.

    Raises ValueError, naming the choices, for a name that is none of them.
    """
    if name == "logistic":
        name = "categorical_crossentropy" if output_activation == "softmax" else "binary_crossentropy"
    try:
        return LOSSES[ALIASES.get(name, name)]
    except KeyError:
        choices = ", ".join((*LOSSES, *ALIASES, "logistic"))
        raise ValueError(f"unknown loss {name!r}; choose one of: {choices}") from None


def softmax_crossentropy(z: Array, y: Array, a: Array, out: Array, row: Array, ones: Array, sums: Sums) -> Any:
    """Softmax and categorical cross-entropy in one: dL/dz = a - y, and no logarithm of a rounded 0.

    z, y, a and out are (outputs, samples), ``row`` is scratch (1, samples), ``ones`` (outputs, outputs) holds
    nothing but 1; ``a`` may be ``z``. Writes the probabilities into ``a`` and dL/dz into ``out``. Each
    column of y sums to 1.
    """
    sums.highest(z, row)
    subtract(z, row, out=a)
    picked = sums.inner(y, a)
    exp(a, out=a)
    sums.normalize(a, out, row, ones)
    value = sums.inner(y, out) - picked
    subtract(a, y, out=out)
    return value


def sigmoid_crossentropy(z: Array, y: Array, a: Array, out: Array, row: Array, ones: Array, sums: Sums) -> Any:
    """Sigmoid and binary cross-entropy in one, as ``softmax_crossentropy``: log(1 + e^z) - y z."""
    picked = sums.inner(y, z)
    logaddexp(z, 0.0, out=out)
    value = sums.total(out) - picked
    multiply(z, 0.5, out=a)
    tanh(a, out=a)
    multiply(a, 0.5, out=a)
    add(a, 0.5, out=a)
    subtract(a, y, out=out)
    return value


def check_targets(loss: Loss, y: Array) -> None:
    """Raise ValueError where ``y`` (n, outputs) is not what a cross-entropy can be computed on."""
    if loss.name == "categorical_crossentropy" and not math.isclose(
        float(np.abs(y.sum(axis=1) - 1.0).max()), 0.0, abs_tol=1e-5
    ):
        raise ValueError("categorical_crossentropy needs one-hot targets: every row of y must sum to 1")
    if loss.name.endswith("crossentropy") and (y.min() < 0.0 or y.max() > 1.0):
        raise ValueError(f"{loss.name} needs targets from 0 to 1, got {y.min():g} to {y.max():g}")
