"""Predictions for the rows of new files: the numbers of training, and what keeps a row from being predicted."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from trained_runs import SMALL, session_of

from tui_trainer.datasets.csv import rows
from tui_trainer.datasets.dataset import DatasetError, ReadingStopped
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.export.folder import write_folder
from tui_trainer.export.predictions import predict_file, read_columns
from tui_trainer.export.trained import TrainedModel, exported_model, trained
from tui_trainer.training.builder import scores
from tui_trainer.training.session import Session

ROWS = [
    f"N{i:03};{1 + i % 28:02}.03.202{i % 4};{i % 7},5;{'red' if i % 3 else 'blue'};"
    f"{'' if i == 4 else i % 5};{i // 4},25"
    for i in range(60)
]
FILE = "\n".join(["order;day;size;colour;stock;price", *ROWS]) + "\n"


def run_on(folder: Path, target: str = "price", missing: str = "fill") -> tuple[Session, TrainedModel, Path]:
    path = folder / "orders.csv"
    path.write_text(FILE)
    config = DatasetConfig(path=str(path), target=target, missing=missing, standardize_target=True)  # type: ignore[arg-type]
    session = session_of(replace(SMALL, dataset=config))
    return session, trained(session), path


def written(trained_model: TrainedModel, path: Path) -> list[list[str]]:
    text = b"".join(predict_file(trained_model, str(path)).csv).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_file_of_training_gives_the_numbers_of_training(tmp_path: Path) -> None:
    session, model, path = run_on(tmp_path)
    predictions = predict_file(model, str(path))
    parts = session.split
    assert parts.x_val is not None
    rows = np.concatenate([parts.train_rows, parts.val_rows])
    outputs = session.trainer.model.predict(np.concatenate([parts.x_train, parts.x_val]))
    np.testing.assert_allclose(predictions.outputs[rows], parts.target.restore(outputs), rtol=1e-6)
    assert not predictions.faults
    head, *rows = written(model, path)
    assert head == ["order", "predicted_price"] and [row[0] for row in rows[:2]] == ["N000", "N001"]
    assert [row[1] for row in rows] == list(map(repr, predictions.outputs[:, 0].tolist()))


def test_the_features_are_those_of_training_to_the_last_bit(tmp_path: Path) -> None:
    session, model, path = run_on(tmp_path)
    cells = model.inputs.from_columns(next(read_columns(model, str(path))).columns)
    np.testing.assert_array_equal(cells.raw, session.dataset.x)


def test_the_scores_are_those_of_evaluate(tmp_path: Path) -> None:
    session, model, path = run_on(tmp_path)
    raw = model.inputs.standardize(session.dataset.x)
    y = model.target_scale.apply(session.dataset.y)
    expected = scores(session.trainer.model, session.experiment.training, raw, y, model.target_scale)
    assert predict_file(model, str(path)).scores == pytest.approx(expected)


def test_new_rows_need_no_target_and_may_be_one(tmp_path: Path) -> None:
    session, model, _ = run_on(tmp_path)
    new = tmp_path / "new.csv"
    new.write_text("colour;size;day;stock\nblue;0,5;01.03.2020;0\n")
    predictions = predict_file(model, str(new))
    assert predictions.outputs.shape == (1, 1) and not predictions.scores and predictions.name_column == "line"
    assert written(model, new)[1][0] == "2"
    whole = predict_file(model, session.experiment.dataset.path or "")
    np.testing.assert_allclose(predictions.outputs[0], whole.outputs[0], rtol=1e-6)


def test_one_row_in_one_row_out(tmp_path: Path) -> None:
    """Rows that can't be predicted are empty, and told by their line."""
    _, model, _ = run_on(tmp_path, missing="drop")
    new = tmp_path / "new.csv"
    new.write_text(
        "day;size;colour;stock\n01.03.2020;1,5;red;1\n01.03.2020;1,5;green;1\n;1,5;red;1\n02.03.2020;x;red;1\n"
    )
    predictions = predict_file(model, str(new))
    assert dict(predictions.faults) == {
        3: "column 'colour' holds 'green'; it was trained on 'blue', 'red'",
        4: "column 'day' holds no value",
        5: "column 'size' holds 'x', not a number",
    }
    rows = written(model, new)
    assert [row[0] for row in rows] == ["line", "2", "3", "4", "5"]
    assert [row[1] == "" for row in rows] == [False, False, True, True, True]


