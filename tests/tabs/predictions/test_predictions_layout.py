"""Which panels of the Predictions tab have how much room, and how its numbers are written."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.formats import format_column, format_number, format_percent
from tui_trainer.tabs.predictions.layout import Panel, Room, arrange
from tui_trainer.tabs.predictions.view import PANELS


class TestArrangement:
    """Panels fill the room there is, whatever it is."""

    @pytest.mark.parametrize("panel", [*PANELS, "importance", "response", "what_if"])
    @pytest.mark.parametrize("classes", [0, 2, 3, 10, 100])
    @pytest.mark.parametrize("size", [(117, 33), (65, 33), (77, 17), (59, 9), (200, 60)])
    def test_the_room_is_filled_and_not_overfilled(self, panel: Panel, classes: int, size: tuple[int, int]) -> None:
        room = Room(*size, classes, chosen=6 + classes)
        found = arrange(panel, room)
        halves = [sum(half.values()) for half in (found.left, found.right)]
        assert all(rows >= 1 for rows in found.heights.values())
        if panel == "thresholds" and found.beside:  # the curves are alike, and below them is room at the right
            assert halves[0] == size[1] and found.heights["precision"] == found.heights["roc"]
        else:
            assert (set(halves) == {size[1]}) if found.beside else (sum(halves) == size[1])
        assert found.beside == (panel in ("overview", "thresholds", "response") and size[0] >= 100)
        assert sum(found.heights.values()) + len(found.gaps) == sum(halves)

    def test_what_is_beside_what(self) -> None:
        wide = arrange("overview", Room(117, 33, 3, chosen=7))
        assert set(wide.left) == {"matrix", "note", "loss"} and wide.heights["chosen"] == 7
        numbers = arrange("overview", Room(117, 33, 0, chosen=4)).heights
        assert set(numbers) == {"scatter", "note", "loss", "histogram", "list", "chosen"}
        small = arrange("overview", Room(77, 17, 10, chosen=16)).heights
        assert small["matrix"] == 13 and small["list"] == 4 and "loss" not in small
        assert set(arrange("loss", Room(77, 17, 3)).heights) == {"note", "loss"}
        assert set(arrange("loss", Room(77, 17, 0)).heights) == {"note", "loss", "histogram"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.23147, "0.2315"),
        (18.7533, "18.75"),
        (22061.4, "22,061"),
        (3.1e-7, "3.1e−7"),
        (-2e9, "−2e9"),
        (0.0, "0"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
    ],
)
def test_a_number_by_itself_is_short(value: float, text: str) -> None:
    assert format_number(value) == text


def test_numbers_in_a_column_have_the_same_decimals() -> None:
    assert format_column([1.0, 20.0, 3.0]) == ["1", "20", "3"]
    assert format_column([0.5, 12.25]) == ["0.50", "12.25"]
    assert format_column([0.5, 12.3], trim=True) == ["0.5", "12.3"]
    assert format_column([0.25, np.nan, np.inf]) == ["0.250", "–", "∞"]
    assert format_column([1e-5, 2e-5]) == ["1e-5", "2e-5"]
    assert format_column([]) == []
    assert (format_percent(0.5, 1), format_percent(1 / 3, 0), format_percent(np.nan, 1)) == ("50.0", "33", "–")
