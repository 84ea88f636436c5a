"""The parts of the Runs tab without an app: letters, the place in a list, cells, the table of differences."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.plotting.frame import Board
from tui_trainer.run_state import RUN_STATES
from tui_trainer.tabs.runs.messages import Difference, RunList, RunRow
from tui_trainer.tabs.runs.selection import LETTERS, ListCursor, SelectedRuns
from tui_trainer.tabs.runs.table import (
    COLUMNS,
    GUTTER,
    SORTABLE_COLUMNS,
    Differing,
    Sheet,
    age,
    briefly,
    column_at,
    draw_differences,
    draw_sheet,
    duration,
    epochs,
    last_column,
    layout,
    mean,
    score,
    sort_of,
)

ROW = RunRow(
    run=7,
    name="first try",
    tags="keep book",
    pinned=False,
    state="finished",
    here=False,
    elsewhere=False,
    dataset="iris",
    layers="16-8",
    activation="relu",
    optimizer="sgd",
    rate=0.05,
    batch=None,
    seed=3,
    epoch=200,
    wanted=200,
    loss=0.0123456,
    val_loss=1.5e-7,
    accuracy=0.9666,
    r2=None,
    mae=None,
    seconds=125.0,
    age=7200.0,
)


def but(**changes: object) -> RunRow:
    return msgspec.structs.replace(ROW, **changes)


def listed(total: int, first: int, count: int, before: int = 0, cursor: int | None = None) -> RunList:
    """A part of a list in which run ``n`` is at place ``n``, or ``before`` places further on."""
    rows = tuple(but(run=number - before) for number in range(first, min(first + count, total)))
    place = None if cursor is None else cursor + before
    return RunList("", "age", False, total, total, first, rows, cursor, place)


def lines(board: Board) -> list[str]:
    return board.frame().rows


def test_a_run_keeps_its_letter_while_it_is_chosen() -> None:
    choices = SelectedRuns()
    for run in range(10):
        choices.toggle(run, f"run {run}")
    assert [one.letter for one in choices.drawn] == list(LETTERS)
    assert len(choices) == 10 and choices.get(8) is not None
    assert len({one.color for one in choices.drawn}) == len(LETTERS), "each a colour of its own"
    assert choices.toggle(2, "") is None
    assert {one.run: one.letter for one in choices.drawn} == {
        0: "A",
        1: "B",
        3: "D",
        4: "E",
        5: "F",
        6: "G",
        7: "H",
        8: "C",
    }, "the free letter goes to the one that had none, the others keep theirs"
    assert choices.rename(3, "other") and not choices.rename(3, "other") and not choices.rename(99, "x")
    choices.remove((0, 9, 55))
    assert 0 not in choices and len(choices) == 7
    choices.clear()
    assert choices.drawn == () and choices.runs == ()


def test_runs_chosen_together_have_letters_in_their_order() -> None:
    choices = SelectedRuns()
    choices.toggle(99, "before")
    choices.choose((run, f"run {run}") for run in (7, 3, 5))
    assert choices.runs == (7, 3, 5) and [one.letter for one in choices.drawn] == ["A", "B", "C"]


def test_names_of_a_sweep_are_told_by_their_values_where_they_are_too_long() -> None:
    name = "learning_rate = 0.05, activation = tanh"
    assert briefly(name, len(name)) == name and briefly(name, 38) == "0.05, tanh"
    assert briefly("my run, rate = 2", 3) == "my run, rate = 2", "a name of one's own stays"


@pytest.mark.parametrize("by", ["loss", "val_loss", "accuracy", "val_accuracy", "r2", "val_r2", "mae", "val_mae"])
def test_every_measure_has_a_column_to_sort_by(by: str) -> None:
    assert sort_of(by) in {column.sort for column in SORTABLE_COLUMNS}
    assert sort_of("val_mae") == "val_loss" and sort_of("mae") == "loss" and sort_of("val_r2") == "score"


def test_the_cursor_stays_on_its_run() -> None:
    place = ListCursor(page=10)
    place.take(listed(100, 0, 50))
    place.go(12)
    assert (place.first, place.run) == (3, 12)
    place.take(listed(101, 0, 50, before=1))
    assert (place.cursor, place.first) == (13, 4), "a new run came before it; it is seen at the same height"
    place.take(listed(200, 0, 50, before=70, cursor=12))
    assert (place.cursor, place.first) == (82, 73), "further than what is known"
    place.take(listed(200, 60, 50, before=70))
    place.go(84)
    place.take(listed(200, 60, 50, before=70, cursor=12))
    assert (place.cursor, place.run) == (84, 14), "an answer about a run that the cursor has left"
    place.take(listed(5, 0, 50))
    assert (place.cursor, place.run, place.first) == (4, 4, 0), "its run has gone"
    place.take(listed(0, 0, 50))
    assert place.row is None and place.run is None
    assert ListCursor(page=10).wanted == (0, 50)


@given(st.lists(st.tuples(st.sampled_from(("go", "scroll", "page", "take")), st.integers(-50, 250)), max_size=20))
def test_the_cursor_is_always_seen(moves: list[tuple[str, int]]) -> None:
    place = ListCursor(page=7)
    for move, number in moves:
        if move == "go":
            place.go(number)
        elif move == "scroll":
            place.scroll(number)
        elif move == "page":
            place.page = max(1, number)
            place.keep_seen()
        else:
            first, rows = place.wanted
            place.take(listed(max(number, 0), first, rows))
        assert 0 <= place.cursor <= max(place.total - 1, 0)
        assert 0 <= place.first <= place.cursor < place.first + place.page
        assert place.first == 0 or place.first + place.page <= place.total
        first, rows = place.wanted
        assert first <= place.first and place.first + place.page <= first + rows


def test_the_cells_of_a_run_are_short_and_printable() -> None:
    assert (epochs(ROW), epochs(but(epoch=1234, wanted=None)), epochs(but(epoch=5))) == ("200", "1,234", "5/200")
    assert (score(ROW), score(but(accuracy=None, r2=0.51239)), score(but(accuracy=None))) == ("96.7%", "R² 0.512", "")
    ages = [age(but(age=seconds)) for seconds in (0.1, 59.0, 61.0, 7300.0, 200_000.0)]
    assert ages == ["now", "59 s", "1 min", "2 h", "2 d"]
    assert [duration(but(seconds=seconds)) for seconds in (None, 0.04, 125.0)] == ["", "0.0 s", "2:05"]
    empty = but(**{name: None for name in ("rate", "seed", "wanted", "loss", "val_loss", "accuracy", "seconds")})
    assert [column.text(empty) for column in COLUMNS[:4]] == [""] * 4
    ugly = but(name="[b]\x1b[31m日本", tags="a\x07", dataset="x" * 200)
    for column in COLUMNS:
        assert column.text(ugly).isprintable() and len(column.text(ugly)) <= 60


@pytest.mark.parametrize("width", [20, 57, 66, 78, 118, 160])
@pytest.mark.parametrize("grouped", [False, True])
def test_columns_follow_the_width(width: int, grouped: bool) -> None:
    columns = sheet(grouped=grouped).columns
    name, places = layout(width, 0, columns)
    assert GUTTER + name < width or width < 30
    for (left, one), (following, _) in pairwise(places):
        assert left + one.width < following
    assert not places or places[-1][0] + places[-1][1].width < width
    for left, one in places:
        assert column_at(width, 0, columns, left) is one and column_at(width, 0, columns, left + one.width - 1) is one
    assert column_at(width, 0, columns, 2) is None
    last = last_column(width, columns)
    assert not layout(width, last, columns)[1] or layout(width, last, columns)[1][-1][1] is COLUMNS[-1], (
        "nothing is out of reach"
    )


def sheet(**changes: object) -> Sheet:
    values: dict[str, object] = {"rows": {0: ROW, 1: but(run=8, name="other", pinned=True)}, "total": 2, **changes}
    return Sheet(**values)  # type: ignore[arg-type]


def test_the_mean_of_a_setting_stands_beside_its_first_run() -> None:
    first = but(run=1, name="a", group=1, members=3, counted=2, mean=0.25, deviation=0.0123)
    rows = (first, *(msgspec.structs.replace(first, run=run) for run in (2, 3)), but(run=4, group=2, members=1))
    board = Board(78, 6)
    draw_sheet(board, sheet(rows=dict(enumerate(rows)), total=4, grouped=True, sort="val_loss"), "braille")
    assert "mean ± deviation, of" in lines(board)[0]
    assert ["0.2500 ± 0.012, 2/3" in line for line in lines(board)[1:5]] == [True, False, False, False]
    board = Board(78, 3)
    draw_sheet(board, sheet(rows=dict(enumerate(rows)), total=4, first=1, cursor=1, grouped=True), "ascii")
    assert "0.2500" in lines(board)[1] and "0.2500" not in lines(board)[2], "or the first one that is seen"
    assert mean(but(mean=0.25, counted=1, members=1)) == "0.2500, 1" and mean(ROW) == ""


def test_the_list_is_drawn_as_text() -> None:
    choices = SelectedRuns()
    choices.toggle(8, "other")
    board = Board(78, 6)
    choice = choices.get(8)
    assert choice is not None
    draw_sheet(board, sheet(cursor=1, choices={8: choice}, sort="loss"), "braille")
    assert lines(board)[0].split()[:3] == ["name", "loss▴", "val"] and lines(board)[0].endswith("▸")
    assert lines(board)[1].split() == ["✔", "first", "try", "0.01235", "1.5e−7", "96.7%", "0.05", "16-8", "sgd"]
    assert lines(board)[2].startswith("▸A▴✔ other")
    assert lines(board)[3].strip() == ""
    board = Board(78, 6)
    draw_sheet(board, sheet(cursor=1, choices={8: choice}, sort="loss", descending=True), "ascii")
    assert lines(board)[2].startswith(">A^. other") and "lossv" in lines(board)[0]
    assert all(line.replace("−", "-").isascii() for line in lines(board))


def test_rows_not_known_yet_and_the_bar() -> None:
    board = Board(60, 11)
    draw_sheet(board, sheet(total=1000, first=500, cursor=500), "braille")
    assert all(line.strip(" ▸│█") == "…" for line in lines(board)[1:])
    assert [line[-1] for line in lines(board)[1:]].index("█") in (4, 5)
    board = Board(60, 5)
    draw_sheet(board, Sheet(waiting="No run is kept yet."), "braille")
    assert lines(board)[2].strip() == "No run is kept yet."
    for width, height in ((0, 0), (1, 1), (3, 2), (7, 40)):
        draw_sheet(Board(width, height), sheet(total=50), "ascii") if width else None


@pytest.mark.parametrize("state", [*RUN_STATES, "something new"])
def test_every_state_can_be_shown(state: str) -> None:
    board = Board(60, 3)
    draw_sheet(board, sheet(rows={0: but(state=state), 1: but(elsewhere=True)}), "braille")
    assert lines(board)[2][3] == "↗"


def test_the_table_shows_the_differences() -> None:
    choices = SelectedRuns()
    rows = tuple(but(run=number, name=f"run {number}", loss=number / 7) for number in range(1, 5))
    chosen = {row.run: choice for row in rows if (choice := choices.toggle(row.run, row.name)) is not None}
    rates = Difference("training.learning_rate", ("0.1", "0.2", "0.3", ""))
    board = Board(100, 12)
    draw_differences(board, Differing(rows, (rates,), chosen), "braille")
    assert lines(board)[0].split() == ["differs", "A", "run", "1", "B", "run", "2", "C", "run", "3", "D", "run", "4"]
    assert lines(board)[1].split() == ["training.learning_rate", "0.1", "0.2", "0.3", "-"]
    assert lines(board)[3].split() == ["loss", "0.1429", "0.2857", "0.4286", "0.5714"]
    board = Board(50, 12)
    draw_differences(board, Differing(rows, (rates,), chosen), "braille")
    assert lines(board)[0].startswith("+2 runs"), "what has no room is told"
    many = tuple(Difference(f"model.layers[{number}].units", ("1", "2", "", "")) for number in range(20))
    board = Board(100, 12)
    draw_differences(board, Differing(rows, many, chosen), "ascii")
    assert "more fields" in lines(board)[6] and lines(board)[-1].startswith("time")
    board = Board(60, 12)
    draw_differences(board, Differing(rows, (), chosen), "braille")
    assert lines(board)[1].startswith("the same experiment")
    board = Board(60, 2)
    draw_differences(board, Differing(rows[:1]), "braille")
    assert lines(board)[0].startswith("Choose two or more runs")
