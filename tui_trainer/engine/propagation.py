"""The forward and backward pass over a fixed number of samples, in buffers allocated once.

Inside a pass one row is a unit and one column a sample. A buffer that feeds a layer with a bias ends in
a row of ones, so that the bias is one more row of the kernel: one product gives ``z`` with the bias in it,
and one product gives both gradients. For a stack of models all arrays have one more axis in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import add, copyto, divide, greater_equal, multiply, sqrt, subtract
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


NORM_MOMENTUM, NORM_EPSILON = 0.99, 1e-3  # Keras's: what moving values keep at each step, and what variances get


class BatchNormStage:
    """Batch normalization of a layer before its activation (Ioffe & Szegedy 2015, arXiv:1502.03167), as Keras has it.

    ``x`` and the result are (units, samples), x_norm = (x - mean) / sqrt(variance + epsilon), z = gamma x_norm + beta;
    ``normed`` is x_norm. With ``by_batch``, as in training, mean and variance are those of the samples; without, the
    moving ones.
    """

    def __init__(
        self, index: int, units: int, samples: int, dtype: DTypeLike, stack: tuple[int, ...], by_batch: bool
    ) -> None:
        self.index, self.by_batch = index, by_batch
        self.x: Array = np.zeros((*stack, units, samples), dtype)
        self.normed, self._work = np.zeros_like(self.x), np.zeros_like(self.x)
        self._mean, self._variance, self._factor = (np.zeros((*stack, units, 1), dtype) for _ in range(3))
        self._share = 1.0 / samples

    def forward(self, parameters: Parameters, out: Array) -> None:
        """Write z (units, samples) for ``x`` into ``out``."""
        gamma, beta = _columns(parameters.gammas[self.index], parameters.betas[self.index])
        if self.by_batch:
            mean, variance = self._mean, self._variance
            self._mean_of(self.x, mean)
            subtract(self.x, mean, out=self.normed)
            multiply(self.normed, self.normed, out=self._work)
            self._mean_of(self._work, variance)
        else:
            means, variances = parameters.moving_means, parameters.moving_variances
            mean, variance = _columns(means[self.index], variances[self.index])
            subtract(self.x, mean, out=self.normed)
        divide(1.0, sqrt(variance + NORM_EPSILON), out=self._factor)
        multiply(self.normed, self._factor, out=self.normed)
        multiply(self.normed, gamma, out=out)
        add(out, beta, out=out)

    def backward(self, delta: Array, parameters: Parameters, gradients: Parameters) -> None:
        """Turn ``delta`` (units, samples) from dL/dz into dL/dx, in place, and write the gradients of gamma and beta.

        By batch, dL/dx = gamma / sqrt(variance + epsilon) (delta - mean(delta) - x_norm mean(delta x_norm)).
        """
        of_gamma, of_beta = _columns(gradients.gammas[self.index], gradients.betas[self.index])
        multiply(delta, self.normed, out=self._work)
        add.reduce(self._work, axis=-1, out=of_gamma, keepdims=True)
        add.reduce(delta, axis=-1, out=of_beta, keepdims=True)
        if self.by_batch:
            multiply(self.normed, of_gamma * self._share, out=self._work)
            subtract(delta, self._work, out=delta)
            subtract(delta, of_beta * self._share, out=delta)
        (gamma,) = _columns(parameters.gammas[self.index])
        multiply(delta, gamma * self._factor, out=delta)

    def move(self, parameters: Parameters) -> None:
        """Move the moving mean and variance of ``parameters`` towards those of the last samples."""
        if self.by_batch:
            moving = _columns(parameters.moving_means[self.index], parameters.moving_variances[self.index])
            for average, newest in zip(moving, (self._mean, self._variance), strict=True):
                multiply(average, NORM_MOMENTUM, out=average)
                add(average, newest * (1.0 - NORM_MOMENTUM), out=average)

    def _mean_of(self, values: Array, out: Array) -> None:
        add.reduce(values, axis=-1, out=out, keepdims=True)
        multiply(out, self._share, out=out)


def _columns(*arrays: Array | None) -> list[Array]:
    """Views (units, 1) of arrays (units,), to go with (units, samples)."""
    return [array[..., None] for array in arrays if array is not None]


class DenseStage:
    """One dense layer's share of a pass: its buffers, and the two products; ``norm`` stands before the activation.

    A pass overwrites z with a, and dL/da with dL/dz. With ``keeps_all`` it does not: z has a buffer of its own, and
    ``of_a`` and ``of_z`` (units, samples) are copies of the two gradients, as far as ``through_activation`` made them.
    In a stack the row of ones lies between the outputs of two models, and NumPy takes several times as long where
    memory has gaps. So activations work on whole blocks there, and the ones are written anew.
    """

    def __init__(
        self,
        index: int,
        layer: Dense,
        ones: bool,
        samples: int,
        dtype: DTypeLike,
        stack: tuple[int, ...] = (),
        norm: BatchNormStage | None = None,
        keeps_all: bool = False,
    ) -> None:
        self.index, self.norm = index, norm
        self.activation = get_activation(layer.activation)
        units = layer.units
        self.output: Array = np.ones((*stack, units + int(ones), samples), dtype)
        self._a = self.output if stack else self.output[:units]
        self._z = np.zeros_like(self._a) if self.activation.keeps_z or keeps_all else self._a
        self._delta, self._slope = np.zeros_like(self._a), np.empty_like(self._a)
        self.work = [np.zeros_like(self._a) for _ in range(self.activation.buffers)]
        self.a: Array = self._a[..., :units, :]
        self.z: Array = self._z[..., :units, :]
        self.delta: Array = self._delta[..., :units, :]
        self.delta_transposed: Array = self.delta.mT
        self.of_a: Array | None = np.zeros_like(self.delta) if keeps_all else None
        self.of_z: Array | None = np.zeros_like(self.delta) if keeps_all else None
        self._ones = self.output[..., units:, :] if stack and ones else None
        self.is_linear = self.activation.name == "linear"
        self.x: Array = np.empty(0, dtype)
        self._weighted = self.z if norm is None else norm.x  # where kernel.T x + bias goes
        self._product = (STACKED if stack else SINGLE).product

    def forward(self, x: Array, parameters: Parameters, activate: bool) -> Array:
        """z = kernel.T x + bias for ``x`` (inputs + 1, samples), and a = activation(z) unless told not to.

        Keeps a reference to ``x`` for ``backward`` and returns the next stage's x.
        """
        self.x = x
        self._product(parameters.transposed[self.index], x, out=self._weighted)
        if self.norm is not None:
            self.norm.forward(parameters, self.z)
        if activate:
            self.activation.forward(self._z, self._a, self.work)
            if self._ones is not None:
                self._ones.fill(1.0)
        return self.output

    def through_activation(self) -> None:
        """Turn ``delta`` from dL/da into dL/dz, in place."""
        if self.of_a is not None:
            copyto(self.of_a, self.delta)
        if not self.is_linear:
            self.activation.slope(self._z, self._a, self._slope, self.work)
            multiply(self._delta, self._slope, out=self._delta)
        if self.of_z is not None:
            copyto(self.of_z, self.delta)

    @property
    def slope(self) -> Array:
        """da/dz (units, samples), after ``through_activation``."""
        return np.ones_like(self.delta) if self.is_linear else self._slope[..., : self.delta.shape[-2], :]

    def backward(self, gradients: Parameters) -> None:
        """Write this layer's gradient, given ``delta`` = dL/dz, for the x of the last forward pass."""
        self._product(self.x, self.delta_transposed, out=gradients.folded[self.index])


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

    With ``rngs``, one a model, the passes are those of training: dropout is on, and batch normalization of a layer that
    is trained goes by the samples. With ``keeps_all`` all stages keep what a pass overwrites otherwise.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        samples: int,
        dtype: DTypeLike,
        rngs: Sequence[np.random.Generator] = (),
        stack: tuple[int, ...] = (),
        keeps_all: bool = False,
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
                index, by_batch = len(self.stages), bool(rngs) and layer.trainable
                norm = BatchNormStage(index, layer.units, samples, dtype, stack, by_batch) if layer.batch_norm else None
                self.stages.append(DenseStage(index, layer, ones, samples, dtype, stack, norm, keeps_all))
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
            if before.norm is not None:
                before.norm.backward(before.delta, parameters, gradients)
            before.backward(gradients)
            stage = before

    def mask_before(self, index: int) -> Array | None:
        """What dropout multiplied the input of dense layer ``index`` by, (inputs, samples); None without dropout."""
        masks = [drop.mask for drop in self._drops[index]]
        return None if not masks else np.multiply.reduce(masks)

    def move_statistics(self, parameters: Parameters) -> None:
        """Move the moving means and variances of batch normalization in ``parameters`` after a pass of training."""
        for stage in self.stages:
            if stage.norm is not None:
                stage.norm.move(parameters)