def test_numbers_among_words_are_predicted_and_each_word_is_told(tmp_path: Path) -> None:
    """Even where most cells of a column are words."""
    _, model, _ = run_on(tmp_path)
    new = tmp_path / "new.csv"
    sizes = ("small", "1,5", "large", "huge")
    new.write_text("day;size;colour;stock\n" + "".join(f"01.03.2020;{size};red;1\n" for size in sizes))
    predictions = predict_file(model, str(new))
    assert dict(predictions.faults) == {
        line: f"column 'size' holds '{word}', not a number" for line, word in ((2, "small"), (4, "large"), (5, "huge"))
    }
    assert [bool(row[1]) for row in written(model, new)[1:]] == [False, True, False, False]


def test_where_the_parts_of_a_file_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, path = run_on(tmp_path)
    lines = path.read_text().splitlines()
    lines[20] = lines[20].replace(";2,5;", ";two;")
    lines.insert(30, "")
    path.write_text("\n".join(lines))
    whole = predict_file(model, str(path))
    for size in (1, 200, 900):
        monkeypatch.setattr(rows, "MIN_BLOCK", size)
        monkeypatch.setattr(rows, "MAX_BLOCK", size)
        assert len(list(read_columns(model, str(path)))) > 1
        in_parts = predict_file(model, str(path))
        assert in_parts.faults == whole.faults and len(whole.faults) == (";two;" in lines[20])
        np.testing.assert_allclose(in_parts.outputs, whole.outputs, rtol=1e-6)
        assert in_parts.scores == pytest.approx(whole.scores)
        assert [line.split(",")[0] for line in b"".join(in_parts.csv).decode().splitlines()] == [
            row[0] for row in written(model, path)
        ]


def test_names_with_marks_and_brackets_stand_in_their_rows(tmp_path: Path) -> None:
    _, model, _ = run_on(tmp_path)
    new = tmp_path / "new.csv"
    names = ["],[", "two words", '"', "255", "a\u00ffb", "[", "1,2"]
    text = "".join(f'"{name.replace(chr(34), chr(34) * 2)}";01.03.2020;1,5;red;1\n' for name in names)
    new.write_text(f"id;day;size;colour;stock\n{text}", encoding="utf-8")
    assert [row[0] for row in written(model, new)[1:]] == names
    assert all(len(row) == 2 for row in written(model, new))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    _, model, _ = run_on(tmp_path)
    (tmp_path / "new.csv").write_text("day;size;colour;stock\n")
    with pytest.raises(DatasetError, match="has a header but no rows; at least one row is needed"):
        predict_file(model, str(tmp_path / "new.csv"))


def test_reading_can_be_stopped(tmp_path: Path) -> None:
    _, model, path = run_on(tmp_path)
    done: list[float] = []
    with pytest.raises(ReadingStopped):
        predict_file(model, str(path), lambda fraction: bool(done.append(fraction)))
    predict_file(model, str(path), lambda fraction: not done.append(fraction))
    assert len(done) > 2 and done[1:] == sorted(done[1:]) and done[-1] == 1.0


def test_classes_come_with_their_probabilities(tmp_path: Path) -> None:
    session, model, path = run_on(tmp_path, target="colour", missing="drop")
    head, *rows = written(model, path)
    assert head == ["order", "predicted_colour", "p_blue", "p_red"]
    assert len(rows) == 60 and rows[4][1:] == ["", "", ""]  # the row with a gap
    for row in rows[:4]:
        blue, red = float(row[2]), float(row[3])
        assert blue + red == pytest.approx(1) and row[1] == ("red" if red > 0.5 else "blue")
    assert "accuracy" in predict_file(model, str(path)).scores
    assert session.dataset.classes == ("blue", "red")


