"""The one table of keys: bindings, footer, command palette and help screen are made from it.

The keys of a tab are in its folder. The order here is the one of the help screen, and of docs/keys.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.tabs import TABS
from tui_trainer.tabs.book import keys as book
from tui_trainer.tabs.boundary import keys as boundary
from tui_trainer.tabs.landscape import keys as landscape
from tui_trainer.tabs.loss import keys as loss
from tui_trainer.tabs.network import keys as network
from tui_trainer.tabs.predictions import keys as predictions
from tui_trainer.tabs.runs import keys as runs
from tui_trainer.ui.keymap import Key, Keymap, use

KEYS = (
    Key(
        "toggle_training",
        "space",
        "toggle_training",
        (),
        "Train",
        "Train, or pause",
        "trainer",
        "Training",
        footer=True,
    ),
    Key("step", "s", "step", (), "Step", "One mini-batch", "trainer", "Training", footer=True),
    Key(
        "epoch",
        "e",
        "epoch",
        (),
        "Epoch",
        "One epoch, or the rest of the one under way",
        "trainer",
        "Training",
        footer=True,
    ),
    Key(
        "reset",
        "r",
        "reset",
        (),
        "Reset",
        "Start again from the same first weights",
        "trainer",
        "Training",
        footer=True,
    ),
    Key("reseed", "R", "reseed", (), "Reseed", "Start again from other weights: the next seed", "editor", "Training"),
    Key(
        "slow",
        "z",
        "slow",
        (),
        "Slow",
        "Slow motion: 10 steps a second, 2, then full speed again",
        "trainer",
        "Training",
    ),
    Key(
        "fix",
        "f",
        "fix",
        (),
        "Fix",
        "After a divergence: make the change that helps, and run again",
        "trainer",
        "Training",
    ),
    Key(
        "swap_best",
        "W",
        "swap_best",
        (),
        "Best",
        "Back to the weights of the best epoch; again: the newest ones",
        "trainer",
        "Training",
    ),
    Key(
        "sweep", "M", "sweep", (), "Sweep", "Many runs at once, with other values in some fields", "sweeps", "Training"
    ),
    Key("resume", "g", "resume", (), "Go on", "Go on with the run that was cut off", "trainer", "Training"),
    Key(
        "rate_minus",
        "[,left_square_bracket",
        "rate",
        (-1,),
        "Slower",
        "Learning rate down, without a reset",
        "editor",
        "Training",
        shown_as="[",
    ),
    Key(
        "rate_plus",
        "],right_square_bracket",
        "rate",
        (1,),
        "Faster",
        "Learning rate up, without a reset",
        "editor",
        "Training",
        shown_as="]",
    ),
    Key(
        "add_layer",
        "a",
        "add_layer",
        (),
        "Add",
        "Add a hidden layer after the chosen one",
        "editor",
        "Network",
        footer=True,
    ),
    Key(
        "remove_layer",
        "x,delete",
        "remove_layer",
        (),
        "Remove layer",
        "Remove the chosen hidden layer",
        "editor",
        "Network",
        shown_as="x",
    ),
    Key(
        "move_layer_minus",
        "ctrl+up",
        "move_layer",
        (-1,),
        "Move up",
        "Move the chosen layer up",
        "editor",
        "Network",
        shown_as="ctrl+↑",
        in_text=True,
    ),
    Key(
        "move_layer_plus",
        "ctrl+down",
        "move_layer",
        (1,),
        "Move down",
        "Move the chosen layer down",
        "editor",
        "Network",
        shown_as="ctrl+↓",
        in_text=True,
    ),
    Key(
        "undo", "u", "undo", (), "Undo", "Take back the last change of the settings", "editor", "Settings", footer=True
    ),
    Key("redo", "U", "redo", (), "Redo", "Make the change again that was taken back", "editor", "Settings"),
    Key(
        "share",
        "c",
        "share",
        (),
        "Share",
        "Copy the experiment as a word that opens it elsewhere",
        "editor",
        "Settings",
    ),
    Key("open_data", "i", "open_data", (), "Own data", "Open data of your own: a CSV or TSV file", "data", "Settings"),
    Key(
        "open",
        "ctrl+o",
        "open",
        (),
        "Open",
        "Open an experiment, a TOML file, or exported weights",
        "editor",
        "Settings",
        in_text=True,
    ),
    Key("save", "ctrl+s", "save", (), "Save", "Save the experiment as a TOML file", "editor", "Settings", in_text=True),
    Key(
        "export",
        "ctrl+e",
        "export",
        (),
        "Export",
        "Write the network into a folder: Keras, PyTorch, ONNX, figures",
        "trainer",
        "Settings",
        in_text=True,
    ),
    Key("log_scale", "y", "log_scale", (), "Log", "Log or linear loss axis", "tab", "View", footer=True),
    *loss.VIEW_KEYS,
    Key("markers", "k", "markers", (), "Markers", "Plots in Braille dots, blocks or plain ASCII", "screen", "View"),
    Key("setup", "m", "setup", (), "Setup", "Show or hide the setup on the left", "screen", "View", footer=True),
    Key(
        "leave",
        "escape",
        "leave",
        (),
        "Leave",
        "Leave a text field, so that keys work",
        "screen",
        "View",
        shown_as="esc",
        in_text=True,
    ),
    *(Key(f"tab_{tab.name}", tab.key, "tab", (tab.name,), tab.title, tab.help, "screen", "Tabs") for tab in TABS),
    *book.KEYS,
    Key("next_lesson", "n", "next_lesson", (), "Next", "In a lesson: go on to the next", "lessons", "Book"),
    Key(
        "previous_lesson",
        "p",
        "previous_lesson",
        (),
        "Previous",
        "In a lesson: back to the one before",
        "lessons",
        "Book",
    ),
    Key("next_variant", "V", "next_variant", (), "Variant", "In a lesson: load its next variant", "lessons", "Book"),
    Key(
        "answer_0",
        "A",
        "answer",
        (0,),
        "Answer",
        "In a lesson: an answer, or the number to fill in",
        "lessons",
        "Book",
        shown_as="A B C",
    ),
    Key("scroll_page_plus", "j", "scroll_page", (1,), "Scroll", "In a lesson: its page down", "lessons", "Book"),
    Key("scroll_page_minus", "J", "scroll_page", (-1,), "Scroll", "In a lesson: its page up", "lessons", "Book"),
    Key("leave_lesson", "L", "leave_lesson", (), "Leave", "Leave the lesson; the settings stay", "lessons", "Book"),
    *landscape.KEYS,
    *network.KEYS,
    *boundary.KEYS,
    *predictions.KEYS,
    *loss.KEYS,
    *runs.KEYS,
    Key("help", "question_mark,f1", "help", (), "Help", "All keys", "screen", "App", footer=True, shown_as="?"),
    Key("quit", "q", "quit", (), "Quit", "Leave the app", "screen", "App", footer=True),
    Key(
        "quit_now",
        "ctrl+q",
        "quit_now",
        (),
        "Quit",
        "Leave the app, from a text field too",
        "screen",
        "App",
        in_text=True,
    ),
    Key("quit_now", "ctrl+c", "quit_now", (), "Quit", "Leave the app", "screen", "App"),
)
HIDDEN = (
    *(  # as many as a lesson may have
        Key(f"answer_{index}", letter, "answer", (index,), "", "", "lessons", "Book")
        for index, letter in enumerate("BCDEFGHI", start=1)
    ),
    *boundary.HIDDEN,
)
ALL_KEYS = (*KEYS, *HIDDEN)


def keymap_with(changes: Mapping[str, str] | None = None) -> Keymap:
    """Return the keymap of the app with the user's changes: other keys, by the name of a key."""
    return Keymap(KEYS, HIDDEN, changes)


use(keymap_with())
