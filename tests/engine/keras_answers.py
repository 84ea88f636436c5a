"""What Keras 3 answers, asked of Keras itself: ``python tests/engine/keras_answers.py`` writes ``keras_3.json``.

The tests of the engine compare with that file, and with Keras itself where it is installed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("keras_3.json")
STACKS: dict[str, list[dict[str, Any]]] = {
    "10-20-3": [{"units": 20}, {"units": 3}],
    "dropout": [{"rate": 0.1}, {"units": 8}, {"rate": 0.5}, {"units": 2}],
    "no bias": [{"units": 200, "use_bias": False}, {"units": 1}],
    "large": [{"units": 4096}, {"units": 8192}, {"units": 10}],
    "frozen": [{"units": 20, "trainable": False}, {"units": 2000}, {"units": 3, "trainable": False}],
    "normed": [
        {"units": 16, "activation": "relu", "batch_norm": True},
        {"rate": 0.1},
        {"units": 8, "batch_norm": True},
        {"units": 12000, "activation": "tanh", "batch_norm": True, "trainable": False},
        {"units": 3, "activation": "softmax"},
    ],
    "twelve": [{"units": 5}] * 12,
}
INPUTS = 10
SCALED = [f"{family}_{shape}" for family in ("glorot", "he", "lecun") for shape in ("uniform", "normal")]
NAMES = [*SCALED, "random_uniform", "random_normal"]
SHAPE, LENGTH = (300, 200), 20_000


def series(number: int) -> dict[str, Any]:
    """Values to be watched, some of them nan or infinite, and the fields of early stopping; the same each time."""
    rng = np.random.default_rng(number)
    values = np.round(rng.random(int(rng.integers(3, 25))), 1)
    values[rng.random(len(values)) < rng.choice([0.0, 0.0, 0.2])] = rng.choice([np.nan, np.inf])
    return {
        "values": [float(value) for value in values],
        "options": {
            "mode": str(rng.choice(["min", "max"])),
            "min_delta": float(rng.choice([0.0, 0.125, 0.25])),
            "patience": int(rng.integers(0, 5)),
            "baseline": None if rng.random() < 0.5 else float(np.round(rng.random(), 2)),
            "start_from_epoch": int(rng.integers(0, 4)),
            "restore_best_weights": bool(rng.random() < 0.7),
        },
    }


def early_stop(values: list[float], options: dict[str, Any]) -> list[int]:
    """The epoch after which Keras stops (0: never), and the epoch whose weights it ends with, both from 1."""
    from keras.callbacks import EarlyStopping

    class Model:
        stop_training = False
        weights = 0

        def get_weights(self) -> int:
            return self.weights

        def set_weights(self, weights: int) -> None:
            self.weights = weights

    model, callback = Model(), EarlyStopping("val_loss", **options)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.weights = epoch + 1
        callback.on_epoch_end(epoch, {"val_loss": np.float64(value)})
        if model.stop_training:
            break
    callback.on_train_end()
    return [epoch + 1 if model.stop_training else 0, model.weights]


def summary(layers: list[dict[str, Any]]) -> str:
    """What Keras prints of a stack of layers on ``INPUTS`` features."""
    import keras

    keras.backend.clear_session()
    stack = []
    for one in layers:
        options, kinds = dict(one), keras.layers
        if "rate" in options:
            stack.append(kinds.Dropout(**options))
        elif options.pop("batch_norm", False):
            activation, trainable = options.pop("activation", None), options.get("trainable", True)
            stack += [kinds.Dense(**options), kinds.BatchNormalization(trainable=trainable)]
            stack += [kinds.Activation(activation)] if activation else []
        else:
            stack.append(kinds.Dense(**options))
    printed: list[str] = []
    keras.Sequential([keras.Input((INPUTS,)), *stack]).summary(print_fn=printed.append)
    return printed[0].rstrip("\n")


def spread(name: str, shape: tuple[int, ...]) -> list[float]:
    """The standard deviation and the largest size of a Keras initializer's values."""
    import keras

    keras.utils.set_random_seed(0)
    values = keras.ops.convert_to_numpy(keras.initializers.get(name)(shape)).astype(float)
    return [float(values.std()), float(np.abs(values).max())]


def class_one(probabilities: list[float]) -> list[bool]:
    """Which of these outputs Keras counts as class 1."""
    import keras

    ones = np.ones((len(probabilities), 1), "float32")
    outputs = np.array(probabilities, "float32")[:, None]
    right = keras.metrics.binary_accuracy(ones, outputs)
    return [bool(value) for value in keras.ops.convert_to_numpy(right)]


def swish_slopes(inputs: list[float]) -> list[float]:
    """Slopes of swish in float32, by PyTorch, which has them where Keras runs on it."""
    import torch

    z = torch.tensor(inputs, dtype=torch.float32, requires_grad=True)
    torch.nn.functional.silu(z).sum().backward()
    return [float(slope) for slope in z.grad]


PROBABILITIES = [0.0, 0.49999997, 0.5, 0.50000006, 1.0]
LARGE = [-1e30, -1e8, -1e7, -20.0, -1.0, 0.0, 1.0, 20.0, 1e7, 1e8, 1e30]


def answers() -> dict[str, Any]:
    """All of them."""
    return {
        "early_stopping": [early_stop(**series(number)) for number in range(1000)],
        "summaries": {name: summary(layers) for name, layers in STACKS.items()},
        "kernels": {name: spread(name, SHAPE) for name in NAMES},
        "biases": {name: spread(name, (LENGTH,)) for name in NAMES},
        "class_one": class_one(PROBABILITIES),
        "swish_slopes": swish_slopes(LARGE),
    }


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ["COLUMNS"] = "80"
    FILE.write_text(json.dumps(answers(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
