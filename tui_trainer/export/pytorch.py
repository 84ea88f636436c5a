"""``model_pytorch.py``: the network in PyTorch with its weights, ready for predictions and further training."""

from __future__ import annotations

from tui_trainer.engine.propagation import NORM_EPSILON, NORM_MOMENTUM
from tui_trainer.experiment.schema import Experiment, OptimizerConfig, TrainingConfig

from .trained import TrainedModel
from .weights import Drop, Linear, Module, Norm, linears, modules, with_tensors

ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU(0.01)",
    "elu": "nn.ELU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "softplus": "nn.Softplus(threshold=40)",  # the default of 20 is too low for double precision
    "swish": "nn.SiLU()",
    "gelu": "nn.GELU()",
    "softmax": "nn.Softmax(dim=1)",
}
SQUARES = "((outputs - y) ** 2)"
EPSILON = "torch.finfo(outputs.dtype).eps"
# The loss (n,) of each sample.
EACH_LOSS = {
    "sum_squared_error": f"{SQUARES}.sum(dim=1)",
    "mean_squared_error": f"{SQUARES}.sum(dim=1)",
    "mean_absolute_error": "(outputs - y).abs().sum(dim=1)",
    "huber": 'nn.functional.huber_loss(outputs, y, reduction="none").sum(dim=1)',
    "binary_crossentropy": 'nn.functional.binary_cross_entropy(outputs, y, reduction="none").sum(dim=1)',
    "categorical_crossentropy": f"-(y * outputs.clamp_min({EPSILON}).log()).sum(dim=1)",
}
HEAD = '''\
"""A network from tui-trainer, for PyTorch. Its weights and the scales of its features are in the files beside it.

predict(x) takes a table with the columns of the data, a data frame or columns by name; or an array of the features
in the order of "features" in model.json, with a 1 for a category. model is the network itself: it takes features
standardized, as standardize(x) gives them.
"""

import json
import runpy
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

'''
LOAD = '''\

folder = Path(__file__).resolve().parent
about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
features = runpy.run_path(str(folder / "model_features.py"))["features"]  # of this folder, whatever else is loaded
mean = torch.tensor(about["mean"], dtype=torch.float64)
scale = torch.tensor(about["scale"], dtype=torch.float64)
model.load_state_dict(load_file(folder / "weights.safetensors"))
model.eval()


def standardize(x):
    """Features (n, {inputs}) of x as the network was trained on them; the division is done in double precision."""
    return ((torch.as_tensor(features(x), dtype=torch.float64) - mean) / scale).to(torch.{dtype})

{target}
def predict(x):
    """Outputs (n, {outputs}) for a table x with the columns of the data, or its features (n, {inputs})."""
    with torch.no_grad():
        return {predicted}


# To train on: model.train(), {evaluated}and then for each batch
#   {step}
optimizer = {optimizer}


def loss(outputs, y):
    """The loss of outputs against y, both (n, {outputs}){penalized}."""
{loss}


if __name__ == "__main__":
    print(model)
'''


STEP = "optimizer.zero_grad(); loss(model(standardize(x)), {y}).backward(); {clip}optimizer.step()"
SEARCHED = """\
def closure():
#       optimizer.zero_grad(); value = loss(model(standardize(x)), {y}); value.backward(); return value
#   optimizer.step(closure)      x and y are all rows"""
TARGET = '''
# The network was trained on the target standardized, as standardize_target(y) gives it.
target_mean = torch.tensor(about["target_mean"], dtype=torch.float64)
target_scale = torch.tensor(about["target_scale"], dtype=torch.float64)


def standardize_target(y):
    """Targets y (n, {outputs}) as the network was trained on them."""
    return ((torch.as_tensor(y, dtype=torch.float64) - target_mean) / target_scale).to(torch.{dtype})

'''


def pytorch_program(trained: TrainedModel) -> str:
    """Return the program; it contains no text of the user."""
    resolved, inputs = trained.resolved, len(trained.inputs.features)
    training, dtype = resolved.training, resolved.model.dtype
    sizes = {"inputs": inputs, "outputs": resolved.model.output.units, "dtype": dtype}
    predicted, y, target = "model(standardize(x))", "y", ""
    if not trained.target_scale.is_none:
        predicted = f"{predicted}.double() * target_scale + target_mean"
        y, target = "standardize_target(y)", TARGET.format(**sizes)
    load = LOAD.format(
        **sizes,
        predicted=predicted,
        step=(SEARCHED if training.optimizer.name == "lbfgs" else STEP).format(y=y, clip=clip_statement(training)),
        evaluated=evaluated_statement(resolved, inputs),
        target=target,
        optimizer=optimizer_code(training.optimizer, training.learning_rate),
        penalized=", and the penalty on the weights" if resolved.is_penalized else "",
        loss="\n".join(f"    {line}" for line in _loss(resolved, inputs)),
    )
    return HEAD + "\n".join([*network_lines(resolved, inputs), *frozen_lines(resolved, inputs)]) + "\n" + load


