"""A store of its own for every test of the wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_trainer.files import DATA_VARIABLE


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the store."""
    folder = tmp_path / "store"
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    return folder
