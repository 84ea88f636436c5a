"""Batches, epochs, shuffling, and the three ways to run them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_trainer.engine import SGD, Adam, Dense, Dropout, InputLayer, Sequential, Trainer


def linear_trainer(n: int, **options: Any) -> Trainer:
    """y = w x without a bias on samples whose x are powers of 2, so a sum tells which were in it."""
    model = Sequential([InputLayer(1), Dense(1, use_bias=False)], dtype="float64")
    model.set_weights([[[0.0]]])
    x = 2.0 ** np.arange(n)[:, None]
    return Trainer(model, np.ones((n, 1)), -x / 2, loss="sse", optimizer=SGD(1e-300), **options)


def samples_of_step(trainer: Trainer) -> set[int]:
    """At w = 0 the gradient is 2 * sum(x / 2), the sum of the batch's powers of 2."""
    trainer.step()
    total = int(trainer.gradient()[0].item())
    return {bit for bit in range(64) if total >> bit & 1}


def classifier(seed: int = 0, **options: Any) -> Trainer:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(37, 4)), np.eye(3)[rng.integers(0, 3, 37)]
    model = Sequential([InputLayer(4), Dense(9, "relu"), Dense(3, "softmax")], seed=1)
    options = {"batch_size": 10, "shuffle": True, **options}
    return Trainer(model, x, y, loss="logistic", optimizer=Adam(0.01), seed=seed, validation_data=(x, y), **options)


def test_the_last_batch_is_shorter_and_nothing_is_dropped() -> None:
    trainer = linear_trainer(11, batch_size=4)
    assert trainer.steps_per_epoch == 3
    for _ in range(2):
        batches = [samples_of_step(trainer) for _ in range(3)]
        assert batches == [{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10}]
    assert (trainer.steps, trainer.epochs, trainer.position) == (6, 2, 0)


def test_a_short_batch_is_averaged_over_its_own_samples() -> None:
    model = Sequential([InputLayer(1), Dense(1, use_bias=False)], dtype="float64")
    model.set_weights([[[0.0]]])
    y = np.array([[1.0], [1.0], [5.0]])
    trainer = Trainer(model, np.ones((3, 1)), y, loss="mse", optimizer=SGD(1e-300), batch_size=2)
    assert [trainer.step(), trainer.step()] == [1.0, 25.0]
    assert trainer.end_epoch()["loss"] == pytest.approx(27.0 / 3.0)
    assert trainer.run_epoch()["loss"] == pytest.approx(27.0 / 3.0)


def test_shuffling_takes_every_sample_once_an_epoch() -> None:
    trainer = linear_trainer(40, batch_size=7, shuffle=True)
    orders = []
    for _ in range(4):
        batches = [samples_of_step(trainer) for _ in range(trainer.steps_per_epoch)]
        assert [len(batch) for batch in batches] == [7, 7, 7, 7, 7, 5]
        assert set().union(*batches) == set(range(40))
        orders.append(tuple(frozenset(batch) for batch in batches))
    assert len(set(orders)) == 4


def test_shuffling_keeps_x_with_its_y() -> None:
    model = Sequential([InputLayer(2), Dense(1)], dtype="float64")
    model.set_weights([[[3.0], [-2.0]], [1.0]])
    x = np.random.default_rng(0).normal(size=(23, 2))
    trainer = Trainer(model, x, model.predict(x), loss="mse", optimizer=SGD(0.1), batch_size=5, shuffle=True)
    assert trainer.run_epoch()["loss"] == pytest.approx(0.0, abs=1e-25)
    assert trainer.run_epoch()["loss"] == pytest.approx(0.0, abs=1e-25)


def test_the_callers_arrays_are_left_alone() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 12, 1)).astype("float32")
    kept = x.copy(), y.copy()
    trainer = Trainer(
        Sequential([InputLayer(1), Dense(1)]), x, y, loss="mse", optimizer=SGD(), shuffle=True, batch_size=5
    )
    trainer.run_epoch()
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_the_seed_decides_the_losses() -> None:
    one, same, other = ([t.run_epoch()["loss"] for _ in range(3)] for t in map(classifier, (5, 5, 6)))
    assert one == same
    assert one != other


