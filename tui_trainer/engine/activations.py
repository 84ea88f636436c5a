"""Activation functions and their slopes, written in place, registered by name.

Arrays are laid out with one row a unit and one column a sample, (units, samples), so that a layer's
output is one contiguous block; a stack of models has one more axis in front. ``forward`` may be given the
same array as ``z`` and ``a``, unless the activation keeps ``z``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import (
    add,
    copyto,
    divide,
    exp,
    expm1,
    greater,
    logaddexp,
    maximum,
    minimum,
    multiply,
    negative,
    sign,
    subtract,
    tanh,
)
from numpy.typing import NDArray

Array = NDArray[Any]
Work = Sequence[Array]


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation ``a = phi(z)``.

    ``forward(z, a, work)`` writes phi(z) into ``a``; ``slope(z, a, out, work)`` writes da/dz into ``out``;
    all arrays are (units, samples). ``buffers`` arrays of that shape come as ``work``: zero at first, and
    written by nobody else. Nothing is allocated, but by gelu, for want of an erf. ``lowest`` and ``highest``
    bound the values of phi.
    """

    name: str
    formula: str
    forward: Callable[[Array, Array, Work], None]
    slope: Callable[[Array, Array, Array, Work], None]
    keeps_z: bool = False
    buffers: int = 0
    lowest: float = -math.inf
    highest: float = math.inf


def _linear(z: Array, a: Array, work: Work) -> None:
    if z is not a:
        copyto(a, z)


def _linear_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    out.fill(1.0)


def _relu(z: Array, a: Array, work: Work) -> None:
    maximum(z, work[0], out=a)  # work[0] stays 0: NumPy's maximum is several times slower with a scalar


SIGN_IS_SLOW = 8192  # values from which a comparison, converted to numbers, is quicker than NumPy's sign


def _relu_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    if a.size < SIGN_IS_SLOW:
        sign(a, out=out)  # a is never negative: 1 where z > 0, else 0
    else:
        greater(a, work[0], out=out)


LEAK = 0.01


def _leaky_relu(z: Array, a: Array, work: Work) -> None:
    multiply(z, LEAK, out=work[0])
    maximum(z, work[0], out=a)


def _leaky_relu_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    sign(a, out=out)  # -1, 0 or 1, then mapped to LEAK, LEAK or 1
    maximum(out, 0.0, out=out)
    maximum(out, LEAK, out=out)


def _elu(z: Array, a: Array, work: Work) -> None:
    negative = work[0]
    minimum(z, 0.0, out=negative)
    expm1(negative, out=negative)
    maximum(z, 0.0, out=a)
    add(a, negative, out=a)


def _elu_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    minimum(a, 0.0, out=out)  # e^z = a + 1 below zero, and 1 above
    add(out, 1.0, out=out)


def _tanh(z: Array, a: Array, work: Work) -> None:
    tanh(z, out=a)


def _tanh_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    multiply(a, a, out=out)
    subtract(1.0, out, out=out)


def _sigmoid(z: Array, a: Array, work: Work) -> None:
    # (tanh(z / 2) + 1) / 2 is the sigmoid, and overflows nowhere
    multiply(z, 0.5, out=a)
    tanh(a, out=a)
    multiply(a, 0.5, out=a)
    add(a, 0.5, out=a)


def _sigmoid_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    subtract(1.0, a, out=out)
    multiply(out, a, out=out)


def _softplus(z: Array, a: Array, work: Work) -> None:
    logaddexp(z, 0.0, out=a)


def _softplus_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    negative(a, out=out)  # sigmoid(z) = 1 - e^-a
    expm1(out, out=out)
    negative(out, out=out)


def _swish(z: Array, a: Array, work: Work) -> None:
    _sigmoid(z, work[0], work)
    multiply(z, work[0], out=a)


def _swish_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    subtract(1.0, work[0], out=out)  # s + a (1 - s): as exact where s is 1 and a is large, unlike a + s (1 - a)
    multiply(out, a, out=out)
    add(out, work[0], out=out)


def _gelu(z: Array, a: Array, work: Work) -> None:
    copyto(work[0], normal_cdf(z))
    multiply(z, work[0], out=a)


