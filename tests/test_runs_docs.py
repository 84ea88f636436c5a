"""docs/runs.md says what is so: its filters can be read, and its fields are those that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui_trainer.app.keys import KEYS
from tui_trainer.store.filter import FIELDS, parse

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "runs.md").read_text(encoding="utf-8")
FILTERS = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_of_the_page_can_be_read(text: str) -> None:
    assert parse(text)


def test_the_page_names_every_field() -> None:
    said = re.search(r"The fields are (.*?)\. Numbers", PAGE, re.DOTALL)
    assert said is not None and len(FILTERS) > 10
    assert re.findall(r"`(\w+)`", said[1]) == [field.name for field in FIELDS]


def test_the_page_names_every_key() -> None:
    mentioned = set(re.findall(r"`([^`]+)`", PAGE)) | {"pgup", "pgdn", "home", "end", "↑", "↓"}
    ours = {key.display for key in KEYS if key.group in ("Runs", "Loss")}
    assert ours <= mentioned, ours - mentioned
