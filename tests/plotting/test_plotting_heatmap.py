"""Heatmaps as frames: which colour a pixel has, where a mark lies, and what stands around them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tui_trainer.plotting.axes import Area
from tui_trainer.plotting.frame import AXIS, Frame
from tui_trainer.plotting.heatmaps import (
    DIVERGING,
    DIVERGING_MARKS,
    FIRST_SHADE,
    RAMP,
    SEQUENTIAL,
    SHADES,
    TEXTURES,
    TINTS,
    UNKNOWN_TINT,
    Form,
    draw_canvas,
    layout,
    mark_tint,
    render_heatmap,
    shades,
)
from tui_trainer.plotting.plot import HIGHEST, MIDDLE, UNKNOWN, Gradient, Heatmap, Marks, class_colors, to_levels

WIDTH, HEIGHT = 40, 16


def ramp(columns: int = 20, rows: int = 10) -> Heatmap:
    """Levels from low at the left to high at the right."""
    levels = to_levels(np.tile(np.linspace(-1.0, 1.0, columns), (rows, 1)), -1.0, 1.0)
    return Heatmap(levels, (0.0, 10.0), (-5.0, 5.0), x_label="across", y_label="up")


def area_of(heatmap: Heatmap) -> Area:
    return layout(heatmap, WIDTH, HEIGHT)[0]


def tints(frame: Frame, row: int, column: int) -> tuple[int, int]:
    """The front and the background of a cell."""
    behind, front = divmod(int(frame.roles[row, column]), TINTS)
    return front, behind


def scale_and_shade(tint: int) -> tuple[int, int]:
    return divmod(tint - FIRST_SHADE, SHADES)


def test_a_cell_has_two_pixels_one_above_the_other() -> None:
    levels = np.array([[0, HIGHEST], [HIGHEST, HIGHEST], [MIDDLE, UNKNOWN], [0, 0]], np.uint8)
    characters, codes = draw_canvas(Heatmap(levels), 2, 2, "pixels")
    assert characters.tolist() == [["▀", " "], ["▀", "▀"]]
    behind, front = np.divmod(codes, TINTS)
    low, high = FIRST_SHADE + DIVERGING * SHADES, FIRST_SHADE + (DIVERGING + 1) * SHADES - 1
    assert (front[0, 0], behind[0, 0]) == (low, high), "the upper pixel is the character, the lower its background"
    assert front[0, 1] == behind[0, 1] == high
    assert front[1, 1] == UNKNOWN_TINT and behind[1, 1] == low


def test_shades_go_from_one_end_to_the_other() -> None:
    fine = shades(32)
    assert fine[0] == 0 and fine[HIGHEST] == SHADES - 1 and len(set(fine[: HIGHEST + 1].tolist())) == 32
    two = shades(2)
    assert set(two[:MIDDLE].tolist()) == {0} and set(two[MIDDLE : HIGHEST + 1].tolist()) == {SHADES - 1}
    assert set(shades(1).tolist()) == {SHADES - 1}


@pytest.mark.parametrize(("palette", "scale"), [("diverging", DIVERGING), ("sequential", SEQUENTIAL)])
def test_each_palette_has_its_own_tints(palette: str, scale: int) -> None:
    heatmap = Heatmap(ramp().levels, palette=palette)  # type: ignore[arg-type]
    _, codes = draw_canvas(heatmap, 20, 5, "pixels")
    assert {scale_and_shade(int(tint))[0] for tint in (codes % TINTS).flat} == {scale}


def test_classes_have_the_tints_of_their_class() -> None:
    levels = np.full((2, 3), HIGHEST, np.uint8)
    kinds = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    _, codes = draw_canvas(Heatmap(levels, palette="classes", kinds=kinds, kind_colors=class_colors(3)), 3, 1, "pixels")
    assert [scale_and_shade(int(tint)) for tint in (codes % TINTS)[0]] == [(0, 63), (1, 63), (2, 63)]
    assert [scale_and_shade(int(tint))[0] for tint in (codes // TINTS)[0]] == [2, 1, 0]


def test_a_discretized_scale_has_two_colours() -> None:
    heatmap = Heatmap(ramp().levels, steps=2)
    _, codes = draw_canvas(heatmap, 20, 5, "pixels")
    assert {scale_and_shade(int(tint))[1] for tint in (codes % TINTS).flat} == {0, SHADES - 1}


def test_characters_tell_the_level_without_colour() -> None:
    characters, codes = draw_canvas(Heatmap(ramp(60).levels), 60, 1, "ascii")
    assert list(dict.fromkeys(characters[0])) == RAMP.tolist() and set(codes.flat) == {AXIS}
    shaded, codes = draw_canvas(Heatmap(ramp(9).levels), 9, 1, "shades")
    assert "".join(shaded[0]) == "█▓▒░ ░▒▓█", "stronger towards both ends"
    sides = [scale_and_shade(int(code) % TINTS)[1] for code in codes[0]]
    assert sides[0] == 0 and sides[-1] == SHADES - 1 and set(sides) == {0, SHADES - 1}


def test_characters_tell_classes_without_colour() -> None:
    levels = np.array([[HIGHEST, HIGHEST, 0]] * 2, np.uint8)
    kinds = np.array([[0, 2, 1]] * 2, np.uint8)
    heatmap = Heatmap(levels, palette="classes", kinds=kinds, kind_colors=class_colors(3))
    characters, _ = draw_canvas(heatmap, 3, 1, "ascii")
    assert characters[0].tolist() == [TEXTURES[0], TEXTURES[2], " "], "none where it is unsure"


@pytest.mark.parametrize("form", ["shades", "ascii"])
def test_no_number_is_a_question(form: Form) -> None:
    characters, _ = draw_canvas(Heatmap(np.full((2, 4), UNKNOWN, np.uint8)), 4, 1, form)
    assert set(characters.flat) == {"?"}


@pytest.mark.parametrize(
    ("x", "y", "column", "row"), [(0.0, -5.0, 0, -1), (10.0, 5.0, -1, 0), (5.0, 0.0, None, None), (0.0, 5.0, 0, 0)]
)
def test_a_mark_lies_in_the_cell_of_its_place(x: float, y: float, column: int | None, row: int | None) -> None:
    marks = (Marks("here", np.array([x]), np.array([y]), "low", "◆"),)
    base = ramp()
    heatmap = Heatmap(base.levels, base.x_limits, base.y_limits, marks=marks)
    frame, area = render_heatmap(heatmap, WIDTH, HEIGHT), area_of(heatmap)
    columns = range(area.left, area.left + area.columns)
    rows = range(area.top, area.top + area.rows)
    expected_column = columns[column] if column is not None else area.left + round(0.5 * (area.columns - 1))
    expected_row = rows[row] if row is not None else area.top + round(0.5 * (2 * area.rows - 1)) // 2
    assert frame.rows[expected_row][expected_column] == "◆"
    front, behind = tints(frame, expected_row, expected_column)
    assert front == mark_tint("low") and behind >= FIRST_SHADE, "the picture goes on behind it"
    assert sum(line.count("◆") for line in frame.rows) == 2, "itself, and in the legend"


def test_a_mark_outside_is_left_out_and_a_later_one_is_on_top() -> None:
    x, y = np.array([5.0, 11.0, np.nan, np.inf]), np.array([0.0, 0.0, 0.0, 0.0])
    marks = (Marks("", x, y, glyph="a"), Marks("", x[:1], y[:1], glyph="b"))
    base = ramp()
    heatmap = Heatmap(base.levels, base.x_limits, base.y_limits, marks=marks)
    area = area_of(heatmap)
    text = "".join(line[area.left :] for line in render_heatmap(heatmap, WIDTH, HEIGHT).rows)
    assert text.count("a") == 0 and text.count("b") == 1


def test_a_path_is_joined() -> None:
    marks = (Marks("", np.array([0.0, 10.0]), np.array([0.0, 0.0]), glyph="•", path=True),)
    heatmap = Heatmap(ramp().levels, (0.0, 10.0), (-5.0, 5.0), marks=marks)
    area = area_of(heatmap)
    lines = [line for line in render_heatmap(heatmap, WIDTH, HEIGHT).rows if "•" in line]
    assert [line[area.left :] for line in lines] == ["•" * area.columns]


def test_marks_coloured_one_by_one() -> None:
    marks = Marks("", np.array([0.0, 10.0]), np.array([0.0, 0.0]), levels=np.array([0, HIGHEST], np.uint8))
    _, codes = draw_canvas(Heatmap(ramp().levels, (0.0, 10.0), (-1.0, 1.0), marks=(marks,)), 20, 5, "pixels")
    shown = {scale_and_shade(int(code) % TINTS) for code in codes.flat}
    assert {(DIVERGING_MARKS, 0), (DIVERGING_MARKS, SHADES - 1)} <= shown


def test_what_stands_around_the_picture() -> None:
    marks = (Marks("one", np.zeros(1), np.zeros(1)), Marks("two", np.zeros(1), np.zeros(1), glyph="○", ascii="x"))
    bar = ("-1 ", Gradient(4, 0, MIDDLE - 1), " 0 ", Gradient(4, MIDDLE, HIGHEST), " 1")
    heatmap = Heatmap(ramp().levels, (0.0, 10.0), (-5.0, 5.0), x_label="across", y_label="up", bar=bar, marks=marks)
    rows = render_heatmap(heatmap, WIDTH, HEIGHT, "ascii").rows
    assert rows[0].startswith("up ") and rows[0].rstrip().endswith("@ 1") and " 0 " in rows[0]
    assert rows[-1].split() == ["o", "one", "x", "two", "across"]
    assert [label for label in rows[-2].split()] == ["0", "5", "10"]
    assert "5+" in rows[1] and "-5+" in rows[-4]
    assert render_heatmap(heatmap, WIDTH, HEIGHT).rows[-1].split() == ["●", "one", "○", "two", "across"]


def test_a_square_picture_has_pixels_as_wide_as_high() -> None:
    heatmap = Heatmap(ramp().levels, (-6.0, 6.0), (-6.0, 6.0), square=True)
    area, _ = layout(heatmap, 118, 30)
    assert area.columns == 2 * area.rows
    assert abs((area.left - 4) - (118 - area.left - area.columns)) <= 4, "in the middle"
    narrow, _ = layout(heatmap, 30, 30)
    assert abs(narrow.columns - 2 * narrow.rows) <= 1 and narrow.columns > 20, "also where columns are few"
    bare, _ = layout(replace(heatmap, bare=True), 30, 33)
    assert (bare.columns, bare.rows) == (30, 15) and bare.top == 9, "in the middle"


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("size", [(118, 30), (34, 40), (40, 20), (60, 16)])
def test_a_square_picture_stays_square_in_a_narrow_room(bare: bool, size: tuple[int, int]) -> None:
    """A spiral is no ellipse, neither wide nor high; half a cell is as wide as it is high."""
    heatmap = Heatmap(ramp().levels, (-6.0, 6.0), (-6.0, 6.0), square=True, bare=bare)
    area, _ = layout(heatmap, *size)
    assert abs(area.columns - 2 * area.rows) <= 1
    assert area.left + area.columns <= size[0] and area.top + area.rows <= size[1]
    ticks = [line for line in render_heatmap(heatmap, *size).rows if "-5" in line]
    assert bool(ticks) != bare, "with its axes, or without"


def test_a_grid_of_another_size_is_stretched() -> None:
    heatmap = Heatmap(np.array([[0, HIGHEST]], np.uint8))
    _, codes = draw_canvas(heatmap, 10, 3, "pixels")
    shown = [scale_and_shade(int(code) % TINTS)[1] for code in codes[0]]
    assert shown == [0] * 5 + [SHADES - 1] * 5 and (codes == codes[0]).all()


@pytest.mark.parametrize("form", ["pixels", "shades", "ascii"])
def test_it_fits_whatever_the_size(form: Form) -> None:
    x = np.linspace(-1.0, 11.0, 30)
    marks = (Marks("a long name for some marks", x, x - 5, path=True), Marks("b", x, 5 - x))
    bar = ("lowest ", Gradient(12), " middle ", Gradient(12), " highest")
    for square, width, height in product((True, False), (0, 1, 2, 9, 17, 60), (0, 1, 3, 8, 20)):
        heatmap = Heatmap(
            ramp().levels, (0.0, 10.0), (-5.0, 5.0), x_label="x" * 70, bar=bar, marks=marks, square=square
        )
        frame = render_heatmap(heatmap, width, height, form)
        assert [len(line) for line in frame.rows] == [width] * height and frame.roles.shape == (height, width)


def test_nothing_yet_is_said() -> None:
    rows = render_heatmap(Heatmap(empty="Nothing yet."), 30, 5).rows
    assert rows[2].strip() == "Nothing yet." and "".join(rows[:2] + rows[3:]).strip() == ""


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="alike"):
        Heatmap(np.zeros((2, 3), np.uint8), kinds=np.zeros((3, 2), np.uint8))
    with pytest.raises(ValueError, match="choose one of"):
        Marks("", np.zeros(1), np.zeros(1), "mauve")
