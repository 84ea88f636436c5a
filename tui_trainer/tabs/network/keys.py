"""The keys of the Network tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="network", group="Network view")
change = partial(key, when_following=False)
lens = partial(Key, owner="network", group="Microscope")
KEYS = (
    key("next_layer_minus", "left", "next_layer", (-1,), "Layer", "A neuron of the previous layer", shown_as="←"),
    key("next_layer_plus", "right", "next_layer", (1,), "Layer", "A neuron of the next layer", shown_as="→"),
    key("next_neuron_minus", "up", "next_neuron", (-1,), "Neuron", "The neuron or weight above", shown_as="↑"),
    key("next_neuron_plus", "down", "next_neuron", (1,), "Neuron", "The neuron or weight below", shown_as="↓"),
    key("next_page_minus", "pageup", "next_page", (-1,), "Page", "Up by ten neurons or weights", shown_as="pgup"),
    key("next_page_plus", "pagedown", "next_page", (1,), "Page", "Down by ten neurons or weights", shown_as="pgdn"),
    key("next_sample_minus", "comma", "next_sample", (-1,), "Sample", "The previous training sample", shown_as=","),
    key("next_sample_plus", "full_stop", "next_sample", (1,), "Sample", "The next training sample", shown_as="."),
    key("microscope", "v", "microscope", (), "Microscope", "The next step under the microscope, or the network again"),
    key("weights", "w", "weights", (), "Weights", "Edit the neuron's weights, or stop"),
    change("type_weight", "enter", "type_weight", (), "Type", "Type a new value for the weight"),
    change("nudge_minus", "minus", "nudge", (-1,), "Nudge", "Lower the weight by a tenth", shown_as="-"),
    change("nudge_plus", "plus", "nudge", (1,), "Nudge", "Raise the weight by a tenth", shown_as="+"),
    lens("stage_minus", "left", "stage", (-1,), "Stage", "The previous stage of the step", shown_as="←"),
    lens(
        "stage_plus", "right", "stage", (1,), "Stage", "The next stage; after the last one, take the step", shown_as="→"
    ),
    lens(
        "play_stages",
        "enter",
        "play_stages",
        (),
        "Play",
        "Go through the stages, and step by step, by itself",
        when_following=False,
    ),
    lens("whole_batch", "b", "whole_batch", (), "Mean", "Numbers of the whole mini-batch, or of one of its samples"),
    lens("leave_microscope", "escape", "leave_microscope", (), "Network", "The network again", shown_as="esc"),
)
MICROSCOPE_ACTIONS = frozenset(key.action for key in KEYS if key.group == "Microscope")  # only under the microscope
