"""What a sentence about a file names as its remedy does help: each is provoked, and the remedy taken as written."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from tui_trainer.app.dialogs.preview_data import with_choice
from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import DatasetConfig

ROWS = 60
NAMES = "x,z,y"


def table(*columns: Any, names: str = NAMES, delimiter: str = ",") -> str:
    """Return a table of ROWS rows, each cell what a function of its row gives."""
    lines = (delimiter.join(str(cell(row)) for cell in columns) for row in range(ROWS))
    return "\n".join([names.replace(",", delimiter), *lines, ""])


def x(row: int) -> float:
    return row % 7 + 0.5


def z(row: int) -> float:
    return row % 11 * 0.5


def y(row: int) -> float:
    return row * 1.5 + row % 2


PLAIN = table(x, z, y)
SENTINELS = table(lambda row: -999 if row % 5 == 0 else x(row), z, y)
GAPS = table(lambda row: "" if row % 3 == 0 else x(row), z, y)
HOLED = table(lambda row: "" if row % 2 else x(row), lambda row: z(row) if row % 2 else "", y)
EMPTY_TARGET = table(x, z, lambda row: "")
SLIP = table(lambda row: "oops" if row == 9 else x(row), z, y)
LATIN = table(lambda row: "Köln" if row % 2 else "Bonn", z, y).encode("cp1252")
CONSTANT = table(x, z, lambda row: 3)
NAMES_OF_ROWS = table(x, z, lambda row: f"name {row}")
HUGE = table(lambda row: 1e200 if row == 3 else x(row), z, y)
WORDS = table(lambda row: f"word {row}", z, y)
UNITS = table(lambda row: f"{row} {'kg' if row % 2 else 'pcs'}", z, y)
REVEALING = table(lambda row: 2 * y(row), z, y)
QUOTED = table(lambda row: '"red' if row == 50 else ("red", "blue")[row % 2], z, y)
LONG_ROW = PLAIN.replace("\n0.5,3.5,", "\n0.5,3.5,1,")
BARS = table(x, z, y, delimiter="|")
MARKDOWN = "\n".join(f"|{line}|" for line in BARS.splitlines()).replace("|x|z|y|", "|x|z|y|\n|---|---|---|", 1)
RECORDS = pd.read_csv(io.StringIO(PLAIN))
JSON_LINES = RECORDS.to_json(orient="records", lines=True)
RECORD_LINES = "".join(f"x={row.x} z='{row.z}' y={row.y}\n" for row in RECORDS.itertuples())
JSON = json.dumps(RECORDS.to_dict("records"))
ARFF = "@relation houses\n" + "".join(f"@attribute {name} numeric\n" for name in NAMES.split(",")) + "@data\n"
ARFF += PLAIN.partition("\n")[2]


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return packed.getvalue()


# The file, how it is read, what is said, and the remedy: fields of the configuration, or another content of the file.
Case = tuple[str | bytes, dict[str, Any], str, dict[str, Any] | str | bytes]
CASES: dict[str, Case] = {
    "marks": (SENTINELS, {}, 'set missing_marks = ["-999"] in the TOML file', {"missing_marks": ("-999",)}),
    "gaps": (GAPS, {}, 'missing = "fill" keeps them', {"missing": "fill"}),
    "gaps everywhere, filled": (HOLED, {}, "fill the gaps, or leave columns out", {"missing": "fill"}),
    "gaps everywhere, without one": (HOLED, {}, "fill the gaps, or leave columns out", {"features": ("x",)}),
    "no target": (EMPTY_TARGET, {}, "choose another target", {"target": "z"}),
    "a slip, corrected": (SLIP, {}, "correct it, or set it to category or ignore in kinds", PLAIN),
    "a slip, left out": (SLIP, {}, "set it to category or ignore in kinds", {"kinds": {"x": "ignore"}}),
    "a slip, a category": (SLIP, {}, "set it to category or ignore in kinds", {"kinds": {"x": "category"}}),
    "another encoding": (LATIN, {"encoding": "utf-8"}, "choose another", {"encoding": "cp1252"}),
    "an unknown encoding": (PLAIN, {"encoding": "utf-99"}, "such as utf-8, utf-16", {"encoding": "utf-8"}),
    "a constant": (CONSTANT, {}, "there is nothing to learn; choose another", {"target": "z"}),
    "names as classes": (NAMES_OF_ROWS, {}, "too many for classes; choose another target", {"target": "z"}),
    "a huge number, rescaled": (HUGE, {}, "rescale or remove it", PLAIN),
    "a huge number, removed": (HUGE, {}, "rescale or remove it", {"kinds": {"x": "ignore"}}),
    "a column of words": (WORDS, {"features": ("x", "z")}, "different texts, but a category", {"features": ("z",)}),
    "units": (UNITS, {}, "numbers with different units: pcs, kg; convert them to one", PLAIN),
    "the answer": (REVEALING, {}, "If not, leave it out", {"features": ("z",)}),
    "an unknown target": (PLAIN, {"target": "yy"}, "did you mean 'y'?", {"target": "y"}),
    "an unknown feature": (PLAIN, {"features": ("a",)}, "the columns are 'x', 'z', 'y'", {"features": ("x",)}),
    "an unknown kind": (PLAIN, {"kinds": {"xx": "number"}}, "did you mean 'x'?", {"kinds": {"x": "number"}}),
    "a feature twice": (PLAIN, {"features": ("x", "x")}, "is chosen twice; remove one", {"features": ("x",)}),
    "the target as a feature": (PLAIN, {"features": ("x", "y")}, "remove it or choose another", {"features": ("x",)}),
    "a feature is the target": (PLAIN, {"features": ("x", "y")}, "or choose another target", {"target": "z"}),
    "a long row": (LONG_ROW, {}, "has 4 cells, but there are 3 columns; correct it", PLAIN),
    "an open quote, closed": (QUOTED, {}, "close it or double it", QUOTED.replace('"red', '"red"')),
    "an open quote, doubled": (
        QUOTED,
        {},
        "close it or double it",
        QUOTED.replace('"', '""'),
    ),
    "two files": (zipped(a=PLAIN, b=PLAIN), {}, "unpack it, and open one of them", PLAIN),
    "no rows": (f"{NAMES}\n", {}, "has a header but no rows; at least two rows are needed", PLAIN),
    "nothing": (b"", {}, "is empty; at least two rows are needed", PLAIN),
    "UTF-16": (PLAIN.encode("utf-16-le"), {}, "choose the encoding utf-16-le", {"encoding": "utf-16-le"}),
    "Markdown": (MARKDOWN, {}, "remove the line of dashes, and the bars at both ends of each line", BARS),
    "JSON": (JSON, {}, "in JSON, which is not read; save it as a CSV file", RECORDS.to_csv(index=False)),
    "ARFF": (ARFF, {}, "an ARFF file of Weka, which is not read; save it as a CSV file", PLAIN),
    "JSON lines": (
        JSON_LINES,
        {},
        "pandas.read_json(path, lines=True).to_csv('table.csv', index=False) makes a CSV file of it",
        pd.read_json(io.StringIO(JSON_LINES), lines=True).to_csv(index=False),
    ),
    "name=value": (
        RECORD_LINES,
        {},
        "pandas.DataFrame(dict(part.split('=', 1) for part in shlex.split(line)) for line in open(path))"
        ".to_csv('table.csv', index=False) makes a CSV file of it",
        pd.DataFrame(
            dict(part.split("=", 1) for part in shlex.split(line)) for line in RECORD_LINES.splitlines()
        ).to_csv(index=False),
    ),
    "NUL bytes": (
        f"{PLAIN}\0\0\0",
        {},
        "remove such bytes from it, as tr -d '\\000' does",
        f"{PLAIN}\0\0\0".replace("\0", ""),
    ),
}


def said(config: DatasetConfig) -> str:
    """All that is said of a file: why it is refused, or what was done with it."""
    try:
        dataset = load(config)
        split(dataset, config, dataset.y.shape[1])
        return " ".join(dataset.notes)
    except DatasetError as error:
        return str(error)


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_helps(name: str, tmp_path: Path) -> None:
    content, before, sentence, remedy = CASES[name]
    path = tmp_path / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    config = replace(DatasetConfig(path=str(path), target="y"), **before)
    assert sentence in said(config)
    if isinstance(remedy, dict):
        config = replace(config, **remedy)
    else:
        path.write_bytes(remedy.encode() if isinstance(remedy, str) else remedy)
        config = replace(config, path=str(path))
    assert sentence not in said(config) and len(load(config).x) >= 30


def test_few_rows_are_trained_on_without_validation(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("x,y\n1,a\n2,b\n")
    config = DatasetConfig(path=str(tmp_path / "table.csv"), target="y")
    assert "too few to hold some back; add rows or set it to 0" in said(config)
    assert "too few" not in said(replace(config, validation_split=0.0))
    (tmp_path / "table.csv").write_text("x,y\n" + "1,a\n2,b\n" * 5)
    assert "too few" not in said(config)


def test_all_ignored_and_one_left(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(PLAIN)
    ignored = dict.fromkeys(NAMES.split(","), "ignore")
    config = DatasetConfig(path=str(tmp_path / "table.csv"), kinds=ignored)  # type: ignore[arg-type]
    assert "every column is ignored; leave one to predict and one to learn from" in said(config)
    assert "ignored;" not in said(replace(config, kinds={"z": "ignore"}))


def test_the_field_of_the_preview_takes_a_mark_as_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(SENTINELS)
    config = DatasetConfig(path=str(tmp_path / "table.csv"), target="y")
    assert 'write -999 beside "no value" in the preview' in said(config)
    assert "-999" not in said(with_choice(config, "missing_marks", "-999"))
