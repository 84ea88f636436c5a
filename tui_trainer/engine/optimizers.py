"""Update rules, in order of increasing complexity. Each works on one flat vector of all parameters.

For a stack of models that is one row a model, and each hyper-parameter a number for all or a column, one row a model.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import add, array_equal, copyto, divide, multiply, negative, sqrt, subtract
from numpy.typing import DTypeLike, NDArray

from .line_search import StrongWolfe, Trial

Array = NDArray[Any]
NADAM_DECAY = 0.96  # of what Nadam's momentum lacks of beta_1, at each step
# PyTorch's for L-BFGS: the largest part of a gradient and the least change that count as none, and the least curvature.
FLAT_GRADIENT, NO_CHANGE, MIN_CURVATURE = 1e-7, 1e-9, 1e-10


class Optimizer:
    """Validates the learning rate, owns the state; a subclass adds its hyper-parameters and ``update``.

    ``learning_rate`` may be changed between updates. Raises ValueError where it is not finite and above 0.
    ``used_rate`` is that of the updates: a schedule scales it before each.
    """

    slots: tuple[str, ...] = ()
    hyperparameters: tuple[str, ...] = ()  # beside the learning rate

    def __init__(self, learning_rate: float) -> None:
        self._dtype: np.dtype[Any] = np.dtype("float64")
        self.used_rate: Any = learning_rate
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
        self._learning_rate = self.used_rate = float(value)
        self._rate = self._constant(value)

    def scale_rate(self, factor: Any) -> None:
        """Let the next updates use the learning rate times ``factor``; of a stack a number or a column (models, 1)."""
        self.used_rate = self._learning_rate * factor
        self._rate = np.array(self.used_rate, self._dtype)

    @property
    def vectors(self) -> int:
        """How many vectors of the size of all parameters its state takes."""
        return len(self.slots)

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        """Allocate state and scratch for ``size`` parameters, all zero; forgets what was there."""
        self._dtype = np.dtype(dtype)
        self.used_rate = self._learning_rate
        self._rate = self._constant(self._learning_rate)
        self.steps = 0
        self.state = {name: np.zeros(size, dtype) for name in self.slots}
        self._scratch: Array = np.empty(size, dtype)

    @property
    def kind(self) -> tuple[object, ...]:
        """What optimizers must agree in to be stacked."""
        return (type(self), self.slots)

    @staticmethod
    def stacked(optimizers: Sequence[Optimizer], size: int, dtype: DTypeLike) -> Optimizer:
        """A new optimizer for a stack of models of ``size`` parameters: row i is updated as by ``optimizers[i]``.

        Raises ValueError for optimizers of several kinds, and for L-BFGS, which searches for each model by itself.
        """
        if any(isinstance(optimizer, LBFGS) for optimizer in optimizers):
            raise ValueError("L-BFGS can't be stacked: its line search takes another number of trials for each model")
        if len({optimizer.kind for optimizer in optimizers}) > 1:
            raise ValueError("optimizers of several kinds can't be stacked")
        result = copy.copy(optimizers[0])
        for name in ("_learning_rate", *result.hyperparameters):
            setattr(result, name, column_of([getattr(optimizer, name) for optimizer in optimizers]))
        result.build((len(optimizers), size), dtype)
        return result

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        """Write the next parameters into ``out``; all three are (size,), and only ``out`` is changed.

        ``out`` is not ``parameters``: the weights before the update stay whole.
        """
        raise NotImplementedError

    def _constant(self, value: Any) -> Array:
        """``value`` as an array, of no dimension for a number, which spares NumPy a conversion at every update."""
        with np.errstate(over="ignore"):
            return np.array(value, self._dtype)

    def _in_dtype(self, value: Any) -> Any:
        """A column in the parameters' dtype; a number as it is, since NumPy converts it."""
        return value if isinstance(value, float) else value.astype(self._dtype)


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
        self.hyperparameters = ("momentum",)

    @property
    def kind(self) -> tuple[object, ...]:
        return (*super().kind, self.nesterov)

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self._momentum = self._constant(self.momentum)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        direction = gradients
        if self.slots:
            velocity = direction = self.state["velocity"]
            multiply(velocity, self._momentum, out=velocity)
            add(velocity, gradients, out=velocity)
            if self.nesterov:
                multiply(velocity, self._momentum, out=out)
                direction = add(out, gradients, out=out)
        multiply(direction, self._rate, out=out)
        subtract(parameters, out, out=out)


