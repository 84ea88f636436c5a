"""The forward and backward pass over a fixed number of samples, in buffers allocated once.

Inside a pass one row is a unit and one column a sample. A buffer that feeds a layer with a bias ends in
a row of ones, so that the bias is one more row of the kernel: one product gives ``z`` with the bias in it,
and one product gives both gradients. For a stack of models all arrays have one more axis in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import greater_equal, multiply
from numpy.typing import DTypeLike, NDArray

from .activations import get_activation
from .layers import Dense, Dropout, InputLayer, Layer, Parameters
from .losses import SINGLE, STACKED

Array = NDArray[Any]


def with_ones(rows: Array, add_ones: bool, dtype: DTypeLike) -> Array:
    """``rows`` (..., n, k) as a new contiguous array, with a column of ones behind where asked: (..., n, k + 1)."""
    *leading, features = rows.shape
    result = np.ones((*leading, features + int(add_ones)), dtype)
    result[..., :features] = rows
    return result


class DenseStage:
    """One dense layer's share of a pass: its buffers, and the two products.

    In a stack the row of ones lies between the outputs of two models, and NumPy takes several times as long where
    memory has gaps. So activations work on whole blocks there, and the ones are written anew.
    """

    def __init__(
        self, index: int, layer: Dense, ones: bool, samples: int, dtype: DTypeLike, stack: tuple[int, ...] = ()
    ) -> None:
        self.index = index
        self.activation = get_activation(layer.activation)
        units = layer.units
        self.output: Array = np.ones((*stack, units + int(ones), samples), dtype)
        self._a = self.output if stack else self.output[:units]
        self._z = np.zeros_like(self._a) if self.activation.keeps_z else self._a
        self._delta, self._slope = np.zeros_like(self._a), np.empty_like(self._a)
        self.work = [np.zeros_like(self._a) for _ in range(self.activation.buffers)]
        self.a: Array = self._a[..., :units, :]
        self.z: Array = self._z[..., :units, :]
        self.delta: Array = self._delta[..., :units, :]
        self.delta_transposed: Array = self.delta.mT
        self._ones = self.output[..., units:, :] if stack and ones else None
        self.is_linear = self.activation.name == "linear"
        self._x: Array = np.empty(0, dtype)
        self._product = (STACKED if stack else SINGLE).product

    def forward(self, x: Array, parameters: Parameters, activate: bool) -> Array:
        """z = kernel.T x + bias for ``x`` (inputs + 1, samples), and a = activation(z) unless told not to.

        Keeps a reference to ``x`` for ``backward`` and returns the next stage's x.
        """
        self._x = x
        self._product(parameters.transposed[self.index], x, out=self.z)
        if activate:
            self.activation.forward(self._z, self._a, self.work)
            if self._ones is not None:
                self._ones.fill(1.0)
        return self.output

    def through_activation(self) -> None:
        """Turn ``delta`` from dL/da into dL/dz, in place."""
        if not self.is_linear:
            self.activation.slope(self._z, self._a, self._slope, self.work)
            multiply(self._delta, self._slope, out=self._delta)

    def backward(self, gradients: Parameters) -> None:
        """Write this layer's gradient, given ``delta`` = dL/dz, for the x of the last forward pass."""
        self._product(self._x, self.delta_transposed, out=gradients.folded[self.index])


class DropoutStage:
    """Inverted dropout on the output of the stage before: a fresh mask each forward pass.

    ``rngs`` are the generators of the masks, one a model of the stack.
    """

    def __init__(
        self,
        rate: float,
        width: int,
        ones: bool,
        samples: int,
        dtype: DTypeLike,
        rngs: Sequence[np.random.Generator],
        stack: tuple[int, ...] = (),
    ) -> None:
        self._rate = rate
        self.output: Array = np.ones((*stack, width + int(ones), samples), dtype)
        self.a: Array = self.output[..., :width, :]
        self.mask: Array = np.empty((*stack, width, samples), dtype)
        self._draws = list(zip(rngs, self.mask if stack else (self.mask,), strict=True))

    def forward(self, x: Array) -> Array:
        """Write ``x``, thinned out, into ``output`` and return that; a row of ones in ``x`` is left alone."""
        for rng, mask in self._draws:
            rng.random(out=mask, dtype=mask.dtype)
        greater_equal(self.mask, self._rate, out=self.mask)
        multiply(self.mask, 1.0 / (1.0 - self._rate), out=self.mask)
        multiply(x[..., : self.mask.shape[-2], :], self.mask, out=self.a)
        return self.output


class Propagation:
    """A model's passes for ``samples`` columns at a time, or those of a ``stack`` of as many models.

    With ``rngs``, one a model, dropout is on, as in training.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        samples: int,
        dtype: DTypeLike,
        rngs: Sequence[np.random.Generator] = (),
        stack: tuple[int, ...] = (),
    ) -> None:
        self.samples, self.stack = samples, stack
        self.stages: list[DenseStage] = []
        self._drops: list[list[DropoutStage]] = [[]]  # those before each dense layer; usually none
        width = 0
        for position, layer in enumerate(layers):
            following = next((later for later in layers[position + 1 :] if isinstance(later, Dense)), None)
            ones = following is not None and following.use_bias
            if isinstance(layer, InputLayer):
                width = layer.units
            elif isinstance(layer, Dense):
                self.stages.append(DenseStage(len(self.stages), layer, ones, samples, dtype, stack))
                self._drops.append([])
                width = layer.units
            elif isinstance(layer, Dropout) and rngs and layer.rate > 0.0:
                self._drops[-1].append(DropoutStage(layer.rate, width, ones, samples, dtype, rngs, stack))
        self.last = self.stages[-1]
        self._path = list(zip(self.stages, self._drops, strict=False))
        self._hidden_backwards = self.stages[:-1][::-1]
        self._product = (STACKED if stack else SINGLE).product

    def forward(self, x: Array, parameters: Parameters, skip_last_activation: bool = False) -> None:
        """Fill every stage from ``x`` (features + 1, samples).

        With ``skip_last_activation`` the last stage is left at ``z``, for losses that do better from there.
        """
        for stage, drops in self._path:
            for drop in drops:
                x = drop.forward(x)
            x = stage.forward(x, parameters, not skip_last_activation or stage is not self.last)

    def predict(self, x: Array, parameters: Parameters) -> Array:
        """Outputs (units, samples) for ``x`` (features + 1, samples); a view, overwritten by the next pass."""
        self.forward(x, parameters)
        return self.last.a

    def backward(self, parameters: Parameters, gradients: Parameters) -> None:
        """Write all gradients, given dL/dz of the last stage in its ``delta``."""
        stage = self.last
        stage.backward(gradients)
        for before in self._hidden_backwards:
            self._product(parameters.kernels[stage.index], stage.delta, out=before.delta)
            for drop in self._drops[stage.index]:
                multiply(before.delta, drop.mask, out=before.delta)
            before.through_activation()
            before.backward(gradients)
            stage = before
