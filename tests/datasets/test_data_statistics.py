"""The columns in numbers: each against NumPy, SciPy's definitions or a count by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_trainer import describe
from tui_trainer.datasets import statistics_text
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.statistics import BINS, MAX_LEVELS, OTHERS, ColumnStatistics, DataStatistics, statistics_of
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.formats import count_cells, fit_text

NONE = np.arange(0)


def columns_of(statistics: DataStatistics) -> dict[str, ColumnStatistics]:
    return {column.name: column for column in statistics.columns}


def of_file(folder: Path, text: str, target: str) -> DataStatistics:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return statistics_of(load(DatasetConfig(path=str(path), target=target)), NONE)


def test_numbers_are_those_of_numpy() -> None:
    dataset = load(DatasetConfig(name="boston"))
    statistics = statistics_of(dataset, NONE)
    assert [statistics.columns[0].name, statistics.columns[0].role, statistics.columns[0].link] == [
        "PRICE",
        "target",
        None,
    ]
    columns, price = columns_of(statistics), dataset.columns["PRICE"]
    assert len(columns) == 14
    for name in ("RM", "LSTAT", "CHAS"):
        values, column = dataset.columns[name], columns[name]
        assert column.link is not None and column.link.name == "r"
        assert column.link.value == pytest.approx(np.corrcoef(values, price)[0, 1], abs=1e-12)
        assert column.quantiles == pytest.approx(np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))
        assert (column.mean, column.deviation) == pytest.approx((values.mean(), values.std()))
        assert [count for (count,) in column.counts] == np.histogram(values, BINS)[0].tolist()


def test_a_class_is_linked_by_the_share_of_variance_between_classes() -> None:
    dataset = load(DatasetConfig(name="iris"))
    column = columns_of(statistics_of(dataset, NONE))["petal length (cm)"]
    values, labels = dataset.columns["petal length (cm)"], dataset.labels
    assert labels is not None and column.link is not None
    means = [float(values[labels == k].mean()) for k in range(3)]
    between = sum((labels == k).sum() * (mean - values.mean()) ** 2 for k, mean in enumerate(means))
    assert column.link.name == "η"
    assert column.link.value == pytest.approx(np.sqrt(between / ((values - values.mean()) ** 2).sum()), abs=1e-12)
    assert column.means == pytest.approx(means)
    assert [sum(counts) for counts in zip(*column.counts, strict=True)] == [50, 50, 50]
    assert sum(counts[0] for counts in column.counts[4:]) == 0, "setosa has the shortest petals"


def test_categories_are_counted_and_linked_by_cramer(tmp_path: Path) -> None:
    # 30 of 40 women and 12 of 60 men: chi squared = 100 (30 * 48 - 10 * 12)² / (40 * 60 * 42 * 58), and V its root / 10
    rows = ["f,yes"] * 30 + ["f,no"] * 10 + ["m,yes"] * 12 + ["m,no"] * 48
    statistics = of_file(tmp_path, "sex,left\n" + "\n".join(rows) + "\n", "left")
    sex = columns_of(statistics)["sex"]
    assert sex.link is not None and sex.link.name == "V"
    assert sex.link.value == pytest.approx(1320 / np.sqrt(40 * 60 * 42 * 58), abs=1e-12)
    assert (sex.levels, sex.counts) == (("f", "m"), ((10, 30), (48, 12)))
    assert statistics_text.detail(sex, statistics) == "sex: f 40 (40%), m 60 (60%). Share of yes: f 75%, m 20%."


def test_a_category_beside_a_number_and_rare_levels_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kinds = [f"k{number:02}" for number in rng.integers(0, 20, 600)]
    rows = [f"{kind},{int(kind[1:]) * 3 + rng.normal():.3f}" for kind in kinds]
    statistics = of_file(tmp_path, "kind,y\n" + "\n".join(rows) + "\n", "y")
    kind = columns_of(statistics)["kind"]
    assert kind.link is not None and (kind.link.name, kind.link.value > 0.99) == ("η", True)
    assert len(kind.levels) == MAX_LEVELS and kind.levels[-1] == OTHERS
    frequent = sorted(set(kinds), key=lambda name: (-kinds.count(name), name))[: MAX_LEVELS - 1]
    assert kind.levels[:-1] == tuple(sorted(frequent))
    assert [count for (count,) in kind.counts[:-1]] == [kinds.count(name) for name in sorted(frequent)]
    assert "others" in statistics_text.detail(kind, statistics)


def test_gaps_and_columns_left_out_are_told(tmp_path: Path) -> None:
    rows = [f"{number},name{number},{'' if number % 5 == 0 else number % 7},{number % 3}" for number in range(100)]
    columns = columns_of(of_file(tmp_path, "id,who,x,y\n" + "\n".join(rows) + "\n", "y"))
    assert columns["x"].gaps == 20
    assert (columns["who"].role, columns["who"].description) == ("left out", "a different text in each row")
    assert (columns["id"].counts, columns["id"].link) == ((), None), "numbers of rows say nothing"
    assert list(columns) == ["y", "x", "id", "who"]


def test_the_test_part_is_left_out() -> None:
    config = DatasetConfig(name="boston", test_split=0.3)
    statistics = describe(Experiment(dataset=config))
    assert (statistics.rows, statistics.test_rows) == (354, 152)
    dataset = load(config)
    spoilt = {name: values.copy() for name, values in dataset.columns.items()}
    rows = np.arange(0, 506, 3)
    for values in spoilt.values():
        values[rows] = 1e9
    assert statistics_of(replace(dataset, columns=spoilt), rows) == statistics_of(dataset, rows)


def test_a_large_table_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.datasets.statistics.MAX_CELLS", 1000)
    statistics = statistics_of(load(DatasetConfig(name="iris")), NONE)
    assert (statistics.rows, statistics.all_rows) == (150, 150)
    statistics = statistics_of(load(DatasetConfig(name="boston")), NONE)
    assert statistics.rows == 64 and statistics_text.heading(statistics) == "64 of 506 rows, evenly chosen"


@given(st.lists(st.tuples(st.floats(-1e300, 1e300), st.integers(0, 2)), min_size=3, max_size=40))
def test_whatever_the_numbers_every_row_is_counted_once(pairs: list[tuple[float, int]]) -> None:
    dataset = load(DatasetConfig(name="iris"))
    values, target = (np.array(column, float) for column in zip(*pairs, strict=True))
    made = {**dataset.columns, "petal length (cm)": values, "target": target}
    part = replace(dataset, x=np.zeros((len(pairs), 4)), columns={**dict.fromkeys(dataset.columns, values), **made})
    statistics = statistics_of(part, NONE)
    column = columns_of(statistics)["petal length (cm)"]
    assert sum(map(sum, column.counts)) == len(pairs)
    assert column.link is None or 0 <= column.link.value <= 1 + 1e-9
    lines = statistics_text.table(statistics)
    assert len({line.index("kind") for line in lines[:1]}) == 1 and len(lines) == len(statistics.columns) + 1
    bars = statistics_text.bars(column)
    assert [bar == " " for bar in bars] == [sum(counts) == 0 for counts in column.counts]
    assert statistics_text.bars(column, ascii_only=True).isascii()


def test_a_column_that_is_constant_outside_of_the_test_part_has_no_link() -> None:
    """The mean of 280 times 0.1 is not 0.1: what is left of it is no variance."""
    dataset = load(DatasetConfig(name="iris"))
    constant = dict.fromkeys(dataset.columns, np.full(150, 0.1)) | {"target": dataset.columns["target"]}
    for columns, classes in ((constant, 3), ({**constant, "target": np.full(150, 0.1)}, 0)):
        made = replace(dataset, columns=columns, classes=dataset.classes[:classes], levels={})
        column = columns_of(statistics_of(made, NONE))["petal length (cm)"]
        assert column.link is None and len(column.counts) == 1


def test_rows_of_a_file_for_the_test_are_counted_beside() -> None:
    dataset = load(DatasetConfig(name="iris"))
    statistics = statistics_of(dataset, np.arange(150, 180))
    assert (statistics.rows, statistics.all_rows, statistics.test_rows) == (150, 180, 30)
    assert statistics_text.heading(statistics) == "150 rows, without the 30 of the test part"


def test_the_columns_of_the_table_are_straight_beside_wide_characters(tmp_path: Path) -> None:
    names = ("温度", "e\N{COMBINING ACUTE ACCENT}tat", "ｶﾅ", "y")
    rows = "".join(f"{n * n},{n % 7},{n % 5},{'可否'[n % 2]}\n" for n in range(40))
    lines = statistics_text.table(of_file(tmp_path, f"{','.join(names)}\n{rows}", "y"))
    assert any("温度" in line for line in lines)
    starts = {cell_len(line[: line.index(text)]) for line in lines for text in ("number", "2 classes") if text in line}
    assert starts == {cell_len(lines[0][: lines[0].index("kind")])}


@pytest.mark.parametrize(
    "text", ["", "abc", "温度計の記録", "e\N{COMBINING ACUTE ACCENT}tat des lieux", "a温b度c計", "ｶﾅ"]
)
def test_a_text_is_fitted_by_the_cells_that_a_terminal_gives_it(text: str) -> None:
    assert count_cells(text) == cell_len(text)
    for width in range(1, 15):
        fitted = fit_text(text, width)
        assert cell_len(fitted) == width and fitted.rstrip().removesuffix("…") in text
        assert (text in fitted) == (cell_len(text) <= width)
