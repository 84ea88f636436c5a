"""The panels of the Predictions tab, drawn from numbers computed by a session: what stands where."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from msgspec.structs import replace
from predictions_pictures import BOSTON, drawn, picture_of, rows_of

from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OutputConfig, TrainingConfig
from tui_trainer.plotting.frame import visible
from tui_trainer.protocol import pack, unpack
from tui_trainer.runtime import reporting
from tui_trainer.tabs.predictions.compute import confusion
from tui_trainer.tabs.predictions.messages import ClassPredictions, Confusion, NumberPredictions
from tui_trainer.tabs.predictions.panels import (
    MatrixLayout,
    columns_for,
    draw_chosen,
    draw_list,
    draw_matrix,
    preferred_height,
)
from tui_trainer.tabs.predictions.plots import CHOSEN, CORRECT, CURSOR, DIAGONAL, INCORRECT, Picture
from tui_trainer.training.session import Session


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
        assert {row for row, role in where if role == INCORRECT} == {2, 3, 4}

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

    def test_cells_are_counts_or_shares_of_a_row_or_a_column(self) -> None:
        counts = np.array([[6, 0, 2], [1, 5, 0], [0, 0, 0]])
        picture = matrix_of(("setosa", "versicolor", "virginica"), counts)
        by_row = rows_of(drawn(draw_matrix, dataclasses.replace(picture, matrix="recall"), 58, 6))
        assert by_row[0].split() == ["predicted,", "%", "of", "each", "row"]
        assert [line.split()[1:4] for line in by_row[2:5]] == [
            ["75.0", "·", "25.0"],
            ["16.7", "83.3", "·"],
            ["·", "·", "–"],
        ]
        by_column = rows_of(drawn(draw_matrix, dataclasses.replace(picture, matrix="precision"), 58, 6))
        assert by_column[0].split() == ["predicted,", "%", "of", "each", "column"]
        assert [line.split()[1:4] for line in by_column[2:5]] == [
            ["85.7", "·", "100.0"],
            ["14.3", "100.0", "·"],
            ["·", "·", "0.0"],
        ]
        narrow = rows_of(drawn(draw_matrix, dataclasses.replace(picture, matrix="precision"), 36, 6))
        assert narrow[2].split()[1:4] == ["86", "·", "100"]

    def test_the_cursor_and_the_listed_cell_are_in_brackets(self) -> None:
        picture = matrix_of(("setosa", "versicolor", "virginica"), np.array([[10, 0, 2], [1, 5, 0], [0, 3, 7]]))
        assert isinstance(picture.content, ClassPredictions)
        content = replace(picture.content, cell=(0, 2))
        board = drawn(draw_matrix, dataclasses.replace(picture, content=content, cursor=(2, 1)), 58, 6)
        lines = rows_of(board)
        assert "[2]" in lines[2] and "[3]" in lines[4]
        assert {CHOSEN, CURSOR} <= set(board.roles.ravel().tolist())
        listed = rows_of(drawn(draw_list, dataclasses.replace(picture, content=content), 58, 6))
        assert f"{content.listed.total} of class setosa taken for virginica" in listed[0]
        assert listed[1].split()[0] == "#"
        of_one_class = dataclasses.replace(picture, content=replace(content, cell=(1, 1), chosen=None))
        listed = rows_of(drawn(draw_list, of_one_class, 58, 6))
        assert listed[0].strip().endswith("of class versicolor predicted as such") and not listed[1].strip()

    def test_the_cell_at_a_position_is_the_one_drawn_there(self) -> None:
        picture = matrix_of(("setosa", "versicolor", "virginica"), np.array([[11, 22, 33], [44, 55, 66], [77, 88, 99]]))
        assert isinstance(picture.content, ClassPredictions)
        lines, layout = rows_of(drawn(draw_matrix, picture, 58, 6)), MatrixLayout.of(picture, picture.content, 58)
        for row in range(3):
            for column, text in enumerate(lines[2 + row].split()[1:4]):
                assert layout.at(lines[2 + row].index(text), 2 + row) == (row, column)
        assert layout.at(0, 3) is None and layout.at(20, 1) is None and layout.at(57, 3) is None

    def test_a_class_without_samples_has_no_share(self) -> None:
        lines = rows_of(drawn(draw_matrix, matrix_of(("a", "b"), np.array([[3, 0], [0, 0]])), 60, 5))
        assert lines[3].split() == ["b", "·", "0", "–"]
        assert lines[4].split() == ["precision", "%", "100.0", "–", "100.0"]


class TestList:
    """The worst first, a row each."""

    def test_the_list_shows_classes_and_raw_features(self, iris: Picture) -> None:
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
        assert board.roles[3, at] == (CORRECT if true == predicted else INCORRECT)

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

    def test_the_list_fits_in_little_room(self, iris: Picture) -> None:
        assert rows_of(drawn(draw_list, iris, 60, 5, "ascii"))[1].startswith(">")
        for width, height in ((1, 1), (7, 2), (30, 3)):
            assert all(len(line) == width for line in rows_of(drawn(draw_list, iris, width, height)))


class TestChosen:
    """One sample closely."""

    def test_probabilities_are_shown_with_their_sum(self, iris: Picture) -> None:
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
        assert "sum" in lines[3] and "1.0000 above 0.5 it is versicolor" in lines[3]

    def test_a_wrong_output_is_told(self) -> None:
        picture = picture_of(Experiment(model=ModelConfig(output=OutputConfig(activation="sigmoid"))))
        lines = rows_of(drawn(draw_chosen, picture, 60, 8))
        values = [float(line.split()[1]) for line in lines[1:5]]
        assert values[3] == pytest.approx(sum(values[:3]), abs=3e-4) and abs(values[3] - 1) > 0.001
        assert "need not be 1" in lines[4]
        assert "output" in rows_of(drawn(draw_list, picture, 80, 3))[0]

    def test_the_predicted_class_is_listed_in_the_smallest_room(self) -> None:
        picture = picture_of(Experiment(dataset=DatasetConfig("digits")), epochs=1)
        lines = rows_of(drawn(draw_chosen, picture, 60, 4))
        assert isinstance(picture.content, ClassPredictions)
        chosen = picture.content.chosen
        assert chosen.true != chosen.predicted
        assert {picture.classes[int(k)] for k in (chosen.true, chosen.predicted)} == {
            line.split()[0] for line in lines[1:3]
        }

    def test_many_classes_are_folded_and_the_true_one_is_there(self) -> None:
        picture = picture_of(Experiment(dataset=DatasetConfig("digits")), epochs=1)
        lines = rows_of(drawn(draw_chosen, picture, 60, 6))
        assert isinstance(picture.content, ClassPredictions)
        true = picture.classes[int(picture.content.chosen.true)]
        predicted = picture.classes[int(picture.content.chosen.predicted)]
        shown = [line.split()[0] for line in lines[1:3]]
        assert {true, predicted} <= set(shown) and "8 others" in lines[3] and lines[4].split()[:2] == ["sum", "1.0000"]
        values = [float(re.findall(r"\d\.\d{4}", line)[0]) for line in lines[1:4]]
        assert sum(values) == pytest.approx(1.0, abs=3e-4)
        assert lines[5].endswith("…") or lines[5].rstrip().endswith("…")

    def test_a_predicted_number_is_shown_beside_the_true_one(self, boston: Picture) -> None:
        lines, content = rows_of(drawn(draw_chosen, boston, 66, 4)), boston.content
        assert isinstance(content, NumberPredictions)
        said = f"row {content.chosen.row}: PRICE {content.chosen.true:g}, predicted {content.chosen.predicted:.4g} ("
        assert lines[0].startswith(said)
        assert "CRIM" in lines[1] and "RM" in " ".join(lines[1:])

    def test_the_difference_is_written_as_the_numbers_beside_it(self, boston: Picture) -> None:
        content = boston.content
        assert isinstance(content, NumberPredictions)
        for difference, written in ((-44555.4, "(−44,555)"), (1234.5, "(+1234)"), (0.0, "(0)")):
            chosen = replace(content.chosen, certainty=difference)
            picture = dataclasses.replace(boston, content=replace(content, chosen=chosen))
            assert written in rows_of(drawn(draw_chosen, picture, 66, 4))[0]

    @pytest.mark.parametrize("name", ["iris", "boston", "digits"])
    def test_what_it_wants_is_about_enough(self, name: str) -> None:
        picture = picture_of(
            Experiment(dataset=DatasetConfig(name), training=TrainingConfig(learning_rate=1e-3)), epochs=0
        )
        wanted = preferred_height(picture, 66)
        lines = rows_of(drawn(draw_chosen, picture, 66, wanted + 3))
        assert not any("others" in line for line in lines)
        assert wanted - 4 <= sum(bool(line.strip()) for line in lines) <= wanted + 2


def test_names_from_files_are_plain() -> None:
    session = Session()
    session.load(Experiment())
    loaded = reporting.loaded(session, 1)
    odd = replace(loaded.dataset, classes=("\x1b[31mred", "日本", "[b]x"), features=("a\nb", "c", "d", "e"))
    names = Picture.of(replace(loaded, dataset=odd))
    assert all(visible(name).isprintable() for name in (*names.classes, *names.features))
    assert tuple(map(visible, names.classes[1:])) == ("日本", "[b]x")


def test_confusion_is_what_the_panel_needs() -> None:
    """A matrix of one class may come from a part in which the others are missing."""
    empty = Confusion((0, 1), 0, 0, 1, pack(np.zeros(4)), pack(np.full(2, np.nan)), pack(np.full(2, np.nan)))
    base = picture_of(Experiment(dataset=DatasetConfig("iris_two")), epochs=0)
    assert isinstance(base.content, ClassPredictions)
    picture = Picture(replace(base.content, confusion=empty), classes=base.classes)
    assert rows_of(drawn(draw_matrix, picture, 60, 5))[2].split() == [base.classes[0], "0", "·", "–"]
