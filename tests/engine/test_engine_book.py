"""The book's first lesson: y = w x from the number of rooms to the price, three learning rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_trainer.engine import SGD, Dense, InputLayer, Sequential, Trainer

BOSTON = Path(__file__).parents[2] / "data" / "boston.csv"


@pytest.fixture(scope="module")
def rooms_and_prices() -> tuple[np.ndarray, np.ndarray]:
    table = np.genfromtxt(BOSTON, delimiter=",", names=True)
    return table["RM"][:, None], table["PRICE"][:, None]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rate", "weight"), [(1e-5, "3.6329"), (1e-6, "1.2363"), (5e-5, "-0.9534")])
def test_the_weight_after_ten_steps_is_that_of_the_book(
    rooms_and_prices: tuple[np.ndarray, np.ndarray], rate: float, weight: str, dtype: str
) -> None:
    model = Sequential([InputLayer(1), Dense(1, use_bias=False, kernel_initializer="zeros")], dtype=dtype)
    trainer = Trainer(model, *rooms_and_prices, loss="sum_squared_error", optimizer=SGD(rate), batch_size=None)
    for _ in range(10):
        trainer.step()
    assert f"{model.get_weights()[0].item():.4f}" == weight
