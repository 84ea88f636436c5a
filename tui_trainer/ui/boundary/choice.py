"""What of the network and the data is looked at, as it was chosen; what is shown follows a little later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tui_trainer.tabs.boundary.messages import OUTPUT, WHOLE, Boundary, LayerShown, locate


@dataclass(slots=True)
class Choice:
    """A neuron and two features; an empty name leaves the feature to the trainer."""

    x: str = ""
    y: str = ""
    layer: int = OUTPUT
    neuron: int = WHOLE

    def place(self, layers: Sequence[LayerShown]) -> tuple[int, int]:
        """The layer and the neuron among those there are."""
        return locate(layers, self.layer, self.neuron)

    def look_at(self, layer: int, neuron: int, layers: Sequence[LayerShown]) -> None:
        """Choose a neuron; the last layer goes on being the output, however many come to lie before it."""
        self.layer, self.neuron = (OUTPUT if layer >= len(layers) - 1 else max(layer, 0)), neuron

    def look_at_output(self) -> None:
        """Choose the whole output."""
        self.layer, self.neuron = OUTPUT, WHOLE

    def step_layer(self, step: int, layers: Sequence[LayerShown]) -> None:
        """A layer on or back: its first neuron, or the whole output."""
        self.look_at(self.place(layers)[0] + step, WHOLE, layers)

    def step_neuron(self, step: int, layers: Sequence[LayerShown]) -> None:
        """A neuron on or back; after the last comes the first."""
        layer, neuron = self.place(layers)
        lowest = WHOLE if layers[layer].whole else 0
        self.look_at(layer, lowest + (neuron + step - lowest) % (layers[layer].units - lowest), layers)

    def step_axis(self, axis: str, content: Boundary) -> None:
        """The next feature on the axis ``x`` or ``y`` of ``content``, past that of the other one."""
        x, y = self.x or content.x, self.y or content.y
        now, other = (x, y) if axis == "x" else (y, x)
        names = [name for name in content.axes if name != other]
        name = names[(names.index(now) + 1) % len(names) if now in names else 0]
        self.x, self.y = (name, other) if axis == "x" else (other, name)

    def keep_features(self, features: Collection[str]) -> None:
        """Forget axes that are not among ``features``."""
        self.x, self.y = (name if name in features else "" for name in (self.x, self.y))
