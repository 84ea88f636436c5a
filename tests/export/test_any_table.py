"""Any table gives the same features in training, from data frames, from its file, and in the exported programs."""

from __future__ import annotations

import csv
import datetime as dt
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from trained_runs import UGLY, run_on

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.export.folder import write_folder
from tui_trainer.export.predictions import predict_file, read_columns
from tui_trainer.export.trained import TrainedModel

WORDS = ["red", "blue", "7", "07", "Blue Moon", "été", "cat=red", "no value", "a" * 59 + "b", "a" * 59 + "c"]
ROWS = st.lists(
    st.tuples(
        st.floats(-1e6, 1e6, allow_nan=False) | st.none(),
        st.integers(-999, 10**9),
        st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
        st.booleans(),
        st.sampled_from(WORDS) | st.none(),
    ),
    min_size=8,
    max_size=30,
)
NAMES = ["number", "whole", "day", "flag", "kind"]


def exported(model: TrainedModel, folder: Path) -> Callable[[Any], Any]:
    """The function of an export that makes features, as another program has it."""
    write_folder(model, folder, ("pytorch",), force=True)
    features: Callable[[Any], Any] = runpy.run_path(str(folder / "model_features.py"))["features"]
    return features


def table_of(path: Path) -> dict[str, list[str]]:
    """The columns of a file as texts, read with the standard library alone."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [row[name] for row in rows] for name in rows[0]}


@given(ROWS)
@example([(0.5 * row, 0, dt.date(2000, 1, 1), False, {4: "07", 5: "7"}.get(row)) for row in range(8)])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_gives_the_numbers_of_training(tmp_path: Path, rows: list[tuple[object, ...]]) -> None:
    """As pandas reads it with the types that fall out, as text, and as the file itself."""
    frame = pd.DataFrame(rows, columns=NAMES).assign(y=range(len(rows)))
    try:
        session, model = run_on(tmp_path, frame.to_csv(index=False), kinds={"kind": "category"}, missing="fill")
    except DatasetError:  # every column is constant, say
        assume(False)
    path, data, inputs = tmp_path / "own.csv", session.dataset, model.inputs
    assert len(data.x) == len(rows)
    features = exported(model, tmp_path)
    as_text, read = pd.read_csv(path, dtype=str), pd.read_csv(path)
    np.testing.assert_array_equal(inputs.from_columns(next(read_columns(model, str(path))).columns).raw, data.x)
    for table in (as_text, table_of(path)):
        np.testing.assert_array_equal(inputs.read(table), data.x)
        np.testing.assert_array_equal(features(table), data.x)
    expected = model.target_scale.restore(session.trainer.model.predict(inputs.standardize(data.x)))
    np.testing.assert_array_equal(predict_file(model, str(path)).outputs, expected)
    if {"7", "07"} <= set(frame["kind"]):  # pandas may have made one of the two
        return
    in_days = read.assign(day=pd.to_datetime(read["day"]))
    for table in (read, in_days, in_days.convert_dtypes()):
        np.testing.assert_allclose(inputs.read(table), data.x, rtol=1e-15)
        np.testing.assert_allclose(features(table), data.x, rtol=1e-15)


def test_cells_as_they_stand_in_a_file_are_read_by_the_export(tmp_path: Path) -> None:
    """Dates with the day first, times, decimal commas, currencies, units, and a mark for a missing value."""
    session, model = run_on(tmp_path, UGLY, kinds={"grade": "category"}, missing="fill", missing_marks=("-999",))
    features, data = exported(model, tmp_path), session.dataset
    forms = {one.column: one.form for one in model.inputs.features}
    assert forms.keys() >= {"amount", "weight", "grade", "cat", "cat=red"}
    assert (forms["when"], forms["at"], forms["open"], len(data.x)) == ("date", "time", "true/false", 6)
    as_text = pd.read_csv(tmp_path / "own.csv", sep=";", dtype=str)
    with_numbers = as_text.assign(**{"cat=red": [5, 6, -999, 8, 9.5, 9.5]})
    for table in (as_text, as_text.to_dict("list"), with_numbers):
        np.testing.assert_array_equal(features(table), data.x)
        np.testing.assert_array_equal(model.inputs.read(table), data.x)


def test_what_is_converted_in_training_is_converted_by_the_export(tmp_path: Path) -> None:
    """Units of one kind, letters that multiply, at least so many, dates and times in other languages."""
    rows = (
        ("1 kg", "$1.2K", "0", "lundi 1 janvier 2024", "1. Januar 2024", "6h30", "1:23.456"),
        ("500 g", "$3M", "3+", "mardi 2 février 2024", "2. September 2024", "7h05", "0:59.5"),
        ("2 lb", "$-950", "1", "mercredi 3 août 2024", "3. März 2024", "12h00", "2:00.25"),
        ("-3 kg", "$12K", "2", "jeudi 4 mai 2024", "4. August 2024", "0h15", "1:01.0"),
    )
    text = "w;m;n;fr;de;h;lap;y\n" + "".join(";".join((*row, f"{place}.5")) + "\n" for place, row in enumerate(rows))
    session, model = run_on(tmp_path, text)
    forms = [one.form for one in model.inputs.features]
    assert forms == ["number", "number", "number", "date", "date", "time", "time"]
    np.testing.assert_allclose(session.dataset.x[:, 0], [1, 0.5, 0.90718474, -3])
    as_text = pd.read_csv(tmp_path / "own.csv", sep=";", dtype=str)
    np.testing.assert_array_equal(exported(model, tmp_path)(as_text), session.dataset.x)
    np.testing.assert_array_equal(model.inputs.read(as_text), session.dataset.x)


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"b": ["u", "w"]}, "column 'b', row 1, holds 'w'; it was trained on 'u', 'v'"),
        ({"a": ["1", "abc"]}, "column 'a', row 1: expected a number, got 'abc'"),
        ({"a": [1, None]}, "column 'a', row 1, holds no value"),
        ({"b": [None, "v"]}, "column 'b', row 0, holds no value"),
        ({"day": ["2024-01-01", "soon"]}, "column 'day', row 1: expected a date"),
        ({"a": None}, "there is no column 'a'; the columns are b, day"),
    ],
)
def test_the_export_tells_what_it_cannot_read(tmp_path: Path, cells: dict[str, Any], complaint: str) -> None:
    rows = "a,b,day,y\n" + "".join(f"{i / 2},{'uv'[i % 2]},2024-01-{i + 1:02},{i}\n" for i in range(12))
    _, model = run_on(tmp_path, rows)
    table = {"a": [1.0, 2.0], "b": ["u", "v"], "day": [dt.date(2024, 1, 1), dt.datetime(2024, 1, 2)], **cells}
    with pytest.raises(ValueError, match=complaint):
        exported(model, tmp_path)({name: values for name, values in table.items() if values is not None})


def test_a_mark_for_no_value_is_no_date(tmp_path: Path) -> None:
    """8 April 1967 is 999 days before 1970."""
    rows = "day,a,y\n" + "".join(f"1967-04-{i + 5:02},{-999 if i == 5 else i},{i}\n" for i in range(9))
    session, model = run_on(tmp_path, rows, missing="fill", missing_marks=("-999",))
    features, path = exported(model, tmp_path), tmp_path / "own.csv"
    assert session.dataset.x[3, 0] == -999 and session.dataset.x[5, 1] != -999
    in_days = pd.read_csv(path).assign(day=lambda table: pd.to_datetime(table["day"]))
    np.testing.assert_array_equal(
        model.inputs.from_columns(next(read_columns(model, str(path))).columns).raw, session.dataset.x
    )
    for table in (pd.read_csv(path, dtype=str), in_days):
        np.testing.assert_array_equal(model.inputs.read(table), session.dataset.x)
        np.testing.assert_array_equal(features(table), session.dataset.x)


def test_an_array_of_features_is_taken_as_it_is(tmp_path: Path) -> None:
    session, model = run_on(tmp_path, UGLY, missing="fill")
    assert exported(model, tmp_path)(session.dataset.x) is session.dataset.x
