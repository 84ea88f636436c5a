"""What PyTorch's autograd says of single steps: ``python tests/engine/torch_steps.py`` writes ``torch_steps.json``.

Each case is a small network with all that a recorded step has: what every layer computes, the gradients with respect to
it, and those of the parameters, in float64. The dropout masks are drawn as the engine draws them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("torch_steps.json")
SAMPLES, INPUTS, SEED = 5, 3, 7
NORM_EPSILON = 1e-3


def two_layers(activation: str, **options: Any) -> list[dict[str, Any]]:
    return [{"units": 3, "activation": activation, **options}, {"units": 2, "activation": activation, **options}]


def output(units: int, activation: str) -> dict[str, Any]:
    return {"units": units, "activation": activation}


HIDDEN = ("linear", "relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "swish", "gelu")
NUMBERS, CLASSES = output(2, "linear"), output(3, "softmax")
CASES: dict[str, dict[str, Any]] = {
    **{name: {"layers": [*two_layers(name), NUMBERS], "loss": "mean_squared_error"} for name in HIDDEN},
    **{
        f"{loss} of numbers": {"layers": [*two_layers("tanh"), NUMBERS], "loss": loss}
        for loss in ("sum_squared_error", "mean_absolute_error", "huber")
    },
    "softmax": {"layers": [*two_layers("tanh"), CLASSES], "loss": "categorical_crossentropy"},
    "softmax, squared error": {"layers": [*two_layers("tanh"), CLASSES], "loss": "mean_squared_error"},
    "softmax, binary cross-entropy": {"layers": [*two_layers("elu"), CLASSES], "loss": "binary_crossentropy"},
    "sigmoid": {"layers": [*two_layers("relu"), output(1, "sigmoid")], "loss": "binary_crossentropy"},
    "two sigmoids": {"layers": [*two_layers("swish"), output(2, "sigmoid")], "loss": "binary_crossentropy"},
    "sigmoid, squared error": {"layers": [*two_layers("tanh"), output(1, "sigmoid")], "loss": "mean_squared_error"},
    "sigmoids, categorical": {
        "layers": [*two_layers("tanh"), output(3, "sigmoid")],
        "loss": "categorical_crossentropy",
    },
    "no hidden layer": {"layers": [NUMBERS], "loss": "mean_squared_error"},
    "no biases": {
        "layers": [*two_layers("tanh", use_bias=False), {**NUMBERS, "use_bias": False}],
        "loss": "mean_squared_error",
    },
    "dropout": {
        "layers": [{"dropout": 0.25}, *two_layers("tanh"), {"dropout": 0.5}, CLASSES],
        "loss": "categorical_crossentropy",
    },
    "batch norm": {"layers": [*two_layers("tanh", batch_norm=True), NUMBERS], "loss": "mean_squared_error"},
    "batch norm, dropout, weights": {
        "layers": [
            {"units": 3, "activation": "gelu", "batch_norm": True},
            {"dropout": 0.3},
            {"units": 3, "activation": "relu", "batch_norm": True, "use_bias": False},
            CLASSES,
        ],
        "loss": "categorical_crossentropy",
        "sample_weight": True,
    },
    "weights": {"layers": [*two_layers("tanh"), NUMBERS], "loss": "huber", "sample_weight": True},
}


def data(case: dict[str, Any]) -> dict[str, Any]:
    """x (n, inputs), y (n, outputs), the weights of samples and the first weights of a case."""
    rng = np.random.default_rng(1)
    last = case["layers"][-1]
    y = rng.normal(0.0, 1.5, (SAMPLES, last["units"]))
    if case["loss"] == "categorical_crossentropy" or last["activation"] == "softmax":
        y = np.eye(3)[[0, 2, 1, 1, 0]]
    elif last["activation"] == "sigmoid":
        y = (y > 0.0).astype(float)
    weights, inputs = [], INPUTS
    for layer in case["layers"]:
        if "units" in layer:
            units = layer["units"]
            weights.append(rng.normal(0.0, 0.8, (inputs, units)))
            if layer.get("use_bias", True):
                weights.append(rng.normal(0.0, 0.3, units))
            if layer.get("batch_norm"):
                weights += [rng.normal(1.0, 0.2, units), rng.normal(0.0, 0.3, units), np.zeros(units), np.ones(units)]
            inputs = units
    sample_weight = rng.uniform(0.5, 2.0, SAMPLES) if case.get("sample_weight") else None
    return {"x": rng.normal(0.0, 1.0, (SAMPLES, INPUTS)), "y": y, "weights": weights, "sample_weight": sample_weight}


def answers(case: dict[str, Any]) -> dict[str, Any]:
    """Loss and gradients of a case by PyTorch; arrays of units are (n, units)."""
    import torch
    from torch.nn import functional

    activations = {
        "linear": lambda o: 1.0 * o,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "elu": functional.elu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
        "swish": functional.silu,
        "gelu": functional.gelu,
        "softmax": lambda o: torch.softmax(o, dim=1),
    }
    losses = {
        "mean_squared_error": functional.mse_loss,
        "sum_squared_error": functional.mse_loss,
        "mean_absolute_error": functional.l1_loss,
        "huber": functional.huber_loss,
        "binary_crossentropy": functional.binary_cross_entropy,
    }
    made = data(case)
    values = [torch.tensor(weight, dtype=torch.float64, requires_grad=True) for weight in made["weights"]]
    rest, rng = iter(values), np.random.default_rng(SEED)
    a, y = torch.tensor(made["x"]), torch.tensor(made["y"])
    layers: list[dict[str, Any]] = []
    for layer in case["layers"]:
        if "dropout" in layer:
            kept = layer["dropout"] <= rng.random((a.shape[1], SAMPLES)).T
            a = a * torch.tensor(kept / (1.0 - layer["dropout"]))
            continue
        seen = {"x": a, "weighted": a @ next(rest)}
        if layer.get("use_bias", True):
            seen["weighted"] = seen["weighted"] + next(rest)
        seen["o"] = 1.0 * seen["weighted"]
        if layer.get("batch_norm"):
            gamma, beta, _, _ = (next(rest) for _ in range(4))
            seen["o"] = functional.batch_norm(
                seen["weighted"], None, None, gamma, beta, training=True, momentum=0.0, eps=NORM_EPSILON
            )
        a = seen["a"] = activations[layer["activation"]](seen["o"])
        for tensor in seen.values():
            if tensor.requires_grad:
                tensor.retain_grad()
        layers.append(seen)
    if case["loss"] == "categorical_crossentropy":
        terms = -(y * torch.log(a))
    else:
        terms = losses[case["loss"]](a, y, reduction="none")
    each = terms.sum(dim=1)
    if made["sample_weight"] is not None:
        each = each * torch.tensor(made["sample_weight"])
    loss = each.sum() if case["loss"] == "sum_squared_error" else each.mean()
    loss.backward()
    names = ("weighted", "o", "a")
    return {
        "losses": each.tolist(),
        "loss": loss.item(),
        "layers": [
            {name: seen[name].tolist() for name in ("x", *names)}
            | {f"of_{name}": seen[name].grad.tolist() for name in names}
            for seen in layers
        ],
        "gradients": [None if value.grad is None else value.grad.tolist() for value in values],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: answers(case) for name, case in CASES.items()}) + "\n")