def _gelu_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    multiply(z, z, out=out)  # Phi(z) + z * density(z)
    multiply(out, -0.5, out=out)
    exp(out, out=out)
    multiply(out, 1.0 / math.sqrt(2.0 * math.pi), out=out)
    multiply(out, z, out=out)
    add(out, work[0], out=out)


ERFC_REACH = 25.0  # erfc(25) is about 1e-273: what lies beyond counts as that
_SMALLEST_T = 2.0 / (2.0 + ERFC_REACH)


def _erfc_series(terms: int = 40) -> list[float]:
    """Chebyshev coefficients of log(erfc(x) / t) + x^2 over s = 2 t - 1 where t = 2 / (2 + x), x >= 0.

    NumPy has no erf; the form, and the fact that it is smooth in t, are from Press et al., Numerical
    Recipes, section 6.2.2. The coefficients are fitted here, once, against ``math.erfc``.
    """

    def smooth(s: float) -> float:
        t = 0.5 * (1.0 - _SMALLEST_T) * (s + 1.0) + _SMALLEST_T
        x = 2.0 / t - 2.0
        return math.log(math.erfc(x) / t) + x * x

    nodes = [math.cos(math.pi * (k + 0.5) / terms) for k in range(terms)]
    values = [smooth(node) for node in nodes]
    return [
        (2.0 if order else 1.0)
        / terms
        * sum(v * math.cos(math.pi * order * (k + 0.5) / terms) for k, v in enumerate(values))
        for order in range(terms)
    ]


_ERFC = _erfc_series()


def normal_cdf(z: Array) -> Array:
    """Distribution function of the standard normal at ``z``, as a new array, to about 1e-15."""
    x = minimum(np.abs(z) * math.sqrt(0.5), ERFC_REACH)
    t = 2.0 / (2.0 + x)
    s = (t - _SMALLEST_T) * (2.0 / (1.0 - _SMALLEST_T)) - 1.0
    ahead, current = np.zeros_like(z), np.zeros_like(z)
    for coefficient in _ERFC[:0:-1]:  # Clenshaw's recurrence
        ahead, current = current, 2.0 * s * current - ahead + coefficient
    tail = 0.5 * t * exp(s * current - ahead + _ERFC[0] - x * x)
    result: Array = np.where(z > 0.0, 1.0 - tail, tail)
    return result


def _softmax(z: Array, a: Array, work: Work) -> None:
    subtract(z, maximum.reduce(z, axis=-2, keepdims=True), out=a)
    exp(a, out=a)
    divide(a, add.reduce(a, axis=-2, keepdims=True), out=a)


def _softmax_slope(z: Array, a: Array, out: Array, work: Work) -> None:
    raise TypeError("softmax has no elementwise slope; its Jacobian is applied by the output layer")


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("linear", "z", _linear, _linear_slope),
        Activation("relu", "max(0, z)", _relu, _relu_slope, buffers=1, lowest=0.0),
        Activation("leaky_relu", "max(0.01 z, z)", _leaky_relu, _leaky_relu_slope, buffers=1),
        Activation("elu", "z if z > 0 else e^z - 1", _elu, _elu_slope, buffers=1, lowest=-1.0),
        Activation("tanh", "2 / (1 + e^-2z) - 1", _tanh, _tanh_slope, lowest=-1.0, highest=1.0),
        Activation("sigmoid", "1 / (1 + e^-z)", _sigmoid, _sigmoid_slope, lowest=0.0, highest=1.0),
        Activation("softplus", "log(1 + e^z)", _softplus, _softplus_slope, lowest=0.0),
        Activation("swish", "z sigmoid(z)", _swish, _swish_slope, keeps_z=True, buffers=1),
        Activation("gelu", "z Phi(z)", _gelu, _gelu_slope, keeps_z=True, buffers=1),
        Activation("softmax", "e^z_i / sum_j e^z_j", _softmax, _softmax_slope, lowest=0.0, highest=1.0),
    )
}


def get_activation(name: str) -> Activation:
    """Look an activation up by name; ``identity`` is the same as ``linear``.

    Raises ValueError, naming the choices, for a name that is none of them.
    """
    try:
        return ACTIVATIONS["linear" if name == "identity" else name]
    except KeyError:
        raise ValueError(f"unknown activation {name!r}; choose one of: {', '.join(ACTIVATIONS)}") from None
