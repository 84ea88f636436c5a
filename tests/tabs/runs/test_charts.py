"""Charts of runs without an app: what fields explain, by numbers worked out by hand, and odd values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from catalogue_cases import add, experiment, layers
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_trainer.plotting.lines import render_plot
from tui_trainer.protocol import pack, unpack
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.charts import (
    ASCII_LEGEND,
    BAD,
    BEST,
    GOOD,
    LINE_MARKS,
    REST,
    TEXT,
    ChartChoice,
    Parallel,
    coordinates,
    details,
    field_told_at,
    line_roles,
    render_parallel,
    scatter,
    shares,
)
from tui_trainer.tabs.runs.fields import (
    axis,
    chart_fields,
    explained_share,
    is_log_measure,
    is_log_spaced,
    joint_share,
    ranks,
)
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import ChartField, RunChart, WatchRuns

NAN = math.nan


def share(values: Sequence[float], groups: Sequence[float]) -> float | None:
    return explained_share(np.array(values, float), np.array(groups, float))


def test_the_explained_share_by_hand() -> None:
    # The squares add up to 5, those within the groups to 1: 1 - (1 / 2) / (5 / 3).
    assert share([1, 2, 3, 4], [0, 0, 1, 1]) == pytest.approx(0.7)
    # To 10 and, with groups of 2, 2 and 1, to 1: 1 - (1 / 2) / (10 / 4).
    assert share([1, 2, 3, 4, 5], [0, 0, 1, 1, 2]) == pytest.approx(0.8)
    assert share([3, 3, 8, 8, 8], [0, 0, 1, 1, 1]) == 1.0, "nothing is left within the groups"
    assert share([1, 3, 1, 3], [0, 0, 1, 1]) == 0.0, "less than chance would explain is nothing"
    assert share([1, 2, 3], [0, 1, 2]) is None, "each in a group of its own"
    assert share([1, 2, 3], [0, 0, 0]) is None and share([2, 2, 2, 2], [0, 0, 1, 1]) is None
    assert share([], []) is None and share([1], [0]) is None
    assert share([1e308, -1e308, 1e308, -1e308], [0, 1, 0, 1]) == 1.0


def test_what_each_field_of_a_grid_explains() -> None:
    """Three rates with two seeds: the rate decides, the seed adds a tenth."""
    runs = [
        {"training.learning_rate": rate, "model.seed": seed, "x": 1} for rate in (0.01, 0.1, 1.0) for seed in (0, 1)
    ]
    values = np.array([1.0, 1.1, 2.0, 2.1, 3.0, 3.1])
    rate, seed = chart_fields(runs, values)
    # Squares: 4 in all but for 0.015 within the rates; the other way round 0.015 between the seeds.
    assert (rate.label, rate.scale, rate.levels) == ("learning rate", "log", ("0.01", "0.1", "1"))
    assert rate.share == pytest.approx(1 - (0.015 / 3) / (4.015 / 5))
    assert (seed.label, seed.share, unpack(seed.places).tolist()) == ("seed", 0.0, [0, 1, 0, 1, 0, 1])
    assert joint_share(runs, values) == rate.share, "seeds repeat a setting"
    values[2] = NAN
    assert chart_fields(runs, values)[0].share == pytest.approx(1 - (0.01 / 2) / (4.012 / 4)), "without the lost run"
    (alone,) = chart_fields(runs[::2], values[::2])
    assert (alone.path, alone.share) == ("training.learning_rate", None), "nothing to compare with"
    assert chart_fields([], np.zeros(0)) == () and joint_share([], np.zeros(0)) is None


def test_ranks_are_shared_by_equals_and_lost_runs_are_worst() -> None:
    values, lost = np.array([5.0, 1e12, NAN, 5.0, 0.1, NAN]), np.array([False, False, True, False, False, False])
    np.testing.assert_array_equal(ranks(values, lost, rising=False), [2.5, 4, 5, 2.5, 1, NAN])
    np.testing.assert_array_equal(ranks(values, lost, rising=True), [3.5, 5, 1, 3.5, 2, NAN])
    assert ranks(np.zeros(0), np.zeros(0, bool), rising=True).shape == (0,)


def test_values_of_which_each_run_has_its_own_are_compared_by_ranges() -> None:
    runs = [{"training.l2": float(number), "model.seed": number % 2} for number in range(16)]
    values = np.repeat([1.0, 2.0, 3.0, 4.0], 4)
    penalty, seed = chart_fields(runs, values)
    assert (penalty.path, penalty.share, seed.share) == ("training.l2", 1.0, 0.0)


def test_fields_that_vary_together_are_one() -> None:
    runs = [
        {"training.optimizer.name": name, "training.learning_rate": rate, "model.seed": seed}
        for name, rate in (("sgd", 0.1), ("adam", 0.01))
        for seed in (0, 1)
    ]
    optimizer, seed = chart_fields(runs, np.arange(4.0))
    assert (optimizer.path, optimizer.shared_label) == ("training.optimizer.name", "optimizer with learning rate")
    assert (seed.path, seed.shared_label) == ("model.seed", "seed")


@pytest.mark.parametrize(
    ("column", "scale", "levels"),
    [
        ([0.1, 0.001, 0.01, 0.1], "log", ("0.001", "0.01", "0.1")),
        ([8, 16, 32], "log", ("8", "16", "32")),
        ([1, 10], "log", ("1", "10")),
        ([1, 5], "linear", ("1", "5")),
        ([0, 1, 2, 3, 4], "linear", ("0", "1", "2", "3", "4")),
        ([10, 20, 30, 40, 50], "linear", ("10", "20", "30", "40", "50")),
        ([0.0, 0.5, 0.9], "linear", ("0", "0.5", "0.9")),
        ([0.01, 0.0, 0.001, 0.0001], "levels", ("0", "0.0001", "0.001", "0.01")),
        (["full", 64, 8], "levels", ("8", "64", "full")),
        (["16-8", "8", "none", "16"], "levels", ("none", "8", "16", "16-8")),
        ([True, False], "levels", ("false", "true")),
        ([None, 3], "levels", ("3", "default")),
        ([["x1"], ["x1", "x2"]], "levels", ("x1", "x1, x2")),
    ],
)
def test_how_values_are_laid_out(column: list[object], scale: str, levels: tuple[str, ...]) -> None:
    kind, texts, places = axis(column)
    assert (kind, texts) == (scale, levels)
    by_level = [str(column[index]) for index in np.argsort(places, kind="stable")] if kind != "levels" else []
    assert places.shape == (len(column),) and (not by_level or by_level == sorted(by_level, key=float))


def test_log_scales() -> None:
    assert is_log_spaced([1e-5, 1e-3, 0.09]) and not is_log_spaced([1.0, 2.0, 3.0]) and not is_log_spaced([2.0, 3.0])
    assert is_log_measure("val_loss", np.array([0.1, NAN, 1.0])) and not is_log_measure("score", np.array([0.1, 1.0]))
    assert not is_log_measure("loss", np.array([0.0, 1.0])) and not is_log_measure("loss", np.array([NAN, 1.0]))


def chart_of(tmp_path: Path, **asked: str) -> RunChart:
    listed = RunIndex(Store(tmp_path / "runs.sqlite")).list(WatchRuns(charted=True, **asked))
    assert listed.chart is not None
    return listed.chart


def test_the_chart_of_a_store(tmp_path: Path) -> None:
    """Diverged runs are told apart; the number of layers is a field, and the filter holds."""
    store = Store(tmp_path / "runs.sqlite")
    for rate, loss in ((0.01, 4.0), (0.1, 0.2), (0.3, 0.1)):
        for units in ((), (8, 4)):
            one = experiment("run", training__learning_rate=rate, model__layers=layers(*units))
            add(store, one, val_loss=loss + len(units), loss=loss, val_accuracy=0.5)
    lost = add(store, experiment("run", training__learning_rate=9.0), state="diverged", val_loss=1e30, tags="far")
    chart = chart_of(tmp_path)
    assert (chart.measure, chart.rising, chart.log) == ("val_loss", False, True)
    assert len(chart.runs) == 7 and chart.diverged == (lost,)
    assert np.isnan(unpack(chart.values)[chart.runs.index(lost)])
    assert {field.label for field in chart.fields} == {"hidden layers", "learning rate"}
    assert chart.together is None, "no two runs have the same settings"
    assert chart_of(tmp_path, sort="accuracy").measure == "accuracy"
    assert chart_of(tmp_path, sort="accuracy").rising
    assert len(chart_of(tmp_path, filter="-tag=far", sort="loss").runs) == 6
    assert chart_of(tmp_path, filter="tag=far").fields == ()
    assert RunIndex(store).list(WatchRuns()).chart is None, "nobody asked"


FIELDS = st.sampled_from(("linear", "log", "levels"))
NUMBERS = st.one_of(st.just(NAN), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def charts(draw: st.DrawFn) -> RunChart:
    """Charts of a few runs with fields of all kinds, values that are missing, equal, huge or tiny, and lost runs."""
    count = draw(st.integers(0, 12))
    columns = st.one_of(
        st.lists(st.floats(1e-300, 1e300), min_size=count, max_size=count),
        st.lists(st.integers(-3, 3), min_size=count, max_size=count),
        st.lists(st.text(max_size=5), min_size=count, max_size=count),
    )
    runs = [dict(zip("abc", row, strict=True)) for row in zip(*(draw(columns) for _ in "abc"), strict=True)]
    values = np.array(draw(st.lists(NUMBERS, min_size=count, max_size=count)), np.float64)
    diverged = draw(st.sets(st.sampled_from(range(count)))) if count else set()
    values[list(diverged)] = NAN
    log = is_log_measure("loss", values)
    rising = draw(st.booleans())
    scaled = ranks(values, np.isin(np.arange(count), list(diverged)), rising)
    return RunChart(
        "loss",
        rising,
        log,
        tuple(range(count)),
        pack(values),
        tuple(sorted(diverged)),
        chart_fields(runs, scaled),
        joint_share(runs, scaled),
    )


@given(charts(), st.integers(-1, 12), st.sampled_from(((80, 20), (30, 6), (5, 3), (0, 0))), st.booleans())
def test_odd_values_are_drawn(chart: RunChart, run: int, size: tuple[int, int], ascii_only: bool) -> None:
    markers = "ascii" if ascii_only else "braille"
    choice = ChartChoice()
    for _ in range(3):
        assert all(field.share is None or 0.0 <= field.share <= 1.0 for field in chart.fields)
        frames = (
            render_plot(scatter(chart, choice, run, markers), *size, markers),
            render_parallel(Parallel(chart, run), *size, markers),
        )
        for frame in frames:
            assert [len(row) for row in frame.rows] == [size[0]] * size[1]
        told = details(chart, run, "name", size[0], markers)
        line = "".join(text for text, _ in shares(chart, choice, size[0], markers) + told)
        assert "nan" not in line or any("nan" in level for field in chart.fields for level in field.levels)
        choice = choice.moved(chart, 1).recolored(chart)


def field(path: str, share: float | None = 0.5, places: Sequence[float] = (1, 2, 3, 4)) -> ChartField:
    levels = tuple(f"{place:g}" for place in sorted(set(places)))
    return ChartField(path, path, "linear", levels, pack(np.array(places, float)), share)


def chart(*fields: ChartField, values: Sequence[float] = (4, 3, 2, 1), rising: bool = False) -> RunChart:
    return RunChart("loss", rising, False, (11, 12, 13, 14), pack(np.array(values, float)), (), fields, 0.9)


def test_the_field_across_and_the_colours_are_chosen() -> None:
    one = chart(field("a"), field("b"), field("c"))
    choice = ChartChoice()

    def chosen() -> tuple[str, str]:
        across, color = choice.across_of(one), choice.color_of(one)
        return across.path if across else "", color.path if color else ""

    assert chosen() == ("a", "b"), "those that explain most"
    choice = choice.moved(one, 1)
    assert chosen() == ("b", "a")
    choice = choice.moved(one, -2)
    assert chosen() == ("c", "a"), "around"
    choice = choice.recolored(one)
    assert chosen() == ("c", "b")
    choice = choice.recolored(one)
    assert chosen() == ("c", ""), "no colours after the last"
    choice = choice.moved(one, 1)
    assert chosen() == ("a", ""), "and they stay off"
    choice = choice.recolored(one)
    assert chosen() == ("a", "b")
    assert ChartChoice("a", "b").moved(one, 1).color == "b", "a colour that was chosen stays"
    assert choice.moved(chart(), 1) == choice and choice.color_of(chart()) is None


@pytest.mark.parametrize("width", [120, 60])
def test_each_share_is_found_where_it_stands(width: int) -> None:
    one = chart(field("rate", 0.71), field("units", 0.18), field("seed", 0.04), field("own", None))
    line = shares(one, ChartChoice(), width, "braille")
    text = "".join(span for span, _ in line)
    told = [at.path if (at := field_told_at(line, one, column)) else "" for column in range(len(text) + 3)]
    assert told[text.index("rate")] == told[text.index("71") + 3] == "rate"
    assert told[text.index("what")] == told[text.index("all together")] == told[-1] == ""
    if width == 120:
        assert told[text.index("units")] == "units" and told[text.index("seed")] == told[text.index("4 %")] == "seed"
    else:
        assert told[text.index("+2")] == "" and "units" not in told


def test_bars_tell_what_mattered() -> None:
    one = chart(field("rate", 0.71), field("units", 0.18), field("seed", 0.04), field("own", None))
    line = "".join(text for text, _ in shares(one, ChartChoice(), 120, "braille"))
    assert line == "what mattered   rate █████████████████ 71 %   units ████▍ 18 %   seed █ 4 %   all together 90 %"
    line = "".join(text for text, _ in shares(one, ChartChoice(), 60, "ascii"))
    assert line == "what mattered   rate #### 71 %  +2   all together 90 %"
    for fields, told in (
        ((field("rate", None),), "The runs differ in rate alone."),
        ((field("rate", None), field("seed", None)), "There are too few runs to tell which field mattered."),
        ((replace(field("rate", None), tied=("units",)),), "The runs differ in rate with units, which vary together."),
        ((replace(field("a", None), tied=("b", "c")),), "The runs differ in a with 2 others, which vary together."),
        ((), ""),
    ):
        assert shares(chart(*fields), ChartChoice(), 80, "ascii") == ((told, "dim"),)
    same = chart(field("rate", None), field("seed", None), values=(2, 2, 2, 2))
    assert shares(same, ChartChoice(), 80, "ascii")[0][0] == "All of these runs have the same loss."


def test_a_scatter_of_many_values_has_ranges_as_colours() -> None:
    one = RunChart(
        "loss",
        False,
        False,
        tuple(range(12)),
        pack(np.arange(12.0)),
        (),
        (field("a", 0.9, range(12)), field("b", 0.1, range(12))),
    )
    plot = scatter(one, ChartChoice(), 5, "braille")
    assert [series.label for series in plot.series] == ["0 … 2", "3 … 5", "6 … 8", "9 … 11", ""]
    assert plot.title == "b:" and plot.x_label == "← a →"
    assert plot.series[-1].x.tolist() == [5] and plot.series[-1].glyph == "◉"
    assert len(scatter(one, ChartChoice(color=""), None, "ascii").series) == 1


def test_diverged_runs_are_beyond_the_worst() -> None:
    lost = RunChart(
        "loss", False, True, (1, 2, 3), pack(np.array([1.0, 100.0, NAN])), (3,), (field("a", 1, (1, 2, 3)),)
    )
    (series,) = (one for one in scatter(lost, ChartChoice(), None, "braille").series if one.label == "diverged")
    assert series.x.tolist() == [3] and series.y[0] == pytest.approx(10 ** (2 + 2 / 12))
    assert line_roles(lost).tolist() == [BEST, REST, BAD]
    assert "diverged" in "".join(text for text, _ in details(lost, 3, "name", 80, "braille"))
    assert details(lost, 9, "name", 80, "braille") == ()


def test_what_has_no_room_below_a_chart_is_left_out_whole() -> None:
    one = chart(field("rate"), field("units"), field("seed"))

    def told(width: int) -> str:
        return "".join(text for text, _ in details(one, 12, "a name", width, "braille"))

    whole = "run 12   loss 3.000   rate 2   units 2   seed 2   a name"
    assert told(len(whole)) == whole
    assert told(len(whole) - 1) == whole.replace("   ", "  "), "closer together"
    for width in range(10, len(whole) - 5):
        line = told(width)
        assert len(line) <= width and line.endswith("  …")
        assert whole.replace("   ", "  ").startswith(line.removesuffix("  …"))
        assert whole.replace("   ", "  ").removeprefix(line.removesuffix("  …")).startswith("  "), "no word is cut"


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_an_axis_of_many_values_has_round_labels(scale: str) -> None:
    rates = np.geomspace(1.3e-4, 0.9, 30)
    levels = tuple(f"{rate:.6g}" for rate in rates)
    drawn = ChartField("rate", "rate", scale, levels, pack(rates), 0.5)  # type: ignore[arg-type]
    runs = RunChart("loss", False, False, tuple(range(30)), pack(np.arange(30.0)), (), (drawn,), None)
    rate, _ = coordinates(runs, 2)
    assert 2 <= len(rate.labels) <= 8 and all(len(label) <= 5 for _, label in rate.labels)
    for place, label in rate.labels:
        log = np.log10(rates[[0, -1]]) @ [1 - place, place]
        expected = 10**log if scale == "log" else rates[[0, -1]] @ [1 - place, place]
        assert float(label) == pytest.approx(expected)
    few, _ = coordinates(chart(field("rate")), 2)
    assert [label for _, label in few.labels] == ["1", "2", "3", "4"], "few values have labels themselves"


def test_the_best_line_is_told_from_the_best_quarter() -> None:
    fields = (field("a", 1, range(8)),)
    values = np.array([8.0, 1, 2, 3, 4, 5, NAN, 7])
    one = RunChart("loss", False, False, tuple(range(8)), pack(values), (), fields)
    assert line_roles(one).tolist() == [BAD, BEST, GOOD, REST, REST, REST, TEXT, BAD]
    one = RunChart("score", True, False, tuple(range(8)), pack(values), (), fields)
    assert line_roles(one).tolist() == [BEST, BAD, BAD, REST, REST, REST, TEXT, GOOD]


def test_parallel_coordinates_have_the_best_value_on_top() -> None:
    rows = render_parallel(Parallel(chart(field("rate"), field("units")), 11), 50, 8, "ascii").rows
    assert rows[0].split() == ["rate", "units", "loss"]
    assert rows[1].startswith("+4") and rows[-1].startswith("+1"), "values stand beside their axis"
    assert "1.000" in rows[1] and "4.000" in rows[-1], "the lowest loss is on top"
    assert "#" in rows[1] and "@" in rows[-1], "the best run, and the one under the cursor"
    empty = render_parallel(Parallel(chart()), 60, 8, "ascii").rows
    assert "A chart needs runs that differ in a field" in " ".join(empty)


def test_without_colours_the_legend_names_every_mark_of_a_line() -> None:
    assert set(LINE_MARKS.values()) == {entry.split()[0] for entry in ASCII_LEGEND.split(", ")}
