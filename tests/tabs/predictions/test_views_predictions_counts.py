"""Counts of the Predictions view: many classes folded into one, and bins of residuals."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.predictions.compute import PredictionsCompute, confusion, count
from tui_trainer.tabs.predictions.messages import ClassPredictions, WatchPredictions
from tui_trainer.training.session import Session


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


def test_the_curves_of_a_class_against_the_rest_and_the_counts_at_a_threshold() -> None:
    session = Session()
    session.load(Experiment())
    for _ in range(5):
        session.epoch()
    compute = PredictionsCompute(TrainerContext(session))
    for of_class in range(3):
        content = compute.compute(WatchPredictions(cut=0.3, of_class=of_class))
        assert isinstance(content, ClassPredictions) and content.curves is not None
        curves, x, y = content.curves, session.split.x_val, session.split.y_val
        assert x is not None and y is not None
        scores, members = session.trainer.model.predict(x)[:, of_class], y[:, of_class] == 1
        above = scores > 0.3
        assert curves.counts == tuple(
            np.count_nonzero(one) for one in (members & above, members & ~above, ~members & above, ~members & ~above)
        )
        assert (curves.of_class, curves.cut) == (of_class, 0.3)
        # The area is the chance that one of the class has a higher output than one of the others.
        higher = (scores[members][:, None] > scores[~members]).mean()
        higher += (scores[members][:, None] == scores[~members]).mean() / 2
        assert curves.area == pytest.approx(higher)
        assert unpack(curves.true_positive)[[0, -1]].tolist() == [0.0, 1.0]
        assert (np.diff(unpack(curves.false_positive)) >= 0).all() and (np.diff(unpack(curves.recall)) >= 0).all()
    assert compute.compute(WatchPredictions()).curves is None, "only where they are asked for"  # type: ignore[union-attr]


def test_two_classes_have_the_curves_of_the_second() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("iris_two")))
    session.epoch()
    content = PredictionsCompute(TrainerContext(session)).compute(WatchPredictions(cut=0.5, of_class=0))
    assert isinstance(content, ClassPredictions) and content.curves is not None
    right, missed, wrong, left = content.curves.counts
    assert content.curves.of_class == 1 and right + left == content.right and right + missed + wrong + left == 20


def test_there_are_no_curves_of_outputs_that_are_not_finite() -> None:
    session = Session()
    session.load(Experiment())
    session.trainer.model.parameters.flat[:] = np.nan
    content = PredictionsCompute(TrainerContext(session)).compute(WatchPredictions(cut=0.5))
    assert isinstance(content, ClassPredictions) and content.curves is None


def test_a_cell_of_the_matrix_leaves_only_its_samples() -> None:
    session = Session()
    session.load(Experiment())
    compute = PredictionsCompute(TrainerContext(session))
    whole = compute.compute(WatchPredictions(part="training", rows=200))
    assert isinstance(whole, ClassPredictions) and whole.listed.total == 120
    counts = unpack(whole.confusion.counts).reshape(3, 3)
    true, predicted = (int(place) for place in np.argwhere(counts - np.diag(counts.diagonal()))[0])
    content = compute.compute(WatchPredictions(part="training", rows=200, chosen=900, cell=(true, predicted)))
    assert isinstance(content, ClassPredictions) and content.chosen is not None
    assert content.cell == (true, predicted) and content.confusion == whole.confusion
    assert content.listed.total == counts[true, predicted] == content.chosen.rank + 1
    assert set(unpack(content.listed.true)) == {true} and set(unpack(content.listed.predicted)) == {predicted}
    is_in_cell = (unpack(whole.listed.true) == true) & (unpack(whole.listed.predicted) == predicted)
    assert (unpack(content.listed.rows) == unpack(whole.listed.rows)[is_in_cell]).all(), "the worst first"
    empty = tuple(int(place) for place in np.argwhere(counts == 0)[0])
    content = compute.compute(WatchPredictions(part="training", cell=(empty[0], empty[1])))
    assert isinstance(content, ClassPredictions)
    assert (content.listed.total, content.listed.rows, content.chosen) == (0, b"", None)
    content = compute.compute(WatchPredictions(part="training", cell=(1, 3)))
    assert isinstance(content, ClassPredictions) and content.cell is None and content.listed.total == 120
