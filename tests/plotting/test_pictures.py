"""Pictures of pixels as characters: their sizes, and which pixels are in which cell."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.plotting.heatmaps import BACKGROUND, FIRST_SHADE, GREY, SHADES, TINTS
from tui_trainer.plotting.pictures import draw_picture, picture_size
from tui_trainer.plotting.plot import HIGHEST

BLACK, WHITE = FIRST_SHADE + GREY * SHADES, FIRST_SHADE + GREY * SHADES + SHADES - 1


@pytest.mark.parametrize(
    ("pixels", "room", "cells"),
    [
        ((8, 8), (20, 4), (8, 4)),
        ((8, 8), (20, 8), (16, 8)),
        ((8, 8), (40, 30), (40, 20)),
        ((28, 28), (30, 20), (28, 14)),
        ((28, 28), (20, 20), (14, 7)),
        ((28, 28), (100, 3), (6, 3)),
        ((7, 5), (5, 4), (5, 4)),
        ((8, 8), (0, 4), (0, 0)),
    ],
)
def test_a_picture_is_as_large_as_fits(pixels: tuple[int, int], room: tuple[int, int], cells: tuple[int, int]) -> None:
    assert picture_size(*pixels, *room) == cells
    if min(room):
        for form in ("pixels", "shades", "ascii"):
            characters, codes = draw_picture(np.zeros(pixels, np.uint8), GREY, *room, form)
            assert characters.shape == codes.shape == cells[::-1]


def test_a_cell_has_a_pixel_above_and_one_below() -> None:
    levels = np.array([[0, HIGHEST], [HIGHEST, HIGHEST], [HIGHEST, 0]], np.uint8)
    characters, codes = draw_picture(levels, GREY, 2, 2, "pixels")
    assert characters.tolist() == [["▀", " "], ["▀", "▀"]]
    behind, front = np.divmod(codes, TINTS)
    assert front.tolist() == [[BLACK, WHITE], [WHITE, BLACK]]
    assert behind.tolist() == [[WHITE, WHITE], [BACKGROUND, BACKGROUND]], "nothing is below the last row"


def test_pixels_are_averaged_where_there_is_no_room_for_each() -> None:
    levels = np.zeros((4, 4), np.uint8)
    levels[:2, :2] = HIGHEST
    levels[0, 2] = HIGHEST
    _, codes = draw_picture(levels, GREY, 2, 1, "pixels")
    shades = (np.divmod(codes, TINTS)[1] - BLACK).tolist()
    assert shades[0][0] == SHADES - 1 and 0 < shades[0][1] < SHADES // 2


def test_without_colours_a_character_is_the_mean_of_its_two_pixels() -> None:
    levels = np.repeat(np.array([[0, 0, HIGHEST], [0, HIGHEST, HIGHEST]], np.uint8), 2, axis=1)
    assert draw_picture(levels, GREY, 6, 1, "ascii")[0].tolist() == [list("  ==@@")]
    assert draw_picture(levels, GREY, 6, 1, "shades")[0].tolist() == [list("  ▒▒██")]
