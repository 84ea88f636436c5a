"""The keys of the Predictions tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="predictions", group="Predictions")
KEYS = (
    key("panel", "v", "panel", (), "Panel", "Show the overview, the samples, their losses, or the thresholds"),
    key("part", "t", "part", (), "Part", "Switch between the training and validation parts, and the test part"),
    key(
        "new_rows",
        "N",
        "new_rows",
        (),
        "New rows",
        "Predict the rows of another file, and write the predictions beside; esc stops it",
    ),
    key("importance", "w", "importance", (), "Why", "Why: the importance of each column of the data, and back"),
    key("what_if", "h", "what_if", (), "What if", "What if: move the inputs of the chosen sample, and back"),
    key("reset_inputs", "o", "reset_inputs", (), "Original", "In what if: all inputs as they are in the data"),
    key(
        "look_into",
        "enter",
        "look_into",
        (),
        "Into",
        "Into the matrix, then list only the samples of that cell; of a column, the response to it",
    ),
    key("matrix_shares", "d", "matrix_shares", (), "Shares", "The matrix in counts, % of each row or of each column"),
    key("leave_look", "escape", "leave_look", (), "Back", "Back from all of these, and to all samples", shown_as="esc"),
    key("rank_minus", "up", "rank", (-1,), "Sample", "A worse sample", shown_as="↑"),
    key("rank_plus", "down", "rank", (1,), "Sample", "A better sample", shown_as="↓"),
    key("rank_first", "home", "rank_end", (-1,), "Sample", "The worst sample"),
    key("rank_last", "end", "rank_end", (1,), "Sample", "The best sample"),
    key("fold_minus", "left", "fold", (-1,), "Classes", "With many classes: the ones with more mistakes", shown_as="←"),
    key("fold_plus", "right", "fold", (1,), "Classes", "With many classes: the ones with fewer mistakes", shown_as="→"),
)
PRECEDING_ACTIONS = frozenset({"leave_look"})  # only while there is something to go back from
