"""The keys of the Live tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="live", group="Live")
change = partial(key, when_following=False)
KEYS = (
    key("see_layer_minus", "left", "see_layer", (-1,), "Layer", "See the neurons of the previous layer", shown_as="←"),
    key("see_layer_plus", "right", "see_layer", (1,), "Layer", "See the neurons of the next layer", shown_as="→"),
    key("see_neuron_minus", "up", "see_neuron", (-1,), "Neuron", "See the previous neuron", shown_as="↑"),
    key("see_neuron_plus", "down", "see_neuron", (1,), "Neuron", "See the next neuron", shown_as="↓"),
    key("see_output", "o", "see_output", (), "Output", "See the output again"),
    key("tally", "t", "tally", (), "Tally", "The output as a map, or predicted against true"),
    change("go_on", "enter", "go_on", (), "Go on", "At the start: go on with the lesson or run from before"),
    key("see_axis_x", "h", "see_axis", ("x",), "Axes", "Another feature from left to right"),
    key("see_axis_y", "v", "see_axis", ("y",), "Axes", "Another feature from bottom to top"),
)
