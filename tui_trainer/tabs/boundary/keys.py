"""The keys of the Boundary tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="boundary", group="Boundary")
change = partial(key, when_following=False)
pen = partial(Key, owner="boundary", group="Pen")
KEYS = (
    key("look_layer_minus", "left", "look_layer", (-1,), "Layer", "The previous layer", shown_as="←"),
    key("look_layer_plus", "right", "look_layer", (1,), "Layer", "The next layer", shown_as="→"),
    key("look_neuron_minus", "up", "look_neuron", (-1,), "Neuron", "The previous neuron", shown_as="↑"),
    key("look_neuron_plus", "down", "look_neuron", (1,), "Neuron", "The next neuron", shown_as="↓"),
    key("look_output", "o", "look_output", (), "Output", "Back to the output"),
    key("discretize", "d", "discretize", (), "Discretize", "Show only the decision regions"),
    key("samples", "t", "samples", (), "Samples", "Show all samples, the training samples, or none"),
    key("next_axis_x", "h", "next_axis", ("x",), "Axes", "The next feature on the horizontal axis"),
    key("next_axis_y", "v", "next_axis", ("y",), "Axes", "The next feature on the vertical axis"),
    change("regenerate", "n", "regenerate", (), "New points", "Draw new points of a toy set: the next seed"),
    change("pen", "P", "pen", (), "Pen", "Take the pen to add and remove points, or put it away"),
    change("clear_points", "X", "clear_points", (), "Clear", "Undo everything added and removed by hand"),
    pen("move_pen_minus_0", "left", "move_pen", (-1, 0), "Move", "Move left, up, right or down", shown_as="←↑→↓"),
    pen("move_pen_-5_0", "shift+left", "move_pen", (-5, 0), "Move", "Move five cells at a time", shown_as="shift+←"),
    pen(
        "pick_value_plus",
        "1",
        "pick_value",
        (1,),
        "Value",
        "Choose a class by number, or a value from -1 to 1",
        shown_as="1-9",
    ),
    pen("add_point", "enter", "add_point", (), "Add", "Add a point here; a click adds one anywhere"),
    pen(
        "remove_point",
        "x,delete",
        "remove_point",
        (),
        "Remove",
        "Remove the nearest point; ctrl+click does, too",
        shown_as="x",
    ),
    pen("leave_pen", "escape", "leave_pen", (), "End", "Put the pen away", shown_as="esc"),
)
HIDDEN = (  # listed with the first of their kind
    pen("move_pen_plus_0", "right", "move_pen", (1, 0), "", ""),
    pen("move_pen_0_minus", "up", "move_pen", (0, -1), "", ""),
    pen("move_pen_0_plus", "down", "move_pen", (0, 1), "", ""),
    pen("move_pen_5_0", "shift+right", "move_pen", (5, 0), "", ""),
    pen("move_pen_0_-5", "shift+up", "move_pen", (0, -5), "", ""),
    pen("move_pen_0_5", "shift+down", "move_pen", (0, 5), "", ""),
    *(pen(f"pick_value_{digit}", str(digit % 10), "pick_value", (digit,), "", "") for digit in range(2, 11)),
)
PEN_ACTIONS = frozenset(key.action for key in KEYS if key.group == "Pen")  # only while the pen is in use
