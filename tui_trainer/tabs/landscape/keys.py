"""The keys of the Landscape tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="landscape", group="Landscape")
KEYS = (
    key("start_minus", "left", "start", (-1,), "w_0", "First weight w_0 down; starts again", shown_as="←"),
    key("start_plus", "right", "start", (1,), "w_0", "First weight w_0 up; starts again", shown_as="→"),
    key("start_2_plus", "up", "start_2", (1,), "b_0", "First bias b_0 up; starts again", shown_as="↑"),
    key("start_2_minus", "down", "start_2", (-1,), "b_0", "First bias b_0 down; starts again", shown_as="↓"),
    key("kind", "v", "kind", (), "Picture", "Slice, plane or contour"),
    key("weight_plus", "n", "weight", (1,), "Weight", "The next weight"),
    key("weight_minus", "p", "weight", (-1,), "Weight", "The weight before"),
    key("weight_2_plus", "N", "weight_2", (1,), "Second", "The next weight on the second axis"),
    key("weight_2_minus", "P", "weight_2", (-1,), "Second", "The one before on the second axis"),
    key("layer", "l", "layer", (), "Layer", "The first weight of the next layer"),
    key("zoom_plus", "plus", "zoom", (1,), "Zoom", "Half the range", shown_as="+"),
    key("zoom_minus", "minus", "zoom", (-1,), "Zoom", "Twice the range", shown_as="-"),
)
