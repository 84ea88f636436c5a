"""The keys of the Landscape tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="landscape", group="Landscape")
change = partial(key, when_following=False)
KEYS = (
    change("start_minus", "left", "start", (-1,), "w_0", "Lower the initial weight w_0 and start over", shown_as="←"),
    change("start_plus", "right", "start", (1,), "w_0", "Raise the initial weight w_0 and start over", shown_as="→"),
    change("start_2_plus", "up", "start_2", (1,), "b_0", "Raise the initial bias b_0 and start over", shown_as="↑"),
    change("start_2_minus", "down", "start_2", (-1,), "b_0", "Lower the initial bias b_0 and start over", shown_as="↓"),
    key("kind", "v", "kind", (), "Picture", "Switch between slice, plane and contour"),
    key("weight_plus", "n", "weight", (1,), "Weight", "The next weight"),
    key("weight_minus", "p", "weight", (-1,), "Weight", "The previous weight"),
    key("weight_2_plus", "N", "weight_2", (1,), "Second", "The next weight on the second axis"),
    key("weight_2_minus", "P", "weight_2", (-1,), "Second", "The previous weight on the second axis"),
    key("layer", "l", "layer", (), "Layer", "The first weight of the next layer"),
    key("zoom_plus", "plus", "zoom", (1,), "Zoom", "Zoom in: half the range", shown_as="+"),
    key("zoom_minus", "minus", "zoom", (-1,), "Zoom", "Zoom out: twice the range", shown_as="-"),
)
