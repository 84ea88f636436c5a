"""The model's table in a tab that is too narrow for it."""

from __future__ import annotations

import pytest

from tui_trainer.engine import Dense, InputLayer, Sequential
from tui_trainer.tabs.summary.view import fit_table

MODEL = Sequential([InputLayer(10), Dense(20), *[Dense(5) for _ in range(11)], Dense(30_000)])


@pytest.mark.parametrize("style", ["keras", "book"])
def test_a_table_that_has_room_stays_as_it_is(style: str) -> None:
    table = MODEL.summary(style)
    assert fit_table(table, 76) == table and fit_table(table, 200) == table


@pytest.mark.parametrize("width", [75, 60, 52, 46])
def test_the_columns_of_the_frame_move_closer_and_keep_their_texts(width: int) -> None:
    lines = fit_table(MODEL.summary(), width).splitlines()
    frame = [line for line in lines if line[0] in "┏┃┡│├└"]
    assert {len(line) for line in frame} == {width}
    texts = [line.replace("│", " ").split() for line in frame if line[0] == "│"]
    assert texts[0] == ["dense", "(Dense)", "(None,", "20)", "220"]
    assert texts[-1] == ["dense_12", "(Dense)", "(None,", "30000)", "180,000"]


def test_no_text_is_cut_however_narrow_the_tab_is() -> None:
    lines = fit_table(MODEL.summary(), 10).splitlines()
    assert any("dense_12 (Dense) │ (None, 30000) │ 180,000" in line for line in lines)
