"""L-BFGS: its line search, its direction, and what a trainer with it does; its traces are met in the reference test."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.engine import (
    LBFGS,
    SGD,
    Adam,
    Dense,
    Diverged,
    Dropout,
    InputLayer,
    Sequential,
    StackedTrainer,
    Trainer,
)
from tui_trainer.engine.line_search import CURVATURE, DECREASE, StrongWolfe, Trial
from tui_trainer.engine.objective import loss_and_gradient
from tui_trainer.engine.schedules import StepLR

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(30, 4)), RNG.normal(size=(30, 2))


def trainer(layers: list[Dense | Dropout] | None = None, dtype: str = "float64", **options: Any) -> Trainer:
    model = Sequential([InputLayer(4), *(layers or [Dense(6, "tanh"), Dense(2)])], seed=3, dtype=dtype)
    return Trainer(model, X, Y, **{"loss": "mse", "optimizer": LBFGS(), "batch_size": None, "l2": 0.01, **options})


def losses_of(made: Trainer, steps: int) -> list[float]:
    return [made.step() for _ in range(steps)]


def search(height: Any, slope: Any, first_step: float, max_trials: int = 30) -> tuple[Trial, int]:
    """What a search on a function finds, and with how many evaluations."""
    steps = []

    def evaluate(step: float) -> Trial:
        steps.append(step)
        return Trial(step, height(step), slope(step))

    return StrongWolfe(evaluate, Trial(0.0, height(0.0), slope(0.0)), max_trials, 1e-12).search(first_step), len(steps)


@given(
    first_step=st.floats(1e-3, 1e3),
    lowest=st.floats(0.01, 100.0),
    wave=st.floats(0.0, 0.9),
    length=st.floats(0.2, 5.0),
)
def test_the_place_found_satisfies_the_strong_wolfe_conditions(
    first_step: float, lowest: float, wave: float, length: float
) -> None:
    """On a parabola with waves, which has many places that are lower but not flat."""

    def height(t: float) -> float:
        return (t - lowest) ** 2 / lowest + wave * lowest * math.sin(t / (length * lowest)) * length / 2

    def slope(t: float) -> float:
        return 2 * (t - lowest) / lowest + wave / 2 * math.cos(t / (length * lowest))

    found, _ = search(height, slope, first_step)
    assert found.loss <= height(0.0) + DECREASE * found.step * slope(0.0)
    assert abs(slope(found.step)) <= -CURVATURE * slope(0.0)


@pytest.mark.parametrize("first_step", [1e4, math.inf])
def test_a_step_to_where_nothing_is_finite_is_shortened(first_step: float) -> None:
    def height(t: float) -> float:
        return (t - 1.0) ** 2 if t < 50 else math.inf

    found, _ = search(height, lambda t: 2 * (t - 1.0) if t < 50 else math.nan, min(first_step, 1e9), 60)
    assert found.loss < height(0.0) and abs(found.step - 1.0) < 1.0


def test_a_search_that_finds_nothing_stays_at_the_start_or_takes_the_lowest_place() -> None:
    found, evaluations = search(lambda t: abs(t), lambda t: -1.0, 1.0, 5)  # the slope is not that of the function
    assert (found.step, evaluations) == (0.0, 6)
    found, evaluations = search(lambda t: -t, lambda t: -1.0, 1.0, 3)  # falls for ever
    assert found.step > 1.0 and evaluations == 4


def test_the_direction_is_that_of_the_matrices_of_bfgs() -> None:
    """Nocedal & Wright, equation 6.17, from H_0 of 7.20, over the steps that are remembered."""
    matrix = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    optimizer = LBFGS(history_size=3)
    optimizer.build(3, "float64")
    x, out, path = np.array([5.0, -3.0, 2.0]), np.zeros(3), []
    for _ in range(3):
        gradient = matrix @ x
        path.append((x.copy(), gradient))
        optimizer.search(
            x, gradient, out, 0.5 * float(x @ matrix @ x), lambda: (0.5 * float(out @ matrix @ out), matrix @ out)
        )
        x = out.copy()
    gradient = matrix @ x
    path.append((x, gradient))
    pairs = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(path)]
    s, y = pairs[-1]
    inverse = np.eye(3) * float(s @ y) / float(y @ y)
    for s, y in pairs:
        left = np.eye(3) - np.outer(s, y) / float(s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / float(s @ y)
    optimizer.search(
        x, gradient, out, 0.5 * float(x @ matrix @ x), lambda: (0.5 * float(out @ matrix @ out), matrix @ out)
    )
    step = out - x
    expected = -inverse @ gradient
    np.testing.assert_allclose(step / np.linalg.norm(step), expected / np.linalg.norm(expected), rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_loss_never_rises_and_falls_lower_than_by_adam(dtype: str) -> None:
    made = trainer(dtype=dtype)
    losses = losses_of(made, 60)
    assert all(after <= before for before, after in pairwise(losses))
    assert losses[-1] < min(losses_of(trainer(dtype=dtype, optimizer=Adam(0.01)), 60))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_goes_on_exactly_from_its_state(dtype: str) -> None:
    whole, first, second = (trainer(dtype=dtype, optimizer=LBFGS(history_size=4)) for _ in range(3))
    expected = losses_of(whole, 25)
    losses = losses_of(first, 11)
    second.restore(first.state())
    assert losses + losses_of(second, 14) == expected
    np.testing.assert_array_equal(second.model.parameters.flat, whole.model.parameters.flat)


def test_a_state_of_another_memory_is_refused() -> None:
    state = trainer(optimizer=LBFGS(history_size=4)).state()
    with pytest.raises(ValueError, match="parameters"):
        trainer(optimizer=LBFGS(history_size=5)).restore(state)


def test_weights_set_by_hand_begin_a_new_memory() -> None:
    made, fresh = trainer(), trainer()
    losses_of(made, 8)
    weights = [array + 0.1 for array in made.model.get_weights()]
    for one in (made, fresh):
        one.model.set_weights(weights)
    assert losses_of(made, 10) == losses_of(fresh, 10)


def test_a_step_evaluates_the_loss_anew_where_the_search_has_not_been(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer()
    evaluations = []
    monkeypatch.setattr(
        "tui_trainer.engine.trainer.loss_and_gradient",
        lambda *of: (evaluations.append(1), loss_and_gradient(*of))[1],
    )
    losses_of(made, 30)
    assert 30 <= len(evaluations) < 40  # one each, but for the first one and the steps that have to be searched


def test_where_the_gradient_is_flat_the_weights_stay() -> None:
    made = trainer([Dense(2)])
    losses_of(made, 60)
    before = made.model.parameters.flat.copy()
    losses_of(made, 3)
    np.testing.assert_array_equal(made.model.parameters.flat, before)
    design = np.hstack([X, np.ones((30, 1))])
    penalty = np.diag([1.0, 1, 1, 1, 0]) * 0.01 * 30  # the loss is the mean over rows, and never of biases
    expected = np.linalg.solve(design.T @ design + penalty, design.T @ Y)
    np.testing.assert_allclose(np.vstack(made.model.get_weights()), expected, atol=1e-5)


def test_a_rate_that_is_far_too_high_is_searched_back() -> None:
    losses = losses_of(trainer([Dense(6, "relu"), Dense(2)], optimizer=LBFGS(1e6), l2=0.0), 20)
    assert np.isfinite(losses).all() and losses[-1] < 0.7 * losses[0]


def test_a_loss_that_is_not_finite_ends_training() -> None:
    made = trainer([Dense(6, "linear"), Dense(2)])
    made.model.set_weights([np.full_like(array, 1e160) for array in made.model.get_weights()])
    with pytest.raises(Diverged):
        made.step()


def test_the_order_of_the_rows_is_left_alone() -> None:
    assert losses_of(trainer(shuffle=True, seed=5), 5) == losses_of(trainer(), 5)


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (None, {"batch_size": 10}, "needs the full batch: expected batch_size=None, got batches of 10"),
        ([Dense(4), Dropout(0.2), Dense(2)], {}, "can't be used with dropout"),
        ([Dense(4, batch_norm=True), Dense(2)], {}, "can't be used with batch normalization"),
        (None, {"clip_norm": 1.0}, "clipping or a schedule"),
        (None, {"schedule": StepLR(10)}, "clipping or a schedule"),
    ],
)
def test_what_makes_two_evaluations_differ_is_refused(
    layers: list[Dense | Dropout] | None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        trainer(layers, **options)


@pytest.mark.parametrize(("name", "value"), [("history_size", 0), ("history_size", 2.5), ("max_eval", 1)])
def test_its_numbers_are_whole_and_large_enough(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least"):
        LBFGS(**{name: value})


def test_it_is_not_stacked() -> None:
    models = [Sequential([InputLayer(4), Dense(2)], seed=seed) for seed in range(2)]
    options: dict[str, Any] = {"loss": "mse", "seeds": [0, 1], "batch_size": None}
    with pytest.raises(ValueError, match="L-BFGS can't be stacked"):
        StackedTrainer(models, X, Y, optimizers=[LBFGS(), LBFGS()], **options)
    StackedTrainer(models, X, Y, optimizers=[SGD(0.1), SGD(0.1)], **options)