class Adagrad(Optimizer):
    """p <- p - rho g / (sqrt(s) + epsilon) where s <- s + g^2 (Duchi et al. 2011)."""

    slots = ("sum_of_squares",)
    hyperparameters = ("epsilon",)

    def __init__(self, learning_rate: float = 0.01, epsilon: float = 1e-10) -> None:
        super().__init__(learning_rate)
        self.epsilon = _checked_epsilon(epsilon)

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self._epsilon = self._constant(self.epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        squares, step = self.state["sum_of_squares"], self._scratch
        multiply(gradients, gradients, out=step)
        add(squares, step, out=squares)
        _scaled_step(squares, self._epsilon, gradients, self._rate, step)
        subtract(parameters, step, out=out)


class RMSprop(Optimizer):
    """As Adagrad with a moving average, s <- rho s + (1 - rho) g^2 (Tieleman & Hinton 2012)."""

    slots = ("mean_of_squares",)
    hyperparameters = ("rho", "epsilon")

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        if not 0.0 <= rho < 1.0:
            raise ValueError(f"rho must be at least 0 and less than 1, got {rho!r}")
        self.rho, self.epsilon = rho, _checked_epsilon(epsilon)

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self._decay = self._constant(self.rho), self._constant(1.0 - self.rho)
        self._epsilon = self._constant(self.epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        squares, step = self.state["mean_of_squares"], self._scratch
        _average_squares(squares, gradients, self._decay, step)
        _scaled_step(squares, self._epsilon, gradients, self._rate, step)
        subtract(parameters, step, out=out)


class Adam(Optimizer):
    """p <- p - rho m^ / (sqrt(v^) + epsilon) with bias-corrected moving averages (Kingma & Ba 2015)."""

    slots = ("mean", "mean_of_squares")
    hyperparameters: tuple[str, ...] = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate)
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"{name} must be at least 0 and less than 1, got {beta!r}")
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, _checked_epsilon(epsilon)

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self._decay_1 = self._constant(self.beta_1), self._constant(1.0 - self.beta_1)
        self._decay_2 = self._constant(self.beta_2), self._constant(1.0 - self.beta_2)
        self._epsilon = self._constant(self.epsilon)

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        mean, squares, step = self.state["mean"], self.state["mean_of_squares"], self._scratch
        keep, take = self._decay_1
        multiply(mean, keep, out=mean)
        multiply(gradients, take, out=step)
        add(mean, step, out=mean)
        _average_squares(squares, gradients, self._decay_2, step)
        sqrt(squares, out=step)
        multiply(step, self._in_dtype(self.root_factor), out=step)
        add(step, self._epsilon, out=step)
        divide(mean, step, out=step)
        multiply(step, self._in_dtype(self.corrected_rate), out=step)
        subtract(parameters, step, out=out)

    @property
    def root_factor(self) -> Any:
        """What sqrt(v) is multiplied by in the last update, to make sqrt(v^) of it: 1 / sqrt(1 - beta_2^t)."""
        return 1.0 / _root(1.0 - _power(self.beta_2, self.steps))

    @property
    def corrected_rate(self) -> Any:
        """What m / (sqrt(v^) + epsilon) is multiplied by in the last update, rho / (1 - beta_1^t)."""
        return self.used_rate / (1.0 - _power(self.beta_1, self.steps))


class AdamW(Adam):
    """Adam with decoupled weight decay, p <- (1 - rho lambda) p before each step (Loshchilov & Hutter 2019).

    ``weight_decay``, lambda, shrinks all parameters, biases too, as in PyTorch and Keras; a penalty leaves those out.
    """

    hyperparameters = (*Adam.hyperparameters, "weight_decay")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.004,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon)
        if not (math.isfinite(weight_decay) and weight_decay >= 0.0):
            raise ValueError(f"weight_decay must be a finite number of at least 0, got {weight_decay!r}")
        self.weight_decay = weight_decay

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        multiply(parameters, self._in_dtype(self.shrinkage), out=out)
        super().update(out, gradients, out)

    @property
    def shrinkage(self) -> Any:
        """What all parameters are multiplied by before a step, 1 - rho lambda."""
        return 1.0 - self.used_rate * self.weight_decay


