"""The plots, the histogram and the heading of the Predictions tab, against the numbers they show."""

from __future__ import annotations

import re

import numpy as np
import pytest
from msgspec.structs import replace
from predictions_pictures import BOSTON, drawn, picture_of, rows_of

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.formats import format_number
from tui_trainer.protocol import unpack
from tui_trainer.tabs.predictions import plots
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.tabs.predictions.panels import draw_heading, draw_histogram
from tui_trainer.tabs.predictions.plots import Picture


@pytest.fixture(scope="module")
def iris() -> Picture:
    return picture_of(Experiment())


@pytest.fixture(scope="module")
def boston() -> Picture:
    return picture_of(BOSTON)


class TestHistogram:
    """Bars of the residuals."""

    def test_bars_are_as_high_as_their_counts(self, boston: Picture) -> None:
        content = boston.content
        assert isinstance(content, NumberPredictions)
        counts, edges = unpack(content.counts).astype(int), unpack(content.edges)
        lines = rows_of(drawn(draw_histogram, boston, 100, 19))
        bars, left = lines[1:-2], len(str(counts.max())) + 1
        cell = (100 - left) // 31
        for bin_, count in enumerate(counts):
            column = [line[left + bin_ * cell] for line in bars]
            eighths = sum(" ▁▂▃▄▅▆▇█".index(mark) for mark in column)
            assert eighths == int(np.ceil(count / counts.max() * 16 * 8 - 1e-9))
        assert bars[0].startswith(str(counts.max())) and lines[-1].split()[1] == "0"
        assert float(lines[-1].split()[2]) == pytest.approx(edges[-1], rel=1e-3)
        assert lines[-2].index("┬", left + 40) == left + cell * 31 // 2, "0 is in the middle"

    def test_the_histogram_is_drawn_in_ascii(self, boston: Picture) -> None:
        text = "".join(rows_of(drawn(draw_histogram, boston, 66, 12, "ascii"))[1:])
        assert set(text) <= set(" #|+-.0123456789")

    def test_too_little_room_is_left_empty(self, boston: Picture) -> None:
        assert rows_of(drawn(draw_histogram, boston, 20, 3)) == [" " * 20] * 3


class TestPlots:
    """Points, curve and mean."""

    def test_scatter_has_one_scale_and_its_diagonal(self, boston: Picture) -> None:
        plot = plots.scatter(boston)
        diagonal, points = plot.series
        assert plot.x_limits == plot.y_limits and plot.x_limits is not None
        assert (diagonal.x == diagonal.y).all() and tuple(diagonal.x) == plot.x_limits
        assert len(points.x) == 101 and points.label == "validation"
        both = np.concatenate([points.x, points.y])
        assert plot.x_limits == (both.min(), both.max())
        assert (plot.x_label, plot.y_label) == ("true PRICE", "predicted PRICE")

    def test_of_many_points_it_is_said_how_many_are_shown(self) -> None:
        picture = picture_of(
            Experiment(dataset=DatasetConfig("curve_sine", samples=50_000)),
            WatchPredictions(part="training"),
            epochs=0,
        )
        assert plots.scatter(picture).series[1].label == "training, 2,000 of 40,000 shown"
        assert plots.loss_note(picture).endswith(", 2,000 of them shown")

    def test_the_loss_has_curve_mean_and_verdicts(self, iris: Picture) -> None:
        plot, content = plots.losses(iris), iris.content
        assert isinstance(content, ClassPredictions)
        curve, mean, right, wrong = plot.series
        assert [one.label for one in (curve, right, wrong)] == ["-log p", "right", "wrong"]
        assert mean.label == f"mean {format_number(content.points.mean)}" and (mean.y == content.points.mean).all()
        assert len(wrong.x) == content.points.wrong and len(right.x) == content.right
        assert plot.x_limits == (0.0, 1.0)

    @pytest.mark.parametrize(
        ("loss", "output", "told"),
        [
            ("sum_squared_error", "softmax", "‖ŷ - y‖, over the outputs"),
            ("huber", "softmax", "Σ|ŷ - y|, over the outputs"),
            ("binary_crossentropy", "sigmoid", "probability p of all outputs being right"),
        ],
    )
    def test_the_curves_of_losses_say_what_is_on_their_axis(self, loss: str, output: str, told: str) -> None:
        changed = with_field(with_field(Experiment(), "training.loss", loss), "model.output.activation", output)
        plot = plots.losses(picture_of(changed, epochs=0))
        assert plot.x_label == told
        assert len(plot.series) == (3 if loss == "huber" else 4), "huber over several outputs has no one curve"

    def test_the_note_says_what_the_loss_is(self) -> None:
        sums = replace(BOSTON.training, loss="sum_squared_error", learning_rate=1e-6, l2=0.1)
        picture = picture_of(replace(BOSTON, training=sums), epochs=0)
        assert picture.content is not None
        total = format_number(picture.content.points.loss)
        assert plots.loss_note(picture) == f"sum of 101 losses {total} = sum_squared_error, without penalty"

    def test_plots_are_empty_before_there_is_anything(self) -> None:
        assert plots.scatter(Picture()).series == plots.losses(Picture()).series == ()
        assert plots.loss_note(Picture()) == ""


def test_the_heading_says_which_samples(iris: Picture, boston: Picture) -> None:
    assert isinstance(iris.content, ClassPredictions)
    right = iris.content.right
    said = f"validation: 30 of 150 rows   accuracy {right / 30:.1%}, {right} right"
    assert rows_of(drawn(draw_heading, iris, 66, 1))[0].rstrip() == said
    measures = rows_of(drawn(draw_heading, boston, 66, 1))[0]
    assert re.fullmatch(r"validation: 101 of 506 rows   R² -?[\d.]+  MAE [\d.]+  RMSE [\d.]+ *", measures)
    alone = picture_of(with_field(Experiment(), "dataset.validation_split", 0.0), epochs=0)
    assert rows_of(drawn(draw_heading, alone, 66, 1))[0].startswith("training: all 150 rows, none held for validation")
