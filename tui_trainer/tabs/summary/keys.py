"""The keys of the Summary tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="summary", group="Summary")
KEYS = (
    key("summary_minus", "up", "scroll_summary", (-1,), "Scroll", "Scroll up", shown_as="↑"),
    key("summary_plus", "down", "scroll_summary", (1,), "Scroll", "Scroll down", shown_as="↓"),
    key("summary_page_minus", "pageup", "page_summary", (-1,), "Page", "A page up", shown_as="pgup"),
    key("summary_page_plus", "pagedown", "page_summary", (1,), "Page", "A page down", shown_as="pgdn"),
)
