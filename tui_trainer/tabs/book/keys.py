"""The keys of the Book tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="book", group="Book")
change = partial(key, when_following=False)
KEYS = (
    key("choose_minus", "up", "choose", (-1,), "Choose", "The previous lesson", shown_as="↑"),
    key("choose_plus", "down", "choose", (1,), "Choose", "The next lesson", shown_as="↓"),
    key("ends_minus", "home", "ends", (-1,), "Ends", "The first lesson"),
    key("ends_plus", "end", "ends", (1,), "Ends", "The last lesson"),
    key("turn_minus", "pageup", "turn", (-1,), "Page", "Scroll up its page", shown_as="pgup"),
    key("turn_plus", "pagedown", "turn", (1,), "Page", "Scroll down its page", shown_as="pgdn"),
    change("load", "enter", "load", (), "Load", "Start the chosen lesson"),
    change("forget", "F", "forget", (), "Forget", "Clear its progress, to do it again"),
)
