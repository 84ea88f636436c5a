"""Counts of the Predictions view: many classes folded into one, and bins of residuals."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.protocol import unpack
from tui_trainer.tabs.predictions.compute import confusion, count, histogram


class TestManyClasses:
    """Those with the most mistakes first, the others as one."""

    TRUE = np.array([0] * 9 + [1] * 9 + [2] * 9 + [3] * 9 + [4] * 9)
    SAID = np.array([0] * 9 + [1] * 5 + [3] * 4 + [2] * 8 + [4] + [3] * 9 + [4] * 9)

    def test_all_classes_are_shown_where_they_fit(self) -> None:
        counts = count(self.TRUE, self.SAID, 5)
        whole = confusion(counts, 5, 0)
        assert whole.shown == (0, 1, 2, 3, 4) and whole.others == 0
        assert unpack(whole.counts).reshape(5, 5).tolist() == counts.tolist()
        assert counts.tolist() == [[9, 0, 0, 0, 0], [0, 5, 0, 4, 0], [0, 0, 8, 0, 1], [0, 0, 0, 9, 0], [0, 0, 0, 0, 9]]

    def test_classes_that_do_not_fit_are_folded(self) -> None:
        counts = count(self.TRUE, self.SAID, 5)
        first = confusion(counts, 3, 0)
        assert (first.shown, first.others, first.page, first.pages) == ((1, 3), 3, 0, 3)
        assert unpack(first.counts).reshape(3, 3).tolist() == [[5, 4, 0], [0, 9, 0], [0, 0, 27]]
        assert unpack(first.recall) == pytest.approx([5 / 9, 1.0, 26 / 27])
        assert unpack(first.precision) == pytest.approx([1.0, 9 / 13, 26 / 27])
        assert [confusion(counts, 3, page).shown for page in (1, 2, 9, -1)] == [(2, 4), (0,), (0,), (1, 3)]

    def test_a_class_that_nobody_has_or_says(self) -> None:
        empty = confusion(count(np.array([0, 0]), np.array([0, 2]), 3), 5, 0)
        np.testing.assert_equal(unpack(empty.recall), [0.5, np.nan, np.nan])
        np.testing.assert_equal(unpack(empty.precision), [1.0, np.nan, 0.0])


def test_a_histogram_of_nothing_has_limits() -> None:
    for values in (np.zeros(3), np.array([np.nan, np.inf])):
        edges, counts = histogram(values)
        assert edges[0] == -1.0 and edges[-1] == 1.0 and len(edges) == len(counts) + 1
    assert histogram(np.zeros(3))[1][15] == 3, "0 is in the middle"
