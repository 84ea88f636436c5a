"""The parts of the Loss tab without an app: the epochs that are seen, the letters of runs, the legend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import pack
from tui_trainer.tabs.loss.legend import Item, Legend, Overlay, best_of, drawn, line, shown_bands
from tui_trainer.tabs.loss.messages import Band, Curve
from tui_trainer.tabs.loss.view import MIN_EPOCHS, Viewport, lowest_validation
from tui_trainer.tabs.runs.selection import LETTERS, SelectedRuns


def test_the_cursor_comes_at_the_newest_epoch_and_moves_by_columns() -> None:
    lens = Viewport().moved(-1, 200, 100)
    assert lens.at == 200
    assert lens.moved(-1, 200, 100).at == 198, "two epochs a column"
    assert lens.moved(-1, 50, 100).at == 50, "not beyond the last one"
    assert Viewport(at=3).moved(-5, 20, 100).at == 1 and Viewport(at=3).moved(1, 20, 100).at == 4
    assert Viewport().moved(1, 0, 100).at is None, "no epoch is done"


def test_zoom_stays_around_the_cursor() -> None:
    lens = Viewport(at=101).zoomed(1, 201)
    assert (lens.low, lens.high) == (51, 151)
    lens = Viewport(at=1).zoomed(1, 201)
    assert (lens.low, lens.high) == (1, 101)
    lens = Viewport(at=201).zoomed(1, 201).zoomed(1, 201)
    assert (lens.low, lens.high) == (151, 201)
    assert lens.zoomed(-1, 201).zoomed(-1, 201) == Viewport(at=201)
    assert Viewport().zoomed(1, 201) == Viewport(51, 151), "the middle, without a cursor"
    for _ in range(20):
        lens = lens.zoomed(1, 201)
    assert lens.high is not None and lens.low is not None and lens.high - lens.low == MIN_EPOCHS - 1
    assert Viewport().zoomed(1, 3) == Viewport(), "nothing to zoom into"


def test_what_is_seen_goes_with_the_cursor() -> None:
    lens = Viewport(51, 100, 60)
    assert lens.put(120, 200) == Viewport(71, 120, 120)
    assert lens.put(10, 200) == Viewport(10, 59, 10)
    assert lens.panned(1, 200) == Viewport(75, 124, 60) and lens.panned(-1, 200) == Viewport(27, 76, 60)
    assert lens.panned(1, 110) == Viewport(61, 110, 60), "not beyond the last epoch"
    assert Viewport(at=5).panned(1, 100) == Viewport(at=5)


@given(
    st.lists(st.tuples(st.sampled_from(("move", "zoom", "pan", "put")), st.integers(-300, 300)), max_size=15),
    st.integers(0, 500),
)
def test_what_is_seen_is_within_the_epochs(moves: list[tuple[str, int]], last: int) -> None:
    lens = Viewport()
    for move, number in moves:
        direction = 1 if number > 0 else -1
        if move == "move":
            lens = lens.moved(number, last, 60)
        elif move == "zoom":
            lens = lens.zoomed(direction, last)
        elif move == "pan":
            lens = lens.panned(direction, last)
        else:
            lens = lens.put(number, last)
        low, high = lens.span(last)
        assert 1 <= low <= high <= max(last, 1)
        assert lens.at is None or 1 <= lens.at <= last
        if move in ("move", "put") and lens.at is not None:
            assert low <= lens.at <= high


def curve(name: str, values: list[float], at: float | None = None) -> Curve:
    return Curve(name, pack(np.arange(1, len(values) + 1)), pack(np.array(values)), at)


def test_the_best_run_is_the_one_with_the_lowest_loss_or_the_highest_accuracy() -> None:
    choices = SelectedRuns()
    overlays = [
        Overlay(one, curve("val_loss", [1.0, last]))
        for run, last in enumerate((0.5, 0.2, 0.7))
        if (one := choices.toggle(run, f"run {run}")) is not None
    ]
    assert best_of(overlays, "loss") is overlays[1] and best_of(overlays, "accuracy") is overlays[2]
    assert best_of(overlays[:1], "loss") is None, "nothing to compare it with"
    line, _ = overlays[1].series(is_best=True)
    assert line.thick and line.name == "B run 1"


def test_letters_tell_runs_apart_without_colours() -> None:
    choices = SelectedRuns()
    chosen = [choices.toggle(run, f"run {run}") for run in range(len(LETTERS))]
    x_of = {}
    for one in chosen:
        assert one is not None
        told = Overlay(one, curve("val_loss", [1.0] * 300))
        drawn_line, letters = told.series()
        assert drawn_line.mark == letters.mark == letters.glyph == one.letter
        assert drawn_line.color == letters.color and letters.x[-1] == 300
        x_of[one.letter] = set(letters.x[:-1].tolist())
    for letter, places in x_of.items():
        assert not any(places & others for other, others in x_of.items() if other != letter), "apart from each other"
    one = chosen[0]
    assert one is not None
    assert Overlay(one, None).series() == []
    assert Overlay(one, curve("loss", [])).series() == []
    assert len(Overlay(one, curve("loss", [0.5])).series()[1].x) == 1


@pytest.mark.parametrize("markers", ["braille", "block", "ascii"])
def test_letters_and_cursor_are_drawn(markers: str) -> None:
    choices = SelectedRuns()
    one = choices.toggle(1, "run 1")
    assert one is not None
    series = Overlay(one, curve("loss", [0.9, 0.5, 0.3, 0.2])).series()
    rows = render_plot(Plot(tuple(series), cursor=2.0), 60, 15, markers).rows  # type: ignore[arg-type]
    assert sum(row.count("A") for row in rows) >= 3
    bar = "|" if markers == "ascii" else "│"
    columns = [place for place in range(10, 60) if sum(row[place] == bar for row in rows) > 8]
    assert len(columns) == 1, "one line upwards"
    beyond = render_plot(Plot(tuple(series), cursor=9.0), 60, 15, markers).rows  # type: ignore[arg-type]
    assert not [place for place in range(10, 60) if sum(row[place] == bar for row in beyond) > 8]


def test_which_lines_are_drawn() -> None:
    curves = {
        one.name: one
        for one in (
            curve("val_loss", [1.0, 2.0]),
            curve("loss", [1.0, 2.0]),
            curve("batch_loss", [1.0, 2.0]),
        )
    }
    assert [one.name for one in drawn(curves, "loss", False)] == ["loss", "val_loss"]
    assert [one.name for one in drawn(curves, "loss", True)] == ["batch_loss", "loss", "val_loss"]
    assert [one.name for one in drawn({"batch_loss": curves["batch_loss"]}, "loss", False)] == ["batch_loss"]
    classes = {name: curve(name, [0.5]) for name in ("recall[1]", "val_recall[1]")}
    assert [one.name for one in drawn(classes, "recall", False)] == ["val_recall[1]"]
    assert line(classes["val_recall[1]"], ("setosa", "versicolor")).label == "versicolor"
    assert line(classes["val_recall[1]"], ()).label == "1"


def test_the_legend_breaks_its_lines() -> None:
    items = tuple(Item(letter, "class2", f"run {letter}", 0.5) for letter in LETTERS)
    legend = Legend("epoch 12", items, has_values=True)
    placed = legend.lines(60)
    assert placed[0][0][0] == len("epoch 12") + 3
    assert [one.sign for row in placed for _, one in row] == list(LETTERS)
    for row in placed:
        column, last = row[-1]
        assert column + len(last.text(True)) <= 60
    long = Legend("", tuple(Item(letter, "class2", "a long name " * 3, 0.5) for letter in LETTERS), has_values=True)
    assert [one.sign for row in long.lines(78) for _, one in row] == list(LETTERS), "names give way"
    assert max(len(one.name) for row in Legend("", long.items[:2]).lines(78) for _, one in row) == 24
    assert len(legend.lines(12)) == 4, "no more lines than that"
    assert Legend().lines(40) == [[]]
    assert Item("A", "class2", "x").text(True) == "A x -" and Item("A", "class2", "x", 0.25).text(False) == "A x"


def test_a_mark_of_its_own_is_what_ascii_shows() -> None:
    x = np.array([1.0, 2.0])
    plain, marked = Series("one", x, x, "train"), Series("two", x, x[::-1], "accent", mark="Q")
    text = "\n".join(render_plot(Plot((plain, marked)), 40, 10, "ascii").rows)
    assert "Q two" in text and "* one" in text and text.count("Q") > 3


def band_of(*runs: int, at: tuple[float, float, float] | None = None) -> Band:
    x, flat = pack(np.array([1.0, 2.0])), [pack(np.full(2, height)) for height in (1.0, 2.0, 9.0)]
    return Band(runs, "seeds", x, *flat, at)


def test_bands_have_a_letter_each_and_what_their_runs_share_as_a_name() -> None:
    choices = SelectedRuns()
    choices.choose((run, f"rate = {run // 10}, seed = {run % 10}") for run in (*range(10, 19), *range(20, 25), 30))
    runs = choices.lettered_first
    one, two = shown_bands([band_of(*range(10, 19)), band_of(*range(20, 25))], runs)
    assert (one.selected.letter, one.selected.name) == ("A", "rate = 1")
    assert (two.selected.letter, two.selected.name) == ("B", "rate = 2"), "a letter that the other band does not need"
    assert one.item().text(True) == "A rate = 1  9 seeds: median, quartiles"
    assert shown_bands([band_of(20, 21, 22)], runs) == [], "no letter is left"
    (told,) = shown_bands([band_of(10, 11, 12, at=(1, 2, 9))], runs)
    assert told.item().text(True).endswith("  3 seeds: median 2.000, quartiles 1.000 to 9.000")
    assert shown_bands([band_of(10, 11, 99)], runs) == [], "one of its runs is no longer selected"
    plot = Plot(tuple(one.series()))
    for markers, filling in (("braille", "░"), ("ascii", ":")):
        rows = render_plot(plot, 40, 12, markers).rows  # type: ignore[arg-type]
        assert sum(filling in row for row in rows) >= 5, "between the quartiles"
        assert "A" in "".join(rows) and "A rate = 1" in "".join(rows)


@pytest.mark.parametrize(("markers", "dash"), [("braille", "┊"), ("ascii", ":")])
def test_a_dashed_line_stands_at_the_lowest_validation_loss(markers: str, dash: str) -> None:
    x = np.arange(1.0, 41.0)
    losses = Series("validation", x, (x - 28.0) ** 2, "validation")
    losses.y[3] = np.nan
    lowest = lowest_validation([losses])
    assert lowest is not None and (lowest.label, lowest.x.tolist(), lowest.y.tolist()) == (
        "lowest, epoch 28",
        [28.0],
        [0.0],
    )
    rows = render_plot(Plot((losses, lowest), guide=28.0), 60, 15, markers).rows  # type: ignore[arg-type]
    (column,) = {column for row in rows[1:] for column, sign in enumerate(row) if sign == dash}
    assert rows[0].count("lowest, epoch 28") == 1 and 36 <= column <= 46
    assert lowest_validation([]) is None
    assert lowest_validation([Series("", x, np.full(40, np.nan), "train")]) is None
