"""Which layers there are to look at."""

from __future__ import annotations

from tui_trainer.tabs.boundary.messages import LayerShown
from tui_trainer.tabs.network.messages import Window
from tui_trainer.training.session import Session


def layers_of(session: Session, inputs: tuple[str, ...]) -> tuple[LayerShown, ...]:
    """The inputs that vary, by name, the hidden layers and the output."""
    dense = [layer for layer, _ in session.trainer.model.dense]
    hidden = (LayerShown(layer.activation, layer.units) for layer in dense[:-1])
    classes, output = session.dataset.classes, dense[-1]
    names = classes if len(classes) == output.units else classes[1:] or (session.dataset.target,)
    last = LayerShown(output.activation, output.units, names, whole=output.units > 1)
    return (LayerShown("", len(inputs), inputs), *hidden, last)


def inside(window: Window, layers: tuple[LayerShown, ...], most: int) -> Window:
    """``window`` brought inside the network, of ``most`` neurons at most."""
    layer = min(max(window.layer, 0), len(layers) - 1)
    first = min(max(window.first, 0), layers[layer].units - 1)
    return Window(layer, first, min(max(window.count, 0), layers[layer].units - first, most))
