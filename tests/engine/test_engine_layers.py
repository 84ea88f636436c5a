"""Declarations refuse what makes no sense, and say why."""

from __future__ import annotations

from typing import Any

import pytest

from tui_trainer.engine import Dense, Dropout, InputLayer


@pytest.mark.parametrize("units", [0, -1, 1.5, True, "3", None])
def test_units_must_be_whole_and_positive(units: Any) -> None:
    with pytest.raises(ValueError, match="Dense units must be a whole number of at least 1, got"):
        Dense(units)
    with pytest.raises(ValueError, match="InputLayer units must be a whole number of at least 1, got"):
        InputLayer(units)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2.0, float("nan")])
def test_rate_must_be_below_1(rate: float) -> None:
    with pytest.raises(ValueError, match="Dropout rate must be at least 0 and less than 1"):
        Dropout(rate)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown activation 'rleu'"):
        Dense(1, "rleu")
    with pytest.raises(ValueError, match="unknown initializer 'xavier'"):
        Dense(1, kernel_initializer="xavier")
    with pytest.raises(ValueError, match="unknown initializer 'one'"):
        Dense(1, bias_initializer="one")


def test_layers_are_values() -> None:
    assert Dense(3, "relu") == Dense(3, "relu") != Dense(3, "tanh")
    with pytest.raises(AttributeError):
        Dense(3).units = 4  # type: ignore[misc]


def test_a_layer_counts_its_parameters() -> None:
    assert Dense(20).count_params(10) == 220
    assert Dense(20, use_bias=False).count_params(10) == 200
