"""What is minimized: a pass, a loss on its outputs, the way back to the gradients, and penalties on kernels.

Then the clipping of gradients, between these and an optimizer; last the loss of a mini-batch with its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import add, copyto, maximum, minimum, multiply, sign, sqrt, subtract

from .layers import HeldParameters, Parameters, check_factor
from .losses import SINGLE, STACKED, Array, Loss, sigmoid_crossentropy, softmax_crossentropy
from .propagation import Propagation
from .sample_losses import FROM_Z, loss_terms

# Pairs whose gradient with respect to z is simply a - y, and whose value is best computed from z.
FUSED = {
    ("softmax", "categorical_crossentropy"): softmax_crossentropy,
    ("sigmoid", "binary_crossentropy"): sigmoid_crossentropy,
}


class Batch(NamedTuple):
    """One mini-batch: x (features + 1, samples), y (outputs, samples), and how many samples these are.

    ``weights`` are those of its samples, (1, samples), if they have any.
    """

    x: Array
    y: Array
    samples: int
    weights: Array | None = None


class Objective:
    """A loss bound to a pass of a fixed number of samples, with the scratch it needs.

    Bound to the pass of a stack of models, its values are those of each, (models,).
    """

    def __init__(self, propagation: Propagation, loss: Loss) -> None:
        stage = propagation.last
        dtype = stage.a.dtype
        self.propagation = propagation
        self._stage = stage
        self.loss = loss
        self._fused = FUSED.get((stage.activation.name, loss.name))
        self._softmax = stage.activation.name == "softmax"
        self.scale = 1.0 / propagation.samples if loss.per_sample else 1.0
        self._scale_array = np.array(self.scale, dtype)
        self._row = np.empty((*propagation.stack, 1, propagation.samples), dtype)
        self._scratch = np.empty_like(stage.a)
        outputs = stage.a.shape[-2]
        self._ones = np.ones((outputs, outputs), dtype)
        self._sums = STACKED if propagation.stack else SINGLE

    def value(self, x: Array, y: Array, parameters: Parameters, weights: Array | None = None) -> Any:
        """Loss of the samples ``x`` (features + 1, samples) against ``y`` (outputs, samples), no penalty.

        With ``weights`` (1, samples) each sample's loss is multiplied by its weight; the mean is still one over the
        number of samples, as in Keras.
        """
        stage = self._stage
        if weights is not None:
            return self._weighted_value(x, y, parameters, weights)
        if self._fused is not None:
            self.propagation.forward(x, parameters, skip_last_activation=True)
            total = self._fused(stage.z, y, stage.a, stage.delta, self._row, self._ones, self._sums)
        else:
            self.propagation.forward(x, parameters)
            total = self.loss.value_and_gradient(stage.a, y, stage.delta, self._scratch, self._sums)
        return total * self.scale

    def _weighted_value(self, x: Array, y: Array, parameters: Parameters, weights: Array) -> Any:
        stage = self._stage
        self.propagation.forward(x, parameters, skip_last_activation=self._fused is not None)
        terms = self._terms(y)
        if self._fused is not None:
            self._fused(stage.z, y, stage.a, stage.delta, self._row, self._ones, self._sums)
        else:
            self.loss.value_and_gradient(stage.a, y, stage.delta, self._scratch, self._sums)
        multiply(stage.delta, weights, out=stage.delta)
        return self._sums.total(terms * weights) * self.scale

    @property
    def is_fused(self) -> bool:
        """Whether dL/dz of the last layer is computed at once, not by way of dL/da."""
        return self._fused is not None

    def sample_losses(self, y: Array, weights: Array | None = None) -> Array:
        """What each sample (samples,) of the value just computed adds to their sum, by a pass that keeps everything."""
        losses: Array = self._terms(y).sum(axis=0)
        return losses if weights is None else losses * weights[0]

    def _terms(self, y: Array) -> Array:
        """What each output of each sample adds, (outputs, samples), from z or a as the pass has left them."""
        stage = self._stage
        if self._fused is not None:
            return FROM_Z[stage.activation.name, self.loss.name](stage.z, y)
        return loss_terms(self.loss.name)(stage.a, y)

    def gradients(self, parameters: Parameters, gradients: Parameters) -> None:
        """Write the gradient of the value just computed, without penalty, into ``gradients``."""
        stage = self._stage
        if self.scale != 1.0:
            multiply(stage.delta, self._scale_array, out=stage.delta)
        if self._fused is None:
            if self._softmax:
                self._through_softmax()
            else:
                stage.through_activation()
        self.propagation.backward(parameters, gradients)

    def _through_softmax(self) -> None:
        """dL/dz_i = a_i (dL/da_i - sum_j a_j dL/da_j)."""
        stage = self._stage
        if stage.of_a is not None:
            copyto(stage.of_a, stage.delta)
        multiply(stage.a, stage.delta, out=self._scratch)
        add.reduce(self._scratch, axis=-2, out=self._row, keepdims=True)
        subtract(stage.delta, self._row, out=stage.delta)
        multiply(stage.delta, stage.a, out=stage.delta)


class Penalty:
    """L1 and L2 penalties on kernels, ``l1 * sum |W| + l2 * sum W^2``, never on biases.

    ``l1`` and ``l2`` hold for the layers that have no factors of their own. Value and gradient are over the flat
    vector. For a stack the factors are one a model, and so are the values, (models,). Raises ValueError for a negative
    or non-finite factor.
    """

    def __init__(self, l1: float | Sequence[float], l2: float | Sequence[float], parameters: Parameters) -> None:
        for name, factors in (("l1", l1), ("l2", l2)):
            for factor in (factors,) if isinstance(factors, int | float) else factors:
                check_factor(name, factor)
        dtype = parameters.flat.dtype
        self._l1, self._l2 = _factors(l1), _factors(l2)
        self._l1_slope = np.array(self._l1, dtype)[..., None]
        self._l2_slope = np.array(2.0 * self._l2, dtype)[..., None]
        self._is_by_layer = any(layer.has_own_penalty for layer in parameters.layers)
        if self._is_by_layer:
            self._l1_slope, self._l2_slope = (np.zeros(parameters.flat.shape, dtype) for _ in range(2))
            for layer, part in zip(parameters.layers, parameters.kernel_parts, strict=True):
                layer_l1, layer_l2 = layer.penalties(self._l1, self._l2)
                self._l1_slope[..., part] = np.array(layer_l1)[..., None]
                self._l2_slope[..., part] = np.array(2.0 * layer_l2)[..., None]
        self.has_l1, self.has_l2 = bool(np.any(self._l1_slope)), bool(np.any(self._l2_slope))
        self.is_zero = not (self.has_l1 or self.has_l2)
        self._mask = parameters.kernel_mask()
        self._weights = np.zeros_like(parameters.flat)
        self._scratch = np.empty_like(parameters.flat)
        self._sums = STACKED if parameters.flat.ndim > 1 else SINGLE
        # The weights of a model without a penalty stay 0 here: 0 times a sum that overflows would be nan.
        penalized = np.any((self._l1_slope > 0.0) | (self._l2_slope > 0.0), axis=-1, keepdims=True)
        self._penalized: Any = True if penalized.all() else penalized

    def value(self, flat: Array) -> Any:
        """The penalty at the parameters ``flat`` (size,)."""
        if self.is_zero:
            return 0.0
        multiply(flat, self._mask, out=self._weights, where=self._penalized)
        if self._is_by_layer:
            return self._value_by_layer()
        value = self._l2 * self._sums.inner(self._weights, self._weights)
        if self.has_l1:
            np.abs(self._weights, out=self._scratch)
            value += self._l1 * self._sums.total(self._scratch)
        return value

    def _value_by_layer(self) -> Any:
        multiply(self._weights, self._l2_slope, out=self._scratch)
        value = 0.5 * self._sums.inner(self._scratch, self._weights)
        np.abs(self._weights, out=self._scratch)
        return value + self._sums.inner(self._scratch, self._l1_slope)

    def add_gradient(self, gradients: Array) -> None:
        """Add the gradient at the parameters last given to ``value`` to ``gradients`` (size,), in place."""
        if self.has_l2:
            add(gradients, self.l2_gradient(), out=gradients)
        if self.has_l1:
            add(gradients, self.l1_gradient(), out=gradients)

    def l2_gradient(self) -> Array:
        """The gradient (size,) of the L2 penalty at the parameters last given to ``value``; overwritten by the next."""
        multiply(self._weights, self._l2_slope, out=self._scratch)
        return self._scratch

    def l1_gradient(self) -> Array:
        """The gradient (size,) of the L1 penalty, as ``l2_gradient``."""
        sign(self._weights, out=self._scratch)
        multiply(self._scratch, self._l1_slope, out=self._scratch)
        return self._scratch


class Clipping:
    """Limits the gradient: its length to ``clip_norm``, or each of its parts to +- ``clip_value``.

    The length is that over all parameters (Pascanu et al. 2013), Keras's ``global_clipnorm``; ``clip_value`` is its
    ``clipvalue``. Raises ValueError for both, or for a limit that is not finite and above 0.
    """

    def __init__(self, clip_norm: float | None, clip_value: float | None, parameters: Parameters) -> None:
        for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if limit is not None and not (math.isfinite(limit) and limit > 0.0):
                raise ValueError(f"{name} must be a finite number above 0, got {limit!r}")
        if clip_norm is not None and clip_value is not None:
            raise ValueError("gradients are clipped by clip_norm or by clip_value, not by both")
        self.is_off = clip_norm is None and clip_value is None
        self.clip_norm, self.clip_value = clip_norm, clip_value
        dtype = parameters.flat.dtype
        self._highest, self._lowest = (np.array(sign * (clip_value or 0.0), dtype) for sign in (1.0, -1.0))
        self._is_stack = parameters.flat.ndim > 1
        self._sums = STACKED if self._is_stack else SINGLE

    def apply(self, gradients: Array) -> None:
        """Clip ``gradients`` (size,) in place; those of a stack (models, size) each by itself."""
        if self.clip_norm is None:
            maximum(gradients, self._lowest, out=gradients)
            minimum(gradients, self._highest, out=gradients)
        elif self._is_stack:
            lengths = sqrt(self._sums.inner(gradients, gradients))
            factors = np.where(lengths > self.clip_norm, self.clip_norm / lengths, 1.0)
            multiply(gradients, factors.astype(gradients.dtype)[:, None], out=gradients)
        elif (length := self.length(gradients)) > self.clip_norm:
            multiply(gradients, self.clip_norm / length, out=gradients)

    def length(self, gradients: Array) -> float:
        """The length of one model's ``gradients`` (size,), which ``clip_norm`` limits."""
        return math.sqrt(self._sums.inner(gradients, gradients))


def loss_and_gradient(
    objective: Objective,
    batch: Batch,
    penalty: Penalty,
    held: HeldParameters,
    parameters: Parameters,
    gradients: Parameters,
) -> float:
    """The loss of a mini-batch, penalty included; where it is finite, its gradient goes to ``gradients``."""
    loss: float = objective.value(batch.x, batch.y, parameters, batch.weights) + penalty.value(parameters.flat)
    if math.isfinite(loss):
        objective.gradients(parameters, gradients)
        penalty.add_gradient(gradients.flat)
        if not held.is_empty:
            held.clear(gradients.flat)
    return loss


def _factors(values: float | Sequence[float]) -> Any:
    """A factor as it is, or those of a stack as an array (models,)."""
    return values if isinstance(values, int | float) else np.array(values, np.float64)
