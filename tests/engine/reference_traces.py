"""Traces that Keras or PyTorch computed in float64, and what they were computed with.

``python tests/engine/reference_traces.py`` writes those of ``TRACES`` again, with the gradients of PyTorch and the
optimizer of Keras or PyTorch; the older ones beside them are of PyTorch alone. A trace has the data, the first weights,
the loss of every step and the last weights.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tui_trainer.engine import SCHEDULES, Dense, Schedule

FOLDER = Path(__file__).parents[1] / "reference"
PATHS = sorted(FOLDER.glob("*.json"))
STEPS = 40
SGD = {"name": "sgd", "learning_rate": 0.5, "momentum": 0.5}
# What each trace has beside the usual things; its optimizer is that of Keras, or of PyTorch where ``library`` says so.
TRACES: dict[str, dict[str, Any]] = {
    "iris_adamw_keras": {"optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1, "epsilon": 1e-14}},
    "iris_adamw_pytorch": {
        "optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1, "beta_1": 0.8},
        "library": "pytorch",
    },
    "iris_nadam_keras": {"optimizer": {"name": "nadam", "learning_rate": 0.02, "beta_2": 0.99}},
    "iris_nadam_pytorch": {"optimizer": {"name": "nadam", "learning_rate": 0.02}, "library": "pytorch"},
    "iris_sample_weight": {"optimizer": SGD, "sample_weight": [1.0 + number % 3 / 2 for number in range(50)]},
    "iris_clip_norm_pytorch": {"optimizer": SGD, "clip_norm": 0.3, "library": "pytorch"},
    "iris_clip_value_keras": {"optimizer": SGD, "clip_value": 0.05},
    "iris_exponential_keras": {
        "optimizer": {"name": "sgd", "learning_rate": 0.5},  # momentum would hold rates of before in Keras
        "schedule": {"name": "ExponentialDecay", "decay_steps": 12, "decay_rate": 0.5},
    },
    "iris_cosine_keras": {
        "optimizer": {"name": "adamw", "learning_rate": 0.05, "weight_decay": 0.1, "epsilon": 1e-14},
        "schedule": {"name": "CosineDecay", "decay_steps": 25, "alpha": 0.1, "warmup_steps": 6},
    },
    "iris_plateau_keras": {
        "optimizer": {"name": "sgd", "learning_rate": 8.0},
        "schedule": {"name": "ReduceLROnPlateau", "monitor": "loss", "factor": 0.4, "patience": 1, "cooldown": 1},
    },
    "iris_step_pytorch": {
        "optimizer": SGD,
        "schedule": {"name": "StepLR", "step_size": 8, "gamma": 0.5},
        "library": "pytorch",
    },
    "iris_layers_keras": {
        "optimizer": SGD,
        "layers": [
            {"units": 6, "activation": "tanh", "l1": 0.01, "l2": 0.0},
            {"units": 5, "activation": "tanh", "trainable": False, "l2": 0.3},
            {"units": 4, "activation": "tanh", "l2": 0.05},
            {"units": 3, "activation": "softmax"},
        ],
        "l1": 0.002,
        "l2": 0.01,
    },
    "iris_batch_norm_keras": {
        "optimizer": SGD,
        "layers": [
            {"units": 6, "activation": "tanh", "batch_norm": True},
            {"units": 5, "activation": "tanh", "batch_norm": True, "trainable": False},
            {"units": 4, "activation": "linear", "batch_norm": True},
            {"units": 3, "activation": "softmax"},
        ],
    },
    "iris_lbfgs_pytorch": {
        "optimizer": {"name": "lbfgs", "learning_rate": 1.0, "history_size": 5, "max_eval": 20},
        "library": "pytorch",
        "batch_size": 50,
        "l2": 0.01,
    },
    "iris_lbfgs_long_steps_pytorch": {  # which the line search has to shorten, or to lengthen again
        "optimizer": {"name": "lbfgs", "learning_rate": 4.0, "history_size": 10, "max_eval": 25},
        "library": "pytorch",
        "batch_size": 50,
        "l2": 0.01,
    },
    "iris_lbfgs_short_steps_pytorch": {
        "optimizer": {"name": "lbfgs", "learning_rate": 0.05, "history_size": 10, "max_eval": 25},
        "library": "pytorch",
        "batch_size": 50,
        "l2": 0.01,
    },
    "iris_one_cycle_pytorch": {
        "optimizer": {"name": "nadam", "learning_rate": 0.05},
        "schedule": {"name": "OneCycleLR", "total_steps": 40},
        "library": "pytorch",
    },
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
    """Kernel and bias of each layer, drawn from a normal distribution, and what batch normalization begins with."""
    rng, weights = np.random.default_rng(1), []
    for layer in trace["layers"]:
        units = layer["units"]
        weights += [rng.normal(0, 0.5, (inputs, units)), rng.normal(0, 0.1, units)]
        if layer.get("batch_norm"):
            weights += [rng.normal(1, 0.2, units), rng.normal(0, 0.1, units)]
            weights += [rng.normal(0, 0.5, units), rng.uniform(0.5, 1.5, units)]
        inputs = units
    return weights


def by_layer(trace: dict[str, Any], weights: list[Any]) -> list[list[Any]]:
    """The weights of each layer."""
    rest = iter(weights)
    return [[next(rest) for _ in range(6 if layer.get("batch_norm") else 2)] for layer in trace["layers"]]


def normalized(z: Any, layer: dict[str, Any], weights: list[Any]) -> Any:
    """What Keras makes of ``z`` in training; the moving mean and variance among ``weights`` are moved.

    With the functions of its layer, which itself takes all to float32.
    """
    import keras

    norm = keras.layers.BatchNormalization(trainable=layer.get("trainable", True))
    gamma, beta, *moving = weights
    norm.build(z.shape)
    norm.set_weights([weight.detach().numpy().copy() for weight in weights])
    of_keras = norm(z.detach(), training=True)
    newest = keras.ops.moments(z, axes=[0]) if norm.trainable else moving
    result = keras.ops.batch_normalization(z, *newest, -1, beta, gamma, norm.epsilon)
    for average, value in zip(moving, newest, strict=True):
        average.data = average * norm.momentum + value * (1.0 - norm.momentum) if norm.trainable else average
    for ours, theirs in zip(
        (result, *moving), (of_keras, norm.moving_mean.value, norm.moving_variance.value), strict=True
    ):
        assert float(abs(ours - theirs).detach().max()) < 1e-4
    return result


def outputs_of(trace: dict[str, Any], x: Any, weights: list[Any]) -> Any:
    """Outputs (n, units) of the network in training for ``x`` (n, features), in PyTorch and with Keras's layer."""
    import torch

    activations = {"tanh": torch.tanh, "softmax": lambda z: torch.softmax(z, dim=1), "linear": lambda z: z}
    for layer, (kernel, bias, *norm) in zip(trace["layers"], by_layer(trace, weights), strict=True):
        z = x @ kernel + bias
        x = activations[layer["activation"]](normalized(z, layer, norm) if norm else z)
    return x


