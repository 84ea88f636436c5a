"""Update rules, in order of increasing complexity. Each works on one flat vector of all parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import add, divide, multiply, sqrt, subtract
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


class Optimizer:
    """Validates the learning rate, owns the state; a subclass adds its hyper-parameters and ``update``.

    ``learning_rate`` may be changed between updates. Raises ValueError where it is not finite and above 0.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        self._dtype: np.dtype[Any] = np.dtype("float64")
        self.learning_rate = learning_rate
        self.steps = 0
        self.state: dict[str, Array] = {}

    @property
    def learning_rate(self) -> float:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"learning_rate must be a finite number above 0, got {value!r}")
        self._learning_rate = float(value)
        self._rate = self._constant(value)

    def build(self, size: int, dtype: DTypeLike) -> None:
        """Allocate state and scratch for ``size`` parameters, all zero; forgets what was there."""
        self._dtype = np.dtype(dtype)
        self._rate = self._constant(self._learning_rate)
        self.steps = 0
        self.state = {name: np.zeros(size, dtype) for name in self.slots}
        self._scratch: Array = np.empty(size, dtype)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        """Write the next parameters into ``out``; all three are (size,), and only ``out`` is changed.

        ``out`` is not ``parameters``: the weights before the update stay whole.
        """
        raise NotImplementedError

    def _constant(self, value: float) -> Array:
        """``value`` as an array of no dimension, which spares NumPy a conversion at every update."""
        with np.errstate(over="ignore"):
            return np.array(value, self._dtype)


class SGD(Optimizer):
    """p <- p - rho g; with momentum, p <- p - rho v where v <- momentum v + g (Nesterov: g + momentum v).

    The velocity does not contain the learning rate (as in PyTorch), so a new rate acts at once.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum must be at least 0 and less than 1, got {momentum!r}")
        if nesterov and momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0")
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("velocity",) if momentum else ()

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        direction = gradients
        if self.momentum:
            velocity = direction = self.state["velocity"]
            multiply(velocity, self.momentum, out=velocity)
            add(velocity, gradients, out=velocity)
            if self.nesterov:
                multiply(velocity, self.momentum, out=out)
                direction = add(out, gradients, out=out)
        multiply(direction, self._rate, out=out)
        subtract(parameters, out, out=out)


class Adagrad(Optimizer):
    """p <- p - rho g / (sqrt(s) + epsilon) where s <- s + g^2 (Duchi et al. 2011)."""

    slots = ("sum_of_squares",)

    def __init__(self, learning_rate: float = 0.01, epsilon: float = 1e-10) -> None:
        super().__init__(learning_rate)
        self.epsilon = _checked_epsilon(epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        squares, step = self.state["sum_of_squares"], self._scratch
        multiply(gradients, gradients, out=step)
        add(squares, step, out=squares)
        _scaled_step(squares, self.epsilon, gradients, self._rate, step)
        subtract(parameters, step, out=out)


class RMSprop(Optimizer):
    """As Adagrad with a moving average, s <- rho s + (1 - rho) g^2 (Tieleman & Hinton 2012)."""

    slots = ("mean_of_squares",)

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        if not 0.0 <= rho < 1.0:
            raise ValueError(f"rho must be at least 0 and less than 1, got {rho!r}")
        self.rho, self.epsilon = rho, _checked_epsilon(epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        squares, step = self.state["mean_of_squares"], self._scratch
        _average_squares(squares, gradients, self.rho, step)
        _scaled_step(squares, self.epsilon, gradients, self._rate, step)
        subtract(parameters, step, out=out)


class Adam(Optimizer):
    """p <- p - rho m^ / (sqrt(v^) + epsilon) with bias-corrected moving averages (Kingma & Ba 2015)."""

    slots = ("mean", "mean_of_squares")

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate)
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"{name} must be at least 0 and less than 1, got {beta!r}")
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, _checked_epsilon(epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        mean, squares, step = self.state["mean"], self.state["mean_of_squares"], self._scratch
        multiply(mean, self.beta_1, out=mean)
        multiply(gradients, 1.0 - self.beta_1, out=step)
        add(mean, step, out=mean)
        _average_squares(squares, gradients, self.beta_2, step)
        sqrt(squares, out=step)
        multiply(step, 1.0 / math.sqrt(1.0 - self.beta_2**self.steps), out=step)
        add(step, self.epsilon, out=step)
        divide(mean, step, out=step)
        multiply(step, self._learning_rate / (1.0 - self.beta_1**self.steps), out=step)
        subtract(parameters, step, out=out)


def _checked_epsilon(epsilon: float) -> float:
    if not (math.isfinite(epsilon) and epsilon > 0.0):
        raise ValueError(f"epsilon must be a finite number above 0, got {epsilon!r}")
    return epsilon


def _average_squares(squares: Array, gradients: Array, decay: float, scratch: Array) -> None:
    """squares <- decay squares + (1 - decay) g^2, in place."""
    multiply(squares, decay, out=squares)
    multiply(gradients, gradients, out=scratch)
    multiply(scratch, 1.0 - decay, out=scratch)
    add(squares, scratch, out=squares)


def _scaled_step(squares: Array, epsilon: float, gradients: Array, rate: Array, out: Array) -> None:
    """out <- rate g / (sqrt(squares) + epsilon)."""
    sqrt(squares, out=out)
    add(out, epsilon, out=out)
    divide(gradients, out, out=out)
    multiply(out, rate, out=out)


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSprop, "adagrad": Adagrad, "adam": Adam}
