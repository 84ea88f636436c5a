"""What is looked at: a sample, a neuron, and one of its parameters while hands are on the weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui_trainer.tabs.network.layout import Arrangement

from .shape import Shape


@dataclass(frozen=True, slots=True)
class Choice:
    """Layer 0 are the inputs, and -1 is the output; ``parameter`` counts the neuron's weights, then its bias.

    It may lie outside a network that it was not made for: ``within`` brings it back.
    """

    sample: int = 0
    layer: int = 1
    neuron: int = 0
    parameter: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Layer and neuron."""
        return self.layer, self.neuron

    def within(self, shape: Shape) -> Choice:
        """The same, or what is nearest to it in ``shape``."""
        layer = shape.last + 1 + self.layer if self.layer < 0 else self.layer
        layer = min(max(layer, 0), shape.last)
        neuron = min(max(self.neuron, 0), shape.layers[layer].units - 1)
        parameter = self.parameter
        if parameter is not None:
            count = parameters_of(shape, layer)
            parameter = min(max(parameter, 0), count - 1) if count else None
        return Choice(max(self.sample, 0), layer, neuron, parameter)

    def moved(self, shape: Shape, offset: int) -> Choice:
        """``offset`` neurons further down, or parameters where one is chosen."""
        if self.parameter is None:
            return replace(self, neuron=self.neuron + offset).within(shape)
        return replace(self, parameter=self.parameter + offset).within(shape)

    def beside(self, shape: Shape, arrangement: Arrangement, offset: int) -> Choice:
        """``offset`` layers to the right, at the neuron that is nearest on the screen."""
        layer = min(max(self.layer + offset, 0), shape.last)
        columns = {column.layer: column for column in arrangement.columns}
        here, there = columns.get(self.layer), columns.get(layer)
        row = None if here is None else here.row(self.neuron)
        neuron = self.neuron
        if there is not None and row is not None:
            neuron = there.first + min(range(len(there.rows)), key=lambda place: abs(there.rows[place] - row))
        return replace(self, layer=layer, neuron=neuron, parameter=None if layer == 0 else self.parameter).within(shape)


def parameters_of(shape: Shape, layer: int) -> int:
    """How many weights and biases a neuron of ``layer`` has; the inputs have none."""
    if layer == 0:
        return 0
    return shape.layers[layer - 1].units + shape.layers[layer].use_bias