def penalty_of(trace: dict[str, Any], kernels: list[Any]) -> Any:
    """What Keras adds to the loss for the kernels of the layers that are trained."""
    import keras

    total = 0.0
    for layer, kernel in zip(trace["layers"], kernels, strict=True):
        if layer.get("trainable", True):
            factors = layer.get("l1", trace["l1"]), layer.get("l2", trace["l2"])
            total = total + keras.regularizers.L1L2(*factors)(kernel)
    return total


def dense_layers(trace: dict[str, Any]) -> list[Dense]:
    """The same network's layers in the engine."""
    return [Dense(**{"use_bias": trace["use_bias"], **layer}) for layer in trace["layers"]]


def engine_options(trace: dict[str, Any]) -> dict[str, Any]:
    """What a trainer of the engine is made with, and many of them as well."""
    return {name: trace.get(name) for name in ("loss", "batch_size", "clip_norm", "clip_value", "sample_weight")}


def schedule_of(trace: dict[str, Any]) -> Schedule | None:
    """The engine's schedule of a trace."""
    options = dict(trace.get("schedule", {}))
    return SCHEDULES[options.pop("name")](**options) if options else None


def stepper(trace: dict[str, Any], values: list[Any]) -> Callable[[list[Any], float | None], None]:
    """What takes a step of the weights ``values`` with their gradients: Keras's optimizer, or PyTorch's.

    It is told of the loss of an epoch that the step has ended.
    """
    import keras
    import torch

    options = dict(trace["optimizer"])
    name = options.pop("name")
    names = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam"}
    schedule = dict(trace.get("schedule", {}))
    kind = schedule.pop("name", "")
    if trace["library"] == "keras":
        rate = options.pop("learning_rate")
        options["clipvalue"] = trace.get("clip_value")
        if kind == "CosineDecay":
            rate = keras.optimizers.schedules.CosineDecay(0.0, warmup_target=rate, **schedule)
        elif kind == "ExponentialDecay":
            rate = keras.optimizers.schedules.ExponentialDecay(rate, **schedule)
        options |= {} if name == "sgd" else {"epsilon": options.get("epsilon", 1e-8)}
        optimizer = getattr(keras.optimizers, names[name])(rate, **options)
        variables = [keras.Variable(value.detach()) for value in values]
        optimizer.build(variables)
        plateau = keras.callbacks.ReduceLROnPlateau(**schedule) if kind == "ReduceLROnPlateau" else None
        if plateau is not None:
            plateau.set_model(SimpleNamespace(optimizer=optimizer))
            plateau.on_train_begin()

        def apply(gradients: list[Any], epoch_loss: float | None) -> None:
            optimizer.apply(gradients, variables)
            if plateau is not None and epoch_loss is not None:
                plateau.on_epoch_end(0, {"loss": epoch_loss})
            for value, variable in zip(values, variables, strict=True):
                value.copy_(variable.value)

        return apply
    words: dict[str, Any] = {"lr": options.pop("learning_rate")}
    if name == "sgd":
        words["momentum"] = options.pop("momentum", 0.0)
    else:
        words["betas"] = (options.pop("beta_1", 0.9), options.pop("beta_2", 0.999))
    if name == "nadam":
        words["momentum_decay"] = 1.0
    torch_optimizer = getattr(torch.optim, "NAdam" if name == "nadam" else names[name])(values, **words, **options)

    scheduler = None
    if kind == "StepLR":
        scheduler = torch.optim.lr_scheduler.StepLR(torch_optimizer, **schedule)
    elif kind == "OneCycleLR":
        rate = trace["optimizer"]["learning_rate"]
        scheduler = torch.optim.lr_scheduler.OneCycleLR(torch_optimizer, rate, cycle_momentum=False, **schedule)

    def step(gradients: list[Any], _: float | None) -> None:
        if trace.get("clip_norm"):  # Keras's formula: it rounds to float32 itself, and PyTorch adds 1e-6 to the norm
            norm = torch.nn.utils.get_total_norm(gradients)
            gradients = [gradient * min(1.0, trace["clip_norm"] / norm) for gradient in gradients]
        for value, gradient in zip(values, gradients, strict=True):
            value.grad = gradient
        torch_optimizer.step()
        if scheduler is not None and scheduler.last_epoch < STEPS - 1:
            scheduler.step()

    return step


