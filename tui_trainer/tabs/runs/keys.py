"""The keys of the Runs tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="runs", group="Runs")
change = partial(key, when_following=False)
KEYS = (
    key("next_run_minus", "up", "next_run", (-1,), "Run", "The run above", shown_as="↑"),
    key("next_run_plus", "down", "next_run", (1,), "Run", "The run below", shown_as="↓"),
    key("run_page_minus", "pageup", "run_page", (-1,), "Page", "A page up", shown_as="pgup"),
    key("run_page_plus", "pagedown", "run_page", (1,), "Page", "A page down", shown_as="pgdn"),
    key("run_end_minus", "home", "run_end", (-1,), "Ends", "The first run"),
    key("run_end_plus", "end", "run_end", (1,), "Ends", "The last run"),
    key(
        "columns_minus",
        "left",
        "columns",
        (-1,),
        "Columns",
        "Previous columns; in a chart, the field across",
        shown_as="←",
    ),
    key(
        "columns_plus", "right", "columns", (1,), "Columns", "More columns; in a chart, the field across", shown_as="→"
    ),
    change("open_run", "enter", "open_run", (), "Open", "Open the run as it was; space continues its training"),
    key("filter", "slash", "filter", (), "Filter", "Filter by words, loss<0.1, dataset=iris, -diverged", shown_as="/"),
    key("sort", "o", "sort", (), "Sort", "Sort by the next column, or by the one you click"),
    key("turn_around", "O", "turn_around", (), "Order", "Reverse the order"),
    key(
        "group_runs",
        "G",
        "group_runs",
        (),
        "Group",
        "Put the runs together that differ in seed or fold alone, with their mean",
    ),
    key(
        "chart",
        "I",
        "chart",
        (),
        "Chart",
        "Chart the runs: a scatter plot with what mattered, parallel coordinates, and the table again",
    ),
    key("chart_color", "H", "chart_color", (), "Hue", "Colour the scatter plot by the next field, or by none"),
    key("choose_run", "v", "choose_run", (), "Choose", "Choose the run or not; the Loss tab plots the chosen ones"),
    key("choose_none", "X", "choose_none", (), "None", "Clear the choice"),
    key("differ", "w", "differ", (), "Differ", "Show what differs between the chosen runs"),
    change("name_run", "N", "name_run", (), "Name", "Rename the run"),
    change("tag_runs", "t", "tag_runs", (), "Tags", "Tag the chosen runs, or the one under the cursor"),
    change("pin_runs", "P", "pin_runs", (), "Pin", "Pin them to the top, or unpin them"),
    change("delete_runs", "d,delete", "delete_runs", (), "Delete", "Delete them"),
    change("bring_back", "u", "bring_back", (), "Restore", "Restore the runs deleted last"),
)
PRECEDING_ACTIONS = frozenset({"bring_back", "delete_runs"})  # in the tab, u and the delete key are these
