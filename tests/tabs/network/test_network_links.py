"""Links as dots: where they run, which of them lie on top, and what tells their sign."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.settings import Markers
from tui_trainer.tabs.network.drawing import (
    LEVELS,
    LINK,
    NAMES,
    NEURON,
    SELECTED_WEIGHT,
    SHADES,
    Front,
    Gap,
    draw_links,
    neuron_role,
)

GAP = Gap(left=10, columns=20, top=2, height=9, sources=(2, 6, 10), targets=(4, 8))
NONE = np.zeros((3, 2), np.int8)


def shades(**links: int) -> np.ndarray:
    """Only these links: ``s0t1=-127`` is one from source 0 to target 1."""
    result = NONE.copy()
    for name, size in links.items():
        result[int(name[1]), int(name[3])] = size
    return result


def test_without_weights_there_is_nothing() -> None:
    drawn = draw_links(GAP, NONE, Front(), "braille", dashed=False)
    assert set(drawn.characters.ravel()) == {" "} and not drawn.roles.any()
    assert drawn.characters.shape == drawn.roles.shape == (9, 20)


@pytest.mark.parametrize("markers", ["braille", "block", "ascii"])
def test_a_link_runs_from_row_to_row(markers: Markers) -> None:
    drawn = draw_links(GAP, shades(s0t1=100), Front(), markers, dashed=False)
    rows, columns = np.nonzero(drawn.roles)
    assert set(columns) == set(range(20)), "without a hole"
    assert rows[columns == 0].tolist() == [0] and rows[columns == 19].tolist() == [6]
    assert ((drawn.characters != " ") == (drawn.roles > 0)).all()


@pytest.mark.parametrize(("size", "level"), [(5, 1), (36, 2), (72, 3), (127, 4), (-5, 1), (-127, 4)])
def test_levels_and_signs_are_roles(size: int, level: int) -> None:
    drawn = draw_links(GAP, shades(s1t0=size), Front(), "braille", dashed=False)
    wanted = LINK + level - 1 + (LEVELS if size < 0 else 0)
    assert set(drawn.roles[drawn.roles > 0]) == {wanted}


def test_the_strongest_is_thicker() -> None:
    def dots(size: int) -> int:
        drawn = draw_links(GAP, shades(s1t0=size), Front(), "braille", dashed=False)
        return sum((ord(char) - 0x2800).bit_count() for char in drawn.characters.ravel() if char != " ")

    assert dots(4) == 0, "too small to be seen"
    assert dots(10) == dots(100) and dots(127) > 1.5 * dots(100)


def test_a_strong_link_lies_over_a_weak_one() -> None:
    strong = draw_links(GAP, shades(s0t1=127), Front(), "braille", dashed=False)
    both = draw_links(GAP, shades(s0t1=127, s2t0=-20), Front(), "braille", dashed=False)
    mine = strong.roles > 0
    assert (both.roles[mine] == LINK + LEVELS - 1).all() and (both.characters[mine] == strong.characters[mine]).all()
    assert (both.roles == LINK + LEVELS).any(), "the weak one shows beside it"


def test_links_in_front_and_the_picked_one() -> None:
    weak = draw_links(GAP, shades(s2t0=20), Front(), "braille", dashed=False).roles > 0
    everything = shades(s0t1=127, s1t0=127, s1t1=-127, s2t0=20)
    for front in (Front(target=0), Front(source=2)):
        roles = draw_links(GAP, everything, front, "braille", dashed=False).roles
        if front.source is not None:
            assert (roles[weak] == LINK).all(), "the links of a neuron lie over all others"
    picked = draw_links(GAP, everything, Front(target=0, picked=(2, 0)), "braille", dashed=False).roles
    assert (picked[weak] == SELECTED_WEIGHT).all()


def test_the_sign_is_seen_without_colours() -> None:
    """Dashes, or characters of their own."""
    positive, negative = (draw_links(GAP, shades(s1t0=sign * 100), Front(), "braille", dashed=True) for sign in (1, -1))
    assert (positive.roles > 0).any(axis=0).all(), "a whole line"
    assert not (negative.roles > 0).any(axis=0).all() and (negative.roles > 0).any(), "a line with gaps"
    for size, signs in ((60, "+"), (-60, "-"), (127, "#"), (-127, "="), (20, "+"), (-20, "-")):
        drawn = draw_links(GAP, shades(s1t0=size), Front(), "ascii", dashed=True)
        assert set(drawn.characters.ravel()) == {" ", signs}
    drawn = draw_links(GAP, shades(s1t0=60), Front(picked=(1, 0)), "ascii", dashed=True)
    assert set(drawn.characters.ravel()) == {" ", "@"}


def test_neurons_have_roles_of_their_size_and_sign() -> None:
    assert neuron_role(0) == NEURON
    assert [neuron_role(size) - NEURON for size in (1, 127, -1, -127)] == [1, SHADES, SHADES + 1, 2 * SHADES]
    assert {neuron_role(size) for size in range(-127, 128)} <= set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)
