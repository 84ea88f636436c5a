"""Files in the formats of well-known ones are read as they are meant: columns, rows, kinds, decimals, target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from wild import WILD, Wild

from tui_trainer.datasets.columns import guess_target
from tui_trainer.datasets.csv.columns import NumberColumn, Table
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import inspect_file, read_rows
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig

FILES = Path(__file__).parent / "files"
N = "number"
# What each file of ``files`` becomes: its columns, the rows, the first row, and the target.
EXPECTED: dict[str, tuple[dict[str, str], int, tuple[object, ...], str]] = {
    "01_noaa_co2.csv": ({"year": N, "mean": N, "unc": N}, 62, (1959.0, 315.0, 0.12), "mean"),
    "02_auto-mpg.data": (
        {**{f"column_{place}": N for place in range(1, 9)}, "column_9": "texts 8"},
        120,
        (34.5, 4.0, 116.3, 62.2, 2481.0, 11.2, 75.0, 3.0, "chevrolet chevelle malibu"),
        "column_9",
    ),
    "09_titanic.csv": (
        {"PassengerId": N, "Survived": N, "Pclass": N, "Name": "texts 150", "Sex": "texts 2", "Age": N, "SibSp": N}
        | {"Parch": N, "Ticket": "texts 149", "Fare": N, "Cabin": "texts 28", "Embarked": "texts 3"},
        150,
        (1.0, 1.0, 2.0, 'Surname1, Mr. First "Nick" Name', "male", 42.0, 0.0, 1.0, "A/5 39101", 42.9642, None, "S"),
        "Survived",
    ),
    "10_penguins.csv": (
        {"species": "texts 3", "island": "texts 3", "bill_length_mm": N, "bill_depth_mm": N}
        | {"flipper_length_mm": N, "body_mass_g": N, "sex": "texts 2", "year": N},
        150,
        ("Adelie", "Biscoe", 38.9, 17.4, 193.0, 2950.0, "female", 2007.0),
        "species",
    ),
    "12_houses.csv": (
        {"area_sqft": N, "bedrooms": N, "bathrooms": N, "age": N, "price": N},
        250,
        (2946.0, 1.0, 1.0, 31.0, 489397.0),
        "price",
    ),
    "13_houses_currency.csv": (
        {"area_sqft": N, "bedrooms": N, "age": N, "vacancy_rate": "number %", "price": "number $"},
        150,
        (814.0, 5.0, 41.0, 5.7, 163669.16),
        "price",
    ),
    "14_accounting.csv": (
        {"units": N, "discount": "number %", "region": "texts 2", "profit": N},
        120,
        (303.0, 18.1, "S", 364.12),
        "profit",
    ),
    "15_units_row.csv": (
        {"Time (s)": N, "Temp (degC)": N, "Pressure (bar)": N, "Yield (%)": N},
        100,
        (0.0, 69.2, 5.58, 51.38),
        "Yield (%)",
    ),
    "17_report_title_footer.csv": (
        {"region": "texts 3", "units": N, "price": N, "revenue": N},
        60,
        ("East", 46.0, 18.15, 834.78),
        "price",
    ),
    "18b_unnamed0.csv": (
        {"Unnamed: 0": "index", "sepal_length": N, "petal_length": N, "species": "texts 3"},
        105,
        (135.0, 7.4, 5.2, "virginica"),
        "species",
    ),
    "22_energy.csv": (
        {**{f"X{place}": N for place in range(1, 9)}, "Y1": N, "Y2": N},
        150,
        (0.71, 717.5, 294.0, 220.5, 7.0, 4.0, 0.0, 4.0, 22.88, 24.7),
        "Y2",
    ),
    "23_concrete.csv": (
        {"Cement (component 1)(kg in a m^3 mixture)": N, "Water (component 4)(kg in a m^3 mixture)": N, "Age (day)": N}
        | {"Concrete compressive strength(MPa, megapascals)": N},
        150,
        (355.0, 228.2, 365.0, 62.55),
        "Concrete compressive strength(MPa, megapascals)",
    ),
    "24b_labels_case.csv": ({"a": N, "b": N, "label": "texts 2"}, 100, (-0.36, 0.521, "YES"), "label"),
    "25_fraud.csv": (
        {"v1": N, "v2": N, "v3": N, "Amount": N, "Class": N},
        400,
        (1.4392, 2.5362, -0.509, 36.64, 1.0),
        "Class",
    ),
    "26_stock_dates.csv": (
        {"Date": "date", "Open": N, "Volume": N, "Close": N},
        120,
        (16804.0, 99.06, 2525748.0, 98.09),
        "Close",
    ),
    "26b_ampm.csv": (
        {"timestamp": "date", "humidity": N, "temp": N},
        120,
        (16804 + 11 / 24, 50.1, 19.98),
        "temp",
    ),
    "26c_time_of_day.csv": ({"date": "date", "time": "time", "load": N}, 120, (16804.0, 0.0, 403.4), "load"),
    "28_units_in_cells.csv": (
        {"engine": "number CC", "mileage": "number kmpl", "power": "number bhp", "price": N},
        100,
        (998.0, 37.9, 71.29, 19.87),
        "price",
    ),
    "32_r_write_table.txt": (
        {"column_1": "texts 32", "mpg": N, "cyl": N, "disp": N, "hp": N},
        32,
        ("Car 0", 21.0, 4.0, 160.4, 75.0),
        "hp",
    ),
    "32b_one_name_fewer.csv": ({"column_1": "index", "a": N, "b": N, "c": N}, 40, (1.0, -0.582, -0.687, 0.663), "c"),
    "36_sentinel.csv": ({"a": N, "b": N, "y": N}, 80, (-999.0, -0.185, -0.422), "y"),
    "41_single_quotes.csv": ({"name": "texts 40", "x": N, "label": "texts 2"}, 40, ("it, n0", 0.23, "a"), "label"),
    "44_cjk_emoji.csv": (
        {"身長（cm）": N, "体重 kg": N, "👩🔬 score": N, "é\u0301 combining": N, "ラベル": "texts 2"},
        80,
        (180.2, 47.2, 0.42, -0.57, "女性"),
        "ラベル",
    ),
    "45_kaggle_houses.csv": (
        {"Id": N, "MSSubClass": N, "MSZoning": "texts 4", "LotFrontage": N, "LotArea": N, "Alley": "texts 1"}
        | {"OverallQual": N, "YearBuilt": N, "MasVnrType": "texts 3", "BsmtQual": "texts 3", "FireplaceQu": "texts 2"}
        | {"GarageYrBlt": N, "PoolQC": "texts 1", "SalePrice": N},
        200,
        (1.0, 20.0, "RL", 64.0, 9185.0, None, 6.0, 1991.0, "None", "TA", "Gd", 1991.0, None, 230171.0),
        "SalePrice",
    ),
    "46_wine.data": (
        {f"column_{place}": N for place in range(1, 6)},
        120,
        (1.0, 13.34, 1.99, 2.21, 905.0),
        "column_5",
    ),
    "48_wdbc_kaggle.csv": (
        {"id": N, "diagnosis": "texts 2", "radius_mean": N, "texture_mean": N, "area_mean": N},
        120,
        (42621590.0, "B", 9.62, 19.26, 286.7),
        "diagnosis",
    ),
    "51_cyrillic.csv": ({"рост": N, "вес": N, "пол": "texts 2"}, 60, (173.7, 64.6, "жен"), "пол"),
    "52_sjis.csv": ({"身長": N, "体重": N, "性別": "texts 2"}, 60, (165.2, 52.9, "女"), "性別"),
    "54_airfoil.dat": (
        {f"column_{place}": N for place in range(1, 7)},
        150,
        (800.0, 4.0, 0.3048, 39.6, 0.01718163, 124.338),
        "column_6",
    ),
    "60_noise_train_split.csv": (
        {"column_1": "index", "x1": N, "x2": N, "label": "texts 3"},
        240,
        (189.0, -0.474, 0.002, "b"),
        "label",
    ),
    "60c_noise_whole.csv": (
        {"column_1": "index", "x1": N, "x2": N, "label": "texts 3"},
        300,
        (0.0, 0.126, 1.203, "a"),
        "label",
    ),
    "62_long_classes.csv": (
        {"a": N, "b": N, "diagnosis": "texts 3"},
        120,
        (-0.2, 1.2, "Malignant neoplasm of upper lobe, right bronchus or lung"),
        "diagnosis",
    ),
    "66_dates_ok.csv": (
        {"Datetime": "date", "Measurement1": N, "Measurement2": N},
        80,
        (18488.0, 19.43, 0.2831),
        "Measurement2",
    ),
}
REFUSED = {"20_iris.arff": "ARFF", "40_records.jsonl": "JSON lines"}


def forms(table: Table) -> dict[str, str]:
    """How each column is read, in a few words."""
    return {
        name: f"{column.form} {column.unit}".strip()
        if isinstance(column, NumberColumn)
        else f"texts {len(column.levels)}"
        for name, column in table.columns.items()
    }


def first_row(table: Table) -> tuple[object, ...]:
    """The first row, None where there is no value."""
    row: list[object] = []
    for column in table.columns.values():
        if column.missing()[0]:
            row.append(None)
        else:
            is_number = isinstance(column, NumberColumn)
            row.append(float(column.values[0]) if is_number else column.levels[column.codes[0]])
    return tuple(row)


def read(path: Path, **config: object) -> tuple[Table, str | None]:
    """The table in a file, and its likeliest target."""
    file, layout = inspect_file(str(path), CsvOptions.from_config(DatasetConfig(path=str(path), **config)))
    return read_rows(file, layout, {}, None), guess_target(layout)


def check(
    path: Path, columns: dict[str, str], rows: int, first: tuple[object, ...], target: str, **config: object
) -> None:
    table, guessed = read(path, **config)
    assert forms(table) == columns
    assert len(table) == rows
    assert first_row(table) == pytest.approx(first, nan_ok=True)
    assert guessed == target


def test_every_file_has_its_reading() -> None:
    assert {file.name for file in FILES.iterdir()} == {*EXPECTED, *REFUSED}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_read_as_it_is_meant(name: str) -> None:
    check(FILES / name, *EXPECTED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_another_kind_is_named_for_what_it_is(name: str) -> None:
    with pytest.raises(DatasetError, match=REFUSED[name]):
        read(FILES / name)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_becomes_a_dataset(name: str) -> None:
    config = DatasetConfig(path=str(FILES / name), target=EXPECTED[name][3], missing="fill")
    dataset = load(config)
    assert np.isfinite(dataset.x).all()
    assert not {"Unnamed: 0", "PassengerId", "id", "Id"} & set(dataset.feature_columns)
    assert "index" not in {feature.form for feature in dataset.inputs}


def test_there_are_enough_of_our_own() -> None:
    assert len(WILD) >= 40
    assert len({case.name for case in WILD}) == len(WILD)


@pytest.mark.parametrize("case", WILD, ids=lambda case: case.name)
def test_a_file_in_the_wild(case: Wild, tmp_path: Path) -> None:
    file = tmp_path / case.name
    file.write_bytes(case.content)
    config = DatasetConfig(path=str(file), **case.config)
    if case.columns:
        check(file, case.columns, case.rows, case.first, case.target, **case.config)
    if case.refused:
        with pytest.raises(DatasetError) as caught:
            load(config)
        assert case.refused in str(caught.value)
        return
    table, target = read(file, **case.config)
    told = " ".join(
        (
            table.dialect.sentence,
            *load(DatasetConfig(path=str(file), target=target, validation_split=0.0, **case.config)).notes,
        )
    )
    for part in case.told:
        assert part in told
