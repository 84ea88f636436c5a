"""Characters and roles are read back from what plotext has drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.plotting.lines import Dots, draw


@pytest.mark.parametrize("role", [1, 9, 10, 99, 100, 254])
def test_a_role_of_any_length_is_read(role: int) -> None:
    x = np.array([0.0, 1.0])
    characters, roles = draw([Dots(role, "*", x, x, True)], 4, 4, "ascii")
    assert ["".join(row) for row in characters.tolist()] == ["   *", "  * ", " *  ", "*   "]
    assert (roles == np.where(characters == "*", role, 0)).all()


def test_the_letter_that_ends_a_code_can_be_a_mark() -> None:
    at = np.array([0.0, 0.5, 1.0])
    characters, roles = draw([Dots(7, "m", at, at, False)], 3, 3, "ascii")
    assert ["".join(row) for row in characters.tolist()] == ["  m", " m ", "m  "]
    assert roles.tolist() == [[0, 0, 7], [0, 7, 0], [7, 0, 0]]


def test_nothing_to_draw_is_blank() -> None:
    characters, roles = draw([], 5, 2, "braille")
    assert (characters == " ").all() and not roles.any() and characters.shape == roles.shape == (2, 5)
