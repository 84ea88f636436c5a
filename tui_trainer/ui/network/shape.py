"""What is known of a network before anything goes through it: its layers, and the names at both ends."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.runtime.protocol import Loaded

from ..plain_text import plain


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; number 0 of a network are its inputs, which have no activation."""

    units: int
    activation: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The layers from the inputs to the outputs, and what the ones and the others are called."""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def last(self) -> int:
        """Number of the output layer."""
        return len(self.layers) - 1

    def name(self, layer: int, neuron: int) -> str:
        """What a neuron is called: by the data at both ends, by its number between them."""
        names = self.inputs if layer == 0 else self.outputs if layer == self.last else ()
        return names[neuron] if neuron < len(names) else f"neuron {neuron + 1}"


def shape_of(loaded: Loaded) -> Shape:
    """The network of a run."""
    model, dataset = loaded.experiment.model, loaded.dataset
    hidden = (Layer(one.units, one.activation, _note(one.use_bias, one.dropout)) for one in model.layers)
    output = model.output
    inputs = Layer(len(dataset.features))
    outputs = Layer(output.units or 1, output.activation or "", _note(output.use_bias))
    several = dataset.classes if outputs.units == len(dataset.classes) else ()
    single = (f"P({dataset.classes[1]})",) if outputs.activation == "sigmoid" and len(dataset.classes) == 2 else ()
    names = several or single or (dataset.target,) * outputs.units
    return Shape((inputs, *hidden, outputs), tuple(map(plain, dataset.features)), tuple(map(plain, names)))


def _note(use_bias: bool, dropout: float = 0.0) -> str:
    parts = ("" if use_bias else "no bias", f"drop {dropout:g}" if dropout else "")
    return ", ".join(part for part in parts if part)
