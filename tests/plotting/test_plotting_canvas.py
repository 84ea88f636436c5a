"""Drawing: always the asked size, never an error, and the curve where it belongs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_trainer.plotting.frame import AXIS, TEXT, Frame, visible
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.settings import Markers

MARKERS: tuple[Markers, ...] = ("braille", "block", "ascii")


def series(y: list[float], label: str = "train", color: str = "train", kind: str = "line") -> Series:
    """A series over 1, 2, 3, ..."""
    return Series(label, np.arange(1.0, len(y) + 1), np.array(y, float), color, kind)  # type: ignore[arg-type]


def assert_fits(frame: Frame, width: int, height: int) -> None:
    assert len(frame.rows) == height
    assert all(len(row) == cell_len(visible(row)) == width for row in frame.rows)
    assert frame.roles.shape == (height, width)


WEIRD: dict[str, list[float]] = {
    "none": [],
    "one": [0.5],
    "constant": [3.0] * 9,
    "zero": [0.0] * 5,
    "nan": [np.nan] * 5,
    "infinite": [np.inf, -np.inf, 1.0, 2.0],
    "huge": [-1.7e308, 1.7e308, 0.0],
    "tiny": [5e-324, 1e-310, 0.0],
    "negative": [-1.0, -5.0, -2.0],
    "close": [1.0, 1.0 + 1e-15, 1.0],
    "decay": [2.0 / n for n in range(1, 300)],
}


@pytest.mark.parametrize("markers", MARKERS)
@pytest.mark.parametrize("name", WEIRD)
def test_any_size_and_any_data(name: str, markers: Markers) -> None:
    for log_x, log_y in ((False, False), (False, True), (True, False), (True, True)):
        for kind in ("line", "scatter"):
            plot = Plot((series(WEIRD[name], kind=kind),), "epoch", "loss", "a title", log_y, log_x, empty="no run yet")
            for width, height in [(0, 0), (0, 3), (3, 0), (1, 1), (5, 2), (2, 9), (9, 5), (20, 6), (80, 24)]:
                assert_fits(render_plot(plot, width, height, markers), width, height)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 70), st.integers(0, 20), st.sampled_from(MARKERS), st.booleans(), st.booleans())
def test_a_random_plot_fits_its_size(
    data: st.DataObject, width: int, height: int, markers: Markers, log_x: bool, log_y: bool
) -> None:
    parts = data.draw(
        st.lists(st.tuples(st.lists(numbers, max_size=20), st.text(max_size=9), st.booleans()), max_size=4)
    )
    found = tuple(series(y, label, kind="line" if line else "scatter") for y, label, line in parts)
    limits = data.draw(st.none() | st.tuples(numbers, numbers))
    text = data.draw(st.text(max_size=12))
    plot = Plot(found, text, text, text, log_y, log_x, y_limits=limits, x_limits=limits, empty=text)
    assert_fits(render_plot(plot, width, height, markers), width, height)


def test_two_lines_have_two_colours() -> None:
    plot = Plot((series([5, 4, 3]), series([1, 2, 1], "validation", "validation")))
    frame = render_plot(plot, 60, 20)
    upper, lower = frame.roles[2:8, 5:], frame.roles[12:17, 5:]
    drawn = [set(np.unique(part)) - {TEXT, AXIS} for part in (upper, lower)]  # a blank is as what is before it
    assert drawn == [{1}, {2}]


def test_ascii_tells_lines_apart_by_character() -> None:
    plot = Plot((series([5, 4, 3]), series([1, 2, 1], "validation", "validation")))
    text = render_plot(plot, 60, 20, "ascii").rows
    assert "* train  o validation" in text[0]
    assert all(row.isascii() for row in text)
    assert any("*" in row for row in text[1:8]) and any("o" in row for row in text[12:18])


def test_the_curve_ends_in_the_corners() -> None:
    rows = render_plot(Plot((series([0.0, 1.0]),), y_label="y"), 40, 12).rows
    assert rows[1][-1] != " " and rows[9][rows[9].index("┤") + 1 :][0] != " "


def test_an_exponential_is_straight_on_a_log_scale() -> None:
    plot = Plot((series([10.0**-n for n in range(9)]),), log_y=True)
    frame = render_plot(plot, 60, 24)
    columns = [np.flatnonzero(row == 1).mean() for row in frame.roles[1:22] if (row == 1).any()]
    assert len(columns) == 21
    np.testing.assert_allclose(np.diff(columns), np.mean(np.diff(columns)), atol=1.01)


def test_a_log_scale_says_what_it_hides() -> None:
    rows = render_plot(Plot((series([0.0, -1.0, 1.0, 2.0]),), y_label="loss", log_y=True), 70, 12).rows
    assert rows[0].startswith("loss (log scale, 2 values not above 0 hidden)")


def test_a_single_point_is_a_large_mark() -> None:
    assert "●" in "".join(render_plot(Plot((series([0.5]),)), 40, 12).rows[1:])


def test_an_empty_plot_says_so_in_the_middle() -> None:
    frame = render_plot(Plot(empty="no run yet"), 30, 9)
    assert frame.rows[4].strip() == "no run yet"
    assert frame.roles[4].max() == AXIS


def test_a_value_far_outside_the_limits_is_cut_quickly() -> None:
    frame = render_plot(Plot((series([0.1, 1e300, 0.2, -1e300]),), y_limits=(0.0, 1.0)), 60, 15)
    assert (frame.roles == 1).sum() > 10


def test_labels_of_wide_characters_keep_the_grid() -> None:
    assert_fits(render_plot(Plot((series([1, 2], "損失\t\x1b[31m"),), "時間", "e\u0301"), 40, 10), 40, 10)


def test_the_name_of_x_stands_between_ticks() -> None:
    for width in range(24, 130):
        bottom = render_plot(Plot((series([1.0] * 1000),), "epoch", "loss"), width, 20).rows[-1]
        assert "  epoch" in bottom and bottom.split()[0] == "0", bottom


def test_series_are_checked() -> None:
    with pytest.raises(ValueError, match="unknown color 'red'"):
        series([1.0], color="red")
    with pytest.raises(ValueError, match="alike"):
        Series("train", np.zeros(2), np.zeros(3), "train")


@pytest.mark.parametrize("markers", MARKERS)
def test_ticks_stand_where_the_dots_are(markers: Markers) -> None:
    for height in range(8, 30):
        frame = render_plot(Plot((series([0.0, 1.0, 2.0, 3.0, 4.0], kind="scatter"),)), 61, height, markers)
        gutter = frame.rows[-2].index("+" if markers == "ascii" else "└")
        for row in range(1, height - 2):
            if frame.rows[row][gutter] in "┤+" and frame.rows[row][:gutter].strip() in "1234":
                assert (frame.roles[row] == 1).any(), (height, frame.rows)


def test_a_path_is_joined_in_its_order() -> None:
    x, y = np.array([0.0, 10.0, 0.0, 10.0]), np.array([0.0, 0.0, 10.0, 10.0])
    path = render_plot(Plot((Series("", x, y, "train", "path"),)), 41, 23)
    middle = [row[22:26].strip() for row in path.rows[10:13]]
    assert any(middle), "the way back goes through the middle"
    line = render_plot(Plot((Series("", x, y, "train", "scatter"),)), 41, 23)
    assert not any(row[22:26].strip() for row in line.rows[10:13])


def test_points_with_a_glyph_are_that_character_but_in_ascii() -> None:
    cloud = Series("here", np.array([1.0, 2.0]), np.array([1.0, 2.0]), "train", "scatter", "◆")
    text = "\n".join(render_plot(Plot((cloud,)), 40, 12).rows)
    assert text.count("◆") == 3 and "◆ here" in text, "two points and the legend"
    assert "\n".join(render_plot(Plot((cloud,)), 40, 12, "ascii").rows).isascii()


def test_a_sentence_takes_as_many_lines_as_it_needs() -> None:
    waiting = Plot(empty="Press space to train, s for one mini-batch.")
    rows = [row.strip() for row in render_plot(waiting, 20, 9).rows]
    assert [row for row in rows if row] == ["Press space to", "train, s for one", "mini-batch."]
    assert render_plot(waiting, 10, 3).rows == ["  Press   ", " space to ", "train, s… "], "no room for more"


def test_a_sign_stands_where_its_line_goes_through_the_middle_of_a_cell() -> None:
    x = np.arange(1.0, 301.0)
    line = replace(series(np.exp(-x / 60.0).tolist()), sign="○")
    plain, signed = (render_plot(Plot((one,)), 90, 20).rows for one in (replace(line, sign=""), line))
    signs = [(row, column) for row, text in enumerate(signed) if row for column, char in enumerate(text) if char == "○"]
    assert len(signs) >= 7, "one to each twelve columns"
    for row, column in signs:
        dots = ord(plain[row][column]) - 0x2800
        assert dots & 0b00110110, f"its line is at the border of the cell {row}, {column}"


def test_a_line_that_leaves_the_canvas_has_no_signs_out_there() -> None:
    line = replace(series([0.0, 50.0, 100.0]), sign="○")
    rows = render_plot(Plot((line,), y_limits=(0.0, 10.0)), 60, 20).rows
    assert rows[0].count("○") == 1, "in the legend"
    assert not any("○" in row[20:] for row in rows[1:])


@pytest.mark.parametrize("size", [(80, 11), (40, 30), (120, 12)])
def test_a_circle_is_one_where_a_unit_has_the_same_length_on_both_axes(size: tuple[int, int]) -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = Series("", 3 * np.cos(angle), 3 * np.sin(angle), "train", "scatter")

    def extent(plot: Plot) -> tuple[int, int]:
        """The columns and rows from the first to the last star."""
        frame = render_plot(plot, *size, markers="ascii")
        rows, columns = np.nonzero(np.array([list(row) for row in frame.rows]) == "*")
        return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1

    columns, rows = extent(Plot((circle,), square=True))
    assert columns == pytest.approx(2 * rows, abs=2), "a cell is twice as high as wide"
    assert extent(Plot((circle,)))[0] > size[0] - 6, "else it fills the canvas"


def test_a_plot_with_nothing_to_say_above_it_begins_in_the_first_row() -> None:
    falling = np.linspace(1, 0, 50)
    bare = render_plot(Plot((series(falling, label=""),)), 40, 10)
    named = render_plot(Plot((series(falling, label="loss"),)), 40, 10)
    assert (bare.roles[0] == 1).any() and named.rows[0].strip().endswith("loss")
    assert "log scale" in render_plot(Plot((series(falling + 1, label=""),), log_y=True), 40, 10).rows[0]
