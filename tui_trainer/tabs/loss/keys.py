"""The keys of the Loss tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

view = partial(Key, owner="loss", group="View")
VIEW_KEYS = (  # for all that the tab draws; listed with those of the screen
    view("batches", "b", "batches", (), "Batches", "Show or hide the loss of every mini-batch"),
    view("quantity", "v", "quantity", (), "Measure", "Plot the loss, accuracy or another metric"),
)
key = partial(Key, owner="loss", group="Loss")
KEYS = (
    key(
        "inspect_minus",
        "left",
        "inspect",
        (-1,),
        "Inspect",
        "A cursor that shows the values of an epoch",
        shown_as="←",
    ),
    key("inspect_plus", "right", "inspect", (1,), "Inspect", "Move the cursor to a later epoch", shown_as="→"),
    key("inspect_end_minus", "home", "inspect_end", (-1,), "Ends", "Move the cursor to the first epoch"),
    key("inspect_end_plus", "end", "inspect_end", (1,), "Ends", "Move the cursor to the newest epoch"),
    key(
        "zoom_epochs_plus",
        "plus",
        "zoom_epochs",
        (1,),
        "Zoom",
        "Zoom in: half the epochs, around the cursor",
        shown_as="+",
    ),
    key("zoom_epochs_minus", "minus", "zoom_epochs", (-1,), "Zoom", "Zoom out: twice as many epochs", shown_as="-"),
    key("pan_epochs_minus", "pageup", "pan_epochs", (-1,), "Pan", "Pan to earlier epochs", shown_as="pgup"),
    key("pan_epochs_plus", "pagedown", "pan_epochs", (1,), "Pan", "Pan to later epochs", shown_as="pgdn"),
    key("all_epochs", "w", "all_epochs", (), "All", "Show all epochs, without the cursor"),
    key("smooth", "S", "smooth", (), "Smooth", "Smooth with a moving average: off, 0.6 or 0.9"),
    key("compared_part", "t", "compared_part", (), "Part", "Plot validation or training of the chosen runs"),
)