def searched_losses(trace: dict[str, Any], values: list[Any], loss: Callable[[], Any]) -> list[float]:
    """The losses before the steps of PyTorch's L-BFGS, each of one iteration, which change the weights ``values``."""
    import torch

    options = dict(trace["optimizer"])
    del options["name"]
    rate = options.pop("learning_rate")
    optimizer = torch.optim.LBFGS(values, lr=rate, max_iter=1, line_search_fn="strong_wolfe", **options)
    evaluations = []

    def closure() -> Any:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        evaluations.append(value.item())
        return value

    losses = [optimizer.step(closure).item() for _ in range(STEPS)]
    print(trace["name"], len(evaluations), "evaluations in", STEPS, "steps")
    return losses


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
    layers = list(zip(trace["layers"], by_layer(trace, weights), strict=True))
    trained = [weight for layer, held in layers if layer.get("trainable", True) for weight in held[:4]]

    def loss_of(rows: slice) -> Any:
        outputs, targets = outputs_of(trace, torch.tensor(x[rows]), weights), torch.tensor(y[rows])
        weight = torch.tensor(trace.get("sample_weight", [1.0] * len(x))[rows])
        loss = -(weight * (targets * torch.log(outputs)).sum(dim=1)).mean()
        of_keras = keras.losses.CategoricalCrossentropy()(targets, outputs.detach(), sample_weight=weight)  # in float32
        assert abs(float(of_keras) - loss.item()) < 1e-6
        return loss + penalty_of(trace, [held[0] for _, held in layers])

    if trace["optimizer"]["name"] == "lbfgs":
        losses = searched_losses(trace, trained, lambda: loss_of(slice(size)))
    else:
        step, losses = stepper(trace, trained), []
        for number in range(STEPS):
            start = number % -(-len(x) // size) * size
            loss = loss_of(slice(start, start + size))
            gradients = torch.autograd.grad(loss, trained)
            losses.append(loss.item())
            with torch.no_grad():
                rows = np.minimum(size, len(x) - np.arange(0, len(x), size))
                is_end = (number + 1) % len(rows) == 0
                step(list(gradients), float(np.average(losses[-len(rows) :], weights=rows)) if is_end else None)
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
    for name in sys.argv[1:] or TRACES:
        (FOLDER / f"{name}.json").write_text(json.dumps(computed(name)), encoding="utf-8")