@pytest.mark.parametrize("shuffle", [False, True])
def test_step_run_steps_and_run_epoch_are_the_same(shuffle: bool) -> None:
    by_step, by_steps, by_epoch = (classifier(shuffle=shuffle) for _ in range(3))
    for _ in range(3):
        losses = [by_step.step() for _ in range(4)]
        buffer = np.zeros(100)
        assert by_steps.run_steps(buffer) == 4
        assert losses == buffer[:4].tolist()
        assert by_step.end_epoch() == by_steps.end_epoch() == by_epoch.run_epoch()
    assert by_step.steps == by_steps.steps == by_epoch.steps == 12
    for a, b, c in zip(*(t.model.get_weights() for t in (by_step, by_steps, by_epoch)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_run_steps_stops_where_the_epoch_ends_and_run_epoch_finishes_it() -> None:
    trainer, whole = classifier(), classifier()
    assert trainer.run_steps(np.zeros(3)) == 3
    assert trainer.position == 3
    assert trainer.run_epoch() == whole.run_epoch()
    assert trainer.run_steps(np.zeros(2)) == 2
    assert trainer.run_steps(np.zeros(9)) == 2
    assert trainer.epochs == 2


@pytest.mark.parametrize("size", [None, 37, 1000])
def test_a_batch_of_all_samples_is_one_step_an_epoch(size: int | None) -> None:
    trainer = classifier(batch_size=size, shuffle=False)
    assert trainer.steps_per_epoch == 1
    reference = classifier(batch_size=None, shuffle=False)
    assert trainer.step() == reference.step()


def test_float32_and_float64_agree() -> None:
    losses = []
    for dtype in ("float32", "float64"):
        model = Sequential([InputLayer(2), Dense(5, "tanh"), Dense(1)], seed=2, dtype=dtype)
        x = np.random.default_rng(0).normal(size=(30, 2))
        trainer = Trainer(model, x, x[:, :1] * x[:, 1:], loss="mse", optimizer=SGD(0.05), batch_size=10)
        losses.append([trainer.run_epoch()["loss"] for _ in range(20)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize("size", [0, -3, 2.0, True, "all"])
def test_batch_size_must_be_whole_and_positive(size: Any) -> None:
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, or None"):
        classifier(batch_size=size)


def test_data_that_does_not_fit_is_refused() -> None:
    model = Sequential([InputLayer(2), Dense(1)])

    def make(x: Any, y: Any) -> Trainer:
        return Trainer(model, x, y, loss="mse", optimizer=SGD())

    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\)"):
        make([[1.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"y must have shape \(n, 1\)"):
        make([[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="the same number of rows, got 2 and 1"):
        make([[1.0, 2.0], [3.0, 4.0]], [[1.0]])
    with pytest.raises(ValueError, match="x holds values that are not finite in float32"):
        make([[1.0, 1e300]], [[1.0]])
    with pytest.raises(ValueError, match="y holds values that are not finite"):
        make([[1.0, 2.0]], [[float("nan")]])
    with pytest.raises(ValueError, match="unknown loss"):
        Trainer(model, [[1.0, 2.0]], [[1.0]], loss="hinge", optimizer=SGD())


def test_dropout_and_shuffling_repeat_with_the_seed() -> None:
    def losses() -> list[float]:
        model = Sequential([InputLayer(2), Dense(8, "relu"), Dropout(0.3), Dense(1)])
        x = np.random.default_rng(0).normal(size=(25, 2))
        trainer = Trainer(model, x, x[:, :1], loss="mse", optimizer=SGD(), batch_size=8, shuffle=True, seed=3)
        return [trainer.step() for _ in range(12)]

    assert losses() == losses()