def test_a_file_without_a_feature_is_refused(tmp_path: Path) -> None:
    _, model, _ = run_on(tmp_path)
    (tmp_path / "new.csv").write_text("colour;size;stock\nblue;0,5;0\n")
    with pytest.raises(DatasetError, match=r"does not fit the run: there is no column 'day'; the columns are 'colour'"):
        predict_file(model, str(tmp_path / "new.csv"))


def test_texts_with_marks_of_csv_are_quoted(tmp_path: Path) -> None:
    _, model, _ = run_on(tmp_path)
    new = tmp_path / "new.csv"
    new.write_text('name,"colour",size,day,stock\n"a, ""b""",blue,"0,5",01.03.2020,0\nc,blue,"0,5",01.03.2020,0\n')
    assert [row[0] for row in written(model, new)] == ["name", 'a, "b"', "c"]


def exported(folder: Path, model: TrainedModel) -> list[list[str]]:
    assert "predictions.csv" in write_folder(model, folder, ["predictions"])
    return list(csv.reader(io.StringIO((folder / "predictions.csv").read_text(), newline="")))


@pytest.mark.parametrize("target", ["price", "colour"])
def test_an_export_has_the_predictions_of_both_parts_as_predict_gives_them(tmp_path: Path, target: str) -> None:
    session, model, path = run_on(tmp_path, target, missing="drop")
    head, *rows = exported(tmp_path / "out", model)
    new_head, *new_rows = written(model, path)
    assert head == ["part", "line", "order", target, *new_head[1:]]
    by_order = {row[0]: row[1:] for row in new_rows}
    assert len(rows) == 59 and "N004" not in {row[2] for row in rows}  # the row with a gap
    for row in rows:
        assert row[2] == f"N{int(row[1]) - 2:03}"
        assert [cell.partition(".")[0] for cell in row[4:]] == [cell.partition(".")[0] for cell in by_order[row[2]]]
        np.testing.assert_allclose(
            [float(cell) for cell in row[4:] if cell not in ("red", "blue")],
            [float(cell) for cell in by_order[row[2]] if cell not in ("red", "blue")],
            rtol=1e-6,
        )
    validation = {int(row[1]) for row in rows if row[0] == "validation"}
    lines = session.dataset.rows.lines
    assert lines is not None and validation == set(lines[session.split.val_rows].tolist())
    assert rows[0][3] == ("0.25" if target == "price" else "blue")


def test_rows_without_a_file_are_counted_from_0(tmp_path: Path) -> None:
    head, *rows = exported(tmp_path / "out", trained(session_of(SMALL)))
    assert head[:2] == ["part", "row"] and [row[1] for row in rows] == list(map(str, range(len(rows))))


def test_a_loaded_run_has_no_rows_to_predict(tmp_path: Path) -> None:
    write_folder(trained(session_of(SMALL)), tmp_path / "out")
    loaded = exported_model(tmp_path / "out")
    assert "predictions.csv" not in write_folder(loaded, tmp_path / "again")
    with pytest.raises(UserError, match="a loaded run has no data"):
        write_folder(loaded, tmp_path / "once more", ["predictions"])


def test_codes_that_tell_rows_apart_keep_their_zeros(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("id,x,y\n" + "".join(f"{i:04},{i % 9},{i % 4}.5\n" for i in range(40)))
    config = DatasetConfig(path=str(path), target="y", standardize_target=True)
    rows = exported(tmp_path / "out", trained(session_of(replace(SMALL, dataset=config))))
    assert rows[0][:4] == ["part", "line", "id", "y"] and rows[1][1:4] == ["2", "0000", "0.5"]


def test_the_index_of_a_data_frame_names_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "frame.csv"
    path.write_text(",x,y\n" + "".join(f"{(i * 7) % 40},{i % 9},{i % 4}.5\n" for i in range(40)))
    config = DatasetConfig(path=str(path), target="y", standardize_target=True)
    model = trained(session_of(replace(SMALL, dataset=config)))
    rows = exported(tmp_path / "out", model)
    assert rows[2][1:4] == ["3", "7", "1.5"]
    assert written(model, path)[2][0] == "7"
