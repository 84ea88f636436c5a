"""``model.onnx``: the network as a graph, from raw features to outputs. Needs the optional package onnx."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.propagation import NORM_EPSILON
from tui_trainer.errors import UserError
from tui_trainer.version import __version__

from .trained import TrainedModel
from .weights import Linear, Norm, Phi, modules, to_tensors

Array = NDArray[Any]
OPSET = 17  # readable by every runtime since 2022; GELU, an operator from 20 on, is made of older ones
IR_VERSION = 8
SIMPLE: dict[str, tuple[str, dict[str, float]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "softmax": ("Softmax", {"axis": 1}),
}


def onnx_is_there() -> bool:
    """Return whether the package onnx is installed."""
    return importlib.util.find_spec("onnx") is not None


def check_onnx() -> None:
    """Raise UserError if the package onnx is missing."""
    if not onnx_is_there():
        raise UserError("", "ONNX files need the package onnx: pip install 'tui-trainer[onnx]'")


def onnx_bytes(trained: TrainedModel) -> bytes:
    """Return the file: input ``features`` (n, features), raw and in double precision, and ``outputs`` (n, k).

    Features are standardized, and the target restored, in double precision; the rest is in single precision, which all
    runtimes support.
    Raises UserError if the package onnx is missing.
    """
    check_onnx()
    import onnx

    graph = _Graph()
    standard = _standardize(graph, trained)
    result = _restore_target(graph, _network(graph, standard, trained), trained)
    model = graph.model(result, trained)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    """Collects nodes and constants; each node's output gets a unique name."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: float) -> str:
        """Add a node; return the name of its output."""
        from onnx import helper

        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: Array) -> str:
        """Add a tensor; return its name."""
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def model(self, result: str, trained: TrainedModel) -> Any:
        """Return the model of all nodes, with the meaning of its outputs as metadata."""
        from onnx import TensorProto, helper

        outputs = trained.resolved.model.output.units
        self._nodes.append(helper.make_node("Identity", [result], ["outputs"], name="outputs"))
        features = helper.make_tensor_value_info("features", TensorProto.DOUBLE, ["n", len(trained.inputs.features)])
        result_info = helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["n", outputs])
        graph = helper.make_graph(self._nodes, "network", [features], [result_info], self._constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="tui-trainer", ir_version=IR_VERSION)
        model.producer_version = __version__
        metadata: dict[str, Sequence[str]] = {"features": trained.inputs.names, "classes": trained.target.classes}
        if trained.preparation.targets:
            metadata["targets"] = trained.preparation.targets
        helper.set_model_props(model, {key: json.dumps(value) for key, value in metadata.items()})
        return model


def _standardize(graph: _Graph, trained: TrainedModel) -> str:
    """Add (x - mean) / scale and a cast to single precision; return the name of the output."""
    from onnx import TensorProto

    mean, scale = trained.inputs.mean, trained.inputs.scale
    x = "features"
    if mean.any():
        x = graph.add("Sub", x, graph.constant("mean", mean))
    if (scale != 1.0).any():
        x = graph.add("Div", x, graph.constant("scale", scale))
    return graph.add("Cast", x, to=TensorProto.FLOAT)


def _restore_target(graph: _Graph, result: str, trained: TrainedModel) -> str:
    """Add outputs * scale + mean where the target was standardized; return the name of the output."""
    from onnx import TensorProto

    target = trained.target_scale
    if target.is_none:
        return result
    y = graph.add("Cast", result, to=TensorProto.DOUBLE)
    y = graph.add("Mul", y, graph.constant("target_scale", target.scale))
    y = graph.add("Add", y, graph.constant("target_mean", target.mean))
    return graph.add("Cast", y, to=TensorProto.FLOAT)


def _network(graph: _Graph, x: str, trained: TrainedModel) -> str:
    n_features = len(trained.inputs.features)
    tensors = to_tensors(trained.resolved, n_features, trained.weights)
    for module in modules(trained.resolved, n_features):  # dropout has no effect in predictions
        if isinstance(module, Linear):
            names = [graph.constant(name, tensors[name].astype(np.float32)) for name in module.tensors]
            x = graph.add("Gemm", x, *names, transB=1)
        elif isinstance(module, Norm):
            names = [graph.constant(name, tensors[name].astype(np.float32)) for name in module.tensors]
            x = graph.add("BatchNormalization", x, *names, epsilon=NORM_EPSILON)
        elif isinstance(module, Phi):
            x = _activation(graph, x, module.name)
    return x


def _activation(graph: _Graph, z: str, name: str) -> str:
    if name == "swish":
        return graph.add("Mul", z, graph.add("Sigmoid", z))
    if name == "gelu":  # z (1 + erf(z / sqrt 2)) / 2
        erf = graph.add("Erf", graph.add("Mul", z, _number(graph, z, math.sqrt(0.5))))
        doubled = graph.add("Mul", z, graph.add("Add", erf, _number(graph, erf, 1.0)))
        return graph.add("Mul", doubled, _number(graph, doubled, 0.5))
    operator, attributes = SIMPLE[name]
    return graph.add(operator, z, **attributes)


def _number(graph: _Graph, name: str, value: float) -> str:
    return graph.constant(f"{name}_constant", np.array(value, np.float32))
