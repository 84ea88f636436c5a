"""A corpus of ugly files: each loads as expected, or is refused in a sentence that says what is wrong and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from ugly import CASES, Case
from ugly.shapes import WIDEST

from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import read_table
from tui_trainer.datasets.dataset import Dataset, DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig

EACH = [pytest.param(case, id=name, marks=pytest.mark.slow if name == WIDEST else ()) for name, case in CASES.items()]


def saved(folder: Path, case: Case) -> DatasetConfig:
    file = folder / "table.csv"
    file.write_bytes(case.content)
    return DatasetConfig(path=str(file), **case.config)


def texts(dataset: Dataset) -> list[str]:
    """All that may come to the screen."""
    levels = [name for names in dataset.levels.values() for name in names]
    return [
        dataset.name,
        *dataset.features,
        dataset.target,
        *dataset.classes,
        *dataset.columns,
        *dataset.notes,
        *levels,
    ]


def test_there_are_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", EACH)
def test_an_ugly_file_is_loaded_or_refused_with_a_reason(tmp_path: Path, case: Case) -> None:
    config = saved(tmp_path, case)
    if case.refused:
        with pytest.raises(DatasetError) as caught:
            load(config)
        assert case.refused in str(caught.value)
        assert str(caught.value).isprintable()
        return
    dataset = load(config)
    assert case.features is None or dataset.features == case.features
    assert case.task is None or dataset.task == case.task
    assert case.rows is None or len(dataset.x) == case.rows
    assert case.values is None or tuple(dataset.x[0][: len(case.values)]) == case.values
    assert all(map(str.isprintable, texts(dataset)))
    told = " ".join((read_table(str(config.path), CsvOptions.from_config(config)).dialect.sentence, *dataset.notes))
    for part in case.told:
        assert part in told


@pytest.mark.parametrize("case", EACH)
def test_the_preview_says_what_loading_says(tmp_path: Path, case: Case) -> None:
    """The preview of a small file says what loading says, of the same target."""
    config = saved(tmp_path, case)
    columns = Previewer().preview(config).columns
    if config.target is None and columns and not config.kinds:  # the last one, not a guess
        config = replace(config, target=columns[-1].name)
    seen = Previewer().preview(config)
    assert case.refused in seen.problem if case.refused else seen.problem == ""
    assert case.features is None or seen.features == len(case.features)
    assert case.rows is None or case.told or seen.rows >= case.rows
    shown = [seen.sentence, seen.problem, *seen.notes, *seen.classes, *(cell for row in seen.cells for cell in row)]
    assert all(map(str.isprintable, (*shown, *(f"{c.name}{c.found}" for c in seen.columns))))
