"""A step allocates nothing that stays, and nothing of the size of a batch on the way."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tui_trainer.engine import SGD, Adam, Dense, InputLayer, Optimizer, Sequential, Trainer


@pytest.mark.parametrize(
    ("sizes", "batch", "optimizer"),
    [
        pytest.param((4, 100, 3), 30, SGD(0.01), id="4-100-3", marks=pytest.mark.slow),
        pytest.param((2, 8, 8, 2), 10, SGD(0.01), id="2-8-8-2", marks=pytest.mark.slow),
        pytest.param((4, 100, 3), 30, Adam(0.001), id="4-100-3 adam"),
    ],
)
def test_10_000_steps_leave_nothing_allocated(sizes: tuple[int, ...], batch: int, optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    hidden = [Dense(units, "relu") for units in sizes[1:-1]]
    model = Sequential([InputLayer(sizes[0]), *hidden, Dense(sizes[-1], "softmax")])
    x, y = rng.normal(size=(5 * batch, sizes[0])), np.eye(sizes[-1])[rng.integers(0, sizes[-1], 5 * batch)]
    trainer = Trainer(model, x, y, loss="logistic", optimizer=optimizer, batch_size=batch, l2=1e-4)
    losses = np.empty(5)
    trainer.run_steps(losses)
    # What is left behind is left each time; what another thread of the tests allocates meanwhile is not.
    left, peak = map(min, zip(*(_allocated(trainer, losses) for _ in range(3)), strict=True))
    assert left < 512
    assert peak < 3000  # Python's and NumPy's small change; a 100 x 30 buffer would be 12,000


def _allocated(trainer: Trainer, losses: np.ndarray) -> tuple[int, int]:
    """Bytes that 10,000 steps leave allocated, and the most that they have had."""
    tracemalloc.start()
    try:
        trainer.run_steps(losses)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(2000):
            trainer.run_steps(losses)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, peak - before
