"""The network as a list of modules, as PyTorch's ``nn.Sequential`` numbers them: what all exports are made from."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.experiment.schema import Experiment


@dataclass(frozen=True, slots=True)
class Linear:
    """``x W + b``; its tensors are named after its number in the list, ``0.weight`` and ``0.bias``."""

    number: int
    inputs: int
    units: int
    use_bias: bool

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of its tensors, the kernel turned as PyTorch keeps it, (units, inputs)."""
        kernel: dict[str, tuple[int, ...]] = {f"{self.number}.weight": (self.units, self.inputs)}
        return {**kernel, f"{self.number}.bias": (self.units,)} if self.use_bias else kernel


@dataclass(frozen=True, slots=True)
class Phi:
    """An activation, by its name; ``linear`` is none and is left out."""

    name: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Dropout of a share ``rate``, while training."""

    rate: float


Module = Linear | Phi | Drop


def modules(experiment: Experiment, n_features: int) -> list[Module]:
    """The modules of a resolved ``experiment`` for ``n_features`` inputs; ValueError where it is not resolved."""
    model = experiment.model
    if model.output.units is None or model.output.activation is None:
        raise ValueError("the experiment is not resolved: output units and output activation are needed")
    layers = [(layer.units, layer.activation, layer.use_bias, layer.dropout) for layer in model.layers]
    layers.append((model.output.units, model.output.activation, model.output.use_bias, 0.0))
    found: list[Module] = []
    inputs = n_features
    for units, activation, use_bias, dropout in layers:
        found.append(Linear(len(found), inputs, units, use_bias))
        if activation not in ("linear", "identity"):
            found.append(Phi(activation))
        if dropout:
            found.append(Drop(dropout))
        inputs = units
    return found


def linears(experiment: Experiment, n_features: int) -> list[Linear]:
    """The modules that hold weights."""
    return [module for module in modules(experiment, n_features) if isinstance(module, Linear)]