class Nadam(Adam):
    """Adam with Nesterov's momentum (Dozat 2016), as Keras computes it.

    The momentum of step t is mu_t = beta_1 (1 - 0.96^t / 2), and P_t = mu_1 ... mu_t. With m and v^ as in Adam,
    p <- p - rho (mu_{t+1} m / (1 - P_{t+1}) + (1 - mu_t) g / (1 - P_t)) / (sqrt(v^) + epsilon).
    PyTorch's ``NAdam`` is the same with ``momentum_decay=1``.
    """

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self._product: Any = 1.0  # of the momenta of the first ``_multiplied`` steps
        self._multiplied = 0

    def update(self, parameters: Array, gradients: Array, out: Array) -> None:
        self.steps += 1
        mean, squares, step = self.state["mean"], self.state["mean_of_squares"], self._scratch
        mean_factor, gradient_factor = self.blend
        keep, take = self._decay_1
        multiply(mean, keep, out=mean)
        multiply(gradients, take, out=step)
        add(mean, step, out=mean)
        _average_squares(squares, gradients, self._decay_2, step)
        multiply(mean, self._in_dtype(mean_factor), out=step)
        multiply(gradients, self._in_dtype(gradient_factor), out=out)
        add(step, out, out=step)
        sqrt(squares, out=out)
        multiply(out, self._in_dtype(self.root_factor), out=out)
        add(out, self._epsilon, out=out)
        divide(step, out, out=step)
        multiply(step, self._rate, out=step)
        subtract(parameters, step, out=out)

    @property
    def blend(self) -> tuple[Any, Any]:
        """What m and g are multiplied by in the last update: mu_{t+1} / (1 - P_{t+1}) and (1 - mu_t) / (1 - P_t)."""
        product, momentum = self._product_of_momenta(), self._momentum(self.steps)
        following = self._momentum(self.steps + 1)
        return following / (1.0 - product * following), (1.0 - momentum) / (1.0 - product)

    def _momentum(self, step: int) -> Any:
        return self.beta_1 * (1.0 - 0.5 * NADAM_DECAY**step)

    def _product_of_momenta(self) -> Any:
        """P_t of the present step, from that of the last one; of all steps where these were done elsewhere."""
        if self._multiplied not in (self.steps - 1, self.steps):
            self._product, self._multiplied = 1.0, 0
        while self._multiplied < self.steps and np.any(self._product):  # 0 stays 0
            self._multiplied += 1
            self._product = self._product * self._momentum(self._multiplied)
        self._multiplied = self.steps
        return self._product


