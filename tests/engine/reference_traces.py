"""Traces that Keras or PyTorch computed in float64, and what they were computed with.

``python tests/engine/reference_traces.py`` writes those of ``TRACES`` again, with the gradients of PyTorch and the
optimizer of Keras or PyTorch; the older ones beside them are of PyTorch alone. A trace has the data, the first weights,
the loss of every step and the last weights.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "reference"
PATHS = sorted(FOLDER.glob("*.json"))
STEPS = 40
# What each trace has beside the usual things; its optimizer is that of Keras, or of PyTorch where ``library`` says so.
TRACES: dict[str, dict[str, Any]] = {
    "iris_adamw_keras": {"optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1, "epsilon": 1e-14}},
    "iris_adamw_pytorch": {
        "optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1, "beta_1": 0.8},
        "library": "pytorch",
    },
    "iris_nadam_keras": {"optimizer": {"name": "nadam", "learning_rate": 0.02, "beta_2": 0.99}},
    "iris_nadam_pytorch": {"optimizer": {"name": "nadam", "learning_rate": 0.02}, "library": "pytorch"},
}
USUAL: dict[str, Any] = {
    "dataset": "iris",
    "layers": [{"units": 6, "activation": "tanh"}, {"units": 3, "activation": "softmax"}],
    "use_bias": True,
    "loss": "categorical_crossentropy",
    "l1": 0.0,
    "l2": 0.0,
    "batch_size": 16,
    "library": "keras",
}


def data() -> tuple[np.ndarray, np.ndarray]:
    """Every third row of the iris data, standardized (50, 4), and its classes, one-hot (50, 3)."""
    table = np.genfromtxt(Path(__file__).parents[2] / "data" / "iris.csv", delimiter=",", skip_header=1)[::3]
    x = table[:, 1:5]
    order = np.random.default_rng(0).permutation(len(x))
    return ((x - x.mean(axis=0)) / x.std(axis=0))[order], np.eye(3)[table[:, 5].astype(int)][order]


def first_weights(trace: dict[str, Any], inputs: int) -> list[np.ndarray]:
    """Kernel and bias of each layer, drawn from a normal distribution."""
    rng, weights = np.random.default_rng(1), []
    for layer in trace["layers"]:
        weights += [rng.normal(0, 0.5, (inputs, layer["units"])), rng.normal(0, 0.1, layer["units"])]
        inputs = layer["units"]
    return weights


def outputs_of(trace: dict[str, Any], x: Any, weights: list[Any]) -> Any:
    """Outputs (n, units) of the network for ``x`` (n, features), in PyTorch."""
    import torch

    activations = {"tanh": torch.tanh, "softmax": lambda z: torch.softmax(z, dim=1)}
    for number, layer in enumerate(trace["layers"]):
        x = activations[layer["activation"]](x @ weights[2 * number] + weights[2 * number + 1])
    return x


def stepper(trace: dict[str, Any], values: list[Any]) -> Callable[[list[Any]], None]:
    """What takes a step of the weights ``values`` with their gradients: Keras's optimizer, or PyTorch's."""
    import keras
    import torch

    options = dict(trace["optimizer"])
    name = options.pop("name")
    names = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam"}
    if trace["library"] == "keras":
        rate = options.pop("learning_rate")
        optimizer = getattr(keras.optimizers, names[name])(rate, **{"epsilon": 1e-8, **options})
        variables = [keras.Variable(value.detach()) for value in values]
        optimizer.build(variables)

        def apply(gradients: list[Any]) -> None:
            optimizer.apply(gradients, variables)
            for value, variable in zip(values, variables, strict=True):
                value.copy_(variable.value)

        return apply
    words: dict[str, Any] = {"lr": options.pop("learning_rate")}
    if name != "sgd":
        words["betas"] = (options.pop("beta_1", 0.9), options.pop("beta_2", 0.999))
    if name == "nadam":
        words["momentum_decay"] = 1.0
    torch_optimizer = getattr(torch.optim, "NAdam" if name == "nadam" else names[name])(values, **words, **options)

    def step(gradients: list[Any]) -> None:
        for value, gradient in zip(values, gradients, strict=True):
            value.grad = gradient
        torch_optimizer.step()

    return step


def computed(name: str) -> dict[str, Any]:
    """The trace of a name, computed anew."""
    import keras
    import torch

    keras.config.set_floatx("float64")
    torch.set_default_dtype(torch.float64)  # of what PyTorch's optimizers keep, too
    trace = {"name": name, **USUAL, **TRACES[name], "steps": STEPS}
    x, y = data()
    first, size = first_weights(trace, x.shape[1]), trace["batch_size"]
    weights = [torch.tensor(array, requires_grad=True) for array in first]
    step = stepper(trace, weights)
    losses = []
    for number in range(STEPS):
        start = number % -(-len(x) // size) * size
        outputs = outputs_of(trace, torch.tensor(x[start : start + size]), weights)
        loss = -(torch.tensor(y[start : start + size]) * torch.log(outputs)).sum(dim=1).mean()
        gradients = torch.autograd.grad(loss, weights)
        losses.append(loss.item())
        with torch.no_grad():
            step(list(gradients))
    return {
        **trace,
        "made_with": f"Keras {keras.__version__} on PyTorch {torch.__version__}",
        "x": x.tolist(),
        "y": y.tolist(),
        "initial_weights": [array.tolist() for array in first],
        "losses": losses,
        "final_weights": [array.tolist() for array in weights],
    }


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "torch"
    for name in TRACES:
        (FOLDER / f"{name}.json").write_text(json.dumps(computed(name)), encoding="utf-8")