def network_lines(experiment: Experiment, n_features: int) -> list[str]:
    double = ".double()" if experiment.model.dtype == "float64" else ""
    lines = [f"    {_module(module)}," for module in modules(experiment, n_features)]
    return ["model = nn.Sequential(", *lines, f"){double}"]


def _module(module: Module) -> str:
    if isinstance(module, Linear):
        return f"nn.Linear({module.inputs}, {module.units}{'' if module.use_bias else ', bias=False'})"
    if isinstance(module, Norm):  # as Keras's; PyTorch's momentum is 1 - that of Keras
        return f"nn.BatchNorm1d({module.units}, eps={NORM_EPSILON!r}, momentum={round(1.0 - NORM_MOMENTUM, 9)!r})"
    return f"nn.Dropout({module.rate!r})" if isinstance(module, Drop) else ACTIVATIONS[module.name]


def frozen_lines(experiment: Experiment, n_features: int) -> list[str]:
    """Return the statements that keep the layers that are not trainable as they are."""
    frozen = (module for module in with_tensors(experiment, n_features) if not module.trainable)
    return [f"model[{module.number}].requires_grad_(False)" for module in frozen]


def evaluated_statement(experiment: Experiment, n_features: int) -> str:
    """Return what goes by its moving values in training as well, to be said after ``model.train()``."""
    norms = (module for module in with_tensors(experiment, n_features) if isinstance(module, Norm))
    return "".join(f"model[{norm.number}].eval(), " for norm in norms if not norm.trainable)


def _loss(experiment: Experiment, n_features: int) -> list[str]:
    """Return the lines that compute the loss."""
    loss = str(experiment.training.loss)
    value = f"{EACH_LOSS[loss]}.{'sum' if loss == 'sum_squared_error' else 'mean'}()"
    terms = penalty_terms(experiment, n_features)
    return [f"value = {value}", *(f"value = value + {term}" for term in terms), "return value"]


def penalty_terms(experiment: Experiment, n_features: int) -> list[str]:
    """Return what the penalties add to the loss: of kernels alone, those with the same factors together."""
    by_factors: dict[tuple[float, float], list[str]] = {}
    for layer, linear in zip(experiment.model.all_layers, linears(experiment, n_features), strict=True):
        by_factors.setdefault(experiment.training.penalties(layer), []).append(f"model[{linear.number}].weight")
    terms = []
    for (l1, l2), weights in by_factors.items():
        summands = ([f"{l1!r} * w.abs().sum()"] if l1 else []) + ([f"{l2!r} * (w**2).sum()"] if l2 else [])
        if summands:
            terms.append(f"sum({' + '.join(summands)} for w in ({', '.join(weights)},))")
    return terms


def clip_statement(training: TrainingConfig) -> str:
    """Return the statement that clips the gradients; empty without."""
    if training.clip_norm is not None:
        return f"nn.utils.clip_grad_norm_(model.parameters(), {training.clip_norm!r}); "
    if training.clip_value is not None:
        return f"nn.utils.clip_grad_value_(model.parameters(), {training.clip_value!r}); "
    return ""


def optimizer_code(config: OptimizerConfig, rate: float) -> str:
    arguments = [f"lr={rate!r}"]
    if config.name == "sgd":
        if config.momentum:
            arguments += [f"momentum={config.momentum!r}", *(["nesterov=True"] if config.nesterov else [])]
        return f"torch.optim.SGD(model.parameters(), {', '.join(arguments)})"
    if config.name == "lbfgs":  # a step of ours is one iteration
        arguments += ["max_iter=1", f"max_eval={config.max_eval}", f"history_size={config.history_size}"]
        return f'torch.optim.LBFGS(model.parameters(), {", ".join(arguments)}, line_search_fn="strong_wolfe")'
    if config.name == "rmsprop":
        arguments.append(f"alpha={config.rho!r}")
    elif config.name != "adagrad":
        arguments.append(f"betas=({config.beta_1!r}, {config.beta_2!r})")
    if config.name == "adamw":
        arguments.append(f"weight_decay={config.weight_decay!r}")
    elif config.name == "nadam":
        arguments.append("momentum_decay=1.0")  # as Keras's Nadam
    name = {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW", "nadam": "NAdam"}[config.name]
    return f"torch.optim.{name}(model.parameters(), {', '.join([*arguments, f'eps={config.epsilon!r}'])})"