class LBFGS(Optimizer):
    """p <- p + t d with d = -H g, H from the last ``history_size`` steps (Liu & Nocedal 1989); of the whole data.

    H g is the two-loop recursion, and H the recursion of BFGS: algorithms 7.4 and 7.5 of Nocedal & Wright (2006). The
    length t is found by a line search that begins with the learning rate; a step evaluates the loss at most
    ``max_eval`` times, of which one is known from the step before. The steps are those of PyTorch's ``LBFGS`` with
    ``max_iter=1`` and ``line_search_fn="strong_wolfe"``. Where the gradient is flat it stays where it is.
    """

    slots = ("parameters", "gradient", "step")  # after the last step, and before it
    rows = ("steps", "gradient_changes")  # of the last steps, the newest at the end

    def __init__(self, learning_rate: float = 1.0, history_size: int = 10, max_eval: int = 25) -> None:
        super().__init__(learning_rate)
        for name, value, lowest in (("history_size", history_size, 1), ("max_eval", max_eval, 2)):
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise ValueError(f"{name} must be a whole number of at least {lowest}, got {value!r}")
        self.history_size, self.max_eval = history_size, max_eval

    @property
    def vectors(self) -> int:
        return len(self.slots) + len(self.rows) * self.history_size

    def build(self, size: int | tuple[int, int], dtype: DTypeLike) -> None:
        super().build(size, dtype)
        self.state |= {name: np.zeros((self.history_size, *np.atleast_1d(size)), dtype) for name in self.rows}
        self.state["curvatures"] = np.zeros(self.history_size)  # y.s of each row; 0 where there is none yet
        self._direction: Array = np.empty(size, dtype)

    def search(
        self, parameters: Array, gradients: Array, out: Array, loss: float, evaluate: Callable[[], tuple[float, Array]]
    ) -> None:
        """Write the next parameters into ``out``, given ``loss`` and ``gradients`` (size,) at ``parameters`` (size,).

        ``evaluate`` returns loss and gradient (size,) at what has been written into ``out``.
        """
        if self.steps and not array_equal(self.state["parameters"], parameters):
            self.build(parameters.size, self._dtype)  # somebody has set the weights: its memory is of other ones
        state, direction = self.state, self._direction
        is_first = not self.steps
        if not is_first:
            self._remember(gradients)
        slope = self._find_direction(gradients)
        rate = self.used_rate / max(1.0, float(abs(gradients).sum())) if is_first else self.used_rate

        def trial(step: float) -> Trial:
            multiply(direction, step, out=out)
            add(parameters, out, out=out)
            value, gradient = evaluate()
            if not math.isfinite(value):
                return Trial(step, math.inf, math.nan)
            return Trial(step, value, float(gradient.dot(direction)))

        step = rate if not math.isfinite(slope) else 0.0
        if slope <= -NO_CHANGE and float(abs(gradients).max()) > FLAT_GRADIENT:
            narrowest = NO_CHANGE / float(abs(direction).max())
            step = StrongWolfe(trial, Trial(0.0, loss, slope), self.max_eval - 1, narrowest).search(rate).step
            if step == 0.0:  # nothing lower was found along it: the next direction is that of steepest descent
                state["curvatures"].fill(0.0)
        self.steps += 1
        copyto(state["gradient"], gradients)
        multiply(direction, step, out=state["step"])
        add(parameters, state["step"], out=out)
        copyto(state["parameters"], out)

    def _remember(self, gradients: Array) -> None:
        """Take the last step and what it has changed in the gradient into the memory, unless the loss curved down."""
        steps, changes, curvatures = (self.state[name] for name in (*self.rows, "curvatures"))
        change = subtract(gradients, self.state["gradient"], out=self._scratch)
        curvature = float(change.dot(self.state["step"]))
        if curvature > MIN_CURVATURE:
            for rows, newest in ((steps, self.state["step"]), (changes, change), (curvatures, curvature)):
                rows[:-1] = rows[1:]
                rows[-1] = newest

    def _find_direction(self, gradients: Array) -> float:
        """Find -H g by the two loops; returns its slope. H is the unit matrix before there are any steps."""
        steps, changes, curvatures = (self.state[name] for name in (*self.rows, "curvatures"))
        direction, scratch = self._direction, self._scratch
        rows = [row for row in range(self.history_size) if curvatures[row] > 0.0]
        inverse = {row: 1.0 / float(curvatures[row]) for row in rows}
        shares = {}
        negative(gradients, out=direction)
        for row in reversed(rows):
            shares[row] = float(steps[row].dot(direction)) * inverse[row]
            multiply(changes[row], shares[row], out=scratch)
            subtract(direction, scratch, out=direction)
        if rows:
            multiply(direction, float(curvatures[-1]) / float(changes[-1].dot(changes[-1])), out=direction)
        for row in rows:
            share = shares[row] - float(changes[row].dot(direction)) * inverse[row]
            multiply(steps[row], share, out=scratch)
            add(direction, scratch, out=direction)
        return float(gradients.dot(direction))


def _checked_epsilon(epsilon: float) -> float:
    if not (math.isfinite(epsilon) and epsilon > 0.0):
        raise ValueError(f"epsilon must be a finite number above 0, got {epsilon!r}")
    return epsilon


def _root(value: Any) -> Any:
    return math.sqrt(value) if isinstance(value, float) else sqrt(value)


def _power(base: Any, exponent: int) -> Any:
    """A number or a column to a power, computed by Python: NumPy's powers of arrays differ in the last digit."""
    return np.array([[one**exponent] for (one,) in base.tolist()]) if isinstance(base, np.ndarray) else base**exponent


def column_of(values: Sequence[float]) -> Any:
    """The value that all models of a stack share, or their values as a column (models, 1)."""
    return values[0] if len(set(values)) == 1 else np.array(values, np.float64)[:, None]


def _average_squares(squares: Array, gradients: Array, decay: tuple[Array, Array], scratch: Array) -> None:
    """squares <- decay squares + (1 - decay) g^2, in place; ``decay`` holds both factors."""
    keep, take = decay
    multiply(squares, keep, out=squares)
    multiply(gradients, gradients, out=scratch)
    multiply(scratch, take, out=scratch)
    add(squares, scratch, out=squares)


def _scaled_step(squares: Array, epsilon: Array, gradients: Array, rate: Array, out: Array) -> None:
    """out <- rate g / (sqrt(squares) + epsilon)."""
    sqrt(squares, out=out)
    add(out, epsilon, out=out)
    divide(gradients, out, out=out)
    multiply(out, rate, out=out)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "lbfgs": LBFGS,
}
