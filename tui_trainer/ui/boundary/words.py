"""What the Boundary tab shows, in words."""

from __future__ import annotations

from tui_trainer.tabs.boundary.messages import WHOLE, Chosen
from tui_trainer.ui.text import plain


def describe(chosen: Chosen, target: str, classes: tuple[str, ...]) -> str:
    """What is drawn: whose output, and what it means."""
    shown = f"{_whose(chosen)}{_meaning(chosen, target, classes)}"
    if not chosen.held:
        return shown
    others = "the other feature at its mean" if chosen.held == 1 else f"{chosen.held} others at their mean"
    return f"{shown}; {others}"


def name_of(chosen: Chosen, neuron: int) -> str:
    """What a neuron of the chosen layer is called."""
    layer = chosen.layers[chosen.layer]
    if neuron < len(layer.names):
        return plain(layer.names[neuron])
    return f"neuron {neuron + 1} of {layer.units:,}"


def layer_name(layer: int, layers: int) -> str:
    """What layer number ``layer`` of ``layers`` is called, the inputs being the first."""
    return "inputs" if layer == 0 else "output" if layer == layers - 1 else f"layer {layer}"


def _whose(chosen: Chosen) -> str:
    activation = chosen.layers[chosen.layer].activation
    name = layer_name(chosen.layer, len(chosen.layers)).capitalize()
    return f"{name} ({activation}): " if activation else f"{name}: "


def _meaning(chosen: Chosen, target: str, classes: tuple[str, ...]) -> str:
    last = chosen.layer == len(chosen.layers) - 1
    if not last or not classes:
        return name_of(chosen, max(chosen.neuron, 0)) if not last else plain(target)
    if chosen.neuron == WHOLE and len(classes) > 2:
        return "the likeliest class"
    named = classes[1] if chosen.neuron == WHOLE else chosen.layers[-1].names[chosen.neuron]
    probable = chosen.layers[-1].activation in ("softmax", "sigmoid")
    return f"{'probability of' if probable else 'score of'} {plain(named)}"
