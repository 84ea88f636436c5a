"""The keys of the Data tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="data", group="Data")
KEYS = (
    key("data_table", "v", "data_table", (), "Table", "Show the columns in numbers, or the rows"),
    key("data_line_minus", "up", "data_line", (-1,), "Column", "The column above, or the row", shown_as="↑"),
    key("data_line_plus", "down", "data_line", (1,), "Column", "The column below, or the row", shown_as="↓"),
)
