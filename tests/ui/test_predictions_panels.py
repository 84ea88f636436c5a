"""The panels of the Predictions tab, drawn from numbers computed by a session: what stands where."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment import DatasetConfig, Experiment, ModelConfig, OutputConfig, TrainingConfig, with_field
from tui_trainer.runtime import reporting
from tui_trainer.runtime.protocol import pack, unpack
from tui_trainer.runtime.protocol.predictions import (
    ClassPredictions,
    Confusion,
    NumberPredictions,
    WatchPredictions,
)
from tui_trainer.runtime.session import Session
from tui_trainer.runtime.views.predictions import PredictionsLook
from tui_trainer.runtime.views.predictions.confusion import confusion
from tui_trainer.ui.plotting import Markers
from tui_trainer.ui.plotting.frame import Board
from tui_trainer.ui.views.predictions import plots
from tui_trainer.ui.views.predictions.arrangement import PANELS, Panel, Room, arrange
from tui_trainer.ui.views.predictions.chosen import draw_chosen, lines_wanted
from tui_trainer.ui.views.predictions.heading import draw_heading
from tui_trainer.ui.views.predictions.histogram import draw_histogram
from tui_trainer.ui.views.predictions.matrix import columns_for, draw_matrix
from tui_trainer.ui.views.predictions.numbers import column, number, percent
from tui_trainer.ui.views.predictions.picture import CHOSEN, DIAGONAL, RIGHT, WRONG, Picture
from tui_trainer.ui.views.predictions.sample_list import draw_list

BOSTON = Experiment(dataset=DatasetConfig("boston"), training=TrainingConfig(learning_rate=0.005))
Draw = Callable[[Board, Picture, Markers], None]


def picture_of(experiment: Experiment, request: WatchPredictions | None = None, epochs: int = 2) -> Picture:
    """What the tab has to show after some epochs."""
    session = Session()
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
    content = PredictionsLook(session).see(request or WatchPredictions())
    assert isinstance(content, ClassPredictions | NumberPredictions)
    empty = Picture.of(reporting.loaded(session, 1))
    return Picture(content, empty.features, empty.target, empty.classes, empty.rows)


def drawn(draw: Draw, picture: Picture, width: int, height: int, markers: Markers = "braille") -> Board:
    board = Board(width, height)
    draw(board, picture, markers)
    return board


def rows_of(board: Board) -> list[str]:
    return board.frame().rows


@pytest.fixture(scope="module")
def iris() -> Picture:
    return picture_of(Experiment())


@pytest.fixture(scope="module")
def boston() -> Picture:
    return picture_of(BOSTON)


def matrix_of(names: tuple[str, ...], counts: np.ndarray, most: int = 12, page: int = 0) -> Picture:
    """A picture of nothing but a confusion matrix."""
    base = picture_of(Experiment(), epochs=0)
    assert isinstance(base.content, ClassPredictions)
    right = int(counts.trace())
    content = replace(base.content, confusion=confusion(counts, most, page), accuracy=right / counts.sum(), right=right)
    return Picture(content, base.features, base.target, names, int(counts.sum()))


class TestMatrix:
    """Rows are true classes, columns predicted ones."""

    def test_numbers_stand_under_their_class(self) -> None:
        counts = np.array([[10, 0, 2], [1, 5, 0], [0, 3, 7]])
        board = drawn(draw_matrix, matrix_of(("setosa", "versicolor", "virginica"), counts), 58, 6)
        lines = rows_of(board)
        assert lines[0].split() == ["predicted"]
        assert lines[1].split() == ["true", "setosa", "versicolor", "virginica", "recall", "%"]
        assert [line.split() for line in lines[2:]] == [
            ["setosa", "10", "·", "2", "83.3"],
            ["versicolor", "1", "5", "·", "83.3"],
            ["virginica", "·", "3", "7", "70.0"],
            ["precision", "%", "90.9", "62.5", "77.8", "78.6"],
        ]
        for name, cells in (("setosa", ("10", "1")), ("virginica", ("2", "7"))):
            edge = lines[1].index(name) + len(name)
            assert lines[2][edge - len(cells[0]) : edge] == cells[0], "aligned at the right"
        where = {
            (row, role)
            for row, column in zip(*np.nonzero(board.roles), strict=True)
            if (role := board.roles[row, column])
        }
        assert {row for row, role in where if role == DIAGONAL} == {2, 3, 4}
        assert {row for row, role in where if role == WRONG} == {2, 3, 4}

    @pytest.mark.parametrize(("width", "most"), [(118, 24), (66, 11), (58, 9)])
    def test_as_many_classes_as_are_promised_fit(self, width: int, most: int) -> None:
        assert columns_for(width, 2) == most
        names = tuple(f"class number {k}" for k in range(most))
        counts = np.full((most, most), 99)
        lines = rows_of(drawn(draw_matrix, matrix_of(names, counts, most), width, most + 3))
        assert [line.split()[-most - 1 : -1] for line in lines[2:-1]] == [["99"] * most] * most
        assert lines[1].rstrip().endswith("recall %") and all(re.search(r" \d+\.\d *$", line) for line in lines[2:])

    def test_a_hundred_classes_are_folded(self) -> None:
        rng = np.random.default_rng(0)
        counts = np.diag(rng.integers(5, 9, 100)) + (rng.random((100, 100)) < 0.01)
        for page, shown in ((0, 9), (11, 1)):
            picture = matrix_of(tuple(f"c{k}" for k in range(100)), counts, 10, page)
            lines = rows_of(drawn(draw_matrix, picture, 66, 13))
            assert f"page {page + 1} of 12" in lines[0]
            assert all(line.startswith("c") for line in lines[2 : 2 + shown])
            assert lines[2 + shown].startswith(f"{100 - shown} others") and lines[3 + shown].startswith("precision")
            cells = [cell for line in lines[2 : 3 + shown] for cell in line.split()[-shown - 2 : -1]]
            assert sum(int(cell) for cell in cells if cell != "·") == counts.sum()

    def test_a_class_without_samples_has_no_share(self) -> None:
        lines = rows_of(drawn(draw_matrix, matrix_of(("a", "b"), np.array([[3, 0], [0, 0]])), 60, 5))
        assert lines[3].split() == ["b", "·", "0", "–"]
        assert lines[4].split() == ["precision", "%", "100.0", "–", "100.0"]


class TestList:
    """The worst first, a row each."""

    def test_classes(self, iris: Picture) -> None:
        board = drawn(draw_list, iris, 118, 8)
        lines, content = rows_of(board), iris.content
        assert isinstance(content, ClassPredictions)
        assert lines[0].split()[:6] == ["#", "row", "true", "predicted", "p(true)", "loss"]
        row, certainty, loss = (
            unpack(values)[2] for values in (content.listed.rows, content.listed.certainty, content.listed.losses)
        )
        cells = lines[3].split()
        assert cells[:2] == ["3", f"{row:.0f}"] and f"{certainty:.4f}" in cells and f"{loss:.3f}" in cells
        true, predicted = (
            iris.classes[int(unpack(values)[2])] for values in (content.listed.true, content.listed.predicted)
        )
        assert cells[2:4] == [true, predicted]
        features = unpack(content.listed.features).reshape(-1, 4)[2]
        assert [float(cell) for cell in cells[6:]] == features.tolist(), "raw, not standardized"
        assert lines[1].startswith("▸") and (board.roles[1] == CHOSEN).all() and not (board.roles[2] == CHOSEN).any()
        at = lines[0].index("predicted")
        assert board.roles[3, at] == (RIGHT if true == predicted else WRONG)

    def test_features_that_do_not_fit_are_counted(self, iris: Picture, boston: Picture) -> None:
        assert "+4" in rows_of(drawn(draw_list, iris, 58, 8))[0]
        header = rows_of(drawn(draw_list, boston, 78, 8))[0].split()
        shown = [name for name in header if name in boston.features]
        assert 0 < len(shown) < 13 and f"+{13 - len(shown)}" in header

    def test_numbers_are_aligned(self, boston: Picture) -> None:
        lines = rows_of(drawn(draw_list, boston, 78, 9))
        assert lines[0].split()[:6] == ["#", "row", "true", "predicted", "ŷ", "-"]
        points = [[match.start() for match in re.finditer(r"\.", line)][:4] for line in lines[1:]]
        assert all(place == points[0] for place in points)

    def test_ascii_and_little_room(self, iris: Picture) -> None:
        assert rows_of(drawn(draw_list, iris, 60, 5, "ascii"))[1].startswith(">")
        for width, height in ((1, 1), (7, 2), (30, 3)):
            assert all(len(line) == width for line in rows_of(drawn(draw_list, iris, width, height)))


class TestChosen:
    """One sample closely."""

    def test_probabilities_and_their_sum(self, iris: Picture) -> None:
        lines, content = rows_of(drawn(draw_chosen, iris, 60, 8)), iris.content
        assert isinstance(content, ClassPredictions)
        chosen = content.chosen
        assert lines[0].startswith(f"row {chosen.row}: {iris.classes[int(chosen.true)]}, predicted ")
        outputs = unpack(chosen.outputs)
        for line, name, value in zip(lines[1:4], iris.classes, outputs, strict=True):
            assert line.split()[:2] == [name, f"{value:.4f}"]
            assert abs(line.count("█") - value * (60 - 20)) < 2
        assert lines[4].split()[:2] == ["sum", "1.0000"]
        told = " ".join(lines[5:])
        for name, value in zip(iris.features, unpack(chosen.features), strict=True):
            assert f"{name} {value:g}" in told

    def test_two_classes_of_one_unit(self) -> None:
        picture = picture_of(Experiment(dataset=DatasetConfig("iris_two")))
        lines = rows_of(drawn(draw_chosen, picture, 60, 7))
        p, q = (float(line.split()[1]) for line in lines[1:3])
        assert p + q == pytest.approx(1.0, abs=2e-4)
        assert "sum" in lines[3] and "1.0000 from 0.5 on it is versicolor" in lines[3]

    def test_a_wrong_output_is_told(self) -> None:
        picture = picture_of(Experiment(model=ModelConfig(output=OutputConfig(activation="sigmoid"))))
        lines = rows_of(drawn(draw_chosen, picture, 60, 8))
        values = [float(line.split()[1]) for line in lines[1:5]]
        assert values[3] == pytest.approx(sum(values[:3]), abs=3e-4) and abs(values[3] - 1) > 0.001
        assert "need not be 1" in lines[4]
        assert "output" in rows_of(drawn(draw_list, picture, 80, 3))[0]

    def test_many_classes_are_folded_and_the_true_one_is_there(self) -> None:
        picture = picture_of(Experiment(dataset=DatasetConfig("digits")), epochs=1)
        lines = rows_of(drawn(draw_chosen, picture, 60, 6))
        assert isinstance(picture.content, ClassPredictions)
        true = picture.classes[int(picture.content.chosen.true)]
        shown = [line.split()[0] for line in lines[1:3]]
        assert true in shown and "8 others" in lines[3] and lines[4].split()[:2] == ["sum", "1.0000"]
        values = [float(re.findall(r"\d\.\d{4}", line)[0]) for line in lines[1:4]]
        assert sum(values) == pytest.approx(1.0, abs=3e-4)
        assert lines[5].endswith("…") or lines[5].rstrip().endswith("…")

    def test_a_number(self, boston: Picture) -> None:
        lines, content = rows_of(drawn(draw_chosen, boston, 66, 4)), boston.content
        assert isinstance(content, NumberPredictions)
        said = f"row {content.chosen.row}: PRICE {content.chosen.true:g}, predicted {content.chosen.predicted:.4g} ("
        assert lines[0].startswith(said)
        assert "CRIM" in lines[1] and "RM" in " ".join(lines[1:])

    @pytest.mark.parametrize("name", ["iris", "boston", "digits"])
    def test_what_it_wants_is_about_enough(self, name: str) -> None:
        picture = picture_of(
            Experiment(dataset=DatasetConfig(name), training=TrainingConfig(learning_rate=1e-3)), epochs=0
        )
        wanted = lines_wanted(picture, 66)
        lines = rows_of(drawn(draw_chosen, picture, 66, wanted + 3))
        assert not any("others" in line for line in lines)
        assert wanted - 4 <= sum(bool(line.strip()) for line in lines) <= wanted + 2


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

    def test_ascii(self, boston: Picture) -> None:
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
            WatchPredictions(validation=False),
            epochs=0,
        )
        assert plots.scatter(picture).series[1].label == "training, 2,000 of 40,000 shown"
        assert plots.loss_note(picture).endswith(", 2,000 of them shown")

    def test_the_loss_has_curve_mean_and_verdicts(self, iris: Picture) -> None:
        plot, content = plots.losses(iris), iris.content
        assert isinstance(content, ClassPredictions)
        curve, mean, right, wrong = plot.series
        assert [one.label for one in (curve, right, wrong)] == ["-log p", "right", "wrong"]
        assert mean.label == f"mean {number(content.points.mean)}" and (mean.y == content.points.mean).all()
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
    def test_several_outputs(self, loss: str, output: str, told: str) -> None:
        changed = with_field(with_field(Experiment(), "training.loss", loss), "model.output.activation", output)
        plot = plots.losses(picture_of(changed, epochs=0))
        assert plot.x_label == told
        assert len(plot.series) == (3 if loss == "huber" else 4), "huber over several outputs has no one curve"

    def test_the_note_says_what_the_loss_is(self) -> None:
        sums = replace(BOSTON.training, loss="sum_squared_error", learning_rate=1e-6, l2=0.1)
        picture = picture_of(replace(BOSTON, training=sums), epochs=0)
        assert picture.content is not None
        total = number(picture.content.points.loss)
        assert plots.loss_note(picture) == f"sum of 101 losses {total} = sum_squared_error, without penalty"

    def test_nothing_yet(self) -> None:
        assert plots.scatter(Picture()).series == plots.losses(Picture()).series == ()
        assert plots.loss_note(Picture()) == ""


def test_the_heading_says_which_samples(iris: Picture, boston: Picture) -> None:
    assert isinstance(iris.content, ClassPredictions)
    right = iris.content.right
    said = f"validation: 30 of 150 rows   accuracy {right / 30:.4f}, {right} right"
    assert rows_of(drawn(draw_heading, iris, 66, 1))[0].rstrip() == said
    measures = rows_of(drawn(draw_heading, boston, 66, 1))[0]
    assert re.fullmatch(r"validation: 101 of 506 rows   R² -?[\d.]+  MAE [\d.]+  RMSE [\d.]+ *", measures)
    alone = picture_of(with_field(Experiment(), "dataset.validation_split", 0.0), epochs=0)
    assert rows_of(drawn(draw_heading, alone, 66, 1))[0].startswith("training: all 150 rows, none held for validation")


class TestArrangement:
    """Panels fill the room there is, whatever it is."""

    @pytest.mark.parametrize("panel", PANELS)
    @pytest.mark.parametrize("classes", [0, 2, 3, 10, 100])
    @pytest.mark.parametrize("size", [(117, 33), (65, 33), (77, 17), (59, 9), (200, 60)])
    def test_filled_and_not_overfilled(self, panel: Panel, classes: int, size: tuple[int, int]) -> None:
        room = Room(*size, classes, chosen=6 + classes)
        found = arrange(panel, room)
        halves = [sum(half.values()) for half in (found.left, found.right)]
        assert all(rows >= 1 for rows in found.heights.values())
        assert (set(halves) == {size[1]}) if found.beside else (sum(halves) == size[1])
        assert found.beside == (panel == "overview" and size[0] >= 100)
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
        (3.1e-7, "3.1e-7"),
        (-2e9, "-2e9"),
        (0.0, "0"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (-np.inf, "-∞"),
    ],
)
def test_numbers_by_themselves(value: float, text: str) -> None:
    assert number(value) == text


def test_numbers_in_columns() -> None:
    assert column([1.0, 20.0, 3.0]) == ["1", "20", "3"]
    assert column([0.5, 12.25]) == ["0.50", "12.25"]
    assert column([0.5, 12.3], trim=True) == ["0.5", "12.3"]
    assert column([0.25, np.nan, np.inf]) == ["0.250", "–", "∞"]
    assert column([1e-5, 2e-5]) == ["1e-5", "2e-5"]
    assert column([]) == []
    assert (percent(0.5, 1), percent(1 / 3, 0), percent(np.nan, 1)) == ("50.0", "33", "–")


def test_names_from_files_are_plain() -> None:
    session = Session()
    session.load(Experiment())
    loaded = reporting.loaded(session, 1)
    odd = replace(loaded.dataset, classes=("\x1b[31mred", "日本", "[b]x"), features=("a\nb", "c", "d", "e"))
    names = Picture.of(replace(loaded, dataset=odd))
    assert all(name.isprintable() for name in (*names.classes, *names.features))
    assert names.classes[1:] == ("??", "[b]x")


def test_confusion_is_what_the_panel_needs() -> None:
    """A matrix of one class may come from a part in which the others are missing."""
    empty = Confusion((0, 1), 0, 0, 1, pack(np.zeros(4)), pack(np.full(2, np.nan)), pack(np.full(2, np.nan)))
    base = picture_of(Experiment(dataset=DatasetConfig("iris_two")), epochs=0)
    assert isinstance(base.content, ClassPredictions)
    picture = Picture(replace(base.content, confusion=empty), classes=base.classes)
    assert rows_of(drawn(draw_matrix, picture, 60, 5))[2].split() == [base.classes[0], "0", "·", "–"]
