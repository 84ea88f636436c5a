"""Own files as datasets: categories one-hot, gaps dropped or filled from the training part, kinds corrected."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from tui_trainer.datasets.catalog import choose, choose_file
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.datasets.split import split
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig

SHOP = """\
id,colour,size,weight,price
7,red,1.5,10,1.25
3,blue,2.5,,2.5
9,red,,30,3.75
4,green,4.5,40,4.0
1,,5.5,50,5.5
8,red,6.5,60,6.25
"""


def config(folder: Path, text: str = SHOP, **fields: Any) -> DatasetConfig:
    (folder / "shop.csv").write_text(text)
    return DatasetConfig(path=str(folder / "shop.csv"), **fields)


def test_categories_are_one_hot(tmp_path: Path) -> None:
    dataset = load(config(tmp_path))
    assert dataset.features == ("colour=green", "colour=red", "size", "weight")
    np.testing.assert_array_equal(dataset.x, [[0, 1, 1.5, 10], [1, 0, 4.5, 40], [0, 1, 6.5, 60]])
    assert dataset.levels == {"colour": ("green", "red")}
    np.testing.assert_array_equal(dataset.columns["colour"], [1, 0, 1])
    assert [feature.category for feature in dataset.inputs] == ["green", "red", None, None]
    assert dataset.notes == (
        "3 of 6 rows dropped: no value in colour (1), size (1), weight (1). "
        'missing = "fill" keeps them, with their gaps filled.',
        "Left out: id (numbers the rows).",
    )


def test_gaps_are_filled_from_the_training_part(tmp_path: Path) -> None:
    filled = config(tmp_path, missing="fill", validation_split=0.34, seed=1)
    dataset = load(filled)
    parts = split(dataset, filled, 1)
    sizes, weights = [1.5, 2.5, np.nan, 4.5, 5.5, 6.5], [10, np.nan, 30, 40, 50, 60]
    for name, values in (("size", sizes), ("weight", weights)):
        known = np.array(values)[parts.train_rows]
        expected = np.where(np.isnan(values), np.nanmean(known), values)
        np.testing.assert_allclose(dataset.x[:, dataset.features.index(name)], expected)
    colours = ["red", "blue", "red", "green", None, "red"]
    trained = [colours[row] for row in parts.train_rows if colours[row] is not None]
    likeliest = max(("blue", "green", "red"), key=trained.count)
    assert dataset.x[4, :3].tolist() == [float(likeliest == name) for name in ("blue", "green", "red")]
    assert "3 gaps filled with the mean, or the most frequent category, of the training part" in dataset.notes[0]


def test_a_long_name_is_shortened_in_sentences(tmp_path: Path) -> None:
    long, file = "x" * 5000, tmp_path / "own.csv"
    file.write_text(f"{long},b,c\n1,2,3\n,3,4.5\n,4,5\n,5,6\n")
    with pytest.raises(DatasetError) as refused:
        load(DatasetConfig(path=str(file), features=(long, "b")))
    assert "no value in xxx" in str(refused.value) and len(str(refused.value)) < 300
    file.write_text(f"{long},{long}y,b,c\n2024-01-02,1,2,3\n2024-01-03,1,3,4.5\n2024-02-03,1,4,5\n,1,5,6\n")
    for missing in ("drop", "fill"):
        notes = load(DatasetConfig(path=str(file), missing=missing)).notes
        assert len(notes) == 3 and all(len(note) < 300 for note in notes), notes


@pytest.mark.parametrize("kinds", [{}, {"b": "category"}], ids=["numbers", "a category"])
def test_a_gap_that_nothing_can_fill(tmp_path: Path, kinds: dict[str, Any]) -> None:
    text = "a,b,y\n1.5,,2\n2.5,,3\n3,,4\n4,,6.5\n"
    with pytest.raises(DatasetError, match="column 'b' has no value in the training part"):
        load(config(tmp_path, text, missing="fill", features=("a", "b"), kinds=kinds))


def test_categories_are_not_standardized(tmp_path: Path) -> None:
    dataset = load(config(tmp_path))
    parts = split(dataset, DatasetConfig(validation_split=0.0), 1)
    np.testing.assert_array_equal(parts.x_train[:, :2], dataset.x[:, :2])
    np.testing.assert_allclose(parts.x_train[:, 2:].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(parts.x_train[:, 2:].std(axis=0), 1)


def test_kinds_are_corrected(tmp_path: Path) -> None:
    kinds: Any = {"id": "number", "colour": "ignore", "size": "ignore", "weight": "ignore"}
    dataset = load(config(tmp_path, kinds=kinds))
    assert (dataset.features, len(dataset.x)) == (("id",), 6)
    assert dataset.left_out == ("colour", "size", "weight") and dataset.notes == ()
    weights = load(config(tmp_path, kinds={"weight": "category", "size": "ignore"}))
    assert weights.features[2:] == ("weight=10", "weight=30", "weight=40", "weight=60")


def test_target_and_task_are_chosen(tmp_path: Path) -> None:
    colour = load(config(tmp_path, target="colour", features=("price",)))
    assert (colour.task, colour.classes, len(colour.x)) == ("multiclass", ("blue", "green", "red"), 5)
    ignored = load(config(tmp_path, kinds={"price": "ignore"}))
    assert (ignored.target, ignored.task) == ("weight", "regression")


def test_a_column_without_a_value_in_a_category_that_was_dropped(tmp_path: Path) -> None:
    assert "colour=blue" not in load(config(tmp_path)).features


def test_other_data_forget_what_was_said_of_a_file() -> None:
    said: Any = {"delimiter": "tab", "kinds": {"a": "ignore"}, "task": "regression", "target": "a", "header": True}
    file = DatasetConfig(path="x.csv", seed=3, missing="fill", **said)
    scaled = DatasetConfig(seed=3, missing="fill", standardize_target=True)
    assert choose(file, "wine") == replace(scaled, name="wine")
    assert choose_file(file, "x.csv") is file
    assert choose_file(file, "y.csv") == replace(scaled, path="y.csv")
    assert choose_file(file, None) == scaled


def test_the_preview_shows_what_a_file_holds(tmp_path: Path) -> None:
    previewer = Previewer()
    seen = previewer.preview(config(tmp_path))
    assert (seen.problem, seen.rows, seen.is_part, seen.delimiter, seen.decimal) == ("", 6, False, "comma", "point")
    assert [(column.name, column.kind, column.missing) for column in seen.columns] == [
        ("id", "ignore", 0),
        ("colour", "category", 1),
        ("size", "number", 1),
        ("weight", "number", 1),
        ("price", "number", 0),
    ]
    assert seen.columns[0].found == "numbers the rows" and seen.columns[1].found == "category of 3"
    assert seen.cells[1] == ("3", "blue", "2.5", "", "2.5")
    assert (seen.target, seen.task, seen.features) == ("price", "regression", 4)
    other = previewer.preview(config(tmp_path, target="colour", kinds={"id": "number"}))
    assert (other.task, other.classes, other.features) == ("binary", ("green", "red"), 4)
    wrong = previewer.preview(config(tmp_path, target="nothing"))
    assert "there is no column 'nothing'" in wrong.problem
    assert (wrong.columns, wrong.cells, wrong.target) == (seen.columns, seen.cells, "")


def test_a_preview_of_a_file_that_cannot_be_read_shows_its_cells(tmp_path: Path) -> None:
    previewer = Previewer()
    seen = previewer.preview(config(tmp_path, SHOP + "1,2\n"))
    assert "line 8 has 2 cells, but there are 5 columns" in seen.problem
    assert (seen.rows, seen.target, seen.sentence.startswith("Commas")) == (0, "", True)
    assert [column.name for column in seen.columns] == ["id", "colour", "size", "weight", "price"]
    assert seen.cells[0] == ("7", "red", "1.5", "10", "1.25")
    again = previewer.preview(config(tmp_path, SHOP))
    assert (again.problem, again.rows) == ("", 6)
    assert previewer.preview(DatasetConfig(path=str(tmp_path / "none"))).columns == ()


def test_a_preview_of_a_large_file_reads_its_beginning(tmp_path: Path) -> None:
    rows = "".join(f"{place},{place % 7}.5,{place % 3}\n" for place in range(400_000))
    seen = Previewer().preview(config(tmp_path, f"n,v,y\n{rows}x,y\n"))
    assert (seen.rows, seen.is_part, seen.problem, seen.task) == (1000, True, "", "multiclass")


def test_a_preview_of_a_wide_file_shows_its_first_columns(tmp_path: Path) -> None:
    names = ",".join(f"x{place}" for place in range(400))
    rows = "".join(",".join(str((place * row) % 401 + 0.5) for place in range(400)) + "\n" for row in range(1, 6))
    seen = Previewer().preview(config(tmp_path, f"{names}\n{rows}"))
    assert (len(seen.columns), seen.hidden_columns, seen.columns[-1].name) == (201, 199, "x399")
    assert len(seen.cells[0]) == 201 and seen.features == 398  # x0 is the same everywhere


def test_a_root_confines_own_files_and_not_those_that_come_with_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = config(tmp_path)
    (tmp_path / "inside").mkdir()
    inside = config(tmp_path / "inside")
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path / "inside"))
    assert len(load(inside).x) == 3 and len(load(DatasetConfig("iris")).x) == 150
    with pytest.raises(UserError, match=r"dataset\.path: .* is outside of"):
        load(outside)
    assert "is outside of" in Previewer().preview(outside).problem


def test_blanks_of_other_widths_are_shown_as_blanks(tmp_path: Path) -> None:
    file = tmp_path / "thin.csv"
    file.write_text("x;y\n1\u202f234,5;1\n2\u2009000,25;2\n12,5;4\n", encoding="utf-8")
    assert Previewer().preview(DatasetConfig(path=str(file))).cells[0][0] == "1 234,5"


def test_spreadsheets_and_parquet_files_are_read_by_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, parquet = tmp_path / "a.xlsx", tmp_path / "a.parquet"
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    parquet.write_bytes(b"PAR1" + bytes(20))
    rows = [["Report", None, None], ["a", "b", "c"], *([n + 0.5, n, "xy"[n % 2]] for n in range(8))]
    monkeypatch.setattr(pd, "read_excel", lambda *_, **__: pd.DataFrame(rows, dtype=object))
    monkeypatch.setattr(pd, "read_parquet", lambda *_, **__: pd.DataFrame(rows[2:], columns=["a", "b", "c"]))
    for file in (sheet, parquet):
        dataset = load(DatasetConfig(path=str(file), validation_split=0.0))
        assert (dataset.features, dataset.target, len(dataset.x)) == (("a", "b"), "c", 8)

    def missing(*_: object, **__: object) -> None:
        raise ImportError("no engine")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(DatasetError, match=r"is a Parquet file; to read it, install pyarrow: pip install"):
        load(DatasetConfig(path=str(parquet)))
