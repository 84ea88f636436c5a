"""The engine against traces that PyTorch computed in float64: every loss, and the weights at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_traces import PATHS, dense_layers, engine_options, schedule_of

from tui_trainer.engine import OPTIMIZERS, InputLayer, Sequential, Trainer


def two_dimensional(values: Any) -> np.ndarray:
    array = np.asarray(values, float)
    return array[:, None] if array.ndim == 1 else array


def trainer_for(trace: dict[str, Any]) -> Trainer:
    x, y = two_dimensional(trace["x"]), two_dimensional(trace["y"])
    model = Sequential([InputLayer(x.shape[1]), *dense_layers(trace)], dtype="float64")
    model.set_weights([np.asarray(weight, float) for weight in trace["initial_weights"]])
    options = dict(trace["optimizer"])
    optimizer = OPTIMIZERS[options.pop("name")](**options)
    return Trainer(
        model,
        x,
        y,
        optimizer=optimizer,
        schedule=schedule_of(trace),
        **engine_options(trace),
        l1=trace["l1"],
        l2=trace["l2"],
    )


def test_there_are_traces() -> None:
    assert len(PATHS) >= 22


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_trace_is_met(path: Path) -> None:
    trace = json.loads(path.read_text())
    trainer = trainer_for(trace)
    losses = []
    for _ in trace["losses"]:
        losses.append(trainer.step())
        if trainer.position == 0:
            trainer.end_epoch()
    np.testing.assert_allclose(losses, trace["losses"], rtol=1e-9, atol=0.0)
    for got, expected in zip(trainer.model.get_weights(), trace["final_weights"], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-15)
