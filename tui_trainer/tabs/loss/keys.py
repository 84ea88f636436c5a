"""The keys of the Loss tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

view = partial(Key, owner="loss", group="View")
VIEW_KEYS = (  # for all that the tab draws; listed with those of the screen
    view("batches", "b", "batches", (), "Batches", "Show or hide the loss of every mini-batch"),
    view("quantity", "v", "quantity", (), "Measure", "The loss, the accuracy, or what else is followed"),
)
key = partial(Key, owner="loss", group="Loss")
KEYS = (
    key(
        "inspect_minus", "left", "inspect", (-1,), "Inspect", "A cursor that tells the values of an epoch", shown_as="←"
    ),
    key("inspect_plus", "right", "inspect", (1,), "Inspect", "The cursor to a later epoch", shown_as="→"),
    key("inspect_end_minus", "home", "inspect_end", (-1,), "Ends", "The cursor to the first epoch"),
    key("inspect_end_plus", "end", "inspect_end", (1,), "Ends", "The cursor to the newest epoch"),
    key("zoom_epochs_plus", "plus", "zoom_epochs", (1,), "Zoom", "Half the epochs, around the cursor", shown_as="+"),
    key("zoom_epochs_minus", "minus", "zoom_epochs", (-1,), "Zoom", "Twice as many epochs", shown_as="-"),
    key("pan_epochs_minus", "pageup", "pan_epochs", (-1,), "Pan", "Earlier epochs", shown_as="pgup"),
    key("pan_epochs_plus", "pagedown", "pan_epochs", (1,), "Pan", "Later epochs", shown_as="pgdn"),
    key("all_epochs", "0", "all_epochs", (), "All", "All epochs, without a cursor"),
    key("smooth", "S", "smooth", (), "Smooth", "A moving average: none, 0.6 or 0.9 of it kept"),
    key("compared_part", "t", "compared_part", (), "Part", "Of the chosen runs: validation or training"),
)
