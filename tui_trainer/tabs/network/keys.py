"""The keys of the Network tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="network", group="Network view")
KEYS = (
    key("next_layer_minus", "left", "next_layer", (-1,), "Layer", "A neuron of the layer before", shown_as="←"),
    key("next_layer_plus", "right", "next_layer", (1,), "Layer", "A neuron of the next layer", shown_as="→"),
    key("next_neuron_minus", "up", "next_neuron", (-1,), "Neuron", "The neuron, or the weight, above", shown_as="↑"),
    key("next_neuron_plus", "down", "next_neuron", (1,), "Neuron", "The neuron, or the weight, below", shown_as="↓"),
    key("next_page_minus", "pageup", "next_page", (-1,), "Page", "Ten neurons or weights up", shown_as="pgup"),
    key("next_page_plus", "pagedown", "next_page", (1,), "Page", "Ten neurons or weights down", shown_as="pgdn"),
    key("next_sample_minus", "comma", "next_sample", (-1,), "Sample", "The training sample before", shown_as=","),
    key("next_sample_plus", "full_stop", "next_sample", (1,), "Sample", "The next training sample", shown_as="."),
    key("weights", "w", "weights", (), "Weights", "Hands on the weights of the neuron, or off"),
    key("type_weight", "enter", "type_weight", (), "Type", "Type another value of the weight"),
    key("nudge_minus", "minus", "nudge", (-1,), "Nudge", "The weight down by a tenth", shown_as="-"),
    key("nudge_plus", "plus", "nudge", (1,), "Nudge", "The weight up by a tenth", shown_as="+"),
)
