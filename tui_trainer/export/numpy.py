"""``model_numpy.py``: the network in NumPy alone, in one file with its weights and the way in which cells are read.

The code contains no text of the user: names of columns and classes are in it as base64, as the weights are.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np

from tui_trainer.engine.propagation import NORM_EPSILON

from .metadata import metadata_text
from .trained import TrainedModel
from .weights import Linear, Norm, Phi, modules

HEAD = '''\
"""A network from tui-trainer in NumPy alone: all of it is in this file, the weights as well.

    from model_numpy import predict, classes
    predict(table)    outputs (n, {outputs}) for a table with the columns of the data, a data frame or columns by name
    classes(table)    the names of the most likely classes (n,), if the target has classes

A table may also be an array of features (n, {inputs}) in the order of ABOUT["features"], with a 1 for a category.
"""

'''
NETWORK = '''

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {{
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.maximum(z, np.asarray(0.01, z.dtype) * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "tanh": np.tanh,
    "sigmoid": lambda z: np.tanh(z / 2) / 2 + np.asarray(0.5, z.dtype),
    "softplus": lambda z: np.logaddexp(z, np.zeros_like(z)),
    "swish": lambda z: z * ACTIVATIONS["sigmoid"](z),
    "gelu": lambda z: (z * np.vectorize(math.erfc, otypes=[float])(z * -math.sqrt(0.5)) / 2).astype(z.dtype),
    "softmax": lambda z: (e := np.exp(z - z.max(axis=1, keepdims=True))) / e.sum(axis=1, keepdims=True),
}}


def standardize(table: Any) -> Any:
    """Return the features (n, {inputs}) of a table as the network was trained on them."""
    x = np.asarray(features(table), np.float64)
    return ((x - np.array(ABOUT["mean"])) / np.array(ABOUT["scale"])).astype(DTYPE)


def predict(table: Any) -> Any:
    """Return the outputs (n, {outputs}) for a table{unit}."""
    a = standardize(table)
    for kernel, bias, norm, activation in LAYERS:
        z = a @ kernel if bias is None else a @ kernel + bias
        a = ACTIVATIONS[activation](z if norm is None else z * norm[0] + norm[1])
    return {outputs_in_unit}


def classes(table: Any) -> Any:
    """Return the names of the most likely classes (n,)."""
    if not ABOUT["classes"]:
        raise ValueError("the target is a number and has no classes; use predict")
    outputs = predict(table)
    return np.array(ABOUT["classes"])[outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5) * 1]


def _array(text: str, *shape: int) -> Any:
    return np.frombuffer(base64.b64decode(text), DTYPE).reshape(shape)


# The features in their order, means, scales, classes, and how cells are read: JSON
ABOUT = json.loads(
    base64.b64decode(
        """{about}"""
    )
)
DTYPE = "{dtype}"
# Kernel (inputs, units), bias (units,), batch normalization as a factor and a summand (units,), and activation of each
LAYERS = [
{layers}
]


if __name__ == "__main__":
    for kernel, _, _, activation in LAYERS:
        print(kernel.shape[0], "->", kernel.shape[1], activation)
'''
FEATURES = "model_features.py"
ABOUT = re.compile(r"@cache\ndef _about\(\).*?\n\n\n", re.DOTALL)  # of that file
EMBEDDED = "def _about() -> dict[str, Any]:\n    about: dict[str, Any] = ABOUT\n    return about\n\n\n"
LINE = 100  # characters


def numpy_program(trained: TrainedModel) -> str:
    """Return the program; it contains no text of the user but as base64."""
    resolved = trained.resolved
    model, output = resolved.model, resolved.model.output
    is_in_unit = trained.target_scale.is_none
    restored = 'a.astype(np.float64) * np.array(ABOUT["target_scale"]) + np.array(ABOUT["target_mean"])'
    source = Path(__file__).with_name(FEATURES).read_text(encoding="utf-8")
    _, _, features = source.split('"""', 2)
    features = features.replace("import datetime\n", "import base64\nimport datetime\n")
    features = features.replace("from functools import cache\n", "").replace("from pathlib import Path\n", "")
    sizes = {"inputs": len(trained.inputs.features), "outputs": output.units}
    network = NETWORK.format(
        **sizes,
        unit="" if is_in_unit else ", in the target's own unit",
        outputs_in_unit="a" if is_in_unit else restored,
        about=_base64(metadata_text(trained).encode()),
        dtype="<f8" if model.dtype == "float64" else "<f4",
        layers="\n".join(_layers(trained)),
    )
    return HEAD.format(**sizes) + ABOUT.sub(EMBEDDED, features).strip("\n") + "\n" + network


def _layers(trained: TrainedModel) -> list[str]:
    weights = iter(trained.weights)
    layers: list[tuple[str, str, str, str]] = []
    for module in modules(trained.resolved, len(trained.inputs.features)):
        if isinstance(module, Linear):
            layers.append(
                (_array(next(weights)), _array(next(weights)) if module.use_bias else "None", "None", "linear")
            )
        elif isinstance(module, Norm):
            gamma, beta, mean, variance = (next(weights) for _ in range(4))
            factor = gamma / np.sqrt(variance + np.asarray(NORM_EPSILON, variance.dtype))
            layers[-1] = (*layers[-1][:2], f"({_array(factor)}, {_array(beta - mean * factor)})", layers[-1][3])
        elif isinstance(module, Phi):
            layers[-1] = (*layers[-1][:3], module.name)
    return [f'    ({kernel}, {bias}, {norm}, "{activation}"),' for kernel, bias, norm, activation in layers]


def _array(array: np.ndarray) -> str:
    return f'_array("""{_base64(_bytes(array))}""", {", ".join(map(str, array.shape))})'


def _bytes(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def _base64(content: bytes) -> str:
    text = base64.b64encode(content).decode()
    return "\n".join(text[start : start + LINE] for start in range(0, len(text), LINE))
