"""Weights as a safetensors file that ``nn.Sequential.load_state_dict`` accepts, and back.

All exports see the network as a list of modules, numbered as in PyTorch's ``nn.Sequential``.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import UserError, path_in_quotes, quoted
from tui_trainer.experiment.resolve import count_parameters
from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.files import file_mode, read_plain
from tui_trainer.system.files import reason_of

Array = NDArray[Any]
WEIGHTS = "model.weights"  # the field named by errors
MAX_BYTES = 1_000_000_000  # of a file for an unknown or small network


def to_tensors(experiment: Experiment, n_features: int, weights: Sequence[Array]) -> dict[str, Array]:
    """Return tensors under PyTorch's names, from ``weights`` as ``Sequential.get_weights`` returns them."""
    names = [name for module in with_tensors(experiment, n_features) for name in module.tensors]
    return {name: np.ascontiguousarray(array.T) for name, array in zip(names, weights, strict=True)}


def from_tensors(experiment: Experiment, n_features: int, tensors: Mapping[str, Array]) -> list[Array]:
    """Return weights for ``Sequential.set_weights``; raise UserError if they are of another network."""
    expected = {
        name: shape for module in with_tensors(experiment, n_features) for name, shape in module.tensors.items()
    }
    for name, shape in expected.items():
        if name not in tensors:
            names = ", ".join(quoted(one) for one in sorted(tensors)[:6]) or "nothing"
            reason = f"the file has no tensor {name}, only {names}: it is from a network with other layers or biases"
            raise UserError(WEIGHTS, reason)
        tensor = tensors[name]
        if tensor.shape != shape:
            wanted, got = (" x ".join(map(str, one)) or "a single number" for one in (shape, tensor.shape))
            reason = f"tensor {name} is {got} in the file, but {wanted} in this network; use layers of the same sizes"
            raise UserError(WEIGHTS, reason)
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise UserError(WEIGHTS, f"tensor {name} holds values that are not finite")
        if name.endswith("running_var") and (tensor < 0.0).any():
            raise UserError(WEIGHTS, f"tensor {name} holds values below 0, but a variance is at least 0")
    counts = {name for name in tensors if name.endswith(".num_batches_tracked")}  # of PyTorch; it has no effect here
    if more := sorted(set(tensors) - set(expected) - counts):
        reason = (
            f"the file has a tensor {quoted(more[0])} that this network does not have: it is from one with more layers"
        )
        raise UserError(WEIGHTS, reason)
    return [np.ascontiguousarray(tensors[name].T) for name in expected]


def weights_bytes(tensors: Mapping[str, Array]) -> bytes:
    """Return the content of a safetensors file; PyTorch's loaders check the format in its header."""
    from safetensors.numpy import save

    return save(dict(tensors), metadata={"format": "pt"})


def read_tensors(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, Array]:
    """Return the tensors of a file of at most ``max_bytes``; raise UserError if it is invalid or unreadable."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    quoted_path = path_in_quotes(path)
    mode = file_mode(path, WEIGHTS)
    if stat.S_ISDIR(mode):
        raise UserError(WEIGHTS, f"{quoted_path} is a folder; give the path of a file with weights")
    if not stat.S_ISREG(mode):
        raise UserError(WEIGHTS, f"there is no file {quoted_path}; check the path")
    try:
        content = read_plain(path, max_bytes)
        if len(content) > max_bytes:
            reason = f"{quoted_path} is larger than {max_bytes / 1e6:,.0f} MB, more than any weights of this network"
            raise UserError(WEIGHTS, reason)
        return load(content)
    except OSError as error:
        raise UserError(WEIGHTS, f"{quoted_path} can't be read: {reason_of(error)}") from error
    except UserError:
        raise
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        reason = f"{quoted_path} is not a complete safetensors file; give the weights.safetensors of an export"
        raise UserError(WEIGHTS, reason) from error


def read_weights(path: Path, experiment: Experiment, n_features: int) -> list[Array]:
    """Return the weights in a file for a resolved ``experiment``; UserError says what does not fit."""
    max_bytes = max(
        MAX_BYTES, 16 * count_parameters(experiment.model, n_features)
    )  # twice the size in double precision
    return from_tensors(experiment, n_features, read_tensors(path, max_bytes))


@dataclass(frozen=True, slots=True)
class Linear:
    """``x W + b``; its tensors are named by its number in the list, ``0.weight`` and ``0.bias``."""

    number: int
    inputs: int
    units: int
    use_bias: bool
    trainable: bool = True

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of its tensors; the kernel is transposed as in PyTorch, (units, inputs)."""
        kernel: dict[str, tuple[int, ...]] = {f"{self.number}.weight": (self.units, self.inputs)}
        return {**kernel, f"{self.number}.bias": (self.units,)} if self.use_bias else kernel


@dataclass(frozen=True, slots=True)
class Norm:
    """Batch normalization; its tensors are gamma, beta, the moving mean and the moving variance, by PyTorch's names."""

    number: int
    units: int
    trainable: bool = True

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of its tensors."""
        return {f"{self.number}.{name}": (self.units,) for name in ("weight", "bias", "running_mean", "running_var")}


@dataclass(frozen=True, slots=True)
class Phi:
    """An activation, by its name; ``linear`` is left out."""

    name: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Dropout with ``rate``, in training only."""

    rate: float


Module = Linear | Norm | Phi | Drop


def modules(experiment: Experiment, n_features: int) -> list[Module]:
    """Return the modules of a resolved ``experiment`` for ``n_features`` inputs; ValueError if it is not resolved."""
    model = experiment.model
    if model.output.units is None or model.output.activation is None:
        raise ValueError("the experiment is not resolved: output units and output activation are needed")
    result: list[Module] = [Drop(model.input_dropout)] if model.input_dropout else []
    inputs = n_features
    for layer in model.all_layers:
        units = layer.units or 1
        result.append(Linear(len(result), inputs, units, layer.use_bias, layer.trainable))
        if isinstance(layer, LayerConfig) and layer.batch_norm:
            result.append(Norm(len(result), units, layer.trainable))
        if layer.activation not in (None, "linear", "identity"):
            result.append(Phi(layer.activation))
        if isinstance(layer, LayerConfig) and layer.dropout:
            result.append(Drop(layer.dropout))
        inputs = units
    return result


def with_tensors(experiment: Experiment, n_features: int) -> list[Linear | Norm]:
    """Return the modules that have tensors, in the order of ``Sequential.get_weights``."""
    return [module for module in modules(experiment, n_features) if isinstance(module, Linear | Norm)]


def linears(experiment: Experiment, n_features: int) -> list[Linear]:
    """Return the modules that multiply with weights, one for each layer."""
    return [module for module in modules(experiment, n_features) if isinstance(module, Linear)]
