"""Every update rule against its formula, written out number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from tui_trainer.engine import OPTIMIZERS, SGD, Adagrad, Adam, AdamW, Nadam, Optimizer, RMSprop

GRADIENTS = np.random.default_rng(1).normal(size=(12, 5))
START = np.array([0.5, -1.0, 2.0, 0.0, 3.0])
FRESH = {
    "sgd": lambda rate: SGD(rate),
    "momentum": lambda rate: SGD(rate, momentum=0.9),
    "nesterov": lambda rate: SGD(rate, momentum=0.9, nesterov=True),
    "adagrad": lambda rate: Adagrad(rate),
    "rmsprop": lambda rate: RMSprop(rate, rho=0.8),
    "adam": lambda rate: Adam(rate, beta_1=0.85, beta_2=0.98),
    "nadam": lambda rate: Nadam(rate, beta_1=0.85, beta_2=0.98),
}


def run(optimizer: Optimizer, rates: list[float]) -> np.ndarray:
    """Parameters after one update a rate."""
    parameters, out = START.copy(), np.empty_like(START)
    optimizer.build(START.size, "float64")
    for rate, gradient in zip(rates, GRADIENTS, strict=False):
        optimizer.learning_rate = rate
        optimizer.update(parameters, gradient, out)
        parameters, out = out, parameters
    return parameters


def steps(name: str, gradients: Iterator[float]) -> Iterator[float]:
    """What is subtracted from one parameter, divided by the learning rate, update after update."""
    velocity = squares = mean = 0.0
    product = 1.0
    for t, g in enumerate(gradients, start=1):
        if name == "sgd":
            yield g
        elif name == "momentum":
            velocity = 0.9 * velocity + g
            yield velocity
        elif name == "nesterov":
            velocity = 0.9 * velocity + g
            yield g + 0.9 * velocity
        elif name == "adagrad":
            squares += g * g
            yield g / (math.sqrt(squares) + 1e-10)
        elif name == "rmsprop":
            squares = 0.8 * squares + 0.2 * g * g
            yield g / (math.sqrt(squares) + 1e-8)
        else:
            mean = 0.85 * mean + 0.15 * g
            squares = 0.98 * squares + 0.02 * g * g
            if name == "nadam":
                now, following = (0.85 * (1 - 0.96**step / 2) for step in (t, t + 1))
                product *= now
                ahead = following * mean / (1 - product * following) + (1 - now) * g / (1 - product)
                yield ahead / (math.sqrt(squares / (1 - 0.98**t)) + 1e-8)
                continue
            yield mean / (1 - 0.85**t) / (math.sqrt(squares / (1 - 0.98**t)) + 1e-8)


def expected(name: str, rates: list[float]) -> list[float]:
    result = []
    for start, column in zip(START, GRADIENTS.T, strict=True):
        directions = steps(name, iter(column.tolist()))
        result.append(start - sum(rate * d for rate, d in zip(rates, directions, strict=False)))
    return result


@pytest.mark.parametrize("name", FRESH)
def test_an_update_is_the_published_formula(name: str) -> None:
    rates = [0.05] * len(GRADIENTS)
    np.testing.assert_allclose(run(FRESH[name](0.05), rates), expected(name, rates), rtol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_adamw_shrinks_all_parameters_before_a_step_of_adam(decay: float) -> None:
    optimizer, rate = AdamW(0.05, 0.85, 0.98, weight_decay=decay), 0.05
    got = run(optimizer, [rate] * len(GRADIENTS))
    for value, start, column in zip(got, START, GRADIENTS.T, strict=True):
        for step in steps("adam", iter(column.tolist())):
            start = (1.0 - rate * decay) * start - rate * step
        assert value == pytest.approx(start, rel=1e-12)


def test_nadam_goes_on_from_a_state_without_the_steps_before() -> None:
    whole, later = Nadam(0.05), Nadam(0.05)
    parameters = run(whole, [0.05] * 7)
    later.build(START.size, "float64")
    later.steps = whole.steps
    for name, slot in whole.state.items():
        later.state[name][:] = slot
    one, other = np.empty_like(START), np.empty_like(START)
    whole.update(parameters, GRADIENTS[7], one)
    later.update(parameters, GRADIENTS[7], other)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", FRESH)
def test_a_new_learning_rate_acts_at_once_and_resets_nothing(name: str) -> None:
    rates = [0.05] * 5 + [0.002] * 7
    np.testing.assert_allclose(run(FRESH[name](0.05), rates), expected(name, rates), rtol=1e-12)


@pytest.mark.parametrize("name", FRESH)
def test_build_starts_again(name: str) -> None:
    optimizer, rates = FRESH[name](0.05), [0.05] * 6
    np.testing.assert_array_equal(run(optimizer, rates), run(optimizer, rates))


@pytest.mark.parametrize("name", FRESH)
def test_only_out_is_written(name: str) -> None:
    optimizer, parameters, gradient, out = FRESH[name](0.1), START.copy(), GRADIENTS[0].copy(), np.zeros(5)
    optimizer.build(5, "float64")
    optimizer.update(parameters, gradient, out)
    np.testing.assert_array_equal(parameters, START)
    np.testing.assert_array_equal(gradient, GRADIENTS[0])
    assert not np.array_equal(out, START)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values())
@pytest.mark.parametrize("rate", [0.0, -0.1, math.nan, math.inf])
def test_learning_rate_must_be_finite_and_above_0(optimizer: type[Optimizer], rate: float) -> None:
    with pytest.raises(ValueError, match="learning_rate must be a finite number above 0"):
        optimizer(rate)
    built = optimizer(0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        built.learning_rate = rate
    assert built.learning_rate == 0.1


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_factors_must_be_from_0_up_to_1(value: float) -> None:
    with pytest.raises(ValueError, match="momentum must be at least 0 and less than 1"):
        SGD(0.1, momentum=value)
    with pytest.raises(ValueError, match="rho must be at least 0 and less than 1"):
        RMSprop(0.1, rho=value)
    with pytest.raises(ValueError, match="beta_1 must be at least 0 and less than 1"):
        Adam(0.1, beta_1=value)
    with pytest.raises(ValueError, match="beta_2 must be at least 0 and less than 1"):
        Adam(0.1, beta_2=value)


@pytest.mark.parametrize("optimizer", [Adagrad, RMSprop, Adam])
@pytest.mark.parametrize("epsilon", [0.0, -1e-8, math.nan])
def test_epsilon_must_be_above_0(optimizer: type[Adagrad | RMSprop | Adam], epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon must be a finite number above 0"):
        optimizer(0.1, epsilon=epsilon)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_weight_decay_must_be_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="weight_decay must be a finite number of at least 0"):
        AdamW(0.1, weight_decay=value)


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(ValueError, match="nesterov needs a momentum"):
        SGD(0.1, nesterov=True)
