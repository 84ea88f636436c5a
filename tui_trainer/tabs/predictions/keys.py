"""The keys of the Predictions tab."""

from __future__ import annotations

from functools import partial

from tui_trainer.ui.keymap import Key

key = partial(Key, owner="predictions", group="Predictions")
brush = partial(Key, owner="predictions", group="Drawing")
change = partial(key, when_following=False)
KEYS = (
    key("panel", "v", "panel", (), "Panel", "Show the overview, the samples, their losses, or the thresholds"),
    key("part", "t", "part", (), "Part", "Switch between the training and validation parts, and the test part"),
    change(
        "new_rows",
        "N",
        "new_rows",
        (),
        "New rows",
        "Predict the rows of another file, and write the predictions beside; esc stops it",
    ),
    key("importance", "w", "importance", (), "Why", "Why: the importance of each column of the data, and back"),
    key("what_if", "h", "what_if", (), "What if", "What if: move the inputs of the chosen sample, and back"),
    key("draw", "P", "draw", (), "Draw", "Draw a picture, and see what it is recognised as, and back"),
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
    brush("move_brush_minus_0", "left", "move_brush", (-1, 0), "Move", "Move left, up, right or down", shown_as="←↑→↓"),
    brush("move_brush_-5_0", "shift+left", "move_brush", (-5, 0), "Move", "Move five pixels", shown_as="shift+←"),
    brush(
        "lower_pen",
        "enter",
        "lower",
        ("pen",),
        "Pen",
        "Put the pen down, so that moving draws, or lift it; the mouse draws, too",
    ),
    brush(
        "lower_eraser",
        "x,delete",
        "lower",
        ("eraser",),
        "Erase",
        "Put the eraser down, or lift it; the right button of the mouse or ctrl erases, too",
        shown_as="x",
    ),
    brush("undo_stroke", "u", "undo_stroke", (), "Undo", "Undo the last stroke"),
    brush("clear_drawing", "X", "clear_drawing", (), "Clear", "Begin on an empty picture"),
    brush("draw_sample", "o", "draw_sample", (), "Sample", "Begin on the picture of the chosen sample"),
    brush(
        "fit_drawing",
        "f",
        "fit_drawing",
        (),
        "Fit",
        "Move and scale the drawing to where the data have theirs, or take it as it is",
    ),
)
HIDDEN = (  # listed with the first of their kind
    brush("move_brush_plus_0", "right", "move_brush", (1, 0), "", ""),
    brush("move_brush_0_minus", "up", "move_brush", (0, -1), "", ""),
    brush("move_brush_0_plus", "down", "move_brush", (0, 1), "", ""),
    brush("move_brush_5_0", "shift+right", "move_brush", (5, 0), "", ""),
    brush("move_brush_0_-5", "shift+up", "move_brush", (0, -5), "", ""),
    brush("move_brush_0_5", "shift+down", "move_brush", (0, 5), "", ""),
)
LEAVING_ACTIONS = frozenset({"leave_look"})  # only while there is something to go back from
DRAWING_ACTIONS = frozenset(key.action for key in KEYS if key.group == "Drawing")  # only while a picture is drawn
PRECEDING_ACTIONS = LEAVING_ACTIONS | DRAWING_ACTIONS
