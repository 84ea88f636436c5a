"""Characters that take two cells: each has its room on the board, and none is cut in half."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len
from rich.style import Style

from tui_trainer.plotting.frame import REST, Board, Frame, changes, one_cell, partly, shorten, shorten_alike, visible
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.ui.plot_widgets import strip


def rows_of(board: Board) -> list[str]:
    return [visible(row) for row in board.frame().rows]


def test_text_has_one_character_for_each_cell() -> None:
    for text in ("abc", "価格", "가격 m²", "日本x", "é", "🙂 ok"):
        assert len(one_cell(text)) == cell_len(text) and visible(one_cell(text)) == text
        assert one_cell(one_cell(text)) == one_cell(text)
    assert one_cell("👩\u200d🔬") == one_cell("👩🔬") and one_cell("👍\U0001f3fd") == one_cell("👍")
    assert one_cell("e\u0301") == "é" and one_cell("ก\u0e34") == "ก" and one_cell("a\x1bb\u200b") == "a?b"


@pytest.mark.parametrize("width", range(1, 9))
def test_names_are_cut_between_characters(width: int) -> None:
    for text in (
        *shorten_alike([one_cell("日本語の価格一"), one_cell("日本語の価格二")], width),
        shorten(one_cell("日本語の価格"), width),
    ):
        assert len(text) <= width and cell_len(visible(text)) == len(text)


@pytest.mark.parametrize("column", range(-5, 10))
def test_text_over_the_edge_or_over_other_text_leaves_no_half(column: int) -> None:
    board = Board(9, 1)
    board.write(0, 1, "東京都", 1)
    board.write(0, column, "京x", 2)
    (row,) = rows_of(board)
    assert cell_len(row) == 9 and len(board.frame().rows[0]) == 9


def test_a_change_paints_whole_characters() -> None:
    frames = []
    for text in ("ab日本cd", "ab月本cd", "a日本cd ", "abxycdef"):
        board = Board(8, 1)
        board.write(0, 0, text, 0)
        frames.append(board.frame())
    assert changes(frames[0], frames[1]) == [(0, 2, 2)]
    for before in frames:
        for after in frames:
            for most in range(1, 8):
                (row,) = partly(before, after, np.arange(8.0)[None], most).rows
                assert cell_len(visible(row)) == 8 and len(row) == 8


def test_a_strip_is_as_wide_as_the_frame() -> None:
    board = Board(10, 1)
    board.write(0, 1, "価格", 1)
    row = strip(board.frame(), 0, {0: Style(), 1: Style(bold=True)})
    assert row.cell_length == 10 and row.text == " 価格     " and REST not in row.text


def test_names_of_a_plot_are_drawn() -> None:
    x = np.arange(5.0)
    plot = Plot(
        (Series("東京", x, x, "class0", "scatter"), Series("大阪", x, -x, "class1", "scatter")),
        x_label="面積",
        y_label="価格",
        title="住宅",
    )
    frame: Frame = render_plot(plot, 60, 15, "braille")
    text = "\n".join(map(visible, frame.rows))
    assert all(name in text for name in ("東京", "大阪", "面積", "価格", "住宅")) and "?" not in text
    assert {cell_len(row) for row in text.splitlines()} == {60}
