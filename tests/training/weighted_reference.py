"""Runs with weights of samples, and with weights of classes on top, by Keras and, in float64, by PyTorch.

``python tests/training/weighted_reference.py`` writes ``weighted_runs.json`` again: the losses after each epoch and the
last weights by PyTorch. Keras's own ``fit`` on these rows, with ``sample_weight`` and ``validation_split``, which takes
the last rows and their weights, agrees with them as far as its float32 goes. Keras 3 refuses weights of classes beside
those of samples, so that the second run has their product, as Keras 2 and scikit-learn compute it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).with_name("weighted_runs.json")
ROWS, VALIDATION, BATCH, EPOCHS, RATE, MOMENTUM = 40, 0.25, 8, 6, 0.3, 0.5
CLASS_WEIGHT = {"k0": 0.5, "k1": 1.0, "k2": 3.0}
TRAIN = slice(0, round(ROWS * (1 - VALIDATION)))
HELD = slice(TRAIN.stop, ROWS)


def rows() -> tuple[Any, Any, Any, list[Any]]:
    """Features (n, 3), classes (n,), weights (n,), and kernel and bias of both layers."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(ROWS, 3)), rng.integers(0, 3, ROWS)
    weights = rng.choice([0.0, 0.5, 1.0, 4.0], ROWS)
    shapes = ((3, 5), (5,), (5, 3), (3,))
    return x, y, weights, [rng.normal(size=shape) * 0.5 for shape in shapes]


def training_weights(by_class: bool) -> Any:
    """Those of the training rows, times those of their classes."""
    _, y, weights, _ = rows()
    return weights[TRAIN] * (np.array(list(CLASS_WEIGHT.values()))[y[TRAIN]] if by_class else 1.0)


def of_pytorch(by_class: bool) -> dict[str, Any]:
    """The losses after each epoch, and the last weights."""
    import torch

    x, y, weights, first = rows()
    used = np.concatenate([training_weights(by_class), weights[HELD]])
    parameters = [torch.tensor(array, requires_grad=True) for array in first]
    optimizer = torch.optim.SGD(parameters, RATE, MOMENTUM)

    def mean_loss(part: slice) -> Any:
        hidden = torch.tanh(torch.tensor(x[part]) @ parameters[0] + parameters[1])
        outputs = hidden @ parameters[2] + parameters[3]
        of_samples = torch.nn.functional.cross_entropy(outputs, torch.tensor(y[part]), reduction="none")
        return (of_samples * torch.tensor(used[part])).mean()

    values: dict[str, list[float]] = {"loss": [], "val_loss": []}
    for _ in range(EPOCHS):
        total = 0.0
        for start in range(0, TRAIN.stop, BATCH):
            part = slice(start, min(start + BATCH, TRAIN.stop))
            optimizer.zero_grad()
            loss = mean_loss(part)
            total += loss.item() * (part.stop - part.start)
            loss.backward()
            optimizer.step()
        values["loss"].append(total / TRAIN.stop)
        values["val_loss"].append(mean_loss(HELD).item())
    return {"history": values, "weights": [array.tolist() for array in parameters]}


def of_keras(by_class: bool) -> dict[str, Any]:
    """The losses after each epoch as ``fit`` records them."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    x, y, weights, first = rows()
    targets = np.eye(3)[y]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(3, "softmax")])
    model.set_weights(first)
    model.compile(keras.optimizers.SGD(RATE, MOMENTUM), "categorical_crossentropy")
    options: dict[str, Any] = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    if by_class:
        options["validation_data"] = (x[HELD], targets[HELD], weights[HELD])
        used = training_weights(by_class)
        recorded: dict[str, Any] = model.fit(x[TRAIN], targets[TRAIN], sample_weight=used, **options).history
    else:
        recorded = model.fit(x, targets, sample_weight=weights, validation_split=VALIDATION, **options).history
    return recorded


if __name__ == "__main__":
    runs = {name: of_pytorch(by_class) for name, by_class in (("samples", False), ("samples and classes", True))}
    for run, by_class in zip(runs.values(), (False, True), strict=True):
        for name, recorded in of_keras(by_class).items():
            np.testing.assert_allclose(recorded, run["history"][name], rtol=1e-5)
    PATH.write_text(json.dumps(runs) + "\n")
    print(f"wrote {PATH}", file=sys.stderr)
