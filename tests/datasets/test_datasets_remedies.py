"""What a sentence about a file names as its remedy does help: each is provoked, and the remedy taken as written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig

SENTINELS = "x,y\n" + "".join(f"{-999 if i % 5 == 0 else i % 7 + i % 2 / 2},{i * 1.5}\n" for i in range(60))
GAPS = "x,z,y\n" + "".join(f"{'' if i % 3 == 0 else i % 7 + 0.5},{i % 11 * 0.5},{i * 1.5}\n" for i in range(60))
SLIP = "x,z,y\n" + "".join(f"{'oops' if i == 9 else i % 7 + 0.5},{i % 11 * 0.5},{i * 1.5}\n" for i in range(60))
LATIN = ("town,y\n" + "".join(f"{'Köln' if i % 2 else 'Bonn'},{i * 1.5}\n" for i in range(60))).encode("cp1252")

CASES: dict[str, tuple[bytes, dict[str, Any], str, dict[str, Any]]] = {
    "marks": (SENTINELS.encode(), {}, 'set missing_marks = ["-999"]', {"missing_marks": ("-999",)}),
    "gaps": (GAPS.encode(), {}, 'missing = "fill" keeps them', {"missing": "fill"}),
    "a slip, left out": (SLIP.encode(), {}, "set it to category or ignore in kinds", {"kinds": {"x": "ignore"}}),
    "a slip, a category": (SLIP.encode(), {}, "set it to category or ignore in kinds", {"kinds": {"x": "category"}}),
    "an encoding": (LATIN, {"encoding": "utf-8"}, "choose another", {"encoding": "cp1252"}),
}


def said(config: DatasetConfig) -> str:
    """All that is said of a file: why it is refused, or what was done with it."""
    try:
        return " ".join(load(config).notes)
    except DatasetError as error:
        return str(error)


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_helps(name: str, tmp_path: Path) -> None:
    content, before, sentence, remedy = CASES[name]
    (tmp_path / "table.csv").write_bytes(content)
    config = DatasetConfig(path=str(tmp_path / "table.csv"), target="y", **before)
    assert sentence in said(config)
    mended = replace(config, **remedy)
    assert sentence not in said(mended) and len(load(mended).x) >= 40
