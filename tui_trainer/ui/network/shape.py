"""What is known of a network before anything goes through it: its layers, and the names at both ends."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.protocol.reports import Loaded
from tui_trainer.ui.text import plain


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; number 0 of a network are its inputs, which have no activation."""

    units: int
    activation: str = ""
    use_bias: bool = False
    dropout: float = 0.0

    @property
    def note(self) -> str:
        """What is unusual of it."""
        parts = (
            "" if self.use_bias or not self.activation else "no bias",
            f"drop {self.dropout:g}" * bool(self.dropout),
        )
        return ", ".join(part for part in parts if part)


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

    def place(self, layer: int, neuron: int) -> str:
        """The same with where it stands."""
        kind = "input" if layer == 0 else "output" if layer == self.last else f"layer {layer},"
        return f"{kind} {self.name(layer, neuron)}"

    def title(self, layer: int, neuron: int) -> str:
        """The same with how many there are, where they are counted."""
        of = f" of {self.layers[layer].units:,}" if 0 < layer < self.last else ""
        return self.place(layer, neuron) + of


def shape_of(loaded: Loaded) -> Shape:
    """The network of a run."""
    model, dataset = loaded.experiment.model, loaded.dataset
    hidden = (Layer(one.units, one.activation, one.use_bias, one.dropout) for one in model.layers)
    output = model.output
    inputs = Layer(len(dataset.features))
    outputs = Layer(output.units or 1, output.activation or "", output.use_bias)
    several = dataset.classes if outputs.units == len(dataset.classes) else ()
    single = (f"P({dataset.classes[1]})",) if outputs.activation == "sigmoid" and len(dataset.classes) == 2 else ()
    names = several or single or (dataset.target,) * outputs.units
    return Shape((inputs, *hidden, outputs), tuple(map(plain, dataset.features)), tuple(map(plain, names)))
